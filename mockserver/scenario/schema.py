"""The JSON Schema of scenario files, for editors and other tools: made from the tables that the reader reads by.

It knows the shape of a file. What only the whole of a file can tell, such as an unreachable state, and the
names of templates inside of texts are the reader's to find.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..api.contract import STATUS_PHASES, TASK_QUERY
from ..api.faults import FAULTS, FaultKind
from .keys import Key, keys_of
from .limits import (
    HEADER_NAME,
    HEADER_VALUE,
    MAX_INTEGER,
    MAX_SECONDS,
    MIN_INTEGER,
    SOURCES,
    WORD,
)
from .model import Expect, ReplyTemplate, Scenario, State, Transition
from .placeholders import PLACEHOLDERS

__all__ = ["scenario_schema"]

Schema = dict[str, Any]

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
        **_mapping(keys_of(Scenario).values(), more={
            "$schema": {"type": "string", "description": "Where the schema is, for editors."},
        }),
        "$defs": {
            "state": _mapping(keys_of(State).values()),
            "transition": {
                **_mapping(keys_of(Transition).values()),
                "oneOf": [{"required": [trigger]} for trigger in ("after", "on", "signal")],
            },
            "create_reply": _reply(()),
            "poll_reply": _reply(("made",)),
            "clip_reply": _reply(("made", "video")),
            "fault": {"anyOf": [form for kind, fault in FAULTS.items() for form in _fault(kind, fault)]},
            "name": {"type": "string", "pattern": f"^{WORD}$"},
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
    return f"Texts of replies and of what is merged into documents can hold placeholders. {table}"


def _mapping(keys: Iterable[Key], *, more: Mapping[str, Schema] | None = None) -> Schema:
    keys = list(keys)
    schema: Schema = {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            **(more or {}),
            **{key.name: {"description": key.meaning, **_schema_of(key)} for key in keys},
        },
    }
    if required := [key.name for key in keys if key.required]:
        schema["required"] = required
    return schema


def _schema_of(key: Key) -> Schema:
    """The schema of a key's value, by its kind."""
    match key.kind:
        case "text" if key.choices is not None:
            return _one_of(key.choices)
        case "text" if key.pattern == WORD:
            return _ref("name")
        case "text" if key.pattern is not None:
            # What happens is a text with something in it; other patterns are of the whole text.
            return {"type": "string", "pattern": key.pattern if key.pattern.startswith("[^") else f"^{key.pattern}$"}
        case "text":
            return {"type": "string"}
        case "integer":
            return {"type": "integer", "minimum": key.minimum, "maximum": key.maximum}
        case "number":
            return {"type": "number", "exclusiveMinimum": key.minimum, "maximum": key.maximum}
        case "flag":
            return {"type": "boolean"}
        case "duration" | "fault":
            return _ref(key.kind)
        case "after":
            return {"anyOf": [{"type": "string", "pattern": f"^{_POLLS}$"}, _ref("duration")]}
        case "any":
            return {}
        case "mapping":
            return {"type": "object"}
        case "overlay" | "video":
            return _overlay(ramps=key.kind == "overlay")
        case "headers":
            # A header's value is text; a number stands for its digits, null for no header.
            value = {"type": ["string", "integer", "null"], "pattern": f"^{HEADER_VALUE}$"}
            names = {"pattern": f"^{HEADER_NAME}$"}
            return {"type": "object", "propertyNames": names, "additionalProperties": value}
        case "error":
            texts = {"code": {"type": "string"}, "message": {"type": "string"}}
            return {"type": "object", "additionalProperties": False, "properties": texts}
        case "replies":
            return _one_or_more(_REPLIES.get(key.name, "clip_reply"))
        case "links":
            return _named(_one_or_more("clip_reply"))
        case "transitions":
            return _one_or_more("transition")
        case "states":
            return {**_named(_ref("state")), "minProperties": 1}
        case "sources":
            source = {"enum": list(SOURCES)}
            return {"anyOf": [source, {"type": "array", "items": source}]}
        case "expect":
            return {
                **_mapping(keys_of(Expect).values()),
                "if": {"properties": {"outcome": {"const": "clip"}}},
                "then": {
                    "required": ["from"], "properties": {"from": {"anyOf": [{"type": "string"}, {"minItems": 1}]}},
                },
                "else": {"properties": {"from": {"type": "array", "maxItems": 0}}},
            }  # fmt: skip


# What a reply can say depends on the route.
_REPLIES = {"create": "create_reply", "poll": "poll_reply"}


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


def _reply(without: Iterable[str]) -> Schema:
    keys = {name: key for name, key in keys_of(ReplyTemplate).items() if name not in without}
    at_most_one = [{"required": [name]} for name, key in keys.items() if key.is_body]
    return {
        "anyOf": [
            {"const": "clip", "description": "The clip."},
            {**_schema_of(keys["status"]), "description": "A status, and the route's own body for it."},
            {**_mapping(keys.values()), "oneOf": [*at_most_one, {"not": {"anyOf": at_most_one}}]},
        ]
    }


def _fault(kind: str, fault: FaultKind) -> Iterable[Schema]:
    if "must" not in (fault.at, fault.amount):
        yield {"const": kind, "description": fault.summary}
    if fault.at != "no":
        at = [
            {"type": "integer", "minimum": 0, "maximum": MAX_INTEGER, "description": "So many bytes of the body."},
            {"type": "string", "pattern": f"^{_SHARE}$", "description": "A share of the body, such as 50%."},
            {"type": "number", "minimum": 0, "maximum": 1, "description": "A share of the body, such as 0.5."},
        ]
        yield _with_number(kind, fault, {"anyOf": at})
    if fault.amount != "no":
        amount: Schema = {"type": "integer", "minimum": MIN_INTEGER, "maximum": MAX_INTEGER}
        if fault.least is not None:
            amount["minimum"] = fault.least
        else:
            amount["not"] = {"const": 0}
        yield _with_number(kind, fault, amount)


def _with_number(kind: str, fault: FaultKind, number: Schema) -> Schema:
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {kind: number},
        "required": [kind],
        "description": f"{fault.summary} Example: {fault.example}",
    }


def _ref(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


def _one_of(choices: Mapping[str, str]) -> Schema:
    return {"anyOf": [{"const": choice, "description": meaning} for choice, meaning in choices.items()]}


def _one_or_more(name: str) -> Schema:
    return {"anyOf": [_ref(name), {"type": "array", "items": _ref(name), "minItems": 1}]}


def _named(schema: Schema) -> Schema:
    return {"type": "object", "propertyNames": _ref("name"), "additionalProperties": schema}
