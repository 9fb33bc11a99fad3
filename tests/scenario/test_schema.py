"""The JSON Schema of scenario files: it and the reader agree, and what is published is what the code makes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from jsonschema import Draft202012Validator

from support import ROOT
from support.scenario_strategies import scenarios
from support.wrong_scenarios import WHOLE, WRONG_MEANINGS, WRONG_SHAPES
from video_mockserver.api.faults import FAULTS
from video_mockserver.scenario.library import Library
from video_mockserver.scenario.model import Scenario
from video_mockserver.scenario.placeholders import PLACEHOLDERS
from video_mockserver.scenario.problems import ScenarioError
from video_mockserver.scenario.reader import from_data
from video_mockserver.scenario.schema import scenario_schema
from video_mockserver.scenario.text import text_to_data
from video_mockserver.scenario.writer import to_data

PUBLISHED = ROOT / "scenarios" / "scenario.schema.json"
SCHEMA = scenario_schema()
VALIDATOR = Draft202012Validator(SCHEMA)


def refusals(data: Any) -> list[str]:
    return [f"{error.json_path}: {error.message}" for error in VALIDATOR.iter_errors(data)]


def test_it_is_a_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)


def test_the_published_file_is_what_the_code_makes() -> None:
    # To write it anew, write this text there.
    assert PUBLISHED.read_text("utf-8") == json.dumps(SCHEMA, indent=2, ensure_ascii=False) + "\n"


def test_it_takes_every_shipped_file_as_it_stands(library: Library) -> None:
    for name, file in library.files.items():
        assert refusals(text_to_data(file.read_text("utf-8")).data) == [], name


def test_it_takes_a_file_that_says_everything() -> None:
    data = text_to_data(WHOLE).data
    assert refusals(data) == []
    assert refusals({"$schema": "../scenario.schema.json", **data}) == []


@given(scenarios())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_it_takes_whatever_the_reader_takes(scenario: Scenario) -> None:
    assert refusals(to_data(scenario)) == []


@pytest.mark.parametrize("case", WRONG_SHAPES)
def test_it_refuses_a_wrong_shape_as_the_reader_does(case: str) -> None:
    assert refusals(text_to_data(WRONG_SHAPES[case][0]).data) != []


@pytest.mark.parametrize("case", WRONG_MEANINGS)
def test_what_only_the_whole_of_a_file_can_tell_is_left_to_the_reader(case: str) -> None:
    if case not in ("an empty summary",):
        assert refusals(text_to_data(WRONG_MEANINGS[case][0]).data) == []


def mutations(data: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """Where in the data something stands, and something else of another type."""
    strange: list[Any] = [None, True, -1, 0.5, "strange", [], {"strange": 1}]
    if isinstance(data, dict | list):
        for key, part in data.items() if isinstance(data, dict) else enumerate(data):
            yield from mutations(part, (*path, key))
    for other in strange:
        if type(other) is not type(data):
            yield path, other


def changed(data: Any, path: tuple[str | int, ...], value: Any) -> Any:
    if not path:
        return value
    copy = dict(data) if isinstance(data, dict) else list(data)
    copy[path[0]] = changed(data[path[0]], path[1:], value)  # type: ignore[index]
    return copy


def test_it_and_the_reader_agree_on_every_part_of_a_file_put_in_the_wrong_type() -> None:
    data = text_to_data(WHOLE).data
    disagreements = []
    for path, value in mutations(data):
        strange = changed(data, path, value)
        try:
            from_data(strange, name="told")
            taken = True
        except ScenarioError as error:
            # What the schema cannot know: whether the names of states and templates are known.
            taken = any(
                word in str(error) for word in ("no state", "unused link", "a ramp lasts", "no end is reachable")
            )
            taken = taken and not refusals(strange)
        if taken == bool(refusals(strange)):
            disagreements.append((path, value))
    assert disagreements == []


def misspelt(data: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """The data with one key misspelt, for every key in it, and where that is."""
    if isinstance(data, dict):
        for key in data:
            yield (*path, key), {(f"{name}x" if name == key else name): part for name, part in data.items()}
    if isinstance(data, dict | list):
        for key, part in data.items() if isinstance(data, dict) else enumerate(data):
            for place, other in misspelt(part, (*path, key)):
                yield place, changed(data, (key,), other)


def test_it_and_the_reader_agree_on_every_key_misspelt() -> None:
    for path, strange in misspelt(text_to_data(WHOLE).data):
        try:
            from_data(strange, name="told")
            unknown = False
        except ScenarioError as error:
            unknown = any(word in str(error) for word in ("unknown key", "no fault"))
        assert bool(refusals(strange)) == unknown, path


def test_every_key_and_word_of_the_format_says_what_it_means() -> None:
    silent = [where for where, schema in walk(SCHEMA, "") if not schema.get("description")]
    assert silent == []


def walk(schema: Any, where: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The keys of the format's own mappings, and the words that a value can be."""
    if isinstance(schema, dict):
        if schema.get("additionalProperties") is False:
            for key, part in schema["properties"].items():
                if where.rpartition("/")[2] not in ("error", *FAULTS) and key not in FAULTS:
                    yield f"{where}/{key}", part
        for word in schema.get("anyOf", []):
            if "const" in word:
                yield f"{where}={word['const']}", word
    parts = schema.items() if isinstance(schema, dict) else enumerate(schema) if isinstance(schema, list) else ()
    for key, part in parts:
        yield from walk(part, f"{where}/{key}")


def test_it_tells_the_templates() -> None:
    for name, placeholder in PLACEHOLDERS.items():
        assert f"`{{{name}}}`: {placeholder.meaning}" in SCHEMA["description"]
