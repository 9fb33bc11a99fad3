"""A scenario's states as a graph: what cannot be reached, what gets stuck, and what never ends."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..api.contract import STATUS_PHASES, Phase, phase_of
from ..api.suggest import nearest
from .model import CANCELLED, Scenario, is_ramp
from .problems import Problem, shown

__all__ = ["graph_problems"]

# The words that end a task.
_ENDS = [word for word, phase in STATUS_PHASES.items() if phase is not Phase.PENDING]


def graph_problems(scenario: Scenario) -> Iterator[Problem]:
    """States that no way leads to or out of, and ramps that do not know how long they last."""
    # One slip is told once: where a way out is missing, or leads to a state that is not there, it is the reason for
    # what cannot be reached.
    known = {*scenario.states, CANCELLED}
    is_whole = all(way.state in known for state in scenario.states.values() for way in state.next)
    reached = _reached(scenario)
    stuck = {} if scenario.never_ends else dict(_stuck(scenario))
    if is_whole and scenario.start in scenario.states and not reached & stuck.keys():
        yield from _unreachable(scenario, reached)
    for name, state in scenario.states.items():
        untimed = all(way.on is not None or way.signal is not None for way in state.next)
        if name in stuck:
            yield stuck[name]
        elif untimed and is_ramp(state.video.get("progress")):
            yield Problem(("states", name, "video", "progress"), "a ramp needs to know how long: a 'next' with 'after'")
    if is_whole and not scenario.never_ends:
        yield from _endless(scenario)


def _ways(scenario: Scenario) -> dict[str, set[str]]:
    return {
        name: {way.state for way in state.next if way.state in scenario.states}
        for name, state in scenario.states.items()
    }


def _reached(scenario: Scenario) -> set[str]:
    ways = _ways(scenario)
    reached = _closure({scenario.start}, ways)
    # Every state that is no end can be cancelled.
    if any(scenario.states[name].next for name in reached & scenario.states.keys()):
        reached |= _closure({CANCELLED}, ways)
    return reached


def _unreachable(scenario: Scenario, reached: set[str]) -> Iterator[Problem]:
    ways = _ways(scenario)
    # What such a state leads to is not told besides: it is reached once the state is.
    cut_off = {name: ways[name] for name in scenario.states if name not in reached}
    led_to = {target for name, targets in cut_off.items() for target in targets if target != name}
    for name in sorted(cut_off, key=lambda name: name in led_to):
        if name not in reached:
            reached = reached | _closure({name}, ways)
            yield Problem(("states", name), f"no way from the start, {shown(scenario.start)}, leads here")


def _stuck(scenario: Scenario) -> Iterator[tuple[str, Problem]]:
    for name, state in scenario.states.items():
        status = state.video.get("status", "queued" if name == scenario.start else "processing")
        if not state.next and phase_of(status) is Phase.PENDING:
            word = status.strip().casefold() if isinstance(status, str) else ""
            close = nearest(word, _ENDS) if word not in STATUS_PHASES else None
            message = (
                f"the task stays here for ever at {shown(status)}, which is no end"
                + (f" (did you mean {close!r}?)" if close else "")
                + ": give it a 'next', or say 'never_ends: true'"
            )
            yield name, Problem(("states", name), message)


def _endless(scenario: Scenario) -> Iterator[Problem]:
    states = scenario.states
    backwards: dict[str, set[str]] = {name: set() for name in states}
    for name, targets in _ways(scenario).items():
        for target in targets:
            backwards[target].add(name)
    ends = {name for name, state in states.items() if not state.next}
    if CANCELLED not in states:
        ends |= {name for name, state in states.items() if any(way.state == CANCELLED for way in state.next)}
    ending = _closure(ends, backwards)
    for name in states:
        if name not in ending:
            yield Problem(("states", name), "no way from here leads to an end: add one, or say 'never_ends: true'")


def _closure(start: set[str], ways: Mapping[str, set[str]]) -> set[str]:
    reached: set[str] = set()
    waiting = list(start)
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting.extend(ways.get(name, ()))
    return reached
