"""Scenarios as text and data: the form that they are written in, and that reading gives them back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings

from support.scenario_strategies import HOSTILE, scenarios
from support.wrong_scenarios import LIFE
from video_mockserver.api.messages import Fault
from video_mockserver.scenario.library import Library
from video_mockserver.scenario.model import ReplyTemplate, Scenario
from video_mockserver.scenario.reader import from_data, read_scenario
from video_mockserver.scenario.validation import problems
from video_mockserver.scenario.writer import to_data, write_scenario


def test_a_scenario_is_written_as_a_person_would_write_it() -> None:
    text = """\
# yaml-language-server: $schema=../scenario.schema.json
summary: The URL answers 404; /content has the clip.
source: "OctopusX, Grok Task Query: if downloading the URL directly fails, GET /v1/videos/{task_id}/content."
start: queued
states:
  queued:
    video: {status: queued, progress: 0}
    next: {state: processing, after: 1 poll}
  processing:
    video: {status: processing, progress: [10, 90]}
    next: {state: completed, after: 2 polls}
  completed:
    video: {status: completed, progress: 100, video_url: "{download_url}"}
    download: {status: 404}
    content: clip
expect: {outcome: clip, from: content}
"""
    assert write_scenario(read_scenario(text, name="told"), schema="../scenario.schema.json") == text


def test_what_does_not_fit_on_a_line_is_laid_out_below_it() -> None:
    text = """\
summary: The page of a proxy, then a long document.
start: completed
link_lifetime: 90m
states:
  completed:
    video: {status: completed}
    poll:
      - status: 502
        headers: {Server: cloudflare, Retry-After: "5"}
        html: |
          <html>
            <body>
              <h1>502 Bad Gateway</h1>

              <p>The server at the other end of the line could not be reached.</p>
            </body>
          </html>
        delay: 1500ms
      - json:
          code: success
          data:
            - {task_id: "{task_id}", status: IN_PROGRESS, progress: "50%", fail_reason: "", finish_time: 0}
            - {task_id: "{task_id}", status: SUCCESS, progress: "100%", fail_reason: "", finish_time: "{now}"}
"""
    text = text.replace('"50%"', "50%").replace('"100%"', "100%")
    assert write_scenario(read_scenario(text, name="told")) == text


def test_a_key_that_is_longer_than_yaml_likes_is_marked() -> None:
    document = {"k" * 2000: {"k" * 1100: 1, "b": "c" * 120}}
    scenario = from_data({**LIFE, "create": {"json": document}}, name="told")
    text = write_scenario(scenario)
    assert f"\n    ? {'k' * 2000}\n    :\n" in text
    assert read_scenario(text, name="told") == scenario
    assert yaml.safe_load(text)["create"]["json"] == document


@pytest.mark.parametrize(
    ("seconds", "written"),
    [
        (0.5, "500ms"), (0.001, "1ms"), (0.0015, "0.0015s"), (1.0, "1s"), (1.5, "1500ms"), (45.0, "45s"), (60.0, "1m"),
        (90.0, "90s"), (3600.0, "1h"), (5400.0, "90m"), (86400.0, "24h"), (1 / 3, "0.3333333333333333s"), (1, "1s"),
    ],
)  # fmt: skip
def test_a_time_is_written_in_the_largest_unit_that_fits(seconds: float, written: str) -> None:
    scenario = replace(from_data(LIFE, name="told"), link_lifetime=seconds)
    assert to_data(scenario)["link_lifetime"] == written
    assert from_data(to_data(scenario), name="told") == scenario


@pytest.mark.parametrize(
    ("fault", "written"),
    [
        (Fault("reset"), "reset"), (Fault("reset", at=0), {"reset": 0}),
        (Fault("truncate", at=0.5), {"truncate": "50%"}),
        (Fault("truncate", at=0.07), {"truncate": "7%"}), (Fault("stall", at=0.125), {"stall": "12.5%"}),
        (Fault("truncate", at=1.0), {"truncate": "100%"}), (Fault("truncate", at=0.0), {"truncate": "0%"}),
        (Fault("drip", amount=20), {"drip": 20}), (Fault("wrong_length", amount=-5), {"wrong_length": -5}),
    ],
)  # fmt: skip
def test_a_fault_is_written_in_its_shortest_form(fault: Fault, written: Any) -> None:
    scenario = from_data({**LIFE, "create": {"fault": written}}, name="told")
    assert scenario.create == (ReplyTemplate(fault=fault),)
    assert to_data(scenario)["create"]["fault"] == written


def test_what_is_as_usual_is_not_written() -> None:
    assert to_data(from_data(LIFE, name="told")) == LIFE


def test_another_format_is_refused() -> None:
    with pytest.raises(ValueError, match=r"no format 'yml' \(did you mean 'yaml'\?\)"):
        write_scenario(from_data(LIFE, name="told"), format="yml")  # type: ignore[arg-type]


def test_nothing_in_a_written_file_means_something_else_to_other_readers() -> None:
    document = {f"k{index}": text for index, text in enumerate(HOSTILE) if "{" not in text}
    scenario = from_data({**LIFE, "create": {"json": document}}, name="told")
    assert yaml.safe_load(write_scenario(scenario))["create"]["json"] == document


@given(scenarios())
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_what_is_written_is_read_as_the_same_scenario(scenario: Scenario) -> None:
    assert problems(scenario) == []
    for text in (
        write_scenario(scenario),
        write_scenario(scenario, schema="../x.json"),
        write_scenario(scenario, format="json", schema="x.json"),
    ):
        assert read_scenario(text, name=scenario.name) == scenario
    assert from_data(to_data(scenario), name=scenario.name) == scenario


@pytest.mark.parametrize("format", ["yaml", "json"])
def test_hostile_texts_come_back_as_they_were(format: Any) -> None:
    texts = [text for text in HOSTILE if "{" not in text or text.startswith("{{")]
    document = {"in a row": {text: text for text in texts}, "in a list": texts, "alone": texts[-1]}
    scenario = from_data({**LIFE, "create": [{"json": document}, *({"text": text} for text in texts)]}, name="told")
    assert read_scenario(write_scenario(scenario, format=format), name="told") == scenario


def test_every_shipped_scenario_is_the_same_after_writing(library: Library) -> None:
    for scenario in library:
        assert read_scenario(write_scenario(scenario), name=scenario.name) == scenario, scenario.name
        assert read_scenario(write_scenario(scenario, format="json"), name=scenario.name) == scenario, scenario.name
