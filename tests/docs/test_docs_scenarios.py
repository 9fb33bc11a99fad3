"""The documentation of scenarios: its examples load and run, and its tables say what the code says."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from support import ROOT
from support.asking import CREATE, KEY, ask, fetch, poll
from support.fakes import NewFake
from video_mockserver.api.contract import OUTCOMES
from video_mockserver.api.dialects import DIALECTS
from video_mockserver.api.faults import FAULTS
from video_mockserver.api.messages import Fault
from video_mockserver.fake.clips import ClipStore
from video_mockserver.judge.reference_client import expectation
from video_mockserver.scenario.keys import keys_of
from video_mockserver.scenario.library import Library
from video_mockserver.scenario.limits import DOWNLOAD_AUTH, SOURCES
from video_mockserver.scenario.model import EVENTS, ReplyTemplate, Scenario, State, Transition
from video_mockserver.scenario.placeholders import PLACEHOLDERS
from video_mockserver.scenario.problems import ScenarioError
from video_mockserver.scenario.reader import from_data, read_scenario
from video_mockserver.scenario.schema import scenario_schema
from video_mockserver.scenario.writer import to_data, write_scenario

PAGE = (ROOT / "docs" / "scenarios.md").read_text("utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
EXAMPLES = [text for language, text in BLOCKS if language == "yaml" and re.search(r"^states:", text, re.MULTILINE)]


def tables(head: str) -> list[list[list[str]]]:
    """The rows of every table whose head begins so."""
    found = re.findall(rf"^\| {head}.*\n\|[-|]+\n((?:\|.*\n)+)", PAGE, re.MULTILINE)
    return [[[cell.strip() for cell in row.strip("|").split(" | ")] for row in rows.splitlines()] for rows in found]


def table(head: str) -> list[list[str]]:
    """The rows of the one table whose head begins so."""
    [rows] = tables(head)
    return rows


def test_the_page_has_its_examples() -> None:
    assert len(EXAMPLES) >= 6
    assert PAGE.index("```yaml") < PAGE.index("\n## ")


@pytest.mark.parametrize("text", EXAMPLES)
def test_every_example_is_right_and_ends_as_it_says(text: str, library: Library, clip_store: ClipStore) -> None:
    scenario = read_scenario(text, name="docs/example", file="docs/scenarios.md")
    if scenario.expect is None:
        return
    found = expectation(scenario, library, clip_store)
    assert found.outcome == scenario.expect.outcome
    assert set(found.sources) <= set(scenario.expect.sources)


def test_the_python_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    for language, text in BLOCKS:
        if language == "python":
            exec(text, names)
    assert names["scenario"].name == "own/cut_once"
    assert json.loads((tmp_path / "scenario.schema.json").read_text("utf-8")) == scenario_schema()


def example(word: str) -> Scenario:
    """The one example that holds a word."""
    [text] = [text for text in EXAMPLES if word in text]
    return read_scenario(text, name="docs/example")


def test_a_create_pays_as_the_page_says(new_fake: NewFake) -> None:
    fake = new_fake(example("made: true"))
    seen = [(ask(fake, "POST", "/v1/videos", json=CREATE).status, len(fake.bill)) for _ in range(4)]
    assert seen == [(429, 0), (502, 1), (200, 2), (200, 3)]


def test_a_link_lives_from_when_the_state_began_as_the_page_says(new_fake: NewFake) -> None:
    fake = new_fake(example("link_lifetime: 1m"))
    task = fake.task()
    fake.advance(100)
    poll(fake, task.id)
    url = poll(fake, task.id).json["video_url"]
    assert [fetch(fake, url).status, fetch(fake, url, key=KEY).status] == [401, 200]
    fake.advance(59)
    assert fetch(fake, url, key=KEY).status == 200
    fake.advance(1)
    assert fetch(fake, url, key=KEY).status == 403


def test_a_list_starts_over_when_the_task_comes_again(new_fake: NewFake) -> None:
    again = (Transition("b", polls=2), Transition("done", signal="end"))
    states = {
        "a": State(poll=(ReplyTemplate(status=503), ReplyTemplate()), next=again),
        "b": State(next=(Transition("a", polls=1),)),
        "done": State(video={"status": "done"}),
    }
    fake = new_fake(Scenario("told", "Round and round.", "a", states))
    task = fake.task()
    assert [poll(fake, task.id).status for _ in range(6)] == [503, 200, 200, 503, 200, 200]


def test_a_wrong_file_is_told_as_the_page_shows() -> None:
    section = PAGE[PAGE.index("## Wrong files") :]
    wrong, errors = re.findall(r"^```text\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)
    with pytest.raises(ScenarioError) as caught:
        read_scenario(wrong, name="own/wrong", file="own/wrong.yaml")
    assert str(caught.value) + "\n" == errors
    assert len(caught.value.problems) == 5


def test_a_file_says_where_the_schema_is_as_it_is_written() -> None:
    section = PAGE[PAGE.index("## In an editor") :]
    scenario = example("made: true")
    assert f"```yaml\n{write_scenario(scenario, schema='../scenario.schema.json').splitlines()[0]}\n```" in section
    line = write_scenario(scenario, schema="../scenario.schema.json", format="json").splitlines()[1].strip(" ,")
    assert f"`{line}`" in section


def test_the_templates_are_those_of_the_code_in_their_order() -> None:
    rows = [[f"`{{{name}}}`", placeholder.meaning] for name, placeholder in PLACEHOLDERS.items()]
    assert table("placeholder") == rows
    [sentence] = re.findall(r"nothing but one of\n(.*?) becomes a number", PAGE, re.DOTALL)
    assert set(re.findall(r"\{(\w+)\}", sentence)) == {
        name for name, placeholder in PLACEHOLDERS.items() if placeholder.numeric
    }


def test_the_faults_are_those_of_the_code_in_their_order() -> None:
    assert table("fault") == [
        [f"`{kind}`", f"`{told.example or kind}`", told.summary] for kind, told in FAULTS.items()
    ]  # fmt: skip


@pytest.mark.parametrize("kind", FAULTS)
def test_the_example_of_a_fault_is_that_fault(kind: str) -> None:
    states = f"states: {{a: {{video: {{status: done}}, poll: {{fault: {FAULTS[kind].example or kind}}}}}}}"
    fault = read_scenario(f"summary: x\nstart: a\n{states}", name="told").states["a"].poll[0].fault
    assert isinstance(fault, Fault)
    assert fault.kind == kind


def test_the_outcomes_and_sources_are_those_of_the_code() -> None:
    assert table("outcome") == [[f"`{outcome}`", meaning] for outcome, meaning in OUTCOMES.items()]
    assert ", ".join(f"`{source}`" for source in SOURCES[:-1]) + f" or `{SOURCES[-1]}`" in PAGE


def test_the_events_are_those_of_the_code() -> None:
    rows = dict(table("trigger"))
    for event, meaning in EVENTS.items():
        assert rows[f"`on: {event}`"].endswith(f"{meaning}.")


@pytest.mark.parametrize("part", [Scenario, State, ReplyTemplate])
def test_the_keys_are_those_of_the_code_with_the_same_meaning(part: type) -> None:
    keys = [key for key in keys_of(part).values() if not key.is_body]
    [rows] = [rows for rows in tables("key") if rows[0][0] == f"`{keys[0].name}`"]
    assert [row[0] for row in rows] == [f"`{key.name}`" for key in keys]
    for key, (_, text) in zip(keys, rows, strict=True):
        meaning = key.meaning.partition(". ")[0].rstrip(".")
        assert text.replace("`", "").startswith(meaning.replace("`", "")), key.name


def test_a_reply_has_no_keys_but_those_of_its_two_tables() -> None:
    bodies = [row[0].strip("`").partition(":")[0] for row in table("body")]
    assert bodies == [key.name for key in keys_of(ReplyTemplate).values() if key.is_body]


@pytest.mark.parametrize("word", [*DIALECTS, *DOWNLOAD_AUTH])
def test_the_words_that_a_key_can_have_are_told(word: str) -> None:
    assert f"`{word}`" in PAGE[: PAGE.index("## States")]


def test_short_forms_mean_what_the_page_says() -> None:
    def polls(reply: Any) -> Any:
        states = {"a": {"video": {"status": "done"}, "poll": reply}}
        return from_data({"summary": "x", "start": "a", "states": states}, name="told").states["a"].poll

    assert polls(404) == polls({"status": 404})
    assert polls("clip") == polls({"clip": "clip"})
    assert polls([{}]) == polls({})
    assert "Three short forms" in PAGE


def test_a_written_example_is_an_example_again() -> None:
    for text in EXAMPLES:
        scenario = read_scenario(text, name="told")
        assert from_data(to_data(scenario), name="told") == scenario


def test_what_to_edit_for_an_addition_is_where_the_page_says() -> None:
    section = PAGE[PAGE.index("## Extending the format") :]
    for name, file in re.findall(r"`([A-Za-z_]+)` in `(mockserver/\S+\.py)`", section):
        assert re.search(rf"\b{name}\b", (ROOT / file).read_text("utf-8")), (name, file)
    assert len(re.findall(r"`mockserver/\S+\.py`", section)) >= 5
