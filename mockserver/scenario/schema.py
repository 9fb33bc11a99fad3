"""The JSON Schema of scenario files, for editors and other tools: made from the tables that the reader reads by.

It knows the shape of a file. What only the whole of a file can tell, such as a state that nothing leads to, and the
names of templates inside of texts are the reader's to find.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..api.contract import OUTCOMES, STATUS_PHASES, TASK_QUERY
from ..api.dialects import DIALECTS
from ..api.faults import FAULTS, FaultKind
from .limits import (
    DOWNLOAD_AUTH,
    HEADER_NAME,
    HEADER_VALUE,
    MAX_INTEGER,
    MAX_SECONDS,
    MIN_INTEGER,
    SOURCES,
    STATUSES,
    TASK_ID,
    WORD,
)
from .model import EVENTS
from .placeholders import PLACEHOLDERS
from .reader import BODIES, EXPECT_KEYS, REPLY_KEYS, SCENARIO_KEYS, STATE_KEYS, TRANSITION_KEYS

__all__ = ["DESCRIPTIONS", "scenario_schema"]

Schema = dict[str, Any]

# What each key of the format says, by the part of the file that it stands in.
DESCRIPTIONS: Mapping[str, Mapping[str, str]] = {
    "scenario": {
        "summary": "What happens, in one line.",
        "source": "The sentence of the documentation, or the report, that the scenario stands for.",
        "dialect": "The dialect that the fake speaks, where the scenario is about one.",
        "clip": "The clip to serve instead of the one that fits the task's size.",
        "task_id": "The id of the first task; the others have -2, -3 and so on behind it. Default: made by the fake.",
        "start": "The state that a new task is in.",
        "seed": "What chance starts from. Default: 0.",
        "never_ends": "The task gets stuck in a state that is no end, and that is meant. Default: false.",
        "download_auth": "How the download host treats an Authorization header. Default: strict.",
        "link_lifetime": "How long a download URL lives. Default: 12h.",
        "create": "The replies to the requests that make the task.",
        "states": "The states by name.",
        "expect": "What a client that keeps the contract ends with.",
    },
    "state": {
        "video": "Laid over the documented task object, key by key.",
        "unified": "Laid over what /v1/video/query makes of the task.",
        "wrapped": "Laid over what /v1/video/generations makes of the task.",
        "poll": "The replies to status polls. Default: the task object.",
        "download": "The replies of the download host. Default: the clip.",
        "downloads": "The replies of named links, `{download_url:NAME}`, by name.",
        "content": "The replies of /content. Default: the clip of a completed task, else an error.",
        "next": "How the state is left. A state without it is an end.",
    },
    "transition": {
        "state": "The state that comes next.",
        "after": "So many polls were answered in the state (`2 polls`), or that much time has passed in it (`45s`).",
        "on": "The client does something else than polling.",
        "signal": "The test sends this signal.",
        "chance": "How likely the way is taken when its time comes, above 0 and up to 1. Default: 1.",
    },
    "reply": {
        "status": "The HTTP status. Default: 302 for a redirect, 500 for an error, else 200.",
        "headers": "Laid over the route's own headers; null takes one away.",
        "video": "Laid over the task object of this state, key by key.",
        "json": "The whole body.",
        "text": "The whole body, as text/plain.",
        "html": "The whole body, as text/html.",
        "clip": "The name of a clip: `clip` is the task's own, `decoy` another film.",
        "error": "A code and a message in the dialect's error envelope.",
        "redirect": "Where a Location header leads.",
        "delay": "How long the reply takes to come. Default: at once.",
        "fault": "How the reply goes wrong on the wire.",
        "times": "For how many requests. The last reply of a list stays. Default: 1.",
        "made": "Whether the task exists all the same. Default: after a fault yes, after an error status no.",
    },
    "expect": {
        "outcome": "How it ends.",
        "from": "Where the clip is from: a dotted field of the task object, or content; any of a list is right.",
    },
}

_BLANKS = r"\s*"
_NUMBER = r"[0-9]{1,15}(\.[0-9]{1,400})?"
_DURATION = rf"{_BLANKS}{_NUMBER}{_BLANKS}(ms|s|m|h){_BLANKS}"
_POLLS = rf"{_BLANKS}0*[1-9][0-9]{{0,8}}\s+polls?{_BLANKS}"
_SHARE = rf"{_BLANKS}0*(100(\.0*)?|[0-9]{{1,2}}(\.[0-9]{{1,400}})?){_BLANKS}%{_BLANKS}"


def scenario_schema() -> Schema:
    """The JSON Schema (draft 2020-12) of a scenario file, with descriptions for editors."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A scenario of video-mockserver",
        "description": "The script that a fake's task follows. " + _templates(),
        **_mapping("scenario", SCENARIO_KEYS, _scenario_keys(), required=("summary", "start", "states"), more={
            "$schema": {"type": "string", "description": "Where the schema is, for editors."},
        }),
        "$defs": {
            "state": _mapping("state", STATE_KEYS, _state_keys()),
            "transition": {
                **_mapping("transition", TRANSITION_KEYS, _transition_keys(), required=("state",)),
                "oneOf": [{"required": [trigger]} for trigger in ("after", "on", "signal")],
            },
            "create_reply": _reply(REPLY_KEYS),
            "poll_reply": _reply(key for key in REPLY_KEYS if key != "made"),
            "clip_reply": _reply(key for key in REPLY_KEYS if key not in ("made", "video")),
            "fault": {"anyOf": [way for kind, told in FAULTS.items() for way in _fault(kind, told)]},
            "word": {"type": "string", "pattern": f"^{WORD}$"},
            "duration": {
                "description": "A time: 500ms, 45s, 2m, 12h, or a number of seconds.",
                "anyOf": [
                    {"type": "string", "pattern": f"^{_DURATION}$"},
                    {"type": "number", "minimum": 0, "maximum": MAX_SECONDS},
                ],
            },
        },
    }  # fmt: skip


def _templates() -> str:
    meanings = {name: placeholder.meaning for name, placeholder in PLACEHOLDERS.items()}
    meanings["omit"] = "As a key's value it removes the key."
    table = " ".join(f"`{{{name}}}`: {meaning}" for name, meaning in meanings.items())
    return f"Texts of replies and of what is laid over documents can hold placeholders. {table}"


def _mapping(
    part: str, keys: Iterable[str], schemas: Mapping[str, Schema], required: Iterable[str] = (), *,
    more: Mapping[str, Schema] | None = None,
) -> Schema:  # fmt: skip
    schema: Schema = {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            **(more or {}),
            **{key: {"description": DESCRIPTIONS[part][key], **schemas[key]} for key in keys},
        },
    }
    if required := list(required):
        schema["required"] = required
    return schema


def _scenario_keys() -> dict[str, Schema]:
    return {
        "summary": {"type": "string", "pattern": r"[^ \t\r\n]"},
        "source": {"type": "string"},
        "dialect": _one_of({name: dialect.summary for name, dialect in DIALECTS.items()}),
        "clip": {"type": "string"},
        "task_id": {"type": "string", "pattern": f"^{TASK_ID}$"},
        "start": _ref("word"),
        "seed": {"type": "integer", "minimum": MIN_INTEGER, "maximum": MAX_INTEGER},
        "never_ends": {"type": "boolean"},
        "download_auth": _one_of(DOWNLOAD_AUTH),
        "link_lifetime": _ref("duration"),
        "create": _one_or_more("create_reply"),
        "states": {**_named(_ref("state")), "minProperties": 1},
        "expect": {
            **_mapping("expect", EXPECT_KEYS, _expect_keys(), required=("outcome",)),
            "if": {"properties": {"outcome": {"const": "clip"}}},
            "then": {"required": ["from"], "properties": {"from": {"anyOf": [{"type": "string"}, {"minItems": 1}]}}},
            "else": {"properties": {"from": {"type": "array", "maxItems": 0}}},
        },
    }


def _expect_keys() -> dict[str, Schema]:
    source = {"enum": list(SOURCES)}
    return {"outcome": _one_of(OUTCOMES), "from": {"anyOf": [source, {"type": "array", "items": source}]}}


def _state_keys() -> dict[str, Schema]:
    return {
        "video": _overlay(ramps=True),
        "unified": {"type": "object"},
        "wrapped": {"type": "object"},
        "poll": _one_or_more("poll_reply"),
        "download": _one_or_more("clip_reply"),
        "downloads": _named(_one_or_more("clip_reply")),
        "content": _one_or_more("clip_reply"),
        "next": _one_or_more("transition"),
    }


def _overlay(*, ramps: bool) -> Schema:
    # A scenario may say anything, also what no service ever should: the fields have a meaning and no type.
    fields: dict[str, Schema] = {fact.name: {"description": fact.meaning} for fact in TASK_QUERY}
    fields["status"]["examples"] = list(STATUS_PHASES)
    if ramps:
        fields["progress"] = {
            "description": "Percentage; two numbers such as [10, 90] are a ramp, which lasts as long as the state.",
            "if": {"type": "array"},
            "then": {"items": {"type": "integer"}, "minItems": 2, "maxItems": 2},
        }
    return {"type": "object", "properties": fields}


def _transition_keys() -> dict[str, Schema]:
    return {
        "state": _ref("word"),
        "after": {"anyOf": [{"type": "string", "pattern": f"^{_POLLS}$"}, _ref("duration")]},
        "on": _one_of(EVENTS),
        "signal": _ref("word"),
        "chance": {"type": "number", "exclusiveMinimum": 0, "maximum": 1},
    }


def _reply(keys: Iterable[str]) -> Schema:
    keys = list(keys)
    bodies = [key for key in BODIES if key in keys]
    # A header's value is text; a number stands for its digits, null for no header.
    value = {"type": ["string", "integer", "null"], "pattern": f"^{HEADER_VALUE}$"}
    schemas: dict[str, Schema] = {
        "status": {"type": "integer", "minimum": STATUSES.start, "maximum": STATUSES.stop - 1},
        "headers": {"type": "object", "propertyNames": {"pattern": f"^{HEADER_NAME}$"}, "additionalProperties": value},
        "video": _overlay(ramps=False),
        "json": {},
        "text": {"type": "string"},
        "html": {"type": "string"},
        "clip": {"type": "string"},
        "error": {
            "type": "object",
            "additionalProperties": False,
            "properties": {"code": {"type": "string"}, "message": {"type": "string"}},
        },
        "redirect": {"type": "string"},
        "delay": _ref("duration"),
        "fault": _ref("fault"),
        "times": {"type": "integer", "minimum": 1, "maximum": MAX_INTEGER},
        "made": {"type": "boolean"},
    }
    at_most_one = [{"required": [body]} for body in bodies]
    return {
        "anyOf": [
            {"const": "clip", "description": "The clip."},
            {**schemas["status"], "description": "A status, and the route's own body for it."},
            {
                **_mapping("reply", keys, schemas),
                "oneOf": [*at_most_one, {"not": {"anyOf": at_most_one}}],
            },
        ]
    }


def _fault(kind: str, told: FaultKind) -> Iterable[Schema]:
    if "must" not in (told.at, told.amount):
        yield {"const": kind, "description": told.summary}
    if told.at != "no":
        at = [
            {"type": "integer", "minimum": 0, "maximum": MAX_INTEGER, "description": "So many bytes of the body."},
            {"type": "string", "pattern": f"^{_SHARE}$", "description": "A share of the body, such as 50%."},
            {"type": "number", "minimum": 0, "maximum": 1, "description": "A share of the body, such as 0.5."},
        ]
        yield _with_number(kind, told, {"anyOf": at})
    if told.amount != "no":
        amount: Schema = {"type": "integer", "minimum": MIN_INTEGER, "maximum": MAX_INTEGER}
        if kind == "drip":
            amount["minimum"] = 1
        else:
            amount["not"] = {"const": 0}
        yield _with_number(kind, told, amount)


def _with_number(kind: str, told: FaultKind, number: Schema) -> Schema:
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {kind: number},
        "required": [kind],
        "description": f"{told.summary} Example: {told.example}",
    }


def _ref(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


def _one_of(words: Mapping[str, str]) -> Schema:
    return {"anyOf": [{"const": word, "description": meaning} for word, meaning in words.items()]}


def _one_or_more(name: str) -> Schema:
    return {"anyOf": [_ref(name), {"type": "array", "items": _ref(name), "minItems": 1}]}


def _named(schema: Schema) -> Schema:
    return {"type": "object", "propertyNames": _ref("word"), "additionalProperties": schema}
