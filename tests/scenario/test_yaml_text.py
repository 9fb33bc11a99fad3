"""YAML, with PyYAML's two parsers: the fast one in C, and the one in Python where there is no other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings

from support.scenario_strategies import scenarios
from support.wrong_scenarios import HEAD, WHOLE, WRONG_MEANINGS, WRONG_SHAPES, WRONG_TEXT
from video_mockserver.scenario import yaml_text
from video_mockserver.scenario.library import Library
from video_mockserver.scenario.model import Scenario
from video_mockserver.scenario.problems import ScenarioError
from video_mockserver.scenario.reader import read_scenario
from video_mockserver.scenario.writer import write_scenario


def errors(text: str) -> list[str]:
    """The lines of what is wrong with a file."""
    with pytest.raises(ScenarioError) as caught:
        read_scenario(text, name="told", file="f.yaml")
    return str(caught.value).split("\n")


@contextmanager
def parser(loader: type[Any]) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(yaml_text, "LOADER", loader)
        yield


def outcome(text: str, loader: type[Any]) -> Any:
    """The scenario that a text is read as, or its errors; the words of the parsers' own differ."""
    with parser(loader):
        try:
            return read_scenario(text, name="told")
        except ScenarioError as error:
            return [(problem.path, problem.message.partition("invalid YAML")[0]) for problem in error.problems]


@pytest.mark.parametrize("case", [*WRONG_SHAPES, *WRONG_MEANINGS, *WRONG_TEXT])
def test_both_parsers_end_in_the_same_errors(case: str) -> None:
    text, expected = {**WRONG_SHAPES, **WRONG_MEANINGS, **WRONG_TEXT}[case]
    with parser(yaml.SafeLoader):
        assert errors(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        WHOLE,
        WHOLE.replace("\n", "\r\n"),
        HEAD + "source: 'it''s\n\n  folded'\n",
        HEAD + "source: >+\n  a\n\n   b\n  c\n\n",
        HEAD + "source: |2-\n   a\n  b\n",
        HEAD + 'source: "a\\\n  b\\x41\\u00e9\\U0001F3AC\\_\\N\\L\\e\\0"\n',
        HEAD + "source: a:b#c -d ?e ,f\n",
        HEAD + "? source\n: x\n",
        HEAD + "source: é \U0001f3ac \xa0x\n",
        HEAD + "    unified: {a: [], b: {}, 'c': \"d\", e: , f: [g: h]}\n",
        HEAD + "    unified:\n      -a: 1\n      b:\n      - 1\n      -\n      - - 2\n",
        HEAD + "source: [unended\n",
        HEAD + "source: {unended: x\n",
        HEAD + "source: 'unended\n",
        HEAD + ": x\n",
        HEAD + "source: @x\n",
        HEAD + "  source: x\n",
        "--- x\n--- y\n",
        "...\n",
    ],
)  # fmt: skip
def test_both_parsers_read_the_same(text: str) -> None:
    assert outcome(text, yaml.SafeLoader) == outcome(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))


@pytest.mark.parametrize("loader", ["CSafeLoader", "SafeLoader"])
def test_a_question_mark_needs_quotes_where_the_parsers_disagree(loader: str) -> None:
    with parser(getattr(yaml, loader, yaml.SafeLoader)):
        for wrong in ("{url: a?b}", "{a?b: url}", "{url: [a?]}"):
            [error] = errors(HEAD + f"    unified: {wrong}\n")
            assert error.startswith("f.yaml:6: ")
            assert "question mark" in error or "'?'" in error
        assert read_scenario(HEAD + "    unified: {url: 'a?b'}\nsource: why?\n", name="told").source == "why?"


@pytest.mark.parametrize("escape", ["\\ud83d", "\\ud83c\\udfac", "\\U00110000", "\\UFFFFFFFF", "\\q"])
@pytest.mark.parametrize("loader", ["CSafeLoader", "SafeLoader"])
def test_an_escape_of_no_character_is_one_error(escape: str, loader: str) -> None:
    with parser(getattr(yaml, loader, yaml.SafeLoader)):
        [error] = errors(HEAD + f'source: "{escape}"\n')
    assert re.match(r"f\.yaml:[56]: (source: lone surrogate|invalid YAML: (found|chr|Python))", error)


def test_the_parser_in_python_reads_every_kind_of_shipped_file(library: Library) -> None:
    with parser(yaml.SafeLoader):
        for name in library.names()[::8]:
            assert read_scenario(library.files[name].read_text("utf-8"), name=name) == library.find(name)


@given(scenarios())
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_what_is_written_is_read_by_the_parser_in_python_too(scenario: Scenario) -> None:
    with parser(yaml.SafeLoader):
        assert read_scenario(write_scenario(scenario), name=scenario.name) == scenario


@pytest.mark.parametrize(
    ("text", "line", "hint"),
    [
        (
            HEAD + "expect: {outcome: failed\n",
            7,
            "a brace is not closed, or text with braces or a comma needs quotes",
        ),
        (HEAD + "source: 'x\n", 7, None),
        (HEAD + 'source: "\\q"\n', 6, None),
        (HEAD + " source: x\n", 6, "keys of one mapping need the same indentation"),
        (HEAD + "source: a: b\n", 6, "text with a colon and a space needs quotes"),
        (HEAD + "source: %x\n", 6, "text that starts with this character needs quotes"),
        (HEAD + "source: @x\n", 6, "text that starts with this character needs quotes"),
        (HEAD + "source: [a, b\nseed: 5\n", 7, "a bracket is not closed"),
        (HEAD + "source\nseed: 5\n", 7, "a key must end with a colon and a space"),
        (HEAD + "create:\n   video: {}\n  status: 200\n", 8, "keys of one mapping need the same indentation"),
    ],
)
@pytest.mark.parametrize("loader", ["CSafeLoader", "SafeLoader"])
def test_a_slip_in_the_yaml_is_told_with_line_column_and_what_it_comes_from(
    text: str, line: int, hint: str | None, loader: str
) -> None:
    with parser(getattr(yaml, loader, yaml.SafeLoader)):
        [error] = errors(text)
    assert re.match(rf"f\.yaml:{line}: invalid YAML: .* at column \d+(; |$)", error)
    assert (hint is None) == (";" not in error)
    assert hint is None or hint in error
    assert "Traceback" not in error


@pytest.mark.parametrize("loader", ["CSafeLoader", "SafeLoader"])
def test_a_template_without_quotes_is_told(loader: str) -> None:
    with parser(getattr(yaml, loader, yaml.SafeLoader)):
        for wrong in ("download_url", "download_url:bad", "now "):
            [error] = errors(HEAD + f"    unified: {{url: {{{wrong}}}}}\n")
            word = wrong.strip()
            said = f'the key {word!r} has no value; a placeholder needs quotes: "{{{word}}}"'
            assert error == f"f.yaml:6: states.a.unified.url: {said}"
        assert read_scenario(HEAD + "    unified: {url: {now: null, id: ''}}\n", name="told").states["a"].unified
