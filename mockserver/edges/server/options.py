"""The options of the fakes that a server makes, and their check before there is a server."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ...fake.clip_files import shipped_clips
from ...fake.clips import ClipStore
from ...fake.fake import Fake
from ...fake.options import FakeOptions, check_option_names
from ...scenario.model import Scenario
from ...scenario.sources import ScenarioSource

__all__ = ["ServedFakeOptions", "check_fake_options", "check_token"]

_TOKEN = re.compile(r"[\x21-\x7e]+")


class ServedFakeOptions(FakeOptions, total=False):
    """The options of a fake that a server makes.

    `manual_clock` gives each fake a `ManualClock` of its own; it counts only where no `clock` is given.
    """

    manual_clock: bool


_NAMES = tuple(ServedFakeOptions.__annotations__)


def check_fake_options(
    options: Mapping[str, Any],
    *,
    scenario: str | Scenario | None,
    library: ScenarioSource,
    clip_store: ClipStore | None,
    others: tuple[str, ...] = (),
) -> None:
    """Raise for an option that is wrong, as making a fake with it would.

    TypeError is for a name that is none (`others` are further names that could have been meant), ValueError for a
    value, `UnknownScenario` for a scenario that is not there.
    """
    check_option_names(options, (*_NAMES, *others))
    own = {name: value for name, value in options.items() if name != "manual_clock"}
    Fake(library, clip_store or shipped_clips(), scenario=scenario, **own)


def check_token(token: str | None) -> None:
    """Raise ValueError for a token that cannot stand in a header."""
    if token is not None and not _TOKEN.fullmatch(token):
        raise ValueError("token: must be visible ASCII characters without blanks, at least one")
