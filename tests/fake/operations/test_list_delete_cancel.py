"""Pages of tasks, deleting and cancelling them, models, characters and edits, and paths that are not there."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.asking import CREATE, ORIGINS, ask, at_once, content, done, multipart, part, poll, quoted, told, waiting
from support.fakes import NewFake
from video_mockserver.api.contract import ROUTES
from video_mockserver.api.dialects import DIALECTS
from video_mockserver.api.messages import Request
from video_mockserver.api.routing import routes_for
from video_mockserver.fake.clip_files import shipped_clips
from video_mockserver.fake.clock import ManualClock
from video_mockserver.fake.fake import Fake
from video_mockserver.scenario.library import Library
from video_mockserver.scenario.model import State, Transition


def listed(fake: Fake, query: str = "") -> tuple[list[str], bool]:
    """The ids of a page, and whether there are more."""
    page = ask(fake, "GET", "/v1/videos" + query).json
    assert list(page) == ["object", "data", "first_id", "last_id", "has_more"]
    ids = [task["id"] for task in page["data"]]
    assert (page["object"], page["first_id"], page["last_id"]) == (
        "list",
        ids[0] if ids else None,
        ids[-1] if ids else None,
    )
    return ids, page["has_more"]


@pytest.fixture
def ten(fake: Fake) -> Fake:
    """A fake with the tasks t0 to t9, made in this order."""
    for number in range(10):
        fake.task(id=f"t{number}")
    return fake


# --- list -------------------------------------------------------------------------------------------------------------


def test_no_tasks_are_an_empty_page(fake: Fake) -> None:
    assert listed(fake) == ([], False)


PAGES: dict[str, tuple[list[int], bool]] = {
    "": (list(range(9, -1, -1)), False),
    "?order=desc": (list(range(9, -1, -1)), False),
    "?order=asc": (list(range(10)), False),
    "?limit=3": ([9, 8, 7], True),
    "?limit=3&after=t7": ([6, 5, 4], True),
    "?limit=3&after=t2": ([1, 0], False),
    "?limit=3&after=t3": ([2, 1, 0], False),
    "?after=t0": ([], False),
    "?limit=3&order=asc": ([0, 1, 2], True),
    "?limit=3&order=asc&after=t2": ([3, 4, 5], True),
    "?limit=10": (list(range(9, -1, -1)), False),
    "?limit=9": (list(range(9, 0, -1)), True),
    "?limit=100": (list(range(9, -1, -1)), False),
    "?limit=1&limit=2": ([9, 8], True),
}


@pytest.mark.parametrize(("query", "page"), PAGES.items())
def test_pages_come_by_cursor_newest_first(ten: Fake, query: str, page: tuple[list[int], bool]) -> None:
    numbers, more = page
    assert listed(ten, query) == ([f"t{number}" for number in numbers], more)


def test_a_page_has_twenty_tasks_unless_asked(fake: Fake) -> None:
    for _ in range(25):
        fake.task()
    ids, more = listed(fake)
    assert (len(ids), more) == (20, True)


@pytest.mark.parametrize("order", ["asc", "desc"])
@pytest.mark.parametrize("limit", [1, 3, 5, 7, 100])
def test_going_through_the_pages_meets_each_task_once(ten: Fake, order: str, limit: int) -> None:
    met: list[str] = []
    query, more = f"?order={order}&limit={limit}", True
    for _ in range(10 // limit + 1):
        if more:
            ids, more = listed(ten, query + (f"&after={quoted(met[-1])}" if met else ""))
            met += ids
    assert not more
    assert sorted(met) == [f"t{number}" for number in range(10)]
    assert met == sorted(met, reverse=order == "desc")


def test_tasks_made_while_paging_do_not_shift_the_pages(ten: Fake) -> None:
    first, _ = listed(ten, "?limit=3")
    ten.task(id="new")
    second, _ = listed(ten, f"?limit=3&after={first[-1]}")
    assert second == ["t6", "t5", "t4"]


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("?limit=0", "limit '0' is not a number from 1 to 100"),
        ("?limit=101", "limit '101' is not a number from 1 to 100"),
        ("?limit=-1", "limit '-1'"),
        ("?limit=ten", "limit 'ten'"),
        ("?limit=1.5", "limit '1.5'"),
        ("?limit=" + "9" * 5000, "is not a number from 1 to 100"),
        ("?limit=\u0663", "is not a number from 1 to 100"),
        ("?order=newest", "order 'newest' must be 'asc' or 'desc'"),
        ("?after=nobody", "no task 'nobody'"),
    ],
)
@pytest.mark.parametrize("dialect", ["octopusx", "openai"])
def test_a_wrong_cursor_limit_or_order_is_refused_with_a_reason(
    new_fake: NewFake, dialect: str, query: str, why: str
) -> None:
    fake = new_fake(dialect=dialect)
    fake.task()
    answer = ask(fake, "GET", "/v1/videos" + query)
    message = answer.json["error"]["message"] if dialect == "openai" else answer.json["message"]
    assert answer.status == 400
    assert why in message


def test_a_listed_task_is_the_document_that_a_poll_shows(new_fake: NewFake) -> None:
    for dialect in ("octopusx", "new-api", "openai"):
        fake = new_fake(at_once(), dialect=dialect)
        task = fake.task()
        assert ask(fake, "GET", "/v1/videos").json["data"] == [poll(fake, task.id).json]


def test_a_listed_task_is_as_of_now(new_fake: NewFake) -> None:
    fake = new_fake(told({"a": waiting(Transition("b", seconds=30)), "b": done()}))
    fake.task()
    fake.clock.advance(30)  # type: ignore[attr-defined]  # not by the fake, which would settle its tasks
    assert ask(fake, "GET", "/v1/videos").json["data"][0]["status"] == "completed"


# --- delete -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dialect", ["octopusx", "new-api", "openai"])
def test_a_deleted_task_is_unknown_from_then_on(new_fake: NewFake, dialect: str) -> None:
    fake = new_fake(dialect=dialect)
    task = fake.task()
    answer = ask(fake, "DELETE", f"/v1/videos/{task.id}")
    assert (answer.status, answer.json) == (200, {"id": task.id, "object": "video.deleted", "deleted": True})
    unknown = 404 if dialect == "openai" else 400
    assert poll(fake, task.id).status == unknown
    assert ask(fake, "DELETE", f"/v1/videos/{task.id}").status == unknown
    assert ask(fake, "POST", f"/v1/videos/{task.id}/cancel").status == unknown
    assert ask(fake, "POST", f"/v1/videos/{task.id}/remix", json=CREATE).status == unknown
    assert content(fake, task.id).status == 404
    assert listed(fake) == ([], False)
    assert (fake.tasks, fake.find_task(task.id)) == ([], None)


def test_a_task_that_was_never_there_cannot_be_deleted(fake: Fake) -> None:
    answer = ask(fake, "DELETE", "/v1/videos/nobody")
    assert (answer.status, answer.json["code"]) == (400, "task_not_exist")


# --- cancel -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("polls", [0, 1, 2])
def test_a_task_under_way_is_cancelled_and_shown_so(fake: Fake, polls: int) -> None:
    task = fake.task()
    for _ in range(polls):
        poll(fake, task.id)
    fake.advance(10)
    answer = ask(fake, "POST", f"/v1/videos/{task.id}/cancel")
    assert (answer.status, answer.json["status"], answer.json["video_url"]) == (200, "cancelled", "")
    assert answer.json["completed_at"] == int(task.created_at) + 10
    assert poll(fake, task.id).json == answer.json
    assert content(fake, task.id).status == 400


@pytest.mark.parametrize(("dialect", "word"), [("octopusx", "cancelled"), ("new-api", "failed"), ("openai", "failed")])
def test_a_cancelled_task_has_the_word_of_its_dialect(new_fake: NewFake, dialect: str, word: str) -> None:
    fake = new_fake(dialect=dialect)
    assert ask(fake, "POST", f"/v1/videos/{fake.task().id}/cancel").json["status"] == word


def test_a_scenario_says_what_a_cancel_leads_to(new_fake: NewFake) -> None:
    fake = new_fake(
        told(
            {
                "a": waiting(Transition("stopping", on="cancel"), Transition("b", polls=9)),
                "stopping": waiting(Transition("cancelled", polls=1)),
                "cancelled": State(video={"status": "cancelled", "error": {"message": "by you", "code": "cancelled"}}),
                "b": done(),
            }
        )
    )
    task = fake.task()
    assert ask(fake, "POST", f"/v1/videos/{task.id}/cancel").json["status"] == "processing"
    assert poll(fake, task.id).json["status"] == "processing"
    assert poll(fake, task.id).json["error"]["message"] == "by you"


def test_a_cancel_can_come_too_late(new_fake: NewFake) -> None:
    fake = new_fake(told({"a": waiting(Transition("b", on="cancel"), Transition("b", polls=1)), "b": done()}))
    answer = ask(fake, "POST", f"/v1/videos/{fake.task().id}/cancel")
    assert (answer.status, answer.json["status"]) == (200, "completed")


@pytest.mark.parametrize("status", ["completed", "failed", "cancelled", "expired"])
def test_a_task_that_has_ended_cannot_be_cancelled(new_fake: NewFake, status: str) -> None:
    fake = new_fake(told({"end": State(video={"status": status})}))
    task = fake.task()
    answer = ask(fake, "POST", f"/v1/videos/{task.id}/cancel")
    assert (answer.status, answer.envelope) == (
        400,
        {"code": "task_already_ended", "message": f"The task has ended, current status: {status}", "data": None},
    )
    assert poll(fake, task.id).json["status"] == status


@pytest.mark.parametrize("scenario", ["lifecycle/stuck_queued", "lifecycle/stuck_processing"])
def test_a_task_that_is_stuck_for_ever_can_still_be_cancelled(new_fake: NewFake, scenario: str) -> None:
    fake = new_fake(scenario)
    task = fake.task()
    for _ in range(5):
        poll(fake, task.id)
    answer = ask(fake, "POST", f"/v1/videos/{task.id}/cancel")
    assert (answer.status, answer.json["status"]) == (200, "cancelled")


# --- models, characters, edits ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("dialect", "model"), [("octopusx", "grok-video-3"), ("new-api", "grok-video-3"), ("openai", "sora-2")]
)
def test_the_models_of_a_dialect(new_fake: NewFake, dialect: str, model: str) -> None:
    answer = ask(new_fake(dialect=dialect), "GET", "/v1/models").json
    assert answer["object"] == "list"
    assert model in [entry["id"] for entry in answer["data"]]
    assert {tuple(entry) for entry in answer["data"]} == {("id", "object", "created", "owned_by")}


def test_a_character_is_made_and_looked_at(new_fake: NewFake) -> None:
    fake = new_fake(dialect="openai")
    body = multipart(part("name", "Fox"), part("video", b"\x00\x01", filename="fox.mp4", media_type="video/mp4"))
    made = ask(fake, "POST", "/v1/videos/characters", **body)
    assert (made.status, made.json["object"], made.json["name"]) == (200, "character", "Fox")
    assert ask(fake, "GET", f"/v1/videos/characters/{made.json['id']}").json == made.json
    assert ask(fake, "GET", "/v1/videos/characters/nobody").status == 404
    assert fake.bill == []


@pytest.mark.parametrize("fields", [{}, {"name": "Fox"}, {"video": "https://films.test/fox"}])
def test_a_character_needs_a_name_and_a_clip(new_fake: NewFake, fields: dict[str, str]) -> None:
    answer = ask(new_fake(dialect="openai"), "POST", "/v1/videos/characters", json=fields)
    assert answer.status == 400
    assert "is required" in answer.json["error"]["message"]


@pytest.mark.parametrize(
    "body",
    [
        {"json": {"prompt": "again", "video": {"id": "source"}}},
        {"json": {"prompt": "again", "video": "source"}},
        multipart(part("prompt", "again"), part("video[id]", "source")),
        multipart(part("prompt", "again"), part("video", "source")),
    ],
)
def test_an_edit_is_a_new_task_from_an_old_one(new_fake: NewFake, body: dict[str, Any]) -> None:
    fake = new_fake(dialect="openai")
    fake.task(id="source", model="sora-2-pro", size="1280x720", seconds="8")
    answer = ask(fake, "POST", "/v1/videos/edits", **body)
    assert (answer.status, answer.json["remixed_from_video_id"]) == (200, "source")
    assert (answer.json["model"], answer.json["size"], answer.json["seconds"]) == ("sora-2-pro", "1280x720", "8")


def test_an_edit_of_an_upload_has_no_source(new_fake: NewFake) -> None:
    body = multipart(part("prompt", "again"), part("video", b"\x00", filename="a.mp4"))
    answer = ask(new_fake(dialect="openai"), "POST", "/v1/videos/edits", **body)
    assert (answer.status, answer.json["remixed_from_video_id"]) == (200, None)


@pytest.mark.parametrize("path", ["/v1/videos/edits", "/v1/videos/extensions"])
def test_an_edit_or_extension_needs_a_video_that_is_there(new_fake: NewFake, path: str) -> None:
    fake = new_fake(dialect="openai")
    assert "video is required" in ask(fake, "POST", path, json=CREATE).json["error"]["message"]
    assert ask(fake, "POST", path, json={**CREATE, "video": {"id": "nobody"}}).status == 404
    assert fake.bill == []


@pytest.mark.parametrize("path", ["/v1/videos/source/remix", "/v1/videos/source/extend", "/v1/videos/extensions"])
@pytest.mark.parametrize("dialect", ["octopusx", "new-api", "openai"])
def test_what_a_remix_does_not_say_it_takes_from_its_source(new_fake: NewFake, dialect: str, path: str) -> None:
    fake = new_fake(dialect=dialect)
    fake.task(id="source", model="sora-2-pro", size="1280x720", seconds="8")
    made = ask(fake, "POST", path, json={"prompt": "again", "video": {"url": "source"}})
    document = poll(fake, made.json["id"]).json
    assert made.status == 200
    assert (document["model"], document["size"], document["seconds"]) == ("sora-2-pro", "1280x720", "8")
    assert document.get("remixed_from_video_id") == "source"


# --- paths that are not there -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "hint"),
    [
        ("GET", "/", None),
        ("GET", "/v1", None),
        ("GET", "/v1/video", "/v1/videos"),
        ("GET", "/v1/videos/", "/v1/videos"),
        ("POST", "/videos", "/v1/videos"),
        ("GET", "/v1/v1/videos/abc/content", "(did you mean /v1/videos/abc/content?)"),
        ("GET", "/v1/videos/a/contents", "/v1/videos/{task_id}/content"),
        ("POST", "/v1/video/generation", "/v1/video/generations"),
        ("GET", "/favicon.ico", None),
    ],
)
def test_an_unknown_route_is_404_and_says_what_is_near(fake: Fake, method: str, path: str, hint: str | None) -> None:
    answer = ask(fake, method, path)
    assert (answer.status, answer.envelope) == (
        404,
        {
            "error": {
                "message": f"Invalid URL ({method} {path})",
                "type": "invalid_request_error",
                "param": "",
                "code": "",
            }
        },
    )
    assert answer.hint == fake.journal[-1].note
    assert hint is None or hint in (answer.hint or "")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/v1/videos", "GET, POST"),
        ("PATCH", "/v1/videos/t", "DELETE, GET"),
        ("POST", "/v1/videos/t", "DELETE, GET"),
        ("HEAD", "/v1/videos/t", "DELETE, GET"),
        ("POST", "/v1/videos/t/content", "GET, HEAD"),
        ("GET", "/v1/videos/t/remix", "POST"),
        ("GET", "/v1/video/create", "POST"),
        ("POST", "/v1/video/query", "GET"),
        ("DELETE", "/v1/models", "GET"),
        ("PUT", "/v1/videos/extensions", "DELETE, GET, POST"),
    ],
)
def test_a_wrong_method_is_405_with_allow(fake: Fake, method: str, path: str, allowed: str) -> None:
    answer = ask(fake, method, path)
    assert (answer.status, answer.headers["allow"]) == (405, allowed)
    assert answer.json["error"]["message"] == f"Method not allowed ({method} {path})"
    assert answer.hint == f"{path} does not support {method} (allowed: {allowed})"


_SEGMENTS = st.sampled_from(
    ["v1", "videos", "video", "content", "remix", "cancel", "query", "generations", "create", "models", "characters",
     "clips", "t", "%2F", "%ff", "%", "..", ".", "", "é", "a b", "{task_id}", "video_plain", "video.mp4", "x" * 300]
)  # fmt: skip
_QUERIES = st.sampled_from(
    ["", "id=t", "id=", "id=%ff", "limit=5", "after=%00", "=&&=", "variant=video", "expires=1&signature=x", "%", "é=é"]
)
_HEADERS = st.sampled_from(
    [("range", "bytes=0-"), ("range", "é"), ("if-none-match", ",,,"), ("content-type", "multipart/form-data"),
     ("x-mock-scenario", "url_404"), ("x-mock-scenario", "é/../x"), ("authorization", "Bearer k"), ("x", "")]
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(["GET", "HEAD", "POST", "DELETE", "PUT", "OPTIONS", "", "BREW"]),
    st.lists(_SEGMENTS, max_size=5),
    _QUERIES,
    st.lists(_HEADERS, max_size=3),
    st.sampled_from([b"", b"{}", b'{"model":"m","prompt":"p","video":{"id":"t"},"name":"n"}', b"\xff"]),
    st.sampled_from(["api", "download"]),
    st.sampled_from(list(DIALECTS)),
)
def test_no_request_whatever_brings_the_fake_down(
    method: str, segments: list[str], query: str, headers: list[tuple[str, str]], body: bytes, host: str, dialect: str
) -> None:
    fake = Fake(_LIBRARY, shipped_clips(), clock=ManualClock(), dialect=dialect)
    fake.task(at_once(), id="t")
    path = "/" + "/".join(segments)
    reply = fake.handle(Request(method, path, ORIGINS, query, (("authorization", "Bearer k"), *headers), body, host))
    assert 200 <= reply.status < 500
    assert len(fake.journal) == 1
    json.dumps(fake.journal[0].to_data(), allow_nan=False).encode()


_LIBRARY = Library()


def test_an_unknown_route_needs_no_key_to_say_so(fake: Fake) -> None:
    assert ask(fake, "GET", "/v1/nothing", key=None).status == 404


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_every_route_of_the_contract_is_answered_and_wants_a_key(new_fake: NewFake, route: Any) -> None:
    dialect = next(name for name in ("octopusx", "openai") if route in routes_for(name))
    fake = new_fake(at_once(), dialect=dialect)
    fake.task(id="t")
    path = route.path.format(task_id="t", character_id="c") + ("?id=t" if route.operation == "unified_query" else "")
    body = {**CREATE, "video": {"id": "t"}, "name": "Fox"} if route.method == "POST" else None
    refused = ask(fake, route.method, path, json=body, key=None)
    assert refused.status == 401
    answer = ask(fake, route.method, path, json=body)
    assert answer.status == {"cancel": 400, "character": 404}.get(route.operation, 200)
    assert fake.journal[-1].operation == route.operation
    assert (len(fake.bill) == 1) == route.creates
