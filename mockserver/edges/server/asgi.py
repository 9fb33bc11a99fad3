"""HTTP in and out: what an ASGI server received becomes a `Request`, what the fake replied is sent.

A request is addressed by the port that it came in on, and below a port by a path prefix: `/t/<name>` is a fake of its
own, `/_download` the download host of its fake, `/_mock` its control. The status poll is the hot path; it is handled
before any router.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import quote

from starlette.types import ASGIApp, Receive, Scope, Send

from ...api import faults
from ...api.messages import ClipPart, Fault, Origins, Reply, Request
from ...fake.clock import Clock
from ...fake.fake import Fake
from ...fake.responses import json_reply
from .wire import LENGTHLESS, WIRE, Wire, encoded_headers

__all__ = ["AddressBook", "Addressed", "Edge", "FaultWithoutSocket", "raw_path"]

BODY_LIMIT = 100 * 1024 * 1024
_PIECE = 256 * 1024
_EXPOSED = b"content-length, content-range, etag, location, openai-poll-after-ms, retry-after"
_METHODS = b"GET, HEAD, POST, DELETE, OPTIONS"
_log = logging.getLogger("video_mockserver")


@dataclass(frozen=True, slots=True)
class Addressed:
    """Whom a request is for: the fake, which of its hosts, the path below its base, and the bases of its URLs."""

    fake: Fake
    host: str
    path: str
    origins: Origins


class AddressBook(Protocol):
    """Finds out whom a request is for."""

    def address(self, scope: Scope, path: str) -> Addressed | str:
        """The addressed fake, or a sentence that says why there is none. `path` is raw."""


class FaultWithoutSocket(ConnectionError):
    """A fault came up where there is no socket to have it: behind a test client, or another ASGI server than ours.

    What the client should have got until then was sent. A test client raises this in place of the client library's
    own exception; another server drops the connection.
    """


class Edge:
    """The ASGI application. `side` answers what is not the API: control and the OpenAPI document.

    `body_limit` is in bytes (default 100 MiB); a larger body is answered 413.
    """

    def __init__(self, switchboard: AddressBook, side: ASGIApp | None = None, *, body_limit: int = BODY_LIMIT) -> None:
        self._switchboard = switchboard
        self._side = side
        self._body_limit = body_limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
            return
        if scope["type"] != "http":
            raise RuntimeError(f"video-mockserver speaks HTTP, not {scope['type']}")
        path = raw_path(scope)
        if self._side is not None and _is_side(path):
            await self._side(scope, receive, send)
            return
        addressed = self._switchboard.address(scope, path)
        if isinstance(addressed, str):
            await _send_whole(send, json_reply({"error": {"message": addressed, "type": "invalid_request_error"}}, 404))
            return
        headers = []
        origin = None
        length: int | None = 0
        for raw_name, raw_value in scope["headers"]:
            name = raw_name.decode("latin-1")
            headers.append((name, raw_value.decode("latin-1")))
            if name == "origin":
                origin = raw_value
            elif name == "content-length" and length is not None:
                length = int(raw_value) if raw_value.isdigit() else None
            elif name == "transfer-encoding":
                length = None
        if origin is not None and scope["method"] == "OPTIONS" and _asks(headers, "access-control-request-method"):
            await _preflight(send, origin, headers)
            return
        body: bytes | None = b""
        if length != 0:
            try:
                body = await _body(receive, length, self._body_limit)
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
        try:
            reply = fake.handle(request) if body is not None else fake.refuse(request, "body_too_large")
        except Exception as error:
            _log.exception("%s %s could not be answered", request.method, request.path)
            reply = _broken(error)
        if origin is not None:
            reply.headers += _cors(origin)
        bodiless = scope["method"] == "HEAD"
        if reply.fault is None and not reply.delay and isinstance(reply.body, bytes):
            await _send_whole(send, reply, bodiless=bodiless)
            return
        await _Sending(fake, reply, scope, bodiless=bodiless).run(receive, send)


class _Sending:
    """One reply that takes its time: delayed, streamed from a file, or with a fault."""

    __slots__ = ("_bodiless", "_due", "_fake", "_lost", "_old", "_reply", "_sent", "_wire")

    def __init__(self, fake: Fake, reply: Reply, scope: Scope, *, bodiless: bool) -> None:
        state = scope.get("state")
        self._wire: Wire | None = state.get(WIRE) if state else None
        self._lost = self._wire.lost if self._wire is not None else None
        self._fake = fake
        self._reply = reply
        self._bodiless = bodiless or reply.status in LENGTHLESS
        # When the next step is due, by the fake's clock. It counts from the answer, which the test may have seen and
        # moved the clock since; and however far it is moved at once, what falls due by then happens.
        self._due = reply.delivery.at if reply.delivery is not None else fake.clock.now()
        self._old = scope.get("http_version") == "1.0"
        self._sent = 0

    def _finish(self, sent: int, ended: str) -> None:
        self._sent = sent
        if self._reply.delivery is not None:
            self._reply.delivery.finish(sent, ended)

    async def run(self, receive: Receive, send: Send) -> None:
        """Send the reply; the journal hears how it went."""
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
                await _send_whole(send, reply, bodiless=self._bodiless)
        except asyncio.CancelledError:
            self._finish(self._sent, "client left")
            raise
        finally:
            if self._wire is not None:
                self._wire.busy_with = None
        if self._gone():
            _stay_quiet(receive)

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
            old=self._old,
            sleep=self._sleep,
            sending=lambda sent: self._finish(sent, "fault"),
        )

    async def _imitate(self, fault: Fault, steps: Iterator[faults.Step], send: Send) -> None:
        """As much of a fault as ASGI can tell: the head and the bytes before it, then an exception."""
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
                    raise FaultWithoutSocket(f"{fault.describe()}: only a server with sockets can do this")


def _stay_quiet(receive: Receive) -> None:
    """Keep uvicorn from complaining that a response is missing or short: the connection is gone.

    uvicorn knows by itself only of the last request of a connection, which is another one when requests are pipelined.
    """
    cycle = getattr(receive, "__self__", None)
    if hasattr(cycle, "disconnected"):
        cycle.disconnected = True  # type: ignore[union-attr]


def _broken(error: Exception) -> Reply:
    # A defect of ours, or of a hook or a clock of the user's; the log has the rest.
    message = f"video-mockserver could not answer: {type(error).__name__}, see its log"
    return json_reply({"error": {"message": message, "type": "mock_server_error", "param": "", "code": ""}}, 500)


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

    def tell() -> None:
        with contextlib.suppress(RuntimeError):  # the server has stopped meanwhile
            loop.call_soon_threadsafe(moved.set)

    stop = clock.subscribe(tell)
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


def raw_path(scope: Scope) -> str:
    """A request's path as it came, still quoted; of a target in absolute form (RFC 9112, 3.2.2) the path alone."""
    raw: bytes | None = scope.get("raw_path")
    if not raw:
        return quote(scope["path"], safe="/:")
    path = raw.decode("latin-1")
    if path[0] != "/" and "://" in path:
        return "/" + path.partition("://")[2].partition("/")[2]
    return path


def _is_side(path: str) -> bool:
    if path.startswith("/t/"):
        path = "/" + path[3:].partition("/")[2]
    return path.startswith("/_mock") or path == "/openapi.json"


async def _body(receive: Receive, length: int | None, limit: int) -> bytes | None:
    """A request's body; None when it is larger than the limit. Raises ConnectionError when the client leaves.

    Of a body that is too large no more is read; uvicorn takes what still comes and drops it, so that the client is not
    cut off in mid-upload and gets to read why.
    """
    if length is not None and length > limit:
        return None
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
    headers = encoded_headers(reply)
    if reply.status not in LENGTHLESS:
        headers.append((b"content-length", b"%d" % len(reply.body)))
    return headers


async def _send_whole(send: Send, reply: Reply, *, bodiless: bool = False) -> None:
    body = b"" if bodiless else reply.body
    assert isinstance(body, bytes)
    if reply.delivery is not None:
        # Noted before it is sent: who has the answer finds it in the journal.
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
