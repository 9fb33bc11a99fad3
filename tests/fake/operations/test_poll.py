"""What a status poll shows and does: counting, ramps, scripted replies, time, words, and many polls at once."""

from __future__ import annotations

import json
import threading
from collections import Counter
from typing import Any

import pytest

from support.asking import CREATE, KEY, ORIGINS, ask, content, done, poll, quoted, told, waiting
from support.fakes import NewFake
from video_mockserver.api.messages import Fault, Origins, Request
from video_mockserver.fake.fake import Fake
from video_mockserver.scenario.model import ReplyTemplate, Scenario, State, Transition


def shown(fake: Fake, polls: int, *fields: str) -> list[Any]:
    """What so many polls of a new task show, each as a value or a tuple of values."""
    task = fake.task()
    documents = [poll(fake, task.id).json for _ in range(polls)]
    if len(fields) == 1:
        return [document[fields[0]] for document in documents]
    return [tuple(document[field] for field in fields) for document in documents]


# --- counting ---------------------------------------------------------------------------------------------------------


def test_a_poll_is_answered_and_then_the_task_moves(fake: Fake) -> None:
    assert shown(fake, 6, "status", "progress") == [
        ("queued", 0),
        ("processing", 10),
        ("processing", 90),
        ("completed", 100),
        ("completed", 100),
        ("completed", 100),
    ]


@pytest.mark.parametrize("polls", [1, 2, 3, 7])
def test_after_so_many_polls_means_that_so_many_see_the_state(new_fake: NewFake, polls: int) -> None:
    fake = new_fake(told({"a": waiting(Transition("b", polls=polls)), "b": done()}))
    assert shown(fake, polls + 2, "status") == ["processing"] * polls + ["completed"] * 2


def test_polls_on_every_query_route_count(fake: Fake) -> None:
    task = fake.task()
    assert ask(fake, "GET", f"/v1/video/query?id={quoted(task.id)}").json["status"] == "pending"
    assert ask(fake, "GET", f"/v1/video/generations/{quoted(task.id)}").json["data"]["status"] == "processing"
    assert poll(fake, task.id).json["progress"] == 90
    assert poll(fake, task.id).json["status"] == "completed"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/videos"),
        ("GET", "/v1/videos/{id}/content"),
        ("HEAD", "/v1/videos/{id}/content"),
        ("GET", "/v1/models"),
        ("POST", "/v1/videos/{id}/polls"),
    ],
)
def test_only_status_queries_count_as_polls(fake: Fake, method: str, path: str) -> None:
    task = fake.task()
    for _ in range(3):
        ask(fake, method, path.format(id=task.id))
    assert poll(fake, task.id).json["status"] == "queued"


def test_looking_from_the_test_is_no_poll(fake: Fake) -> None:
    task = fake.task()
    for _ in range(3):
        assert fake.document(task, ORIGINS)["status"] == "queued"
        assert fake.find_task(task.id) is task
    assert poll(fake, task.id).json["status"] == "queued"


def test_a_body_on_the_get_is_tolerated_as_the_documented_curl_sends_one(fake: Fake) -> None:
    task = fake.task()
    answer = ask(fake, "GET", f"/v1/videos/{task.id}", json={"task_id": "<string>"})
    assert (answer.status, answer.json["id"], answer.json["status"]) == (200, task.id, "queued")
    assert fake.journal[-1].body == b'{"task_id": "<string>"}'


@pytest.mark.parametrize("body", [b"not json", b"\xff\x00", b"[]"])
def test_whatever_the_body_on_the_get_is(fake: Fake, body: bytes) -> None:
    task = fake.task()
    assert ask(fake, "GET", f"/v1/videos/{task.id}", body=body, content_type="application/json").status == 200


def test_an_end_stays(new_fake: NewFake) -> None:
    for end in ("completed", "failed", "cancelled", "expired"):
        fake = new_fake(told({"end": State(video={"status": end})}))
        task = fake.task()
        first = poll(fake, task.id).json
        for _ in range(5):
            fake.advance(86_400)
            content(fake, task.id)
            assert poll(fake, task.id).json == first


# --- what is remembered between polls ---------------------------------------------------------------------------------


def test_each_query_route_shows_its_own_view_whichever_was_asked_before(new_fake: NewFake) -> None:
    fake = new_fake(told({"a": done()}))
    task = fake.task()
    paths = [f"/v1/videos/{task.id}", f"/v1/video/query?id={task.id}", f"/v1/video/generations/{task.id}"]
    first = [ask(fake, "GET", path).body for path in paths]
    assert len(set(first)) == 3
    assert [ask(fake, "GET", path).body for path in paths] == first


def test_who_reaches_the_fake_by_another_name_gets_urls_with_that_name(new_fake: NewFake) -> None:
    fake = new_fake(told({"a": done()}))
    task = fake.task()
    key = ("authorization", f"Bearer {KEY}")
    for host in ("localhost", "mock", "localhost"):
        origins = Origins(f"http://{host}:1", f"http://{host}:2", f"http://{host}:3")
        reply = fake.handle(Request("GET", f"/v1/videos/{task.id}", origins, headers=(key,)))
        assert isinstance(reply.body, bytes)
        assert json.loads(reply.body)["video_url"].startswith(f"http://{host}:2/clips/")


def test_the_time_of_a_request_is_that_of_each_request(new_fake: NewFake) -> None:
    fake = new_fake(told({"a": done(video={"updated_at": "{now}", "text": "at {now_ms}"})}))
    task = fake.task()
    seen = []
    for _ in range(3):
        seen.append((poll(fake, task.id).json["updated_at"], poll(fake, task.id).json["text"]))
        fake.advance(5)
    began = int(task.created_at)
    assert seen == [(began + more, f"at {(began + more) * 1000}") for more in (0, 5, 10)]


def test_a_reply_that_was_remembered_is_not_shared(new_fake: NewFake) -> None:
    fake = new_fake(told({"a": done()}))
    task = fake.task()
    first, second = poll(fake, task.id).reply, poll(fake, task.id).reply
    assert first is not second
    assert (first.delivery, second.delivery) == (fake.journal[0], fake.journal[1])


# --- ramps ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ramp", "polls", "progress"),
    [
        ([10, 90], 1, [10]),
        ([10, 90], 2, [10, 90]),
        ([10, 90], 3, [10, 50, 90]),
        ([0, 100], 5, [0, 25, 50, 75, 100]),
        ([99, 99], 3, [99, 99, 99]),
        ([90, 10], 3, [90, 50, 10]),
    ],
)
def test_a_ramp_over_polls_begins_with_the_first_and_ends_with_the_last(
    new_fake: NewFake, ramp: list[int], polls: int, progress: list[int]
) -> None:
    fake = new_fake(told({"a": waiting(Transition("b", polls=polls), progress=ramp), "b": done()}))
    assert shown(fake, polls, "progress") == progress


def test_a_ramp_over_time_follows_the_clock(new_fake: NewFake) -> None:
    fake = new_fake(told({"a": waiting(Transition("b", seconds=40), progress=[10, 90]), "b": done()}))
    task = fake.task()
    progress = []
    for _ in range(4):
        progress.append(poll(fake, task.id).json["progress"])
        progress.append(poll(fake, task.id).json["progress"])
        fake.advance(10)
    assert progress == [10, 10, 30, 30, 50, 50, 70, 70]
    assert poll(fake, task.id).json["progress"] == 100


def test_progress_is_an_integer_all_along(new_fake: NewFake) -> None:
    fake = new_fake(told({"a": waiting(Transition("b", polls=7), progress=[0, 10]), "b": done()}))
    assert all(type(value) is int for value in shown(fake, 9, "progress"))


# --- scripted replies -------------------------------------------------------------------------------------------------


def test_scripted_polls_come_one_a_request_and_the_last_stays(new_fake: NewFake) -> None:
    replies = (ReplyTemplate(status=503), ReplyTemplate(status=429, times=2), ReplyTemplate())
    fake = new_fake(
        told({"a": State(video={"status": "processing"}, poll=replies, next=(Transition("b", polls=6),)), "b": done()})
    )
    task = fake.task()
    assert [poll(fake, task.id).status for _ in range(7)] == [503, 429, 429, 200, 200, 200, 200]
    assert poll(fake, task.id).json["status"] == "completed"


def test_polls_that_fail_count_too(new_fake: NewFake) -> None:
    bad = State(video={"status": "processing"}, poll=(ReplyTemplate(status=500),), next=(Transition("b", polls=2),))
    fake = new_fake(told({"a": bad, "b": done()}))
    task = fake.task()
    assert [poll(fake, task.id).status for _ in range(3)] == [500, 500, 200]


def test_a_sequence_begins_anew_in_each_visit_of_a_state(new_fake: NewFake) -> None:
    once = (ReplyTemplate(status=503), ReplyTemplate())
    fake = new_fake(
        told(
            {
                "a": State(video={"status": "processing"}, poll=once, next=(Transition("b", polls=2),)),
                "b": waiting(Transition("a", polls=1), Transition("c", signal="enough")),
                "c": done(),
            }
        )
    )
    task = fake.task()
    assert [poll(fake, task.id).status for _ in range(6)] == [503, 200, 200, 503, 200, 200]


@pytest.mark.parametrize(
    ("reply", "status", "media_type", "body"),
    [
        (ReplyTemplate(json=None, has_json=True), 200, "application/json", b"null"),
        (ReplyTemplate(json=[1], has_json=True), 200, "application/json", b"[1]"),
        (ReplyTemplate(json={"id": "{task_id}"}, has_json=True), 200, "application/json", b'{"id":"video_t"}'),
        (ReplyTemplate(text='{"id": "video_t", "stat'), 200, "text/plain; charset=utf-8", b'{"id": "video_t", "stat'),
        (ReplyTemplate(text=""), 200, "text/plain; charset=utf-8", b""),
        (ReplyTemplate(html="<h1>502</h1>", status=502), 502, "text/html; charset=utf-8", b"<h1>502</h1>"),
        (ReplyTemplate(status=204), 204, "application/json", b""),
    ],
)
def test_the_whole_reply_to_a_poll_can_be_replaced(
    new_fake: NewFake, reply: ReplyTemplate, status: int, media_type: str, body: bytes
) -> None:
    fake = new_fake(told({"a": State(video={"status": "completed"}, poll=(reply,))}))
    fake.task(id="video_t")
    answer = poll(fake, "video_t")
    assert (answer.status, answer.headers["content-type"], answer.body) == (status, media_type, body)


def test_headers_can_be_laid_over_and_taken_away(new_fake: NewFake) -> None:
    reply = ReplyTemplate(status=429, headers={"Retry-After": "30", "Content-Type": None})
    fake = new_fake(told({"a": State(video={"status": "completed"}, poll=(reply,))}))
    assert poll(fake, fake.task().id).headers == {"retry-after": "30"}


@pytest.mark.parametrize(
    ("prompt", "header"),
    [("a fox", "a fox"), ("50% & more", "50% & more"), ("a\r\nX-Evil: 1", "a%0D%0AX-Evil: 1"), ("狐", "%E7%8B%90")],
)
def test_what_a_template_brings_into_a_header_is_fit_for_one(new_fake: NewFake, prompt: str, header: str) -> None:
    reply = ReplyTemplate(headers={"X-Prompt": "{prompt}"})
    fake = new_fake(told({"a": done(poll=(reply,))}))
    assert poll(fake, fake.task(prompt=prompt).id).headers["x-prompt"] == header


def test_what_a_template_brings_into_a_redirect_is_a_part_of_a_url(new_fake: NewFake) -> None:
    redirect = ReplyTemplate(redirect="{origin}/v1/videos/{task_id}?as={prompt}")
    fake = new_fake(told({"a": done(content=(redirect,))}))
    task = fake.task(id="grok:4/7?x", prompt="50% & 狐\r\n")
    location = content(fake, task.id).headers["location"]
    assert location == f"{ORIGINS.api}/v1/videos/grok:4%2F7%3Fx?as=50%25%20%26%20%E7%8B%90%0D%0A"


def test_one_reply_lays_its_video_over_the_states(new_fake: NewFake) -> None:
    replies = (ReplyTemplate(video={"progress": 7, "error": "{omit}", "note": "{status}"[:0]}), ReplyTemplate())
    fake = new_fake(told({"a": State(video={"status": "completed", "progress": 50}, poll=replies)}))
    task = fake.task()
    first, second = poll(fake, task.id).json, poll(fake, task.id).json
    assert (first["progress"], "error" in first, first["note"]) == (7, False, "")
    assert (second["progress"], "error" in second, "note" in second) == (50, True, False)


def test_faults_and_delays_are_handed_over_as_data(new_fake: NewFake) -> None:
    replies = (ReplyTemplate(fault=Fault("reset", 10)), ReplyTemplate(delay=2.5))
    fake = new_fake(told({"a": State(video={"status": "completed"}, poll=replies)}))
    task = fake.task()
    first, second = poll(fake, task.id), poll(fake, task.id)
    assert (first.status, first.fault, first.reply.delay) == (200, Fault("reset", 10), 0)
    assert (second.status, second.fault, second.reply.delay) == (200, None, 2.5)


# --- time -------------------------------------------------------------------------------------------------------------

TIMED = told(
    {
        "queued": State(video={"status": "queued"}, next=(Transition("processing", seconds=10),)),
        "processing": waiting(Transition("completed", seconds=45)),
        "completed": done(),
    }
)


@pytest.mark.parametrize(
    ("seconds", "status"),
    [(0, "queued"), (9.9, "queued"), (10, "processing"), (54.9, "processing"), (55, "completed"), (9999, "completed")],
)
def test_a_life_by_time_does_not_depend_on_polls(new_fake: NewFake, seconds: float, status: str) -> None:
    fake = new_fake(TIMED)
    polled, left_alone = fake.task(), fake.task()
    for _ in range(20):
        poll(fake, polled.id)
    fake.advance(seconds)
    assert poll(fake, polled.id).json["status"] == poll(fake, left_alone.id).json["status"] == status


@pytest.mark.parametrize("late", [0, 1, 100, 86_400])
def test_completed_at_is_the_instant_that_fell_due_however_late_anyone_looks(new_fake: NewFake, late: float) -> None:
    fake = new_fake(TIMED)
    task = fake.task()
    fake.advance(55 + late)
    document = poll(fake, task.id).json
    assert document["completed_at"] == document["created_at"] + 55


def test_completed_at_is_0_until_the_end_and_then_the_time_of_the_last_poll_before_it(fake: Fake) -> None:
    task = fake.task()
    ended = []
    for _ in range(4):
        fake.advance(5)
        ended.append(poll(fake, task.id).json["completed_at"])
    assert ended == [0, 0, 0, int(task.created_at) + 15]


def test_a_task_made_later_lives_its_own_time(new_fake: NewFake) -> None:
    fake = new_fake(TIMED)
    first = fake.task()
    fake.advance(30)
    second = fake.task()
    fake.advance(25)
    assert (poll(fake, first.id).json["status"], poll(fake, second.id).json["status"]) == ("completed", "processing")


# --- words ------------------------------------------------------------------------------------------------------------

WORDS = {
    "queued": ("queued", "queued", "queued"),
    "processing": ("processing", "in_progress", "in_progress"),
    "in_progress": ("in_progress", "in_progress", "in_progress"),
    "completed": ("completed", "completed", "completed"),
    "failed": ("failed", "failed", "failed"),
    "cancelled": ("cancelled", "failed", "failed"),
    "expired": ("expired", "failed", "failed"),
    "SUCCESS": ("SUCCESS", "SUCCESS", "SUCCESS"),
    " Completed ": (" Completed ", " Completed ", " Completed "),
    "a new word": ("a new word", "a new word", "a new word"),
}


@pytest.mark.parametrize(("said", "shown"), WORDS.items())
def test_the_words_of_the_documented_life_are_translated_and_all_others_stand(
    new_fake: NewFake, said: str, shown: tuple[str, str, str]
) -> None:
    scenario = Scenario("words", "Words.", "a", {"a": State(video={"status": said})}, never_ends=True)
    for dialect, word in zip(("octopusx", "new-api", "openai"), shown, strict=True):
        fake = new_fake(scenario, dialect=dialect)
        assert poll(fake, fake.task().id).json["status"] == word


UNIFIED = {
    "queued": "pending",
    "in_progress": "processing",
    "processing": "processing",
    "completed": "completed",
    "failed": "failed",
    "cancelled": "failed",
    "expired": "failed",
    "unknown": "unknown",
}


@pytest.mark.parametrize(("said", "word"), UNIFIED.items())
def test_the_unified_query_says_only_words_of_its_own_page(new_fake: NewFake, said: str, word: str) -> None:
    scenario = Scenario("words", "Words.", "a", {"a": State(video={"status": said})}, never_ends=True)
    for dialect in ("octopusx", "new-api"):
        fake = new_fake(scenario, dialect=dialect)
        answer = ask(fake, "GET", f"/v1/video/query?id={fake.task().id}").json
        assert answer["status"] == ("failed" if word == "failed" else word)


WRAPPED = {
    "queued": ("queued", "SUBMITTED"),
    "pending": ("queued", "SUBMITTED"),
    "processing": ("processing", "IN_PROGRESS"),
    "in_progress": ("processing", "IN_PROGRESS"),
    "completed": ("succeeded", "SUCCESS"),
    "failed": ("failed", "FAILURE"),
    "cancelled": ("failed", "FAILURE"),
    "expired": ("failed", "FAILURE"),
}


@pytest.mark.parametrize(("said", "words"), WRAPPED.items())
@pytest.mark.parametrize("dialect", ["octopusx", "new-api"])
def test_the_wrapped_queries_have_words_of_their_own(
    new_fake: NewFake, dialect: str, said: str, words: tuple[str, str]
) -> None:
    scenario = Scenario("words", "Words.", "a", {"a": State(video={"status": said})}, never_ends=True)
    fake = new_fake(scenario, dialect=dialect)
    plain, seedance = fake.task(), fake.task(model="doubao-seedance-1")
    asked = [ask(fake, "GET", f"/v1/video/generations/{task.id}").json["data"]["status"] for task in (plain, seedance)]
    assert tuple(asked) == words


# --- events, signals, chance ------------------------------------------------------------------------------------------


def test_a_signal_leads_where_the_state_says_and_another_leaves_it(new_fake: NewFake) -> None:
    fake = new_fake(told({"a": waiting(Transition("b", signal="go")), "b": done()}))
    task = fake.task()
    assert fake.signal(task, "stop") == "a"
    assert fake.signal(task.id, "go") == "b"
    assert poll(fake, task.id).json["status"] == "completed"


def test_asking_for_the_content_can_move_a_task(new_fake: NewFake) -> None:
    fake = new_fake(told({"a": waiting(Transition("b", on="content")), "b": done()}))
    task = fake.task()
    assert content(fake, task.id).status == 400
    assert poll(fake, task.id).json["status"] == "completed"


def test_chance_follows_from_the_seed_and_differs_from_task_to_task(new_fake: NewFake) -> None:
    coin = told(
        {
            "toss": waiting(Transition("heads", polls=1, chance=0.5), Transition("tails", polls=1)),
            "heads": done(),
            "tails": State(video={"status": "failed"}),
        }
    )

    def tosses(seed: int) -> str:
        fake = new_fake(coin, seed=seed)
        tasks = [fake.task() for _ in range(40)]
        for task in tasks:
            poll(fake, task.id)
        return "".join(task.state[0] for task in tasks)

    assert tosses(1) == tosses(1)
    assert tosses(1) != tosses(2)
    assert 5 < tosses(1).count("h") < 35


# --- many at once -----------------------------------------------------------------------------------------------------


def test_polls_that_arrive_together_move_a_task_on_once_each(new_fake: NewFake) -> None:
    fake = new_fake(
        told(
            {
                "queued": State(video={"status": "queued"}, next=(Transition("processing", polls=50),)),
                "processing": waiting(Transition("completed", polls=100), progress=[1, 100]),
                "completed": done(),
            }
        )
    )
    task = fake.task()
    gate = threading.Barrier(8)
    seen: list[tuple[str, int]] = []

    def client() -> None:
        gate.wait()
        for _ in range(25):
            document = poll(fake, task.id).json
            seen.append((document["status"], document["progress"]))

    threads = [threading.Thread(target=client) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Counter(status for status, _ in seen) == {"queued": 50, "processing": 100, "completed": 50}
    # A ramp of one step a poll: each step was shown to exactly one of them.
    assert sorted(progress for status, progress in seen if status == "processing") == list(range(1, 101))
    assert [exchange.number for exchange in fake.journal] == list(range(1, 201))


def test_creates_that_arrive_together_make_one_task_each(fake: Fake) -> None:
    gate = threading.Barrier(8)
    ids: list[str] = []

    def client() -> None:
        gate.wait()
        ids.extend(ask(fake, "POST", "/v1/videos", json=CREATE).json["id"] for _ in range(10))

    threads = [threading.Thread(target=client) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(ids)) == len(fake.bill) == 80
