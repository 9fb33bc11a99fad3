"""Scenarios from a seed, for runs without `@given`: drawn all at once, shrunk one by one."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection
from typing import Any

from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings
from hypothesis.errors import HypothesisException

from ..api.contract import URL_FIELDS
from ..scenario.model import Scenario
from ..scenario.writer import write_scenario
from .scenarios import ASPECTS, Aspect, scenarios

__all__ = ["drawn", "smallest"]


class _Broken(Exception):
    pass


def drawn(
    examples: int, number: int, *, explore: Collection[Aspect] = ASPECTS, order: tuple[str, ...] = URL_FIELDS
) -> list[Scenario]:
    """That many scenarios, always the same ones for the same seed `number`; fewer where some repeat."""
    found: dict[str, Scenario] = {}

    def take(scenario: Scenario) -> None:
        found.setdefault(write_scenario(scenario), scenario)

    _run(take, examples, number, explore, order, [Phase.generate])
    return list(found.values())


def smallest(
    examples: int,
    number: int,
    breaks: Callable[[Scenario], bool],
    *,
    explore: Collection[Aspect] = ASPECTS,
    order: tuple[str, ...] = URL_FIELDS,
) -> Scenario | None:
    """The smallest scenario for which `breaks` was true, of what the same seed draws and what it shrinks to.

    None when it never was.
    """
    best: Scenario | None = None

    def look(scenario: Scenario) -> None:
        nonlocal best
        if breaks(scenario):
            if best is None or len(write_scenario(scenario)) < len(write_scenario(best)):
                best = scenario
            raise _Broken

    # A client that behaves differently from run to run is no reason to end without what was found.
    with contextlib.suppress(_Broken, HypothesisException):
        _run(look, examples, number, explore, order, [Phase.generate, Phase.shrink])
    return best


def _run(
    take: Callable[[Scenario], None],
    examples: int,
    number: int,
    explore: Collection[Aspect],
    order: tuple[str, ...],
    phases: list[Phase],
) -> None:
    quiet: Any = settings(
        max_examples=examples,
        derandomize=False,
        database=None,
        deadline=None,
        phases=phases,
        report_multiple_bugs=False,
        print_blob=False,
        verbosity=Verbosity.quiet,
        suppress_health_check=list(HealthCheck),
    )
    seed(number)(quiet(given(scenarios(explore=explore, order=order))(take)))()
