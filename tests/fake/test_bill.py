"""The bill: the tasks that a client made and would have paid for, whatever it was told about them."""

from __future__ import annotations

import pytest

from support.asking import CREATE, ask, at_once, content, done, fetch, poll, polled_to_the_end, told
from support.fakes import NewFake
from video_mockserver.api.messages import Fault
from video_mockserver.fake.fake import Fake
from video_mockserver.scenario.model import ReplyTemplate

CREATES = [
    ("/v1/videos", {}),
    ("/v1/video/create", {}),
    ("/v1/video/generations", {}),
    ("/v1/videos/source/remix", {}),
    ("/v1/videos/source/extend", {}),
    ("/v1/videos/extensions", {"video": {"url": "source"}}),
]


@pytest.mark.parametrize(("path", "body"), CREATES)
def test_every_create_is_one_task_on_the_bill(fake: Fake, path: str, body: dict[str, object]) -> None:
    fake.task(id="source")
    answers = [ask(fake, "POST", path, json={**CREATE, **body}) for _ in range(2)]
    assert [answer.status for answer in answers] == [200, 200]
    assert [task.params.prompt for task in fake.bill] == [CREATE["prompt"]] * 2


def test_the_bill_lists_tasks_in_the_order_of_their_making(fake: Fake) -> None:
    ids = [ask(fake, "POST", "/v1/videos", json=CREATE).json["id"] for _ in range(5)]
    assert [task.id for task in fake.bill] == ids


def test_tasks_made_by_the_test_or_come_to_life_by_their_id_are_not_on_the_bill(new_fake: NewFake) -> None:
    fake = new_fake(unknown_tasks="create")
    fake.task()
    poll(fake, "video_plain")
    poll(fake, "whatever")
    assert (len(fake.tasks), fake.bill) == (3, [])


def test_a_careful_client_pays_once_though_the_download_is_broken(new_fake: NewFake) -> None:
    fake = new_fake(at_once(download=(ReplyTemplate(status=404),)))
    id = ask(fake, "POST", "/v1/videos", json=CREATE).json["id"]
    assert fetch(fake, polled_to_the_end(fake, id)["video_url"]).status == 404
    assert content(fake, id).status == 200
    assert len(fake.bill) == 1


def test_a_client_that_creates_again_after_a_failed_download_pays_twice(new_fake: NewFake) -> None:
    fake = new_fake(at_once(download=(ReplyTemplate(status=404),)))
    for _ in range(2):
        id = ask(fake, "POST", "/v1/videos", json=CREATE).json["id"]
        fetch(fake, polled_to_the_end(fake, id)["video_url"])
    assert len(fake.bill) == 2


MADE = {
    "a plain reply": (ReplyTemplate(), True),
    "a reply that is lost by a reset": (ReplyTemplate(fault=Fault("reset")), True),
    "a reply that is lost half way": (ReplyTemplate(fault=Fault("truncate", 0.5)), True),
    "a reply that never comes": (ReplyTemplate(fault=Fault("stall")), True),
    "a page with 200": (ReplyTemplate(html="<h1>hi</h1>"), True),
    "429": (ReplyTemplate(status=429), False),
    "400": (ReplyTemplate(status=400), False),
    "500": (ReplyTemplate(status=500), False),
    "an error that was scripted": (ReplyTemplate(status=403, error={"code": "quota", "message": "none left"}), False),
    "502, though it was made": (ReplyTemplate(status=502, html="<h1>502</h1>", made=True), True),
    "200, though it was not made": (ReplyTemplate(json={"error": "busy"}, has_json=True, made=False), False),
    "a reset before it was made": (ReplyTemplate(fault=Fault("reset"), made=False), False),
}


@pytest.mark.parametrize(("reply", "made"), MADE.values(), ids=MADE)
def test_whether_a_task_was_made_shows_on_the_bill_and_nowhere_else(
    new_fake: NewFake, reply: ReplyTemplate, made: bool
) -> None:
    fake = new_fake(told({"completed": done()}, create=(reply,)))
    ask(fake, "POST", "/v1/videos", json=CREATE)
    assert len(fake.bill) == len(fake.tasks) == made
    assert (fake.journal[-1].task_id is not None) == made


def test_a_lost_reply_and_a_blind_retry_are_two_tasks(new_fake: NewFake) -> None:
    fake = new_fake("create/reply_lost")
    first = ask(fake, "POST", "/v1/videos", json=CREATE)
    assert first.fault is not None
    ask(fake, "POST", "/v1/videos", json=CREATE)
    assert len(fake.bill) == 2


def test_the_task_behind_a_lost_reply_lives_on(new_fake: NewFake) -> None:
    fake = new_fake(told({"completed": done()}, create=(ReplyTemplate(fault=Fault("reset")),)))
    ask(fake, "POST", "/v1/videos", json=CREATE)
    [task] = fake.bill
    assert polled_to_the_end(fake, task.id)["status"] == "completed"
    assert ask(fake, "GET", "/v1/videos").json["data"][0]["id"] == task.id


def test_after_an_error_that_made_none_the_id_of_the_next_is_new_and_works(new_fake: NewFake) -> None:
    fake = new_fake(told({"completed": done()}, create=(ReplyTemplate(status=429), ReplyTemplate())))
    assert ask(fake, "POST", "/v1/videos", json=CREATE).status == 429
    id = ask(fake, "POST", "/v1/videos", json=CREATE).json["id"]
    assert [task.id for task in fake.bill] == [id]
    assert poll(fake, id).status == 200


def test_create_replies_are_counted_over_all_creates_of_a_scenario(new_fake: NewFake) -> None:
    fake = new_fake(told({"completed": done()}, create=(ReplyTemplate(status=503, times=2), ReplyTemplate())))
    paths = ["/v1/videos", "/v1/video/create", "/v1/videos", "/v1/video/generations"]
    assert [ask(fake, "POST", path, json=CREATE).status for path in paths] == [503, 503, 200, 200]


@pytest.mark.parametrize("body", [{}, {"model": "grok-video-3"}, {"model": "grok-video-3@zzzz", "prompt": "a fox"}])
def test_a_refused_create_costs_nothing(fake: Fake, body: dict[str, str]) -> None:
    assert ask(fake, "POST", "/v1/videos", json=body).status == 400
    assert fake.bill == []


def test_a_create_whose_scenario_is_broken_costs_nothing(new_fake: NewFake) -> None:
    fake = new_fake(told({"completed": done()}, create=(ReplyTemplate(clip="nosuch"),)))
    assert ask(fake, "POST", "/v1/videos", json=CREATE).json["code"] == "wrong_scenario"
    assert fake.bill == []


def test_what_was_made_stays_on_the_bill_when_it_is_deleted_or_cancelled(fake: Fake) -> None:
    deleted, cancelled = (ask(fake, "POST", "/v1/videos", json=CREATE).json["id"] for _ in range(2))
    ask(fake, "DELETE", f"/v1/videos/{deleted}")
    ask(fake, "POST", f"/v1/videos/{cancelled}/cancel")
    assert [task.id for task in fake.bill] == [deleted, cancelled]


def test_a_key_that_is_not_good_makes_nothing(new_fake: NewFake) -> None:
    fake = new_fake(keys=["sk-good"])
    assert ask(fake, "POST", "/v1/videos", json=CREATE, key="sk-other").status == 401
    assert fake.bill == []
