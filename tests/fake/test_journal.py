"""The journal: every exchange in order, bounded, and never showing a key."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.asking import CREATE, KEY, ORIGINS, ask, at_once, content, fetch, multipart, part, poll, told
from support.fakes import NewFake
from video_mockserver.api.messages import Clip, ClipPart, Fault, Reply, Request
from video_mockserver.api.redaction import mask, mask_header, mask_query
from video_mockserver.fake.clip_files import shipped_clips
from video_mockserver.fake.clock import ManualClock
from video_mockserver.fake.fake import Fake
from video_mockserver.fake.journal import Exchange, Journal
from video_mockserver.scenario.library import Library
from video_mockserver.scenario.model import ReplyTemplate, State

# --- what is written down ---------------------------------------------------------------------------------------------


def test_exchanges_come_in_order_with_what_was_asked_and_answered(new_fake: NewFake) -> None:
    fake = new_fake(at_once())
    id = ask(fake, "POST", "/v1/videos", json=CREATE).json["id"]
    url = poll(fake, id).json["video_url"]
    fetch(fake, url)
    content(fake, id)
    ask(fake, "GET", "/v1/nothing")
    assert [(e.number, e.operation, e.method, e.host, e.status, e.task_id) for e in fake.journal] == [
        (1, "create", "POST", "api", 200, id),
        (2, "poll", "GET", "api", 200, id),
        (3, "download", "GET", "download", 200, id),
        (4, "content", "GET", "api", 200, id),
        (5, "", "GET", "api", 404, None),
    ]


def test_an_exchange_tells_the_state_before_and_after(fake: Fake) -> None:
    task = fake.task()
    poll(fake, task.id)
    poll(fake, task.id)
    ask(fake, "POST", f"/v1/videos/{task.id}/cancel")
    assert [(exchange.state, exchange.state_after) for exchange in fake.journal] == [
        ("queued", "processing"),
        ("processing", "processing"),
        ("processing", "cancelled"),
    ]


def test_an_exchange_tells_the_time_of_the_fakes_clock(fake: Fake) -> None:
    for _ in range(3):
        ask(fake, "GET", "/v1/models")
        fake.advance(10)
    began = fake.journal[0].at
    assert [exchange.at - began for exchange in fake.journal] == [0, 10, 20]


def test_an_exchange_keeps_the_request_as_it_came(fake: Fake) -> None:
    headers = (("x-a", "1"), ("x-a", "2"))
    ask(fake, "POST", "/v1/videos?x=1&y=%20", json=CREATE, headers=headers)
    exchange = fake.journal[-1]
    assert exchange.url == f"{ORIGINS.api}/v1/videos?x=1&y=%20"
    assert [pair for pair in exchange.headers if pair[0] == "x-a"] == list(headers)
    assert json.loads(exchange.body) == CREATE
    assert exchange.header("content-type") == "application/json"
    assert exchange.header("x-none") is None


def test_a_clip_is_noted_and_not_kept(new_fake: NewFake) -> None:
    fake = new_fake(at_once())
    answer = content(fake, fake.task().id)
    assert isinstance(fake.journal[-1].reply_body, ClipPart)
    assert fake.journal[-1].to_data()["reply"]["body"] == f"{len(answer.body)} bytes of {fake.tasks[0].clip.name}"


def test_a_fault_and_a_delay_are_written_down(new_fake: NewFake) -> None:
    fake = new_fake(at_once(poll=(ReplyTemplate(fault=Fault("reset", 100), delay=2),)))
    poll(fake, fake.task().id)
    assert (fake.journal[-1].fault, fake.journal[-1].delay) == ("reset after 100 bytes", 2)


def test_how_a_reply_ended_is_the_edges_word(fake: Fake) -> None:
    reply = ask(fake, "GET", "/v1/models").reply
    exchange = fake.journal[-1]
    assert (reply.delivery, exchange.sent, exchange.ended) == (exchange, None, None)
    exchange.finish(17, "client left")
    assert (exchange.sent, exchange.ended) == (17, "client left")


def test_whoever_watches_is_told_of_each_exchange(new_fake: NewFake) -> None:
    seen: list[Exchange] = []
    fake = new_fake(watch=seen.append)
    for _ in range(3):
        ask(fake, "GET", "/v1/models")
    assert seen == list(fake.journal)


NOTES: dict[str, tuple[str, str, str]] = {
    "a route": ("GET", "/v1/video", "no route /v1/video on the api host (did you mean /v1/videos, "),
    "a method": ("PUT", "/v1/videos", "/v1/videos does not support PUT (allowed: GET, POST)"),
    "a task": ("GET", "/v1/videos/nobody", "no task 'nobody' was created here"),
    "a task's clip": ("GET", "/v1/videos/nobody/content", "no task 'nobody' was created here"),
    "an id": ("GET", "/v1/video/query", "id is required: /v1/video/query?id=TASK_ID"),
}


@pytest.mark.parametrize(("method", "path", "note"), NOTES.values(), ids=NOTES)
def test_what_could_not_be_matched_says_why(fake: Fake, method: str, path: str, note: str) -> None:
    answer = ask(fake, method, path)
    assert answer.hint == fake.journal[-1].note
    assert (fake.journal[-1].note or "").startswith(note)


def test_what_was_matched_has_no_note(fake: Fake) -> None:
    poll(fake, fake.task().id)
    assert fake.journal[-1].note is None


# --- asking it --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ({}, [1, 2, 3, 4, 5]),
        ({"operation": "poll"}, [1, 2, 4]),
        ({"task_id": "a"}, [1, 3, 5]),
        ({"operation": "poll", "task_id": "a"}, [1]),
        ({"status": 400}, [4]),
        ({"status": 200, "after": 2}, [3, 5]),
        ({"host": "download"}, [5]),
        ({"after": 3}, [4, 5]),
        ({"after": 99}, []),
        ({"operation": "nothing"}, []),
    ],
)
def test_a_query_gives_what_fits_every_condition(new_fake: NewFake, query: dict[str, Any], numbers: list[int]) -> None:
    fake = new_fake(at_once())
    for id in "ab":
        fake.task(id=id)
    url = poll(fake, "a").json["video_url"]
    poll(fake, "b")
    content(fake, "a")
    poll(fake, "c")
    fetch(fake, url)
    assert [exchange.number for exchange in fake.journal.query(**query)] == numbers


def test_clear_forgets_and_numbers_begin_again(fake: Fake) -> None:
    ask(fake, "GET", "/v1/models")
    fake.journal.clear()
    assert (len(fake.journal), fake.journal.total) == (0, 0)
    ask(fake, "GET", "/v1/models")
    assert fake.journal[-1].number == 1


def test_it_can_be_read_while_requests_come_in(fake: Fake) -> None:
    for _ in range(3):
        ask(fake, "GET", "/v1/models")
    for _ in fake.journal:
        ask(fake, "GET", "/v1/models")
    assert len(fake.journal) == 6


def test_its_repr_is_the_story_line_by_line(new_fake: NewFake) -> None:
    fake = new_fake(told({"failed": State(video={"status": "failed"})}))
    fake.task(id="t")
    poll(fake, "t")
    ask(fake, "GET", "/v1/videos/nobody")
    assert repr(fake.journal).splitlines() == [
        "<Journal of 2 exchanges>",
        "  #1 GET /v1/videos/t -> 200 [failed]",
        "  #2 GET /v1/videos/nobody -> 400 (no task 'nobody' was created here)",
    ]
    assert repr(fake.journal[0]) == "<Exchange #1 GET /v1/videos/t -> 200 [failed]>"


# --- bounds -----------------------------------------------------------------------------------------------------------


def test_it_is_bounded_in_entries_and_says_what_it_dropped(new_fake: NewFake) -> None:
    fake = new_fake(journal=Journal(max_entries=10))
    for _ in range(25):
        ask(fake, "GET", "/v1/models")
    journal = fake.journal
    assert (len(journal), journal.dropped, journal.total) == (10, 15, 25)
    assert [exchange.number for exchange in journal] == list(range(16, 26))
    assert "15 dropped" in repr(journal)


@pytest.mark.parametrize(
    "request_",
    [
        {"json": {**CREATE, "prompt": "x" * 50_000}},
        {"json": {**CREATE, "fps": "x" * 50_000}},
        {"json": CREATE, "headers": {"x-long": "x" * 50_000}},
    ],
    ids=["bodies", "unknown fields", "headers"],
)
def test_it_is_bounded_in_bytes(new_fake: NewFake, request_: dict[str, Any]) -> None:
    fake = new_fake(journal=Journal(max_bytes=1_000_000))
    for _ in range(50):
        ask(fake, "POST", "/v1/videos", **request_)
    assert fake.journal.dropped >= 30
    assert 10 <= len(fake.journal) <= 20


def test_one_exchange_is_always_kept_however_large(new_fake: NewFake) -> None:
    fake = new_fake(journal=Journal(max_bytes=1))
    for _ in range(3):
        ask(fake, "GET", "/v1/models")
    assert ([exchange.number for exchange in fake.journal], fake.journal.dropped) == ([3], 2)


def test_after_clear_the_bounds_are_those_of_an_empty_one(new_fake: NewFake) -> None:
    fake = new_fake(journal=Journal(max_bytes=100_000))
    for _ in range(5):
        ask(fake, "POST", "/v1/videos", json={**CREATE, "prompt": "x" * 50_000})
    fake.journal.clear()
    for _ in range(5):
        ask(fake, "GET", "/v1/models")
    assert (len(fake.journal), fake.journal.dropped) == (5, 0)


@pytest.mark.parametrize("size", [64 * 1024, 64 * 1024 + 1, 5_000_000])
def test_a_big_body_is_cut_and_used_whole(fake: Fake, size: int) -> None:
    body = multipart(
        part("model", "grok-video-3"), part("prompt", "x"), part("input_reference", b"y" * size, filename="a")
    )
    assert ask(fake, "POST", "/v1/videos", **body).status == 200
    assert fake.journal[-1].body == body["body"][: 64 * 1024]


# --- keys -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("secret", "shown"), [("sk-1234567890", "sk-***"), ("sk-123456", "sk-***"), ("sk-12345", "***"), ("", "***")]
)
def test_a_secret_shows_its_first_letters_when_it_is_long_enough(secret: str, shown: str) -> None:
    assert mask(secret) == shown


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("authorization", "Bearer sk-1234567890", "Bearer sk-***"),
        ("authorization", "bearer sk-1234567890", "bearer sk-***"),
        ("authorization", "Basic dXNlcjpwYXNz", "Basic dXN***"),
        ("authorization", "sk-1234567890", "sk-***"),
        ("authorization", "sk-1234567890 more", "sk-***"),
        ("authorization", "Bearer", "***"),
        ("authorization", "Bearer ", "***"),
        ("proxy-authorization", "Basic dXNlcjpwYXNz", "Basic dXN***"),
        ("x-api-key", "sk-1234567890", "sk-***"),
        ("api-key", "sk-1234567890", "sk-***"),
        ("cookie", "session=1234567890", "ses***"),
        ("x-mock-token", "1234567890", "123***"),
        ("content-type", "application/json", "application/json"),
        ("x-mock-scenario", "url_404", "url_404"),
        ("idempotency-key", "stainless-1234567890", "stainless-1234567890"),
    ],
)
def test_headers_that_hold_keys_are_masked_and_no_others(name: str, value: str, shown: str) -> None:
    assert mask_header(name, value) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a=1&key=abc&b=2", "a=1&key=***&b=2"),
        ("api_key=abc", "api_key=***"),
        ("access_token=abc#x", "access_token=***#x"),
        ("https://s.test/a?X-Amz-Signature=abc&X-Amz-Date=1", "https://s.test/a?X-Amz-Signature=***&X-Amz-Date=1"),
        ('{"u":"https://s.test/a?signature=abc","b":1}', '{"u":"https://s.test/a?signature=***","b":1}'),
        ("<a href='https://s.test/a?signature=abc'>x</a>", "<a href='https://s.test/a?signature=***'>x</a>"),
        ("<U>https://s.test/?a=1&amp;signature=abc</U>", "<U>https://s.test/?a=1&amp;signature=***</U>"),
        ("monkey business", "monkey business"),
        ("id=video_1&after=video_2", "id=video_1&after=video_2"),
        ("", ""),
    ],
)
def test_keys_and_signatures_in_urls_are_masked_wherever_the_url_stands(text: str, shown: str) -> None:
    assert mask_query(text) == shown


def test_a_signature_is_masked_in_requests_replies_and_locations(new_fake: NewFake) -> None:
    fake = new_fake(at_once(content=(ReplyTemplate(redirect="{download_url}"),)))
    id = fake.task().id
    url = poll(fake, id).json["video_url"]
    signature = url.partition("signature=")[2]
    assert signature in content(fake, id).headers["location"]
    fetch(fake, url)
    for exchange in fake.journal:
        assert signature not in everything_shown(exchange)
    assert json.loads(fake.journal[0].to_data()["reply"]["body"])["id"] == id  # what stands around it is whole


def test_a_wrong_key_is_masked_in_the_error_too(new_fake: NewFake) -> None:
    for dialect in ("octopusx", "openai"):
        fake = new_fake(dialect=dialect, keys=["sk-good-1234567890"])
        answer = ask(fake, "GET", "/v1/models", key="sk-wrong-1234567890")
        assert answer.status == 401
        assert b"1234567890" not in answer.body
        assert "sk-***" in (answer.hint or "")
        assert "1234567890" not in everything_shown(fake.journal[-1])


def everything_shown(exchange: Exchange) -> str:
    """All that an exchange shows of itself."""
    return "\n".join(
        [
            repr(exchange),
            str(exchange),
            json.dumps(exchange.to_data(), ensure_ascii=False),
            exchange.url,
            exchange.query,
            repr(exchange.headers),
            *(f"{exchange.header(name)}" for name, _ in exchange.headers),
        ]
    )


_LIBRARY = Library()
_KEYS = st.text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.~", min_size=12, max_size=60)
_PATHS = st.sampled_from(["/v1/videos", "/v1/nothing", "/v1/videos/video_plain"])
_PLACES = st.sampled_from(
    [
        ("authorization", "Bearer {}"),
        ("authorization", "bearer  {}"),
        ("authorization", "Basic {}"),
        ("authorization", "Token {}"),
        ("authorization", "{}"),
        ("proxy-authorization", "Basic {}"),
        ("x-api-key", "{}"),
        ("api-key", "{}"),
        ("cookie", "session={}"),
        ("x-mock-token", "{}"),
        ("?", "key={}"),
        ("?", "id=1&api_key={}"),
        ("?", "access_token={}&id=1"),
        ("?", "X-Amz-Signature={}"),
        ("body", "model=m&prompt=p&token={}"),
        ("body", '{{"model": "m", "prompt": "p", "image": "https://s.test/a?signature={}"}}'),
    ]
)


@settings(max_examples=150, deadline=None)
@given(_KEYS.map(lambda key: f"k3YzQ{key}"), _PLACES, _PATHS)
def test_nothing_shows_a_key_wherever_it_was_sent(key: str, place: tuple[str, str], path: str) -> None:
    fake = Fake(_LIBRARY, shipped_clips(), clock=ManualClock(), keys=["sk-other"])
    where, form = place
    sent = form.format(key)
    request = {
        "?": Request("GET", path, ORIGINS, sent, (("authorization", f"Bearer {key}"),)),
        "body": Request("POST", path, ORIGINS, "", (("authorization", f"Bearer {key}"),), sent.encode()),
    }.get(where, Request("GET", path, ORIGINS, "", ((where, sent),)))
    reply = fake.handle(request)
    assert isinstance(reply.body, bytes)
    for shown in (everything_shown(fake.journal[-1]), repr(fake.journal), repr(fake), reply.body.decode()):
        assert key[3:10] not in shown


def test_the_key_itself_is_still_there_for_the_fake_to_check(new_fake: NewFake) -> None:
    fake = new_fake(keys=[KEY])
    assert ask(fake, "GET", "/v1/models", key=KEY).status == 200


def test_a_journal_of_its_own_can_be_filled_by_hand() -> None:
    journal = Journal()
    clip = Clip("c", "nowhere", 100, '"c"')
    request = Request("GET", "/x", ORIGINS)
    journal.record(1.0, request, Reply(200, (), ClipPart(clip, 0, 10)))
    journal.record(2.0, request, Reply(404, (), b"no"))
    assert [exchange.status for exchange in journal] == [200, 404]
    assert json.dumps([exchange.to_data() for exchange in journal])
