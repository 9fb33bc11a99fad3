"""The documentation's own examples: each comes out field for field, in its order.

What the service makes up by itself (an id, a UUID) is compared by its shape.
"""

from __future__ import annotations

import json
import re
from importlib.resources import files
from typing import Any

import pytest

from support.asking import CREATE, Answer, ask, content, done, form, multipart, part, poll, told, waiting
from support.fakes import NewFake
from video_mockserver.api.contract import FIXED_SECONDS, TASK_QUERY, URL_FIELDS, Phase, phase_of, result_urls
from video_mockserver.api.messages import Clip
from video_mockserver.fake.clock import ManualClock
from video_mockserver.fake.fake import Fake
from video_mockserver.scenario.model import ReplyTemplate, Scenario, State, Transition


def payload(name: str) -> Any:
    """A documented payload, as the fixtures hold it."""
    return json.loads((files("video_mockserver.fixtures") / "payloads" / f"{name}.json").read_text("utf-8"))


UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
FIFTY = told({"a": waiting(Transition("b", polls=9), progress=50), "b": done()})


def same(answer: Answer, documented: dict[str, Any], **shapes: str) -> None:
    """The answer is 200, JSON, and the documented example: keys in order, values and types alike.

    `shapes` are patterns for the values that the service makes up.
    """
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
    shown = answer.json
    assert list(shown) == list(documented)
    for name, pattern in shapes.items():
        assert re.fullmatch(pattern, shown[name]), f"{name}: {shown[name]!r}"
        shown[name] = documented[name]
    # As text, so that true is not 1, and the order of inner keys counts.
    assert json.dumps(shown) == json.dumps(documented)


# --- Grok Task Query --------------------------------------------------------------------------------------------------

TASK = payload("grok_task_query")


def test_the_task_query(new_fake: NewFake) -> None:
    fake = new_fake(told({"a": waiting(Transition("b", polls=9), progress=42), "b": done()}))
    fake.task(id="video_abc123")
    same(poll(fake, "video_abc123"), TASK)


def test_the_contracts_table_has_the_fields_of_the_example_in_its_order() -> None:
    types = {"string": str, "integer": int, "object": dict}
    assert [fact.name for fact in TASK_QUERY] == list(TASK)
    assert all(type(TASK[fact.name]) is types[fact.type] for fact in TASK_QUERY)


def test_the_end_keeps_the_fields_and_fills_them(new_fake: NewFake) -> None:
    fake = new_fake(told({"a": waiting(Transition("b", seconds=90)), "b": done()}))
    fake.task(id="video_abc123")
    fake.advance(100)
    answer = poll(fake, "video_abc123")
    url = answer.json["video_url"]
    assert url.startswith("http://clips.test/")
    same(answer, {**TASK, "status": "completed", "progress": 100, "completed_at": 1735689690, "video_url": url})


def test_a_failure_fills_the_error(new_fake: NewFake) -> None:
    documented = payload("failed")
    failed = State(video={"status": "failed", "progress": 42, "error": documented["error"]})
    fake = new_fake(told({"a": waiting(Transition("b", seconds=60)), "b": failed}))
    fake.task(id="video_abc123")
    fake.advance(60)
    same(poll(fake, "video_abc123"), documented)


@pytest.mark.parametrize("place", ["output_url", "video_url", "url", "detail_url"])
def test_the_end_with_the_url_in_each_of_the_four_places(new_fake: NewFake, place: str) -> None:
    documented = payload(f"completed_{place}")
    more = {name: value for name, value in documented.items() if name not in TASK or name == "video_url"}
    fake = new_fake(told({"a": waiting(Transition("b", seconds=60)), "b": done(video=more)}))
    fake.task(id="video_abc123")
    fake.advance(60)
    same(poll(fake, "video_abc123"), documented)
    [found] = result_urls(documented)
    assert found.field == (place if place.endswith("video_url") or "_" not in place else place.replace("_", "."))


def test_openais_task(new_fake: NewFake) -> None:
    fake = new_fake(told({"a": waiting(Transition("b", polls=9), progress=42), "b": done()}), dialect="openai")
    fake.task(id="video_abc123", prompt="a fox in the snow")
    same(poll(fake, "video_abc123"), payload("openai_video"))


def test_the_documented_curl_as_it_is_pasted(new_fake: NewFake) -> None:
    fake = new_fake(unknown_tasks="create")
    answer = ask(fake, "GET", "/v1/videos/video_abc123", json={"task_id": "<string>"}, key="KEY")
    assert (answer.status, list(answer.json), answer.json["id"]) == (200, list(TASK), "video_abc123")


# --- where the result is ----------------------------------------------------------------------------------------------


def test_the_result_url_is_looked_for_in_the_documented_order() -> None:
    assert URL_FIELDS == ("output.url", "video_url", "url", "detail.url")
    document = {"url": "3", "detail": {"url": "4"}, "video_url": "2", "output": {"url": "1"}}
    assert [found.url for found in result_urls(document)] == ["1", "2", "3", "4"]
    table_reading = ("video_url", "output.url", "url", "detail.url")
    assert [found.url for found in result_urls(document, table_reading)] == ["2", "1", "3", "4"]


@pytest.mark.parametrize("absent", [None, "", "  ", {}, [], 0, False, {"href": "x"}, {"url": ""}, {"url": None}])
def test_absent_has_many_faces(absent: Any) -> None:
    for field in ("output", "video_url", "url", "detail"):
        assert list(result_urls({field: absent})) == []
    assert list(result_urls(absent)) == []


@pytest.mark.parametrize(
    ("phase", "words"),
    [
        (Phase.PENDING, "queued pending processing in_progress unknown NOT_START SUBMITTED IN_PROGRESS brand_new"),
        (Phase.SUCCEEDED, "completed succeeded SUCCESS Completed"),
        (Phase.FAILED, "failed FAILURE cancelled expired"),
    ],
)
def test_what_the_documented_status_words_mean(phase: Phase, words: str) -> None:
    assert {phase_of(word) for word in words.split()} == {phase}


# --- create -----------------------------------------------------------------------------------------------------------

CREATED = payload("create_video")
FIELDS = {"model": "grok-video-3", "prompt": "a fox", "aspect_ratio": "16:9", "seconds": "6", "size": "720P"}


@pytest.mark.parametrize(
    "body",
    [
        multipart(*(part(name, value) for name, value in FIELDS.items())),
        multipart(
            *(part(name, value) for name, value in FIELDS.items()),
            part("input_reference", b"\x89PNG", filename="a.png", media_type="image/png"),
        ),
        {"json": FIELDS},
        {"json": {**FIELDS, "seconds": 6}},
        form(**FIELDS),
    ],
    ids=["multipart", "multipart with a file", "JSON", "JSON with a number", "urlencoded"],
)
def test_create(fake: Fake, body: dict[str, Any]) -> None:
    same(ask(fake, "POST", "/v1/videos", **body), CREATED, id=r"video_[0-9a-z]+")


@pytest.mark.parametrize(
    "body",
    [
        {"model": "sora-2", "prompt": "a fox", "size": "720x1280", "input_reference": "data:image/png;base64,AA=="},
        {"model": "sora-2", "prompt": "a fox", "size": "720x1280", "input_reference": ["data:image/png;base64,AA=="]},
    ],
)
def test_create_with_sora(fake: Fake, body: dict[str, Any]) -> None:
    answer = ask(fake, "POST", "/v1/videos", json=body)
    same(answer, {**CREATED, "model": "sora-2", "size": "720x1280"}, id=r"video_[0-9a-z]+")
    assert fake.journal[-1].unknown_fields is None


@pytest.mark.parametrize("pictures", [{"image": "https://p.test/a.png"}, {"images": ["https://p.test/a.png"]}])
def test_create_with_a_newer_grok_model(fake: Fake, pictures: dict[str, Any]) -> None:
    body = {"model": "grok-imagine-video", "prompt": "a fox", "resolution": "720P", **pictures}
    same(ask(fake, "POST", "/v1/videos", json=body), {**CREATED, "model": "grok-imagine-video"}, id=r"video_.+")
    assert fake.journal[-1].unknown_fields is None


@pytest.mark.parametrize(("model", "seconds"), [("grok-video-3-pro", "10"), ("grok-video-3-max", "15")])
def test_the_models_whose_duration_is_fixed(fake: Fake, model: str, seconds: str) -> None:
    assert FIXED_SECONDS[model] == seconds
    id = ask(fake, "POST", "/v1/videos", json={"model": model, "prompt": "a fox", "seconds": 6}).json["id"]
    assert poll(fake, id).json["seconds"] == seconds


def test_the_gateways_create_reply_adds_task_id_and_seconds(new_fake: NewFake) -> None:
    answer = ask(new_fake(dialect="new-api"), "POST", "/v1/videos", json=FIELDS)
    assert answer.json["task_id"] == answer.json["id"]
    same(answer, payload("create_video_openai_page"), id=r"video_[0-9a-z]+", task_id=r"video_[0-9a-z]+")


# --- remix, extend, extensions ----------------------------------------------------------------------------------------

SHORT = payload("remix")


@pytest.mark.parametrize(
    ("path", "more"),
    [
        ("/v1/videos/video_abc123/remix", {}),
        ("/v1/videos/video_abc123/extend", {}),
        ("/v1/videos/extensions", {"video": {"url": "video_abc123"}}),
    ],
)
def test_a_new_task_from_an_old_one(new_fake: NewFake, path: str, more: dict[str, Any]) -> None:
    fake = new_fake(FIFTY, clock=ManualClock(1762685256))
    fake.task(id="video_abc123")
    answer = ask(fake, "POST", path, json={**CREATE, **more})
    same(answer, SHORT, id=f"grok:{UUID}")
    assert poll(fake, answer.json["id"]).json["remixed_from_video_id"] == "video_abc123"


# --- the unified pair -------------------------------------------------------------------------------------------------

UNIFIED_GROK = payload("unified_create_grok")
UNIFIED_SORA = payload("unified_create_sora")
UNIFIED_BODY = {"prompt": "a fox", "images": [], "aspect_ratio": "16:9", "size": "720P", "duration": 6}


@pytest.mark.parametrize("scenario", ["lifecycle/plain", FIFTY], ids=["queued at first", "under way at once"])
def test_unified_create_with_grok(new_fake: NewFake, scenario: str | Scenario) -> None:
    fake = new_fake(scenario, clock=ManualClock(1762780400))
    answer = ask(fake, "POST", "/v1/video/create", json={"model": "grok-video-3", **UNIFIED_BODY})
    iso = r"2025-11-10T21:13:20\.0{9}\+08:00"
    same(answer, UNIFIED_GROK, id=f"grok:{UUID}", task_id=UUID, created_at=iso)
    assert not answer.json["id"].endswith(answer.json["task_id"])
    assert fake.journal[-1].unknown_fields is None


def test_its_created_at_has_nanoseconds_and_an_offset(new_fake: NewFake) -> None:
    fake = new_fake(clock=ManualClock(1762614477.5))
    created = ask(fake, "POST", "/v1/video/create", json={"model": "grok-video-3", **UNIFIED_BODY}).json["created_at"]
    assert created == "2025-11-08T23:07:57.500000000+08:00"


def test_unified_create_with_sora(new_fake: NewFake) -> None:
    fake = new_fake(clock=ManualClock(1762010621.323))
    answer = ask(fake, "POST", "/v1/video/create", json={"model": "sora-2", **UNIFIED_BODY})
    same(answer, UNIFIED_SORA, id=r"sora-2:task_[0-9a-z]+")


def test_unified_query(new_fake: NewFake) -> None:
    fake = new_fake(FIFTY, clock=ManualClock(1762780400))
    documented = payload("unified_query")
    fake.task(id=documented["id"])
    same(ask(fake, "GET", f"/v1/video/query?id={documented['id']}"), documented)


def test_unified_query_may_carry_more(new_fake: NewFake) -> None:
    more = {"prompt": "a fox", "ratio": "16:9", "thumbnail_url": "http://x.test/t", "trace_id": "t", "detail": {"a": 1}}
    fake = new_fake(told({"a": State(video={"status": "completed", "video_url": "{download_url}"}, unified=more)}))
    answer = ask(fake, "GET", f"/v1/video/query?id={fake.task().id}").json
    assert list(answer) == ["id", "status", "video_url", "status_update_time", "progress", *more]


# --- the wrapped pair -------------------------------------------------------------------------------------------------


def wrapped(**data: Any) -> dict[str, Any]:
    documented = payload("wrapped_query")
    return {**documented, "data": {**documented["data"], "task_id": "t", **data}}


def test_wrapped_create(fake: Fake) -> None:
    answer = ask(fake, "POST", "/v1/video/generations", json=CREATE)
    id = answer.json["data"]["task_id"]
    same(answer, wrapped(task_id=id))
    assert poll(fake, id).json["id"] == id  # the same task, on the other route


def test_wrapped_query(new_fake: NewFake) -> None:
    fake = new_fake("lifecycle/plain")
    fake.task(id="t")
    path = "/v1/video/generations/t"
    for status in ("queued", "processing", "processing"):
        same(ask(fake, "GET", path), wrapped(status=status))
    answer = ask(fake, "GET", path)
    url = answer.json["data"]["url"]
    assert url.startswith("http://clips.test/")
    same(answer, wrapped(status="succeeded", url=url))


def test_seedances_variant(new_fake: NewFake) -> None:
    fake = new_fake(FIFTY)
    documented = payload("wrapped_seedance")
    fake.task(id=documented["data"]["task_id"], model="doubao-seedance-1-0-pro")
    answer = ask(fake, "GET", f"/v1/video/generations/{documented['data']['task_id']}")
    # The page leaves the message out; the gateway always sends it. Its example was under way after five seconds.
    documented["data"]["start_time"] -= 5
    same(answer, {"code": "success", "message": "", "data": documented["data"]})


def test_seedances_end(new_fake: NewFake) -> None:
    fake = new_fake(told({"a": waiting(Transition("b", seconds=90)), "b": done()}))
    fake.task(id="t", model="doubao-seedance-1-0-pro")
    fake.advance(90)
    data = ask(fake, "GET", "/v1/video/generations/t").json["data"]
    assert (data["status"], data["progress"], data["finish_time"]) == ("SUCCESS", "100%", 1735689690)
    assert data["data"]["status"] == "completed"
    assert data["data"]["content"]["video_url"].startswith("http://clips.test/")


# --- errors -----------------------------------------------------------------------------------------------------------

REQUEST_ID = re.compile(r" \(request id: \w+\)")


def error_of(fake: Fake, case: str) -> Answer:
    match case:
        case "no key":
            return ask(fake, "GET", "/v1/videos/t", key=None)
        case "a bad key":
            return ask(fake, "GET", "/v1/videos/t", key="sk-bad")
        case "an unknown route":
            return ask(fake, "GET", "/v1/nowhere")
        case "an unknown task":
            return poll(fake, "nobody")
        case "an unknown task, unified":
            return ask(fake, "GET", "/v1/video/query?id=nobody")
        case "an unknown task, wrapped":
            return ask(fake, "GET", "/v1/video/generations/nobody")
        case "no prompt":
            return ask(fake, "POST", "/v1/videos", json={"model": "grok-video-3"})
        case "no model":
            return ask(fake, "POST", "/v1/videos", json={"prompt": "a fox"})
        case "content of an unknown task":
            return content(fake, "nobody")
        case "content of a task in the queue":
            return content(fake, fake.task("lifecycle/plain").id)
        case "content of a task under way":
            return content(fake, fake.task(FIFTY).id)
        case _:
            raise AssertionError(case)


ERRORS = {
    "no key": (401, "error_unauthorized", {"message": "No token provided"}),
    "a bad key": (401, "error_unauthorized", {}),
    "an unknown route": (404, "error_unknown_route", {}),
    "an unknown task": (400, "error_task_not_exist", {}),
    "an unknown task, unified": (400, "error_task_not_exist", {}),
    "an unknown task, wrapped": (400, "error_task_not_exist", {}),
    "no prompt": (400, "error_prompt_required", {}),
    "no model": (400, "error_missing_model", {}),
    "content of an unknown task": (404, "error_content_unknown_task", {}),
    "content of a task under way": (400, "error_content_not_completed", {}),
    "content of a task in the queue": (
        400,
        "error_content_not_completed",
        {"message": "Task is not completed yet, current status: NOT_START"},
    ),
}


@pytest.mark.parametrize(("case", "answered"), ERRORS.items(), ids=ERRORS)
def test_an_error_of_the_gateway(new_fake: NewFake, case: str, answered: tuple[int, str, dict[str, str]]) -> None:
    status, name, other_words = answered
    same_error(error_of(new_fake(keys=["sk-mock-1234567890"]), case), status, name, other_words)


def same_error(answer: Answer, status: int, name: str, other_words: dict[str, str]) -> None:
    """The answer is the documented error; a request id is compared by its shape, the fake's own hint left out."""
    documented, shown = payload(name), answer.envelope
    documented.get("error", documented).update(other_words)
    assert answer.status == status
    if name in ("error_unauthorized", "error_forbidden", "error_model_not_found"):
        shown["error"]["message"], found = REQUEST_ID.subn("", shown["error"]["message"])
        documented["error"]["message"] = REQUEST_ID.sub("", documented["error"]["message"])
        assert found == 1
    assert json.dumps(shown) == json.dumps(documented)


SCRIPTED_ERRORS = {
    "no permission": (ReplyTemplate(status=403), 403, "error_forbidden"),
    "a key that ended": (ReplyTemplate(status=401), 401, "error_unauthorized"),
    "no channel": (ReplyTemplate(status=503), 503, "error_model_not_found"),
    "the quota": (
        ReplyTemplate(
            status=403,
            error={"code": "insufficient_user_quota", "message": "The quota of this account is used up"},
        ),
        403,
        "error_quota",
    ),
}


@pytest.mark.parametrize(("reply", "status", "name"), SCRIPTED_ERRORS.values(), ids=SCRIPTED_ERRORS)
@pytest.mark.parametrize("where", ["create", "poll"])
def test_an_error_of_the_gateway_that_a_scenario_brings_about(
    new_fake: NewFake, where: str, reply: ReplyTemplate, status: int, name: str
) -> None:
    if where == "create":
        answer = ask(new_fake(told({"a": done()}, create=(reply,))), "POST", "/v1/videos", json=CREATE)
    else:
        fake = new_fake(told({"a": done(poll=(reply,))}))
        answer = poll(fake, fake.task().id)
    same_error(answer, status, name, {})


@pytest.mark.parametrize("where", ["create", "poll"])
def test_too_many_requests_has_the_shape_of_a_task_error_and_never_a_retry_after(new_fake: NewFake, where: str) -> None:
    reply = (ReplyTemplate(status=429),)
    fake = new_fake(told({"a": done(poll=reply)}, create=reply))
    answer = ask(fake, "POST", "/v1/videos", json=CREATE) if where == "create" else poll(fake, fake.task().id)
    assert (answer.status, list(answer.json), answer.json["data"]) == (429, ["code", "message", "data"], None)
    assert "retry-after" not in answer.headers


def test_a_bad_request_to_create_that_a_scenario_brings_about(new_fake: NewFake) -> None:
    fake = new_fake(told({"a": done()}, create=(ReplyTemplate(status=400),)))
    answer = ask(fake, "POST", "/v1/videos", json=CREATE)
    assert (answer.status, list(answer.json), answer.json["code"]) == (
        400,
        ["code", "message", "data"],
        "invalid_request",
    )


def test_content_when_upstream_is_broken(new_fake: NewFake) -> None:
    fake = new_fake(told({"a": done(content=(ReplyTemplate(status=502),))}))
    answer = content(fake, fake.task().id)
    same_error(answer, 502, "error_content_upstream", {})


def test_content_passes_a_range_through_and_can_be_cached_for_a_day(new_fake: NewFake) -> None:
    fake = new_fake(told({"a": done()}))
    answer = content(fake, fake.task().id, headers={"Range": "bytes=0-99"})
    assert (answer.status, len(answer.body)) == (206, 100)
    assert answer.headers["cache-control"] == "public, max-age=86400"


def test_any_bearer_key_is_good_by_default(fake: Fake) -> None:
    for key in ("KEY", "sk-1", "x", "a b c"):
        assert ask(fake, "GET", "/v1/models", key=key).status == 200
    for value in ("", "Bearer", "Bearer ", "Basic abc", "KEY"):
        assert ask(fake, "GET", "/v1/models", key=None, headers={"Authorization": value}).status == 401
    assert ask(fake, "GET", "/v1/models", key=None, headers={"Authorization": "bearer KEY"}).status == 200


def test_only_listed_keys_are_good_on_request(new_fake: NewFake) -> None:
    fake = new_fake(keys=["sk-one", "sk-two"])
    assert [ask(fake, "GET", "/v1/models", key=key).status for key in ("sk-one", "sk-two", "sk-three")] == [
        200,
        200,
        401,
    ]


def test_the_clip_is_a_film(new_fake: NewFake) -> None:
    fake = new_fake(told({"a": done()}))
    task = fake.task()
    clip: Clip = task.clip
    film = content(fake, task.id).body
    assert (clip.media_type, film[4:8], (clip.width, clip.height, clip.seconds)) == (
        "video/mp4",
        b"ftyp",
        (1280, 720, 6),
    )
