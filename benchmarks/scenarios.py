"""Scenarios drawn and judged a second, and how many examples it takes to find each broken client.

    python benchmarks/scenarios.py [--json] [--rounds N]     # speed: against the plain life, which is not drawn
    python benchmarks/scenarios.py --found                   # the table of docs/property-testing.md

Rounds alternate. The client is `tests/support/careful_client.py`, the transport `"mock"`. The table is about the broken
clients whose defect lies in the data or in the order of requests: found by generated scenarios alone, with three seeds.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from video_mockserver import check
from video_mockserver.scenario.library import Library
from video_mockserver.scenario.model import Scenario
from video_mockserver.strategies import ASPECTS, DOCUMENTED, Aspect, scenarios

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from support.broken_clients import BROKEN_CLIENTS
from support.careful_client import Careful

SEEDS = (1, 2, 3)
MOST = 200  # examples for each client and seed
EXAMPLES = 200  # for a round of the speed
LIBRARY = Library()
PLAIN = LIBRARY.find("lifecycle/plain")
CASES: dict[str, Callable[[], st.SearchStrategy[Scenario]]] = {
    "all, hostile": lambda: scenarios(),
    "all, documented": lambda: scenarios(DOCUMENTED),
    "polling": lambda: scenarios(explore="polling"),
    "urls": lambda: scenarios(explore="urls"),
    "download": lambda: scenarios(explore="download"),
    "content": lambda: scenarios(explore="content"),
    "failure": lambda: scenarios(explore="failure"),
}
# What is explored for whose promise, or for whom; everything for the others.
EXPLORE: dict[str, tuple[Aspect, ...]] = {
    "deliver": ("urls", "content"),
    "expired-is-no-end": ("failure",),
    "fallback-download": ("urls",),
    "fallback-no-url": ("urls", "content"),
    "odd-types": ("polling",),
    "report-failed": ("failure",),
    "right-request": ("urls", "content"),
    "stop-at-end": ("polling", "failure", "content"),
    "survive-bad-json": ("polling",),
    "task-id": ("polling",),
    "unknown-status": ("polling", "failure"),
    "url-absent": ("urls",),
    "url-order": ("urls", "download"),
    "whole-clip": ("urls",),
}
FOUND = {name: client for name, client in BROKEN_CLIENTS.items() if client.lies_in in ("data", "order")}


def run(strategy: st.SearchStrategy[Scenario], each: Callable[[Scenario], None], examples: int, number: int) -> None:
    """Draw so many examples, always the same ones for a number."""

    @seed(number)
    @settings(
        max_examples=examples, deadline=None, database=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(strategy)
    def drawn(scenario: Scenario) -> None:
        each(scenario)

    drawn()


def broken_rules(client: Any, scenario: Scenario) -> set[str]:
    """The rules that a client breaks in a scenario; `error` where it could not be judged."""
    [verdict] = check(client, scenarios=scenario, transport="mock", library=LIBRARY).verdicts
    return {broken.rule.id for broken in verdict.violations} or ({"error"} if verdict.status == "error" else set())


def examples_until_found(client: type[Careful], number: int, most: int = MOST) -> int | None:
    """How many examples it takes until a client breaks the promise that it is known for; None: not within `most`."""
    count = 0

    def each(scenario: Scenario) -> None:
        nonlocal count
        count += 1
        if client.rule in broken_rules(client(), scenario):
            raise Found

    try:
        run(scenarios(explore=explored(client)), each, most, number)
    except Found:
        return count
    return None


class Found(Exception):
    """Ends the search."""


def explored(client: type[Careful]) -> Sequence[Aspect]:
    """What is explored to find a client."""
    name = next(name for name, each in FOUND.items() if each is client)
    return EXPLORE.get(name) or EXPLORE.get(client.rule, ASPECTS)


def table() -> list[tuple[str, str, Sequence[Aspect], list[int | None]]]:
    """Each client, the promise that it breaks, what is explored, and the examples until it was found."""
    return [
        (name, client.rule, explored(client), [examples_until_found(client, number) for number in SEEDS])
        for name, client in sorted(FOUND.items(), key=lambda item: item[1].rule)
    ]


def a_second(strategy: st.SearchStrategy[Scenario]) -> tuple[float, float]:
    """How many scenarios are drawn in a second, and how many are drawn and judged."""
    drawn: list[Scenario] = []
    began = time.perf_counter()
    run(strategy, drawn.append, EXAMPLES, 1)
    alone = len(drawn) / (time.perf_counter() - began)
    judged = 0

    def each(scenario: Scenario) -> None:
        nonlocal judged
        check(Careful(), scenarios=scenario, transport="mock", library=LIBRARY)
        judged += 1

    began = time.perf_counter()
    run(strategy, each, EXAMPLES, 1)
    return alone, judged / (time.perf_counter() - began)


def plain_a_second() -> float:
    """The baseline: the shipped plain life judged, nothing drawn."""
    began = time.perf_counter()
    for _ in range(EXAMPLES):
        check(Careful(), scenarios=PLAIN, transport="mock", library=LIBRARY)
    return EXAMPLES / (time.perf_counter() - began)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--found", action="store_true")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    if arguments.found:
        print("| client | breaks | explored | examples until found |\n|---|---|---|---|")
        for name, rule, aspects, counts in table():
            which = "all" if aspects == ASPECTS else ", ".join(aspects)
            print(f"| {name} | {rule} | {which} | {', '.join(str(count) if count else '-' for count in counts)} |")
        return
    told = {}
    for case, strategy in CASES.items():
        rounds = [(*a_second(strategy()), plain_a_second()) for _ in range(arguments.rounds)]
        told[case] = {
            "drawn": round(statistics.median(drawn for drawn, _, _ in rounds)),
            "judged": round(statistics.median(judged for _, judged, _ in rounds)),
            "plain": round(statistics.median(plain for _, _, plain in rounds)),
            "ratio": round(statistics.median(judged / plain for _, judged, plain in rounds), 2),
        }
    if arguments.json:
        print(json.dumps(told))
        return
    print(f"{'':18} {'drawn/s':>8} {'judged/s':>9} {'plain/s':>8} {'ratio':>6}")
    for case, figures in told.items():
        print(f"{case:18} {figures['drawn']:8} {figures['judged']:9} {figures['plain']:8} {figures['ratio']:6}")


if __name__ == "__main__":
    main()
