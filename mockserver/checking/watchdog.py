"""How a client of this process is ended that does not end by itself: by what it waits or asks, or by real time."""

from __future__ import annotations

import contextlib
import ctypes
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from ..edges.virtual_time import BackgroundThread, VideoClock
from ..fake.journal import Exchange

__all__ = ["Stopped", "Watchdog", "WatchedClock", "request_watcher"]

# A client in the fake's time: what nobody needs who ever gives up.
_LONGEST = 24 * 3600.0  # seconds
_MOST_REQUESTS = 5000
_MOST_AT_ONCE = 300  # requests without any waiting between
_MOST_MOVES = 20_000  # of the clock, without a request: an endless download


class Stopped(BaseException):
    """Raised inside of a client that does not end; not an Exception, so that it is not taken for a failure."""


class Watchdog:
    """Ends a client that does not end by itself.

    Its fake is closed first, so that it gets out of what it waits for; if that does not end it, `Stopped` is raised in
    its thread. In this order: while that is on its way to a thread that waits outside of Python, Python 3.11 lets every
    other thread spin that is traced.
    """

    _GRACE = 0.3  # seconds for a client to end by itself when its fake is gone

    def __init__(self) -> None:
        self.reason: str | None = None
        self.asked_at = time.monotonic()  # when the last request came in
        self._lock = threading.Lock()
        self._thread: int | None = None
        self._armed = 0

    @contextlib.contextmanager
    def around_client(self, timeout: float, on_stop: Callable[[], None]) -> Iterator[None]:
        """Run the client inside of this."""
        self._thread = threading.get_ident()

        def late() -> None:
            with self._lock:
                if self._thread is None:
                    return
                self.reason = self.reason or f"stopped after {timeout:g} s"
            on_stop()
            self._armed = _WATCHDOG.arm(time.monotonic() + self._GRACE, self._throw)

        self._armed = _WATCHDOG.arm(time.monotonic() + timeout, late)
        try:
            yield
        finally:
            with self._lock:
                self._thread = None
            _WATCHDOG.disarm(self._armed)
            if self.reason is not None:
                _let_arrive()

    def stop_soon(self, reason: str) -> None:
        """Stop the client, from any thread, soon."""
        with self._lock:
            if self._thread is None or self.reason is not None:
                return
            self.reason = reason
        _WATCHDOG.hurry(self._armed)

    def _throw(self) -> None:
        with self._lock:
            if self._thread is not None:
                ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(self._thread), ctypes.py_object(Stopped))

    def stop_now(self, reason: str) -> None:
        """Stop the client in whose thread this is called."""
        self.reason = self.reason or reason
        raise Stopped(reason)

    def is_client_thread(self) -> bool:
        """Whether the caller is the client."""
        return self._thread == threading.get_ident()


def _let_arrive() -> None:
    """Let what was thrown into this thread and has not arrived yet arrive here, and not in the judge.

    It cannot be taken back: Python 3.11 would spin for ever then, in the next function that is traced.
    """
    with contextlib.suppress(Stopped):
        for _ in range(100):  # it arrives where a loop turns
            pass


class _AlarmThread:
    """One thread that looks after every client of the process: a timer for each would cost more than a short case."""

    _TICK = 0.1  # seconds between two looks
    _IDLE = 50  # looks without a client until the thread ends

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._armed: dict[int, tuple[float, Callable[[], None]]] = {}
        self._count = 0
        self._thread: BackgroundThread | None = None

    def arm(self, deadline: float, late: Callable[[], None]) -> int:
        """Call `late` once when a moment of the monotonic clock has passed; returns what `disarm` takes."""
        with self._lock:
            self._count += 1
            self._armed[self._count] = (deadline, late)
            if self._thread is None or not self._thread.is_alive():  # not alive: in a process that was forked off
                self._thread = BackgroundThread(target=self._watch, name="video-mockserver watchdog", daemon=True)
                self._thread.start()
            return self._count

    def hurry(self, number: int) -> None:
        """Call it at the next look."""
        with self._lock:
            if number in self._armed:
                self._armed[number] = (0.0, self._armed[number][1])

    def disarm(self, number: int) -> None:
        """Do not call it any more."""
        with self._lock:
            self._armed.pop(number, None)

    def _watch(self) -> None:
        idle = 0
        pause = threading.Event()
        while True:
            pause.wait(self._TICK)
            now = time.monotonic()
            with self._lock:
                idle = 0 if self._armed else idle + 1
                if idle > self._IDLE:
                    self._thread = None
                    return
                due = [number for number, (deadline, _) in self._armed.items() if deadline <= now]
                late = [self._armed.pop(number)[1] for number in due]
            for call in late:
                call()


_WATCHDOG = _AlarmThread()


class WatchedClock(VideoClock):
    """A client's waiting, as long as it makes sense."""

    def __init__(self, watchdog: Watchdog) -> None:
        super().__init__()
        self._watchdog = watchdog
        self._slept = 0.0
        self.moves = 0

    def advance(self, seconds: float) -> float:
        """Move on, and stop the client when it has waited too long."""
        now = super().advance(seconds)
        # What is slept has a limit of its own; this one is for what is read.
        self.moves = self.moves + 1 if self.slept == self._slept else 0
        self._slept = self.slept
        if self._watchdog.is_client_thread():
            if self.offset > _LONGEST:
                self._watchdog.stop_now(f"stopped after {_LONGEST / 3600:.0f} hours of its time")
            if self.moves > _MOST_MOVES:
                self._watchdog.stop_now("stopped: what it read had no end")
        return now

    def reach(self, offset: float) -> None:
        """Move on by an event loop: its sleepers are stopped one by one, as they wake."""
        VideoClock.advance(self, max(0.0, offset - self.offset))

    def skip(self, seconds: float) -> None:
        super().skip(seconds)
        if self.offset > _LONGEST:
            self._watchdog.stop_soon(f"stopped after {_LONGEST / 3600:.0f} hours of its time")

    async def sleep_in_loop(self, delay: float, result: Any) -> Any:
        slept = await super().sleep_in_loop(delay, result)
        if self.offset > _LONGEST:
            self._watchdog.stop_now(f"stopped after {_LONGEST / 3600:.0f} hours of its time")
        return slept


def request_watcher(watchdog: Watchdog, clock: WatchedClock) -> Callable[[Exchange], None]:
    """What a fake calls with each exchange: it stops a client that asks more than makes sense."""
    asked = at_once = 0
    slept = 0.0

    def watch(exchange: Exchange) -> None:
        nonlocal asked, at_once, slept
        at_once = at_once + 1 if clock.slept == slept else 0
        slept = clock.slept
        asked += 1
        clock.moves = 0
        watchdog.asked_at = time.monotonic()
        if asked > _MOST_REQUESTS or at_once > _MOST_AT_ONCE:
            reason = f"stopped after {asked} requests{' without a pause' if at_once > _MOST_AT_ONCE else ''}"
            if watchdog.is_client_thread():
                watchdog.stop_now(reason)
            watchdog.stop_soon(reason)

    return watch
