"""Responses of control as HTTP."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from .errors import ControlError
from .requests import ControlResponse

__all__ = ["encoded", "error_response", "http_response"]

_HEADERS = {"cache-control": "no-store", "x-content-type-options": "nosniff"}


def http_response(response: ControlResponse, headers: Mapping[str, str] | None = None) -> Response:
    """What a handler returned, as HTTP."""
    body = encoded(response.data) if response.text is None else response.text.encode()
    # Servers leave the body of a response to HEAD out by themselves.
    return Response(body, response.status, {**_HEADERS, **(headers or {})}, response.media_type)


def error_response(error: ControlError) -> Response:
    """A refusal, as HTTP."""
    data = {"error": {"message": error.message, "near": list(error.near), **error.more}}
    return http_response(ControlResponse(data, error.status), error.headers)


def encoded(data: Any) -> bytes:
    """Data as JSON, whatever clients and scenarios have put into it."""
    try:
        return json.dumps(data, ensure_ascii=False, allow_nan=False).encode() + b"\n"
    except (ValueError, RecursionError):
        # Journals and documents show what clients and scenarios sent: lone surrogates, infinity, deep nesting.
        return json.dumps(_plain(data), allow_nan=False).encode() + b"\n"


def _plain(data: Any, depth: int = 60) -> Any:
    if isinstance(data, Mapping):
        return {str(key): _plain(value, depth - 1) for key, value in data.items()} if depth else "..."
    if isinstance(data, list | tuple):
        return [_plain(value, depth - 1) for value in data] if depth else "..."
    return str(data) if isinstance(data, float) and not math.isfinite(data) else data
