"""Small parts that every section of the document is made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = [
    "EXAMPLE_ID",
    "JSON",
    "MAYBE_TEXT",
    "PERCENT",
    "TEXT",
    "TIME",
    "URL",
    "XML",
    "Schema",
    "header_parameter",
    "json_response",
    "object_schema",
    "path_parameters",
    "query_parameter",
    "ref",
    "sorted_responses",
]

JSON = "application/json"
XML = "application/xml"
EXAMPLE_ID = "video_abc123"

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
MAYBE_TEXT: Schema = {"type": ["string", "null"]}
PERCENT: Schema = {"type": "integer", "minimum": 0, "maximum": 100}
TIME: Schema = {"type": "integer", "minimum": 0, "description": "Unix seconds."}
URL: Schema = {"type": "string", "description": "Absolute, relative to the poll's own, or a data: URI."}


def object_schema(
    required: Mapping[str, Any], optional: Mapping[str, Any] | None = None, *, closed: bool = True
) -> Schema:
    """An object with these fields; unless it is open (`closed=False`), with no others."""
    schema = {"type": "object", "properties": {**required, **(optional or {})}, "required": list(required)}
    return {**schema, "additionalProperties": False} if closed else schema


def ref(name: str) -> Schema:
    """A reference to a schema of the document."""
    return {"$ref": f"#/components/schemas/{name}"}


def json_response(schema: str, description: str) -> dict[str, Any]:
    """A response with a JSON body of a schema of the document."""
    return {"description": description, "content": {JSON: {"schema": ref(schema)}}}


_PARAMETERS: Mapping[str, str] = {
    "task_id": "The task's id; one with a colon or a slash is quoted, or not, as it comes.",
    "character_id": "The character's id.",
    "link": "The link's name and its ending, as the URL has it.",
    "id": "The task's id, quoted.",
    "name": "The name, quoted where it holds a slash.",
}


def path_parameters(path: str) -> list[dict[str, Any]]:
    """The parameters in a path."""
    names = [part[1:-1].partition("}")[0] for part in path.split("/") if part.startswith("{")]
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1},
         "description": _PARAMETERS[name]}
        for name in names
    ]  # fmt: skip


def query_parameter(name: str, schema: Schema, description: str) -> dict[str, Any]:
    """A parameter of the query."""
    return {"name": name, "in": "query", "schema": schema, "description": description}


def header_parameter(name: str, description: str) -> dict[str, Any]:
    """A header of the request."""
    return {"name": name, "in": "header", "schema": {"type": "string"}, "description": description}


def sorted_responses(responses: Mapping[str, Any], *, bodies: bool) -> dict[str, Any]:
    """Responses by status; without `bodies` none has a body, as for HEAD."""
    return {
        status: {key: part for key, part in response.items() if bodies or key != "content"}
        for status, response in sorted(responses.items())
    }
