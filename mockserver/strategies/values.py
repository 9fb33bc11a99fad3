"""The values in a reply, documented and hostile, as tables. The first of each row is the simplest, to shrink to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..api.contract import STATUS_PHASES, Phase, result_urls
from ..api.dialects import OMIT
from .video import DOCUMENTED_TASK, VIEWS, View, status_field, url_fields

__all__ = [
    "ABSENT",
    "DECOY",
    "DOCUMENTED_ABSENT",
    "DOCUMENTED_FIELDS",
    "DOCUMENTED_MESSAGES",
    "DOCUMENTED_URLS",
    "DOCUMENTED_WORDS",
    "HOSTILE_URLS",
    "HOSTILE_WORDS",
    "PLAIN",
    "absent_rows",
    "decoy_fields",
    "levels",
    "merged",
    "odd_rows",
    "put",
    "unknown_fields",
]  # fmt: skip

Row = tuple[str, Any]  # a dotted field and its value; OMIT: no key


def put(body: dict[str, Any], place: str, value: Any) -> None:
    """Put a value at a dotted place of a document, or remove the key."""
    *outer, last = place.split(".")
    for key in outer:
        inner = body.get(key)
        # Copied: the value there may belong to a table.
        body[key] = body = dict(inner) if isinstance(inner, Mapping) else {}
    if value is OMIT:
        body.pop(last, None)
    else:
        body[last] = value


def merged(body: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """A document with another merged into it, object by object; OMIT removes a key."""
    result = dict(body)
    for name, value in more.items():
        there = result.get(name)
        if value is OMIT:
            result.pop(name, None)
        elif isinstance(there, Mapping) and isinstance(value, Mapping):
            result[name] = merged(there, value)
        else:
            result[name] = value
    return result


# --- plain documents --------------------------------------------------------------------------------------------------

_ENDED: Mapping[Phase, Mapping[str, Any]] = {
    Phase.PENDING: {},
    Phase.SUCCEEDED: {"status": "completed", "progress": 100, "completed_at": 1735689660},
    Phase.FAILED: {
        "status": "failed",
        "completed_at": 1735689660,
        "error": {"message": "The prompt was refused.", "code": "content_policy_violation"},
    },
}
_UNIFIED = {
    "id": "grok:05c8e247-1a2b-4c3d-8e4f-5a6b7c8d9e0f",
    "status": "processing",
    "video_url": None,
    "status_update_time": 1762780400,
    "progress": 50,
}
_WRAPPED = {
    "task_id": "task-video-abc123",
    "status": "processing",
    "url": "",
    "format": "mp4",
    "metadata": None,
    "error": None,
}
_SEEDANCE_ENDED: Mapping[Phase, Mapping[str, Any]] = {
    Phase.PENDING: {},
    Phase.SUCCEEDED: {"status": "SUCCESS", "progress": "100%", "finish_time": 1735689660},
    Phase.FAILED: {"status": "FAILURE", "finish_time": 1735689660, "fail_reason": "The prompt was refused."},
}


def _plain(view: View, phase: Phase) -> dict[str, Any]:
    ended = _ENDED[phase]
    if view == "video":
        return {**DOCUMENTED_TASK, **ended}
    if view == "unified":
        return {**_UNIFIED, **{name: value for name, value in ended.items() if name in _UNIFIED}}
    if view == "wrapped":
        word = {Phase.PENDING: "processing", Phase.SUCCEEDED: "succeeded", Phase.FAILED: "failed"}[phase]
        return {"code": "success", "message": "", "data": {**_WRAPPED, "status": word, "error": ended.get("error")}}
    seedance = {
        "task_id": "video_abc123",
        "status": "IN_PROGRESS",
        "progress": "50%",
        "submit_time": 1735689600,
        "start_time": 1735689605,
        "finish_time": 0,
        "fail_reason": "",
        "data": {"status": ended.get("status", "processing"), "content": {"video_url": ""}},
    }
    return {"code": "success", "message": "", "data": {**seedance, **_SEEDANCE_ENDED[phase]}}


# The documented reply of each view and phase, without a result. A test holds them against `fixtures/payloads`.
PLAIN: Mapping[tuple[View, Phase], Mapping[str, Any]] = {
    (view, phase): _plain(view, phase) for view in VIEWS for phase in Phase
}

# How each view's page shows that no result is at a place.
DOCUMENTED_ABSENT: Mapping[View, Mapping[str, Row]] = {
    "video": {
        "output.url": ("output", OMIT),
        "video_url": ("video_url", ""),
        "url": ("url", OMIT),
        "detail.url": ("detail", OMIT),
    },
    "unified": {
        "output.url": ("output", OMIT),
        "video_url": ("video_url", None),
        "url": ("url", OMIT),
        "detail.url": ("detail", OMIT),
    },
    "wrapped": {"data.url": ("data.url", "")},
    "seedance": {"data.data.content.video_url": ("data.data.content.video_url", "")},
}
# Where the pages show a result: the unified one has no `output` and no `url`.
DOCUMENTED_FIELDS: Mapping[View, tuple[str, ...]] = {
    view: tuple(place for place in url_fields(view) if view != "unified" or place in ("video_url", "detail.url"))
    for view in VIEWS
}

# --- status words -----------------------------------------------------------------------------------------------------

# As the pages of each view list them.
_PAGES: Mapping[View, tuple[str, ...]] = {
    "video": ("processing", "queued", "in_progress", "completed", "failed", "cancelled"),
    "unified": ("processing", "pending", "unknown", "completed", "failed"),
    "wrapped": ("processing", "queued", "succeeded", "failed"),
    "seedance": ("IN_PROGRESS", "SUBMITTED", "SUCCESS", "FAILURE"),
}
DOCUMENTED_WORDS: Mapping[tuple[View, Phase], tuple[str, ...]] = {
    (view, phase): tuple(word for word in _PAGES[view] if STATUS_PHASES[word.casefold()] is phase)
    for view in VIEWS
    for phase in Phase
}

_NO_WORDS: tuple[Any, ...] = (
    OMIT, None, "", "upscaling", " ", 1, 0, True, [], {}, ["completed"], {"status": "completed"}, "排队中",
)  # fmt: skip


def _spelled(word: str) -> Iterator[str]:
    """A word as it may be written: case and blanks do not count."""
    yield from dict.fromkeys((word, word.upper(), word.title(), f" {word.title()} ", f"{word}\n"))


def _words(phase: Phase) -> tuple[Any, ...]:
    known = [word for word in STATUS_PHASES if STATUS_PHASES[word] is phase]
    plain = PLAIN["video", phase]["status"]
    known.sort(key=lambda word: word != plain)
    words: list[Any] = [*known, *(spelled for word in known for spelled in _spelled(word) if spelled != word)]
    return (*words, *_NO_WORDS) if phase is Phase.PENDING else tuple(words)


HOSTILE_WORDS: Mapping[Phase, tuple[Any, ...]] = {phase: _words(phase) for phase in Phase}

# --- result URLs, and their absence -----------------------------------------------------------------------------------

DOCUMENTED_URLS = (
    "https://a.test/v.mp4",
    "https://b.test/v.mp4",
    "https://c.test/clips/video_abc123/video.mp4?expires=1735776000&signature=0b5e%2Ff%3D%3D",
)
HOSTILE_URLS = (
    "http://a.test/v.mp4", "/v.mp4", "//a.test/v.mp4", "v.mp4", "?id=video_abc123",
    "data:video/mp4;base64,AAAAHGZ0eXA=",
    "s3://results/v.mp4", "file:///tmp/v.mp4", "HTTPS://A.TEST/V.MP4", "https://a.test", "https://a.test:8443/v.mp4",
    "https://user:word@a.test/v.mp4", "https://127.0.0.1/v.mp4", "https://[::1]/v.mp4", "https://a.test/v.mp4#t=1",
    "https://a.test/a b.mp4", "https://a.test/a%20b.mp4", "https://a.test/v.mp4?url=https://decoy.test/v.mp4",
    "https://影片.test/狐狸.mp4", "https://xn--cck2b3b.test/v.mp4", "https://a.test/🦊.mp4",
    "https://a.test/e\u0301.mp4",
    "https://a.test/\u202e4pm.v", 'https://a.test/"v\\.mp4', "https://a.test/" + "v" * 2000 + ".mp4",
)  # fmt: skip

# A URL that is not the result: a client that takes it has looked in the wrong place, and the name says so.
DECOY = "https://decoy.test/v.mp4"

# Values of a field without a result: none of them is a string with anything but blanks in it.
ABSENT: tuple[Any, ...] = (
    OMIT, "", None, {}, [], 0, False, " ", "\n\t", "\u3000", 42, True, 1.5, -1, [DECOY], {"href": DECOY},
    {"url": DECOY}, [{"url": DECOY}], {"URL": DECOY}, [None], {"": ""},
)  # fmt: skip
# Values instead of an object that would hold one: also strings.
_NO_OBJECT: tuple[Any, ...] = ("finished", DECOY, {"width": 720, "height": 1280, "format": "mp4"})


def levels(view: View, place: str) -> tuple[str, ...]:
    """A place and the objects around it, outermost first, but for those that hold the task's status too."""
    keys = place.split(".")
    outer = [".".join(keys[:depth]) for depth in range(1, len(keys) + 1)]
    return tuple(level for level in outer if not status_field(view).startswith(f"{level}."))


def absent_rows(view: View, place: str) -> tuple[Row, ...]:
    """Every value that leaves a field without a result, on any level of it, as the contract reads it."""
    rows: list[Row] = []
    for level in levels(view, place):
        rows += [(level, value) for value in (ABSENT if level == place else (*ABSENT, *_NO_OBJECT))]
    # Plain before strange, on whatever level.
    rows.sort(key=lambda row: ABSENT.index(row[1]) if row[1] in ABSENT[:3] else len(ABSENT))
    return tuple(row for row in rows if not _is_read(place, *row))


def _is_read(place: str, outer: str, value: Any) -> bool:
    body: dict[str, Any] = {}
    put(body, outer, value)
    return any(result_urls(body, (place,)))


# --- the other fields -------------------------------------------------------------------------------------------------

DOCUMENTED_MESSAGES = ("The prompt was refused.", "Video generation failed.", "生成失败", "No channel left")

_TEXTS: tuple[Any, ...] = (
    OMIT, None, "", " ", 0, {}, "一只猫 🐈 قطة", "\u202eabc", "e\u0301", 'line\n"quotes" \\', "x" * 300,
)  # fmt: skip
_IDS = (OMIT, None, "", 7, "video_other", "grok:48a67431-8707-4a66-b4b9-2ac1a6e1a4b0", "a/b?c#d e%2F", "狐狸")
_PROGRESS = (OMIT, None, "", 0, 99, 100, "42", "42%", "100%", 0.42, 41.7, -1, 101, True, 1e308, 10**30, "NaN", [42])
_TIMES = (
    OMIT, None, 0, -1, 1735689600.5, 1735689600000, "1735689600", "2025-11-08T23:07:57.510141923+08:00", "", "now",
    253402300800, 2**63, 10**30, 1e308, True, "0000-00-00",
)  # fmt: skip
_SECONDS = (OMIT, None, 6, 6.5, "6.0", "8.0", "", "6s", 0, -6, 10**9, True)
_NO_ERRORS: tuple[Any, ...] = (OMIT, None, "", {}, {"message": None, "code": None}, {"message": ""}, [], False, 0)
_ERRORS = (
    "refused", {"message": "refused"}, {"message": None, "code": "refused"}, {"message": "", "code": 500},
    ["refused"], {"error": {"message": "refused"}}, 500, True, {"message": "生成失败 ❌", "code": ""},
)  # fmt: skip

_KINDS: Mapping[View, Mapping[str, tuple[Any, ...]]] = {
    "video": {
        "id": _IDS, "object": (OMIT, None, "video.task", 1), "model": _TEXTS, "progress": _PROGRESS,
        "created_at": _TIMES, "completed_at": _TIMES, "expires_at": _TIMES, "seconds": _SECONDS, "size": _TEXTS,
        "remixed_from_video_id": (OMIT, None, "video_before", DECOY, 0), "error": _NO_ERRORS,
    },
    "unified": {"id": _IDS, "progress": _PROGRESS, "status_update_time": _TIMES, "error": _NO_ERRORS},
    "wrapped": {
        "message": _TEXTS, "data.task_id": _IDS, "data.format": (OMIT, None, "webm", ""), "data.error": _NO_ERRORS,
        "data.metadata": (OMIT, {}, [], "", {"width": 720}),
    },
    "seedance": {
        "message": _TEXTS, "data.task_id": _IDS, "data.progress": _PROGRESS, "data.submit_time": _TIMES,
        "data.start_time": _TIMES, "data.finish_time": _TIMES, "data.fail_reason": (OMIT, None, "", {}),
        "data.data.status": (OMIT, None, "", "processing", "completed", "failed", "SUCCESS", 1),
    },
}  # fmt: skip
_REASONS = frozenset({"error", "data.error", "data.fail_reason"})


def odd_rows(view: View, phase: Phase) -> tuple[Row, ...]:
    """The documented fields that hold neither status nor result, each with the values that it may have instead."""
    rows = [(place, value) for place, values in _KINDS[view].items() for value in values]
    if phase is Phase.FAILED:
        # A reason beside any other status would contradict it, and no page says which of the two counts. Here it is the
        # main thing in the reply, and comes up as often as everything else.
        reasons = [(place, value) for place in _KINDS[view] if place in _REASONS for value in (*_ERRORS, *_NO_ERRORS)]
        rows += reasons * (len(rows) // len(reasons))
    return tuple(rows)


_UNKNOWN: tuple[Row, ...] = (
    ("queue_position", 3), ("trace_id", "8a1f-77"), ("thumbnail_url", "https://decoy.test/v.jpg"), ("asset_id", None),
    ("prompt", "一只猫在月光下跳舞 🐈 قطة ترقص"), ("enhanced_prompt", 'line\nbreak, "quotes" and a \\ backslash'),
    ("watermark", {"status": "failed"}), ("usage", {"seconds": 6, "cost": 0.12}),
    ("pipeline", [{"stage": "draft", "tries": [{"seed": 1, "status": "failed"}]}, []]), ("狐狸", "🦊"), ("", ""),
    ("Status", "failed"), ("__proto__", {"status": "failed"}), ("cost", 1e-7), ("seed", 2**64), ("deep", [[[[[{}]]]]]),
)  # fmt: skip
# Where gateways are known to put the result although no page names the place (scenarios/urls), and look-alikes.
_DECOYS: tuple[Row, ...] = (
    ("metadata", {"url": DECOY}), ("result_url", DECOY), ("data", {"url": DECOY}), ("data", [{"url": DECOY}]),
    ("video", {"url": DECOY}), ("data", {"data": {"content": {"video_url": DECOY}}}), ("fail_reason", DECOY),
    ("videoUrl", DECOY), ("output_url", DECOY), ("urls", [DECOY]), ("result", {"video_url": DECOY}), ("URL", DECOY),
    ("preview_url", DECOY),
)  # fmt: skip


def unknown_fields(view: View) -> tuple[Mapping[str, Any], ...]:
    """Fields that the view's page does not name, each to be merged into a reply."""
    return tuple({"data": {name: value}} if "." in status_field(view) else {name: value} for name, value in _UNKNOWN)


def decoy_fields(view: View) -> tuple[Mapping[str, Any], ...]:
    """Results where none is to be looked for. The wrapped forms get none: no page rules a place out there."""
    return ({},) if "." in status_field(view) else tuple({name: value} for name, value in _DECOYS)
