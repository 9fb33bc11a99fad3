"""Faults, as steps on the wire, in one table: a new one is a function and a row here.

Each fault is one small generator over the body that should have been sent. It yields steps; an edge carries them out:
over a socket literally, without one as the exception that the client library raises for the same thing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from .messages import Fault

__all__ = [
    "FAULTS", "NO_REPLY", "Close", "Data", "FaultKind", "Head", "Hold", "Raw", "Reset", "Step", "Wait", "describe",
    "steps",
]  # fmt: skip


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


Arrives = Literal["whole", "without body", "by length", "not"]


@dataclass(frozen=True, slots=True)
class FaultKind:
    """One kind of fault: how it acts, what numbers it takes, and what it is in one sentence.

    - `at`, `amount`: whether it takes a position in the body, or another number: `"no"`, `"may"` or `"must"`.
    - `least`: the smallest amount that makes sense; None: any but 0.
    - `amount_text`: the amount as text, for journals and reports.
    - `arrives`: what a client can have of the reply: the whole of it, all of it but no body, as much of the body as
      its Content-Length says, or no whole reply.
    - `never_ends`: the client waits until it leaves; with `is_silent` nothing comes in that time.
    """

    act: Callable[[bytes, Fault], Iterator[Step]]
    summary: str
    at: Literal["no", "may", "must"] = "no"
    amount: Literal["no", "may", "must"] = "no"
    example: str = ""
    least: int | None = None
    amount_text: str = "{}"
    arrives: Arrives = "not"
    never_ends: bool = False
    is_silent: bool = False


FAULTS: Mapping[str, FaultKind] = {
    "reset": FaultKind(
        _reset, "The connection ends with a RST: before the headers, or after so many bytes of the body.",
        at="may", example="{reset: 4096}",
    ),
    "close": FaultKind(_close, "The connection ends with a FIN before any byte of the reply."),
    "truncate": FaultKind(
        _truncate, "The body ends cleanly, but short of its Content-Length.", at="must", example="{truncate: 50%}"
    ),
    "stall": FaultKind(
        _stall,
        "Nothing more comes and the connection stays open: before the headers, or after so many bytes of the body.",
        at="may", example="{stall: 4096}", never_ends=True, is_silent=True,
    ),
    "drip": FaultKind(
        _drip, "The body comes whole, but slowly: so many bytes a second.",
        amount="must", example="{drip: 20000}", least=1, amount_text="at {} bytes/s", arrives="whole",
    ),
    "empty": FaultKind(
        _empty, "The status is fine and there is no body at all (Content-Length: 0).", arrives="without body"
    ),
    "wrong_length": FaultKind(
        _wrong_length, "Content-Length is off by so many bytes; the whole body follows.",
        amount="must", example="{wrong_length: +100}", amount_text="of {:+d} bytes", arrives="by length",
    ),
    "unended": FaultKind(_unended, "A chunked body whose last chunk never comes; then the connection closes."),
    "endless": FaultKind(_endless, "A chunked body that starts over and over and never ends.", never_ends=True),
    "garbage": FaultKind(_garbage, "Bytes that are not HTTP."),
}  # fmt: skip


def steps(fault: Fault, body: bytes) -> Iterator[Step]:
    """What happens on the wire when a reply with this body meets this fault."""
    return FAULTS[fault.kind].act(body, fault)


def describe(fault: Fault) -> str:
    """A fault as text, for journals and reports: `reset after 1024 bytes`."""
    text = fault.kind.replace("_", " ")
    if fault.at is not None:
        text += f" after {fault.at:.0%} of the body" if isinstance(fault.at, float) else f" after {fault.at} bytes"
    if fault.amount is not None:
        text += f" {FAULTS[fault.kind].amount_text.format(fault.amount)}"
    return text


# The faults that end a reply before its status line, as the journal describes them: the client never saw a status.
NO_REPLY = frozenset(
    describe(Fault(name))
    for name, kind in FAULTS.items()
    if kind.at != "must" and kind.amount != "must" and not isinstance(next(steps(Fault(name), b"body")), Head)
)
