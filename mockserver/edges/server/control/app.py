"""The control API: `/_mock/` over HTTP, for tests in any language.

It acts on the fake whose origin was asked: `/_mock/...` on a fake's own port is that
fake's, `/t/<name>/_mock/...` the named one's. Bodies and answers are JSON; a wrong request is answered with
`{"error": {"message": ..., "near": [...]}}`, which says what, where, and what would be right. The routes themselves are
in `routes`, what they do in `resources`.

**Who may.** Whoever can reach these routes owns the fake, so they are for the machine it runs on, or for those who
have the token. And a browser on that machine is not its owner: a page of another origin is refused by the headers
that browsers send, by the content types that a page cannot send unasked, and (without a token) by the Host, against
names that were made to point here (DNS rebinding). There is no CORS here, ever.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from difflib import get_close_matches
from urllib.parse import quote, unquote

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect
from starlette.routing import Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from ..options import check_token
from .errors import MAX_SHOWN, ControlError
from .guard import Guard
from .provider import FakeProvider
from .reading import check_fields, parse_object, read_query, read_text
from .requests import ControlRequest, ControlResponse, Handler
from .resources import bill, clock, fakes, journal, scenarios, server, tasks
from .responses import error_response, http_response
from .routes import CONTROL, CONTROL_ROUTES, ControlRoute, route_lines

__all__ = ["HANDLERS", "control_app"]

_log = logging.getLogger("video_mockserver.control")
_SCOPE = "video_mockserver.scope"  # where a routed scope keeps the one that the server gave

# What each operation of the routes does.
HANDLERS: Mapping[str, Handler] = {
    name: handler
    for resource in (server, fakes, tasks, clock, journal, scenarios, bill)
    for name, handler in resource.HANDLERS.items()
}


def control_app(
    provider: FakeProvider, *, token: str | None = None, enabled: bool = True, public_url: str | None = None
) -> ASGIApp:
    """The control API as an ASGI application.

    It looks for `/_mock` in the scope's own path, so it works mounted, or called with the whole request.

    - `token`: whoever sends it may do everything, from anywhere. Raises ValueError unless it is visible ASCII.
    - `enabled`: whether control is on without a token. Pass False unless the server listens on loopback only.
    - `public_url`: the server's public base URL, if it has one: its host is a good Host, its origin the server's own.
    """
    check_token(token)
    return _Control(provider, Guard(token, enabled, public_url))


class _Control:
    """Finds the resource for a request, once the guard has let it in."""

    def __init__(self, provider: FakeProvider, guard: Guard) -> None:
        self._guard = guard
        self._open = {route.path for route in CONTROL_ROUTES if route.always_on}
        resources: dict[str, dict[str, ControlRoute]] = {}
        for route in CONTROL_ROUTES:
            resources.setdefault(route.path, {})[route.method] = route
        self._router = Router(
            # A scenario's name may hold slashes as they are; ids with one come quoted.
            [
                Route(path.replace("scenarios/{name}", "scenarios/{name:path}"), _Resource(provider, methods))
                for path, methods in resources.items()
            ],
            redirect_slashes=False,
            default=_no_such_route,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._router(scope, receive, send)  # lifespan is answered, a websocket closed
            return
        below = _path_below(scope)
        try:
            if below not in self._open:
                self._guard.check(scope)
            # Matched raw, so that a quoted slash or colon stays a part of its segment.
            await self._router({**scope, "path": below, "root_path": "", _SCOPE: scope}, receive, send)
        except ControlError as error:
            await error_response(error)(scope, receive, send)


def _path_below(scope: Scope) -> str:
    """The raw path that follows `/_mock`, without a slash at its end."""
    raw = scope.get("raw_path")
    path = raw.decode("latin-1").partition("?")[0] if raw else quote(scope["path"], safe="/:@!$&'()*+,;=~")
    found = re.search(rf"(?:/t/[^/]+)?{CONTROL}(?=/|$)", path)
    return (path[found.end() :] if found else path).rstrip("/") or "/"


async def _no_such_route(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1000})
        return
    path = unquote(scope["path"])
    close = get_close_matches(path, dict.fromkeys(route.path for route in CONTROL_ROUTES), 3, 0.6)
    raise ControlError(
        404,
        f"no route {CONTROL}{path[:MAX_SHOWN]}",
        [CONTROL + known for known in close],
        more={"routes": route_lines()},
    )


class _Resource:
    """One path of the control API with its methods, as an ASGI endpoint."""

    def __init__(self, provider: FakeProvider, methods: Mapping[str, ControlRoute]) -> None:
        self._provider = provider
        self._methods = {**methods, **({"HEAD": methods["GET"]} if "GET" in methods else {})}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            response = http_response(await self._handled(scope, receive))
        except ControlError as error:
            response = error_response(error)
        except ClientDisconnect:
            return
        except Exception as error:
            _log.exception("the control API failed at %s %s", scope["method"], scope["path"])
            message = f"the control API failed: {type(error).__name__}; please report it"
            response = error_response(ControlError(500, message))
        await response(scope, receive, send)

    async def _handled(self, scope: Scope, receive: Receive) -> ControlResponse:
        method: str = scope["method"]
        route = self._methods.get(method)
        if route is None:
            allowed = ", ".join(sorted(self._methods))
            here = CONTROL + unquote(scope["path"])[:MAX_SHOWN]
            raise ControlError(405, f"{here} has no method {method} (available: {allowed})", headers={"allow": allowed})
        query = read_query(scope, route)
        text = await read_text(scope, receive, route) if method not in ("GET", "HEAD", "DELETE") else ""
        try:
            fake = self._provider.fake_of(scope[_SCOPE])
        except LookupError as error:
            raise ControlError(404, str(error.args[0]) if error.args else "there is no fake here") from None
        request = ControlRequest(
            self._provider,
            fake,
            self._provider.origins(scope[_SCOPE]),
            params={name: unquote(value) for name, value in scope["path_params"].items()},
            query=query,
            body={} if route.scenario_body else check_fields(parse_object(text), route.body, "body"),
            text=text,
        )
        # Handlers take the fake's lock, and some read files: not on the server's event loop.
        return await run_in_threadpool(HANDLERS[route.operation], request)
