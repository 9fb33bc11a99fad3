"""Time as a parameter: real, sped up, or moved by hand. A clock belongs to one fake."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Protocol

__all__ = ["DEFAULT_START", "Clock", "ManualClock", "RealClock", "checked_speed"]

# `created_at` of the documented example: a manual clock starts there, so that documents come out as documented.
DEFAULT_START = 1735689600.0
_LATEST = 253_370_764_800.0  # 9999-01-01


class Clock(Protocol):
    """What a fake needs to know of time."""

    def now(self) -> float:
        """Unix time in seconds."""

    def real_seconds(self, seconds: float) -> float | None:
        """How long `seconds` of this clock take in the real world; None when only the test moves the clock."""

    def per_client_second(self) -> float | None:
        """How many seconds of this clock pass in one of the client's; None when they have nothing to do with each
        other."""

    def subscribe(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Call `callback` (in the moving thread) whenever the clock is moved; returns how to stop that."""

    def reset(self) -> None:
        """Back to where the clock began."""


def checked_speed(speed: float) -> float:
    """How many seconds of a clock pass in a real one. Raises ValueError for anything but a number above 0."""
    if isinstance(speed, bool) or not isinstance(speed, int | float) or not 0 < speed < float("inf"):
        raise ValueError(f"speed: {speed!r} must be a number above 0")
    return speed


class RealClock:
    """The time of day, or a faster one: with `speed=60` a minute passes in a second.

    `speed` must be above 0. The clock starts at the real time of its making and runs on the monotonic clock, so it
    never jumps with the machine's.
    """

    def __init__(self, speed: float = 1.0) -> None:
        self.speed = checked_speed(speed)
        self._began = time.time()
        self._zero = time.monotonic()

    def now(self) -> float:
        return self._began + (time.monotonic() - self._zero) * self.speed

    def real_seconds(self, seconds: float) -> float | None:
        return seconds / self.speed

    def per_client_second(self) -> float | None:
        return self.speed

    def subscribe(self, callback: Callable[[], None]) -> Callable[[], None]:
        return lambda: None

    def reset(self) -> None:
        """Nothing to do: real time does not go back."""


class ManualClock:
    """A clock that stands still until `advance` moves it; safe to use from several threads.

    `start` is Unix time in seconds (default: the documented example's 1735689600).
    """

    def __init__(self, start: float = DEFAULT_START) -> None:
        self._start = start
        self._now = start
        self._lock = threading.Lock()
        self._callbacks: list[Callable[[], None]] = []

    def now(self) -> float:
        return self._now

    def advance(self, seconds: float) -> float:
        """Move on by `seconds` (0 or more), call every subscriber, and return the new time.

        Raises ValueError below 0, and for a time past the year 9999, after which dates cannot be written.
        """
        if not 0 <= seconds < float("inf"):
            raise ValueError(
                f"advance: {seconds!r} must be a number of seconds, 0 or more: time does not run backwards"
            )
        with self._lock:
            if self._now + seconds > _LATEST:
                raise ValueError(f"advance: {seconds!r} goes past the year 9999, after which dates cannot be written")
            self._now += seconds
            callbacks = list(self._callbacks)
        for callback in callbacks:
            callback()
        return self._now

    def real_seconds(self, seconds: float) -> float | None:
        return None

    def per_client_second(self) -> float | None:
        return None

    def subscribe(self, callback: Callable[[], None]) -> Callable[[], None]:
        with self._lock:
            self._callbacks.append(callback)

        def stop() -> None:
            with self._lock:
                if callback in self._callbacks:
                    self._callbacks.remove(callback)

        return stop

    def reset(self) -> None:
        """Back to `start`. Whoever waits for a later moment goes on waiting."""
        with self._lock:
            self._now = self._start
