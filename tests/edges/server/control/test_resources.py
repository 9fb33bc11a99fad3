"""What each route of control does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from support import asking
from support.control import HERE, OWN, YAML, Control, Provider, message
from support.fakes import SCENARIOS, Scenarios, make_fake, memory_clips
from video_mockserver.fake.clock import ManualClock
from video_mockserver.fake.fake import Fake
from video_mockserver.scenario.model import Scenario
from video_mockserver.scenario.problems import Problem, ScenarioError


class BrokenFiles(Scenarios):
    """A library in which one file is wrong."""

    def find(self, name: str) -> Scenario:
        if name in ("broken", "own/broken"):
            raise ScenarioError([Problem(("start",), "no state 'x'", 3)], "own/broken.yaml")
        return super().find(name)

    def names(self) -> list[str]:
        return [*super().names(), "own/broken"]


def test_a_task_is_made_with_a_scenario_an_id_a_dialect_and_a_wish(control: Control, fake: Fake) -> None:
    body = {
        "scenario": "url_404", "id": "video_mine", "dialect": "openai", "model": "sora-2", "prompt": "a fox",
        "seconds": 8, "size": "720x1280", "aspect_ratio": "9:16",
    }  # fmt: skip
    answer = control("POST", "/tasks", json=body)
    assert answer.status_code == 201
    told = answer.json()
    document = told.pop("document")
    assert told == {
        "id": "video_mine", "scenario": "download/url_404", "state": "queued", "ended": False, "polls": 0,
        "dialect": "openai", "billed": False, "created_at": 1735689600.0,
    }  # fmt: skip
    assert (document["model"], document["seconds"], document["size"]) == ("sora-2", "8", "720x1280")
    task = fake.find_task("video_mine")
    assert task is not None
    assert (task.params.prompt, task.params.aspect_ratio, task.clip.name) == ("a fox", "9:16", "portrait")


def test_a_task_made_with_nothing_follows_the_default(control: Control) -> None:
    assert control("POST", "/tasks").json()["scenario"] == "lifecycle/plain"
    assert control("POST", "/tasks", json={"scenario": None, "id": None}).json()["scenario"] == "lifecycle/plain"


def test_looking_at_a_task_is_no_poll(control: Control, fake: Fake) -> None:
    task = fake.task(id="video_a")
    for _ in range(3):
        told = control("GET", "/tasks/video_a").json()
    assert (told["state"], told["polls"]) == ("queued", 0)
    asking.poll(fake, task.id)
    assert control("GET", "/tasks/video_a").json()["state"] == "processing"
    assert [task["id"] for task in control("GET", "/tasks").json()["tasks"]] == ["video_a"]


@pytest.mark.parametrize(
    ("id", "path"),
    [
        ("grok:48a67431-8707", "grok:48a67431-8707"),
        ("grok:48a67431-8707", "grok%3A48a67431-8707"),
        ("a/b", "a%2Fb"),
        ("a/state", "a%2fstate"),
        ("50%", "50%25"),
        ("a b?c#d", "a%20b%3Fc%23d"),
        ("狐", "%E7%8B%90"),
        ("state", "state"),
        ("../..", "%2E%2E%2F%2E%2E"),
    ],
)
def test_an_id_comes_through_the_path_whole(control: Control, fake: Fake, id: str, path: str) -> None:
    fake.task(id=id)
    assert control("GET", f"/tasks/{path}").json()["id"] == id
    assert control("POST", f"/tasks/{path}/state", json={"state": "completed"}).json()["state"] == "completed"


def test_a_task_is_put_into_a_state(control: Control, fake: Fake) -> None:
    fake.task(id="video_a")
    told = control("POST", "/tasks/video_a/state", json={"state": "completed"}).json()
    assert (told["state"], told["ended"], told["document"]["status"]) == ("completed", True, "completed")
    assert told["document"]["video_url"].startswith(asking.ORIGINS.download)
    assert control("POST", "/tasks/video_a/state", json={"state": "cancelled"}).json()["state"] == "cancelled"


def test_a_signal_moves_a_task_whose_state_waits_for_it(control: Control, fake: Fake) -> None:
    fake.task("lifecycle/signalled", id="video_a")
    early = control("POST", "/tasks/video_a/signal", json={"signal": "deliver"}).json()
    assert (early["state"], early["moved"]) == ("processing", False)
    told = control("POST", "/tasks/video_a/signal", json={"signal": "go"}).json()
    assert (told["state"], told["moved"]) == ("rendered", True)


def test_a_manual_clock_is_shown_and_advanced(control: Control, fake: Fake) -> None:
    assert control("GET", "/clock").json() == {"now": 1735689600.0, "manual": True, "speed": None}
    fake.task("lifecycle/timed", id="video_a")
    told = control("POST", "/clock/advance", json={"seconds": 12.5}).json()
    assert told == {"now": 1735689612.5, "manual": True, "speed": None}
    assert control("GET", "/tasks/video_a").json()["state"] == "processing"


def test_a_real_clock_is_shown_and_cannot_be_advanced(control: Control, provider: Provider) -> None:
    provider.held["default"] = make_fake(name="default", speed=60)
    told = control("GET", "/clock").json()
    assert told["manual"] is False
    assert told["speed"] == pytest.approx(60)
    assert "--manual-clock" in message(control("POST", "/clock/advance", json={"seconds": 1}), 409)


def test_the_journal_is_shown_asked_and_cleared(control: Control, fake: Fake) -> None:
    id = asking.ask(fake, "POST", "/v1/videos", json=asking.CREATE).json["id"]
    asking.polled_to_the_end(fake, id)
    asking.fetch(fake, asking.poll(fake, id).json["video_url"])
    asking.ask(fake, "GET", "/v1/nowhere")
    told = control("GET", "/journal").json()
    assert (told["total"], told["dropped"], told["more"], len(told["exchanges"])) == (8, 0, False, 8)
    assert asking.KEY not in str(told)

    def numbers(query: str) -> list[int]:
        return [exchange["number"] for exchange in control("GET", f"/journal?{query}").json()["exchanges"]]

    assert numbers("operation=create") == [1]
    assert numbers("host=download") == [7]
    assert numbers("status=404") == [8]
    assert numbers(f"task_id={id}&after=5") == [6, 7]
    assert numbers("limit=2&after=3") == [4, 5]
    assert numbers(f"limit={10**15}&after=7") == [8]
    assert numbers("task_id=another") == []
    assert control("GET", "/journal?limit=2").json()["more"] is True
    assert control("GET", "/journal?limit=8").json()["more"] is False

    har = control("GET", "/journal.har?operation=download").json()["log"]
    assert [entry["_number"] for entry in har["entries"]] == [7]
    assert control("DELETE", "/journal").json() == {"cleared": 8}
    assert control("GET", "/journal").json()["total"] == 0


def test_the_journal_says_how_many_exchanges_it_dropped(control: Control, fake: Fake) -> None:
    fake.journal.max_entries = 2
    for _ in range(5):
        asking.ask(fake, "GET", "/v1/models")
    told = control("GET", "/journal").json()
    assert (told["total"], told["dropped"], len(told["exchanges"])) == (5, 3, 2)
    assert "3 older" in control("GET", "/journal.har").json()["log"]["comment"]


@pytest.mark.parametrize("oddity", ['"\\ud800"', "1e999", "NaN", "[" * 200 + "]" * 200])
def test_a_journal_of_odd_requests_can_still_be_read(control: Control, fake: Fake, oddity: str) -> None:
    asking.ask(fake, "POST", "/v1/videos", body=b'{"model": "m", "prompt": "p", "odd": ' + oddity.encode() + b"}")
    assert control("GET", "/journal").json()["total"] == 1


def test_scenarios_are_listed_by_name_and_with_summaries_when_asked(control: Control) -> None:
    told = control("GET", "/scenarios").json()["scenarios"]
    assert {"name": "download/url_404"} in told
    told = control("GET", "/scenarios?summaries=1").json()["scenarios"]
    assert {"name": "download/url_404", "summary": "The plain life of download/url_404."} in told


@pytest.mark.parametrize("name", ["download/url_404", "download%2Furl_404", "url_404"])
def test_a_scenario_is_shown_as_data_and_as_a_file(control: Control, name: str) -> None:
    told = control("GET", f"/scenarios/{name}").json()
    assert told["name"] == "download/url_404"
    assert told["scenario"]["expect"] == {"outcome": "clip", "from": "content"}
    file = control("GET", f"/scenarios/{name}?format=yaml")
    assert file.headers["content-type"].startswith("application/yaml")
    assert file.text.startswith("summary: The plain life")


def test_a_scenario_is_loaded_and_comes_before_one_of_the_same_name(control: Control, fake: Fake) -> None:
    answer = control("POST", "/scenarios?name=own/at_once", content=OWN, headers=YAML)
    assert answer.status_code == 201
    assert answer.json() == {"name": "own/at_once", "summary": "Done at once.", "replaced": False}
    assert control("POST", "/tasks", json={"scenario": "own/at_once"}).json()["document"]["status"] == "completed"
    told = control("POST", "/scenarios?name=lifecycle/plain", content=OWN, headers=YAML).json()
    assert told["replaced"] is True
    assert control("POST", "/tasks").json()["state"] == "completed"


@pytest.mark.parametrize("name", sorted(SCENARIOS))
def test_a_scenario_that_was_shown_can_be_sent_back(control: Control, fake: Fake, name: str) -> None:
    shown = control("GET", f"/scenarios/{name}")
    assert control("POST", "/scenarios?name=copy", json=shown.json()["scenario"]).status_code == 201
    assert control("GET", "/scenarios/copy").json()["scenario"] == shown.json()["scenario"]
    file = control("GET", f"/scenarios/{name}?format=yaml").text
    assert control("POST", "/scenarios?name=copy", content=file, headers=YAML).status_code == 201
    assert control("GET", "/scenarios/copy").json()["scenario"] == shown.json()["scenario"]


def test_a_wrong_scenario_is_refused_with_every_problem_and_its_line(control: Control, fake: Fake) -> None:
    wrong = OWN.replace("start: completed", "start: complete") + "colour: red\n"
    answer = control("POST", "/scenarios?name=own", content=wrong, headers=YAML)
    assert "complete" in message(answer, 422)
    problems = answer.json()["error"]["problems"]
    assert [problem["line"] for problem in problems] == [2, 7]
    assert "'completed'" in problems[0]["message"]
    assert "own" not in fake.scenario_names()


@pytest.mark.parametrize("method", ["PUT", "POST"])
def test_the_default_scenario_is_shown_and_changed(control: Control, fake: Fake, method: str) -> None:
    assert control("GET", "/default").json() == {"scenario": "lifecycle/plain"}
    assert control(method, "/default", json={"scenario": "url_404"}).json() == {"scenario": "download/url_404"}
    asking.ask(fake, "POST", "/v1/videos", json=asking.CREATE)
    assert fake.bill[0].scenario.name == "download/url_404"


def test_the_bill_holds_what_clients_made(control: Control, fake: Fake) -> None:
    fake.task()
    id = asking.ask(fake, "POST", "/v1/videos", json=asking.CREATE).json["id"]
    asking.ask(fake, "DELETE", f"/v1/videos/{id}")
    told = control("GET", "/bill").json()
    assert told["count"] == 1
    assert told["tasks"] == [
        {
            "id": id, "scenario": "lifecycle/plain", "state": "queued", "model": "grok-video-3",
            "prompt": "a fox in the snow", "operation": "create", "created_at": 1735689600.0, "deleted": True,
        }
    ]  # fmt: skip


def test_a_reset_is_of_the_fake_that_was_asked(control: Control, provider: Provider) -> None:
    for name in ("default", "a", "b"):
        provider.open(name).task()
    assert control("POST", "/reset", prefix="/t/a").json() == {"reset": ["a"]}
    assert [len(fake.tasks) for fake in provider.held.values()] == [1, 0, 1]
    assert control("POST", "/reset?all=0").json() == {"reset": ["default"]}
    assert [len(fake.tasks) for fake in provider.held.values()] == [0, 0, 1]
    assert control("POST", "/reset?all=1").json() == {"reset": ["default", "a", "b"]}
    assert [len(fake.tasks) for fake in provider.held.values()] == [0, 0, 0]


def test_fakes_are_made_shown_and_closed(control: Control, provider: Provider) -> None:
    answer = control("POST", "/fakes", json={"name": "job-17", "scenario": "url_404"})
    told = {
        "name": "job-17", "scenario": "download/url_404", "dialect": "octopusx", "tasks": 0, "exchanges": 0,
        "origin": f"{HERE}/t/job-17", "base_url": f"{HERE}/t/job-17/v1",
        "download_origin": f"{HERE}/t/job-17/_download",
    }  # fmt: skip
    assert (answer.status_code, answer.json()) == (201, told)
    again = control("POST", "/fakes", json={"name": "job-17"})
    assert (again.status_code, again.json()) == (200, told)
    assert control("GET", "/fakes/job-17").json() == told
    assert [fake["name"] for fake in control("GET", "/fakes").json()["fakes"]] == ["default", "job-17"]
    assert control("DELETE", "/fakes/job-17").json() == {"closed": "job-17"}
    assert "job-17" not in provider.held


def test_a_fake_with_a_wrong_scenario_is_not_left_behind(control: Control, provider: Provider) -> None:
    assert "did you mean" in message(control("POST", "/fakes", json={"name": "a", "scenario": "url_403"}), 400)
    assert "a" not in provider.held
    provider.open("a")
    assert control("POST", "/fakes", json={"name": "a", "scenario": "nowhere"}).status_code == 400
    assert "a" in provider.held


def test_a_clock_cannot_be_led_past_the_last_year(control: Control, fake: Fake) -> None:
    assert isinstance(fake.clock, ManualClock)
    fake.clock.advance(253_370_764_800 - fake.clock.now() - 10)
    assert control("POST", "/clock/advance", json={"seconds": 10}).status_code == 200
    assert "beyond the year 9998" in message(control("POST", "/clock/advance", json={"seconds": 1}), 400)
    fake.task()
    assert control("GET", "/tasks").status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/scenarios/own/broken", None),
        ("POST", "/tasks", {"scenario": "broken"}),
        ("PUT", "/default", {"scenario": "broken"}),
        ("POST", "/fakes", {"name": "default", "scenario": "broken"}),
    ],
)
def test_a_scenario_whose_file_is_wrong_is_refused_with_its_problems(
    control: Control, provider: Provider, method: str, path: str, body: Any
) -> None:
    provider.held["default"] = Fake(BrokenFiles(), memory_clips(), clock=ManualClock())
    answer = control(method, path, json=body)
    assert message(answer, 422) == "own/broken.yaml:3: start: no state 'x'"
    assert answer.json()["error"]["problems"] == [{"line": 3, "path": "start", "message": "no state 'x'"}]


def test_a_scenario_with_a_clip_that_is_not_there_is_refused(control: Control) -> None:
    control("POST", "/scenarios?name=own", content=OWN + "clip: nowhere\n", headers=YAML)
    assert "no 'nowhere' (available: decoy, landscape" in message(
        control("POST", "/tasks", json={"scenario": "own"}), 422
    )


def test_a_list_with_summaries_says_which_file_is_wrong(control: Control, provider: Provider) -> None:
    provider.held["default"] = Fake(BrokenFiles(), memory_clips(), clock=ManualClock())
    told = control("GET", "/scenarios?summaries=true").json()["scenarios"]
    assert told[-1] == {"name": "own/broken", "error": "own/broken.yaml:3: start: no state 'x'"}


def test_a_fake_that_is_closed_meanwhile_is_not_there(control: Control, provider: Provider) -> None:
    def gone(name: str) -> Mapping[str, str]:
        raise KeyError(name)

    provider.addresses = gone  # type: ignore[method-assign]
    provider.close = gone  # type: ignore[method-assign,assignment]
    assert "has been closed" in message(control("GET", "/fakes/default"), 404)
    assert "has been closed" in message(control("DELETE", "/fakes/default", prefix="/t/a"), 404)
