"""How a route answers in a drawn scenario, as tables: each variant with its description. The first is the simplest."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..api.contract import URL_FIELDS, Phase
from ..api.dialects import OMIT
from ..api.messages import Fault
from ..scenario import template
from ..scenario.model import ReplyTemplate
from ..scenario.problems import data_problems
from . import values
from .parts import DOCUMENTED, HOSTILE, Variety

__all__ = ["CLIP", "DECOY_LINK", "OTHER_CLIP", "Row", "Tables", "UrlForm", "Variant", "described"]

Row = tuple[str, Any]  # a dotted field and its value in a scenario; `{omit}`: no key

# The link of whatever is not the result. It leads to another clip, so that a client that takes it is found.
DECOY_LINK = "decoy"
OTHER_CLIP = (ReplyTemplate(clip="decoy"),)

CLIP = ReplyTemplate(clip="clip")


@dataclass(frozen=True, slots=True)
class Variant:
    """One variant of an answer: its description, which follows "The URL", the reply, and the other links that it names.

    `has_clip`: the client gets the clip all the same.
    """

    description: str
    reply: ReplyTemplate
    has_clip: bool = False
    links: Mapping[str, tuple[ReplyTemplate, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class UrlForm:
    """One form of a result URL: its description, which follows "a URL", and the string, `{}` for the link's name.

    `works`: it leads to where the clip is.
    """

    description: str
    pattern: str
    works: bool = True


def _statuses(*statuses: int) -> tuple[Variant, ...]:
    return tuple(Variant(f"answers {status}", ReplyTemplate(status)) for status in statuses)


def _retry_after(status: int, *values: str) -> tuple[Variant, ...]:
    return tuple(
        Variant(f"answers {status} with Retry-After: {after}", ReplyTemplate(status, {"Retry-After": after}))
        for after in values
    )


def _page(title: str) -> str:
    return f"<html><body><h1>{title}</h1></body></html>"


def _json(description: str, data: Any, status: int | None = None) -> Variant:
    return Variant(description, ReplyTemplate(status, json=data, has_json=True))


def _fault(description: str, kind: str, **numbers: Any) -> Variant:
    return Variant(description, ReplyTemplate(fault=Fault(kind, **numbers)))


def _faults(at: int) -> tuple[Variant, ...]:
    """Connections that break; `at` is a number of bytes that are less than the body."""
    return (
        _fault("resets the connection", "reset"),
        _fault(f"resets the connection after {at} bytes", "reset", at=at),
        _fault("closes the connection without an answer", "close"),
        _fault("sends half of the body", "truncate", at=0.5),
        _fault("sends nothing", "stall"),
        _fault(f"sends nothing more after {at} bytes", "stall", at=at),
        _fault("sends no body", "empty"),
        _fault("declares 100 bytes more than it sends", "wrong_length", amount=100),
        _fault("never ends its chunked body", "unended"),
        _fault("sends bytes that are not HTTP", "garbage"),
    )


_DATE = "Wed, 31 Dec 2098 23:59:59 GMT"
_PAGES = (
    Variant("answers 502 with a page", ReplyTemplate(502, html=_page("502 Bad Gateway"))),
    Variant("answers 200 with a page", ReplyTemplate(html=_page("Just a moment..."))),
)

# --- the status query -------------------------------------------------------------------------------------------------

# Answers that no client may take for the end; then the query goes on.
_POLLS = _statuses(500, 503, 429)
_POLL_VARIANTS: Mapping[Variety, tuple[Variant, ...]] = {
    DOCUMENTED: _POLLS,
    HOSTILE: (
        *_POLLS,
        *_retry_after(429, "2", "60", "0", _DATE, "soon"),
        *_retry_after(503, "5"),
        *_statuses(502, 504, 408, 520),
        *_PAGES,
        Variant("answers 524 with a page", ReplyTemplate(524, html=_page("524: A timeout occurred"))),
        Variant("answers 200 with no body", ReplyTemplate(text="")),
        Variant("answers 202 with no body", ReplyTemplate(202, text="")),
        Variant("answers 204", ReplyTemplate(204)),
        _json("answers with an empty object", {}),
        _json("answers with null", None),
        _json("answers with a list", []),
        _json("answers with a list of the task", [{"id": "{task_id}", "status": "processing"}]),
        _json("answers with a JSON string", "processing"),
        _json("wraps the task", {"code": "success", "message": "", "data": {"status": "processing", "url": ""}}),
        Variant("answers with half of its JSON", ReplyTemplate(text='{"id": "video_abc123", "status": "comp')),
        _json("answers 500 with JSON with status failed", {"status": "failed"}, 500),
        _json("answers 503 with JSON with status completed", {"status": "completed"}, 503),
        Variant("redirects to itself", ReplyTemplate(307, redirect="{origin}/v1/videos/{task_id}")),
        *_faults(10),
    ),
}
# A new task may be unknown for a moment. Not for longer: then a client may give it up.
_UNKNOWN_VARIANTS: Mapping[Variety, tuple[Variant, ...]] = {
    DOCUMENTED: (Variant("does not know the task", ReplyTemplate(400)),),
    HOSTILE: (Variant("does not know the task", ReplyTemplate(400)), *_statuses(404)),
}
# What the query answers forever.
_ENDLESS = (*_statuses(401, 403), *_UNKNOWN_VARIANTS[DOCUMENTED])
_ENDLESS_VARIANTS: Mapping[Variety, tuple[Variant, ...]] = {
    DOCUMENTED: _ENDLESS,
    HOSTILE: (*_ENDLESS, *_statuses(404, 500), *_PAGES, Variant("answers that the task is running", ReplyTemplate())),
}

# --- the clip ---------------------------------------------------------------------------------------------------------

_ELSEWHERE = ReplyTemplate(redirect="{download_url:elsewhere}")
_TYPES = (
    Variant("has the clip as application/octet-stream",
        ReplyTemplate(clip="clip", headers={"Content-Type": "application/octet-stream"}), has_clip=True),
    Variant("has the clip without a Content-Type",
        ReplyTemplate(clip="clip", headers={"Content-Type": None}), has_clip=True),
)  # fmt: skip
_UNUSUAL_CLIPS = (
    *_TYPES,
    Variant("has the clip after 3 s", ReplyTemplate(clip="clip", delay=3.0), has_clip=True),
    Variant("sends the clip slowly", ReplyTemplate(clip="clip", fault=Fault("drip", amount=50_000)), has_clip=True),
    Variant("redirects to the clip", _ELSEWHERE, has_clip=True),
    Variant("redirects with 307 to the clip", ReplyTemplate(307, redirect="{download_url:elsewhere}"), has_clip=True),
)
_NO_CLIPS = (
    *_PAGES,
    Variant("answers with a page as video/mp4",
        ReplyTemplate(headers={"Content-Type": "video/mp4"}, html=_page("Sign in"))),
    _json("answers 200 with an error", {"error": {"message": "expired", "code": "expired"}}),
    _json("answers 200 with JSON that names a URL", {"url": "{download_url:decoy}"}),
    Variant("answers 200 with no body", ReplyTemplate(text="")),
    Variant("answers 204", ReplyTemplate(204)),
    Variant("redirects to a 404", ReplyTemplate(redirect="{download_url:gone}"), links={"gone": (ReplyTemplate(404),)}),
    Variant("redirects without a Location", ReplyTemplate(302)),
    Variant("redirects to where nothing listens", ReplyTemplate(redirect="{refused_url}")),
)  # fmt: skip

_DOWNLOADS = _statuses(404, 403, 500)
_DOWNLOAD_VARIANTS: Mapping[Variety, tuple[Variant, ...]] = {
    DOCUMENTED: _DOWNLOADS,
    HOSTILE: (
        *_DOWNLOADS,
        *_statuses(400, 401, 410, 416, 502, 503),
        *_retry_after(429, "2"),
        *_faults(4096),
        *_NO_CLIPS,
        *_UNUSUAL_CLIPS,
    ),
}
_CONTENT = _statuses(400, 502)
_CONTENT_VARIANTS: Mapping[Variety, tuple[Variant, ...]] = {
    DOCUMENTED: _CONTENT,
    HOSTILE: (
        *_CONTENT,
        *_statuses(404, 409, 425, 429, 500, 503, 401, 403),
        *_retry_after(503, "2", _DATE),
        *_faults(4096),
        *_NO_CLIPS,
        *_UNUSUAL_CLIPS,
        Variant("redirects to itself", ReplyTemplate(redirect="{content_url}")),
    ),
}

_PLAIN_FORM = UrlForm("", "{{download_url{}}}")
_FORMS = {
    DOCUMENTED: (_PLAIN_FORM,),
    HOSTILE: (
        *[_PLAIN_FORM] * 6,
        UrlForm("with blanks around", " {{download_url{}}}\n"),
        UrlForm("as a path", "{{download_path{}}}"),
        UrlForm("as data", "{{clip_data_url}}"),
        UrlForm("where nothing listens", "{{refused_url{}}}", works=False),
        UrlForm("of another scheme", "s3://clips/video.mp4", works=False),
        UrlForm("of another scheme", "s3://clips/video.mp4", works=False),
    ),
}

# --- what is merged into the task object ------------------------------------------------------------------------------


def _in_scenario(value: Any) -> Any:
    """A value of the documents' tables as it is written in a scenario: templates for OMIT and the decoy."""
    if value is OMIT:
        return template.OMIT
    if value == values.DECOY:
        return f"{{download_url:{DECOY_LINK}}}"
    if isinstance(value, Mapping):
        return {name: _in_scenario(inner) for name, inner in value.items()}
    return [_in_scenario(inner) for inner in value] if isinstance(value, list | tuple) else value


def _rows(rows: Iterable[Row]) -> tuple[Row, ...]:
    """Rows of the documents' tables that a scenario can hold: numbers of 64 bits, and no half of a ramp."""
    made = ((place, _in_scenario(value)) for place, value in rows)
    return tuple(
        (place, value)
        for place, value in made
        if not any(data_problems(value, ())) and not (place == "progress" and isinstance(value, list))
    )


def _odd_rows(phase: Phase) -> tuple[Row, ...]:
    """Documented fields that hold neither status nor result, with unusual values; and unknown ones."""
    rows = values.odd_rows("video", phase)
    unknown = [row for fields in values.unknown_fields("video") for row in fields.items()]
    # What is most often met comes up most often: a field that is not there, or null, another id, no progress.
    missing = list(dict.fromkeys(place for place, _ in rows))
    common = [(place, value) for place in missing for value in (OMIT, OMIT, OMIT, None)]
    other = [*[("id", "video_other")] * 14, *[("id", OMIT)] * 10, *[("progress", 0)] * 8]
    return _rows((*common[::4], *rows, *unknown, *common * 2, *other))


# What looks like the end while the task is under way.
_EARLY: tuple[Row, ...] = (("progress", 100), ("completed_at", 1735689660), ("progress", 99))

# Values of a field without a result, and how much more often than the rest.
_COMMON: tuple[tuple[Any, int], ...] = ((template.OMIT, 6), ("", 6), (None, 10), ({}, 2), (" ", 2), (0, 2))


def _absent_rows(place: str, variety: Variety) -> tuple[Row, ...]:
    """The rows that leave a field without a result. The first is as the documented object has it."""
    documented = values.DOCUMENTED_ABSENT["video"][place]
    if variety is DOCUMENTED:
        return _rows([documented])
    rows = _rows((documented, *values.absent_rows("video", place)))
    common = [
        (level, value)
        for level, value in rows
        for known, times in _COMMON
        if value == known and type(value) is type(known)
        for _ in range(times)
    ]
    return (*rows, *common)


def _decoy_rows() -> tuple[Row, ...]:
    """URLs in fields that are not documented for results."""
    rows = [row for fields in values.decoy_fields("video") for row in fields.items()]
    return _rows((*rows, *rows[:1] * 4))  # the gateway's own place comes first


def described(place: str, value: Any) -> str:
    """A row as part of a sentence."""
    if value == template.OMIT:
        return f"there is no {place or 'field without a name'}"
    text = json.dumps(value)
    return f"{place or 'a field without a name'} is {text if len(text) <= 60 else f'{text[:57]}...'}"


class Tables:
    """What can be drawn in one variety."""

    def __init__(self, variety: Variety) -> None:
        self.hostile = variety is HOSTILE
        self.words = {phase: _words(phase, variety) for phase in Phase}
        self.odd = {phase: _odd_rows(phase) for phase in Phase}
        self.early = _EARLY
        self.polls = _POLL_VARIANTS[variety]
        self.unknown = _UNKNOWN_VARIANTS[variety]
        self.endless = _ENDLESS_VARIANTS[variety]
        self.downloads = _DOWNLOAD_VARIANTS[variety]
        self.contents = _CONTENT_VARIANTS[variety]
        self.places = {place: _places(place, variety) for place in URL_FIELDS}
        self.decoys = _decoy_rows()


# The share of URLs at a place, in percent. Usually the URL is in video_url; elsewhere counts as less simple.
_SHARES = {"output.url": 45, "video_url": 60, "url": 35, "detail.url": 35}


def _places(place: str, variety: Variety) -> tuple[UrlForm | Row, ...]:
    """How a URL is written at a place, and which values the field has instead."""
    forms, absent = _FORMS[variety], _absent_rows(place, variety)
    share = _SHARES[place]
    # Repeated, so that both get their share.
    forms *= max(1, round(len(absent) * share / (100 - share) / len(forms)))
    absent *= max(1, round(len(forms) * (100 - share) / share / len(absent)))
    return (*forms, *absent) if place == "video_url" else (*absent, *forms)


def _words(phase: Phase, variety: Variety) -> tuple[Any, ...]:
    documented = values.DOCUMENTED_WORDS["video", phase]
    if variety is DOCUMENTED:
        return documented
    # The documented words as often as all the others together.
    hostile = tuple(_in_scenario(word) for word in values.HOSTILE_WORDS[phase])
    return (*documented * (len(hostile) // len(documented)), *hostile)
