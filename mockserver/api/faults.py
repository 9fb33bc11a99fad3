"""Faults, told as what happens on the wire.

Each fault is one small generator over the body that should have been sent. It yields steps; an edge carries them out:
over a socket literally, without one as the exception that the client library raises for the same thing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from .messages import Fault

__all__ = ["FAULTS", "NO_REPLY", "Close", "Data", "FaultKind", "Head", "Hold", "Raw", "Reset", "Step", "Wait", "steps"]


@dataclass(frozen=True, slots=True)
class Head:
    """Send the status line and headers; `length` is the Content-Length, None means chunked."""

    length: int | None


@dataclass(frozen=True, slots=True)
class Data:
    """Send bytes of the body."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Raw:
    """Send bytes that are no part of an HTTP message."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Wait:
    """Let seconds of the fake's clock pass."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Hold:
    """Send nothing more and keep the connection open until the client leaves."""


@dataclass(frozen=True, slots=True)
class Reset:
    """End the connection with a RST, after what was sent has arrived."""


@dataclass(frozen=True, slots=True)
class Close:
    """End the connection with a FIN."""


Step = Head | Data | Raw | Wait | Hold | Reset | Close

# How finely a body is sliced where it is sent slowly or for ever: small enough that a client sees it trickle.
_TICK = 0.1
_CHUNK = 16 * 1024
_GARBAGE = b"\x16\x03\x01 this is not HTTP \x00\xff\xfe\r\n\r\n"


def _cut(body: bytes, at: int | float | None) -> bytes:
    # A cut at or behind the end would be no fault at all: it always leaves at least one byte out.
    position = int(len(body) * at) if isinstance(at, float) else at or 0
    return body[: max(0, min(position, len(body) - 1))]


def _reset(body: bytes, fault: Fault) -> Iterator[Step]:
    if fault.at is not None:
        yield Head(len(body))
        yield Data(_cut(body, fault.at))
    yield Reset()


def _close(body: bytes, fault: Fault) -> Iterator[Step]:
    yield Close()


def _truncate(body: bytes, fault: Fault) -> Iterator[Step]:
    yield Head(len(body))
    yield Data(_cut(body, fault.at))
    yield Close()


def _stall(body: bytes, fault: Fault) -> Iterator[Step]:
    if fault.at is not None:
        yield Head(len(body))
        yield Data(_cut(body, fault.at))
    yield Hold()


def _drip(body: bytes, fault: Fault) -> Iterator[Step]:
    yield Head(len(body))
    rate = fault.amount or 1
    size = max(1, int(rate * _TICK))
    for start in range(0, len(body), size):
        if start:
            yield Wait(size / rate)
        yield Data(body[start : start + size])
    yield Close()


def _empty(body: bytes, fault: Fault) -> Iterator[Step]:
    yield Head(0)
    yield Close()


def _wrong_length(body: bytes, fault: Fault) -> Iterator[Step]:
    yield Head(max(0, len(body) + (fault.amount or 0)))
    yield Data(body)
    yield Close()


def _unended(body: bytes, fault: Fault) -> Iterator[Step]:
    yield Head(None)
    for start in range(0, len(body), _CHUNK):
        yield Data(body[start : start + _CHUNK])
    yield Close()


def _endless(body: bytes, fault: Fault) -> Iterator[Step]:
    yield Head(None)
    while True:
        for start in range(0, max(1, len(body)), _CHUNK):
            yield Data(body[start : start + _CHUNK] or b"\0")
            yield Wait(_TICK)


def _garbage(body: bytes, fault: Fault) -> Iterator[Step]:
    yield Raw(_GARBAGE)
    yield Close()


@dataclass(frozen=True, slots=True)
class FaultKind:
    """One kind of fault: how it acts, what numbers it takes, and what it is in one sentence.

    `at` and `amount` are `"no"`, `"may"` or `"must"`.
    """

    act: Callable[[bytes, Fault], Iterator[Step]]
    summary: str
    at: str = "no"
    amount: str = "no"
    example: str = ""


FAULTS: dict[str, FaultKind] = {
    "reset": FaultKind(_reset, "The connection ends with a RST: before the headers, or after so many bytes of the "
                               "body.", at="may", example="{reset: 4096}"),
    "close": FaultKind(_close, "The connection ends with a FIN before any byte of the reply."),
    "truncate": FaultKind(_truncate, "The body ends cleanly, but short of its Content-Length.", at="must",
                          example="{truncate: 50%}"),
    "stall": FaultKind(_stall, "Nothing more comes and the connection stays open: before the headers, or after so "
                               "many bytes of the body.", at="may", example="{stall: 4096}"),
    "drip": FaultKind(_drip, "The body comes whole, but slowly: so many bytes a second.", amount="must",
                      example="{drip: 20000}"),
    "empty": FaultKind(_empty, "The status is fine and there is no body at all (Content-Length: 0)."),
    "wrong_length": FaultKind(_wrong_length, "Content-Length is off by so many bytes; the whole body follows.",
                              amount="must", example="{wrong_length: +100}"),
    "unended": FaultKind(_unended, "A chunked body whose last chunk never comes; then the connection closes."),
    "endless": FaultKind(_endless, "A chunked body that starts over and over and never ends."),
    "garbage": FaultKind(_garbage, "Bytes that are not HTTP."),
}  # fmt: skip


def steps(fault: Fault, body: bytes) -> Iterator[Step]:
    """What happens on the wire when a reply with this body meets this fault."""
    return FAULTS[fault.kind].act(body, fault)


# The faults that end a reply before its status line, in the journal's words: the client never saw a status.
NO_REPLY = frozenset(
    Fault(kind).describe()
    for kind, told in FAULTS.items()
    if told.at != "must" and told.amount != "must" and not isinstance(next(steps(Fault(kind), b"body")), Head)
)
