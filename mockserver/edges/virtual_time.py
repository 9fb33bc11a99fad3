"""Virtual time: the client's own waiting moves a clock instead of passing.

While a `VideoClock` is active, `time.sleep`, `asyncio.sleep` and what is built on them return at once and move the
clock on by what was asked for; `time.time`, `time.monotonic`, `time.perf_counter` and the event loop's time move along,
so that deadlines and time-outs come when they should. Real time still passes underneath: a real socket takes as long
as it takes, and a loop that never sleeps still comes to its deadline.

Reached: the functions of `time`; `asyncio.sleep`, `asyncio.timeout` and `wait_for`; anyio's on asyncio; all of them
also where a module imported them by name, before or after. An event loop that has nothing to wait for but a timer
skips to it; with a socket to hear from or a thread to be woken by, it waits. Not reached, and so passing in real
time: waits for locks, events and queues of threads, and for other processes; trio; event loops that are not Python's
own (uvloop); C extensions that keep their own time; a function that is the default of an argument.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import sys
import threading
import time
from collections.abc import Callable, Coroutine
from types import ModuleType
from typing import Any, ClassVar

from ..fake.clock import ManualClock
from .compat import check_asyncio
from .virtual_loop import VirtualLoop

__all__ = ["REAL_PERF_COUNTER", "BackgroundThread", "VideoClock"]

_SLEEP = time.sleep
_TIME = time.time
_ASYNC_SLEEP = asyncio.sleep
_RUN_FOREVER = asyncio.BaseEventLoop.run_forever
REAL_PERF_COUNTER = time.perf_counter
_CLOCKS = (time.time, time.monotonic, time.perf_counter)
_NS_CLOCKS = (time.time_ns, time.monotonic_ns, time.perf_counter_ns)

# Modules that need real time: the test runner and its helpers, what waits for real threads and sockets, and this
# package. An event loop's own time is moved separately.
_LEFT_ALONE = frozenset({
    "_pytest", "asyncio", "concurrent", "coverage", "execnet", "faulthandler", "hypothesis", "importlib", "logging",
    "multiprocessing", "pluggy", "pytest", "pytest_timeout", "queue", "random", "respx", "sched",
    "selectors", "signal", "socket", "subprocess", "tempfile", "threading", "uuid", "uvicorn", "video_mockserver",
    "xdist",
})  # fmt: skip


class BackgroundThread(threading.Thread):
    """A thread that wakes no client: virtual time does not wait for it."""


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

    _active: ClassVar[VideoClock | None] = None
    # What each module imported by name: looking through all of them anew would cost every test some milliseconds.
    _imported: ClassVar[dict[str, tuple[int, int, list[str]]]] = {}

    def __init__(self) -> None:
        super().__init__(float(int(_TIME())))
        self.slept = 0.0
        self.offset = 0.0
        self._lock = threading.Lock()
        self._excluded: set[int] = set()
        self._bystanders: set[threading.Thread] = set()
        self._replaced: list[tuple[Any, str, Any]] = []
        self._loops: dict[asyncio.AbstractEventLoop, VirtualLoop] = {}

    # --- the clock ---

    def advance(self, seconds: float) -> float:
        """Move on by `seconds`, as if a client had waited. Raises ValueError below 0."""
        if seconds >= 0:
            with self._lock:
                self.offset += seconds
        return super().advance(seconds)

    def reach(self, offset: float) -> None:
        """Move on to a moment, in seconds since the clock began; does nothing for one that is past."""
        self.advance(max(0.0, offset - self.offset))

    def skip(self, seconds: float) -> None:
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
        self._excluded.add(thread)

    # --- active ---

    def start(self) -> None:
        """Take the waiting functions over.

        Raises RuntimeError when a clock is active already, `UnsupportedVersion` when Python's event loops lack what is
        needed.
        """
        if VideoClock._active is not None:
            raise RuntimeError("another VideoClock is active already; a process has one time")
        check_asyncio()
        VideoClock._active = self
        self._bystanders = set(threading.enumerate())
        with contextlib.suppress(RuntimeError):
            self._joined(asyncio.get_running_loop())
        replacements = self._replacements()
        for module in (time, asyncio, asyncio.tasks):
            self._replace(module, replacements)
        for name, module in list(sys.modules.items()):
            known = VideoClock._imported.get(name)
            if known is not None and not known[2] and known[0] == id(module) and known[1] == len(module.__dict__):
                continue  # as nearly all of them: it imported nothing of these, and has nothing new
            if isinstance(module, ModuleType) and name.partition(".")[0] not in _LEFT_ALONE and module is not time:
                self._replace(module, replacements, name)

        def run_forever(loop: asyncio.BaseEventLoop) -> None:
            if not _is_ours(threading.current_thread()):
                self._joined(loop)
            _RUN_FOREVER(loop)

        asyncio.BaseEventLoop.run_forever = run_forever  # type: ignore[method-assign,assignment]

    def stop(self) -> None:
        """Give the waiting functions back. Stopping twice is fine."""
        if VideoClock._active is not self:
            return
        VideoClock._active = None
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
        known = VideoClock._imported.get(key)
        if known is None or known[:2] != (id(module), len(namespace)):
            imported = [name for name, value in list(namespace.items()) if id(value) in replacements]
            known = VideoClock._imported[key] = (id(module), len(namespace), imported)
        for name in known[2]:
            value = namespace.get(name)
            if id(value) in replacements:
                self._replaced.append((module, name, value))
                setattr(module, name, replacements[id(value)])

    @property
    def is_active(self) -> bool:
        """Whether this clock has the waiting functions now."""
        return VideoClock._active is self

    def _real(self) -> bool:
        """Whether real time is what the caller of a replaced function should have."""
        if VideoClock._active is not self or threading.get_ident() in self._excluded:
            return True  # a module that imported a replacement by name keeps it for ever
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
                _SLEEP(0)  # give them their turn

        def async_sleep(delay: float, result: Any = None) -> Coroutine[Any, Any, Any]:
            # Not a coroutine function itself: the caller must be looked at now, not when the loop gets to it.
            if self._real() or not 0 < delay < math.inf:
                return _ASYNC_SLEEP(delay, result)
            return self.sleep_in_loop(delay, result)

        made: dict[int, Any] = {id(_SLEEP): sleep, id(_ASYNC_SLEEP): async_sleep}
        for clock in _CLOCKS:
            made[id(clock)] = self._moved(clock, 1)
        for ns_clock in _NS_CLOCKS:
            made[id(ns_clock)] = self._moved(ns_clock, 1_000_000_000)
        return made

    async def sleep_in_loop(self, delay: float, result: Any) -> Any:
        """What `asyncio.sleep` does while the clock is active."""
        self.slept += delay
        await self._joined(asyncio.get_running_loop()).sleep(delay)
        return result

    def _moved(self, real: Callable[[], Any], second: int) -> Callable[[], Any]:
        def now() -> Any:
            value = real()
            return value if self._real() else value + type(value)(self.offset * second)

        return now

    def others(self) -> tuple[bool, bool]:
        """Whether there are threads that may wake a loop: ones that began under this clock, and older ones."""
        own = threading.current_thread()
        threads = [
            thread
            for thread in threading.enumerate()
            if thread is not own and not _is_ours(thread) and thread.ident not in self._excluded
        ]
        new = [thread for thread in threads if thread not in self._bystanders]
        return bool(new), len(threads) > len(new)

    def _joined(self, loop: asyncio.AbstractEventLoop) -> VirtualLoop:
        if loop not in self._loops:
            self._loops[loop] = VirtualLoop(self, loop)
        return self._loops[loop]
