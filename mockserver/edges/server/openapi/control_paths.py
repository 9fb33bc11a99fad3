"""Control's part of the document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..control.fields import Field
from ..control.routes import JSON_TYPES, YAML_TYPES, ControlRoute
from .parts import JSON, Schema, json_response, object_schema, path_parameters, query_parameter

__all__ = ["control_operation"]

_CONTROL_ERRORS: Mapping[int, str] = {
    400: "A wrong field, parameter or body.",
    401: "The token is missing or wrong.",
    403: "Control is off, or a page of another origin asks.",
    404: "Not found.",
    405: "The path has no such method.",
    409: "Conflict with the current state.",
    413: "The body is too large.",
    415: "The body is of another type.",
    422: "The scenario is wrong: every problem, with its line.",
}


def control_operation(route: ControlRoute) -> dict[str, Any]:
    """One route of the control API as an operation of the document."""
    operation: dict[str, Any] = {
        "operationId": f"control_{route.operation}",
        "summary": route.summary,
        "tags": ["control"],
        "security": [] if route.always_on else [{}, {"token": []}, {"bearer_token": []}],
        "parameters": [*path_parameters(route.path), *(_control_query(field) for field in route.query)],
    }
    statuses = {400, 404, 405, *route.errors}
    if not route.always_on:
        statuses |= {401, 403}
    if route.method in ("POST", "PUT"):
        statuses |= {413, 415}
    answer = json_response(f"Control{route.answer}", "Done." if route.method != "GET" else "As it is now.")
    if route.operation == "show_scenario":
        answer["content"]["application/yaml"] = {"schema": {"type": "string"}}
    responses = {str(route.status): answer}
    if route.operation == "open_fake":
        responses["200"] = {**answer, "description": "It was there already."}
    for status in statuses:
        responses[str(status)] = json_response("ControlError", _CONTROL_ERRORS[status])
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
        required = [field.name for field in route.body if field.required]
        schema = object_schema({}, {field.name: _control_field(field) for field in route.body}) | {"required": required}
        operation["requestBody"] = {"required": bool(required), "content": {JSON: {"schema": schema}}}
    if not operation["parameters"]:
        del operation["parameters"]
    return operation


def _control_query(field: Field) -> dict[str, Any]:
    return {**query_parameter(field.name, field.schema(), field.meaning), "required": field.required}


def _control_field(field: Field) -> Schema:
    schema = field.schema()
    if not field.required:
        # `null` counts as absent.
        types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
        schema["type"] = [*types, "null"]
        if "enum" in schema:
            schema["enum"] = [*schema["enum"], None]
    return {**schema, "description": field.meaning}
