"""Time as a parameter: real and sped up, or moved by the test alone."""

from __future__ import annotations

import threading
import time

import pytest

from support.asking import done, poll, told, waiting
from support.fakes import NewFake
from video_mockserver.fake.clock import DEFAULT_START, ManualClock, RealClock
from video_mockserver.scenario.model import Transition

# --- real -------------------------------------------------------------------------------------------------------------


def test_the_real_clock_tells_the_time_of_day() -> None:
    assert RealClock().now() == pytest.approx(time.time(), abs=0.5)


@pytest.mark.parametrize(("speed", "passes"), [(1, 10.0), (60, 600.0), (0.5, 5.0)])
def test_a_faster_clock_passes_more_time(monkeypatch: pytest.MonkeyPatch, speed: float, passes: float) -> None:
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    clock = RealClock(speed)
    began = clock.now()
    now[0] += 10
    assert clock.now() - began == pytest.approx(passes)


def test_it_runs_on_the_monotonic_clock_and_so_does_not_jump(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = RealClock()
    before = clock.now()
    monkeypatch.setattr(time, "time", lambda: 0.0)
    assert before <= clock.now() < before + 5


@pytest.mark.parametrize(("speed", "real"), [(1, 45.0), (60, 0.75)])
def test_it_knows_how_long_its_seconds_really_take(speed: float, real: float) -> None:
    assert RealClock(speed).real_seconds(45) == real


@pytest.mark.parametrize("speed", [0, -1, float("nan")])
def test_a_speed_is_above_0(speed: float) -> None:
    with pytest.raises(ValueError, match="speed"):
        RealClock(speed)


def test_a_real_clock_cannot_be_advanced_through_the_fake(new_fake: NewFake) -> None:
    fake = new_fake(clock=RealClock(60))
    with pytest.raises(TypeError, match="ManualClock"):
        fake.advance(1)


def test_a_task_lives_faster_under_a_faster_clock(monkeypatch: pytest.MonkeyPatch, new_fake: NewFake) -> None:
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    scenario = told({"a": waiting(Transition("b", seconds=45)), "b": done()})
    fake = new_fake(scenario, clock=None, speed=60)
    task = fake.task()
    assert poll(fake, task.id).json["status"] == "processing"
    now[0] += 0.75
    assert poll(fake, task.id).json["status"] == "completed"


# --- manual -----------------------------------------------------------------------------------------------------------


def test_a_manual_clock_stands_still_at_the_documented_examples_time() -> None:
    clock = ManualClock()
    assert clock.now() == clock.now() == DEFAULT_START == 1735689600


def test_it_moves_by_what_it_is_advanced_and_says_where_it_is() -> None:
    clock = ManualClock(100)
    assert clock.advance(5) == clock.now() == 105
    assert clock.advance(0.25) == clock.now() == 105.25
    assert clock.advance(0) == clock.now() == 105.25


@pytest.mark.parametrize("seconds", [-1, -0.001, float("nan"), float("inf"), float("-inf")])
def test_it_does_not_run_back_nor_out_of_numbers(seconds: float) -> None:
    clock = ManualClock(100)
    with pytest.raises(ValueError, match="advance"):
        clock.advance(seconds)
    assert clock.now() == 100


def test_only_the_test_moves_it() -> None:
    assert ManualClock().real_seconds(45) is None


def test_whoever_subscribes_is_told_of_every_move_until_it_stops() -> None:
    clock = ManualClock(0)
    seen: list[float] = []
    stop = clock.subscribe(lambda: seen.append(clock.now()))
    clock.advance(1)
    clock.advance(2)
    stop()
    stop()  # twice does no harm
    clock.advance(4)
    assert seen == [1, 3]


def test_a_subscriber_may_stop_itself_or_ask_the_fake_while_it_is_told(new_fake: NewFake) -> None:
    clock = ManualClock(0)
    fake = new_fake(told({"a": waiting(Transition("b", seconds=5)), "b": done()}), clock=clock)
    task = fake.task()
    seen: list[str] = []

    def look() -> None:
        seen.append(poll(fake, task.id).json["status"])
        stop()

    stop = clock.subscribe(look)
    fake.advance(5)
    fake.advance(5)
    assert seen == ["completed"]


def test_who_asks_from_another_thread_while_it_is_told_does_not_lock_up(new_fake: NewFake) -> None:
    clock = ManualClock(0)
    fake = new_fake(clock=clock)
    task = fake.task()

    def look() -> None:
        thread = threading.Thread(target=poll, args=(fake, task.id))
        thread.start()
        thread.join(5)
        assert not thread.is_alive()

    clock.subscribe(look)
    fake.advance(1)
    assert len(fake.journal) == 1


def test_reset_sets_it_back_to_where_it_began() -> None:
    clock = ManualClock(100)
    clock.advance(50)
    clock.reset()
    assert clock.now() == 100


def test_it_can_be_moved_from_several_threads() -> None:
    clock = ManualClock(0)
    threads = [threading.Thread(target=lambda: [clock.advance(1) for _ in range(200)]) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert clock.now() == 1600


# --- what a fake makes of it ------------------------------------------------------------------------------------------


def test_advance_runs_what_falls_due_in_order_and_returns_when_all_is_settled(new_fake: NewFake) -> None:
    scenario = told({"a": waiting(Transition("b", seconds=10)), "b": waiting(Transition("c", seconds=20)), "c": done()})
    fake = new_fake(scenario)
    first = fake.task()
    fake.advance(5)
    second = fake.task()
    assert fake.advance(25) == first.created_at + 30
    assert (first.state, second.state) == ("c", "b")
    assert (first.position.since, second.position.since) == (first.created_at + 30, second.created_at + 10)


def test_ten_minutes_of_polling_pass_in_no_time(new_fake: NewFake) -> None:
    fake = new_fake(told({"a": waiting(Transition("b", seconds=600)), "b": done()}))
    task = fake.task()
    polls = 0
    while poll(fake, task.id).json["status"] != "completed" and polls < 1000:
        polls += 1
        fake.advance(5)
    assert polls == 120


def test_reset_of_a_fake_sets_its_clock_back(new_fake: NewFake) -> None:
    fake = new_fake()
    fake.advance(1000)
    fake.reset()
    assert fake.clock.now() == DEFAULT_START
