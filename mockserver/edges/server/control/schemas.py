"""The schemas of control's responses, for the OpenAPI document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ....api.dialects import DIALECTS

__all__ = ["CONTROL_SCHEMAS"]

Schema = Mapping[str, Any]


def _object(required: Mapping[str, Schema], optional: Mapping[str, Schema] | None = None) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {**required, **(optional or {})},
        "required": list(required),
        "additionalProperties": False,
    }


def _list(of: str, name: str, more: Mapping[str, Schema] | None = None) -> dict[str, Any]:
    return _object({name: {"type": "array", "items": _ref(of)}, **(more or {})})


def _ref(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/Control{name}"}


_STRING: Schema = {"type": "string"}
_BOOLEAN: Schema = {"type": "boolean"}
_COUNT: Schema = {"type": "integer", "minimum": 0}
_SECONDS: Schema = {"type": "number", "description": "Seconds of the fake's clock, as Unix time."}
_MAYBE_STRING: Schema = {"type": ["string", "null"]}
_PAIRS: Schema = {
    "type": "array",
    "items": {"type": "array", "items": {"type": "string"}, "minItems": 2, "maxItems": 2},
}
_ADDRESSES: Mapping[str, Schema] = {"origin": _STRING, "base_url": _STRING, "download_origin": _STRING}

_TASK: Mapping[str, Schema] = {
    "id": _STRING,
    "scenario": _STRING,
    "state": {"type": "string", "description": "The scenario's name for where the task stands."},
    "ended": {"type": "boolean", "description": "No transition leads out of its state."},
    "polls": {"type": "integer", "minimum": 0, "description": "Polls answered in this state."},
    "dialect": {"type": "string", "enum": list(DIALECTS)},
    "billed": {"type": "boolean", "description": "A client made it."},
    "created_at": _SECONDS,
    "document": {"type": "object", "description": "The task object, as a poll would show it now."},
}

# The schemas of answers, by the name that `ControlRoute.answer` gives; in the document they are `Control<name>`.
CONTROL_SCHEMAS: Mapping[str, Schema] = {
    "Error": _object(
        {
            "error": _object(
                {
                    "message": {"type": "string", "description": "What is wrong, where, and what would be valid."},
                    "near": {"type": "array", "items": _STRING, "description": "Valid values that are similar."},
                },
                {
                    "problems": {
                        "type": "array",
                        "items": _object({
                            "line": {"type": ["integer", "null"]},
                            "path": {"type": "string", "description": "Keys from the top, with dots."},
                            "message": _STRING,
                        }),
                        "description": "What is wrong with a scenario: all of it, each with its line.",
                    },
                    "routes": {"type": "array", "items": _STRING, "description": "The available routes."},
                },
            )
        }
    ),
    "Index": _object({"routes": {"type": "array", "items": _STRING}}),
    "Health": _object({"status": {"const": "ok"}}),
    "Ready": _object({"status": {"const": "ready"}, "name": _STRING, **_ADDRESSES}),
    "Fake": _object(
        {
            "name": _STRING,
            "scenario": _STRING,
            "dialect": {"type": "string", "enum": list(DIALECTS)},
            "tasks": _COUNT,
            "exchanges": {"type": "integer", "minimum": 0, "description": "The dropped ones included."},
            **_ADDRESSES,
        }
    ),
    "Fakes": _list("Fake", "fakes"),
    "Closed": _object({"closed": _STRING}),
    "Task": _object(_TASK),
    "Tasks": _list("Task", "tasks"),
    "Signalled": _object({**_TASK, "moved": {"type": "boolean", "description": "The signal led to a new state."}}),
    "Clock": _object(
        {
            "now": _SECONDS,
            "manual": {"type": "boolean", "description": "It does not move until it is advanced."},
            "speed": {"type": ["number", "null"], "description": "Its seconds in one real second; null when manual."},
        }
    ),
    "Exchange": _object(
        {
            "number": {"type": "integer", "minimum": 1},
            "at": _SECONDS,
            "operation": {"type": "string", "description": "Empty when no route was matched."},
            "task_id": _MAYBE_STRING,
            "state": _MAYBE_STRING,
            "state_after": _MAYBE_STRING,
            "request": _object({"method": _STRING, "url": _STRING, "headers": _PAIRS, "body": _STRING}),
            "reply": _object(
                {
                    "status": {"type": "integer"},
                    "headers": _PAIRS,
                    "body": _STRING,
                    "delay": {"type": "number", "minimum": 0},
                    "fault": _MAYBE_STRING,
                }
            ),
            "sent": {"type": ["integer", "null"], "description": "Bytes of body that left; null while under way."},
            "ended": {"enum": ["whole", "fault", "client left", None]},
            "note": {"type": ["string", "null"], "description": "Why something was not matched."},
            "unknown_fields": {"type": ["object", "null"]},
        }
    ),
    "Journal": _list(
        "Exchange",
        "exchanges",
        {
            "total": {"type": "integer", "minimum": 0, "description": "Exchanges so far, the dropped ones included."},
            "dropped": {"type": "integer", "minimum": 0, "description": "The oldest, which are no longer kept."},
            "more": {"type": "boolean", "description": "More match than `limit` allows."},
        },
    ),
    "Cleared": _object({"cleared": _COUNT}),
    "Har": {
        "type": "object",
        "properties": {
            "log": {
                "type": "object",
                "properties": {
                    "version": {"const": "1.2"},
                    "creator": {"type": "object"},
                    "entries": {"type": "array", "items": {"type": "object"}},
                },
                "required": ["version", "creator", "entries"],
            }
        },
        "required": ["log"],
    },
    "Scenarios": _object(
        {
            "scenarios": {
                "type": "array",
                "items": _object(
                    {"name": _STRING},
                    {"summary": _STRING, "error": {"type": "string", "description": "Why its file cannot be read."}},
                ),
            }
        }
    ),
    "Added": _object({"name": _STRING, "summary": _STRING, "replaced": _BOOLEAN}),
    "Scenario": _object(
        {
            "name": _STRING,
            "scenario": {
                "type": "object",
                "required": ["summary", "start", "states"],
                "description": "The content of its file; it can be sent back unchanged.",
            },
        }
    ),
    "Default": _object({"scenario": _STRING}),
    "Bill": _object(
        {
            "count": _COUNT,
            "tasks": {
                "type": "array",
                "items": _object({
                    "id": _STRING, "scenario": _STRING, "state": _STRING, "model": _STRING, "prompt": _STRING,
                    "operation": {"type": "string", "description": "The operation that made it."},
                    "created_at": _SECONDS, "deleted": _BOOLEAN,
                }),
            },
        }
    ),
    "Reset": _object({"reset": {"type": "array", "items": _STRING, "description": "The names of the fakes."}}),
}  # fmt: skip
