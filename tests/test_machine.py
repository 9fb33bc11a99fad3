"""The state machine: each row of the theory in machine.py, and what must hold for any scenario."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.machine import Event, Poll, Position, Signal, Tick, Trigger, begin, is_end, step
from mockserver.scenario import Scenario, State, Transition


def scenario(**states: list[Transition]) -> Scenario:
    return Scenario(
        "test", "a test", next(iter(states)), {name: State(next=tuple(ways)) for name, ways in states.items()}
    )


def walk(told: Scenario, *triggers: Trigger, dice: str = "") -> Position:
    position = begin(told, 100.0)
    for trigger in triggers:
        position = step(told, position, trigger, dice)
    return position


LIFE = scenario(
    queued=[Transition("processing", polls=2)],
    processing=[Transition("completed", seconds=45), Transition("failed", signal="break")],
    completed=[],
    failed=[],
)


@pytest.mark.parametrize(
    ("triggers", "state"),
    [
        ([], "queued"),
        ([Poll(100)], "queued"),
        ([Poll(100), Poll(100)], "processing"),
        ([Poll(100), Tick(10_000)], "queued"),
        ([Poll(100), Poll(100), Tick(144.9)], "processing"),
        ([Poll(100), Poll(100), Tick(145)], "completed"),
        ([Poll(100), Poll(100), Signal("other", 101)], "processing"),
        ([Poll(100), Poll(100), Signal("break", 101)], "failed"),
        ([Signal("break", 101)], "queued"),
        ([Poll(100), Poll(100), Event("content", 101)], "processing"),
    ],
)
def test_a_state_is_left_at_its_own_trigger_and_at_no_other(triggers: list[Trigger], state: str) -> None:
    assert walk(LIFE, *triggers).state == state


def test_a_time_transition_happens_at_its_exact_instant_however_late_anyone_looks() -> None:
    told = scenario(a=[Transition("b", seconds=10)], b=[Transition("c", seconds=10)], c=[])
    position = walk(told, Tick(5000))
    assert (position.state, position.since) == ("c", 120.0)


def test_polls_are_counted_anew_in_each_state() -> None:
    told = scenario(a=[Transition("b", polls=1)], b=[Transition("c", polls=2)], c=[])
    assert walk(told, Poll(1), Poll(2)).state == "b"
    assert walk(told, Poll(1), Poll(2), Poll(3)).state == "c"


def test_an_event_leads_where_the_state_says() -> None:
    told = scenario(a=[Transition("b", on="content")], b=[])
    assert walk(told, Event("content", 7)) == Position("b", 7, moves=1)


def test_a_cancel_leads_to_cancelled_from_every_state_that_is_not_an_end() -> None:
    assert walk(LIFE, Event("cancel", 7)).state == "cancelled"
    assert is_end(LIFE, walk(LIFE, Event("cancel", 7)))
    ended = walk(LIFE, Poll(100), Poll(100), Tick(145), Event("cancel", 200))
    assert ended.state == "completed"


def test_a_cancel_goes_where_the_state_says_when_it_says_so() -> None:
    told = scenario(a=[Transition("b", polls=1), Transition("c", on="cancel")], b=[], c=[])
    assert walk(told, Event("cancel", 7)).state == "c"


def test_a_lost_roll_lets_the_next_transition_have_its_turn() -> None:
    told = scenario(a=[Transition("lucky", polls=1, chance=1e-12), Transition("plain", polls=1)], lucky=[], plain=[])
    assert walk(told, Poll(1)).state == "plain"


def test_a_lost_roll_comes_again_after_as_many_polls_or_seconds() -> None:
    polls = scenario(a=[Transition("b", polls=3, chance=0.5)], b=[])
    left_after = {sum(1 for _ in takewhile_in_a(polls, str(seed))) for seed in range(50)}
    assert len(left_after) > 1
    assert all(count % 3 == 0 for count in left_after)
    seconds = scenario(a=[Transition("b", seconds=10, chance=0.5)], b=[])
    left_at = {walk(seconds, Tick(100_000), dice=str(seed)).since for seed in range(50)}
    assert len(left_at) > 1
    assert all((at - 100) % 10 == 0 for at in left_at)


def takewhile_in_a(told: Scenario, dice: str) -> Iterator[Position]:
    position = begin(told, 0.0)
    while position.state == "a":
        position = step(told, position, Poll(0), dice)
        yield position


def test_chance_follows_from_the_dice_alone() -> None:
    told = scenario(a=[Transition("b", polls=1, chance=0.5), Transition("c", polls=1)], b=[], c=[])
    ends = [walk(told, Poll(1), dice=str(seed)).state for seed in range(200)]
    assert ends == [walk(told, Poll(1), dice=str(seed)).state for seed in range(200)]
    assert 60 < ends.count("b") < 140


_TRIGGERS = st.one_of(
    st.builds(Poll, st.just(0.0)),
    st.builds(Signal, st.sampled_from(["go", "break"]), st.just(0.0)),
    st.builds(Event, st.sampled_from(["content", "download", "cancel"]), st.just(0.0)),
    st.builds(Tick, st.integers(0, 500).map(float)),
)


@given(st.lists(_TRIGGERS, max_size=30), st.text(max_size=3))
def test_an_end_stays_and_time_never_runs_back(triggers: list[Trigger], dice: str) -> None:
    told = scenario(
        a=[Transition("b", polls=2, chance=0.5), Transition("end", signal="break")],
        b=[Transition("a", seconds=7), Transition("end", on="content"), Transition("c", seconds=30, chance=0.3)],
        c=[Transition("end", signal="go")],
        end=[],
    )
    position = begin(told, 0.0)
    now = 0.0
    for trigger in triggers:
        now = max(now, trigger.now)
        trigger = replace(trigger, now=now)
        before = position
        position = step(told, position, trigger, dice)
        assert position == step(told, before, trigger, dice)
        if is_end(told, before):
            assert position.state == before.state
        assert before.since <= position.since <= now
        assert position.moves >= before.moves
