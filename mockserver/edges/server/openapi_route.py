"""What a server answers besides the API: control, and the OpenAPI document."""

from __future__ import annotations

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from .openapi import openapi_document
from .registry import FakeRegistry

__all__ = ["side_app"]


def side_app(hall: FakeRegistry, control: ASGIApp) -> ASGIApp:
    """`/openapi.json` of the fake that was asked; everything else is control's."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if not scope["path"].endswith("/openapi.json") or "/_mock" in scope["path"]:
            await control(scope, receive, send)
            return
        try:
            fake, origins = hall.fake_of(scope), hall.origins(scope)
        except LookupError as error:
            answer = JSONResponse({"error": {"message": str(error)}}, 404)
        else:
            answer = JSONResponse(openapi_document(fake.settings.dialect, server_url=origins.api))
        await answer(scope, receive, send)

    return app
