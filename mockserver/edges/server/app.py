"""The whole application of a server: the API of its fakes, control, and the OpenAPI document."""

from __future__ import annotations

import ipaddress

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from .asgi import ApiApp
from .limits import ServerLimits
from .registry import FakeRegistry

__all__ = ["build_app"]


def build_app(
    registry: FakeRegistry,
    *,
    host: str = "127.0.0.1",
    token: str | None = None,
    public_url: str | None = None,
    limits: ServerLimits | None = None,
) -> ApiApp:
    """The ASGI application of a server that listens on `host`.

    Control needs `token`; without one it is on only where nobody but this machine can reach the server.
    """
    made: ASGIApp | None = None

    async def control_and_openapi(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal made
        if made is None:
            # Half of what there is to import, and most servers are never asked for it.
            from .control.app import control_app

            control = control_app(registry, token=token, enabled=_is_loopback(host), public_url=public_url)
            made = _with_openapi_document(registry, control)
        await made(scope, receive, send)

    return ApiApp(registry, control_and_openapi, body_limit=(limits or ServerLimits()).body_size)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _with_openapi_document(registry: FakeRegistry, control: ASGIApp) -> ASGIApp:
    """`/openapi.json` of the fake that was asked; everything else is control's."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if not scope["path"].endswith("/openapi.json") or "/_mock" in scope["path"]:
            await control(scope, receive, send)
            return
        from .openapi.document import openapi_document

        try:
            fake, origins = registry.fake_of(scope), registry.origins(scope)
        except LookupError as error:
            response = JSONResponse({"error": {"message": str(error)}}, 404)
        else:
            response = JSONResponse(openapi_document(fake.settings.dialect, server_url=origins.api))
        await response(scope, receive, send)

    return app
