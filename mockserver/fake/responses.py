"""Making replies: JSON bodies, clips with ranges, errors, and what a scenario scripted instead."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from ..api.dialects import Dialect
from ..api.messages import Clip, ClipPart, Reply
from ..scenario.compiled import CompiledReply, Lookup
from ..scenario.placeholders import PLACEHOLDERS
from . import presigned
from .clips import UnsatisfiableError, parse_range
from .context import RequestContext
from .state import FakeState, Refusal

__all__ = ["clip_reply", "error_reply", "json_reply", "scripted_reply", "storage_reply"]

_JSON = (("content-type", "application/json"),)
_XML = (("content-type", "application/xml"),)
_PRINTABLE = "".join(map(chr, range(0x20, 0x7F)))
_NO_BODY = frozenset({204, 205, 304})
_encoder = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)

# The documented error behind a status, for replies that a scenario scripts by their status alone.
_CASES: Mapping[int, str] = {
    400: "invalid_request",
    401: "bad_key",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    413: "body_too_large",
    429: "too_many_requests",
    503: "model_not_found",
}
_CONTENT_CASES: Mapping[int, str] = {400: "content_not_completed", 404: "content_unknown_task", 502: "content_upstream"}
_POLL_CASES: Mapping[int, str] = {400: "task_not_exist", 404: "not_found"}


def json_reply(data: object, status: int = 200, headers: tuple[tuple[str, str], ...] = ()) -> Reply:
    """A JSON document as a reply."""
    return Reply(status, _JSON + headers if headers else _JSON, _encoder.encode(data).encode())


def error_reply(state: FakeState, dialect: Dialect, context: RequestContext, refusal: Refusal) -> Reply:
    """An error in a dialect's words. Why something was not matched stands beside them, under `mock`."""
    values = {
        "method": context.request.method,
        "path": context.request.path,
        "task_id": context.path_params.get("task_id", ""),
        "why": refusal.note or "",
        **refusal.values,
    }
    status, body = state.error(dialect, refusal.case, values)
    if refusal.note:
        context.note = refusal.note
        body["mock"] = refusal.note
    return json_reply(body, status)


def clip_reply(context: RequestContext, clip: Clip, headers: Mapping[str, str]) -> Reply:
    """A clip, whole or the part asked for (RFC 9110, 14): 200, 206, 304 or 416."""
    request = context.request
    usual = {"content-type": clip.media_type, "accept-ranges": "bytes", "etag": clip.etag, **headers}
    known = [tag.strip().removeprefix("W/") for tag in (request.header("if-none-match") or "").split(",")]
    if clip.etag in known or known == ["*"]:
        return Reply(304, (("etag", clip.etag), *headers.items()))
    # Ranges are defined for GET alone; with any other method the header must be ignored.
    asked = request.header("range") if request.method == "GET" else None
    if request.header("if-range") not in (None, clip.etag):
        asked = None
    try:
        part = parse_range(asked, clip)
    except UnsatisfiableError:
        return Reply(416, (("content-range", f"bytes */{clip.size}"), *_XML), presigned.storage_error(416))
    if part is None:
        return Reply(200, tuple(usual.items()), ClipPart(clip, 0, clip.size))
    usual["content-range"] = f"bytes {part.start}-{part.stop - 1}/{clip.size}"
    return Reply(206, tuple(usual.items()), part)


def storage_reply(status: int, code: str = "", message: str = "") -> Reply:
    """An error of the download host."""
    return Reply(status, _XML, presigned.storage_error(status, code, message))


def status_error(state: FakeState, context: RequestContext, status: int) -> Reply:
    """The documented error for a bare status on an API route, or the gateway's general one."""
    assert context.task is not None
    dialect = context.task.dialect
    special = _CONTENT_CASES if context.route.operation == "content" else _POLL_CASES if context.route.poll else {}
    case = special.get(status) or _CASES.get(status) or "server_error"
    phrase = HTTPStatus(status).phrase if status in HTTPStatus._value2member_map_ else "Upstream error"
    values = {
        "method": context.request.method,
        "path": context.request.path,
        "task_id": context.task.id,
        "key": "***",
        "model": context.task.params.model,
        "phrase": phrase,
        "why": phrase,
        "status": context.task.current.status,
        "gateway_status": "IN_PROGRESS",
    }
    _, body = state.error(dialect, case, values)
    return json_reply(body, status)


def scripted_reply(
    scripted: CompiledReply,
    *,
    lookup: Lookup,
    default_reply: Callable[[CompiledReply | None], Reply],
    clip: Callable[[str], Reply],
    error: Callable[[int], Reply],
    enveloped_error: Callable[[int, Mapping[str, str]], Reply],
) -> Reply:
    """What a scenario scripted for one request; `default_reply` makes the route's own reply."""
    source = scripted.source
    fill = lookup if source.redirect is None else _in_url(lookup)
    body: Any = None if scripted.body is None else scripted.body.render(fill)
    if source.has_json:
        reply = json_reply(body, source.status or 200)
    elif source.html is not None:
        reply = Reply(source.status or 200, (("content-type", "text/html; charset=utf-8"),), str(body).encode())
    elif source.text is not None:
        reply = Reply(source.status or 200, (("content-type", "text/plain; charset=utf-8"),), str(body).encode())
    elif source.error is not None:
        reply = enveloped_error(source.status or 500, {key: str(text) for key, text in body.items()})
    elif source.redirect is not None:
        reply = Reply(source.status or 302, (("location", _header_text(body)),))
    elif source.clip is not None:
        reply = _with_status(clip(source.clip), source.status)
    elif source.video is None and source.status is not None and source.status >= 400:
        reply = error(source.status)
    else:
        reply = _with_status(default_reply(scripted), source.status)
    if reply.status in _NO_BODY:
        reply.body = b""
    if source.headers:
        reply.headers = _with_headers(reply.headers, scripted.headers.render(lookup))
    reply.delay = source.delay
    reply.fault = source.fault
    return reply


def _in_url(lookup: Lookup) -> Lookup:
    def quoted(name: str, argument: str | None) -> object:
        value = lookup(name, argument)
        return value if PLACEHOLDERS[name].is_url else quote(str(value), safe=":")

    return quoted


def _with_status(reply: Reply, status: int | None) -> Reply:
    if status is None:
        return reply
    if status == 200 and reply.status == 206 and isinstance(reply.body, ClipPart):
        # Said to be 200, a clip is whole: that is a server which takes no notice of Range.
        reply.body = ClipPart(reply.body.clip, 0, reply.body.clip.size)
        reply.headers = tuple(pair for pair in reply.headers if pair[0] not in ("content-range", "accept-ranges"))
    reply.status = status
    return reply


def _with_headers(headers: tuple[tuple[str, str], ...], scripted: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    names = {name.lower() for name in scripted}
    kept = tuple(pair for pair in headers if pair[0] not in names)
    return kept + tuple((name.lower(), _header_text(value)) for name, value in scripted.items() if value is not None)


def _header_text(value: object) -> str:
    # A prompt or an id that a template brings along may hold what no header can.
    return quote(str(value), safe=_PRINTABLE)


def body_bytes(reply: Reply, read: Callable[[Clip], bytes]) -> bytes:
    """A reply's body as bytes, the clip read where it is one."""
    if isinstance(reply.body, ClipPart):
        return read(reply.body.clip)[reply.body.start : reply.body.stop]
    return reply.body
