"""A scenario's states as a graph: what cannot be reached, what gets stuck, and what never ends."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..api.contract import STATUS_PHASES, Phase, phase_of
from ..api.suggest import nearest
from .model import CANCELLED, Scenario, is_ramp, usual_status
from .problems import Problem, describe

__all__ = ["graph_problems"]

# The statuses that end a task.
_ENDS = [name for name, phase in STATUS_PHASES.items() if phase is not Phase.PENDING]


def graph_problems(scenario: Scenario) -> Iterator[Problem]:
    """States that cannot be reached or left, and ramps without a duration."""
    # One mistake is reported once: a transition that is missing, or leads to an unknown state, is the reason for what
    # cannot be reached.
    known = {*scenario.states, CANCELLED}
    is_whole = all(transition.state in known for state in scenario.states.values() for transition in state.next)
    reached = _reached(scenario)
    stuck = {} if scenario.never_ends else dict(_stuck(scenario))
    if is_whole and scenario.start in scenario.states and not reached & stuck.keys():
        yield from _unreachable(scenario, reached)
    for name, state in scenario.states.items():
        untimed = all(transition.on is not None or transition.signal is not None for transition in state.next)
        if name in stuck:
            yield stuck[name]
        elif untimed and is_ramp(state.video.get("progress")):
            yield Problem(
                ("states", name, "video", "progress"),
                "a ramp lasts as long as the state: it needs a 'next' with 'after'",
            )
    if is_whole and not scenario.never_ends:
        yield from _endless(scenario)


def _targets(scenario: Scenario) -> dict[str, set[str]]:
    return {
        name: {transition.state for transition in state.next if transition.state in scenario.states}
        for name, state in scenario.states.items()
    }


def _reached(scenario: Scenario) -> set[str]:
    targets = _targets(scenario)
    reached = _closure({scenario.start}, targets)
    # Every state that is no end can be cancelled.
    if any(scenario.states[name].next for name in reached & scenario.states.keys()):
        reached |= _closure({CANCELLED}, targets)
    return reached


def _unreachable(scenario: Scenario, reached: set[str]) -> Iterator[Problem]:
    targets = _targets(scenario)
    # What such a state leads to is not reported: it is reached once the state is.
    cut_off = {name: targets[name] for name in scenario.states if name not in reached}
    led_to = {target for name, following in cut_off.items() for target in following if target != name}
    for name in sorted(cut_off, key=lambda name: name in led_to):
        if name not in reached:
            reached = reached | _closure({name}, targets)
            yield Problem(("states", name), f"state is unreachable from the start state {describe(scenario.start)}")


def _stuck(scenario: Scenario) -> Iterator[tuple[str, Problem]]:
    for name, state in scenario.states.items():
        status = state.video.get("status", usual_status(is_start=name == scenario.start))
        if not state.next and phase_of(status) is Phase.PENDING:
            text = status.strip().casefold() if isinstance(status, str) else ""
            close = nearest(text, _ENDS) if text not in STATUS_PHASES else None
            message = (
                f"the task stays here forever: status {describe(status)} does not end a task"
                + (f" (did you mean {close!r}?)" if close else "")
                + "; add a 'next', or 'never_ends: true'"
            )
            yield name, Problem(("states", name), message)


def _endless(scenario: Scenario) -> Iterator[Problem]:
    states = scenario.states
    backwards: dict[str, set[str]] = {name: set() for name in states}
    for name, following in _targets(scenario).items():
        for target in following:
            backwards[target].add(name)
    ends = {name for name, state in states.items() if not state.next}
    if CANCELLED not in states:
        ends |= {
            name for name, state in states.items() if any(transition.state == CANCELLED for transition in state.next)
        }
    ending = _closure(ends, backwards)
    for name in states:
        if name not in ending:
            yield Problem(
                ("states", name), "no end is reachable from here; add a transition to one, or 'never_ends: true'"
            )


def _closure(start: set[str], targets: Mapping[str, set[str]]) -> set[str]:
    reached: set[str] = set()
    waiting = list(start)
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting.extend(targets.get(name, ()))
    return reached
