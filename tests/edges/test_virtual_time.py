"""Virtual time: event loops and threads under a `VideoClock`. The plugin's tests have it with the client libraries."""

from __future__ import annotations

import asyncio
import socket
import threading
import time

import pytest

from video_mockserver import video_clock
from video_mockserver.edges.compat import selector_of


def test_a_loop_in_which_nothing_can_happen_but_a_timer_skips_to_it() -> None:
    async def main() -> list[str]:
        loop, told = asyncio.get_running_loop(), []
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.Event().wait(), 36_000)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(36_000):
                await asyncio.Queue().get()
        later = loop.create_future()
        loop.call_later(7200, told.append, "first")
        loop.call_later(36_000, later.set_result, None)
        await later
        return told

    with video_clock() as clock:
        assert asyncio.run(main()) == ["first"]
        assert clock.slept == pytest.approx(3 * 36_000)
        assert clock.offset == pytest.approx(clock.slept)
    assert asyncio.BaseEventLoop.run_forever.__module__ == "asyncio.base_events"


def test_a_running_loop_is_taken_along_and_given_back() -> None:
    async def main() -> float:
        selector = selector_of(asyncio.get_running_loop())
        with video_clock() as clock:
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(asyncio.Event().wait(), 36_000)
            assert "select" in vars(selector)
        assert "select" not in vars(selector)
        return clock.slept

    assert asyncio.run(main()) == pytest.approx(36_000)


def test_a_loop_waits_for_what_a_thread_or_a_socket_brings() -> None:
    async def main() -> None:
        assert await asyncio.wait_for(asyncio.to_thread(sum, range(3_000_000)), 60) > 0
        reader, writer = await asyncio.open_connection(*listener.getsockname())
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.read(1), 0.05)
        writer.close()

    with socket.create_server(("127.0.0.1", 0)) as listener, video_clock() as clock:
        asyncio.run(main())
        assert clock.slept == 0


def test_threads_are_known_by_when_they_began() -> None:
    stop = threading.Event()
    old, new = (threading.Thread(target=stop.wait) for _ in range(2))
    old.start()
    try:
        with video_clock() as clock:
            assert clock.others() == (False, True)
            new.start()
            assert clock.others() == (True, True)
            assert new.ident is not None
            clock.exclude_thread(new.ident)
            assert clock.others() == (False, True)
    finally:
        stop.set()
        old.join()
        new.join()


def test_a_module_that_took_the_sleep_by_name_meanwhile_sleeps_for_real_afterwards() -> None:
    with video_clock() as clock:
        from time import sleep

        sleep(1000)
        assert clock.slept == 1000
    began = time.monotonic()
    sleep(0.02)
    assert time.monotonic() - began >= 0.02
    assert clock.slept == 1000


def test_two_clocks_at_once_are_an_error() -> None:
    with video_clock(), pytest.raises(RuntimeError, match="is active already"):
        video_clock().start()


def test_what_is_slept_moves_every_clock() -> None:
    with video_clock() as clock:
        wall, mono, perf, wall_ns = time.time(), time.monotonic(), time.perf_counter(), time.time_ns()
        time.sleep(600)
        for moved in (time.time() - wall, time.monotonic() - mono, time.perf_counter() - perf):
            assert moved >= 600
        assert time.time_ns() - wall_ns >= 600 * 10**9
        assert clock.slept == clock.offset == 600
        time.sleep(0)
        with pytest.raises(ValueError, match="negative"):
            time.sleep(-1)
        assert clock.slept == 600


def test_sleepers_of_one_loop_wake_in_their_order() -> None:
    woken = []

    async def sleeper(name: str, pause: float, times: int) -> None:
        for _ in range(times):
            await asyncio.sleep(pause)
            woken.append(name)

    async def main() -> None:
        await asyncio.gather(sleeper("slow", 10, 2), sleeper("fast", 4, 4))

    with video_clock() as clock:
        asyncio.run(main())
        assert woken == ["fast", "fast", "slow", "fast", "fast", "slow"]
        assert clock.offset == pytest.approx(20)


def test_a_deadline_that_comes_before_a_sleeper_ends_it() -> None:
    async def sleep_on() -> None:
        while True:
            await asyncio.sleep(7)

    async def main() -> None:
        began = asyncio.get_running_loop().time()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(sleep_on(), 30)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.sleep(1000), 60)
        assert 90 <= asyncio.get_running_loop().time() - began < 1000

    with video_clock() as clock:
        asyncio.run(main())
        assert clock.offset > 0


def test_an_excluded_thread_sleeps_in_real_time() -> None:
    slept = threading.Event()
    go = threading.Event()

    def work() -> None:
        go.wait()
        time.sleep(0.01)
        slept.set()

    thread = threading.Thread(target=work)
    with video_clock() as clock:
        thread.start()
        assert thread.ident is not None
        clock.exclude_thread(thread.ident)
        go.set()
        assert slept.wait(60)
        assert clock.slept == 0
    thread.join()


def test_a_clock_is_stopped_once_and_can_be_started_again() -> None:
    clock = video_clock()
    for _ in range(2):
        with clock:
            assert clock.is_active
            time.sleep(5)
        clock.stop()
        assert not clock.is_active
    assert clock.slept == 10


def test_the_clock_goes_neither_back_nor_to_the_past() -> None:
    clock = video_clock()
    with pytest.raises(ValueError, match="seconds"):
        clock.advance(-1)
    clock.reach(10)
    clock.reach(5)
    assert clock.offset == 10
    clock.reset()
    assert clock.offset == 10
    assert clock.per_client_second() == 1
    assert clock.real_seconds(3) == 0
    assert clock.offset == 13
