"""Reading of queries and bodies, and the check of their fields."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.types import Receive, Scope

from ....api.suggest import close_matches
from .errors import MAX_SHOWN, ControlError
from .fields import Field
from .routes import BODY_LIMIT, JSON_TYPES, YAML_TYPES, ControlRoute

__all__ = ["check_fields", "parse_object", "read_query", "read_text", "rendered"]

_FLAGS = {"1": True, "true": True, "0": False, "false": False}


def read_query(scope: Scope, route: ControlRoute) -> dict[str, Any]:
    """The checked fields of a query. Raises `ControlError`."""
    given: dict[str, str] = {}
    try:
        pairs = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True, max_num_fields=100)
    except ValueError as error:
        raise ControlError(400, f"query: {error}") from None
    for name, value in pairs:
        if name in given:
            raise ControlError(400, f"query: {name[:MAX_SHOWN]!r} is given twice")
        given[name] = value
    return check_fields(
        {name: _from_text(value, name, route.query) for name, value in given.items()}, route.query, "query"
    )


def _from_text(value: str, name: str, fields: Iterable[Field]) -> Any:
    """A query's value as the type of its field, where it can be one."""
    type_of = {field.name: field.type for field in fields}
    if type_of.get(name) == "integer" and re.fullmatch(r"-?\d{1,18}", value, re.ASCII):
        return int(value)
    return value


async def read_text(scope: Scope, receive: Receive, route: ControlRoute) -> str:
    """The text of a body of a type that the route takes. Raises `ControlError`, and `ClientDisconnect`."""
    request = Request(scope, receive)
    taken = (*JSON_TYPES, *YAML_TYPES) if route.scenario_body else JSON_TYPES
    content_type = request.headers.get("content-type")
    media_type = (content_type or "").partition(";")[0].strip().lower()
    sent_type = media_type[:MAX_SHOWN] if content_type is not None else "missing"
    wrong_type = ControlError(415, f"the body's Content-Type is {sent_type!r}; send {' or '.join(taken)}")
    # Refused even with an empty body: the types that a page can send without a preflight are never right here.
    if content_type is not None and media_type not in taken:
        raise wrong_type
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_LIMIT:
            raise ControlError(413, f"the body is larger than {BODY_LIMIT} bytes")
    if body and content_type is None:
        raise wrong_type
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ControlError(400, f"body: not UTF-8: {error.reason} at byte {error.start}") from None


def parse_object(text: str) -> Mapping[str, Any]:
    """A JSON object; an empty one for an empty body. Raises `ControlError`."""

    def refuse(constant: str) -> None:
        raise ValueError(f"{constant} is not JSON")

    if not text.strip():
        return {}
    try:
        data = json.loads(text, parse_constant=refuse)
        json.dumps(data, ensure_ascii=False).encode()  # a lone surrogate can be parsed, but never be sent
    except (ValueError, RecursionError) as error:
        raise ControlError(400, f"body: not JSON: {str(error)[:200]}") from None
    if not isinstance(data, dict):
        raise ControlError(400, f"body: must be an object, not {rendered(data)}")
    return data


def check_fields(given: Mapping[str, Any], fields: tuple[Field, ...], where: str) -> dict[str, Any]:
    """The fields that were given, checked; `null` counts as absent. Raises `ControlError`."""
    names = [field.name for field in fields]
    for name in given:
        if name not in names:
            available = f"available: {', '.join(names)}" if names else "no fields are available here"
            raise ControlError(400, f"{where}: no field {name[:MAX_SHOWN]!r} ({available})", close_matches(name, names))
    checked: dict[str, Any] = {}
    for field in fields:
        value = given.get(field.name)
        if value is not None:
            checked[field.name] = _checked(field, value, where)
        elif field.required:
            raise ControlError(400, f"{where}: {field.name!r} is missing: {field.meaning}")
    return checked


def _checked(field: Field, value: Any, where: str) -> Any:
    """A value of the field's type. Raises `ControlError` for any other."""

    def wrong(expected: str, close: Iterable[str] = ()) -> ControlError:
        return ControlError(400, f"{where}: {field.name!r} must be {expected}, not {rendered(value)}", close)

    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    match field.type:
        case "flag":
            if value not in _FLAGS:
                raise wrong("1 or 0", ["1", "0"])
            return _FLAGS[value]
        case "integer" | "number":
            # 3.0 is an integer to JSON Schema, and to languages that have no other numbers.
            whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
            if not is_number or (field.type == "integer" and not whole):
                raise wrong("an integer" if field.type == "integer" else "a number")
            low = -math.inf if field.minimum is None else field.minimum
            high = math.inf if field.maximum is None else field.maximum
            if not low <= value <= high:
                raise wrong(f"from {low:.0f} to {high:.0f}")
            return int(value) if field.type == "integer" else value
        case "text" if isinstance(value, int) and is_number:
            return str(value)
    if not isinstance(value, str):
        raise wrong("a string")
    if not value:
        raise ControlError(400, f"{where}: {field.name!r} must not be empty: {field.meaning}")
    if field.choices and value not in field.choices:
        raise wrong(f"one of {', '.join(field.choices)}", close_matches(value, field.choices))
    if field.pattern is not None and not re.fullmatch(field.pattern, value):
        raise ControlError(
            400, f"{where}: {field.name!r} is {rendered(value)}, but must match {field.pattern}: {field.meaning}"
        )
    return value


def rendered(value: Any) -> str:
    """A wrong value as a message shows it: JSON, shortened."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}..."
