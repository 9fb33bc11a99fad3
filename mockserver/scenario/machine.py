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
    is itself due again after the same number of polls or seconds. How many rolls it will lose is drawn once for each
    visit of the state, so that a long time or a tiny chance costs no more than a short one.

An end is a state without transitions. Events and signals that a state does not know leave it as it is.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from .model import BUILT_IN_STATES, CANCELLED, Scenario, State, Transition

__all__ = ["Event", "Poll", "Position", "Signal", "Tick", "Trigger", "begin", "is_end", "state_of", "step"]


@dataclass(frozen=True, slots=True)
class Position:
    """Where a task stands: its state, since when (Unix seconds), the polls answered there, and what else came there.

    `came[i]` counts how often the event or signal of the state's i-th transition came. `moves` counts the states
    entered, so that two visits of one state can be told apart.
    """

    state: str
    since: float
    polls: int = 0
    came: tuple[int, ...] = ()
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
            position = Position(position.state, position.since, position.polls + 1, position.came, position.moves)
            for index, transition in enumerate(state_of(scenario, position).next):
                if transition.polls is not None and position.polls == transition.polls * (
                    1 + _losses(position, index, transition, dice)
                ):
                    return _enter(position, transition.state, now)
            return position
        case Tick(now):
            return _let_pass(scenario, position, now, dice)
        case Event(name, now):
            transitions = state_of(scenario, position).next
            if name == "cancel" and transitions and not any(transition.on == name for transition in transitions):
                return _enter(position, CANCELLED, now)
            return _happen(position, transitions, [transition.on == name for transition in transitions], now, dice)
        case Signal(name, now):
            transitions = state_of(scenario, position).next
            return _happen(position, transitions, [transition.signal == name for transition in transitions], now, dice)


# A ring of states with a chance in it has to be walked. One that turns more often than this between two looks stands
# still for the rest of that time, so that no scenario can hold up the fake.
_MOST_MOVES = 100_000


def _let_pass(scenario: Scenario, position: Position, now: float, dice: str) -> Position:
    visited: dict[str, Position] = {}
    for _ in range(_MOST_MOVES):
        move = _next_move(scenario, position, dice)
        if move is None or move[0] > now:
            return position
        if any(
            transition.seconds is not None and transition.chance < 1 for transition in state_of(scenario, position).next
        ):
            visited.clear()
        position = _enter(position, move[1], move[0])
        # A ring of states that turns without chance turns the same for ever: whole rounds of it are skipped, so that a
        # long time costs no more than a short one.
        before = visited.setdefault(position.state, position)
        if position.since > before.since:
            rounds = (now - position.since) // (position.since - before.since)
            position = replace(
                position,
                since=position.since + rounds * (position.since - before.since),
                moves=position.moves + int(rounds) * (position.moves - before.moves),
            )
            visited.clear()
    return replace(position, since=now)


def _next_move(scenario: Scenario, position: Position, dice: str) -> tuple[float, str] | None:
    """When time alone moves the task, and where to; the first in the list where several fall due at once."""
    first: tuple[float, str] | None = None
    for index, transition in enumerate(state_of(scenario, position).next):
        if transition.seconds is not None:
            falls = position.since + transition.seconds * (1 + _losses(position, index, transition, dice))
            if first is None or falls < first[0]:
                first = falls, transition.state
    return first


def _happen(
    position: Position, transitions: Sequence[Transition], named: Sequence[bool], now: float, dice: str
) -> Position:
    if not any(named):
        return position
    came = position.came or (0,) * len(transitions)
    for index, transition in enumerate(transitions):
        if named[index] and came[index] == _losses(position, index, transition, dice):
            return _enter(position, transition.state, now)
    return replace(position, came=tuple(n + this for n, this in zip(came, named, strict=True)))


def _losses(position: Position, index: int, transition: Transition, dice: str) -> float:
    """How many rolls the transition loses in this visit of its state before it wins one."""
    return 0.0 if transition.chance >= 1 else _rolls_lost(f"{dice}:{position.moves}:{index}", transition.chance)


@lru_cache(maxsize=4096)
def _rolls_lost(dice: str, chance: float) -> float:
    # The geometric distribution, by its inverse: 1 - random() is above 0, and infinite losses are never won.
    return math.log(1.0 - random.Random(dice).random()) // math.log1p(-chance)


def _enter(position: Position, state: str, now: float) -> Position:
    return Position(state, now, moves=position.moves + 1)
