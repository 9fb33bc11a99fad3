"""A journal as HAR 1.2, for the viewers in browsers and proxies (http://www.softwareishard.com/blog/har-12-spec/).

Pure: exchanges in, data out. Keys and signatures are hidden as they are in the journal. What the journal does not know,
because no socket was looked at, has the value that the format has for it: -1.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

from ..api.faults import NO_REPLY
from ..api.messages import ClipPart
from ..api.redaction import mask_query
from ..api.version import tool_version
from .journal import Exchange

__all__ = ["har"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TEXT = re.compile(r"text/|application/(json|xml|javascript|x-www-form-urlencoded|yaml|[\w.-]+\+(json|xml))|multipart/")
_PREVIEW = 64 * 1024  # bytes of a reply's body that are written; the journal keeps no more of a request's either
_UNKNOWN_TYPE = "x-unknown"  # what HAR writes for a body without a content type


def har(exchanges: Iterable[Exchange], *, comment: str = "") -> dict[str, Any]:
    """The exchanges, in their order, as the data of a HAR file.

    Times are those of the fake's clock; the only one that an exchange has besides its start is the delay that was
    scripted. An exchange's own facts stand under `_number`, `_operation`, `_host`, `_task`, `_state`, `_state_after`,
    `_fault`, `_sent`, `_ended` and `_note`, where there are any. `comment` is the file's.
    """
    log: dict[str, Any] = {
        "version": "1.2",
        "creator": {"name": "video-mockserver", "version": tool_version()},
        "pages": [],
        "entries": [_entry(exchange) for exchange in exchanges],
    }
    if comment:
        log["comment"] = comment
    return {"log": log}


def _entry(exchange: Exchange) -> dict[str, Any]:
    wait = exchange.delay * 1000
    entry: dict[str, Any] = {
        "startedDateTime": (_EPOCH + timedelta(seconds=exchange.at)).isoformat(timespec="milliseconds"),
        "time": wait,
        "request": _request(exchange),
        "response": _response(exchange),
        "cache": {},
        "timings": {"blocked": -1, "dns": -1, "connect": -1, "ssl": -1, "send": 0, "wait": wait, "receive": 0},
        "_number": exchange.number,
        "_operation": exchange.operation,
        "_host": exchange.host,
    }
    own = {
        "_task": exchange.task_id,
        "_state": exchange.state,
        "_state_after": exchange.state_after,
        "_fault": exchange.fault,
        "_sent": exchange.sent,
        "_ended": exchange.ended,
        "_note": exchange.note,
    }
    entry.update({name: value for name, value in own.items() if value is not None})
    return entry


def _request(exchange: Exchange) -> dict[str, Any]:
    request: dict[str, Any] = {
        "method": exchange.method,
        "url": exchange.url,
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _named(exchange.headers),
        "queryString": _named(parse_qsl(exchange.query, keep_blank_values=True)),
        "headersSize": -1,
        "bodySize": _request_size(exchange),
    }
    if exchange.body:
        media_type = exchange.header("content-type") or _UNKNOWN_TYPE
        text, comment = _text(exchange.body, media_type)
        if request["bodySize"] > len(exchange.body):
            comment = comment or f"The first {len(exchange.body)} bytes."
        request["postData"] = {"mimeType": media_type, "text": text or ""} | ({"comment": comment} if comment else {})
    return request


def _request_size(exchange: Exchange) -> int:
    # The journal keeps the beginning of a long body; its length is only in the header then.
    length = exchange.header("content-length") or ""
    return max(int(length) if re.fullmatch(r"[0-9]{1,18}", length) else 0, len(exchange.body))


def _response(exchange: Exchange) -> dict[str, Any]:
    headers = [(name, mask_query(value)) for name, value in exchange.reply_headers]
    if exchange.fault in NO_REPLY:
        # As browsers write an answer that never came.
        return {
            "status": 0, "statusText": "", "httpVersion": "HTTP/1.1", "cookies": [], "headers": [],
            "content": {"size": 0, "mimeType": _UNKNOWN_TYPE}, "redirectURL": "", "headersSize": -1, "bodySize": -1,
            "comment": f"{exchange.status} was scripted, but the fault came first: {exchange.fault}",
        }  # fmt: skip
    known = exchange.status in HTTPStatus._value2member_map_
    return {
        "status": exchange.status,
        "statusText": HTTPStatus(exchange.status).phrase if known else "",
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _named(headers),
        "content": _content(exchange, dict(headers).get("content-type") or _UNKNOWN_TYPE),
        "redirectURL": dict(headers).get("location", ""),
        "headersSize": -1,
        "bodySize": -1 if exchange.sent is None else exchange.sent,
    }


def _content(exchange: Exchange, media_type: str) -> dict[str, Any]:
    body = exchange.reply_body
    content: dict[str, Any] = {"size": len(body), "mimeType": media_type}
    if isinstance(body, ClipPart):
        whole = len(body) == body.clip.size
        part = "" if whole else f", bytes {body.start} to {body.stop - 1}"
        return content | {"comment": f"The clip {body.clip.name}{part}; its bytes are not kept."}
    text, comment = _text(body[:_PREVIEW], media_type)
    if len(body) > _PREVIEW and not comment:
        comment = f"The first {_PREVIEW} bytes."
    if text is not None:
        content["text"] = mask_query(text)
    return content | ({"comment": comment} if comment else {})


def _text(body: bytes, media_type: str) -> tuple[str | None, str]:
    """A body as text; None, and why, when it is none."""
    if not body:
        return "", ""
    if _TEXT.match(media_type.lower()) or media_type == _UNKNOWN_TYPE:
        try:
            return body.decode(), ""
        except UnicodeDecodeError as error:
            if error.end == len(body) == _PREVIEW and error.start > len(body) - 4:
                return body[: error.start].decode(), ""  # a character cut in two by the journal
    return None, f"{len(body)} bytes that are no text are left out."


def _named(pairs: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in pairs]
