"""A task as each route shows it: OpenAI format, unified, wrapped. Documents in, documents out; no HTTP."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from ..api.contract import (
    SEEDANCE_STATUSES,
    WRAPPED_STATUSES,
    Phase,
    is_waiting,
    result_urls,
    unified_status,
)
from ..api.dialects import OMIT, Dialect
from ..scenario.compiled import Lookup, Overlay
from .tasks import Task

__all__ = [
    "completed_at",
    "create_view",
    "document",
    "iso",
    "task_made_view",
    "unified_create_view",
    "unified_view",
    "wrapped_view",
]

LIFETIME = 86_400  # expires_at is created_at + 86400 in the documented example
_SHANGHAI = datetime.timezone(datetime.timedelta(hours=8))


def iso(seconds: float) -> str:
    """A time as the unified create reply writes it: nanoseconds, and China's offset."""
    moment = datetime.datetime.fromtimestamp(int(seconds), _SHANGHAI)
    nanoseconds = int((seconds - int(seconds)) * 1e9)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{nanoseconds:09d}+08:00"


def completed_at(task: Task) -> int:
    """When the task came to its end, in Unix seconds; 0 until then."""
    return 0 if task.current.phase is Phase.PENDING else int(task.position.since)


def document(task: Task, lookup: Lookup, now: float, reply: Overlay | None = None) -> dict[str, Any]:
    """The task object: the dialect's fields in order, with the state's `video` (and one reply's) laid over it."""
    dialect = task.dialect
    state = task.current
    params = task.params
    created = int(task.created_at)
    ended = completed_at(task)
    values: dict[str, Any] = {
        "id": task.id,
        "task_id": task.id,
        "object": "video",
        "model": params.model,
        "progress": state.progress(task.position, now),
        "created_at": created,
        "completed_at": ended or None,
        "expires_at": created + LIFETIME if dialect.expires == "always" or ended else None,
        "seconds": params.seconds,
        "size": params.size,
        "prompt": params.prompt or None,
        "remixed_from_video_id": params.remixed_from,
        "status": state.status,
    }
    fields: dict[str, Any] = {}
    for name, absent in dialect.fields:
        value = values.get(name)
        if value is None:
            value = absent
        if value is not OMIT or name == "status":
            fields[name] = value
    _overlay_video(fields, state.video, lookup, dialect)
    if reply is not None:
        _overlay_video(fields, reply, lookup, dialect)
    return fields


def _overlay(document: dict[str, Any], overlay: Overlay, lookup: Lookup) -> None:
    document.update(overlay.render(lookup))
    for name in overlay.removed:
        document.pop(name, None)


def _overlay_video(document: dict[str, Any], overlay: Overlay, lookup: Lookup, dialect: Dialect) -> None:
    for name, value in overlay.render(lookup).items():
        if name == "video_url" and dialect.url_field != "video_url":
            if dialect.url_field is not None and value:
                outer, _, inner = dialect.url_field.partition(".")
                there = document.get(outer)
                document[outer] = {**(there if isinstance(there, Mapping) else {}), inner: value}
        elif name == "status" and isinstance(value, str):
            document["status"] = dialect.statuses.get(value, value)
        else:
            document[name] = value
    for name in overlay.removed:
        document.pop(name, None)


def create_view(task: Task, document: Mapping[str, Any]) -> dict[str, Any]:
    """The reply to a create: fewer fields, and never an empty `error`, which clients are known to raise on."""
    return {name: document[name] for name in task.dialect.create_fields if name in document}


def task_made_view(task: Task, document: Mapping[str, Any]) -> dict[str, Any]:
    """The documented reply to remix, extend and extensions."""
    return {
        "id": task.id,
        "status": document.get("status", "processing"),
        "status_update_time": int(task.position.since),
    }


def unified_create_view(task: Task, document: Mapping[str, Any], other_id: str) -> dict[str, Any]:
    """The documented reply to the unified create. Its `task_id` is not the id to ask with: that is `id`."""
    if task.params.model.startswith("sora"):
        return {"id": task.id, "status": "pending", "status_update_time": int(task.position.since * 1000)}
    status = unified_status(document.get("status"))
    return {
        "id": task.id,
        "status": "processing" if status == "pending" else status,
        "status_update_time": int(task.position.since),
        "task_id": other_id,
        "created_at": iso(task.created_at),
    }


def unified_view(task: Task, document: Mapping[str, Any], lookup: Lookup) -> dict[str, Any]:
    """`GET /v1/video/query`: null for a URL that is not there yet, and what of the other URL fields there is."""
    view: dict[str, Any] = {
        "id": document.get("id", task.id),
        "status": unified_status(document.get("status")),
        "video_url": document.get("video_url") or _own_url(task, document) or None,
        "status_update_time": int(task.position.since),
        "progress": document.get("progress"),
    }
    for name in ("output", "url", "detail"):
        if name in document:
            view[name] = document[name]
    error = document.get("error")
    if isinstance(error, Mapping) and any(error.values()):
        view["error"] = error
    _overlay(view, task.current.unified, lookup)
    return view


def _own_url(task: Task, document: Mapping[str, Any]) -> str:
    """The URL where the task's dialect shows it; empty when there is none."""
    field = task.dialect.url_field
    return next((found.url for found in result_urls(document, (field,))), "") if field else ""


def wrapped_view(task: Task, document: Mapping[str, Any], lookup: Lookup) -> dict[str, Any]:
    """`GET /v1/video/generations/{id}`: the task in an envelope; Seedance models have an envelope of their own."""
    found = next(result_urls(document), None)
    url = found.url if found else _own_url(task, document)
    error = document.get("error")
    failure = error if isinstance(error, Mapping) and any(error.values()) else None
    if "seedance" in task.params.model:
        data = _seedance(task, document, url, failure)
    else:
        data = {
            "task_id": task.id,
            "status": WRAPPED_STATUSES.of(document.get("status")),
            "url": url,
            "format": "mp4",
            "metadata": None,
            "error": failure,
        }
    _overlay(data, task.current.wrapped, lookup)
    return {"code": "success", "message": "", "data": data}


def _seedance(task: Task, document: Mapping[str, Any], url: str, failure: Mapping[str, Any] | None) -> dict[str, Any]:
    started = not is_waiting(document.get("status"))
    created = int(task.created_at)
    return {
        "task_id": task.id,
        "status": SEEDANCE_STATUSES.of(document.get("status")),
        "progress": f"{document.get('progress', 0)}%",
        "submit_time": created,
        "start_time": created if started else 0,
        "finish_time": completed_at(task),
        "fail_reason": str(failure.get("message", "")) if failure else "",
        "data": {"status": document.get("status"), "content": {"video_url": url}},
    }
