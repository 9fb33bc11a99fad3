"""Ids that need quoting work on every route; ids, times and replies follow from the seed; fakes share nothing."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.asking import CREATE, Answer, ask, at_once, content, fetch, poll, quoted
from support.fakes import NewFake
from video_mockserver.fake.clip_files import shipped_clips
from video_mockserver.fake.clock import ManualClock
from video_mockserver.fake.fake import Fake
from video_mockserver.scenario.library import Library

IDS = [
    "video_abc123",
    "grok:48a67431-1f9c-4d6f-9f0e-6c1d2a3b4c5d",
    "sora-2:task_01k9abc",
    "a/b/c",
    "/leading/and/trailing/",
    "100%",
    "%2F",
    "a%20b",
    "with blanks",
    "ünïcödé-狐-🦊",
    "a?b=c&d#e",
    "a+b",
    "semi;colon,comma",
    "'quotes\"",
    "back\\slash",
    "dots..and...more",
]


# --- quoting ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("id", IDS)
def test_an_id_that_needs_quoting_works_on_every_route(new_fake: NewFake, id: str) -> None:
    fake = new_fake(at_once())
    fake.task(id=id)
    path = f"/v1/videos/{quoted(id)}"

    shown = ask(fake, "GET", path).json
    assert shown["id"] == id
    assert ask(fake, "GET", f"/v1/video/query?id={quoted(id)}").json["id"] == id
    assert ask(fake, "GET", f"/v1/video/generations/{quoted(id)}").json["data"]["task_id"] == id
    assert ask(fake, "GET", f"{path}/content").status == 200
    assert ask(fake, "HEAD", f"{path}/content").status == 200
    assert fetch(fake, shown["video_url"]).status == 200
    assert [task["id"] for task in ask(fake, "GET", f"/v1/videos?after={quoted(id)}").json["data"]] == []
    assert ask(fake, "POST", f"{path}/cancel").status == 400  # it has ended
    for made in (
        ask(fake, "POST", f"{path}/remix", json=CREATE),
        ask(fake, "POST", f"{path}/extend", json=CREATE),
        ask(fake, "POST", "/v1/videos/extensions", json={**CREATE, "video": {"url": id}}),
    ):
        assert made.status == 200
        assert poll(fake, made.json["id"]).json["remixed_from_video_id"] == id
    assert ask(fake, "DELETE", path).json == {"id": id, "object": "video.deleted", "deleted": True}
    assert {exchange.task_id for exchange in fake.journal} >= {id}


@pytest.mark.parametrize("id", IDS)
def test_a_url_with_such_an_id_is_one_that_clients_can_use(new_fake: NewFake, id: str) -> None:
    fake = new_fake(at_once(video={"url": "{content_url}"}))
    fake.task(id=id)
    document = poll(fake, id).json
    for url in (document["video_url"], document["url"]):
        assert url.isascii()
        assert not set(url) & set(' "<>\\^`{|}#')
    assert fetch(fake, document["url"], key="sk-any").status == 200


def test_the_colon_of_a_documented_id_may_come_quoted_or_not(new_fake: NewFake) -> None:
    fake = new_fake(at_once())
    id = ask(fake, "POST", "/v1/video/create", json=CREATE).json["id"]
    assert id.startswith("grok:")
    for path in (f"/v1/videos/{id}", f"/v1/videos/{id.replace(':', '%3A')}", f"/v1/videos/{id.replace(':', '%3a')}"):
        assert ask(fake, "GET", path).json["id"] == id


def test_a_slash_that_is_not_quoted_is_a_separator(new_fake: NewFake) -> None:
    fake = new_fake(at_once())
    fake.task(id="a/b")
    assert ask(fake, "GET", "/v1/videos/a/b").status == 404


def test_an_id_is_unquoted_once(new_fake: NewFake) -> None:
    fake = new_fake(at_once())
    fake.task(id="a%2Fb")
    fake.task(id="a/b")
    assert ask(fake, "GET", "/v1/videos/a%252Fb").json["id"] == "a%2Fb"
    assert ask(fake, "GET", "/v1/videos/a%2Fb").json["id"] == "a/b"


@pytest.mark.parametrize("id", ["extensions", "edits", "characters", "content"])
def test_ids_that_are_named_as_routes_are_ids(new_fake: NewFake, id: str) -> None:
    fake = new_fake(at_once())
    fake.task(id=id)
    assert poll(fake, id).json["id"] == id
    assert content(fake, id).status == 200


_LIBRARY = Library()


@settings(max_examples=100, deadline=None)
@given(st.text(min_size=1, max_size=30).filter(lambda text: text.isprintable()))
def test_any_text_can_be_an_id(id: str) -> None:
    fake = Fake(_LIBRARY, shipped_clips(), scenario=at_once(), clock=ManualClock())
    fake.task(id=id)
    document = poll(fake, id).json
    assert document["id"] == id
    assert fetch(fake, document["video_url"]).status == 200


# --- the shape of new ids ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "body", "pattern"),
    [
        ("/v1/videos", {}, r"video_[0-9a-f]{24}"),
        ("/v1/video/generations", {}, r"video_[0-9a-f]{24}"),
        ("/v1/video/create", {}, r"grok:[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"),
        ("/v1/video/create", {"model": "sora-2"}, r"sora-2:task_[0-9a-f]{26}"),
        ("/v1/videos/source/remix", {}, r"grok:[0-9a-f-]{36}"),
        ("/v1/videos/source/extend", {}, r"grok:[0-9a-f-]{36}"),
        ("/v1/videos/extensions", {"video": {"url": "source"}}, r"grok:[0-9a-f-]{36}"),
    ],
)
def test_new_ids_look_as_the_pages_show_them(fake: Fake, path: str, body: dict[str, object], pattern: str) -> None:
    import re

    fake.task(id="source")
    id = ask(fake, "POST", path, json={**CREATE, **body}).json
    id = id.get("id") or id["data"]["task_id"]
    assert re.fullmatch(pattern, id)
    assert poll(fake, id).json["id"] == id


# --- same inputs, same bytes ------------------------------------------------------------------------------------------


def session(fake: Fake) -> list[bytes]:
    """Everything that a client reads in a session through every route, in order."""
    answers: list[Answer] = [
        ask(fake, "POST", "/v1/videos", json=CREATE),
        ask(fake, "POST", "/v1/video/create", json=CREATE),
        ask(fake, "POST", "/v1/video/create", json={**CREATE, "model": "sora-2"}),
        ask(fake, "POST", "/v1/video/generations", json={**CREATE, "model": "doubao-seedance-1"}),
        ask(fake, "POST", "/v1/videos", json={**CREATE, "model": "grok-video-3@fails_by_chance"}),
        ask(fake, "POST", "/v1/videos", json={}),
    ]
    for task in fake.tasks:
        for _ in range(5):
            answers.append(poll(fake, task.id))
            fake.advance(7)
        answers.append(ask(fake, "GET", f"/v1/video/query?id={quoted(task.id)}"))
        answers.append(ask(fake, "GET", f"/v1/video/generations/{quoted(task.id)}"))
        answers.append(content(fake, task.id))
        answers.append(ask(fake, "POST", f"/v1/videos/{quoted(task.id)}/remix", json=CREATE))
    answers.append(ask(fake, "GET", "/v1/videos"))
    answers.append(ask(fake, "GET", "/v1/videos/nobody"))
    answers.append(ask(fake, "GET", "/v1/videos/nobody", key=None))
    return [repr((answer.status, sorted(answer.headers.items()))).encode() + answer.body for answer in answers]


def test_the_same_seed_gives_the_same_bytes_of_every_reply(new_fake: NewFake) -> None:
    assert session(new_fake(seed=7)) == session(new_fake(seed=7))


def test_another_seed_gives_other_ids_and_signatures(new_fake: NewFake) -> None:
    one, other = new_fake(seed=7), new_fake(seed=8)
    session(one)
    session(other)
    assert not {task.id for task in one.tasks} & {task.id for task in other.tasks}


def test_another_clock_gives_other_times_and_the_same_ids(new_fake: NewFake) -> None:
    fakes = [new_fake(clock=ManualClock(start)) for start in (1_000_000, 2_000_000)]
    first, second = (ask(fake, "POST", "/v1/videos", json=CREATE).json for fake in fakes)
    assert (first.pop("created_at"), second.pop("created_at")) == (1_000_000, 2_000_000)
    assert first == second


def test_ids_do_not_repeat(fake: Fake) -> None:
    ids = [ask(fake, "POST", path, json=CREATE).json["id"] for path in ("/v1/videos", "/v1/video/create") * 200]
    assert len(set(ids)) == 400


# --- isolation and reset ----------------------------------------------------------------------------------------------


def test_two_fakes_share_nothing(new_fake: NewFake) -> None:
    one, other = new_fake(), new_fake(seed=1)
    task = ask(one, "POST", "/v1/videos", json=CREATE).json["id"]
    one.advance(100)
    one.add_scenario(at_once("mine"))
    assert poll(other, task).status == 400
    assert (other.tasks, other.bill, len(other.journal)) == ([], [], 1)
    assert other.clock.now() == one.clock.now() - 100
    assert "mine" not in other.scenario_names()


def test_the_same_id_lives_two_lives_on_two_fakes(new_fake: NewFake) -> None:
    one, other = new_fake(), new_fake()
    for fake in (one, other):
        fake.task(id="same")
    assert [poll(one, "same").json["status"] for _ in range(2)] == ["queued", "processing"]
    assert poll(other, "same").json["status"] == "queued"


def test_reset_gives_back_the_fake_that_it_was(new_fake: NewFake) -> None:
    fake = new_fake(seed=7)
    first = session(fake)
    fake.add_scenario(at_once("mine"))
    assert ask(fake, "POST", "/v1/videos", json=CREATE).status == 200
    fake.reset()
    assert (fake.tasks, fake.bill, len(fake.journal), fake.journal.total) == ([], [], 0, 0)
    assert "mine" not in fake.scenario_names()
    assert session(fake) == first


def test_reset_keeps_the_default_scenario_and_the_settings(new_fake: NewFake) -> None:
    fake = new_fake(at_once("mine"), keys=["sk-1"], dialect="new-api", seed=3)
    fake.reset()
    assert (fake.settings.scenario, fake.settings.dialect, fake.settings.seed) == ("mine", "new-api", 3)
    assert ask(fake, "POST", "/v1/videos", json=CREATE, key="sk-1").json["status"] == "completed"
    assert ask(fake, "POST", "/v1/videos", json=CREATE, key="sk-2").status == 401


def test_a_deleted_id_is_not_given_again(fake: Fake) -> None:
    id = ask(fake, "POST", "/v1/videos", json=CREATE).json["id"]
    ask(fake, "DELETE", f"/v1/videos/{id}")
    assert ask(fake, "POST", "/v1/videos", json=CREATE).json["id"] != id


def test_an_id_that_is_taken_is_refused_to_a_test(fake: Fake) -> None:
    fake.task(id="mine")
    with pytest.raises(ValueError, match="'mine' already"):
        fake.task(id="mine")
