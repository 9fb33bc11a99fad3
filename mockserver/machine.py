"""The state machine. Everything that decides where a task goes next lives here.

A scenario is a table: state -> transitions in order. A `Position` is where one task stands in it. `step` is a pure
function of (table, position, trigger, dice); nothing else moves a task. The theory:

    trigger          a transition is due when                             the new state begins at
    ---------------  ---------------------------------------------------  -----------------------
    Poll             `polls` polls were answered here (every one counts)  the poll's time
    Tick             `seconds` have passed here; the earliest first,      the exact instant it fell due,
                     then on from there until nothing is due              however late anyone looked
    Event            `on` names it; a cancel without one leads to         the event's time
                     `cancelled` from every state that is not an end
    Signal           `signal` names it                                    the signal's time

    A due transition with `chance` below 1 is rolled. When it loses, the next due one in the list has its turn, and it
    is itself due again after the same number of polls or seconds.

An end is a state without transitions. Events and signals that a state does not know leave it as it is.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace

from mockserver.scenario import BUILT_IN_STATES, CANCELLED, Scenario, State, Transition

__all__ = ["Event", "Poll", "Position", "Signal", "Tick", "Trigger", "begin", "is_end", "state_of", "step"]


@dataclass(frozen=True, slots=True)
class Position:
    """Where a task stands: its state, since when (Unix seconds), the polls answered there, and the rolls lost there.

    `lost[i]` counts the lost rolls of the state's i-th transition; `rolls` counts every roll of the task's life.
    `moves` counts the states entered, so that two visits of one state can be told apart.
    """

    state: str
    since: float
    polls: int = 0
    lost: tuple[int, ...] = ()
    rolls: int = 0
    moves: int = 0


@dataclass(frozen=True, slots=True)
class Poll:
    """A status poll was answered."""

    now: float


@dataclass(frozen=True, slots=True)
class Tick:
    """Time has come to `now`."""

    now: float


@dataclass(frozen=True, slots=True)
class Event:
    """The client did something else: a name from `scenario.EVENTS`."""

    name: str
    now: float


@dataclass(frozen=True, slots=True)
class Signal:
    """The test sent a signal."""

    name: str
    now: float


Trigger = Poll | Tick | Event | Signal


def begin(scenario: Scenario, now: float) -> Position:
    """A task's first position."""
    return Position(scenario.start, now)


def state_of(scenario: Scenario, position: Position) -> State:
    """The state a position names, the built-in `cancelled` included."""
    state = scenario.states.get(position.state)
    return BUILT_IN_STATES[position.state] if state is None else state


def is_end(scenario: Scenario, position: Position) -> bool:
    """Whether the task has come to an end: nothing leads out of its state."""
    return not state_of(scenario, position).next


def step(scenario: Scenario, position: Position, trigger: Trigger, dice: str = "") -> Position:
    """The position after `trigger`. Pure: the same arguments give the same position; `dice` seeds the rolls."""
    match trigger:
        case Poll(now):
            position = Position(
                position.state, position.since, position.polls + 1, position.lost, position.rolls, position.moves
            )
            due = [
                index
                for index, way in enumerate(state_of(scenario, position).next)
                if way.polls is not None and position.polls == way.polls * (1 + _lost(position, index))
            ]
            return _take(scenario, position, due, now, dice)
        case Tick(now):
            visited: dict[tuple[str, int], float] = {}
            while (falls := _next_instant(scenario, position)) is not None and falls <= now:
                due = [
                    index
                    for index, way in enumerate(state_of(scenario, position).next)
                    if _instant(position, index, way) == falls
                ]
                position = _take(scenario, position, due, falls, dice)
                # A ring of states that turns without chance turns the same for ever: whole rounds of it are skipped,
                # so that a long time costs no more than a short one.
                before = visited.setdefault((position.state, position.rolls), position.since)
                if position.since > before:
                    round_trip = position.since - before
                    skipped = (now - position.since) // round_trip * round_trip
                    position = replace(position, since=position.since + skipped)
                    visited.clear()
            return position
        case Event(name, now):
            ways = state_of(scenario, position).next
            due = [index for index, way in enumerate(ways) if way.on == name]
            if not due and name == "cancel" and ways:
                return _enter(position, CANCELLED, now)
            return _take(scenario, position, due, now, dice)
        case Signal(name, now):
            due = [i for i, way in enumerate(state_of(scenario, position).next) if way.signal == name]
            return _take(scenario, position, due, now, dice)


def _lost(position: Position, index: int) -> int:
    return position.lost[index] if index < len(position.lost) else 0


def _instant(position: Position, index: int, way: Transition) -> float | None:
    return None if way.seconds is None else position.since + way.seconds * (1 + _lost(position, index))


def _next_instant(scenario: Scenario, position: Position) -> float | None:
    instants = [_instant(position, i, way) for i, way in enumerate(state_of(scenario, position).next)]
    return min((instant for instant in instants if instant is not None), default=None)


def _take(scenario: Scenario, position: Position, due: list[int], now: float, dice: str) -> Position:
    ways = state_of(scenario, position).next
    for index in due:
        way = ways[index]
        if way.chance >= 1 or random.Random(f"{dice}:{position.rolls}").random() < way.chance:
            rolled = 0 if way.chance >= 1 else 1
            return replace(_enter(position, way.state, now), rolls=position.rolls + rolled)
        lost = [_lost(position, i) + (i == index) for i in range(len(ways))]
        position = replace(position, lost=tuple(lost), rolls=position.rolls + 1)
    return position


def _enter(position: Position, state: str, now: float) -> Position:
    return Position(state, now, rolls=position.rolls, moves=position.moves + 1)
