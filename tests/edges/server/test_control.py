"""The control API: what each route does, that nothing wrong gets past it, and who may use it.

Every answer is held against its schema in the OpenAPI document, which is made from the same table as the routes.
"""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

import httpx
import pytest
from jsonschema import Draft202012Validator
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient
from starlette.types import Receive, Scope, Send

from support import ROOT, asking
from support.fakes import SCENARIOS, Scenarios, make_fake, memory_clips
from support.sockets import PATIENCE, eventually
from video_mockserver.api.messages import Origins
from video_mockserver.edges.server.control.app import HANDLERS, control_app
from video_mockserver.edges.server.control.provider import FakeProvider
from video_mockserver.edges.server.control.responses import encoded
from video_mockserver.edges.server.control.routes import BODY_LIMIT, CONTROL_ROUTES, FAKE_NAME
from video_mockserver.edges.server.openapi.document import openapi_document
from video_mockserver.edges.server.video_server import VideoServer
from video_mockserver.fake.clock import ManualClock
from video_mockserver.fake.fake import Fake
from video_mockserver.scenario.model import Scenario, State, Transition
from video_mockserver.scenario.problems import Problem, ScenarioError

HERE = "http://127.0.0.1:8080"
YAML = {"content-type": "application/yaml"}
GOOD = "t-12345"  # a token
OWN = """\
summary: Done at once.
start: completed
states:
  completed:
    video: {status: completed, video_url: "{download_url}"}
expect: {outcome: clip, from: video_url}
"""


class Provider:
    """The fakes of a server that has no sockets: one default, the others below `/t/<name>`."""

    def __init__(self) -> None:
        self.held = {"default": make_fake(name="default")}

    def fake_of(self, scope: Scope) -> Fake:
        found = re.match(r"/t/([^/]*)/", scope["path"])
        if found is None:
            return self.held["default"]
        if not re.fullmatch(FAKE_NAME, found[1]):
            raise LookupError(f"{found[1]!r} is no name of a fake")
        return self.open(found[1])

    def fakes(self) -> Mapping[str, Fake]:
        return dict(self.held)

    def open(self, name: str) -> Fake:
        if name == "..":
            raise ValueError("a path swallows it")
        if name not in self.held:
            self.held[name] = make_fake(name=name)
        return self.held[name]

    def close(self, name: str) -> None:
        if name == "default":
            raise ValueError("the server cannot do without its default fake")
        del self.held[name]

    def addresses(self, name: str) -> Mapping[str, str]:
        prefix = "" if name == "default" else f"/t/{name}"
        self.held[name]
        return {
            "origin": HERE + prefix, "base_url": f"{HERE}{prefix}/v1", "download_origin": f"{HERE}{prefix}/_download",
        }  # fmt: skip

    def origins(self, scope: Scope) -> Origins:
        return asking.ORIGINS


class Control(Protocol):
    """Asks the control API; `path` follows `/_mock`."""

    def __call__(self, method: str, path: str, *, prefix: str = "", **options: Any) -> httpx.Response: ...


@pytest.fixture
def provider() -> Provider:
    return Provider()


@pytest.fixture
def fake(provider: Provider) -> Fake:
    return provider.held["default"]


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return openapi_document()


def asked_through(client: httpx.Client, document: dict[str, Any]) -> Control:
    def ask(method: str, path: str, *, prefix: str = "", **options: Any) -> httpx.Response:
        answer = client.request(method, f"{prefix}/_mock{path}", **options)
        check(document, method, path, answer)
        return answer

    return ask


@pytest.fixture
def control(provider: Provider, document: dict[str, Any]) -> Iterator[Control]:
    with TestClient(control_app(provider), base_url=HERE) as client:
        yield asked_through(client, document)


def check(document: dict[str, Any], method: str, path: str, answer: httpx.Response) -> None:
    """Hold an answer against the document: its status is named for its route, and its body fits."""
    assert answer.status_code < 500, answer.text
    assert not [name for name in answer.headers if name.startswith("access-control-")]
    operation = operation_of(document, "GET" if method == "HEAD" else method, path.partition("?")[0])
    if operation is None:
        assert answer.status_code in (401, 403, 404, 405)
        schema = {"$ref": "#/components/schemas/ControlError"}
    else:
        assert str(answer.status_code) in operation["responses"], (method, path, answer.text)
        content = operation["responses"][str(answer.status_code)]["content"]
        schema = content[answer.headers["content-type"].partition(";")[0]]["schema"]
    if answer.headers["content-type"].startswith("application/json") and method != "HEAD":
        Draft202012Validator({**schema, "components": document["components"]}).validate(answer.json())


def operation_of(document: dict[str, Any], method: str, path: str) -> dict[str, Any] | None:
    full_path = f"/_mock{path}".removesuffix("/")
    for template, operations in sorted(document["paths"].items(), key=lambda item: item[0].count("{")):
        pattern = template.replace(".", r"\.").replace("{id}", "[^/]+").replace("{name}", ".+").removesuffix("/")
        if re.fullmatch(pattern, full_path) and method.lower() in operations:
            operation: dict[str, Any] = operations[method.lower()]
            return operation
    return None


def message(answer: httpx.Response, status: int) -> str:
    assert answer.status_code == status, answer.text
    return str(answer.json()["error"]["message"])


# --- what each route does ---------------------------------------------------------------------------------------------


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


def test_a_task_is_made_with_a_scenario_an_id_a_dialect_and_a_wish(control: Control, fake: Fake) -> None:
    body = {
        "scenario": "url_404", "id": "video_mine", "dialect": "openai", "model": "sora-2", "prompt": "a fox",
        "seconds": 8, "size": "720x1280", "aspect_ratio": "9:16",
    }  # fmt: skip
    answer = control("POST", "/tasks", json=body)
    assert answer.status_code == 201
    told = answer.json()
    document = told.pop("document")
    assert told == {
        "id": "video_mine", "scenario": "download/url_404", "state": "queued", "ended": False, "polls": 0,
        "dialect": "openai", "billed": False, "created_at": 1735689600.0,
    }  # fmt: skip
    assert (document["model"], document["seconds"], document["size"]) == ("sora-2", "8", "720x1280")
    task = fake.find_task("video_mine")
    assert task is not None
    assert (task.params.prompt, task.params.aspect_ratio, task.clip.name) == ("a fox", "9:16", "portrait")


def test_a_task_made_with_nothing_follows_the_default(control: Control) -> None:
    assert control("POST", "/tasks").json()["scenario"] == "lifecycle/plain"
    assert control("POST", "/tasks", json={"scenario": None, "id": None}).json()["scenario"] == "lifecycle/plain"


def test_looking_at_a_task_is_no_poll(control: Control, fake: Fake) -> None:
    task = fake.task(id="video_a")
    for _ in range(3):
        told = control("GET", "/tasks/video_a").json()
    assert (told["state"], told["polls"]) == ("queued", 0)
    asking.poll(fake, task.id)
    assert control("GET", "/tasks/video_a").json()["state"] == "processing"
    assert [task["id"] for task in control("GET", "/tasks").json()["tasks"]] == ["video_a"]


@pytest.mark.parametrize(
    ("id", "path"),
    [
        ("grok:48a67431-8707", "grok:48a67431-8707"),
        ("grok:48a67431-8707", "grok%3A48a67431-8707"),
        ("a/b", "a%2Fb"),
        ("a/state", "a%2fstate"),
        ("50%", "50%25"),
        ("a b?c#d", "a%20b%3Fc%23d"),
        ("狐", "%E7%8B%90"),
        ("state", "state"),
        ("../..", "%2E%2E%2F%2E%2E"),
    ],
)
def test_an_id_comes_through_the_path_whole(control: Control, fake: Fake, id: str, path: str) -> None:
    fake.task(id=id)
    assert control("GET", f"/tasks/{path}").json()["id"] == id
    assert control("POST", f"/tasks/{path}/state", json={"state": "completed"}).json()["state"] == "completed"


def test_a_task_is_put_into_a_state(control: Control, fake: Fake) -> None:
    fake.task(id="video_a")
    told = control("POST", "/tasks/video_a/state", json={"state": "completed"}).json()
    assert (told["state"], told["ended"], told["document"]["status"]) == ("completed", True, "completed")
    assert told["document"]["video_url"].startswith(asking.ORIGINS.download)
    assert control("POST", "/tasks/video_a/state", json={"state": "cancelled"}).json()["state"] == "cancelled"


def test_a_signal_moves_a_task_whose_state_waits_for_it(control: Control, fake: Fake) -> None:
    fake.task("lifecycle/signalled", id="video_a")
    early = control("POST", "/tasks/video_a/signal", json={"signal": "deliver"}).json()
    assert (early["state"], early["moved"]) == ("processing", False)
    told = control("POST", "/tasks/video_a/signal", json={"signal": "go"}).json()
    assert (told["state"], told["moved"]) == ("rendered", True)


def test_a_manual_clock_is_shown_and_advanced(control: Control, fake: Fake) -> None:
    assert control("GET", "/clock").json() == {"now": 1735689600.0, "manual": True, "speed": None}
    fake.task("lifecycle/timed", id="video_a")
    told = control("POST", "/clock/advance", json={"seconds": 12.5}).json()
    assert told == {"now": 1735689612.5, "manual": True, "speed": None}
    assert control("GET", "/tasks/video_a").json()["state"] == "processing"


def test_a_real_clock_is_shown_and_cannot_be_advanced(control: Control, provider: Provider) -> None:
    provider.held["default"] = make_fake(name="default", speed=60)
    told = control("GET", "/clock").json()
    assert told["manual"] is False
    assert told["speed"] == pytest.approx(60)
    assert "--manual-clock" in message(control("POST", "/clock/advance", json={"seconds": 1}), 409)


def test_the_journal_is_shown_asked_and_cleared(control: Control, fake: Fake) -> None:
    id = asking.ask(fake, "POST", "/v1/videos", json=asking.CREATE).json["id"]
    asking.polled_to_the_end(fake, id)
    asking.fetch(fake, asking.poll(fake, id).json["video_url"])
    asking.ask(fake, "GET", "/v1/nowhere")
    told = control("GET", "/journal").json()
    assert (told["total"], told["dropped"], told["more"], len(told["exchanges"])) == (8, 0, False, 8)
    assert asking.KEY not in str(told)

    def numbers(query: str) -> list[int]:
        return [exchange["number"] for exchange in control("GET", f"/journal?{query}").json()["exchanges"]]

    assert numbers("operation=create") == [1]
    assert numbers("host=download") == [7]
    assert numbers("status=404") == [8]
    assert numbers(f"task_id={id}&after=5") == [6, 7]
    assert numbers("limit=2&after=3") == [4, 5]
    assert numbers(f"limit={10**15}&after=7") == [8]
    assert numbers("task_id=another") == []
    assert control("GET", "/journal?limit=2").json()["more"] is True
    assert control("GET", "/journal?limit=8").json()["more"] is False

    har = control("GET", "/journal.har?operation=download").json()["log"]
    assert [entry["_number"] for entry in har["entries"]] == [7]
    assert control("DELETE", "/journal").json() == {"cleared": 8}
    assert control("GET", "/journal").json()["total"] == 0


def test_the_journal_says_how_many_exchanges_it_dropped(control: Control, fake: Fake) -> None:
    fake.journal.max_entries = 2
    for _ in range(5):
        asking.ask(fake, "GET", "/v1/models")
    told = control("GET", "/journal").json()
    assert (told["total"], told["dropped"], len(told["exchanges"])) == (5, 3, 2)
    assert "3 older" in control("GET", "/journal.har").json()["log"]["comment"]


@pytest.mark.parametrize("oddity", ['"\\ud800"', "1e999", "NaN", "[" * 200 + "]" * 200])
def test_a_journal_of_odd_requests_can_still_be_read(control: Control, fake: Fake, oddity: str) -> None:
    asking.ask(fake, "POST", "/v1/videos", body=b'{"model": "m", "prompt": "p", "odd": ' + oddity.encode() + b"}")
    assert control("GET", "/journal").json()["total"] == 1


def test_scenarios_are_listed_by_name_and_with_summaries_when_asked(control: Control) -> None:
    told = control("GET", "/scenarios").json()["scenarios"]
    assert {"name": "download/url_404"} in told
    told = control("GET", "/scenarios?summaries=1").json()["scenarios"]
    assert {"name": "download/url_404", "summary": "The plain life of download/url_404."} in told


@pytest.mark.parametrize("name", ["download/url_404", "download%2Furl_404", "url_404"])
def test_a_scenario_is_shown_as_data_and_as_a_file(control: Control, name: str) -> None:
    told = control("GET", f"/scenarios/{name}").json()
    assert told["name"] == "download/url_404"
    assert told["scenario"]["expect"] == {"outcome": "clip", "from": "content"}
    file = control("GET", f"/scenarios/{name}?format=yaml")
    assert file.headers["content-type"].startswith("application/yaml")
    assert file.text.startswith("summary: The plain life")


def test_a_scenario_is_loaded_and_comes_before_one_of_the_same_name(control: Control, fake: Fake) -> None:
    answer = control("POST", "/scenarios?name=own/at_once", content=OWN, headers=YAML)
    assert answer.status_code == 201
    assert answer.json() == {"name": "own/at_once", "summary": "Done at once.", "replaced": False}
    assert control("POST", "/tasks", json={"scenario": "own/at_once"}).json()["document"]["status"] == "completed"
    told = control("POST", "/scenarios?name=lifecycle/plain", content=OWN, headers=YAML).json()
    assert told["replaced"] is True
    assert control("POST", "/tasks").json()["state"] == "completed"


@pytest.mark.parametrize("name", sorted(SCENARIOS))
def test_a_scenario_that_was_shown_can_be_sent_back(control: Control, fake: Fake, name: str) -> None:
    shown = control("GET", f"/scenarios/{name}")
    assert control("POST", "/scenarios?name=copy", json=shown.json()["scenario"]).status_code == 201
    assert control("GET", "/scenarios/copy").json()["scenario"] == shown.json()["scenario"]
    file = control("GET", f"/scenarios/{name}?format=yaml").text
    assert control("POST", "/scenarios?name=copy", content=file, headers=YAML).status_code == 201
    assert control("GET", "/scenarios/copy").json()["scenario"] == shown.json()["scenario"]


def test_a_wrong_scenario_is_refused_with_every_problem_and_its_line(control: Control, fake: Fake) -> None:
    wrong = OWN.replace("start: completed", "start: complete") + "colour: red\n"
    answer = control("POST", "/scenarios?name=own", content=wrong, headers=YAML)
    assert "complete" in message(answer, 422)
    problems = answer.json()["error"]["problems"]
    assert [problem["line"] for problem in problems] == [2, 7]
    assert "'completed'" in problems[0]["message"]
    assert "own" not in fake.scenario_names()


@pytest.mark.parametrize("method", ["PUT", "POST"])
def test_the_default_scenario_is_shown_and_changed(control: Control, fake: Fake, method: str) -> None:
    assert control("GET", "/default").json() == {"scenario": "lifecycle/plain"}
    assert control(method, "/default", json={"scenario": "url_404"}).json() == {"scenario": "download/url_404"}
    asking.ask(fake, "POST", "/v1/videos", json=asking.CREATE)
    assert fake.bill[0].scenario.name == "download/url_404"


def test_the_bill_holds_what_clients_made(control: Control, fake: Fake) -> None:
    fake.task()
    id = asking.ask(fake, "POST", "/v1/videos", json=asking.CREATE).json["id"]
    asking.ask(fake, "DELETE", f"/v1/videos/{id}")
    told = control("GET", "/bill").json()
    assert told["count"] == 1
    assert told["tasks"] == [
        {
            "id": id, "scenario": "lifecycle/plain", "state": "queued", "model": "grok-video-3",
            "prompt": "a fox in the snow", "operation": "create", "created_at": 1735689600.0, "deleted": True,
        }
    ]  # fmt: skip


def test_a_reset_is_of_the_fake_that_was_asked(control: Control, provider: Provider) -> None:
    for name in ("default", "a", "b"):
        provider.open(name).task()
    assert control("POST", "/reset", prefix="/t/a").json() == {"reset": ["a"]}
    assert [len(fake.tasks) for fake in provider.held.values()] == [1, 0, 1]
    assert control("POST", "/reset?all=0").json() == {"reset": ["default"]}
    assert [len(fake.tasks) for fake in provider.held.values()] == [0, 0, 1]
    assert control("POST", "/reset?all=1").json() == {"reset": ["default", "a", "b"]}
    assert [len(fake.tasks) for fake in provider.held.values()] == [0, 0, 0]


def test_fakes_are_made_shown_and_closed(control: Control, provider: Provider) -> None:
    answer = control("POST", "/fakes", json={"name": "job-17", "scenario": "url_404"})
    told = {
        "name": "job-17", "scenario": "download/url_404", "dialect": "octopusx", "tasks": 0, "exchanges": 0,
        "origin": f"{HERE}/t/job-17", "base_url": f"{HERE}/t/job-17/v1",
        "download_origin": f"{HERE}/t/job-17/_download",
    }  # fmt: skip
    assert (answer.status_code, answer.json()) == (201, told)
    again = control("POST", "/fakes", json={"name": "job-17"})
    assert (again.status_code, again.json()) == (200, told)
    assert control("GET", "/fakes/job-17").json() == told
    assert [fake["name"] for fake in control("GET", "/fakes").json()["fakes"]] == ["default", "job-17"]
    assert control("DELETE", "/fakes/job-17").json() == {"closed": "job-17"}
    assert "job-17" not in provider.held


def test_a_fake_with_a_wrong_scenario_is_not_left_behind(control: Control, provider: Provider) -> None:
    assert "did you mean" in message(control("POST", "/fakes", json={"name": "a", "scenario": "url_403"}), 400)
    assert "a" not in provider.held
    provider.open("a")
    assert control("POST", "/fakes", json={"name": "a", "scenario": "nowhere"}).status_code == 400
    assert "a" in provider.held


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


# --- what is wrong ----------------------------------------------------------------------------------------------------

JSON = {"content-type": "application/json"}

WRONG: list[tuple[str, str, dict[str, Any], int, str]] = [
    # not there
    ("GET", "/tasks/video_b", {}, 404, "no task 'video_b' in the fake 'default'"),
    ("POST", "/tasks/video_b/state", {"json": {"state": "completed"}}, 404, "no task 'video_b'"),
    ("POST", "/tasks/video_b/signal", {"json": {"signal": "go"}}, 404, "no task 'video_b'"),
    ("GET", "/scenarios/url_40", {}, 404, "did you mean 'download/url_404'"),
    ("GET", "/scenarios/", {"params": {"format": "json"}}, 400, "(available: summaries)"),
    ("GET", "/fakes/other", {}, 404, "(available: default)"),
    ("DELETE", "/fakes/other", {}, 404, "(available: default)"),
    ("GET", "/task", {}, 404, "no route /_mock/task"),
    ("GET", "/tasks/video_a/nothing", {}, 404, "no route"),
    ("GET", "/" + "x" * 500, {}, 404, "no route"),
    # not so
    ("PATCH", "/tasks", {}, 405, "(available: GET, HEAD, POST)"),
    ("DELETE", "/reset", {}, 405, "(available: POST)"),
    ("OPTIONS", "/tasks", {}, 405, "(available: GET, HEAD, POST)"),
    ("POST", "/health", {}, 405, "(available: GET, HEAD)"),
    # not a right body
    ("POST", "/tasks", {"content": "{", "headers": JSON}, 400, "body: not JSON"),
    ("POST", "/tasks", {"content": "[]", "headers": JSON}, 400, "body: must be an object, not []"),
    ("POST", "/tasks", {"content": "null", "headers": JSON}, 400, "body: must be an object, not null"),
    ("POST", "/tasks", {"content": b"\xff", "headers": JSON}, 400, "not UTF-8"),
    ("POST", "/tasks", {"content": '{"id": "\\ud800"}', "headers": JSON}, 400, "not JSON"),
    ("POST", "/tasks", {"content": "[" * 100_000, "headers": JSON}, 400, "not JSON"),
    ("POST", "/tasks", {"content": '{"seconds": ' + "1" * 5000 + "}", "headers": JSON}, 400, "not JSON"),
    ("POST", "/tasks", {"json": {"scnario": "x"}}, 400, "no field 'scnario' (available: scenario, id"),
    ("POST", "/tasks", {"json": {"id": 5}}, 400, "'id' must be a string, not 5"),
    ("POST", "/tasks", {"json": {"id": ""}}, 400, "'id' must not be empty"),
    ("POST", "/tasks", {"json": {"id": "video_a"}}, 409, "there is a task 'video_a' already"),
    ("POST", "/tasks", {"json": {"dialect": "openaj"}}, 400, "must be one of octopusx, new-api, openai"),
    ("POST", "/tasks", {"json": {"seconds": 1.5}}, 400, "'seconds' must be a string, not 1.5"),
    ("POST", "/tasks", {"json": {"seconds": True}}, 400, "'seconds' must be a string, not true"),
    ("POST", "/tasks", {"json": {"scenario": "url_40"}}, 400, "did you mean 'download/url_404'"),
    ("POST", "/tasks/video_a/state", {"json": {"state": "complete"}}, 400, "only cancelled, queued, processing"),
    ("POST", "/tasks/video_a/state", {"json": {}}, 400, "'state' is missing: A state of its scenario"),
    ("POST", "/tasks/video_a/state", {}, 400, "'state' is missing"),
    ("POST", "/tasks/video_a/state", {"json": {"state": None}}, 400, "'state' is missing"),
    ("POST", "/tasks/video_a/signal", {"json": {"signal": "go"}}, 400, "signal 'go' (it waits for no signal)"),
    ("POST", "/tasks/video_s/signal", {"json": {"signal": "goo"}}, 400, "(available: deliver, go)"),
    ("PUT", "/default", {"json": {"scenario": "nowhere"}}, 400, "no scenario 'nowhere'"),
    ("PUT", "/default", {"json": {}}, 400, "'scenario' is missing"),
    ("POST", "/clock/advance", {"json": {"seconds": "ten"}}, 400, "'seconds' must be a number, not \"ten\""),
    ("POST", "/clock/advance", {"json": {"seconds": True}}, 400, "'seconds' must be a number, not true"),
    ("POST", "/clock/advance", {"json": {"seconds": -1}}, 400, "'seconds' must be from 0 to 1000000000, not -1"),
    ("POST", "/clock/advance", {"json": {"seconds": 1e10}}, 400, "must be from 0 to 1000000000"),
    ("POST", "/clock/advance", {"content": '{"seconds": 1e999}', "headers": JSON}, 400, "must be from 0 to"),
    ("POST", "/clock/advance", {"content": '{"seconds": NaN}', "headers": JSON}, 400, "NaN is not JSON"),
    ("POST", "/reset", {"json": {"everything": True}}, 400, "no field 'everything' (no fields are available here)"),
    ("POST", "/fakes", {"json": {"name": "a/b"}}, 400, "at most 64"),
    ("POST", "/fakes", {"json": {"name": "a\n"}}, 400, "at most 64"),
    ("POST", "/fakes", {"json": {"name": ".."}}, 400, "a path swallows it"),
    ("DELETE", "/fakes/default", {}, 409, "cannot close itself; ask another"),
    ("DELETE", "/fakes/default", {"prefix": "/t/a"}, 409, "cannot do without"),
    # not a right query
    ("GET", "/journal?status=ok", {}, 400, "query: 'status' must be an integer, not \"ok\""),
    ("GET", "/journal?status=99", {}, 400, "must be from 100 to 999"),
    ("GET", "/journal?limit=0", {}, 400, "must be from 1"),
    ("GET", "/journal?limit=" + "9" * 30, {}, 400, "must be an integer"),
    ("GET", "/journal?after=-1", {}, 400, "must be from 0"),
    ("GET", "/journal?host=apple", {}, 400, "must be one of api, download"),
    ("GET", "/journal?operation=pol", {}, 400, "must be one of create, list, poll"),
    ("GET", "/journal?task=1", {}, 400, "no field 'task'"),
    ("GET", "/journal?limit=1&limit=2", {}, 400, "'limit' is given twice"),
    ("GET", "/journal?" + "&".join(f"a{n}=1" for n in range(200)), {}, 400, "Max number of fields"),
    ("GET", "/journal.har?limit=x", {}, 400, "must be an integer"),
    ("GET", "/scenarios?summaries=yes", {}, 400, "must be 1 or 0"),
    ("GET", "/scenarios/plain?format=toml", {}, 400, "must be one of json, yaml"),
    ("POST", "/reset?all=maybe", {}, 400, "must be 1 or 0"),
    # not a right scenario
    ("POST", "/scenarios", {"content": OWN, "headers": YAML}, 400, "'name' is missing"),
    ("POST", "/scenarios?name=a//b", {"content": OWN, "headers": YAML}, 400, "must match"),
    ("POST", "/scenarios?name=a", {"content": "", "headers": YAML}, 400, "not empty"),
    ("POST", "/scenarios?name=a", {"content": "- 1", "headers": YAML}, 422, "a:1"),
    ("POST", "/scenarios?name=a", {"content": "a: [", "headers": YAML}, 422, "invalid YAML"),
    ("POST", "/scenarios?name=a", {"content": "{" * 10_000, "headers": JSON}, 422, "a:1"),
    ("POST", "/scenarios?name=a", {"content": "a: &x 1\nb: *x", "headers": YAML}, 422, "anchors"),
    ("POST", "/scenarios?name=a", {"content": "!!python/object/apply:os.system [ls]", "headers": YAML}, 422, "tags"),
    # not a right type or size
    ("POST", "/tasks", {"content": "{}", "headers": {"content-type": "text/plain"}}, 415, "send application/json"),
    ("POST", "/tasks", {"content": "{}"}, 415, "Content-Type is 'missing'"),
    ("POST", "/tasks", {"data": {"id": "a"}}, 415, "send application/json"),
    ("POST", "/tasks", {"files": {"id": b"a"}}, 415, "send application/json"),
    ("POST", "/tasks", {"content": "id: a", "headers": YAML}, 415, "send application/json"),
    ("POST", "/reset", {"headers": {"content-type": "text/plain"}}, 415, "'text/plain'"),
    ("POST", "/scenarios?name=a", {"content": OWN, "headers": {"content-type": "text/plain"}}, 415, "or text/yaml"),
    ("POST", "/tasks", {"content": b" " * (BODY_LIMIT + 1), "headers": JSON}, 413, "larger than 1048576 bytes"),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path", "options", "status", "words"), WRONG)
def test_what_is_wrong_is_told(
    control: Control, fake: Fake, method: str, path: str, options: dict[str, Any], status: int, words: str
) -> None:
    fake.task(id="video_a")
    fake.task("lifecycle/signalled", id="video_s")
    answer = control(method, path, **options)
    told = message(answer, status)
    assert words in told
    assert len(told) < 1000
    assert "Traceback" not in told
    if status == 405:
        assert answer.headers["allow"] in told


@pytest.mark.parametrize(
    ("method", "path", "body", "near"),
    [
        ("GET", "/tasks/video_b", None, ["video_a"]),
        ("GET", "/task", None, ["/_mock/tasks"]),
        ("POST", "/tasks", {"scenario": "url_40"}, ["download/url_404"]),
        ("POST", "/tasks", {"scnario": "url_40"}, ["scenario"]),
        ("POST", "/tasks", {"dialect": "opnai"}, ["openai"]),
        ("POST", "/tasks/video_a/state", {"state": "complete"}, ["completed"]),
        ("GET", "/journal?operation=polls", None, ["poll"]),
        ("GET", "/fakes/defualt", None, ["default"]),
    ],
)
def test_what_is_near_is_named(
    control: Control, fake: Fake, method: str, path: str, body: Any, near: list[str]
) -> None:
    fake.task(id="video_a")
    assert control(method, path, json=body).json()["error"]["near"][: len(near)] == near


def test_an_unknown_route_names_all_there_are(control: Control) -> None:
    routes = control("GET", "/nowhere").json()["error"]["routes"]
    assert len(routes) == len(CONTROL_ROUTES)


def test_a_clock_cannot_be_led_past_the_last_year(control: Control, fake: Fake) -> None:
    assert isinstance(fake.clock, ManualClock)
    fake.clock.advance(253_370_764_800 - fake.clock.now() - 10)
    assert control("POST", "/clock/advance", json={"seconds": 10}).status_code == 200
    assert "beyond the year 9998" in message(control("POST", "/clock/advance", json={"seconds": 1}), 400)
    fake.task()
    assert control("GET", "/tasks").status_code == 200


class BrokenFiles(Scenarios):
    """A library in which one file is wrong."""

    def find(self, name: str) -> Scenario:
        if name in ("broken", "own/broken"):
            raise ScenarioError([Problem(("start",), "no state 'x'", 3)], "own/broken.yaml")
        return super().find(name)

    def names(self) -> list[str]:
        return [*super().names(), "own/broken"]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/scenarios/own/broken", None),
        ("POST", "/tasks", {"scenario": "broken"}),
        ("PUT", "/default", {"scenario": "broken"}),
        ("POST", "/fakes", {"name": "default", "scenario": "broken"}),
    ],
)
def test_a_scenario_whose_file_is_wrong_is_refused_with_its_problems(
    control: Control, provider: Provider, method: str, path: str, body: Any
) -> None:
    provider.held["default"] = Fake(BrokenFiles(), memory_clips(), clock=ManualClock())
    answer = control(method, path, json=body)
    assert message(answer, 422) == "own/broken.yaml:3: start: no state 'x'"
    assert answer.json()["error"]["problems"] == [{"line": 3, "path": "start", "message": "no state 'x'"}]


def test_a_scenario_with_a_clip_that_is_not_there_is_refused(control: Control) -> None:
    control("POST", "/scenarios?name=own", content=OWN + "clip: nowhere\n", headers=YAML)
    assert "no 'nowhere' (available: decoy, landscape" in message(
        control("POST", "/tasks", json={"scenario": "own"}), 422
    )


def test_a_list_with_summaries_says_which_file_is_wrong(control: Control, provider: Provider) -> None:
    provider.held["default"] = Fake(BrokenFiles(), memory_clips(), clock=ManualClock())
    told = control("GET", "/scenarios?summaries=true").json()["scenarios"]
    assert told[-1] == {"name": "own/broken", "error": "own/broken.yaml:3: start: no state 'x'"}


def test_a_fake_that_is_closed_meanwhile_is_not_there(control: Control, provider: Provider) -> None:
    def gone(name: str) -> Mapping[str, str]:
        raise KeyError(name)

    provider.addresses = gone  # type: ignore[method-assign]
    provider.close = gone  # type: ignore[method-assign,assignment]
    assert "has been closed" in message(control("GET", "/fakes/default"), 404)
    assert "has been closed" in message(control("DELETE", "/fakes/default", prefix="/t/a"), 404)


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


# --- who may ----------------------------------------------------------------------------------------------------------


def may(
    provider: FakeProvider, headers: Mapping[str, str] | list[tuple[str, str]], method: str = "GET",
    path: str = "/tasks", base_url: str = HERE, **options: Any,
) -> httpx.Response:  # fmt: skip
    client = TestClient(control_app(provider, **options), base_url=base_url)
    answer = client.request(method, f"/_mock{path}", headers=headers)
    assert not [name for name in answer.headers if name.startswith("access-control-")]
    return answer


@pytest.mark.parametrize(
    "host",
    ["localhost", "localhost:8080", "LOCALHOST:1", "127.0.0.1", "127.0.0.1:8080", "127.9.8.7:1", "[::1]", "[::1]:8080"],
)
def test_without_a_token_this_machine_may(provider: Provider, host: str) -> None:
    assert may(provider, {"host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example", "evil.example:8080", "localhost.evil.example", "127.0.0.1.evil.example", "192.168.1.7:8080",
        "0.0.0.0:8080", "[2001:db8::1]:8080", "", "127.0.0.1@evil.example", "evil.example#127.0.0.1", "[::1", "::1",
        "[localhost]", "127.0.0.1:80:80", "localhost:80x", "127.0.0.1/", "1.0.0.127",
    ],
)  # fmt: skip
def test_without_a_token_no_other_name_may_be_asked(provider: Provider, host: str) -> None:
    assert "does not name this machine" in message(may(provider, {"host": host}), 403)


def test_without_a_token_two_hosts_are_none(provider: Provider) -> None:
    scope_headers = [(b"host", b"127.0.0.1:8080"), (b"host", b"evil.example")]
    assert "does not name this machine" in message(raw(provider, scope_headers), 403)
    assert "does not name this machine" in message(raw(provider, []), 403)


def raw(provider: Provider, headers: list[tuple[bytes, bytes]]) -> httpx.Response:
    """An answer to headers that no client library would send."""
    app = control_app(provider)

    async def with_headers(scope: Scope, receive: Receive, send: Send) -> None:
        await app({**scope, "headers": headers}, receive, send)

    return TestClient(with_headers, base_url=HERE).get("/_mock/tasks")


def test_without_a_token_the_public_name_may_be_asked(provider: Provider) -> None:
    options = {"public_url": "https://Video.test:8443/base"}
    assert may(provider, {"host": "video.test"}, **options).status_code == 200
    assert may(provider, {"host": "video.test:8443"}, **options).status_code == 200
    assert may(provider, {"host": "other.test"}, **options).status_code == 403


def test_a_server_that_others_can_reach_has_control_off_until_it_has_a_token(provider: Provider) -> None:
    told = message(may(provider, {}, enabled=False), 403)
    assert "is off" in told
    assert "--token" in told
    assert may(provider, {"x-mock-token": GOOD}, enabled=False, token=GOOD).status_code == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"x-mock-token": "t-12345"}, 200),
        ({"authorization": "Bearer t-12345"}, 200),
        ({"authorization": "bearer  t-12345"}, 200),
        ({"authorization": "Bearer sk-api-key", "x-mock-token": "t-12345"}, 200),
        ({"authorization": "Bearer t-12345", "x-mock-token": "wrong"}, 200),
        ({"x-mock-token": "t-1234"}, 401),
        ({"x-mock-token": "t-123456"}, 401),
        ({"x-mock-token": "T-12345"}, 401),
        ({"x-mock-token": ""}, 401),
        ({"x-mock-token": "Bearer t-12345"}, 401),
        ({"authorization": "t-12345"}, 401),
        ({"authorization": "Basic t-12345"}, 401),
        ({"authorization": "Bearer"}, 401),
        ({"x-mock-token": "t-12345\xe9"}, 401),
        ({"cookie": "x-mock-token=t-12345"}, 401),
    ],
)
def test_with_a_token_each_request_needs_it(provider: Provider, headers: dict[str, str], status: int) -> None:
    sent = [(name, value.encode("latin-1")) for name, value in headers.items()]
    answer = may(provider, sent, token=GOOD, base_url="http://video.test")  # type: ignore[arg-type]
    assert answer.status_code == status
    if status == 401:
        assert answer.headers["www-authenticate"] == "Bearer"
        assert GOOD not in answer.text
    assert may(provider, sent, path="/nowhere", token=GOOD).status_code == (404 if status == 200 else 401)  # type: ignore[arg-type]
    assert may(provider, sent, "POST", "/reset", token=GOOD).status_code == status  # type: ignore[arg-type]


@pytest.mark.parametrize("token", ["", " ", "a b", "a\n", "é", "a\x7f"])
def test_a_token_that_no_header_can_carry_is_refused(provider: Provider, token: str) -> None:
    with pytest.raises(ValueError, match="token: must be visible ASCII"):
        control_app(provider, token=token)


@pytest.mark.parametrize("path", ["/health", "/ready"])
@pytest.mark.parametrize("options", [{"token": GOOD}, {"enabled": False}, {}])
def test_health_and_ready_are_always_on(provider: Provider, path: str, options: dict[str, Any]) -> None:
    assert may(provider, {"host": "mock:8080"}, path=path, **options).status_code == 200
    assert may(provider, {"host": "mock:8080"}, "HEAD", path, **options).status_code == 200


@pytest.mark.parametrize("options", [{}, {"token": GOOD}])
@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": "https://127.0.0.1:8080"},
        {"origin": "http://127.0.0.1:9090"},
        {"origin": "http://localhost:8080"},
        {"origin": "http://127.0.0.1:8080.evil.example"},
        {"origin": ""},
        {"origin": "://"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "Cross-Site"},
        {"origin": HERE, "sec-fetch-site": "cross-site"},
    ],
)
def test_a_page_of_another_origin_may_not(provider: Provider, headers: dict[str, str], options: dict[str, Any]) -> None:
    provider.held["default"].task()
    for method, path in (("GET", "/tasks"), ("POST", "/reset"), ("DELETE", "/journal")):
        answer = may(provider, {**headers, "x-mock-token": GOOD}, method, path, **options)
        assert "may not use the control API" in message(answer, 403)
    assert len(provider.held["default"].tasks) == 1


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": HERE},
        {"origin": HERE, "sec-fetch-site": "same-origin"},
        {"sec-fetch-site": "none"},
        {"origin": "https://video.test"},
    ],
)
def test_the_servers_own_pages_and_the_address_bar_may(provider: Provider, headers: dict[str, str]) -> None:
    assert may(provider, headers, public_url="https://video.test/base").status_code == 200


def test_a_preflight_is_not_answered(provider: Provider) -> None:
    headers = {"origin": "http://evil.example", "access-control-request-method": "POST"}
    assert may(provider, headers, "OPTIONS", "/reset").status_code == 403
    assert may(provider, {"access-control-request-method": "POST"}, "OPTIONS", "/reset").status_code == 405


def test_a_websocket_is_closed(provider: Provider) -> None:
    from starlette.websockets import WebSocketDisconnect

    client = TestClient(control_app(provider), base_url=HERE)
    with pytest.raises(WebSocketDisconnect), client.websocket_connect("/_mock/tasks"):
        pass


# --- over sockets -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def server() -> Iterator[VideoServer]:
    looping = Scenario(
        "lifecycle/looping", "Round and round.", "a",
        {"a": State(next=(Transition("b", seconds=1),)), "b": State(next=(Transition("a", seconds=1),))},
        never_ends=True,
    )  # fmt: skip
    with VideoServer(library=Scenarios([looping]), clip_store=memory_clips(), clock=None, manual_clock=True) as server:
        yield server


def test_each_port_is_its_own_fakes_control(server: VideoServer, document: dict[str, Any]) -> None:
    with server.fake() as one, server.fake() as two, httpx.Client() as client:
        made = client.post(f"{one.origin}/_mock/tasks", json={"id": "grok:a/b", "scenario": "url_404"})
        check(document, "POST", "/tasks", made)
        assert made.json()["id"] == "grok:a/b"
        assert client.get(f"{one.origin}/_mock/tasks/grok:a%2Fb").status_code == 200
        assert client.get(f"{two.origin}/_mock/tasks/grok:a%2Fb").status_code == 404
        ready = client.get(f"{one.origin}/_mock/ready").json()
        assert ready["base_url"] == one.base_url
        assert client.get(f"{ready['base_url']}/models", headers={"authorization": "Bearer k"}).status_code == 200
        assert client.get(f"{one.origin}/_mock/journal").json()["total"] == 1
        assert client.post(f"{one.origin}/_mock/clock/advance", json={"seconds": 60}).json()["now"] == one.clock.now()
        assert client.post(f"{one.origin}/_mock/reset").json() == {"reset": [one.name]}
        assert one.tasks == []


def test_a_prefix_has_a_control_of_its_own(server: VideoServer) -> None:
    with server.fake() as fake, httpx.Client() as client:
        assert client.post(f"{fake.origin}/t/job/_mock/tasks", json={"id": "video_a"}).status_code == 201
        assert client.get(f"{fake.origin}/t/job/_mock/tasks/video_a").status_code == 200
        assert client.get(f"{fake.origin}/_mock/tasks/video_a").status_code == 404


def test_a_fake_can_be_closed_from_outside(server: VideoServer) -> None:
    fake, other = server.fake(), server.fake()
    with other, httpx.Client() as client:
        assert client.delete(f"{other.origin}/_mock/fakes/{fake.name}").json() == {"closed": fake.name}
        with pytest.raises(httpx.ConnectError):
            client.get(f"{fake.origin}/_mock/health")
        assert fake.name not in [told["name"] for told in client.get(f"{other.origin}/_mock/fakes").json()["fakes"]]


def test_pages_and_other_names_are_kept_out_on_the_socket_too(server: VideoServer) -> None:
    with server.fake() as fake, httpx.Client() as client:
        fake.task()
        for headers in ({"origin": "http://evil.example"}, {"host": "evil.example"}, {"sec-fetch-site": "same-site"}):
            answer = client.post(f"{fake.origin}/_mock/reset", headers=headers)
            assert answer.status_code == 403
            assert not [name for name in answer.headers if name.startswith("access-control-")]
        assert len(fake.tasks) == 1


def test_a_server_with_a_token_wants_it(document: dict[str, Any]) -> None:
    with (
        VideoServer(library=Scenarios(), clip_store=memory_clips(), token=GOOD) as server,
        server.fake() as fake,
        httpx.Client() as client,
    ):
        assert client.get(f"{fake.origin}/_mock/tasks").status_code == 401
        assert client.get(f"{fake.origin}/_mock/tasks", headers={"x-mock-token": GOOD}).status_code == 200
        assert client.get(f"{fake.origin}/_mock/ready").status_code == 200


# --- the guide --------------------------------------------------------------------------------------------------------


@pytest.mark.skipif(not (shutil.which("bash") and shutil.which("curl")), reason="the guide is written for curl")
def test_every_line_of_the_guide_works(tmp_path: Path) -> None:
    guide = (ROOT / "docs" / "control.md").read_text("utf-8")
    blocks = re.findall(r"^```sh\n(.*?)^```", guide, re.DOTALL | re.MULTILINE)
    assert blocks[0] == "video-mockserver serve --port 8080 --manual-clock\n"
    ready = tmp_path / "ready.json"
    command = ["-m", "video_mockserver", "serve", "--port", "0", "--manual-clock", "--ready-file", str(ready)]
    with subprocess.Popen([sys.executable, *command], stdout=subprocess.DEVNULL) as serving:
        try:
            eventually(ready.exists)
            origin = json.loads(ready.read_text("utf-8"))["origin"]
            # A failed request ends the script, and each answer stands on a line of its own.
            script = "\n".join(["set -euo pipefail", *blocks[1:]]).replace("curl -s", "curl -sS --fail-with-body")
            done = subprocess.run(
                ["bash", "-c", script.replace("http://127.0.0.1:8080", origin)],
                cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE, check=False,
            )  # fmt: skip
        finally:
            serving.terminate()
    assert done.returncode == 0, done.stdout + done.stderr
    assert '"moved": true' in done.stdout
    assert '"reset": ["default"]' in done.stdout
    assert json.loads((tmp_path / "journal.har").read_text("utf-8"))["log"]["version"] == "1.2"
