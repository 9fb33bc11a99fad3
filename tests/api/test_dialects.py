"""The dialects: what each one's documents, absence, URL, errors and routes look like, on a fake and on a task."""

from __future__ import annotations

from typing import Any

import pytest

from support.asking import CREATE, ORIGINS, ask, at_once, done, poll, polled_to_the_end, told, waiting
from support.fakes import NewFake
from video_mockserver.api.dialects import DIALECTS
from video_mockserver.api.faults import describe
from video_mockserver.api.messages import Fault
from video_mockserver.scenario.model import ReplyTemplate, State, Transition

CREATED = 1735689600
FAILED = told({"failed": State(video={"status": "failed", "error": {"message": "no foxes", "code": "moderation"}})})

# --- documents --------------------------------------------------------------------------------------------------------

UNDER_WAY: dict[str, dict[str, Any]] = {
    "octopusx": {
        "id": "video_t",
        "object": "video",
        "model": "grok-video-3",
        "status": "processing",
        "progress": 42,
        "created_at": CREATED,
        "completed_at": 0,
        "expires_at": CREATED + 86400,
        "seconds": "6",
        "size": "720P",
        "remixed_from_video_id": "",
        "error": {"message": "", "code": ""},
        "video_url": "",
    },
    "new-api": {
        "id": "video_t",
        "task_id": "video_t",
        "object": "video",
        "model": "grok-video-3",
        "status": "in_progress",
        "progress": 42,
        "created_at": CREATED,
        "seconds": "6",
        "size": "720P",
    },
    "openai": {
        "id": "video_t",
        "object": "video",
        "created_at": CREATED,
        "status": "in_progress",
        "completed_at": None,
        "error": None,
        "expires_at": None,
        "model": "sora-2",
        "progress": 42,
        "prompt": None,
        "remixed_from_video_id": None,
        "seconds": "4",
        "size": "720x1280",
    },
}


@pytest.mark.parametrize(("dialect", "document"), UNDER_WAY.items())
def test_a_task_under_way_as_each_dialect_shows_it(new_fake: NewFake, dialect: str, document: dict[str, Any]) -> None:
    fake = new_fake(told({"a": waiting(Transition("b", polls=1), progress=42), "b": done()}), dialect=dialect)
    fake.task(id="video_t")
    assert list(poll(fake, "video_t").json.items()) == list(document.items())


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_finished_task_says_when_and_where(new_fake: NewFake, dialect: str) -> None:
    fake = new_fake(told({"a": waiting(Transition("b", seconds=30)), "b": done()}), dialect=dialect)
    task = fake.task()
    fake.advance(30)
    document = poll(fake, task.id).json
    assert (document["status"], document["progress"]) == ("completed", 100)
    assert (document["completed_at"], document["expires_at"]) == (CREATED + 30, CREATED + 86400)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_types_are_safe_for_strict_clients_all_along(new_fake: NewFake, dialect: str) -> None:
    fake = new_fake(dialect=dialect, poll_after_ms=100)
    task = fake.task()
    for _ in range(5):
        answer = poll(fake, task.id)
        document = answer.json
        assert document["object"] == "video"
        assert type(document["status"]) is str
        assert type(document["seconds"]) is str
        assert type(document["progress"]) is int
        assert type(document["created_at"]) is int
        error = document.get("error")
        assert error is None or all(type(value) is str for value in error.values())
        assert answer.headers["openai-poll-after-ms"] == "100"


def test_no_dialect_says_when_to_poll_unless_told_to(new_fake: NewFake) -> None:
    fake = new_fake(dialect="openai")
    assert "openai-poll-after-ms" not in poll(fake, fake.task().id).headers


@pytest.mark.parametrize(
    ("dialect", "keys"),
    [
        ("octopusx", ["id", "object", "model", "status", "progress", "created_at", "size"]),
        (
            "new-api",
            ["id", "task_id", "object", "model", "status", "progress", "created_at", "seconds", "size"],
        ),
        ("openai", list(UNDER_WAY["openai"])),
    ],
)
def test_a_create_reply_has_the_fields_of_its_dialect(new_fake: NewFake, dialect: str, keys: list[str]) -> None:
    answer = ask(new_fake(dialect=dialect), "POST", "/v1/videos", json=CREATE)
    assert list(answer.json) == keys


# --- absence, and the URL's place -------------------------------------------------------------------------------------

ABSENT: dict[str, dict[str, Any]] = {
    # What stands in a field that has no value; "-" where there is no key.
    "octopusx": {
        "completed_at": 0,
        "remixed_from_video_id": "",
        "error": {"message": "", "code": ""},
        "video_url": "",
        "metadata": "-",
        "prompt": "-",
    },
    "new-api": {
        "completed_at": "-",
        "remixed_from_video_id": "-",
        "error": "-",
        "video_url": "-",
        "metadata": "-",
        "prompt": "-",
    },
    "openai": {
        "completed_at": None,
        "remixed_from_video_id": None,
        "error": None,
        "video_url": "-",
        "metadata": "-",
        "prompt": None,
    },
}


@pytest.mark.parametrize(("dialect", "absent"), ABSENT.items())
def test_absence_has_the_face_that_the_dialect_gives_it(
    new_fake: NewFake, dialect: str, absent: dict[str, Any]
) -> None:
    fake = new_fake(dialect=dialect)
    document = poll(fake, fake.task().id).json
    assert {name: document.get(name, "-") for name in absent} == absent


@pytest.mark.parametrize(
    ("dialect", "place"), [("octopusx", ("video_url",)), ("new-api", ("metadata", "url")), ("openai", None)]
)
def test_the_url_stands_where_the_dialect_has_it_or_nowhere(
    new_fake: NewFake, dialect: str, place: tuple[str, ...] | None
) -> None:
    fake = new_fake(at_once(), dialect=dialect)
    answer = poll(fake, fake.task().id)
    if place is None:
        assert ORIGINS.download.encode() not in answer.body
        return
    value = answer.json
    for key in place:
        value = value[key]
    assert value.startswith(ORIGINS.download)
    assert answer.body.count(ORIGINS.download.encode()) == 1


@pytest.mark.parametrize("dialect", ["octopusx", "new-api"])
@pytest.mark.parametrize("model", ["grok-video-3", "doubao-seedance-1"])
def test_the_other_queries_show_the_url_in_every_dialect_that_has_them(
    new_fake: NewFake, dialect: str, model: str
) -> None:
    fake = new_fake(at_once(), dialect=dialect)
    task = fake.task(model=model)
    unified = ask(fake, "GET", f"/v1/video/query?id={task.id}").json
    wrapped = ask(fake, "GET", f"/v1/video/generations/{task.id}").json["data"]
    assert unified["video_url"].startswith(ORIGINS.download)
    url = wrapped["data"]["content"]["video_url"] if "seedance" in model else wrapped["url"]
    assert url == unified["video_url"]


@pytest.mark.parametrize("dialect", ["octopusx", "new-api"])
def test_the_other_queries_show_no_url_before_the_end(new_fake: NewFake, dialect: str) -> None:
    fake = new_fake(dialect=dialect)
    task = fake.task()
    assert ask(fake, "GET", f"/v1/video/query?id={task.id}").json["video_url"] is None
    assert ask(fake, "GET", f"/v1/video/generations/{task.id}").json["data"]["url"] == ""


@pytest.mark.parametrize("metadata", [None, "text", 0, []])
def test_a_place_that_a_scenario_spoils_does_not_bring_the_fake_down(new_fake: NewFake, metadata: Any) -> None:
    scenario = told({"a": State(video={"status": "completed", "metadata": metadata, "video_url": "{download_url}"})})
    fake = new_fake(scenario, dialect="new-api")
    assert poll(fake, fake.task().id).json["metadata"]["url"].startswith(ORIGINS.download)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_failure_is_told_in_the_error_object(new_fake: NewFake, dialect: str) -> None:
    fake = new_fake(FAILED, dialect=dialect)
    document = poll(fake, fake.task().id).json
    assert document["status"] == "failed"
    assert document["error"] == {"message": "no foxes", "code": "moderation"}


def test_the_wrapped_queries_tell_a_failure_in_their_own_places(new_fake: NewFake) -> None:
    fake = new_fake(FAILED)
    plain, seedance = fake.task(), fake.task(model="doubao-seedance-1")
    wrapped = ask(fake, "GET", f"/v1/video/generations/{plain.id}").json["data"]
    assert (wrapped["status"], wrapped["error"]) == ("failed", {"message": "no foxes", "code": "moderation"})
    variant = ask(fake, "GET", f"/v1/video/generations/{seedance.id}").json["data"]
    assert (variant["status"], variant["fail_reason"]) == ("FAILURE", "no foxes")


# --- errors -----------------------------------------------------------------------------------------------------------

ENVELOPES = {
    "gateway": ["message", "type", "code"],
    "openai": ["message", "type", "param", "code"],
    "content": ["message", "type"],
}


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize(
    ("case", "envelope_of_the_gateway"),
    [
        ("no_key", "gateway"),
        ("unknown_route", "openai"),
        ("method_not_allowed", "openai"),
        ("task_not_exist", "task"),
        ("missing_prompt", "task"),
        ("broken_json", "task"),
        ("unknown_scenario", "task"),
        ("content_unknown_task", "content"),
        ("content_not_completed", "content"),
        ("already_ended", "task"),
    ],
)
def test_every_error_has_its_dialects_envelope(
    new_fake: NewFake, dialect: str, case: str, envelope_of_the_gateway: str
) -> None:
    fake = new_fake(at_once("ended"), dialect=dialect)
    under_way = fake.task("lifecycle/plain")
    ended = fake.task("ended")
    answer = {
        "no_key": lambda: ask(fake, "GET", "/v1/models", key=None),
        "unknown_route": lambda: ask(fake, "GET", "/v1/nothing"),
        "method_not_allowed": lambda: ask(fake, "PATCH", "/v1/videos"),
        "task_not_exist": lambda: poll(fake, "nobody"),
        "missing_prompt": lambda: ask(fake, "POST", "/v1/videos", json={"model": "sora-2"}),
        "broken_json": lambda: ask(fake, "POST", "/v1/videos", body=b"{", content_type="application/json"),
        "unknown_scenario": lambda: ask(fake, "POST", "/v1/videos", json={"model": "x@zzzz", "prompt": "a fox"}),
        "content_unknown_task": lambda: ask(fake, "GET", "/v1/videos/nobody/content"),
        "content_not_completed": lambda: ask(fake, "GET", f"/v1/videos/{under_way.id}/content"),
        "already_ended": lambda: ask(fake, "POST", f"/v1/videos/{ended.id}/cancel"),
    }[case]()
    envelope = "openai" if dialect == "openai" else envelope_of_the_gateway
    assert answer.status >= 400
    assert answer.headers["content-type"] == "application/json"
    if envelope == "task":
        assert list(answer.envelope) == ["code", "message", "data"]
        assert answer.json["data"] is None
    else:
        assert list(answer.envelope) == ["error"]
        assert list(answer.json["error"]) == ENVELOPES[envelope]


@pytest.mark.parametrize(
    ("dialect", "status", "envelope"),
    [
        ("octopusx", 400, "task"),
        ("octopusx", 401, "gateway"),
        ("octopusx", 403, "task"),  # as the quota's error is
        ("octopusx", 429, "task"),
        ("octopusx", 503, "gateway"),
        ("openai", 400, "openai"),
        ("openai", 401, "openai"),
        ("openai", 500, "openai"),
    ],
)
def test_a_scripted_error_takes_the_envelope_that_its_status_has(
    new_fake: NewFake, dialect: str, status: int, envelope: str
) -> None:
    reply = ReplyTemplate(status=status, error={"code": "c", "message": "m"})
    fake = new_fake(told({"a": done(poll=(reply,))}), dialect=dialect)
    answer = poll(fake, fake.task().id)
    assert answer.status == status
    if envelope == "task":
        assert answer.json == {"code": "c", "message": "m", "data": None}
    else:
        error = answer.json["error"]
        assert list(error) == ENVELOPES[envelope]
        assert (error["message"], error["code"]) == ("m", "c")


@pytest.mark.parametrize("dialect", DIALECTS)
def test_no_dialect_sends_a_retry_after_with_429(new_fake: NewFake, dialect: str) -> None:
    fake = new_fake(told({"a": done(poll=(ReplyTemplate(status=429),))}), dialect=dialect)
    answer = poll(fake, fake.task().id)
    assert (answer.status, "retry-after" in answer.headers) == (429, False)


# --- routes -----------------------------------------------------------------------------------------------------------

SOME = {
    ("POST", "/v1/video/create"): {"octopusx", "new-api"},
    ("GET", "/v1/video/query?id=video_plain"): {"octopusx", "new-api"},
    ("POST", "/v1/video/generations"): {"octopusx", "new-api"},
    ("GET", "/v1/video/generations/video_plain"): {"octopusx", "new-api"},
    ("POST", "/v1/videos/characters"): {"openai"},
    ("POST", "/v1/videos/edits"): {"openai"},
    ("POST", "/v1/videos"): {"octopusx", "new-api", "openai"},
    ("GET", "/v1/videos"): {"octopusx", "new-api", "openai"},
    ("GET", "/v1/videos/video_plain"): {"octopusx", "new-api", "openai"},
    ("DELETE", "/v1/videos/video_plain"): {"octopusx", "new-api", "openai"},
    ("POST", "/v1/videos/video_plain/remix"): {"octopusx", "new-api", "openai"},
    ("POST", "/v1/videos/video_plain/extend"): {"octopusx", "new-api", "openai"},
    ("POST", "/v1/videos/extensions"): {"octopusx", "new-api", "openai"},
    ("GET", "/v1/models"): {"octopusx", "new-api", "openai"},
}


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize(("route", "dialects"), SOME.items(), ids=[" ".join(route) for route in SOME])
def test_each_dialect_has_its_own_routes_and_no_others(
    new_fake: NewFake, dialect: str, route: tuple[str, str], dialects: set[str]
) -> None:
    body = {**CREATE, "video": {"id": "video_plain"}, "name": "Fox"} if route[0] == "POST" else None
    answer = ask(new_fake(dialect=dialect), *route, json=body)
    assert (answer.status == 200) == (dialect in dialects)
    if dialect not in dialects:
        assert answer.status in (404, 405)


# --- a task's own dialect ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fakes", DIALECTS)
@pytest.mark.parametrize("tasks", DIALECTS)
def test_a_task_can_have_a_dialect_of_its_own(new_fake: NewFake, fakes: str, tasks: str) -> None:
    scenario = told({"a": waiting(Transition("b", polls=1), progress=42), "b": done()})
    fake = new_fake(scenario, dialect=fakes)
    fake.task(id="video_t", dialect=tasks)
    fake.task(id="video_u")
    assert poll(fake, "video_t").json == UNDER_WAY[tasks]
    assert poll(fake, "video_u").json == {
        name: "video_u" if value == "video_t" else value for name, value in UNDER_WAY[fakes].items()
    }


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_scenario_can_bring_its_dialect_along(new_fake: NewFake, dialect: str) -> None:
    scenario = told({"a": waiting(Transition("b", polls=1), progress=42), "b": done()}, dialect=dialect, name="own")
    fake = new_fake()
    fake.add_scenario(scenario)
    assert list(poll(fake, "video_own").json) == list(UNDER_WAY[dialect])
    made = ask(fake, "POST", "/v1/videos", json={**CREATE, "model": "sora-2@own"}).json
    document = poll(fake, made["id"]).json
    assert (document["seconds"], document["size"]) == (UNDER_WAY[dialect]["seconds"], UNDER_WAY[dialect]["size"])


def test_errors_about_a_task_are_told_in_its_own_dialect(new_fake: NewFake) -> None:
    fake = new_fake()
    task = fake.task(dialect="openai")
    answer = ask(fake, "GET", f"/v1/videos/{task.id}/content")
    assert (answer.status, list(answer.json["error"])) == (404, ENVELOPES["openai"])


@pytest.mark.parametrize("scenario", ["lifecycle/in_openai_format", "lifecycle/in_new_api_format"])
def test_the_shipped_scenarios_of_other_dialects_end_on_the_default_fake(new_fake: NewFake, scenario: str) -> None:
    fake = new_fake(scenario)
    document = polled_to_the_end(fake, ask(fake, "POST", "/v1/videos", json=CREATE).json["id"])
    assert document["status"] == "completed"
    assert "video_url" not in document


# --- the tables themselves --------------------------------------------------------------------------------------------


def test_every_dialect_words_the_same_errors() -> None:
    cases = {name: set(dialect.errors) for name, dialect in DIALECTS.items()}
    assert len({frozenset(known) for known in cases.values()}) == 1


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=list(DIALECTS))
def test_every_dialect_is_named_as_it_is_listed_and_its_create_fields_exist(dialect: Any) -> None:
    assert DIALECTS[dialect.name] is dialect
    assert set(dialect.create_fields) <= {name for name, _ in dialect.fields}
    assert dialect.summary
    assert not dialect.allowed_seconds or dialect.default_seconds in dialect.allowed_seconds
    assert dialect.default_size in dialect.allowed_sizes


def test_a_fault_reads_as_a_sentence() -> None:
    assert describe(Fault("truncate", 0.5)) == "truncate after 50% of the body"
    assert describe(Fault("reset", 1024)) == "reset after 1024 bytes"
    assert describe(Fault("wrong_length", amount=-5)) == "wrong length of -5 bytes"
    assert describe(Fault("drip", amount=20)) == "drip at 20 bytes/s"
