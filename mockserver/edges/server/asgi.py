"""HTTP in and out: what an ASGI server received becomes a `Request`, and the fake's reply is sent.

A request is addressed by the port that it came in on, and below a port by a path prefix: `/t/<name>` is a separate
fake, `/_download` the download host of its fake, `/_mock` its control. The status poll is the hot path; it is handled
before any router.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import quote

from starlette.types import ASGIApp, Receive, Scope, Send

from ...api.messages import Origins, Reply, Request
from ...fake.fake import Fake
from ...fake.responses import json_reply
from .cors import cors_headers, is_preflight, send_preflight
from .sending import ReplySender, send_whole

__all__ = ["AddressBook", "Addressed", "ApiApp", "raw_path"]

BODY_LIMIT = 100 * 1024 * 1024
_log = logging.getLogger("video_mockserver")


@dataclass(frozen=True, slots=True)
class Addressed:
    """The fake that a request is for, which of its hosts, the path below its base, and the bases of its URLs."""

    fake: Fake
    host: str
    path: str
    origins: Origins


class AddressBook(Protocol):
    """Finds the fake that a request is for."""

    def address(self, scope: Scope, path: str) -> Addressed | str:
        """The addressed fake, or a sentence that says why there is none. `path` is raw."""


class ApiApp:
    """The API of the fakes in an address book, as an ASGI application.

    - `other`: answers what is not the API: control and the OpenAPI document. Without it these paths are the API's.
    - `body_limit`: bytes of a request body (default 100 MiB); a larger one is answered 413.
    """

    def __init__(self, addresses: AddressBook, other: ASGIApp | None = None, *, body_limit: int = BODY_LIMIT) -> None:
        self._addresses = addresses
        self._other = other
        self._body_limit = body_limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
            return
        if scope["type"] != "http":
            raise RuntimeError(f"only HTTP is supported, not {scope['type']}")
        path = raw_path(scope)
        if self._other is not None and not _is_api(path):
            await self._other(scope, receive, send)
            return
        addressed = self._addresses.address(scope, path)
        if isinstance(addressed, str):
            await send_whole(send, json_reply({"error": {"message": addressed, "type": "invalid_request_error"}}, 404))
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
        if origin is not None and is_preflight(scope["method"], headers):
            await send_preflight(send, origin, headers)
            return
        body: bytes | None = b""
        if length != 0:
            try:
                body = await _body(receive, length, self._body_limit)
            except ConnectionError:
                return  # the client left while it was sending; there is nobody to answer
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
            reply = _internal_error(error)
        if origin is not None:
            reply.headers += cors_headers(origin)
        bodiless = scope["method"] == "HEAD"
        if reply.fault is None and not reply.delay and isinstance(reply.body, bytes):
            await send_whole(send, reply, bodiless=bodiless)
            return
        await ReplySender(fake, reply, scope, bodiless=bodiless).run(receive, send)


def _internal_error(error: Exception) -> Reply:
    # A defect of ours, or of the user's `watch` or clock; the log has the traceback.
    message = f"video-mockserver could not answer: {type(error).__name__}, see its log"
    return json_reply({"error": {"message": message, "type": "mock_server_error", "param": "", "code": ""}}, 500)


def raw_path(scope: Scope) -> str:
    """A request's path as it came, still quoted; of a target in absolute form (RFC 9112, 3.2.2) the path alone."""
    raw: bytes | None = scope.get("raw_path")
    if not raw:
        return quote(scope["path"], safe="/:")
    path = raw.decode("latin-1")
    if path[0] != "/" and "://" in path:
        return "/" + path.partition("://")[2].partition("/")[2]
    return path


def _is_api(path: str) -> bool:
    if path.startswith("/t/"):
        path = "/" + path[3:].partition("/")[2]
    return not path.startswith("/_mock") and path != "/openapi.json"


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


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
