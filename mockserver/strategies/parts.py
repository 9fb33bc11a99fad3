"""The parts of a reply, each a strategy of its own that can be replaced: words, URLs, absence, the other fields."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from functools import cache
from typing import Any, Final

from hypothesis import strategies as st

from ..api.contract import Phase
from ..api.dialects import DIALECTS
from . import values
from .video import View

__all__ = [
    "DOCUMENTED", "HOSTILE", "Variety", "absent_values", "bases", "extra_fields", "json_values",
    "status_words", "texts", "video_urls",
]  # fmt: skip


class Variety(Enum):
    """What a reply may contain: what is documented, or also what services, proxies and mistakes make of it."""

    DOCUMENTED = "documented"
    HOSTILE = "hostile"

    def __repr__(self) -> str:
        return self.name


DOCUMENTED: Final = Variety.DOCUMENTED
HOSTILE: Final = Variety.HOSTILE

texts: st.SearchStrategy[str] = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
# No control characters: languages disagree on which of them are blanks.
_written = st.characters(exclude_categories=["Cs", "Cc"])
# The table of all characters is made here, once: it takes a while, and within a draw Hypothesis would blame that on the
# strategy, on a busy machine as one that is too slow.
texts.validate()
st.text(_written).validate()
_numbers = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | _numbers | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)


@cache
def status_words(phase: Phase, variety: Variety = HOSTILE, view: View = "video") -> st.SearchStrategy[Any]:
    """Values of the status in a phase; OMIT: no key. Hostile: also other words, cases, blanks and types."""
    documented: tuple[Any, ...] = values.DOCUMENTED_WORDS[view, phase]
    if variety is DOCUMENTED:
        # A word alone would not be a choice, and fewer choices count as simpler: `failed` before `processing`.
        return st.sampled_from(documented * 2)
    # The documented words as often as all the others together.
    hostile = values.HOSTILE_WORDS[phase]
    return st.sampled_from((*documented * (len(hostile) // len(documented)), *hostile))


@cache
def video_urls(variety: Variety = HOSTILE) -> st.SearchStrategy[str]:
    """URLs of results. Documented: https. Hostile: other schemes, relative, data:, blanks around, Unicode, long."""
    made = st.integers(0, 2**32).map("https://a.test/{}.mp4".format)
    plain = st.sampled_from(values.DOCUMENTED_URLS)
    if variety is DOCUMENTED:
        return plain | made
    odd = st.sampled_from(values.HOSTILE_URLS)
    blanks = st.sampled_from((" {}", "{} ", "\n{}\r\n", "\t{}", "\u3000{}\u00a0"))
    around = st.builds(str.format, blanks, plain | odd)
    paths = st.text(_written, max_size=12).map("https://a.test/{}#".format)
    return plain | odd | around | made | paths


def absent_values() -> st.SearchStrategy[Any]:
    """Values of a field without a URL: OMIT (no key), "", null, blanks, and anything that is not a string."""
    return st.sampled_from(values.ABSENT)


@cache
def bases(phase: Phase, variety: Variety = HOSTILE, view: View = "video") -> st.SearchStrategy[Mapping[str, Any]]:
    """The object that status, URLs and extra fields are merged into, complete as documented.

    Hostile: also odd ids, numbers, times, strings and errors, and objects with few fields or none.
    """
    plain = values.PLAIN[view, phase]
    if variety is DOCUMENTED:
        return st.just(plain) | _documented(view, phase)
    rows = st.lists(st.sampled_from(values.odd_rows(view, phase)), min_size=1, max_size=4)
    bare: dict[str, Any] = {}
    return st.one_of(
        st.just(bare),
        st.just(plain),
        rows.map(lambda drawn: _with_rows(plain, drawn)),
        rows.map(lambda drawn: _with_rows(bare, drawn)),
    )


def _with_rows(base: Mapping[str, Any], rows: list[tuple[str, Any]]) -> dict[str, Any]:
    body = dict(base)
    for place, value in rows:
        values.put(body, place, value)
    return body


@cache
def extra_fields(variety: Variety = HOSTILE, view: View = "video") -> st.SearchStrategy[Mapping[str, Any]]:
    """Fields beside the documented ones, merged in. Hostile: unknown ones of any name and type, decoys."""
    nothing: st.SearchStrategy[Mapping[str, Any]] = st.just({})
    if variety is DOCUMENTED:
        return nothing | _documented_extra() if view == "unified" else nothing
    known = st.sampled_from(values.unknown_fields(view))
    decoys = st.sampled_from(values.decoy_fields(view))
    unknown = st.dictionaries(texts, json_values, max_size=2).map(_without_known)
    if view in ("wrapped", "seedance"):
        unknown = unknown.map(lambda fields: {"data": fields})
    return st.one_of(nothing, known, decoys, st.builds(values.merged, known, decoys), unknown)


# What other parts decide. Hypothesis knows such words from the code under test, and draws them as texts.
_DECIDED = frozenset({"status", "output", "video_url", "url", "detail", "error", "data"})


def _without_known(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if name not in _DECIDED}


# --- the documented object, in its variety ----------------------------------------------------------------------------

_DIALECT = DIALECTS["octopusx"]
_IDS = st.sampled_from(
    ("video_abc123", "grok:48a67431-8707-4a66-b4b9-2ac1a6e1a4b0", "sora-2:task_01k9hseb86eq5b2bvs2wnazwex")
)
_CREATED = 1735689600
_LIFETIME = 86400
_made_at = st.integers(0, 10**8).map(lambda later: _CREATED + later)
_lasted = st.integers(1, _LIFETIME - 1)
_messages = st.sampled_from(values.DOCUMENTED_MESSAGES) | st.text(_written, max_size=40)


def _documented(view: View, phase: Phase) -> st.SearchStrategy[dict[str, Any]]:
    """The plain reply with other ids, models, numbers and times, which agree with one another."""
    plain = values.PLAIN[view, phase]
    percent = st.just(100) if phase is Phase.SUCCEEDED else st.integers(0, 100)
    drawn = st.tuples(_IDS, percent, _made_at, _lasted, _messages if phase is Phase.FAILED else st.just(""))
    ended = phase is not Phase.PENDING

    def video(drawn: tuple[str, int, int, int, str], model: str, seconds: str, size: str) -> dict[str, Any]:
        name, progress, made, lasted, message = drawn
        fields = {
            "id": name,
            "model": model,
            "progress": progress,
            "created_at": made,
            "completed_at": made + lasted if ended else 0,
            "expires_at": made + _LIFETIME,
            "seconds": seconds,
            "size": size,
            "error": {"message": message, "code": plain["error"]["code"]},
        }
        return {**plain, **fields}

    def unified(drawn: tuple[str, int, int, int, str]) -> dict[str, Any]:
        name, progress, made, lasted, _ = drawn
        return {**plain, "id": name, "status_update_time": made + lasted, "progress": progress}

    def wrapped(drawn: tuple[str, int, int, int, str]) -> dict[str, Any]:
        name, _, _, _, message = drawn
        error = plain["data"]["error"]
        return values.merged(plain, {"data": {"task_id": name, "error": error and {**error, "message": message}}})

    def seedance(drawn: tuple[str, int, int, int, str]) -> dict[str, Any]:
        name, progress, made, lasted, message = drawn
        fields = {
            "task_id": name,
            "progress": f"{progress}%",
            "submit_time": made,
            "start_time": made + lasted // 2,
            "finish_time": made + lasted if ended else 0,
            "fail_reason": message,
        }
        return values.merged(plain, {"data": fields})

    if view == "video":
        seconds, sizes = st.sampled_from(("6", "4", "8", "10", "12", "15")), st.sampled_from(_DIALECT.allowed_sizes)
        return st.builds(video, drawn, st.sampled_from(_DIALECT.models), seconds, sizes)
    return drawn.map({"unified": unified, "wrapped": wrapped, "seedance": seedance}[view])


def _documented_extra() -> st.SearchStrategy[dict[str, Any]]:
    """Further fields that the unified query may have."""
    fields = {
        "prompt": "一只猫在月光下跳舞 🐈",
        "ratio": "16:9",
        "thumbnail_url": "https://a.test/v.jpg",
        "asset_id": "asset_1",
        "video_file_id": "file_1",
        "trace_id": "8a1f-77",
        "enhanced_prompt": "a cat dances in the moonlight",
    }
    names = st.lists(st.sampled_from(tuple(fields)), min_size=1, max_size=3)
    return names.map(lambda chosen: {name: fields[name] for name in chosen})
