"""The state machine: each row of the theory in machine.py, and what must hold for any scenario."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from video_mockserver.scenario.machine import Event, Poll, Position, Signal, Tick, Trigger, begin, is_end, step
from video_mockserver.scenario.model import Scenario, State, Transition


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


def test_what_is_lost_before_a_roll_is_won_has_the_chance_that_was_asked_for() -> None:
    told = scenario(a=[Transition("b", seconds=1, chance=0.25)], b=[])
    waited = [walk(told, Tick(1e6), dice=str(seed)).since - 100 for seed in range(4000)]
    for rolls in (1, 2, 5):  # in so many rolls it is lost with a chance of 0.75 to the power
        assert abs(sum(n > rolls for n in waited) / 4000 - 0.75**rolls) < 0.03


def test_an_event_is_rolled_each_time_it_comes() -> None:
    told = scenario(
        a=[Transition("b", on="content", chance=0.5), Transition("c", on="content", chance=0.5)], b=[], c=[]
    )
    ends: list[tuple[str, int]] = []
    for seed in range(400):
        position, came = begin(told, 0.0), 0
        while position.state == "a":
            position, came = step(told, position, Event("content", 0.0), str(seed)), came + 1
        ends.append((position.state, came))
    assert abs(sum(state == "b" for state, _ in ends) / 400 - 2 / 3) < 0.08
    assert abs(sum(came == 1 for _, came in ends) / 400 - 3 / 4) < 0.08
    assert {state for state, came in ends if came > 1} == {"b", "c"}


def test_a_long_time_with_a_tiny_chance_costs_no_more_than_a_short_one() -> None:
    told = scenario(a=[Transition("b", seconds=0.001, chance=1e-300), Transition("c", seconds=1e9)], b=[], c=[])
    assert walk(told, Tick(9e8)).state == "a"  # a million million rolls
    assert walk(told, Tick(2e9)).state == "c"


def test_a_ring_with_a_chance_in_it_turns_so_often_at_most_between_two_looks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("video_mockserver.scenario.machine._MOST_MOVES", 50)
    told = scenario(a=[Transition("b", seconds=0.001, chance=0.5)], b=[Transition("a", seconds=0.001)])
    position = walk(told, Tick(1e9))
    assert (position.since, position.moves) == (1e9, 50)
    assert step(told, position, Tick(1e9 + 10)).moves == 100  # and goes on from there


_LOOKS = st.lists(st.integers(0, 200), max_size=8)
_CHANCE = st.sampled_from([1.0, 0.5, 0.1])


@given(_LOOKS, st.integers(0, 5), st.tuples(_CHANCE, _CHANCE, _CHANCE))
def test_where_time_leads_does_not_depend_on_when_anyone_looks(
    looks: list[int], dice: int, chances: tuple[float, float, float]
) -> None:
    told = scenario(
        a=[Transition("b", seconds=3, chance=chances[0]), Transition("c", seconds=5, chance=chances[1])],
        b=[Transition("a", seconds=2)],
        c=[Transition("a", seconds=1, chance=chances[2]), Transition("end", seconds=150)],
        end=[],
    )
    at_once = walk(told, Tick(100 + sum(looks)), dice=str(dice))
    now, looked = 100, begin(told, 100.0)
    for seconds in looks:
        now += seconds
        looked = step(told, looked, Tick(now), str(dice))
    assert looked == at_once


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
