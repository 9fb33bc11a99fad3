"""Event loops in virtual time."""

from __future__ import annotations

import asyncio
import heapq
import math
from typing import Any, Protocol

from .compat import selector_of, timers_of

__all__ = ["LoopClock", "VirtualLoop"]

# Before time moves in an event loop, the other tasks get this many turns of it to start their own waiting; and where
# one of them waits with a timeout that would come first, as for a real socket, so many real milliseconds to finish.
_TURNS = 8
_GRACE = 50


class LoopClock(Protocol):
    """The clock that event loops move: a `VideoClock`."""

    offset: float

    @property
    def is_active(self) -> bool:
        """Whether the clock has the waiting functions now."""

    def reach(self, offset: float) -> None:
        """Move on to a moment, in seconds since the clock began."""

    def skip(self, seconds: float) -> None:
        """Move on by what an event loop would wait for, with nothing else to do."""

    def others(self) -> tuple[bool, bool]:
        """Whether there are threads that may wake a loop: ones that began under the clock, and older ones."""


class VirtualLoop:
    """An event loop in virtual time: its time moves with the clock's, its sleepers wake one after the other."""

    def __init__(self, clock: LoopClock, loop: asyncio.AbstractEventLoop) -> None:
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

        self._selector: Any = selector_of(loop)
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
        """In the place of the loop's own wait for what comes next: where only a timer can, skip to it."""
        clock = self._clock
        if timeout is None or timeout <= 0 or self._driving or not clock.is_active:
            return self._select(timeout)
        new, old = clock.others()
        if new or len(self._selector.get_map()) > 1:  # one is the loop's own, by which threads wake it
            return self._select(timeout)
        events = self._select(min(timeout, _GRACE / 1000) if old else 0)
        if not events:
            clock.skip(timeout)
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
        if not self._sleepers or not self._clock.is_active:
            self._driving = False
            return
        if order != self._order:
            turns, grace = _TURNS, _GRACE  # another sleeper came
        if turns:
            self._loop.call_soon(self._drive, turns - 1, grace, self._order)
            return
        moment, _, future = self._sleepers[0]
        timer = self._first_timer()
        if timer < moment and grace:
            self._loop.call_later(0.001, self._drive, _TURNS, grace - 1, self._order)
            return
        if timer < moment:
            self._clock.reach(timer)  # a deadline comes first; its callbacks run in the next turns
        else:
            heapq.heappop(self._sleepers)
            self._clock.reach(moment)
            future.set_result(None)
        self._loop.call_soon(self._drive, _TURNS, _GRACE, self._order)

    def _first_timer(self) -> float:
        """When the loop's next timer is due, as an offset of the clock; infinity when none is known."""
        due = min((timer.when() for timer in timers_of(self._loop) if not timer.cancelled()), default=math.inf)
        return due - self._loop.time() + self._clock.offset
