"""The OpenAPI 3.1 document of a fake, made from the tables that the fake itself answers by.

It describes what the documentation promises and what a fake answers where a scenario says nothing else. A scenario may
replace any of these answers: that is what it is for. Such answers fit the schemas only where they keep the contract.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ....api.contract import DOWNLOAD_ALIAS, DOWNLOAD_ROUTE
from ....api.dialects import DIALECTS
from ....api.routing import routes_for
from ....fake.selection import SCENARIO_HEADER
from ..control.routes import CONTROL_ROUTES
from ..control.schemas import CONTROL_SCHEMAS
from .control_paths import control_operation
from .paths import api_operation, download_operations
from .schemas import api_schemas

__all__ = ["openapi_document"]

_DESCRIPTION = f"""\
A fake of an asynchronous video API for contract tests. A task follows a scenario, which is the fake's default unless
the request names one: with the header `{SCENARIO_HEADER.title()}`, as `model@scenario`, with a word `scenario:<name>`
in the prompt, or by asking for the task `video_<scenario>`. A scenario may answer anything; this document describes
what is answered where the scenario says nothing else. A JSON body on a GET is read and ignored."""


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
    - `scenarios`: the names that the header `X-Mock-Scenario` may have. With none the header is described in text
      only, so that a generator of requests does not ask for scenarios that are not there.
    """
    if dialect not in DIALECTS:
        raise ValueError(f"dialect: {dialect!r} must be one of {', '.join(DIALECTS)}")
    chosen = DIALECTS[dialect]
    names = tuple(scenarios)
    download = server_url.rstrip("/") + DOWNLOAD_ALIAS if download_url is None else download_url
    control_schemas = {f"Control{name}": schema for name, schema in CONTROL_SCHEMAS.items()}
    paths: dict[str, dict[str, Any]] = {}
    for route in routes_for(chosen.name):
        paths.setdefault(route.path, {})[route.method.lower()] = api_operation(chosen, route, names)
    paths[DOWNLOAD_ROUTE.path] = {"servers": [{"url": download}], **download_operations()}
    for control in CONTROL_ROUTES:
        paths.setdefault(control.full_path, {})[control.method.lower()] = control_operation(control)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": f"video-mockserver, {chosen.name}",
            "version": "1",
            "summary": chosen.summary,
            "description": _DESCRIPTION,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": server_url}],
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
            "schemas": {**api_schemas(chosen), **control_schemas},
        },
    }
