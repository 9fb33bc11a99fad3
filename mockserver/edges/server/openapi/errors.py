"""The errors of the API: what each route can answer, and the shapes they have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ....api.contract import Route
from ....api.dialects import Dialect, ErrorCase, enveloped
from .parts import EXAMPLE_ID, JSON, MAYBE_TEXT, TEXT, Schema, object_schema, ref

__all__ = ["STORAGE_ERRORS", "envelope_schemas", "error_responses"]

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
STORAGE_ERRORS: Mapping[int, str] = {
    400: "An Authorization header beside the signature.",
    401: "No Authorization header, where a scenario demands one.",
    403: "The signature is missing or wrong, or the link has expired.",
    404: "No such clip.",
    405: "The path has no such method.",
    410: "Where a scenario sends it.",
    429: "Where a scenario sends it.",
    500: "Where a scenario sends it.",
    502: "Where a scenario sends it.",
    503: "Where a scenario sends it.",
}
_EXAMPLE_VALUES: Mapping[str, object] = {
    "request_id": "mock0000000000000001",
    "method": "GET",
    "path": "/v1/nowhere",
    "task_id": EXAMPLE_ID,
    "model": "grok-video-3",
    "key": "sk-***",
    "why": "what is wrong, in words",
    "status": "processing",
    "gateway_status": "IN_PROGRESS",
    "phrase": "Internal Server Error",
}

_MOCK: Schema = {"type": "string", "description": "The fake's own word on why, which the service does not send."}
_ENVELOPE_SCHEMAS: Mapping[str, Schema] = {
    "GatewayError": object_schema(
        {"error": object_schema({"message": TEXT, "type": TEXT, "code": TEXT})}, {"mock": _MOCK}
    ),
    "OpenAIError": object_schema(
        {"error": object_schema({"message": TEXT, "type": TEXT, "param": MAYBE_TEXT, "code": MAYBE_TEXT})},
        {"mock": _MOCK},
    ),
    "TaskError": object_schema({"code": TEXT, "message": TEXT, "data": {"type": "null"}}, {"mock": _MOCK}),
    "ContentError": object_schema({"error": object_schema({"message": TEXT, "type": TEXT})}, {"mock": _MOCK}),
}


def error_responses(dialect: Dialect, route: Route) -> dict[str, Any]:
    """The responses with errors that a route can have, by status."""
    cases = dialect.errors
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


def _error_response(cases: Mapping[str, ErrorCase]) -> dict[str, Any]:
    names = list(dict.fromkeys(_ENVELOPES[case.envelope] for case in cases.values()))
    schema = ref(names[0]) if len(names) == 1 else {"anyOf": [ref(name) for name in names]}
    examples = {
        name: {"value": enveloped(case, case.message.format_map(dict(_EXAMPLE_VALUES)))} for name, case in cases.items()
    }
    response: dict[str, Any] = {
        "description": "; ".join(name.replace("_", " ") for name in cases).capitalize() + ".",
        "content": {JSON: {"schema": schema, "examples": examples}},
    }
    if "method_not_allowed" in cases:
        response["description"] = "The path has no such method: the answer to all that are not listed here."
        response["headers"] = {"Allow": {"required": True, "schema": TEXT}}
    return response


def envelope_schemas(dialect: Dialect) -> dict[str, Schema]:
    """The schemas of the envelopes that a dialect's errors have, by name."""
    envelopes = {case.envelope for case in dialect.errors.values()}
    return {name: _ENVELOPE_SCHEMAS[name] for envelope, name in _ENVELOPES.items() if envelope in envelopes}
