"""The operations of the API and of the download host."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ....api.contract import DOWNLOAD_ROUTE, Route
from ....api.dialects import Dialect
from .bodies import request_body
from .errors import STORAGE_ERRORS, error_responses
from .parts import (
    JSON,
    TEXT,
    XML,
    header_parameter,
    json_response,
    path_parameters,
    query_parameter,
    sorted_responses,
)

__all__ = ["api_operation", "download_operations"]

_VIDEO = "video/mp4"
_PICTURE = "image/*"
_VARIANTS = ("video", "thumbnail", "spritesheet")

_RESPONSES: Mapping[str, tuple[str, str]] = {
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

_POLL_HEADERS: Mapping[str, Any] = {
    "openai-poll-after-ms": {
        "description": "When to ask again, in milliseconds; sent by a fake with the option `poll_after_ms`.",
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

_RANGES = (
    header_parameter("Range", "One range of bytes; anything else is ignored."),
    header_parameter("If-Range", "An ETag: the whole clip when it is no longer this one."),
)


def api_operation(dialect: Dialect, route: Route, scenarios: tuple[str, ...]) -> dict[str, Any]:
    """One route of the API as an operation of the document; `scenarios` are those that a header may name."""
    head = route.method == "HEAD"
    operation: dict[str, Any] = {
        "operationId": f"head_{route.operation}" if head else route.operation,
        "summary": route.summary,
        "description": f"Source: {route.source}.",
        "tags": ["video"],
        "parameters": [*path_parameters(route.path), *_parameters(route, scenarios)],
        "responses": sorted_responses(
            {**_successes(dialect, route), **error_responses(dialect, route)}, bodies=not head
        ),
    }
    body = request_body(dialect, route.operation)
    if body is not None:
        operation["requestBody"] = body
    if not operation["parameters"]:
        del operation["parameters"]
    return operation


def _parameters(route: Route, scenarios: tuple[str, ...]) -> list[dict[str, Any]]:
    parameters: list[dict[str, Any]] = []
    match route.operation:
        case "list":
            parameters = [
                query_parameter("after", TEXT, "The id before the first of the page."),
                query_parameter(
                    "limit", {"type": "integer", "minimum": 1, "maximum": 100, "default": 20}, "Tasks a page."
                ),
                query_parameter(
                    "order",
                    {"type": "string", "enum": ["asc", "desc"], "default": "desc"},
                    "By the time of the create.",
                ),
            ]
        case "content":
            schema = {"type": "string", "enum": list(_VARIANTS), "default": "video"}
            parameters = [query_parameter("variant", schema, "The clip, or a picture of one.")]
            parameters.append(header_parameter("If-None-Match", "An ETag: 304 when it is still this one."))
            parameters += _RANGES if route.method == "GET" else []
        case "unified_query":
            parameters = [
                {**query_parameter("id", {"type": "string", "minLength": 1}, "The task's id."), "required": True}
            ]
    if scenarios and (route.creates or route.poll or "{task_id}" in route.path):
        header = header_parameter("X-Mock-Scenario", "The scenario of a task that is made by this request.")
        parameters.append({**header, "schema": {"type": "string", "enum": list(scenarios)}})
    return parameters


def _successes(dialect: Dialect, route: Route) -> dict[str, Any]:
    if route.operation == "content":
        return _clip_responses(route.method, {_VIDEO: {}, _PICTURE: {}}, _CONTENT_HEADERS)
    schema, description = _RESPONSES[route.operation]
    if schema == "MadeTask" and dialect.name != "octopusx":
        schema = "CreatedTask"
    response = json_response(schema, description)
    return {"200": {**response, "headers": _POLL_HEADERS} if route.poll else response}


def download_operations() -> dict[str, Any]:
    """The operations of the download host."""
    return {
        "get": _download_operation("GET", "download", DOWNLOAD_ROUTE.summary),
        "head": _download_operation("HEAD", "head_download", "The headers of the clip's file."),
    }


def _download_operation(method: str, name: str, summary: str) -> dict[str, Any]:
    responses = _clip_responses(method, {_VIDEO: {}}, _CLIP_HEADERS)
    for status, why in STORAGE_ERRORS.items():
        content: dict[str, Any] = {XML: {"schema": {"type": "string"}}}
        if status == 401:
            content[JSON] = {"schema": {"type": "object", "required": ["error"]}}
        responses[str(status)] = {"description": why, "content": content}
    return {
        "operationId": name,
        "summary": summary,
        "description": "Take the URL as a reply holds it: it is signed, and a changed one is refused.",
        "tags": ["download"],
        "security": [],
        "parameters": [
            *path_parameters(DOWNLOAD_ROUTE.path),
            query_parameter("expires", {"type": "string"}, "Unix seconds, as the URL has it."),
            query_parameter("signature", {"type": "string"}, "As the URL has it."),
            query_parameter("relative", {"const": "1"}, "As the URL has it, where it was given as a path."),
            header_parameter("If-None-Match", "An ETag: 304 when it is still this one."),
            *(_RANGES if method == "GET" else []),
        ],
        "responses": sorted_responses(responses, bodies=method == "GET"),
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
            "content": {XML: {"schema": {"type": "string"}}},
        }
    return responses
