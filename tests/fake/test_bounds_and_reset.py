"""What a reset clears, and the bounds that keep a fake small and quick."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlencode

import pytest

from support.asking import CREATE, ask, at_once, multipart, part, poll
from support.fakes import NewFake
from video_mockserver.scenario.model import ReplyTemplate
from video_mockserver.scenario.sources import UnknownScenario


def test_after_a_reset_the_first_create_is_the_first_again(new_fake: NewFake) -> None:
    fake = new_fake(replace(at_once(), create=(ReplyTemplate(status=500), ReplyTemplate())))
    assert [ask(fake, "POST", "/v1/videos", json=CREATE).status for _ in range(2)] == [500, 200]
    fake.reset()
    assert ask(fake, "POST", "/v1/videos", json=CREATE).status == 500


def test_after_a_reset_there_are_no_characters(new_fake: NewFake) -> None:
    fake = new_fake(dialect="openai")
    body = multipart(part("name", "Fox"), part("video", b"clip", filename="fox.mp4"))
    made = ask(fake, "POST", "/v1/videos/characters", **body).json
    path = f"/v1/videos/characters/{made['id']}"
    assert ask(fake, "GET", path).status == 200
    fake.reset()
    assert ask(fake, "GET", path).status == 404


def test_the_short_name_of_two_own_scenarios_is_ambiguous(new_fake: NewFake) -> None:
    fake = new_fake()
    fake.add_scenario(replace(at_once(), name="mine/special"))
    assert fake.scenario("special").name == "mine/special"
    fake.add_scenario(replace(at_once(), name="yours/special"))
    with pytest.raises(UnknownScenario, match=r"'mine/special', 'yours/special'"):
        fake.scenario("special")


@pytest.mark.parametrize("status", [204, 205, 304])
def test_a_status_without_a_body_has_none_whatever_is_scripted(new_fake: NewFake, status: int) -> None:
    fake = new_fake(at_once(poll=(ReplyTemplate(status=status, text="a body"),)))
    answer = poll(fake, fake.task().id)
    assert (answer.status, answer.body) == (status, b"")


@pytest.mark.parametrize(("fields", "status"), [(1000, 200), (1001, 400)])
def test_a_form_has_at_most_a_thousand_fields(new_fake: NewFake, fields: int, status: int) -> None:
    pairs = [*CREATE.items(), *((f"x{number}", "1") for number in range(fields - len(CREATE)))]
    headers = {"content-type": "application/x-www-form-urlencoded"}
    answer = ask(new_fake(), "POST", "/v1/videos", body=urlencode(pairs).encode(), headers=headers)
    assert answer.status == status


def test_an_id_like_that_of_one_of_the_last_200_tasks_is_suggested_and_of_no_older_one(new_fake: NewFake) -> None:
    fake = new_fake()
    fake.task(id="the-oldest-of-all")
    for number in range(199):
        fake.task(id=f"{number:03}")
    hint = "did you mean the task 'the-oldest-of-all'"
    assert hint in (poll(fake, "the-oldest-of-al").hint or "")
    fake.task(id="one-more")
    assert hint not in (poll(fake, "the-oldest-of-al").hint or "")
