"""The control API: `/_mock/` over HTTP, for tests in any language.

It acts on the fake whose origin was asked: `/_mock/...` on a fake's own port is that fake's, `/t/<name>/_mock/...` the
named one's. Bodies and answers are JSON; what is wrong with a request is answered as
`{"error": {"message": ..., "near": [...]}}`, which says what, where, and what would be right. The routes themselves are
told in `video_mockserver.edges.server.control_routes`.

**Who may.** Whoever can reach these routes owns the fake, so they are for the machine it runs on, or for who has the
token. And a browser on that machine is not its owner: a page of another origin is refused by the headers that browsers
send, by the content types that a page cannot send unasked, and (without a token) by the Host, against names that were
made to point here (DNS rebinding). There is no CORS here, ever.
"""

from __future__ import annotations

import hmac
import ipaddress
import json
import logging
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, Protocol
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from ...api.messages import Origins
from ...api.suggest import close_matches
from ...fake.clock import ManualClock
from ...fake.fake import Fake
from ...fake.har import har
from ...fake.journal import Exchange
from ...fake.tasks import Task
from ...scenario.model import Scenario
from ...scenario.problems import ScenarioError
from ...scenario.reader import read_scenario
from ...scenario.sources import UnknownScenario
from ...scenario.writer import to_data, write_scenario
from .control_routes import (
    BODY_LIMIT,
    CONTROL,
    CONTROL_ROUTES,
    CREATE_PARAMETERS,
    JSON_TYPES,
    YAML_TYPES,
    ControlRoute,
    Field,
)

__all__ = ["FakeProvider", "control_app"]

_log = logging.getLogger("video_mockserver.control")
_LAST_MOMENT = 253_370_764_800  # 9999-01-01 in Unix seconds: after that year no date can be written
_FLAGS = {"1": True, "true": True, "0": False, "false": False}
_SHOWN = 80  # characters of a wrong value that are worth repeating
_TOKEN = re.compile(r"[\x21-\x7e]+")


class FakeProvider(Protocol):
    """What the control API needs of the server that holds the fakes.

    `fake_of` and `origins` are called on the event loop and must not block; the rest is called in worker threads,
    several at a time, and may wait for the event loop.
    """

    def fake_of(self, scope: Scope) -> Fake:
        """The fake that this request addresses, by its port or its `/t/<name>` prefix; one of a prefix is made on first
        use. `scope` is as the server gave it. Raises LookupError, with a sentence, when there is none."""

    def fakes(self) -> Mapping[str, Fake]:
        """Every fake that is open, by name: a snapshot."""

    def open(self, name: str) -> Fake:
        """The fake of this name, made on first use. Raises ValueError for a name that cannot be one's."""

    def close(self, name: str) -> None:
        """Close a fake, its connections and its ports, and forget it. Raises KeyError when there is none, ValueError
        for one that the server cannot do without."""

    def addresses(self, name: str) -> Mapping[str, str]:
        """A fake's `origin`, `base_url` and `download_origin`. Raises KeyError when there is none of this name."""

    def origins(self, scope: Scope) -> Origins:
        """The bases of URLs as this request's sender can reach them."""


def control_app(
    fakes: FakeProvider, *, token: str | None = None, enabled: bool = True, public_url: str | None = None
) -> ASGIApp:
    """The control API as an ASGI application.

    It looks for `/_mock` in the scope's own path, so it works mounted, or called with the whole request.

    - `token`: whoever sends it may do everything, from anywhere. Visible ASCII, not empty, else ValueError.
    - `enabled`: whether control is on without a token. Say False unless the server listens on loopback alone.
    - `public_url`: the server's public base URL, if it has one: its host is a good Host, its origin the server's own.
    """
    if token is not None and not _TOKEN.fullmatch(token):
        raise ValueError("token: must be visible ASCII characters without blanks, at least one")
    return _Control(fakes, _Guard(token, enabled, public_url))


@dataclass(slots=True)
class _ControlError(Exception):
    """A request that is answered with an error."""

    status: int
    message: str
    near: Iterable[str] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    more: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class _Answer:
    """What a handler answers: data for JSON, or text of another type."""

    data: Any
    status: int = 200
    text: str | None = None
    media_type: str = "application/json"


@dataclass(slots=True)
class _Asked:
    """One request, read and checked, as its handler gets it."""

    house: FakeProvider
    fake: Fake
    origins: Origins
    params: Mapping[str, str]
    query: Mapping[str, Any]
    body: Mapping[str, Any]
    text: str

    def task(self) -> Task:
        """The task in the path, as of now."""
        id = self.params["id"]
        task = self.fake.find_task(id)
        if task is None:
            close = close_matches(id, [known.id for known in self.fake.tasks])
            raise _ControlError(404, f"no task {id!r} in the fake {self.fake.name!r}", close)
        return task

    def scenario(self, name: str, status: int = 400) -> Scenario:
        """A scenario by name; `status` is that of an unknown one."""
        try:
            return self.fake.scenario(name)
        except UnknownScenario as error:
            raise _ControlError(status, str(error), error.near) from None
        except ScenarioError as error:
            raise _wrong_scenario(error) from None


# --- who may ----------------------------------------------------------------------------------------------------------


class _Guard:
    """Says who may use the control API."""

    def __init__(self, token: str | None, enabled: bool, public_url: str | None) -> None:
        self._token = token.encode() if token is not None else None
        self._enabled = enabled
        public = urlsplit(public_url or "")
        self._public_host = public.hostname or ""
        self._public_origins = {f"{public.scheme}://{public.netloc}".lower()} if public_url else set()

    def check(self, scope: Scope) -> None:
        """Raises `_ControlError` for a request that may not."""
        headers: dict[bytes, list[str]] = {}
        for name, value in scope["headers"]:
            headers.setdefault(name.lower(), []).append(value.decode("latin-1").strip())
        hosts = headers.get(b"host", [])
        self._check_page(scope, headers, hosts)
        if self._token is not None:
            self._check_token(headers)
        elif not self._enabled:
            raise _ControlError(
                403,
                "the control API is off, because this server can be reached from other machines; "
                "start it with a token (--token TOKEN or VIDEO_MOCKSERVER_TOKEN), or on 127.0.0.1",
            )
        elif len(hosts) != 1 or not self._is_here(hosts[0]):
            raise _ControlError(
                403,
                f"the Host {', '.join(hosts)!r} does not name this machine; ask 127.0.0.1, localhost or [::1], "
                "or start the server with a token or with --public-url",
            )

    def _check_page(self, scope: Scope, headers: Mapping[bytes, list[str]], hosts: Iterable[str]) -> None:
        own = {f"{scope.get('scheme', 'http')}://{host}".lower() for host in hosts} | self._public_origins
        for origin in headers.get(b"origin", []):
            if origin.lower() not in own:
                raise _ControlError(
                    403, f"pages of another origin may not use the control API (Origin: {origin[:_SHOWN]!r})"
                )
        for site in headers.get(b"sec-fetch-site", []):
            if site.lower() not in ("same-origin", "none"):
                raise _ControlError(
                    403, f"pages of another site may not use the control API (Sec-Fetch-Site: {site[:20]!r})"
                )

    def _check_token(self, headers: Mapping[bytes, list[str]]) -> None:
        assert self._token is not None
        given = list(headers.get(b"x-mock-token", []))
        for value in headers.get(b"authorization", []):
            scheme, _, credentials = value.partition(" ")
            if scheme.lower() == "bearer":
                given.append(credentials.strip())
        # Every one is compared, in constant time each: how long it takes tells nothing of the token.
        right = [hmac.compare_digest(value.encode("latin-1"), self._token) for value in given]
        if not any(right):
            raise _ControlError(
                401,
                "the token is wrong" if given else "this server's control API needs its token; send the header "
                "'X-Mock-Token: TOKEN' or 'Authorization: Bearer TOKEN'",
                headers={"www-authenticate": "Bearer"},
            )  # fmt: skip

    def _is_here(self, host: str) -> bool:
        found = re.fullmatch(r"(\[[0-9a-f:.]+\]|[^:\[\]]+)(?::\d*)?", host.lower())
        if not found:
            return False
        name = found[1].removeprefix("[").removesuffix("]")
        if name in ("localhost", self._public_host):
            return True
        try:
            return ipaddress.ip_address(name).is_loopback
        except ValueError:
            return False


# --- requests ---------------------------------------------------------------------------------------------------------


class _Control:
    """Finds the resource for a request, once the guard has let it in."""

    def __init__(self, house: FakeProvider, guard: _Guard) -> None:
        self._guard = guard
        self._open = {route.path for route in CONTROL_ROUTES if route.always_on}
        resources: dict[str, dict[str, ControlRoute]] = {}
        for route in CONTROL_ROUTES:
            resources.setdefault(route.path, {})[route.method] = route
        self._router = Router(
            # A scenario's name may hold slashes as they are; ids with one come quoted.
            [
                Route(path.replace("scenarios/{name}", "scenarios/{name:path}"), _Resource(house, methods))
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
        except _ControlError as error:
            await _error(error)(scope, receive, send)


_SCOPE = "video_mockserver.scope"  # where a routed scope keeps the one that the server gave


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
    raise _ControlError(
        404, f"no route {CONTROL}{path[:_SHOWN]}", [CONTROL + known for known in close], more={"routes": _routes()}
    )


def _routes() -> list[str]:
    return [f"{route.method} {route.full_path}: {route.summary}" for route in CONTROL_ROUTES]


class _Resource:
    """One path of the control API with its methods, as an ASGI endpoint."""

    def __init__(self, house: FakeProvider, methods: Mapping[str, ControlRoute]) -> None:
        self._house = house
        self._methods = {**methods, **({"HEAD": methods["GET"]} if "GET" in methods else {})}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            response = _response(await self._answer(scope, receive))
        except _ControlError as error:
            response = _error(error)
        except ClientDisconnect:
            return
        except Exception as error:
            _log.exception("the control API failed at %s %s", scope["method"], scope["path"])
            message = f"the control API failed: {type(error).__name__}; please report it"
            response = _error(_ControlError(500, message))
        await response(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive) -> _Answer:
        method: str = scope["method"]
        route = self._methods.get(method)
        if route is None:
            allowed = ", ".join(sorted(self._methods))
            here = CONTROL + unquote(scope["path"])[:_SHOWN]
            raise _ControlError(405, f"{here} has no {method}, only {allowed}", headers={"allow": allowed})
        query = _query(scope, route)
        text = await _body(scope, receive, route) if method not in ("GET", "HEAD", "DELETE") else ""
        try:
            fake = self._house.fake_of(scope[_SCOPE])
        except LookupError as error:
            raise _ControlError(404, str(error.args[0]) if error.args else "no fake is here") from None
        asked = _Asked(
            self._house,
            fake,
            self._house.origins(scope[_SCOPE]),
            params={name: unquote(value) for name, value in scope["path_params"].items()},
            query=query,
            body={} if route.scenario_body else _fields(_parse(text), route.body, "body"),
            text=text,
        )
        # Handlers take the fake's lock, and some read files: not on the server's event loop.
        return await run_in_threadpool(_HANDLERS[route.operation], asked)


def _query(scope: Scope, route: ControlRoute) -> dict[str, Any]:
    given: dict[str, str] = {}
    try:
        pairs = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True, max_num_fields=100)
    except ValueError as error:
        raise _ControlError(400, f"query: {error}") from None
    for name, value in pairs:
        if name in given:
            raise _ControlError(400, f"query: {name[:_SHOWN]!r} is there twice")
        given[name] = value
    return _fields({name: _from_text(value, name, route.query) for name, value in given.items()}, route.query, "query")


def _from_text(value: str, name: str, fields: Iterable[Field]) -> Any:
    """A query's value as the type of its field, where it can be one."""
    type_of = {told.name: told.type for told in fields}
    if type_of.get(name) == "integer" and re.fullmatch(r"-?\d{1,18}", value, re.ASCII):
        return int(value)
    return value


async def _body(scope: Scope, receive: Receive, route: ControlRoute) -> str:
    request = Request(scope, receive)
    taken = (*JSON_TYPES, *YAML_TYPES) if route.scenario_body else JSON_TYPES
    content_type = request.headers.get("content-type")
    media_type = (content_type or "").partition(";")[0].strip().lower()
    said = media_type[:_SHOWN] if content_type is not None else "missing"
    wrong_type = _ControlError(415, f"the body's Content-Type is {said!r}; send {' or '.join(taken)}")
    # Refused although the body may be empty: what a page can send without asking is never right here.
    if content_type is not None and media_type not in taken:
        raise wrong_type
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_LIMIT:
            raise _ControlError(413, f"the body is larger than {BODY_LIMIT} bytes")
    if body and content_type is None:
        raise wrong_type
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _ControlError(400, f"body: is not UTF-8 text: {error.reason} at byte {error.start}") from None


def _parse(text: str) -> Mapping[str, Any]:
    def refuse(constant: str) -> None:
        raise ValueError(f"{constant} is no JSON")

    if not text.strip():
        return {}
    try:
        data = json.loads(text, parse_constant=refuse)
        json.dumps(data, ensure_ascii=False).encode()  # half a surrogate pair can be parsed, but never be sent
    except (ValueError, RecursionError) as error:
        raise _ControlError(400, f"body: is not JSON: {str(error)[:200]}") from None
    if not isinstance(data, dict):
        raise _ControlError(400, f"body: is {_shown(data)}, not an object")
    return data


def _fields(given: Mapping[str, Any], fields: tuple[Field, ...], where: str) -> dict[str, Any]:
    """The fields that were given, checked; `null` counts as absent."""
    names = [told.name for told in fields]
    for name in given:
        if name not in names:
            have = f"it takes {', '.join(names)}" if names else "it takes none"
            raise _ControlError(400, f"{where}: no field {name[:_SHOWN]!r}; {have}", close_matches(name, names))
    checked: dict[str, Any] = {}
    for told in fields:
        value = given.get(told.name)
        if value is not None:
            checked[told.name] = _checked(told, value, where)
        elif told.required:
            raise _ControlError(400, f"{where}: {told.name!r} is missing: {told.meaning}")
    return checked


def _checked(told: Field, value: Any, where: str) -> Any:
    """A value of the field's type. Raises `_ControlError` for any other."""
    wrong = f"{where}: {told.name!r} is {_shown(value)}"
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    match told.type:
        case "flag":
            if value not in _FLAGS:
                raise _ControlError(400, f"{wrong}, neither 1 nor 0", ["1", "0"])
            return _FLAGS[value]
        case "integer" | "number":
            # 3.0 is an integer to JSON Schema, and to languages that have no other numbers.
            whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
            if not is_number or (told.type == "integer" and not whole):
                raise _ControlError(400, f"{wrong}, not {'an integer' if told.type == 'integer' else 'a number'}")
            low = -math.inf if told.minimum is None else told.minimum
            high = math.inf if told.maximum is None else told.maximum
            if not low <= value <= high:
                raise _ControlError(400, f"{wrong}, not from {low:.0f} to {high:.0f}")
            return int(value) if told.type == "integer" else value
        case "text" if isinstance(value, int) and is_number:
            return str(value)
    if not isinstance(value, str):
        raise _ControlError(400, f"{wrong}, not a text")
    if not value:
        raise _ControlError(400, f"{where}: {told.name!r} is empty: {told.meaning}")
    if told.choices and value not in told.choices:
        raise _ControlError(400, f"{wrong}, not one of {', '.join(told.choices)}", close_matches(value, told.choices))
    if told.pattern is not None and not re.fullmatch(told.pattern, value):
        raise _ControlError(400, f"{wrong}, which does not fit {told.pattern}: {told.meaning}")
    return value


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


# --- answers ----------------------------------------------------------------------------------------------------------

_HEADERS = {"cache-control": "no-store", "x-content-type-options": "nosniff"}


def _response(answer: _Answer, headers: Mapping[str, str] | None = None) -> Response:
    body = _encoded(answer.data) if answer.text is None else answer.text.encode()
    # Servers leave the body of an answer to HEAD out by themselves.
    return Response(body, answer.status, {**_HEADERS, **(headers or {})}, answer.media_type)


def _error(error: _ControlError) -> Response:
    data = {"error": {"message": error.message, "near": list(error.near), **error.more}}
    return _response(_Answer(data, error.status), error.headers)


def _encoded(data: Any) -> bytes:
    try:
        return json.dumps(data, ensure_ascii=False, allow_nan=False).encode() + b"\n"
    except (ValueError, RecursionError):
        # Journals and documents show what clients and scenarios sent, and some of it is no text, no number, or no end.
        return json.dumps(_plain(data), allow_nan=False).encode() + b"\n"


def _plain(data: Any, depth: int = 60) -> Any:
    if isinstance(data, Mapping):
        return {str(key): _plain(value, depth - 1) for key, value in data.items()} if depth else "..."
    if isinstance(data, list | tuple):
        return [_plain(value, depth - 1) for value in data] if depth else "..."
    return str(data) if isinstance(data, float) and not math.isfinite(data) else data


def _wrong_scenario(error: ScenarioError) -> _ControlError:
    problems = [
        {"line": problem.line, "path": ".".join(map(str, problem.path)), "message": problem.message}
        for problem in error.problems
    ]
    return _ControlError(422, str(error), more={"problems": problems})


# --- what each route does ---------------------------------------------------------------------------------------------


def _index(asked: _Asked) -> _Answer:
    return _Answer({"routes": _routes()})


def _health(asked: _Asked) -> _Answer:
    return _Answer({"status": "ok"})


def _ready(asked: _Asked) -> _Answer:
    return _Answer({"status": "ready", "name": asked.fake.name, **_addresses(asked, asked.fake.name)})


def _addresses(asked: _Asked, name: str) -> dict[str, str]:
    try:
        told = asked.house.addresses(name)
    except KeyError:
        raise _ControlError(404, f"the fake {name!r} has been closed") from None
    return {key: told[key] for key in ("origin", "base_url", "download_origin")}


def _fake_data(asked: _Asked, fake: Fake) -> dict[str, Any]:
    return {
        "name": fake.name,
        "scenario": fake.settings.scenario,
        "dialect": fake.settings.dialect,
        "tasks": len(fake.tasks),
        "exchanges": fake.journal.total,
        **_addresses(asked, fake.name),
    }


def _list_fakes(asked: _Asked) -> _Answer:
    return _Answer({"fakes": [_fake_data(asked, fake) for fake in asked.house.fakes().values()]})


def _open_fake(asked: _Asked) -> _Answer:
    name: str = asked.body["name"]
    is_new = name not in asked.house.fakes()
    try:
        fake = asked.house.open(name)
    except ValueError as error:
        raise _ControlError(400, f"body: 'name' is {name!r}: {error}") from None
    if "scenario" in asked.body:
        try:
            _use(fake, asked.body["scenario"])
        except _ControlError:
            if is_new:
                asked.house.close(name)
            raise
    return _Answer(_fake_data(asked, fake), 201 if is_new else 200)


def _named_fake(asked: _Asked) -> Fake:
    name, fakes = asked.params["name"], asked.house.fakes()
    if name not in fakes:
        raise _ControlError(404, f"no fake {name!r}; there are {', '.join(fakes)}", close_matches(name, fakes))
    return fakes[name]


def _show_fake(asked: _Asked) -> _Answer:
    return _Answer(_fake_data(asked, _named_fake(asked)))


def _close_fake(asked: _Asked) -> _Answer:
    name = _named_fake(asked).name
    if name == asked.fake.name:
        # The connection that asks would be closed with it, and nobody would know how it went.
        raise _ControlError(409, f"the fake {name!r} cannot close itself; ask another fake of this server, or reset it")
    try:
        asked.house.close(name)
    except KeyError:
        raise _ControlError(404, f"the fake {name!r} has been closed") from None
    except ValueError as error:
        raise _ControlError(409, str(error)) from None
    return _Answer({"closed": name})


def _task_data(asked: _Asked, task: Task) -> dict[str, Any]:
    document = asked.fake.document(task, asked.origins)
    return {
        "id": task.id,
        "scenario": task.scenario.name,
        "state": task.state,
        "ended": task.ended,
        "polls": task.position.polls,
        "dialect": task.dialect.name,
        "billed": task.billed,
        "created_at": task.created_at,
        "document": document,
    }


def _list_tasks(asked: _Asked) -> _Answer:
    return _Answer({"tasks": [_task_data(asked, task) for task in asked.fake.tasks]})


def _make_task(asked: _Asked) -> _Answer:
    body = asked.body
    params = {told.name: body[told.name] for told in CREATE_PARAMETERS if told.name in body}
    scenario = asked.scenario(body.get("scenario") or asked.fake.settings.scenario)
    try:
        task = asked.fake.task(scenario.name, id=body.get("id"), dialect=body.get("dialect"), **params)
    except ValueError as error:
        # Either the id is taken, or the scenario asks for a clip that is not there.
        raise _ControlError(409 if str(error).startswith("id:") else 422, str(error)) from None
    return _Answer(_task_data(asked, task), 201)


def _show_task(asked: _Asked) -> _Answer:
    return _Answer(_task_data(asked, asked.task()))


def _move_task(asked: _Asked) -> _Answer:
    task, state = asked.task(), asked.body["state"]
    try:
        asked.fake.move(task, state)
    except ValueError as error:
        raise _ControlError(400, str(error), close_matches(state, task.compiled.states)) from None
    return _Answer(_task_data(asked, task))


def _signal_task(asked: _Asked) -> _Answer:
    task, signal = asked.task(), asked.body["signal"]
    known = sorted({way.signal for state in task.scenario.states.values() for way in state.next if way.signal})
    if signal not in known:
        have = f"only for {', '.join(known)}" if known else "for no signal at all"
        raise _ControlError(
            400, f"{task.scenario.name} does not wait for {signal!r}, {have}", close_matches(signal, known)
        )
    moves = task.position.moves
    asked.fake.signal(task, signal)
    return _Answer({**_task_data(asked, task), "moved": task.position.moves != moves})


def _clock_data(asked: _Asked) -> _Answer:
    clock = asked.fake.clock
    second = clock.real_seconds(1.0)
    return _Answer({"now": clock.now(), "manual": second is None, "speed": 1 / second if second else None})


def _advance_clock(asked: _Asked) -> _Answer:
    clock, seconds = asked.fake.clock, asked.body["seconds"]
    if not isinstance(clock, ManualClock):
        raise _ControlError(
            409, "this fake's time passes by itself; start the server with --manual-clock "
            "(or the fake with clock=ManualClock()) to advance it",
        )  # fmt: skip
    if clock.now() + seconds > _LAST_MOMENT:
        raise _ControlError(400, f"body: 'seconds' is {_shown(seconds)}, which leads past the year 9998")
    asked.fake.advance(seconds)
    return _clock_data(asked)


def _asked_exchanges(asked: _Asked) -> tuple[list[Exchange], bool]:
    query = dict(asked.query)
    limit = query.pop("limit", None)
    found = asked.fake.journal.query(**query)
    return found[:limit], limit is not None and len(found) > limit


def _show_journal(asked: _Asked) -> _Answer:
    journal = asked.fake.journal
    found, more = _asked_exchanges(asked)
    return _Answer(
        {
            "total": journal.total,
            "dropped": journal.dropped,
            "more": more,
            "exchanges": [exchange.to_data() for exchange in found],
        }
    )


def _clear_journal(asked: _Asked) -> _Answer:
    journal = asked.fake.journal
    count = len(journal)
    journal.clear()
    return _Answer({"cleared": count})


def _journal_har(asked: _Asked) -> _Answer:
    found, _ = _asked_exchanges(asked)
    dropped = asked.fake.journal.dropped
    return _Answer(har(found, comment=f"{dropped} older exchanges are no longer kept." if dropped else ""))


def _list_scenarios(asked: _Asked) -> _Answer:
    names = asked.fake.scenario_names()
    if not asked.query.get("summaries"):
        return _Answer({"scenarios": [{"name": name} for name in names]})
    return _Answer({"scenarios": list(_with_summaries(asked.fake, names))})


def _with_summaries(fake: Fake, names: Iterable[str]) -> Iterator[dict[str, str]]:
    for name in names:
        try:
            yield {"name": name, "summary": fake.scenario(name).summary}
        except ScenarioError as error:
            yield {"name": name, "error": str(error)}


def _show_scenario(asked: _Asked) -> _Answer:
    scenario = asked.scenario(asked.params["name"], status=404)
    if asked.query.get("format") == "yaml":
        return _Answer(None, text=write_scenario(scenario), media_type="application/yaml")
    return _Answer({"name": scenario.name, "scenario": to_data(scenario)})


def _add_scenario(asked: _Asked) -> _Answer:
    name: str = asked.query["name"]
    if not asked.text.strip():
        raise _ControlError(400, "body: is empty; send a scenario as YAML or JSON")
    try:
        scenario = read_scenario(asked.text, name=name)
    except ScenarioError as error:
        raise _wrong_scenario(error) from None
    replaced = name in asked.fake.scenario_names()
    asked.fake.add_scenario(scenario)
    return _Answer({"name": name, "summary": scenario.summary, "replaced": replaced}, 201)


def _show_default(asked: _Asked) -> _Answer:
    return _Answer({"scenario": asked.fake.settings.scenario})


def _set_default(asked: _Asked) -> _Answer:
    _use(asked.fake, asked.body["scenario"])
    return _show_default(asked)


def _use(fake: Fake, scenario: str) -> None:
    try:
        fake.use(scenario)
    except UnknownScenario as error:
        raise _ControlError(400, str(error), error.near) from None
    except ScenarioError as error:
        raise _wrong_scenario(error) from None


def _show_bill(asked: _Asked) -> _Answer:
    bill = asked.fake.bill
    tasks = [
        {
            "id": task.id,
            "scenario": task.scenario.name,
            "state": task.state,
            "model": task.params.model,
            "prompt": task.params.prompt,
            "operation": task.params.made_by,
            "created_at": task.created_at,
            "deleted": task.deleted,
        }
        for task in bill
    ]
    return _Answer({"count": len(tasks), "tasks": tasks})


def _reset(asked: _Asked) -> _Answer:
    fakes = list(asked.house.fakes().values()) if asked.query.get("all") else [asked.fake]
    for fake in fakes:
        fake.reset()
    return _Answer({"reset": [fake.name for fake in fakes]})


_HANDLERS: Mapping[str, Callable[[_Asked], _Answer]] = {
    "index": _index,
    "health": _health,
    "ready": _ready,
    "list_fakes": _list_fakes,
    "open_fake": _open_fake,
    "show_fake": _show_fake,
    "close_fake": _close_fake,
    "list_tasks": _list_tasks,
    "make_task": _make_task,
    "show_task": _show_task,
    "move_task": _move_task,
    "signal_task": _signal_task,
    "show_clock": _clock_data,
    "advance_clock": _advance_clock,
    "show_journal": _show_journal,
    "clear_journal": _clear_journal,
    "journal_har": _journal_har,
    "list_scenarios": _list_scenarios,
    "add_scenario": _add_scenario,
    "show_scenario": _show_scenario,
    "show_default": _show_default,
    "set_default": _set_default,
    "post_default": _set_default,
    "show_bill": _show_bill,
    "reset": _reset,
}
