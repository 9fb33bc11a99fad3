"""Time that does not pass: the client's own waiting moves a clock instead.

While a `VideoClock` is in force, `time.sleep`, `asyncio.sleep` and what is built on them return at once and move the
clock on by what was asked for; `time.time`, `time.monotonic`, `time.perf_counter` and the event loop's time leap along,
so that deadlines and time-outs come when they should. Real time still passes underneath: a real socket takes as long
as it takes, and a loop that never sleeps still comes to its deadline.

Reached: the functions of `time`; `asyncio.sleep`, `asyncio.timeout` and `wait_for`; anyio's on asyncio; all of them
also where a module took them by name, before or after. An event loop that has nothing to wait for but a timer leaps to
it; with a socket to hear from or a thread to be woken by, it waits. Not reached, and so passing in real time: waits for
locks, events and queues of threads, and for other processes; trio; event loops that are not Python's own (uvloop);
C extensions that keep their own time; a function that was taken as the default of an argument.
"""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import math
import sys
import threading
import time
from collections.abc import Callable, Coroutine
from types import ModuleType
from typing import Any, ClassVar

from ..fake.clock import ManualClock

__all__ = ["BackgroundThread", "VideoClock"]

_SLEEP = time.sleep
_TIME = time.time
_ASYNC_SLEEP = asyncio.sleep
_RUN_FOREVER = asyncio.BaseEventLoop.run_forever
_TELLERS = (time.time, time.monotonic, time.perf_counter)
_NS_TELLERS = (time.time_ns, time.monotonic_ns, time.perf_counter_ns)

# Who reckons with real time and must not be hurried: the test runner and its helpers, what waits for real threads and
# sockets, and we ourselves. An event loop's own time is moved by itself.
_LEFT_ALONE = frozenset({
    "_pytest", "asyncio", "concurrent", "coverage", "execnet", "faulthandler", "hypothesis", "importlib", "logging",
    "multiprocessing", "pluggy", "pytest", "pytest_timeout", "queue", "random", "respx", "sched",
    "selectors", "signal", "socket", "subprocess", "tempfile", "threading", "uuid", "uvicorn", "video_mockserver",
    "xdist",
})  # fmt: skip

# Before time moves in an event loop, the others get this many turns of it to say what they wait for; and where one of
# them waits with a time-out that would come first, as for a real socket, so many real milliseconds to be done.
_TURNS = 8
_GRACE = 50


class BackgroundThread(threading.Thread):
    """A thread for which nobody has to make room: it only looks at real time now and then."""


def _is_ours(thread: threading.Thread) -> bool:
    """Whether a thread is a server's or a check's, which wakes no client's event loop but by way of a socket."""
    return thread.name.startswith("video-mockserver")


def _others() -> bool:
    """Whether there are threads that may have something to do while this one waits."""
    own = threading.current_thread()
    return any(thread is not own and not isinstance(thread, BackgroundThread) for thread in threading.enumerate())


class VideoClock(ManualClock):
    """A clock that the client's waiting moves; use it as a context manager, one at a time in a process.

    It is a `ManualClock` to the fakes that are given it, and starts at the real time. `slept` adds up the seconds that
    were asked for and did not pass.
    """

    _in_force: ClassVar[VideoClock | None] = None
    # What each module took by name: looking through all of them anew would cost every test some milliseconds.
    _taken: ClassVar[dict[str, tuple[int, int, list[str]]]] = {}

    def __init__(self) -> None:
        super().__init__(float(int(_TIME())))
        self.slept = 0.0
        self.offset = 0.0
        self._guard = threading.Lock()
        self._spared: set[int] = set()
        self._bystanders: set[threading.Thread] = set()
        self._replaced: list[tuple[Any, str, Any]] = []
        self._loops: dict[asyncio.AbstractEventLoop, _Loop] = {}

    # --- the clock ---

    def advance(self, seconds: float) -> float:
        """Move on by `seconds`, as if a client had waited. Raises ValueError below 0."""
        if seconds >= 0:
            with self._guard:
                self.offset += seconds
        return super().advance(seconds)

    def reach(self, offset: float) -> None:
        """Move on to a moment, told in seconds since the clock began; one that is past is past."""
        self.advance(max(0.0, offset - self.offset))

    def leap(self, seconds: float) -> None:
        """Move on by what an event loop would wait for, with nothing else to do."""
        self.slept += seconds
        self.reach(self.offset + seconds)

    def real_seconds(self, seconds: float) -> float | None:
        """What a fake waits for does not pass either: it moves the clock."""
        self.advance(max(0.0, seconds))
        return 0.0

    def per_client_second(self) -> float | None:
        """What the client waits for is what passes here."""
        return 1.0

    def reset(self) -> None:
        """Nothing to do: the client's time does not go back."""

    def exclude_thread(self, thread: int) -> None:
        """Leave a thread (by its identifier) in real time: a server's."""
        self._spared.add(thread)

    # --- in force ---

    def start(self) -> None:
        """Take the waiting functions over. Raises RuntimeError when a clock is in force already."""
        if VideoClock._in_force is not None:
            raise RuntimeError("a VideoClock is in force already; one process has one time")
        VideoClock._in_force = self
        self._bystanders = set(threading.enumerate())
        with contextlib.suppress(RuntimeError):
            self._joined(asyncio.get_running_loop())
        replacements = self._replacements()
        for module in (time, asyncio, asyncio.tasks):
            self._replace(module, replacements)
        for name, module in list(sys.modules.items()):
            known = VideoClock._taken.get(name)
            if known is not None and not known[2] and known[0] == id(module) and known[1] == len(module.__dict__):
                continue  # as nearly all of them: it took nothing, and has nothing new
            if isinstance(module, ModuleType) and name.partition(".")[0] not in _LEFT_ALONE and module is not time:
                self._replace(module, replacements, name)

        def run_forever(loop: asyncio.BaseEventLoop) -> None:
            if not _is_ours(threading.current_thread()):
                self._joined(loop)
            _RUN_FOREVER(loop)

        asyncio.BaseEventLoop.run_forever = run_forever  # type: ignore[method-assign,assignment]

    def stop(self) -> None:
        """Give the waiting functions back. Stopping twice is fine."""
        if VideoClock._in_force is not self:
            return
        VideoClock._in_force = None
        asyncio.BaseEventLoop.run_forever = _RUN_FOREVER  # type: ignore[method-assign]
        for module, attribute, value in reversed(self._replaced):
            setattr(module, attribute, value)
        self._replaced.clear()
        for joined in self._loops.values():
            joined.leave()
        self._loops.clear()

    def __enter__(self) -> VideoClock:
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()

    def _replace(self, module: ModuleType, replacements: dict[int, Any], name: str = "") -> None:
        namespace = vars(module)
        key = name or module.__name__
        known = VideoClock._taken.get(key)
        if known is None or known[:2] != (id(module), len(namespace)):
            taken = [name for name, value in list(namespace.items()) if id(value) in replacements]
            known = VideoClock._taken[key] = (id(module), len(namespace), taken)
        for name in known[2]:
            value = namespace.get(name)
            if id(value) in replacements:
                self._replaced.append((module, name, value))
                setattr(module, name, replacements[id(value)])

    def _real(self) -> bool:
        """Whether real time is what the caller of a replaced function should have."""
        if VideoClock._in_force is not self or threading.get_ident() in self._spared:
            return True  # a module that took a replacement by name keeps it for ever
        caller: str = sys._getframe(2).f_globals.get("__name__") or ""
        return caller.partition(".")[0] in _LEFT_ALONE

    def _replacements(self) -> dict[int, Any]:
        def sleep(seconds: float, /) -> None:
            if self._real() or not seconds > 0:
                _SLEEP(seconds)
                return
            self.slept += seconds
            self.advance(seconds)
            if _others():
                _SLEEP(0)  # they get their turn

        def async_sleep(delay: float, result: Any = None) -> Coroutine[Any, Any, Any]:
            # Not a coroutine function itself: who asks must be seen now, not when the loop gets to it.
            if self._real() or not 0 < delay < math.inf:
                return _ASYNC_SLEEP(delay, result)
            return self._sleep(delay, result)

        made: dict[int, Any] = {id(_SLEEP): sleep, id(_ASYNC_SLEEP): async_sleep}
        for teller in _TELLERS:
            made[id(teller)] = self._teller(teller, 1)
        for ns_teller in _NS_TELLERS:
            made[id(ns_teller)] = self._teller(ns_teller, 1_000_000_000)
        return made

    async def _sleep(self, delay: float, result: Any) -> Any:
        self.slept += delay
        await self._joined(asyncio.get_running_loop()).sleep(delay)
        return result

    def _teller(self, real: Callable[[], Any], second: int) -> Callable[[], Any]:
        def now() -> Any:
            told = real()
            return told if self._real() else told + type(told)(self.offset * second)

        return now

    def others(self) -> tuple[bool, bool]:
        """Whether there are threads that may wake a loop: ones that began under this clock, and older ones."""
        own = threading.current_thread()
        threads = [
            thread
            for thread in threading.enumerate()
            if thread is not own and not _is_ours(thread) and thread.ident not in self._spared
        ]
        new = [thread for thread in threads if thread not in self._bystanders]
        return bool(new), len(threads) > len(new)

    def _joined(self, loop: asyncio.AbstractEventLoop) -> _Loop:
        if loop not in self._loops:
            self._loops[loop] = _Loop(self, loop)
        return self._loops[loop]


class _Loop:
    """An event loop under a `VideoClock`: its time leaps with the clock's, its sleepers wake one after the other."""

    def __init__(self, clock: VideoClock, loop: asyncio.AbstractEventLoop) -> None:
        self._clock = clock
        self._loop = loop
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._order = 0
        self._driving = False
        self._time = loop.time
        base = clock.offset
        try:
            loop.time = lambda: self._time() + clock.offset - base  # type: ignore[method-assign]
        except AttributeError:
            return  # a loop of C has no room for it: its deadlines stay in real time

        self._selector: Any = getattr(loop, "_selector", None)
        if self._selector is not None:
            self._select = self._selector.select
            self._selector.select = self._wait

    def leave(self) -> None:
        """Give the loop its own time back."""
        if hasattr(self._loop, "__dict__"):
            vars(self._loop).pop("time", None)
            if self._selector is not None:
                vars(self._selector).pop("select", None)

    def _wait(self, timeout: float | None = None) -> Any:
        """In the place of the loop's own wait for what comes next: where only a timer can, time leaps to it."""
        clock = self._clock
        if timeout is None or timeout <= 0 or self._driving or VideoClock._in_force is not clock:
            return self._select(timeout)
        new, old = clock.others()
        if new or len(self._selector.get_map()) > 1:  # one is the loop's own, by which threads wake it
            return self._select(timeout)
        events = self._select(min(timeout, _GRACE / 1000) if old else 0)
        if not events:
            clock.leap(timeout)
        return events

    async def sleep(self, delay: float) -> None:
        """Wait until the clock has moved on by `delay`."""
        future: asyncio.Future[None] = self._loop.create_future()
        self._order += 1
        heapq.heappush(self._sleepers, (self._clock.offset + delay, self._order, future))
        if not self._driving:
            self._driving = True
            self._loop.call_soon(self._drive, _TURNS, _GRACE, self._order)
        await future

    def _drive(self, turns: int, grace: int, order: int) -> None:
        while self._sleepers and self._sleepers[0][2].done():
            heapq.heappop(self._sleepers)  # cancelled
        if not self._sleepers or VideoClock._in_force is not self._clock:
            self._driving = False
            return
        if order != self._order:
            turns, grace = _TURNS, _GRACE  # somebody said something new
        if turns:
            self._loop.call_soon(self._drive, turns - 1, grace, self._order)
            return
        moment, _, future = self._sleepers[0]
        timer = self._first_timer()
        if timer < moment and grace:
            self._loop.call_later(0.001, self._drive, _TURNS, grace - 1, self._order)
            return
        if timer < moment:
            self._clock.reach(timer)  # a deadline comes first; whom it concerns hears of it in the next turns
        else:
            heapq.heappop(self._sleepers)
            self._clock.reach(moment)
            future.set_result(None)
        self._loop.call_soon(self._drive, _TURNS, _GRACE, self._order)

    def _first_timer(self) -> float:
        """When the loop's next timer is due, as an offset of the clock; infinity when it has none or will not say."""
        timers = getattr(self._loop, "_scheduled", ())
        due = min((timer.when() for timer in timers if not timer.cancelled()), default=math.inf)
        return due - self._loop.time() + self._clock.offset
