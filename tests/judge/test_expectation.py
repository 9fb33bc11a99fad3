"""Which scenarios can be judged, and what is expected in each."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from video_mockserver.api.contract import URL_FIELDS, URL_FIELDS_TABLE_READING
from video_mockserver.judge.expectation import chosen, contradiction, expected, judgeable
from video_mockserver.judge.verdict import Terms
from video_mockserver.scenario.library import Library
from video_mockserver.scenario.model import Expect
from video_mockserver.scenario.problems import ScenarioError
from video_mockserver.scenario.sources import UnknownScenario

LIBRARY = Library()
PLAIN = LIBRARY.find("lifecycle/plain")


def test_what_a_scenario_says_is_expected() -> None:
    assert expected(PLAIN, URL_FIELDS) == PLAIN.expect


def test_what_a_scenario_does_not_say_is_found_out() -> None:
    assert expected(replace(PLAIN, expect=None), URL_FIELDS) == Expect("clip", ("video_url",))


def test_another_reading_is_found_out_too_and_keeps_what_is_also_right() -> None:
    assert expected(PLAIN, URL_FIELDS_TABLE_READING) == PLAIN.expect
    with pytest.raises(ValueError, match="gets a wrong clip from video_url"):
        expected(LIBRARY.find("urls/output_before_video_url"), URL_FIELDS_TABLE_READING)


@pytest.mark.parametrize(
    ("expect", "message"),
    [
        (Expect("failed"), "failed, but a client that keeps the contract ends with clip from video_url"),
        (Expect("clip", ("content",)),
         "clip from content, but a client that keeps the contract ends with clip from video_url"),
        (Expect("clip", ("video_url", "content")), None),
        (None, None),
    ],
)  # fmt: skip
def test_a_scenario_that_expects_something_else_is_a_problem(expect: Expect | None, message: str | None) -> None:
    problem = contradiction(replace(PLAIN, expect=expect))
    assert (problem and problem.message) == message


def test_where_chance_or_a_wrong_clip_decides_no_problem_is_seen() -> None:
    other = LIBRARY.find("urls/preview_while_processing")
    assert contradiction(other) is None
    processing = PLAIN.states["processing"]
    by_chance = tuple(replace(transition, chance=0.5) for transition in processing.next)
    states = {**PLAIN.states, "processing": replace(processing, next=by_chance)}
    assert contradiction(replace(PLAIN, states=states, expect=Expect("failed"))) is None


def test_scenarios_are_chosen_by_name_pattern_or_themselves() -> None:
    mine = replace(PLAIN, name="mine")
    assert [each.name for each in chosen(LIBRARY, ["url_404", mine, "download/url_404"])] == [
        "download/url_404",
        "mine",
    ]
    assert chosen(LIBRARY, mine) == [mine]
    with pytest.raises(UnknownScenario):
        chosen(LIBRARY, "download/url_405")


def test_a_file_of_ones_own_may_not_expect_what_no_client_can_reach(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(
        "summary: It completes.\nstart: completed\nexpect: {outcome: failed}\nstates:\n  completed:\n"
        "    video: {status: completed}\n",
        "utf-8",
    )
    with pytest.raises(ScenarioError, match="failed, but a client that keeps the contract ends with clip from content"):
        chosen(Library([tmp_path]), "mine")


def test_what_cannot_be_judged_has_a_reason() -> None:
    scenarios = [
        LIBRARY.find(name) for name in ("create/create_500", "lifecycle/plain", "urls/output_before_video_url")
    ]
    cases, left_out = judgeable(scenarios, "poll", Terms(url_order="video_url"))
    assert [scenario.name for scenario, _ in cases] == ["lifecycle/plain"]
    assert left_out == {
        "create/create_500": "it tests creating a task, and this client is given one",
        "urls/output_before_video_url": "a client that reads video_url first gets another clip",
    }
    cases, left_out = judgeable(scenarios, "create", Terms())
    assert (len(cases), left_out) == (3, {})
