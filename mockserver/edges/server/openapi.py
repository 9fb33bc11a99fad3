"""The OpenAPI 3.1 document of a fake, made from the tables that the fake itself answers by.

It describes what the documentation promises and what a fake answers where a scenario says nothing else. A scenario may
lay anything over these answers: that is what it is for. Such answers fit the schemas only where they keep the promise.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ...api.contract import DOWNLOAD_ALIAS, DOWNLOAD_ROUTE, FIXED_SECONDS, TASK_QUERY, Route
from ...api.dialects import DIALECTS, OMIT, Dialect, ErrorCase, enveloped
from ...api.routing import routes_for
from ...fake.selection import SCENARIO_HEADER
from .control_routes import CONTROL_ROUTES, CONTROL_SCHEMAS, JSON_TYPES, YAML_TYPES, ControlRoute, Field

__all__ = ["openapi_document"]

_JSON = "application/json"
_XML = "application/xml"
_VIDEO = "video/mp4"
_PICTURE = "image/*"
# The words that the pages give for a status; each dialect has its own for some of them.
_STATUSES = ("queued", "processing", "completed", "failed", "cancelled")
_VARIANTS = ("video", "thumbnail", "spritesheet")
_EXAMPLE_ID = "video_abc123"
_EXAMPLE_TIME = 1735689600

Schema = dict[str, Any]


def openapi_document(
    dialect: str = "octopusx",
    *,
    server_url: str = "/",
    download_url: str | None = None,
    scenarios: Iterable[str] = (),
) -> dict[str, Any]:
    """The document of a fake in this dialect, ready for JSON.

    - `dialect`: a name of `dialects.DIALECTS`; ValueError for another.
    - `server_url`: the base of the API's paths, absolute or relative to where the document is read.
    - `download_url`: the download host's base; None takes its alias below the API's, which every server has.
    - `scenarios`: the names that the header `X-Mock-Scenario` is said to take. With none the header is told only in
      words, so that a generator of requests does not ask for scenarios that are not there.
    """
    if dialect not in DIALECTS:
        raise ValueError(f"dialect: no {dialect!r}; there are {', '.join(DIALECTS)}")
    return _Maker(DIALECTS[dialect], server_url, download_url, tuple(scenarios)).document()


# --- errors -----------------------------------------------------------------------------------------------------------

_EVERY_ROUTE = ("no_key", "bad_key", "method_not_allowed")
# What a scenario may put in place of an answer where it names a status alone, or an error of its own.
_SCRIPTED: tuple[tuple[int, str], ...] = (
    (403, "forbidden"),
    (403, "quota"),
    (404, "not_found"),
    (429, "too_many_requests"),
    (500, "server_error"),
    (502, "server_error"),
    (503, "model_not_found"),
)
_BODY = ("invalid_json", "invalid_multipart_form", "invalid_request", "body_too_large")
_CREATE = (*_BODY, "missing_model", "prompt_required", "unknown_scenario", "wrong_scenario")
_TASK = ("task_not_exist", "unknown_scenario", "wrong_scenario", "unknown_route")

# The error cases of each route's own.
_CASES: Mapping[str, tuple[str, ...]] = {
    "create": _CREATE,
    "list": ("invalid_request",),
    "poll": _TASK,
    "delete": _TASK,
    "content": (
        "content_unknown_task", "content_not_completed", "content_upstream", "invalid_request", "unknown_scenario",
        "wrong_scenario", "unknown_route",
    ),
    "cancel": (*_TASK, "already_ended"),
    "remix": (*_CREATE, *_TASK),
    "extend": (*_CREATE, *_TASK),
    "extensions": (*_CREATE, *_TASK),
    "edits": (*_CREATE, *_TASK),
    "create_character": _BODY,
    "character": ("not_found", "unknown_route"),
    "unified_create": _CREATE,
    "unified_query": (*_TASK, "invalid_request"),
    "wrapped_create": _CREATE,
    "wrapped_query": _TASK,
    "models": (),
}  # fmt: skip

_ENVELOPES: Mapping[str, str] = {
    "gateway": "GatewayError",
    "openai": "OpenAIError",
    "task": "TaskError",
    "content": "ContentError",
}
_STORAGE_ERRORS: Mapping[int, str] = {
    400: "An Authorization header beside the signature.",
    401: "No Authorization header, where a scenario demands one.",
    403: "The signature is missing or wrong, or the link has expired.",
    404: "No such clip.",
    405: "The path has no such method.",
    410: "A scenario says so.",
    429: "A scenario says so.",
    500: "A scenario says so.",
    502: "A scenario says so.",
    503: "A scenario says so.",
}
_EXAMPLE_VALUES: Mapping[str, object] = {
    "request_id": "mock0000000000000001",
    "method": "GET",
    "path": "/v1/nowhere",
    "task_id": _EXAMPLE_ID,
    "model": "grok-video-3",
    "key": "sk-***",
    "why": "what is wrong, in words",
    "status": "processing",
    "gateway_status": "IN_PROGRESS",
    "phrase": "Internal Server Error",
}


def _object(required: Mapping[str, Any], optional: Mapping[str, Any] | None = None, *, closed: bool = True) -> Schema:
    schema = {"type": "object", "properties": {**required, **(optional or {})}, "required": list(required)}
    return {**schema, "additionalProperties": False} if closed else schema


_TEXT: Schema = {"type": "string"}
_MAYBE_TEXT: Schema = {"type": ["string", "null"]}
_INTEGER: Schema = {"type": "integer"}
_PERCENT: Schema = {"type": "integer", "minimum": 0, "maximum": 100}
_TIME: Schema = {"type": "integer", "minimum": 0, "description": "Unix seconds."}
_URL: Schema = {"type": "string", "description": "Absolute, relative to the poll's own, or a data: URI."}
_MOCK: Schema = {"type": "string", "description": "The fake's own word on why, which the service does not send."}

_ENVELOPE_SCHEMAS: Mapping[str, Schema] = {
    "GatewayError": _object({"error": _object({"message": _TEXT, "type": _TEXT, "code": _TEXT})}, {"mock": _MOCK}),
    "OpenAIError": _object(
        {"error": _object({"message": _TEXT, "type": _TEXT, "param": _MAYBE_TEXT, "code": _MAYBE_TEXT})},
        {"mock": _MOCK},
    ),
    "TaskError": _object({"code": _TEXT, "message": _TEXT, "data": {"type": "null"}}, {"mock": _MOCK}),
    "ContentError": _object({"error": _object({"message": _TEXT, "type": _TEXT})}, {"mock": _MOCK}),
}


# --- bodies -----------------------------------------------------------------------------------------------------------

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
_FIELDS: Mapping[str, Schema] = {
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
    "mode": _TEXT,
    "name": {"type": "string", "minLength": 1},
    "style": _TEXT,
    "private": {"type": ["boolean", "string"]},
    "watermark": {"type": ["boolean", "string"]},
    "enhance_prompt": {"type": ["boolean", "string"]},
    "enable_upsample": {"type": ["boolean", "string"]},
}

# How some of them come in a form, and in a multipart form as files: a field that is repeated is a list.
_FORM_FIELDS: Mapping[str, Schema] = {
    **dict.fromkeys(("image", "images", "input_reference", "metadata"), _TEXT),
    "video": {"type": "string", "minLength": 1},
}
_FILE: Schema = {"type": "string", "format": "binary", "contentMediaType": "application/octet-stream"}
_FILES: Schema = {"type": "array", "items": _FILE}
_UPLOADS: Mapping[str, Schema] = {"image": _FILE, "images": _FILES, "input_reference": _FILES, "video": _FILE}
_DATA_URI: Schema = {"type": "string", "minLength": 1, "description": "The clip, as a data: URI."}

_WISHES = tuple(name for name in _FIELDS if name not in ("video", "name"))
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
    "extensions": {"model": "grok-video-3", "prompt": "it runs on", "video": {"url": _EXAMPLE_ID}},
    "edits": {"prompt": "the same at night", "video": {"id": _EXAMPLE_ID}},
}


_ANSWERS: Mapping[str, tuple[str, str]] = {
    "create": ("CreatedTask", "The task was made."),
    "list": ("TaskList", "A page of tasks."),
    "poll": ("Task", "The task."),
    "delete": ("DeletedTask", "The task was deleted."),
    "cancel": ("Task", "The task, cancelled."),
    "remix": ("MadeTask", "The task was made."),
    "extend": ("MadeTask", "The task was made."),
    "extensions": ("MadeTask", "The task was made."),
    "edits": ("MadeTask", "The task was made."),
    "create_character": ("Character", "The character was made."),
    "character": ("Character", "The character."),
    "unified_create": ("UnifiedCreatedTask", "The task was made."),
    "unified_query": ("UnifiedTask", "The task."),
    "wrapped_create": ("WrappedTask", "The task was made."),
    "wrapped_query": ("WrappedTask", "The task."),
    "models": ("ModelList", "The models."),
}


# --- the document -----------------------------------------------------------------------------------------------------


class _Maker:
    """Makes the document for one dialect."""

    def __init__(self, dialect: Dialect, server_url: str, download_url: str | None, scenarios: tuple[str, ...]) -> None:
        self._dialect = dialect
        self._server = server_url
        self._download = server_url.rstrip("/") + DOWNLOAD_ALIAS if download_url is None else download_url
        self._scenarios = scenarios

    def document(self) -> dict[str, Any]:
        paths: dict[str, dict[str, Any]] = {}
        for route in routes_for(self._dialect.name):
            paths.setdefault(route.path, {})[route.method.lower()] = self._operation(route)
        paths[DOWNLOAD_ROUTE.path] = {"servers": [{"url": self._download}], **self._downloads()}
        for control in CONTROL_ROUTES:
            paths.setdefault(control.full_path, {})[control.method.lower()] = _control_operation(control)
        return {
            "openapi": "3.1.0",
            "info": {
                "title": f"video-mockserver, {self._dialect.name}",
                "version": "1",
                "summary": self._dialect.summary,
                "description": _DESCRIPTION,
                "license": {"name": "MIT", "identifier": "MIT"},
            },
            "servers": [{"url": self._server}],
            "tags": [
                {"name": "video", "description": "The API that the fake stands for."},
                {"name": "download", "description": "The download host, an origin of its own."},
                {"name": "control", "description": "The fake's own API, for tests."},
            ],
            "security": [{"key": []}],
            "paths": paths,
            "components": {
                "securitySchemes": {
                    "key": {"type": "http", "scheme": "bearer", "description": "Any key, unless the fake lists some."},
                    "token": {"type": "apiKey", "in": "header", "name": "X-Mock-Token"},
                    "bearer_token": {"type": "http", "scheme": "bearer", "description": "The control token."},
                },
                "schemas": self._schemas(),
            },
        }

    # --- operations ---

    def _operation(self, route: Route) -> dict[str, Any]:
        head = route.method == "HEAD"
        operation: dict[str, Any] = {
            "operationId": f"head_{route.operation}" if head else route.operation,
            "summary": route.summary,
            "description": f"Source: {route.source}.",
            "tags": ["video"],
            "parameters": [*_path_parameters(route.path), *self._parameters(route)],
            "responses": _sorted({**self._successes(route), **self._errors(route)}, bodies=not head),
        }
        if route.operation in _REQUIRED:
            operation["requestBody"] = self._request_body(route.operation)
        if not operation["parameters"]:
            del operation["parameters"]
        return operation

    def _parameters(self, route: Route) -> list[dict[str, Any]]:
        parameters: list[dict[str, Any]] = []
        match route.operation:
            case "list":
                parameters = [
                    _query("after", _TEXT, "The id that the page begins behind."),
                    _query("limit", {"type": "integer", "minimum": 1, "maximum": 100, "default": 20}, "Tasks a page."),
                    _query("order", {"type": "string", "enum": ["asc", "desc"], "default": "desc"}, "By making."),
                ]
            case "content":
                schema = {"type": "string", "enum": list(_VARIANTS), "default": "video"}
                parameters = [_query("variant", schema, "The clip, or a picture of one.")]
                parameters.append(_header("If-None-Match", "An ETag: 304 when it is still this one."))
                parameters += _RANGES if route.method == "GET" else []
            case "unified_query":
                parameters = [{**_query("id", {"type": "string", "minLength": 1}, "The task's id."), "required": True}]
        if self._scenarios and (route.creates or route.poll or "{task_id}" in route.path):
            header = _header("X-Mock-Scenario", "The scenario of a task that is made by this request.")
            parameters.append({**header, "schema": {"type": "string", "enum": list(self._scenarios)}})
        return parameters

    def _request_body(self, operation: str) -> dict[str, Any]:
        required = [name for name in _REQUIRED[operation] if name != "model" or self._dialect.default_model is None]
        names = list(dict.fromkeys((*_REQUIRED[operation], *(() if operation == "create_character" else _WISHES))))

        def body(fields: Mapping[str, Schema]) -> dict[str, Any]:
            told = {name: fields.get(name, _FIELDS[name]) for name in names}
            return {"schema": {"type": "object", "properties": told, "required": required}}

        by_name = operation == "extensions"  # the video is named, never uploaded
        files = {name: schema for name, schema in _UPLOADS.items() if not (by_name and name == "video")}
        json_body = body({"video": _DATA_URI} if operation == "create_character" else {})
        if operation in _EXAMPLES:
            json_body["example"] = self._in_dialect(_EXAMPLES[operation])
        return {
            "required": True,
            "content": {
                _JSON: json_body,
                "multipart/form-data": body({**_FORM_FIELDS, **files}),
                "application/x-www-form-urlencoded": body(_FORM_FIELDS),
            },
        }

    def _in_dialect(self, example: dict[str, Any]) -> dict[str, Any]:
        own = {"model": self._dialect.models[0], "seconds": self._dialect.default_seconds,
               "size": self._dialect.default_size}  # fmt: skip
        return {**example, **{name: value for name, value in own.items() if name in example}}

    # --- answers ---

    def _successes(self, route: Route) -> dict[str, Any]:
        if route.operation == "content":
            return _clip_responses(route.method, {_VIDEO: {}, _PICTURE: {}}, _CONTENT_HEADERS)
        schema, description = _ANSWERS[route.operation]
        if schema == "MadeTask" and self._dialect.name != "octopusx":
            schema = "CreatedTask"
        answer = _answer(schema, description)
        return {"200": {**answer, "headers": _POLL_HEADERS} if route.poll else answer}

    def _errors(self, route: Route) -> dict[str, Any]:
        cases = self._dialect.errors
        by_status: dict[int, dict[str, ErrorCase]] = {}
        for name in (*_EVERY_ROUTE, *_CASES[route.operation]):
            by_status.setdefault(cases[name].status, {})[name] = cases[name]
        if route.creates or route.poll or route.operation == "content":
            for status, name in _SCRIPTED:
                by_status.setdefault(status, {})[name] = cases[name]
            # An `error` of the scenario's own is in the envelope that the route's errors have.
            usual = ("content_not_completed", "content_upstream") if route.operation == "content" else (
                "invalid_request", "server_error",
            )  # fmt: skip
            for status in dict(_SCRIPTED):
                envelope = cases[usual[status >= 500]].envelope
                by_status[status]["scripted"] = ErrorCase(status, envelope, "its_code", "a scenario's own words")
        return {str(status): _error_response(found) for status, found in by_status.items()}

    def _downloads(self) -> dict[str, Any]:
        return {
            "get": self._download_operation("GET", "download", DOWNLOAD_ROUTE.summary),
            "head": self._download_operation("HEAD", "head_download", "The headers of the clip's file."),
        }

    def _download_operation(self, method: str, name: str, summary: str) -> dict[str, Any]:
        responses = _clip_responses(method, {_VIDEO: {}}, _CLIP_HEADERS)
        for status, why in _STORAGE_ERRORS.items():
            content: dict[str, Any] = {_XML: {"schema": {"type": "string"}}}
            if status == 401:
                content[_JSON] = {"schema": {"type": "object", "required": ["error"]}}
            responses[str(status)] = {"description": why, "content": content}
        return {
            "operationId": name,
            "summary": summary,
            "description": "Take the URL as a reply holds it: it is signed, and a changed one is refused.",
            "tags": ["download"],
            "security": [],
            "parameters": [
                *_path_parameters(DOWNLOAD_ROUTE.path),
                _query("expires", {"type": "string"}, "Unix seconds, as the URL has it."),
                _query("signature", {"type": "string"}, "As the URL has it."),
                _query("relative", {"const": "1"}, "As the URL has it, where it was given as a path."),
                _header("If-None-Match", "An ETag: 304 when it is still this one."),
                *(_RANGES if method == "GET" else []),
            ],
            "responses": _sorted(responses, bodies=method == "GET"),
        }

    # --- schemas ---

    def _schemas(self) -> dict[str, Any]:
        task = self._task_fields()
        created = {name: task[name] for name in self._dialect.create_fields}
        schemas: dict[str, Any] = {
            "Task": {**self._task(task), "description": "A task, as its status poll shows it."},
            "CreatedTask": _object(created),
            "TaskList": _object({
                "object": {"const": "list"}, "data": {"type": "array", "items": _ref("Task")},
                "first_id": _MAYBE_TEXT, "last_id": _MAYBE_TEXT, "has_more": {"type": "boolean"},
            }),
            "DeletedTask": _object({
                "id": _TEXT, "object": {"const": "video.deleted"}, "deleted": {"const": True},
            }),
            "ModelList": _object({
                "object": {"const": "list"},
                "data": {"type": "array", "items": _object({
                    "id": {"type": "string", "enum": list(self._dialect.models)}, "object": {"const": "model"},
                    "created": _TIME, "owned_by": {"const": self._dialect.name},
                })},
            }),
        }  # fmt: skip
        operations = {route.operation for route in routes_for(self._dialect.name)}
        if "character" in operations:
            schemas["Character"] = _object(
                {"id": _TEXT, "object": {"const": "character"}, "created_at": _TIME, "name": _TEXT}
            )
        if "unified_query" in operations:
            schemas.update(_UNIFIED_SCHEMAS)
        if "wrapped_query" in operations:
            schemas.update(_WRAPPED_SCHEMAS)
        if self._dialect.name == "octopusx":
            schemas["MadeTask"] = {
                **_object({"id": _TEXT, "status": _STATUS_WORD, "status_update_time": _TIME}),
                "examples": [
                    {
                        "id": "grok:48a67431-8707-4a66-b4b9-2ac1a6e1a4b0",
                        "status": "processing",
                        "status_update_time": 1762685256,
                    }
                ],
            }
        envelopes = {case.envelope for case in self._dialect.errors.values()}
        for envelope, name in _ENVELOPES.items():
            if envelope in envelopes:
                schemas[name] = _ENVELOPE_SCHEMAS[name]
        schemas.update({f"Control{name}": schema for name, schema in CONTROL_SCHEMAS.items()})
        return schemas

    def _task_fields(self) -> dict[str, Schema]:
        """The schema of each field of the task object, in the dialect's order."""
        told = {fact.name: fact for fact in TASK_QUERY}
        fields: dict[str, Schema] = {}
        for name, absent in self._dialect.fields:
            fact = told.get(name)
            schema: Schema = {"type": fact.type if fact else _OTHER_FIELDS[name]}
            if fact:
                schema["description"] = fact.meaning
            if name in _CLOSER:
                schema |= _CLOSER[name]
            if name == "status":
                schema |= self._status()
            if absent is None:
                schema["type"] = [schema["type"], "null"]
            fields[name] = schema
        return fields

    def _task(self, fields: Mapping[str, Schema]) -> Schema:
        # A field without a value is there unless the dialect leaves it out; these always have one.
        always = {"id", "task_id", "object", "model", "status", "progress", "created_at", "seconds", "size"}
        if self._dialect.expires == "always":
            always.add("expires_at")
        required = [name for name, absent in self._dialect.fields if absent is not OMIT or name in always]
        schema: Schema = {"type": "object", "properties": dict(fields), "required": required}
        if self._dialect.url_field == "video_url":
            # The other places where the polling recommendations say to look; only scenarios use them.
            schema["properties"] |= {
                "output": _object({}, {"url": _URL}, closed=False),
                "url": _URL,
                "detail": _object({}, {"url": _URL}, closed=False),
            }
        if self._dialect.name == "octopusx":
            schema["examples"] = [_DOCUMENTED_TASK]
        return schema

    def _status(self) -> Schema:
        words = list(dict.fromkeys(self._dialect.words.get(word, word) for word in _STATUSES))
        # OctopusX's pages say "commonly"; its relatives name all there are.
        return {"examples": words} if self._dialect.name == "octopusx" else {"enum": words}


_DESCRIPTION = f"""\
A fake of an asynchronous video API for contract tests. A task follows a scenario, which is the fake's default unless
the request names one: with the header `{SCENARIO_HEADER.title()}`, as `model@scenario`, with a word `scenario:<name>`
in the prompt, or by asking for the task `video_<scenario>`. A scenario may answer anything; this document tells what is
answered where it says nothing else. A JSON body on a GET is read and ignored."""

_DOCUMENTED_TASK: Mapping[str, Any] = {
    "id": _EXAMPLE_ID,
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
_CLOSER: Mapping[str, Schema] = {
    "object": {"const": "video"},
    "progress": {"minimum": 0, "maximum": 100},
    "created_at": {"minimum": 0},
    "completed_at": {"minimum": 0},
    "expires_at": {"minimum": 0},
    "error": {"properties": {"message": _TEXT, "code": _TEXT}, "required": ["message", "code"]},
    "metadata": {"properties": {"url": _URL}, "description": "Holds the result's URL once there is one."},
    "task_id": {"description": "The same as `id`."},
    "prompt": {"description": "The prompt of the create."},
}
_STATUS_WORD: Schema = {"type": "string", "examples": ["processing"]}

# What the unified query may carry besides; the fake sends them when a scenario does.
_UNIFIED_EXTRAS = ("prompt", "ratio", "thumbnail_url", "asset_id", "video_file_id", "trace_id", "enhanced_prompt")
_UNIFIED_TASK = _object(
    {
        "id": _TEXT,
        "status": {"type": "string", "examples": ["pending", "processing", "completed", "failed", "unknown"]},
        "video_url": _MAYBE_TEXT,
        "status_update_time": _TIME,
        "progress": _PERCENT,
    },
    {
        "error": {"type": "object"},
        "output": {"type": "object"},
        "url": _TEXT,
        "detail": {"type": "object"},
        **dict.fromkeys(_UNIFIED_EXTRAS, _MAYBE_TEXT),
    },
    closed=False,
)
_UNIFIED_CREATED = _object(
    {
        "id": {"type": "string", "pattern": "^grok:"},
        "status": _STATUS_WORD,
        "status_update_time": _TIME,
        "task_id": {"type": "string", "format": "uuid", "description": "Not the id to ask with: that is `id`."},
        "created_at": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}\+08:00$"},
    }
)
_UNIFIED_CREATED_SORA = _object(
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

_WRAPPED_DATA = _object(
    {
        "task_id": _TEXT,
        "status": {"type": "string", "enum": ["queued", "processing", "succeeded", "failed"]},
        "url": {"type": "string", "description": "Empty until there is one."},
        "format": {"const": "mp4"},
        "metadata": {"type": ["object", "null"]},
        "error": {"type": ["object", "null"]},
    },
    closed=False,
)
_SEEDANCE_DATA = _object(
    {
        "task_id": _TEXT,
        "status": {"type": "string", "enum": ["SUBMITTED", "IN_PROGRESS", "SUCCESS", "FAILURE"]},
        "progress": {"type": "string", "pattern": r"^\d+%$"},
        "submit_time": _TIME,
        "start_time": _TIME,
        "finish_time": _TIME,
        "fail_reason": _TEXT,
        "data": _object({"status": _TEXT, "content": _object({"video_url": _TEXT}, closed=False)}, closed=False),
    },
    closed=False,
)
_WRAPPED_SCHEMAS: Mapping[str, Schema] = {
    "WrappedTask": {
        **_object(
            {
                "code": {"const": "success"},
                "message": _TEXT,
                "data": {"anyOf": [_WRAPPED_DATA, {**_SEEDANCE_DATA, "description": "Seedance's models."}]},
            }
        ),
        "examples": [
            {
                "code": "success",
                "message": "",
                "data": {
                    "task_id": _EXAMPLE_ID,
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

_POLL_HEADERS: Mapping[str, Any] = {
    "openai-poll-after-ms": {
        "description": "When to ask again, in milliseconds; sent by a fake that was told to.",
        "schema": {"type": "string", "pattern": "^[0-9]+$"},
    }
}
_CLIP_HEADERS: Mapping[str, Any] = {
    "ETag": {"required": True, "schema": {"type": "string", "pattern": '^".*"$'}},
    "Accept-Ranges": {"schema": {"const": "bytes"}},
}
_CONTENT_HEADERS: Mapping[str, Any] = {
    **_CLIP_HEADERS,
    "Cache-Control": {"description": "As the gateway sends it.", "schema": {"const": "public, max-age=86400"}},
}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _answer(schema: str, description: str) -> dict[str, Any]:
    return {"description": description, "content": {_JSON: {"schema": _ref(schema)}}}


def _path_parameters(path: str) -> list[dict[str, Any]]:
    names = [part[1:-1].partition("}")[0] for part in path.split("/") if part.startswith("{")]
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1},
         "description": _PARAMETERS[name]}
        for name in names
    ]  # fmt: skip


_PARAMETERS: Mapping[str, str] = {
    "task_id": "The task's id; one with a colon or a slash is quoted, or not, as it comes.",
    "character_id": "The character's id.",
    "link": "The link's name and its ending, as the URL has it.",
    "id": "The task's id, quoted.",
    "name": "The name, quoted where it holds a slash.",
}


def _query(name: str, schema: Schema, description: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "schema": schema, "description": description}


def _header(name: str, description: str) -> dict[str, Any]:
    return {"name": name, "in": "header", "schema": {"type": "string"}, "description": description}


_RANGES = (
    _header("Range", "One range of bytes; anything else is ignored."),
    _header("If-Range", "An ETag: the whole clip when it is no longer this one."),
)


def _sorted(responses: Mapping[str, Any], *, bodies: bool) -> dict[str, Any]:
    return {
        status: {key: part for key, part in response.items() if bodies or key != "content"}
        for status, response in sorted(responses.items())
    }


def _clip_responses(method: str, content: Mapping[str, Any], headers: Mapping[str, Any]) -> dict[str, Any]:
    responses: dict[str, Any] = {
        "200": {"description": "The whole file.", "headers": headers, "content": content},
        "304": {"description": "Still the same.", "headers": {"ETag": _CLIP_HEADERS["ETag"]}},
    }
    if method == "GET":  # ranges are defined for no other
        content_range = {"required": True, "schema": {"type": "string", "pattern": r"^bytes \d+-\d+/\d+$"}}
        unsatisfied = {"required": True, "schema": {"type": "string", "pattern": r"^bytes \*/\d+$"}}
        responses["206"] = {
            "description": "The part that Range asks for.",
            "headers": {**headers, "Content-Range": content_range},
            "content": content,
        }
        responses["416"] = {
            "description": "The range lies behind the clip's end.",
            "headers": {"Content-Range": unsatisfied},
            "content": {_XML: {"schema": {"type": "string"}}},
        }
    return responses


def _error_response(cases: Mapping[str, ErrorCase]) -> dict[str, Any]:
    names = list(dict.fromkeys(_ENVELOPES[case.envelope] for case in cases.values()))
    schema = _ref(names[0]) if len(names) == 1 else {"anyOf": [_ref(name) for name in names]}
    examples = {
        name: {"value": enveloped(case, case.message.format_map(dict(_EXAMPLE_VALUES)))} for name, case in cases.items()
    }
    response: dict[str, Any] = {
        "description": "; ".join(name.replace("_", " ") for name in cases).capitalize() + ".",
        "content": {_JSON: {"schema": schema, "examples": examples}},
    }
    if "method_not_allowed" in cases:
        response["description"] = "The path has no such method: the answer to all that are not told here."
        response["headers"] = {"Allow": {"required": True, "schema": _TEXT}}
    return response


# --- control ----------------------------------------------------------------------------------------------------------

_CONTROL_ERRORS: Mapping[int, str] = {
    400: "A wrong field, parameter or body.",
    401: "The token is missing or wrong.",
    403: "Control is off, or a page of another origin asks.",
    404: "Not there.",
    405: "The path has no such method.",
    409: "Not as things stand.",
    413: "The body is too large.",
    415: "The body is of another type.",
    422: "The scenario is wrong: every problem, with its line.",
}


def _control_operation(route: ControlRoute) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": f"control_{route.operation}",
        "summary": route.summary,
        "tags": ["control"],
        "security": [] if route.always_on else [{}, {"token": []}, {"bearer_token": []}],
        "parameters": [*_path_parameters(route.path), *(_control_query(told) for told in route.query)],
    }
    statuses = {400, 404, 405, *route.errors}
    if not route.always_on:
        statuses |= {401, 403}
    if route.method in ("POST", "PUT"):
        statuses |= {413, 415}
    answer = _answer(f"Control{route.answer}", "Done." if route.method != "GET" else "As it is now.")
    if route.operation == "show_scenario":
        answer["content"]["application/yaml"] = {"schema": {"type": "string"}}
    responses = {str(route.status): answer}
    if route.operation == "open_fake":
        responses["200"] = {**answer, "description": "It was there already."}
    for status in statuses:
        responses[str(status)] = _answer("ControlError", _CONTROL_ERRORS[status])
    operation["responses"] = dict(sorted(responses.items()))
    if route.scenario_body:
        schema = {"type": "object", "required": ["summary", "start", "states"]}
        operation["requestBody"] = {
            "required": True,
            "content": {
                **{media_type: {"schema": schema} for media_type in JSON_TYPES},
                **{media_type: {"schema": {"type": "string"}} for media_type in YAML_TYPES},
            },
        }
    elif route.body:
        required = [told.name for told in route.body if told.required]
        schema = _object({}, {told.name: _control_field(told) for told in route.body}) | {"required": required}
        operation["requestBody"] = {"required": bool(required), "content": {_JSON: {"schema": schema}}}
    if not operation["parameters"]:
        del operation["parameters"]
    return operation


def _control_query(told: Field) -> dict[str, Any]:
    return {**_query(told.name, told.schema(), told.meaning), "required": told.required}


def _control_field(told: Field) -> Schema:
    schema = told.schema()
    if not told.required:
        # `null` counts as absent.
        types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
        schema["type"] = [*types, "null"]
        if "enum" in schema:
            schema["enum"] = [*schema["enum"], None]
    return {**schema, "description": told.meaning}
