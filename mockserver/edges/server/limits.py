"""The sizes and times at which a server gives up."""

from __future__ import annotations

from dataclasses import dataclass, fields

__all__ = ["ServerLimits"]


@dataclass(frozen=True, slots=True)
class ServerLimits:
    """The limits of a server; the defaults suit nearly every test. Times are in seconds of real time.

    - `body_size`: bytes of a request body; a larger one is answered 413 (default 100 MiB).
    - `keep_alive_timeout`: how long a connection without a request stays open (default 75).
    - `flush_timeout`: how long a client may take nothing of a reply with a fault; it loses the rest then (default 5).
    - `close_timeout`: how long a client may keep its connection open after a fault has ended it (default 1).
    - `stop_timeout`: how long stopping the server waits for requests that are being answered (default 0.5).

    Raises ValueError for a limit that is not above 0.
    """

    body_size: int = 100 * 1024 * 1024
    keep_alive_timeout: float = 75.0
    flush_timeout: float = 5.0
    close_timeout: float = 1.0
    stop_timeout: float = 0.5

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if not value > 0:
                raise ValueError(f"{field.name}: {value!r} must be above 0")
