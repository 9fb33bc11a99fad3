"""How an unchanged client picks a scenario, what wins over what, and what becomes of a name that nobody knows."""

from __future__ import annotations

from typing import Any

import pytest

from support.asking import CREATE, ask, at_once, form, multipart, part, poll, quoted
from support.fakes import NewFake
from video_mockserver.fake.fake import Fake
from video_mockserver.fake.selection import asked_for, split_model
from video_mockserver.scenario.sources import UnknownScenario

HEADER = "X-Mock-Scenario"


def scenario_of(fake: Fake) -> str:
    """The scenario of the task that was made last."""
    return fake.tasks[-1].scenario.name


# --- with what a client picks -----------------------------------------------------------------------------------------


def test_without_a_word_it_is_the_fakes_default(new_fake: NewFake) -> None:
    for default in ("lifecycle/plain", "download/url_404"):
        fake = new_fake(default)
        assert ask(fake, "POST", "/v1/videos", json=CREATE).status == 200
        assert scenario_of(fake) == default


PICKS: dict[str, dict[str, Any]] = {
    "the model": {"json": {**CREATE, "model": "grok-video-3@url_404"}},
    "the model, full name": {"json": {**CREATE, "model": "grok-video-3@download/url_404"}},
    "the model of a form": form(model="grok-video-3@url_404", prompt="a fox"),
    "the model of a multipart form": multipart(part("model", "grok-video-3@url_404"), part("prompt", "a fox")),
    "a word in the prompt": {"json": {**CREATE, "prompt": "a fox scenario:url_404 in the snow"}},
    "the prompt's first word": {"json": {**CREATE, "prompt": "scenario:download/url_404 a fox"}},
    "the prompt's last word, at the end of a sentence": {"json": {**CREATE, "prompt": "a fox. scenario:url_404."}},
    "the prompt's own line": {"json": {**CREATE, "prompt": "a fox\nscenario:url_404\nin the snow"}},
    "the header": {"json": CREATE, "headers": {HEADER: "url_404"}},
    "the header, full name": {"json": CREATE, "headers": {HEADER: " download/url_404 "}},
}


@pytest.mark.parametrize("request_", PICKS.values(), ids=PICKS)
@pytest.mark.parametrize("path", ["/v1/videos", "/v1/video/create", "/v1/video/generations"])
def test_a_create_picks_a_scenario_with(fake: Fake, path: str, request_: dict[str, Any]) -> None:
    assert ask(fake, "POST", path, **request_).status == 200
    assert scenario_of(fake) == "download/url_404"


@pytest.mark.parametrize("path", ["/v1/videos/{id}/remix", "/v1/videos/{id}/extend", "/v1/videos/extensions"])
def test_so_do_remix_extend_and_extensions(fake: Fake, path: str) -> None:
    source = fake.task()
    body = {"model": "grok-video-3@url_404", "prompt": "more", "video": {"url": source.id}}
    assert ask(fake, "POST", path.format(id=source.id), json=body).status == 200
    assert scenario_of(fake) == "download/url_404"


def test_the_picking_part_is_not_shown_in_the_model(fake: Fake) -> None:
    answer = ask(fake, "POST", "/v1/videos", json={**CREATE, "model": "grok-video-3@url_404"})
    assert answer.json["model"] == "grok-video-3"
    assert poll(fake, answer.json["id"]).json["model"] == "grok-video-3"


@pytest.mark.parametrize("id", ["video_url_404", "video_download/url_404"])
@pytest.mark.parametrize(
    "path", ["/v1/videos/{id}", "/v1/videos/{id}/content", "/v1/video/query?id={id}", "/v1/video/generations/{id}"]
)
def test_a_task_id_picks_a_scenario_on_every_route(fake: Fake, path: str, id: str) -> None:
    ask(fake, "GET", path.format(id=quoted(id)))
    assert [(task.id, task.scenario.name) for task in fake.tasks] == [(id, "download/url_404")]


def test_a_task_id_comes_to_life_once_and_then_goes_on(fake: Fake) -> None:
    assert [poll(fake, "video_plain").json["status"] for _ in range(4)] == [
        "queued",
        "processing",
        "processing",
        "completed",
    ]
    assert len(fake.tasks) == 1


def test_the_header_brings_any_id_to_life(fake: Fake) -> None:
    answer = ask(fake, "GET", "/v1/videos/anything", headers={HEADER: "url_404"})
    assert (answer.status, answer.json["id"], scenario_of(fake)) == (200, "anything", "download/url_404")


def test_a_task_that_is_there_keeps_its_scenario_whatever_the_header_says(fake: Fake) -> None:
    task = fake.task("lifecycle/plain")
    answer = ask(fake, "GET", f"/v1/videos/{task.id}", headers={HEADER: "url_404"})
    assert (answer.status, task.scenario.name, len(fake.tasks)) == (200, "lifecycle/plain", 1)


# --- precedence -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "model", "prompt", "asked"),
    [
        (None, None, None, None),
        (None, "grok-video-3", "a fox", None),
        (None, "grok-video-3", "a fox scenario:p", "p"),
        (None, "grok-video-3@m", "a fox scenario:p", "m"),
        ("h", "grok-video-3@m", "a fox scenario:p", "h"),
        ("  ", "grok-video-3@m", "a fox scenario:p", "m"),
        ("", None, "scenario:p", "p"),
        (None, "grok-video-3@", "a fox", None),
        (None, "@m", "a fox", "m"),
        (None, None, "no-scenario:p", None),
        (None, None, "the scenario: p", None),
        (None, None, "scenario:first scenario:second", "first"),
    ],
)
def test_the_header_wins_over_the_model_and_the_model_over_the_prompt(
    header: str | None, model: str | None, prompt: str | None, asked: str | None
) -> None:
    assert asked_for(header, model, prompt) == asked


@pytest.mark.parametrize(
    ("model", "split"),
    [
        ("grok-video-3", ("grok-video-3", None)),
        ("grok-video-3@url_404", ("grok-video-3", "url_404")),
        ("grok-video-3@download/url_404", ("grok-video-3", "download/url_404")),
        ("grok-video-3@", ("grok-video-3@", None)),
    ],
)
def test_a_model_is_split_at_its_first_at(model: str, split: tuple[str, str | None]) -> None:
    assert split_model(model) == split


def test_the_fakes_own_scenarios_come_before_the_library(fake: Fake) -> None:
    fake.add_scenario(at_once("download/url_404"))
    answer = ask(fake, "POST", "/v1/videos", json=CREATE, headers={HEADER: "download/url_404"})
    assert answer.json["status"] == "completed"


# --- unknown names ----------------------------------------------------------------------------------------------------

SLIPS: dict[str, dict[str, Any]] = {
    "the model": {"json": {**CREATE, "model": "grok-video-3@url_405"}},
    "a word in the prompt": {"json": {**CREATE, "prompt": "a fox scenario:url_405"}},
    "the header": {"json": CREATE, "headers": {HEADER: "url_405"}},
}


@pytest.mark.parametrize("request_", SLIPS.values(), ids=SLIPS)
@pytest.mark.parametrize("dialect", ["octopusx", "new-api", "openai"])
def test_an_unknown_scenario_is_an_error_with_near_names_and_never_the_default(
    new_fake: NewFake, dialect: str, request_: dict[str, Any]
) -> None:
    fake = new_fake(dialect=dialect)
    answer = ask(fake, "POST", "/v1/videos", **request_)
    message = answer.json["error"]["message"] if dialect == "openai" else answer.json["message"]
    code = answer.json["error"]["code"] if dialect == "openai" else answer.json["code"]
    assert (answer.status, code) == (400, "unknown_scenario")
    assert "no scenario 'url_405'" in message
    assert "'download/url_404'" in message
    assert answer.hint == fake.journal[-1].note == message
    assert fake.tasks == []


def test_an_unknown_scenario_that_is_near_to_nothing_says_only_that(fake: Fake) -> None:
    answer = ask(fake, "POST", "/v1/videos", json=CREATE, headers={HEADER: "zzzzzzzz"})
    assert answer.json["message"] == "no scenario 'zzzzzzzz'"


def test_an_unknown_default_is_refused_when_it_is_set(new_fake: NewFake) -> None:
    with pytest.raises(UnknownScenario, match="download/url_404"):
        new_fake("download/url_405")


# --- unknown tasks ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("id", ["video_abc123", "abc", "grok:48a67431", "video_url_405"])
def test_an_id_that_was_never_made_is_refused_as_the_service_does(fake: Fake, id: str) -> None:
    answer = poll(fake, id)
    assert (answer.status, answer.envelope) == (
        400,
        {"code": "task_not_exist", "message": "task_not_exist", "data": None},
    )
    assert f"no task {id!r} was created here" in (answer.hint or "")
    assert fake.tasks == []


def test_the_hint_lists_near_tasks_and_near_scenarios(fake: Fake) -> None:
    fake.task(id="video_url_406")
    hint = poll(fake, "video_url_405").hint or ""
    assert "the task 'video_url_406'" in hint
    assert "the scenario 'download/url_404'" in hint
    assert fake.journal[-1].note == hint


def test_an_unknown_id_is_answered_quickly_among_many_tasks(fake: Fake) -> None:
    import time

    for _ in range(3000):
        fake.task()
    near_miss = fake.tasks[-1].id[:-1] + "x"
    began = time.perf_counter()
    assert f"the task {fake.tasks[-1].id!r}" in (poll(fake, near_miss).hint or "")
    assert time.perf_counter() - began < 10  # comparing with each of them in full takes minutes


@pytest.mark.parametrize("id", ["video_abc123", "abc", "grok:48a67431-aaaa", "video_url_405"])
@pytest.mark.parametrize(
    "path", ["/v1/videos/{id}", "/v1/videos/{id}/content", "/v1/video/query?id={id}", "/v1/video/generations/{id}"]
)
def test_unknown_tasks_create_lets_any_id_come_to_life_in_the_default_scenario(
    new_fake: NewFake, path: str, id: str
) -> None:
    fake = new_fake("lifecycle/at_once", unknown_tasks="create")
    assert ask(fake, "GET", path.format(id=quoted(id))).status == 200
    assert [(task.id, task.scenario.name) for task in fake.tasks] == [(id, "lifecycle/at_once")]


def test_with_unknown_tasks_create_an_id_still_picks_the_scenario_it_names(new_fake: NewFake) -> None:
    fake = new_fake(unknown_tasks="create")
    poll(fake, "video_url_404")
    assert scenario_of(fake) == "download/url_404"


def test_a_deleted_task_does_not_come_to_life_again(new_fake: NewFake) -> None:
    fake = new_fake(unknown_tasks="create")
    poll(fake, "abc")
    assert ask(fake, "DELETE", "/v1/videos/abc").status == 200
    answer = poll(fake, "abc")
    assert (answer.status, answer.json["code"]) == (400, "task_not_exist")
    assert "deleted" in (answer.hint or "")


@pytest.mark.parametrize(("option", "value"), [("unknown_tasks", "refused"), ("dialect", "octopus"), ("dialect", "")])
def test_a_wrong_setting_is_refused_with_what_would_be_right(new_fake: NewFake, option: str, value: str) -> None:
    with pytest.raises(ValueError, match=option):
        new_fake(**{option: value})
