"""The request bodies of the API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ....api.contract import FIXED_SECONDS
from ....api.dialects import Dialect
from .parts import EXAMPLE_ID, JSON, TEXT, Schema

__all__ = ["CREATE_FIELD_SCHEMAS", "request_body"]

_SECONDS: Schema = {
    "anyOf": [{"type": "integer", "minimum": 1, "maximum": 999}, {"type": "string", "pattern": "^[0-9]{1,3}$"}],
    "description": "Duration in seconds; fixed to "
    + ", ".join(f"{seconds} for {model}" for model, seconds in FIXED_SECONDS.items())
    + ".",
}
_SOURCE: Schema = {
    "anyOf": [
        {"type": "string", "minLength": 1},
        {"type": "object", "required": ["id"], "properties": {"id": {"type": "string", "minLength": 1}}},
        {"type": "object", "required": ["url"], "properties": {"url": {"type": "string", "minLength": 1}}},
    ],
    "description": "The task to go on from: its id, as `url` (OctopusX) or `id` (OpenAI).",
}

# What a create may carry, as JSON. The names are the contract's; a test holds the two together.
CREATE_FIELD_SCHEMAS: Mapping[str, Schema] = {
    "model": {
        "type": "string",
        # What follows an @ is a scenario, and one that is not there is refused.
        "pattern": "^[^@]*[^@\\s][^@]*$",
        "description": "A model of the service; `model@scenario` also names the scenario of the task.",
    },
    "prompt": {
        "type": "string",
        "pattern": "\\S",
        "description": "What the clip shows; a word `scenario:<name>` in it names the scenario of the task.",
    },
    "seconds": _SECONDS,
    "duration": {**_SECONDS, "description": "The unified entry's name for `seconds`."},
    "size": {"type": "string", "description": "720P or 1080P; for Sora 720x1280 and the like."},
    "resolution": {"type": "string", "description": "The name of `size` for newer Grok models."},
    "aspect_ratio": {"type": "string", "description": "16:9, 9:16, 2:3, 3:2 or 1:1."},
    "image": {"description": "A picture to start from: a URL or a data: URI, or an object that holds one."},
    "images": {"type": "array", "description": "Pictures to start from; may be empty."},
    "input_reference": {"description": "Pictures to start from: in JSON a URL, a data: URI or a list of them."},
    "video": _SOURCE,
    "metadata": {"type": ["object", "string", "null"]},
    "mode": TEXT,
    "name": {"type": "string", "minLength": 1},
    "style": TEXT,
    "private": {"type": ["boolean", "string"]},
    "watermark": {"type": ["boolean", "string"]},
    "enhance_prompt": {"type": ["boolean", "string"]},
    "enable_upsample": {"type": ["boolean", "string"]},
}

# How some of them come in a form, and in a multipart form as files: a field that is repeated is a list.
_FORM_FIELDS: Mapping[str, Schema] = {
    **dict.fromkeys(("image", "images", "input_reference", "metadata"), TEXT),
    "video": {"type": "string", "minLength": 1},
}
_FILE: Schema = {"type": "string", "format": "binary", "contentMediaType": "application/octet-stream"}
_FILES: Schema = {"type": "array", "items": _FILE}
_UPLOADS: Mapping[str, Schema] = {"image": _FILE, "images": _FILES, "input_reference": _FILES, "video": _FILE}
_DATA_URI: Schema = {"type": "string", "minLength": 1, "description": "The clip, as a data: URI."}

_CREATE_PARAMS = tuple(name for name in CREATE_FIELD_SCHEMAS if name not in ("video", "name"))
# The routes that take a body, and what must be in it. The model of a task that is made from another is that one's.
_REQUIRED: Mapping[str, tuple[str, ...]] = {
    "create": ("model", "prompt"),
    "unified_create": ("model", "prompt"),
    "wrapped_create": ("model", "prompt"),
    "remix": ("prompt",),
    "extend": ("prompt",),
    "extensions": ("prompt", "video"),
    "edits": ("prompt", "video"),
    "create_character": ("name", "video"),
}
_EXAMPLES: Mapping[str, dict[str, Any]] = {
    "create": {"model": "grok-video-3", "prompt": "a fox in the snow", "seconds": "6", "size": "720P"},
    "unified_create": {"model": "grok-video-3", "prompt": "a fox in the snow", "aspect_ratio": "3:2", "images": []},
    "wrapped_create": {"model": "grok-video-3", "prompt": "a fox in the snow"},
    "remix": {"model": "grok-video-3", "prompt": "the same at night"},
    "extend": {"model": "grok-video-3", "prompt": "it runs on"},
    "extensions": {"model": "grok-video-3", "prompt": "it runs on", "video": {"url": EXAMPLE_ID}},
    "edits": {"prompt": "the same at night", "video": {"id": EXAMPLE_ID}},
}


def request_body(dialect: Dialect, operation: str) -> dict[str, Any] | None:
    """The body that an operation takes; None when it takes none."""
    if operation not in _REQUIRED:
        return None
    required = [name for name in _REQUIRED[operation] if name != "model" or dialect.default_model is None]
    names = list(dict.fromkeys((*_REQUIRED[operation], *(() if operation == "create_character" else _CREATE_PARAMS))))

    def body(fields: Mapping[str, Schema]) -> dict[str, Any]:
        properties = {name: fields.get(name, CREATE_FIELD_SCHEMAS[name]) for name in names}
        return {"schema": {"type": "object", "properties": properties, "required": required}}

    by_name = operation == "extensions"  # the video is named, never uploaded
    files = {name: schema for name, schema in _UPLOADS.items() if not (by_name and name == "video")}
    json_body = body({"video": _DATA_URI} if operation == "create_character" else {})
    if operation in _EXAMPLES:
        json_body["example"] = _in_dialect(dialect, _EXAMPLES[operation])
    return {
        "required": True,
        "content": {
            JSON: json_body,
            "multipart/form-data": body({**_FORM_FIELDS, **files}),
            "application/x-www-form-urlencoded": body(_FORM_FIELDS),
        },
    }


def _in_dialect(dialect: Dialect, example: dict[str, Any]) -> dict[str, Any]:
    own = {"model": dialect.models[0], "seconds": dialect.default_seconds,
           "size": dialect.default_size}  # fmt: skip
    return {**example, **{name: value for name, value in own.items() if name in example}}
