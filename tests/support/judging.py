"""Runs broken clients and the careful one through a scenario, without sockets, and looks at the report."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from support.broken_clients import BROKEN_CLIENTS
from support.careful_client import Careful
from video_mockserver.checking.callables import Flow, check
from video_mockserver.judge.rules.rule import Rule
from video_mockserver.judge.verdict import Report
from video_mockserver.scenario.library import Library

__all__ = ["assert_found", "assert_not_accused", "clients_of", "library", "problems"]


@cache
def library() -> Library:
    """The shipped scenarios, read once."""
    return Library()


def clients_of(rules: tuple[Rule, ...]) -> list[str]:
    """The names of the broken clients that violate one of these rules."""
    ids = {rule.id for rule in rules}
    return [name for name, client in BROKEN_CLIENTS.items() if client.rule in ids]


def problems(report: Report) -> list[str]:
    """Every violation and every error of a report, in words."""
    return [
        f"{verdict.scenario.name}: {violation.rule.id}: {violation.message}"
        for verdict in report.verdicts
        for violation in verdict.violations
    ] + [f"{verdict.scenario.name}: {verdict.note}" for verdict in report.verdicts if verdict.status == "error"]


def _report(client: Callable[..., Any], scenario: str, flow: Flow) -> Report:
    return check(client, scenarios=scenario, library=library(), transport="mock", flow=flow)


def assert_found(client: type[Careful]) -> None:
    """A broken client violates the rule that names its defect, in the scenario that shows it."""
    report = _report(client(), client.found_in, client.flow)
    assert client.rule in report.violations(), problems(report)


def assert_not_accused(client: type[Careful]) -> None:
    """The careful client, from which a broken one differs in one way, passes where the broken one is found."""
    assert problems(_report(Careful(), client.found_in, client.flow)) == []
