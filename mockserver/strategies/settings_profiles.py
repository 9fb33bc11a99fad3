"""Hypothesis settings for every push, and for a nightly run."""

from __future__ import annotations

from hypothesis import HealthCheck, Phase, settings

__all__ = ["CI", "NIGHT", "register_profiles"]

CI = "video-ci"
NIGHT = "video-night"


def register_profiles() -> None:
    """Register the profiles `video-ci` and `video-night`, for `--hypothesis-profile` or `settings.load_profile`.

    - `video-ci`: the same examples on every run and every machine, and no result that depends on the machine's speed.
    - `video-night`: new examples every time, many of them; what failed is kept, and printed to be run again.
    """
    # Hypothesis loads its own profile `ci` wherever the environment says CI, and what names no parent would inherit
    # from that: a nightly run there would draw the same examples every time, and keep nothing.
    plain = settings.get_profile("default")
    # Slow is not wrong: a loaded machine must not fail a test.
    patient = [HealthCheck.too_slow]
    settings.register_profile(
        CI, plain, max_examples=200, deadline=None, derandomize=True, database=None, print_blob=True,
        suppress_health_check=patient,
    )  # fmt: skip
    settings.register_profile(
        NIGHT, plain, max_examples=20_000, stateful_step_count=100, deadline=None, print_blob=True,
        suppress_health_check=patient, phases=tuple(Phase),
    )  # fmt: skip
