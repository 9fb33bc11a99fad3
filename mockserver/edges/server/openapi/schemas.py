"""The schemas of the API's responses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ....api.contract import OCTOPUSX_STATUSES, TASK_QUERY
from ....api.dialects import OMIT, Dialect
from ....api.routing import routes_for
from .errors import envelope_schemas
from .parts import EXAMPLE_ID, MAYBE_TEXT, PERCENT, TEXT, TIME, URL, Schema, object_schema, ref

__all__ = ["api_schemas"]

_EXAMPLE_TIME = 1735689600

_DOCUMENTED_TASK: Mapping[str, Any] = {
    "id": EXAMPLE_ID,
    "object": "video",
    "model": "grok-video-3",
    "status": "processing",
    "progress": 42,
    "created_at": _EXAMPLE_TIME,
    "completed_at": 0,
    "expires_at": 1735776000,
    "seconds": "6",
    "size": "720P",
    "remixed_from_video_id": "",
    "error": {"message": "", "code": ""},
    "video_url": "",
}

_OTHER_FIELDS: Mapping[str, str] = {"task_id": "string", "prompt": "string", "metadata": "object"}
# What is known of a documented field beyond its type.
_DETAILS: Mapping[str, Schema] = {
    "object": {"const": "video"},
    "progress": {"minimum": 0, "maximum": 100},
    "created_at": {"minimum": 0},
    "completed_at": {"minimum": 0},
    "expires_at": {"minimum": 0},
    "error": {"properties": {"message": TEXT, "code": TEXT}, "required": ["message", "code"]},
    "metadata": {"properties": {"url": URL}, "description": "Holds the result's URL once there is one."},
    "task_id": {"description": "The same as `id`."},
    "prompt": {"description": "The prompt of the create."},
}
_STATUS_WORD: Schema = {"type": "string", "examples": ["processing"]}

# What the unified query may carry besides; the fake sends them when a scenario does.
_UNIFIED_EXTRAS = ("prompt", "ratio", "thumbnail_url", "asset_id", "video_file_id", "trace_id", "enhanced_prompt")
_UNIFIED_TASK = object_schema(
    {
        "id": TEXT,
        "status": {"type": "string", "examples": ["pending", "processing", "completed", "failed", "unknown"]},
        "video_url": MAYBE_TEXT,
        "status_update_time": TIME,
        "progress": PERCENT,
    },
    {
        "error": {"type": "object"},
        "output": {"type": "object"},
        "url": TEXT,
        "detail": {"type": "object"},
        **dict.fromkeys(_UNIFIED_EXTRAS, MAYBE_TEXT),
    },
    closed=False,
)
_UNIFIED_CREATED = object_schema(
    {
        "id": {"type": "string", "pattern": "^grok:"},
        "status": _STATUS_WORD,
        "status_update_time": TIME,
        "task_id": {"type": "string", "format": "uuid", "description": "Not the id to ask with: that is `id`."},
        "created_at": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}\+08:00$"},
    }
)
_UNIFIED_CREATED_SORA = object_schema(
    {
        "id": {"type": "string", "pattern": "^sora.*:task_"},
        "status": {"const": "pending"},
        "status_update_time": {"type": "integer", "description": "Unix time in milliseconds."},
    }
)
_UNIFIED_SCHEMAS: Mapping[str, Schema] = {
    "UnifiedTask": {
        **_UNIFIED_TASK,
        "examples": [
            {
                "id": "grok:05c8e247-1e73-4cb2-a7b4-5ed5a4a4ba0e",
                "status": "processing",
                "video_url": None,
                "status_update_time": 1762780400,
                "progress": 50,
            }
        ],
    },
    "UnifiedCreatedTask": {
        "oneOf": [_UNIFIED_CREATED, {**_UNIFIED_CREATED_SORA, "description": "Sora's models."}],
        "examples": [
            {
                "id": "grok:48a67431-8707-4a66-b4b9-2ac1a6e1a4b0",
                "status": "processing",
                "status_update_time": 1762780400,
                "task_id": "48038932-65cd-4f94-9bd0-ab9e5e1ab9a4",
                "created_at": "2025-11-08T23:07:57.510141923+08:00",
            },
            {
                "id": "sora-2:task_01k9hseb86eq5b2bvs2wnazwex",
                "status": "pending",
                "status_update_time": 1762010621323,
            },
        ],
    },
}

_WRAPPED_DATA = object_schema(
    {
        "task_id": TEXT,
        "status": {"type": "string", "enum": ["queued", "processing", "succeeded", "failed"]},
        "url": {"type": "string", "description": "Empty until there is one."},
        "format": {"const": "mp4"},
        "metadata": {"type": ["object", "null"]},
        "error": {"type": ["object", "null"]},
    },
    closed=False,
)
_SEEDANCE_DATA = object_schema(
    {
        "task_id": TEXT,
        "status": {"type": "string", "enum": ["SUBMITTED", "IN_PROGRESS", "SUCCESS", "FAILURE"]},
        "progress": {"type": "string", "pattern": r"^\d+%$"},
        "submit_time": TIME,
        "start_time": TIME,
        "finish_time": TIME,
        "fail_reason": TEXT,
        "data": object_schema(
            {"status": TEXT, "content": object_schema({"video_url": TEXT}, closed=False)}, closed=False
        ),
    },
    closed=False,
)
_WRAPPED_SCHEMAS: Mapping[str, Schema] = {
    "WrappedTask": {
        **object_schema(
            {
                "code": {"const": "success"},
                "message": TEXT,
                "data": {"anyOf": [_WRAPPED_DATA, {**_SEEDANCE_DATA, "description": "Seedance's models."}]},
            }
        ),
        "examples": [
            {
                "code": "success",
                "message": "",
                "data": {
                    "task_id": EXAMPLE_ID,
                    "status": "queued",
                    "url": "",
                    "format": "mp4",
                    "metadata": None,
                    "error": None,
                },
            }
        ],
    },
}


def api_schemas(dialect: Dialect) -> dict[str, Any]:
    """The schemas of the API's responses in a dialect, by name."""
    task = _task_fields(dialect)
    created = {name: task[name] for name in dialect.create_fields}
    schemas: dict[str, Any] = {
        "Task": {**_task(dialect, task), "description": "A task, as its status poll shows it."},
        "CreatedTask": object_schema(created),
        "TaskList": object_schema({
            "object": {"const": "list"}, "data": {"type": "array", "items": ref("Task")},
            "first_id": MAYBE_TEXT, "last_id": MAYBE_TEXT, "has_more": {"type": "boolean"},
        }),
        "DeletedTask": object_schema({
            "id": TEXT, "object": {"const": "video.deleted"}, "deleted": {"const": True},
        }),
        "ModelList": object_schema({
            "object": {"const": "list"},
            "data": {"type": "array", "items": object_schema({
                "id": {"type": "string", "enum": list(dialect.models)}, "object": {"const": "model"},
                "created": TIME, "owned_by": {"const": dialect.name},
            })},
        }),
    }  # fmt: skip
    operations = {route.operation for route in routes_for(dialect.name)}
    if "character" in operations:
        schemas["Character"] = object_schema(
            {"id": TEXT, "object": {"const": "character"}, "created_at": TIME, "name": TEXT}
        )
    if "unified_query" in operations:
        schemas.update(_UNIFIED_SCHEMAS)
    if "wrapped_query" in operations:
        schemas.update(_WRAPPED_SCHEMAS)
    if dialect.name == "octopusx":
        schemas["MadeTask"] = {
            **object_schema({"id": TEXT, "status": _STATUS_WORD, "status_update_time": TIME}),
            "examples": [
                {
                    "id": "grok:48a67431-8707-4a66-b4b9-2ac1a6e1a4b0",
                    "status": "processing",
                    "status_update_time": 1762685256,
                }
            ],
        }
    schemas.update(envelope_schemas(dialect))
    return schemas


def _task_fields(dialect: Dialect) -> dict[str, Schema]:
    """The schema of each field of the task object, in the dialect's order."""
    facts = {fact.name: fact for fact in TASK_QUERY}
    fields: dict[str, Schema] = {}
    for name, absent in dialect.fields:
        fact = facts.get(name)
        schema: Schema = {"type": fact.type if fact else _OTHER_FIELDS[name]}
        if fact:
            schema["description"] = fact.meaning
        if name in _DETAILS:
            schema |= _DETAILS[name]
        if name == "status":
            schema |= _status(dialect)
        if absent is None:
            schema["type"] = [schema["type"], "null"]
        fields[name] = schema
    return fields


def _task(dialect: Dialect, fields: Mapping[str, Schema]) -> Schema:
    # A field without a value is there unless the dialect leaves it out; these always have one.
    always = {"id", "task_id", "object", "model", "status", "progress", "created_at", "seconds", "size"}
    if dialect.expires == "always":
        always.add("expires_at")
    required = [name for name, absent in dialect.fields if absent is not OMIT or name in always]
    schema: Schema = {"type": "object", "properties": dict(fields), "required": required}
    if dialect.url_field == "video_url":
        # The other places where the polling recommendations say to look; only scenarios use them.
        schema["properties"] |= {
            "output": object_schema({}, {"url": URL}, closed=False),
            "url": URL,
            "detail": object_schema({}, {"url": URL}, closed=False),
        }
    if dialect.name == "octopusx":
        schema["examples"] = [_DOCUMENTED_TASK]
    return schema


def _status(dialect: Dialect) -> Schema:
    words = list(dict.fromkeys(dialect.statuses.get(name, name) for name in OCTOPUSX_STATUSES))
    # OctopusX's pages say "commonly"; its relatives name all there are.
    return {"examples": words} if dialect.name == "octopusx" else {"enum": words}
