"""Replies on their way out: whole, delayed, streamed from a file, or with a fault."""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import Iterator

from starlette.types import Receive, Scope, Send

from ...api import faults
from ...api.faults import describe
from ...api.messages import ClipPart, Fault, Reply
from ...fake.clock import Clock
from ...fake.fake import Fake
from ..compat import mark_disconnected
from .wire import LENGTHLESS, WIRE, Wire, encoded_headers

__all__ = ["FaultWithoutSocket", "ReplySender", "send_whole", "wait_until"]

_PIECE = 256 * 1024


class FaultWithoutSocket(ConnectionError):
    """A fault was due where there is no socket for it: behind a test client, or another ASGI server than ours.

    What the client should have got until then was sent. A test client raises this in place of the client library's
    own exception; another server drops the connection.
    """


class ReplySender:
    """One reply that takes its time: delayed, streamed from a file, or with a fault."""

    __slots__ = ("_bodiless", "_due", "_fake", "_is_http_1_0", "_lost", "_reply", "_sent", "_wire")

    def __init__(self, fake: Fake, reply: Reply, scope: Scope, *, bodiless: bool) -> None:
        state = scope.get("state")
        self._wire: Wire | None = state.get(WIRE) if state else None
        self._lost = self._wire.lost if self._wire is not None else None
        self._fake = fake
        self._reply = reply
        self._bodiless = bodiless or reply.status in LENGTHLESS
        # When the next step is due, by the fake's clock. It counts from the answer: a test may have seen that and
        # moved the clock since. However far the clock is moved at once, what falls due by then happens.
        self._due = reply.delivery.at if reply.delivery is not None else fake.clock.now()
        self._is_http_1_0 = scope.get("http_version") == "1.0"
        self._sent = 0

    def _finish(self, sent: int, ended: str) -> None:
        self._sent = sent
        if self._reply.delivery is not None:
            self._reply.delivery.finish(sent, ended)

    async def run(self, receive: Receive, send: Send) -> None:
        """Send the reply, and note in the journal how it went."""
        reply = self._reply
        if self._wire is not None:
            self._wire.busy_with = self._fake
        try:
            if reply.delay:
                await self._sleep(reply.delay)
            if self._gone():
                self._finish(0, "client left")
            elif reply.fault is not None:
                await self._fault(reply.fault, send)
            elif isinstance(reply.body, ClipPart) and not self._bodiless:
                await self._stream(reply.body, send)
            else:
                await send_whole(send, reply, bodiless=self._bodiless)
        except asyncio.CancelledError:
            self._finish(self._sent, "client left")
            raise
        finally:
            if self._wire is not None:
                self._wire.busy_with = None
        if self._gone():
            mark_disconnected(receive)

    def _gone(self) -> bool:
        return self._wire is not None and self._wire.gone

    async def _sleep(self, seconds: float) -> None:
        self._due += seconds
        await wait_until(self._fake.clock, self._due, self._lost)

    async def _stream(self, part: ClipPart, send: Send) -> None:
        self._finish(0, "client left" if part else "whole")
        await send({"type": "http.response.start", "status": self._reply.status, "headers": _encoded(self._reply)})
        for piece in _pieces(part):
            sent = self._sent + len(piece)
            self._finish(sent, "whole" if sent == len(part) else "client left")
            await send({"type": "http.response.body", "body": piece, "more_body": True})
            if self._gone():
                self._finish(sent, "client left")
                return
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _fault(self, fault: Fault, send: Send) -> None:
        reply = self._reply
        body = reply.body if isinstance(reply.body, bytes) else await asyncio.to_thread(_read, reply.body)
        steps = faults.steps(fault, body)
        if self._wire is None:
            await self._imitate(fault, steps, send)
            return
        await self._wire.play(
            reply,
            steps,
            bodiless=self._bodiless,
            http_1_0=self._is_http_1_0,
            sleep=self._sleep,
            sending=lambda sent: self._finish(sent, "fault"),
        )

    async def _imitate(self, fault: Fault, steps: Iterator[faults.Step], send: Send) -> None:
        """As much of a fault as ASGI can express: the head and the bytes before it, then an exception."""
        self._finish(0, "fault")
        begun = False
        promised = math.inf  # bytes of body
        for step in steps:
            match step:
                case faults.Head(length):
                    begun = True
                    headers = encoded_headers(self._reply)
                    if length is not None:
                        promised = length
                        headers.append((b"content-length", b"%d" % length))
                    await send({"type": "http.response.start", "status": self._reply.status, "headers": headers})
                case faults.Data(data):
                    if not self._bodiless:
                        self._finish(self._sent + len(data), "fault")
                        await send({"type": "http.response.body", "body": data, "more_body": True})
                case faults.Wait(seconds) if not self._bodiless and promised < math.inf:
                    await self._sleep(seconds)
                case faults.Wait() | faults.Close() if (self._bodiless and begun) or self._sent >= promised:
                    await send({"type": "http.response.body", "body": b"", "more_body": False})
                    return
                case _:
                    raise FaultWithoutSocket(f"{describe(fault)}: only a server with sockets can do this")


async def wait_until(clock: Clock, moment: float, lost: asyncio.Event | None) -> None:
    """Wait for a moment of a fake's clock, or until the connection is lost."""
    lost = lost or asyncio.Event()
    await asyncio.sleep(0)  # others have their turn, however many moments have passed
    real = clock.real_seconds(moment - clock.now())
    if real is not None:
        if real > 0:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(lost.wait(), real)
        return
    loop = asyncio.get_running_loop()
    moved = asyncio.Event()

    def wake() -> None:
        with contextlib.suppress(RuntimeError):  # the server has stopped meanwhile
            loop.call_soon_threadsafe(moved.set)

    stop = clock.subscribe(wake)
    try:
        while clock.now() < moment and not lost.is_set():
            moved.clear()
            if clock.now() < moment:
                waits = [asyncio.ensure_future(event.wait()) for event in (moved, lost)]
                try:
                    await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    for wait in waits:
                        wait.cancel()
    finally:
        stop()


def _encoded(reply: Reply) -> list[tuple[bytes, bytes]]:
    headers = encoded_headers(reply)
    if reply.status not in LENGTHLESS:
        headers.append((b"content-length", b"%d" % len(reply.body)))
    return headers


async def send_whole(send: Send, reply: Reply, *, bodiless: bool = False) -> None:
    body = b"" if bodiless else reply.body
    assert isinstance(body, bytes)
    if reply.delivery is not None:
        # Noted before it is sent: whoever has the reply finds it in the journal.
        reply.delivery.finish(len(body), "whole")
    await send({"type": "http.response.start", "status": reply.status, "headers": _encoded(reply)})
    await send({"type": "http.response.body", "body": body})


def _pieces(part: ClipPart) -> Iterator[bytes]:
    # Read piece by piece as the client takes them: memory stays constant whatever the size of the clip. A piece comes
    # from the page cache in well under a millisecond, less than handing it to a thread would cost.
    with open(part.clip.source, "rb", buffering=0) as file:  # noqa: PTH123 - unbuffered
        file.seek(part.start)
        left = len(part)
        while left and (piece := file.read(min(_PIECE, left))):  # a file that has become shorter makes a short body
            left -= len(piece)
            yield piece


def _read(part: ClipPart) -> bytes:
    with open(part.clip.source, "rb") as file:  # noqa: PTH123 - seek and read of a part
        file.seek(part.start)
        return file.read(len(part))
