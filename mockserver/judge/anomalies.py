"""What can be wrong with one reply: kinds of bad replies to a poll, and what is undocumented about a task object."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from ..api.contract import DOCUMENTED_STATUSES, STATUS_PHASES, TASK_QUERY, URL_FIELDS
from ..fake.journal import Exchange
from .observations import Case

__all__ = ["as_json", "bad_reply_kinds", "document_anomalies", "is_bad_reply", "is_unknown_task", "retry_after"]

_TYPES = {fact.name: fact.type for fact in TASK_QUERY}
# Fields that other pages document; the fields of result URLs have rules of their own.
_ALSO = frozenset({"task_id", *(field.partition(".")[0] for field in URL_FIELDS)})
_LONGEST_VALUE = 60  # characters of a value in a message
_LATEST = 10**11  # Unix seconds beyond the year 5000: milliseconds


def bad_reply_kinds(case: Case, exchange: Exchange) -> frozenset[str]:
    """What is wrong: `429`, `5xx`, `html`, `json`, `connection`, or another status; empty if it is good."""
    body = case.arrived(exchange)
    if body is None or exchange.status == 408:
        return frozenset({"connection"})
    start = body.lstrip()[:20].lower()
    if start.startswith(b"<"):
        return frozenset({"html"})
    if exchange.status == 429:
        return frozenset({"429"})
    if exchange.status >= 500:
        return frozenset({"5xx"})
    if not 200 <= exchange.status < 300:
        return frozenset({str(exchange.status)})
    return frozenset() if case.document(exchange) is not None else frozenset({"json"})


def is_bad_reply(case: Case, exchange: Exchange) -> bool:
    """Whether a reply was anything but a task object or another successful reply."""
    return bool(bad_reply_kinds(case, exchange))


def is_unknown_task(exchange: Exchange) -> bool:
    """Whether a reply is the gateway's form of a 404: 400 with the code `task_not_exist`."""
    body = exchange.reply_body
    return exchange.status == 400 and isinstance(body, bytes) and b'"task_not_exist"' in body


def retry_after(exchange: Exchange) -> float | None:
    """The seconds of the Retry-After of a 429 or 503; None for anything else, a date included."""
    if exchange.status not in (429, 503):
        return None
    value = next((value for name, value in exchange.reply_headers if name == "retry-after"), "")
    return float(value) if re.fullmatch(r"\d{1,9}", value, re.ASCII) else None


def document_anomalies(document: Mapping[str, object], requested: str | None = None) -> Iterator[tuple[str, str]]:
    """What is undocumented about a task object: for each anomaly the id of the rule that covers it, and a description.

    `requested` is the id of the task that was requested.
    """
    for name in document:
        if name not in _TYPES and name not in _ALSO:
            yield "unknown-fields", f"the field {name!r} is undocumented"
    status = document.get("status")
    if isinstance(status, str) and status.strip() and status not in DOCUMENTED_STATUSES:
        known = " (documented on other pages)" if status.strip().casefold() in STATUS_PHASES else ""
        yield "unknown-status", f"the status is {status!r}{known}"
    elif not isinstance(status, str) or not status.strip():
        yield "odd-types", f"the status is {as_json(status)}" if "status" in document else "there is no status"
    for name, kind in _TYPES.items():
        if name in ("status", "video_url"):
            continue
        if name not in document:
            yield "odd-types", f"{name} is missing"
        elif not _fits(name, document[name], kind):
            yield "odd-types", f"{name} is {as_json(document[name])}"
        elif name == "id" and requested is not None and document[name] != requested:
            yield "odd-types", f"the id is {as_json(document[name])}, not the requested one"


def as_json(value: object) -> str:
    """A value as JSON, cut to 60 characters."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}..."


def _fits(name: str, value: object, kind: str) -> bool:
    if kind == "object":
        # The only object field is the error, with a message and a code.
        parts = [value.get("message"), value.get("code")] if isinstance(value, Mapping) else [None]
        return all(isinstance(part, str) for part in parts)
    if kind == "integer":
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            return False
        return value <= 100 if name == "progress" else value < _LATEST
    if name == "seconds":
        return isinstance(value, str) and value.isdecimal()
    return isinstance(value, str)
