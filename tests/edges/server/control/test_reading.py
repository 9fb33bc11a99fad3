"""What is wrong with a request to control: nothing gets past it, and the answer says what would be right."""

from __future__ import annotations

from typing import Any

import pytest

from support.control import OWN, YAML, Control, message
from video_mockserver.edges.server.control.routes import BODY_LIMIT, CONTROL_ROUTES
from video_mockserver.fake.fake import Fake

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
    ("POST", "/tasks/video_a/state", {"json": {"state": "complete"}}, 400,
     "has no state 'complete' (did you mean 'completed'?)"),
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
