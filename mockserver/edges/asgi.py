"""HTTP in and out: what an ASGI server received becomes a `Request`, what the fake replied is sent.

A request is addressed by the port that it came in on, and below a port by a path prefix: `/t/<name>` is a fake of its
own, `/_download` the download host of its fake, `/_mock` its control. The status poll is the hot path; it is handled
before any router.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import quote

from starlette.types import ASGIApp, Receive, Scope, Send

from mockserver import faults
from mockserver.answers import json_reply
from mockserver.clock import Clock
from mockserver.edges.wire import WIRE, Wire
from mockserver.fake import Fake
from mockserver.reply import ClipPart, Origins, Reply, Request

__all__ = ["Addressed", "Edge", "Switchboard"]

_PIECE = 256 * 1024
BODY_LIMIT = 100 * 1024 * 1024
_EXPOSED = b"content-length, content-range, etag, location, openai-poll-after-ms, retry-after"
_METHODS = b"GET, HEAD, POST, DELETE, OPTIONS"


@dataclass(frozen=True, slots=True)
class Addressed:
    """Whom a request is for: the fake, which of its hosts, the path below its base, and the bases of its URLs."""

    fake: Fake
    host: str
    path: str
    origins: Origins


class Switchboard(Protocol):
    """Finds out whom a request is for."""

    def address(self, scope: Scope, path: str) -> Addressed | str:
        """The addressed fake, or a sentence that says why there is none. `path` is raw."""


class FaultWithoutSocket(ConnectionError):
    """A fault came up under a server that gives no access to its sockets (a test client, another ASGI server)."""


class Edge:
    """The ASGI application. `side` answers what is not the API: control and the OpenAPI document.

    `body_limit` is in bytes (default 100 MiB); a larger body is answered 413.
    """

    def __init__(self, switchboard: Switchboard, side: ASGIApp | None = None, *, body_limit: int = BODY_LIMIT) -> None:
        self._switchboard = switchboard
        self._side = side
        self._body_limit = body_limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
            return
        if scope["type"] != "http":
            raise RuntimeError(f"video-mockserver speaks HTTP, not {scope['type']}")
        raw = scope.get("raw_path")
        path = raw.decode("latin-1") if raw else quote(scope["path"], safe="/:")
        if self._side is not None and _is_side(path):
            await self._side(scope, receive, send)
            return
        addressed = self._switchboard.address(scope, path)
        if isinstance(addressed, str):
            await _send_small(send, json_reply({"error": {"message": addressed, "type": "invalid_request_error"}}, 404))
            return
        headers = []
        origin = None
        may_have_body = False
        for raw_name, raw_value in scope["headers"]:
            name = raw_name.decode("latin-1")
            headers.append((name, raw_value.decode("latin-1")))
            if name == "origin":
                origin = raw_value
            elif name == "transfer-encoding" or (name == "content-length" and raw_value != b"0"):
                may_have_body = True
        if origin is not None and scope["method"] == "OPTIONS" and _asks(headers, "access-control-request-method"):
            await _preflight(send, origin, headers)
            return
        body: bytes | None = b""
        if may_have_body:
            try:
                body = await _body(receive, self._body_limit)
            except ConnectionError:
                return  # it left while it was sending; there is nobody to answer
        request = Request(
            scope["method"],
            addressed.path,
            addressed.origins,
            scope["query_string"].decode("latin-1"),
            tuple(headers),
            body or b"",
            addressed.host,
        )
        fake = addressed.fake
        reply = fake.handle(request) if body is not None else fake.refuse(request, "body_too_large")
        state = scope.get("state")
        wire: Wire | None = state.get(WIRE) if state else None
        if body is None:
            reply.headers += (("connection", "close"),)  # the rest of the body is not read
        if origin is not None:
            reply.headers += _cors(origin)
        sending = _Sending(fake, reply, wire, bodiless=scope["method"] == "HEAD" or reply.status in (204, 304))
        if reply.fault is None and not reply.delay and isinstance(reply.body, bytes):
            # Noted before it is sent: who has the answer finds it in the journal.
            sending.finish(0 if sending.bodiless else len(reply.body), "whole")
            await _send_small(send, reply, bodiless=sending.bodiless)
            return
        await sending.run(receive, send)


class _Sending:
    """One reply that takes its time: delayed, streamed from a file, or with a fault."""

    __slots__ = ("_fake", "_lost", "_reply", "_wire", "bodiless")

    def __init__(self, fake: Fake, reply: Reply, wire: Wire | None, *, bodiless: bool) -> None:
        self._fake = fake
        self._reply = reply
        self._wire = wire
        self._lost = wire.lost if wire is not None else None
        self.bodiless = bodiless

    def finish(self, sent: int, ended: str) -> None:
        """Tell the journal how it went."""
        if self._reply.exchange is not None:
            self._reply.exchange.finish(sent, ended)

    async def run(self, receive: Receive, send: Send) -> None:
        """Send the reply."""
        reply = self._reply
        try:
            if reply.delay:
                await self._sleep(reply.delay)
            if self._gone():
                self._stay_quiet(receive)
                self.finish(0, "client left")
            elif reply.fault is not None:
                await self._fault(receive, send)
            else:
                await self._stream(send)
        except asyncio.CancelledError:
            self.finish(0, "client left")
            raise

    def _gone(self) -> bool:
        return self._lost is not None and self._lost.is_set()

    async def _sleep(self, seconds: float) -> None:
        await pass_time(self._fake.clock, seconds, self._lost)

    async def _stream(self, send: Send) -> None:
        reply = self._reply
        await send({"type": "http.response.start", "status": reply.status, "headers": _encoded(reply)})
        sent = 0
        if not self.bodiless:
            async for piece in _pieces(reply.body):
                sent += len(piece)
                self.finish(sent, "whole" if sent == len(reply.body) else "client left")
                await send({"type": "http.response.body", "body": piece, "more_body": True})
                if self._gone():
                    self.finish(sent, "client left")
                    return
        else:
            self.finish(0, "whole")
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _fault(self, receive: Receive, send: Send) -> None:
        reply = self._reply
        assert reply.fault is not None
        body = reply.body if isinstance(reply.body, bytes) else await asyncio.to_thread(_read, reply.body)
        steps = faults.steps(reply.fault, body)
        if self._wire is None:
            await self._imitate(steps, send)
            return
        await self._wire.play(
            reply,
            steps,
            bodiless=self.bodiless,
            sleep=self._sleep,
            sending=lambda sent: self.finish(sent, "fault"),
        )
        self._stay_quiet(receive)

    def _stay_quiet(self, receive: Receive) -> None:
        """Keep uvicorn from complaining that no response was started: the connection has ended, as was asked for."""
        cycle = getattr(receive, "__self__", None)
        if hasattr(cycle, "disconnected"):
            cycle.disconnected = True  # type: ignore[union-attr]

    async def _imitate(self, steps: Any, send: Send) -> None:
        """As much of a fault as ASGI can tell: the head and the bytes before it, then an exception."""
        reply = self._reply
        begun = False
        sent = 0
        for step in steps:
            match step:
                case faults.Head(length):
                    begun = True
                    headers = [pair for pair in _encoded(reply) if pair[0] != b"content-length"]
                    if length is not None:
                        headers.append((b"content-length", str(length).encode()))
                    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
                case faults.Data(data):
                    await send({"type": "http.response.body", "body": data, "more_body": True})
                    sent += len(data)
                case faults.Wait(seconds):
                    await self._sleep(seconds)
                case faults.Close() if begun and sent == len(reply.body):
                    await send({"type": "http.response.body", "body": b"", "more_body": False})
                case _:
                    self.finish(sent, "fault")
                    assert reply.fault is not None
                    raise FaultWithoutSocket(f"{reply.fault.describe()}: only a server with sockets can do this")
        self.finish(sent, "fault")


async def pass_time(clock: Clock, seconds: float, lost: asyncio.Event | None) -> None:
    """Wait for seconds of a fake's clock, or until the connection is lost."""
    lost = lost or asyncio.Event()
    real = clock.real_seconds(seconds)
    if real is not None:
        await _either(lost, real)
        return
    until = clock.now() + seconds
    loop = asyncio.get_running_loop()
    moved = asyncio.Event()

    def tell() -> None:
        loop.call_soon_threadsafe(moved.set)

    stop = clock.subscribe(tell)
    try:
        while clock.now() < until and not lost.is_set():
            moved.clear()
            if clock.now() < until:
                waits = [asyncio.ensure_future(event.wait()) for event in (moved, lost)]
                try:
                    await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    for wait in waits:
                        wait.cancel()
    finally:
        stop()


async def _either(event: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        return


def _is_side(path: str) -> bool:
    if path.startswith("/t/"):
        path = "/" + path[3:].partition("/")[2]
    return path.startswith("/_mock") or path == "/openapi.json"


async def _body(receive: Receive, limit: int) -> bytes | None:
    """A request's body; None when it is larger than the limit. Raises ConnectionError when the client leaves."""
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ConnectionError("the client left")
        part = message.get("body", b"")
        size += len(part)
        if size > limit:
            return None
        parts.append(part)
        if not message.get("more_body", False):
            return parts[0] if len(parts) == 1 else b"".join(parts)


def _encoded(reply: Reply) -> list[tuple[bytes, bytes]]:
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in reply.headers]
    if reply.status not in (204, 304):
        headers.append((b"content-length", str(len(reply.body)).encode()))
    return headers


async def _send_small(send: Send, reply: Reply, *, bodiless: bool = False) -> None:
    body = reply.body
    assert isinstance(body, bytes)
    await send({"type": "http.response.start", "status": reply.status, "headers": _encoded(reply)})
    await send({"type": "http.response.body", "body": b"" if bodiless else body})


async def _pieces(body: bytes | ClipPart) -> AsyncIterator[bytes]:
    if isinstance(body, bytes):
        yield body
        return
    # Read piece by piece as the client takes them: memory stays constant whatever the size of the clip. A piece comes
    # from the page cache in well under a millisecond, less than handing it to a thread would cost.
    file = os.open(body.clip.source, os.O_RDONLY)
    try:
        position = body.start
        while position < body.stop:
            piece = os.pread(file, min(_PIECE, body.stop - position), position)
            if not piece:
                return  # the file has become shorter; the client sees a short body
            position += len(piece)
            yield piece
    finally:
        os.close(file)


def _read(part: ClipPart) -> bytes:
    with open(part.clip.source, "rb") as file:  # noqa: PTH123 - seek and read of a part
        file.seek(part.start)
        return file.read(len(part))


def _asks(headers: list[tuple[str, str]], name: str) -> bool:
    return any(key == name for key, _ in headers)


def _cors(origin: bytes) -> tuple[tuple[str, str], ...]:
    return (
        ("access-control-allow-origin", origin.decode("latin-1")),
        ("access-control-expose-headers", _EXPOSED.decode()),
        ("vary", "origin"),
    )


async def _preflight(send: Send, origin: bytes, headers: list[tuple[str, str]]) -> None:
    """Let a page of any origin in. Headers are named one by one: `*` does not cover Authorization."""
    asked = next((value for name, value in headers if name == "access-control-request-headers"), "")
    named = dict.fromkeys(["authorization", "content-type", *(part.strip().lower() for part in asked.split(","))])
    allowed = ", ".join(name for name in named if name)
    answer = [
        (b"access-control-allow-origin", origin),
        (b"access-control-allow-methods", _METHODS),
        (b"access-control-allow-headers", allowed.encode("latin-1")),
        (b"access-control-max-age", b"600"),
        (b"vary", b"origin, access-control-request-headers"),
    ]
    await send({"type": "http.response.start", "status": 204, "headers": answer})
    await send({"type": "http.response.body", "body": b""})


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
