"""Control as an application: where it is found, and what holds for every route."""

from __future__ import annotations

import asyncio
import json
import threading
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient
from starlette.types import Receive, Scope, Send

from support.control import HERE, Control, Provider, message
from video_mockserver.api.messages import Origins
from video_mockserver.edges.server.control.app import HANDLERS, control_app
from video_mockserver.edges.server.control.responses import encoded
from video_mockserver.edges.server.control.routes import CONTROL_ROUTES
from video_mockserver.scenario.model import Scenario, State


def test_every_route_of_the_table_is_served() -> None:
    assert {route.operation for route in CONTROL_ROUTES} == HANDLERS.keys()


def test_health_and_ready(control: Control) -> None:
    assert control("GET", "/health").json() == {"status": "ok"}
    assert control("GET", "/ready").json() == {
        "status": "ready", "name": "default", "origin": HERE, "base_url": f"{HERE}/v1",
        "download_origin": f"{HERE}/_download",
    }  # fmt: skip


@pytest.mark.parametrize("path", ["", "/"])
def test_the_root_names_the_routes(control: Control, path: str) -> None:
    assert "POST /_mock/reset: " in "\n".join(control("GET", path).json()["routes"])


def test_a_prefix_addresses_a_fake_of_its_own(control: Control, provider: Provider) -> None:
    control("POST", "/tasks", prefix="/t/a", json={"id": "video_a"})
    assert control("GET", "/tasks/video_a", prefix="/t/a").status_code == 200
    assert control("GET", "/tasks/video_a").status_code == 404
    assert control("GET", "/tasks", prefix="/t/_mock").json() == {"tasks": []}
    assert control("GET", "/ready", prefix="/t/a").json()["name"] == "a"
    assert "no name of a fake" in message(control("GET", "/tasks", prefix="/t/no%20name"), 404)


@pytest.mark.parametrize("path", ["/_mock", "/t/{name}/_mock"])
def test_it_works_mounted_as_well(provider: Provider, path: str) -> None:
    app = Starlette(routes=[Mount(path, control_app(provider))])
    client = TestClient(app, base_url=HERE)
    provider.open("a").task(id="a/b")
    provider.held["default"].task(id="a/b")
    assert client.get(path.format(name="a") + "/tasks/a%2Fb").json()["id"] == "a/b"


def test_a_root_path_of_the_server_does_not_confuse_it(provider: Provider) -> None:
    client = TestClient(control_app(provider), base_url=HERE, root_path="/tasks")
    provider.held["default"].task(id="video_a")
    assert client.get("/_mock/tasks/video_a").status_code == 200


def test_what_is_no_json_in_a_document_is_shown_as_text(control: Control) -> None:
    odd = {"nan": float("nan"), "more": [{"inf": float("inf")}, "\ud800"]}
    scenario = Scenario("odd", "Odd.", "completed", {"completed": State(video={"status": "completed", "odd": odd})})
    told = encoded({"document": scenario.states["completed"].video})
    assert json.loads(told)["document"]["odd"] == {"nan": "nan", "more": [{"inf": "inf"}, "\ud800"]}
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    assert json.loads(encoded({"body": deep, "狐": 1}))["狐"] == 1


def test_head_has_the_headers_of_get_and_no_body(control: Control) -> None:
    with_body = control("GET", "/scenarios")
    answer = control("HEAD", "/scenarios")
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-length"] == with_body.headers["content-length"] != "0"


def test_answers_are_not_cached_and_no_type_is_guessed(control: Control) -> None:
    for path in ("/tasks", "/nowhere", "/scenarios/plain?format=yaml"):
        answer = control("GET", path)
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_handlers_do_not_run_on_the_event_loop(provider: Provider) -> None:
    seen: list[int] = []
    provider.addresses = lambda name: seen.append(threading.get_ident()) or {}  # type: ignore[func-returns-value,method-assign]
    loop: list[int] = []
    inner = control_app(provider)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        loop.append(threading.get_ident())
        await inner(scope, receive, send)

    TestClient(app, base_url=HERE, raise_server_exceptions=False).get("/_mock/fakes/default")
    assert seen
    assert seen[0] != loop[0]


def test_a_client_that_leaves_in_the_middle_of_its_body_is_not_answered(provider: Provider) -> None:
    scope = {
        "type": "http", "method": "POST", "path": "/_mock/reset", "raw_path": b"/_mock/reset", "query_string": b"",
        "headers": [(b"host", b"127.0.0.1"), (b"content-type", b"application/json")],
    }  # fmt: skip
    messages = iter([{"type": "http.request", "body": b"{", "more_body": True}, {"type": "http.disconnect"}])
    sent: list[Any] = []

    async def receive() -> Any:
        return next(messages)

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(control_app(provider)(scope, receive, send))
    assert sent == []


def test_a_mistake_of_ours_is_one_sentence_for_the_asker_and_a_traceback_in_the_log(
    provider: Provider, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(scope: Scope) -> Origins:
        raise ZeroDivisionError("secret")

    provider.origins = broken  # type: ignore[method-assign]
    answer = TestClient(control_app(provider), base_url=HERE).get("/_mock/tasks")
    assert message(answer, 500) == "the control API failed: ZeroDivisionError; please report it"
    assert "secret" not in answer.text
    assert caplog.records[0].exc_info is not None


def test_a_websocket_is_closed(provider: Provider) -> None:
    from starlette.websockets import WebSocketDisconnect

    client = TestClient(control_app(provider), base_url=HERE)
    with pytest.raises(WebSocketDisconnect), client.websocket_connect("/_mock/tasks"):
        pass
