"""Scenario files: what each part is read as, every error with its line, and the way to text and back."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from support.scenario_strategies import HOSTILE, scenarios
from support.wrong_scenarios import HEAD, LIFE, WHOLE, WRONG_MEANINGS, WRONG_SHAPES, WRONG_TEXT
from video_mockserver.api.messages import Fault
from video_mockserver.scenario import yaml_text as yaml_data
from video_mockserver.scenario.library import Library
from video_mockserver.scenario.limits import MAX_PROBLEMS
from video_mockserver.scenario.model import Expect, ReplyTemplate, Scenario, State, Transition
from video_mockserver.scenario.problems import ScenarioError
from video_mockserver.scenario.reader import from_data, read_scenario
from video_mockserver.scenario.validation import problems
from video_mockserver.scenario.writer import to_data, write_scenario
from video_mockserver.scenario.yaml_text import MAX_SIZE, MAX_VALUES


def errors(text: str) -> list[str]:
    """The lines of what is wrong with a file."""
    with pytest.raises(ScenarioError) as caught:
        read_scenario(text, name="told", file="f.yaml")
    return str(caught.value).split("\n")


# --- what the parts are read as ---------------------------------------------------------------------------------------


def test_a_whole_file_is_read() -> None:
    assert read_scenario(WHOLE, name="download/url_404") == Scenario(
        name="download/url_404",
        summary="The URL answers 404; /content has the clip.",
        source="OctopusX, Grok Task Query: if downloading the URL directly fails, GET /v1/videos/{task_id}/content.",
        dialect="new-api",
        clip="decoy",
        task_id="grok:1 a/b?c",
        start="queued",
        seed=7,
        never_ends=True,
        download_auth="lenient",
        link_lifetime=7200.0,
        create=(
            ReplyTemplate(status=429, headers={"Retry-After": "5", "X-Gone": None}),
            ReplyTemplate(status=502, html="<h1>502</h1>", made=True),
            ReplyTemplate(),
        ),
        states={
            "queued": State(
                video={"status": "queued", "progress": 0},
                next=(
                    Transition("processing", polls=1, chance=0.5),
                    Transition("processing", polls=3),
                    Transition("failed", signal="break"),
                    Transition("failed", on="cancel"),
                ),
            ),
            "processing": State(
                video={"status": "processing", "progress": [10, 90]},
                unified={"progress": 50},
                wrapped={"data": {"progress": "50%"}},
                poll=(
                    ReplyTemplate(status=503),
                    ReplyTemplate(has_json=True, times=2),
                    ReplyTemplate(json={"a": [1]}, has_json=True, delay=1.5),
                ),
                next=(Transition("completed", seconds=45.0),),
            ),
            "completed": State(
                video={"status": "completed", "video_url": "{download_url}", "url": "{download_url:mirror}"},
                download=(
                    ReplyTemplate(fault=Fault("reset")),
                    ReplyTemplate(fault=Fault("truncate", at=0.5)),
                    ReplyTemplate(fault=Fault("stall", at=4096)),
                    ReplyTemplate(fault=Fault("drip", amount=20000)),
                    ReplyTemplate(fault=Fault("wrong_length", amount=100)),
                ),
                downloads={"mirror": (ReplyTemplate(redirect="{refused_url}"),)},
                content=(
                    ReplyTemplate(error={"code": "busy", "message": "Later."}),
                    ReplyTemplate(text="later"),
                    ReplyTemplate(clip="decoy"),
                    ReplyTemplate(clip="clip"),
                ),
            ),
            "failed": State(video={"status": "failed"}),
        },
        expect=Expect("clip", ("video_url", "content")),
    )


@pytest.mark.parametrize(
    ("written", "polls", "seconds"),
    [
        ("1 poll", 1, None), ("2 polls", 2, None), ("10  polls", 10, None), ("1 polls", 1, None),
        ("45s", None, 45.0), ("45 s", None, 45.0), ("1.5s", None, 1.5), ("500ms", None, 0.5), ("0.5ms", None, 0.0005),
        ("2m", None, 120.0), ("12h", None, 43200.0), ("0.1s", None, 0.1), ("45", None, 45.0), ("1.5", None, 1.5),
    ],
)  # fmt: skip
def test_after_is_polls_or_a_time(written: str, polls: int | None, seconds: float | None) -> None:
    text = (
        f"summary: x\nstart: a\nstates: {{a: {{next: {{state: b, after: {written}}}}}, b: {{video: {{status: done}}}}}}"
    )
    if seconds == 0.0005:
        assert errors(text) == [
            "f.yaml:3: states.a.next.after: 0.0005 seconds: a state lasts 1ms or more, and at most 1000000000s"
        ]
        return
    assert read_scenario(text, name="told").states["a"].next == (Transition("b", polls=polls, seconds=seconds),)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("null", None), ("~", None), ("", None), ("true", True), ("false", False),
        ("0", 0), ("-1", -1), ("+100", 100), ("007", 7), ("18446744073709551615", 2**64 - 1),
        ("-9223372036854775808", -(2**63)),
        ("1.5", 1.5), ("-.5", -0.5), ("1.", 1.0), ("1e3", 1000.0), ("1E-3", 0.001),
        # What YAML 1.1 makes of words is a trap: they stay words.
        ("yes", "yes"), ("no", "no"), ("on", "on"), ("off", "off"), ("y", "y"), ("True", "True"), ("NULL", "NULL"),
        ("2024-01-01", "2024-01-01"), ("2024-01-01 10:00:00", "2024-01-01 10:00:00"), ("190:20:30", "190:20:30"),
        ("0x1F", "0x1F"), ("0o17", "0o17"), ("0b1", "0b1"), ("1_000", "1_000"), ("=", "="), ("50%", "50%"),
        ("'1'", "1"), ('"true"', "true"), ("'null'", "null"), ('"a\\nb\\u00e9\\x00"', "a\nbé\x00"),
        ("|\n        a\n        b\n", "a\nb\n"), (">-\n        a\n        b\n", "a b"),
    ],
)  # fmt: skip
def test_a_plain_word_is_what_json_has_and_else_text(written: str, value: Any) -> None:
    text = f"summary: x\nstart: a\nstates:\n  a:\n    video:\n      status: done\n      told: {written}\n"
    found = read_scenario(text, name="told").states["a"].video["told"]
    assert found == value
    assert type(found) is type(value)


def test_on_is_a_key_like_any_other() -> None:
    text = "summary: x\nstart: a\nstates: {a: {next: {state: b, on: content}}, b: {video: {status: done, on: off}}}"
    scenario = read_scenario(text, name="told")
    assert scenario.states["a"].next[0].on == "content"
    assert scenario.states["b"].video["on"] == "off"


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(LIFE),
        json.dumps(LIFE, indent="\t"),
        json.dumps(LIFE, separators=(",", ":")),
        "\ufeff\r\n " + json.dumps(LIFE, indent=2).replace("\n", "\r\n"),
        json.dumps({"$schema": "../scenario.schema.json", **LIFE}),
        "$schema: ../scenario.schema.json\n" + yaml.safe_dump(LIFE),
        yaml.safe_dump(LIFE, default_flow_style=True),
        "---\n" + yaml.safe_dump(LIFE) + "...\n# the end\n",
    ],
    ids=[
        "JSON", "tabs", "no blanks", "a mark, CRLF", "a schema in JSON", "a schema in YAML", "braces", "document marks"
    ],
)  # fmt: skip
def test_the_same_life_can_be_written_in_many_ways(text: str) -> None:
    assert read_scenario(text, name="told") == from_data(LIFE, name="told")


@pytest.mark.parametrize(
    ("written", "value"),
    [
        (r'"\ud83c\udfac"', "\U0001f3ac"),
        (r'"a\/b\b\f\u0000\u2028"', "a/b\b\f\0\u2028"),
        ('"\x7f\x80\u2028\ufffe"', "\x7f\x80\u2028\ufffe"),
        ('"a: b # c"', "a: b # c"),
        ('"no"', "no"),
        ("-0.0", -0.0),
        ("1E-3", 0.001),
        ("[]", []),
        ("{ }", {}),
        ('[1, [true, {"": null, "<<": 2}]]', [1, [True, {"": None, "<<": 2}]]),
        ('{"' + "k" * 2000 + '": "v"}', {"k" * 2000: "v"}),
    ],
)
def test_json_is_read_as_json_has_it(written: str, value: Any) -> None:
    text = json.dumps({**LIFE, "create": {"json": "HERE"}}).replace('"HERE"', written)
    assert read_scenario(text, name="told").create[0].json == value


def test_a_file_may_begin_with_a_byte_order_mark_and_have_any_kind_of_line_ends() -> None:
    text = "\ufeff" + WHOLE.replace("\n", "\r\n")
    assert read_scenario(text, name="told") == read_scenario(WHOLE, name="told")


# --- what is wrong, and where -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", [*WRONG_SHAPES, *WRONG_MEANINGS, *WRONG_TEXT])
def test_what_is_wrong_with_a_file_is_told_with_its_line(case: str) -> None:
    text, expected = {**WRONG_SHAPES, **WRONG_MEANINGS, **WRONG_TEXT}[case]
    assert errors(text) == expected


@pytest.mark.parametrize(
    ("text", "line", "hint"),
    [
        (
            HEAD + "expect: {outcome: failed\n",
            7,
            "a brace is not closed, or a text with braces or a comma in it needs quotes",
        ),
        (HEAD + "source: 'x\n", 7, None),
        (HEAD + 'source: "\\q"\n', 6, None),
        (HEAD + " source: x\n", 6, "keys of one mapping are indented alike"),
        (HEAD + "source: a: b\n", 6, "a text with a colon and a blank needs quotes"),
        (HEAD + "source: %x\n", 6, "a text that begins with such a character needs quotes"),
        (HEAD + "source: @x\n", 6, "a text that begins with such a character needs quotes"),
        (HEAD + "source: [a, b\nseed: 5\n", 7, "a bracket is not closed"),
        (HEAD + "source\nseed: 5\n", 7, "a key ends with a colon and a blank"),
        (HEAD + "create:\n   video: {}\n  status: 200\n", 8, "keys of one mapping are indented alike"),
    ],
)
@pytest.mark.parametrize("loader", ["CSafeLoader", "SafeLoader"])
def test_a_slip_in_the_yaml_is_told_with_line_column_and_what_it_comes_from(
    text: str, line: int, hint: str | None, loader: str
) -> None:
    with parser(getattr(yaml, loader, yaml.SafeLoader)):
        [error] = errors(text)
    assert re.match(rf"f\.yaml:{line}: not YAML: .* at column \d+(; |$)", error)
    assert (hint is None) == (";" not in error)
    assert hint is None or hint in error
    assert "Traceback" not in error


@pytest.mark.parametrize("loader", ["CSafeLoader", "SafeLoader"])
def test_a_template_without_quotes_is_told(loader: str) -> None:
    with parser(getattr(yaml, loader, yaml.SafeLoader)):
        for wrong in ("download_url", "download_url:bad", "now "):
            [error] = errors(HEAD + f"    unified: {{url: {{{wrong}}}}}\n")
            word = wrong.strip()
            said = f'the key {word!r} has no value; a text in braces needs quotes: "{{{word}}}"'
            assert error == f"f.yaml:6: states.a.unified.url: {said}"
        assert read_scenario(HEAD + "    unified: {url: {now: null, id: ''}}\n", name="told").states["a"].unified


def test_a_key_twice_is_told_where_it_stands_again_and_the_rest_is_read() -> None:
    text = HEAD + "seed: 1\nseed: x\nsource: 5\n"
    assert errors(text) == [
        "f.yaml:7: seed: the key stands here twice",
        "f.yaml:7: seed: 'x' is not a whole number",
        "f.yaml:8: source: 5 is not a text; put it in quotes",
    ]


@pytest.mark.parametrize(
    "number", ["18446744073709551616", "-9223372036854775809", "9" * 5000, "1e400", "9" * 400 + ".0"]
)
def test_a_number_that_others_could_not_hold_is_told(number: str) -> None:
    assert errors(HEAD + f"seed: {number}\nsource: 5\n") == [
        f"f.yaml:6: seed: {number[:25]} is too large a number; put it in quotes to make it text",
        "f.yaml:7: source: 5 is not a text; put it in quotes",
    ]


def test_everything_that_is_wrong_is_told_at_once_in_the_order_of_the_lines() -> None:
    text = """\
summary: ""
start: queud
sead: 5
expect: {outcome: clip, from: vidio_url}
states:
  queued:
    video: {status: queued, url: "{downlod_url}"}
    poll:
      - {status: 700, fault: rest}
      - {delay: long}
    next: {state: completed}
  completed:
    vidio: {status: completed}
create: {headers: {"a b": x}}
"""
    assert errors(text) == [
        "f.yaml:1: summary: say in one line what happens",
        "f.yaml:2: start: no state 'queud' (did you mean 'queued'?)",
        "f.yaml:3: sead: unknown key (did you mean 'seed'?)",
        "f.yaml:4: expect.from: no source 'vidio_url' (did you mean 'video_url'?)",
        "f.yaml:7: states.queued.video.url: unknown placeholder {downlod_url} (did you mean 'download_url'?); "
        "write {{downlod_url}} for the text",
        "f.yaml:9: states.queued.poll.0.fault: no fault 'rest' (did you mean 'reset'?)",
        "f.yaml:9: states.queued.poll.0.status: 700 is not a status from 200 to 599",
        "f.yaml:10: states.queued.poll.1.delay: 'long' is not a time such as 45s, 500ms, 2m or 12h",
        "f.yaml:11: states.queued.next: say exactly one of 'after', 'on' and 'signal'",
        "f.yaml:13: states.completed.vidio: unknown key (did you mean 'video'?)",
        "f.yaml:14: create.headers.a b: 'a b' is not the name of a header",
    ]


# A plain life, to be spoilt: (what is right, what is written instead, the one error).
PLAIN_LIFE = """\
summary: x
start: queued
states:
  queued:
    video: {status: queued, progress: [0, 50]}
    next: {state: processing, after: 2 polls}
  processing:
    video: {status: processing, url: "{download_url:early}"}
    poll: [{status: 404, text: gone}, {}]
    next: {state: completed, after: 45s}
  completed:
    video: {status: completed}
    downloads: {early: clip}
    content: {fault: {truncate: 50%}}
expect: {outcome: clip, from: content}
"""
SLIPS = [
    ("summary:", "sumary:", "1: sumary: unknown key (did you mean 'summary'?)"),
    ("start:", "strat:", "2: strat: unknown key (did you mean 'start'?)"),
    ("states:", "stats:", "3: stats: unknown key (did you mean 'states'?)"),
    ("start: queued", "start: queue", "2: start: no state 'queue' (did you mean 'queued'?)"),
    ("  queued:\n", "  queue:\n", "2: start: no state 'queued' (did you mean 'queue'?)"),
    ("  processing:\n", "  procesing:\n",
     "6: states.queued.next.state: no state 'processing' (did you mean 'procesing'?)"),
    ("    video: {status: completed}", "    status: completed",
     "12: states.completed.status: unknown key (available: video, unified, wrapped, poll, download, downloads, "
     "content, next)"),
    ("next: {state: processing", "nxt: {state: processing", "6: states.queued.nxt: unknown key (did you mean 'next'?)"),
    ("next: {state: processing", "then: {state: processing",
     "6: states.queued.then: unknown key (available: video, unified, wrapped, poll, download, downloads, "
     "content, next)"),
    ("    next: {state: processing, after: 2 polls}\n", "",
     "4: states.queued: the task stays here for ever at 'queued', which is no end: give it a 'next', or say "
     "'never_ends: true'"),
    ("state: processing, after", "sate: processing, after",
     "6: states.queued.next.sate: unknown key (did you mean 'state'?)"),
    ("after: 2 polls", "aftr: 2 polls", "6: states.queued.next.aftr: unknown key (did you mean 'after'?)"),
    ("after: 2 polls", "when: 2 polls",
     "6: states.queued.next.when: unknown key (available: state, after, on, signal, chance)"),
    (", after: 2 polls", "", "6: states.queued.next: say exactly one of 'after', 'on' and 'signal'"),
    ("after: 2 polls", "after: 2 pols",
     "6: states.queued.next.after: '2 pols' is neither polls ('2 polls') nor a time ('45s', '500ms', '2m', '12h')"),
    ("after: 2 polls", "signal: go",
     "5: states.queued.video.progress: a ramp needs to know how long: a 'next' with 'after'"),
    ("state: completed", "state: complete",
     "10: states.processing.next.state: no state 'complete' (did you mean 'completed'?)"),
    ("video: {status: processing", "vido: {status: processing",
     "8: states.processing.vido: unknown key (did you mean 'video'?)"),
    ("video: {status: completed", "vido: {status: completed",
     "12: states.completed.vido: unknown key (did you mean 'video'?)"),
    ("video: {status: completed}", "video: completed",
     "12: states.completed.video: 'completed' is not a mapping to merge into the document"),
    ("status: completed", "status: complete",
     "11: states.completed: the task stays here for ever at 'complete', which is no end (did you mean 'completed'?): "
     "give it a 'next', or say 'never_ends: true'"),
    ("status: 404, text", "status: four, text", "9: states.processing.poll.0.status: 'four' is not a whole number"),
    ("    poll: [", "    pol: 404\n    poll: [", "9: states.processing.pol: unknown key (did you mean 'poll'?)"),
    ("text: gone", "txt: gone", "9: states.processing.poll.0.txt: unknown key (did you mean 'text'?)"),
    ("text: gone", "text: gone, json: null", "9: states.processing.poll.0: one body, not several: json, text"),
    ("{download_url:early}", "{downlod_url:early}",
     "8: states.processing.video.url: unknown placeholder {downlod_url:early} (did you mean 'download_url'?); write "
     "{{downlod_url:early}} for the text"),
    ("{download_url:early}", "{download_url:earli}",
     "8: states.processing.video.url: no state has a link 'earli' in 'downloads' (did you mean 'early'?)"),
    ("{download_url:early}", "{download_url}", "13: states.completed.downloads.early: nothing shows "
     "{download_url:early}"),
    ("downloads: {early: clip}", "downloads: clip",
     "13: states.completed.downloads: 'clip' is not a mapping of names, each to a link"),
    ("downloads: {early: clip}", 'downloads: {"e y": clip}',
     "13: states.completed.downloads.e y: 'e y' is not a link's name such as 'a' or 'mirror': letters, digits and "
     "_ . - alone, no dot first"),
    ("truncate: 50%", "truncat: 50%",
     "14: states.completed.content.fault: no fault 'truncat' (did you mean 'truncate'?)"),
    ("expect: {", "expected: {", "15: expected: unknown key (did you mean 'expect'?)"),
    ("from: content", "form: content", "15: expect.form: unknown key (did you mean 'from'?)"),
    (", from: content", "", "15: expect: say where the clip is 'from'"),
    ("outcome: clip", "outcom: clip", "15: expect.outcom: unknown key (did you mean 'outcome'?)"),
    ("outcome: clip", "outcome: film",
     "15: expect.outcome: no outcome 'film' (did you mean 'failed'?)"),
    ("summary: x", "summary: 1e999",
     "1: summary: 1e999 is too large a number; put it in quotes to make it text"),
]  # fmt: skip


@pytest.mark.parametrize(("right", "wrong", "error"), SLIPS)
def test_one_slip_is_one_error(right: str, wrong: str, error: str) -> None:
    assert PLAIN_LIFE.count(right) == 1
    assert errors(PLAIN_LIFE.replace(right, wrong)) == [f"f.yaml:{error}"]


def test_a_part_that_could_not_be_read_is_not_judged_besides() -> None:
    # No second error for the trigger that is missing, the state that is cut off, or the end that cannot be seen.
    text = HEAD.replace("done", "queued") + "    next: {state: b, after: soon}\n  b: {video: 5}\n"
    assert errors(text) == [
        "f.yaml:6: states.a.next.after: 'soon' is neither polls ('2 polls') nor a time ('45s', '500ms', '2m', '12h')",
        "f.yaml:7: states.b.video: 5 is not a mapping to merge into the document",
    ]


def test_what_could_be_read_is_judged_beside_what_could_not() -> None:
    text = (
        HEAD.replace("  a:", '  "a b":').replace("start: a", "start: a b")
        + "    poll: {text: a, html: b, delay: long}\n"
    )
    assert errors(text) == [
        "f.yaml:4: states.a b: 'a b' is not a state's name such as 'queued': letters, digits and _ . - alone, "
        "no dot first",
        "f.yaml:6: states.a b.poll.delay: 'long' is not a time such as 45s, 500ms, 2m or 12h",
        "f.yaml:6: states.a b.poll: one body, not several: text, html",
    ]


def test_errors_name_the_scenario_where_there_is_no_file() -> None:
    with pytest.raises(ScenarioError, match=r"^own/one:1: summary: this key is missing$"):
        read_scenario("start: a\nstates: {a: {video: {status: done}}}", name="own/one")
    with pytest.raises(ScenarioError, match=r"^own/one: summary: this key is missing$"):
        from_data({"start": "a", "states": {"a": {"video": {"status": "done"}}}}, name="own/one")


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (None, "told: nothing is not a scenario: a mapping with summary, start and states"),
        (dict[Any, Any](LIFE) | {5: 6}, "told: the key 5 is not a text"),
        ({**LIFE, "seed": float("nan")}, "told: seed: nan is not a number that JSON has"),
        ({**LIFE, "source": {1, 2}}, "told: source: a Python set is not a value that JSON has"),
        ({**LIFE, "source": "\ud83d"}, "told: source: half a character, '\\ud83d': no text can hold it"),
        ({**LIFE, "\ud83d": 1}, "told: half a character in the key '\\ud83d': no text can hold it"),
    ],
)
def test_data_that_no_file_could_hold_is_told_as_well(data: Any, error: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        from_data(data, name="told")
    assert str(caught.value) == error


# --- files that mean harm ---------------------------------------------------------------------------------------------

LAUGHS = "a0: &a0 [lol]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 10))

HARMFUL: Mapping[str, tuple[str, str]] = {
    "a billion laughs": (LAUGHS, "f.yaml:1: a0: anchors such as &a0 are not taken: write the value out"),
    "more than a mebibyte": (
        HEAD + "# " + "x" * 1024 * 1024,
        "f.yaml:1: the text is longer than 1024 KiB; a scenario is a page or two",
    ),
    "brackets without an end": ("[" * 500_000, "f.yaml:1: nested more than 32 levels deep"),
    "braces without an end": ('{"a":' * 200_000, "f.yaml:1: nested more than 32 levels deep"),
    "dashes without an end": ("- " * 500_000, "f.yaml:1: nested more than 32 levels deep"),
    "ever deeper blocks": (
        "".join(" " * n + "a:\n" for n in range(1000)),
        "f.yaml:33: nested more than 32 levels deep",
    ),
    "more values than anybody writes": (
        HEAD + "    poll: [" + "404, " * 200_000 + "]\n",
        "f.yaml:6: more than 10000 values; a scenario is a page or two",
    ),
    "more values than anybody writes in JSON": (
        '{"poll":\n[' + "404, " * 200_000 + "]}",
        "f.yaml:2: more than 10000 values; a scenario is a page or two",
    ),
    "a key of many lines": (
        HEAD + '"' + "\\n" * 400 + '": 1\n',
        "f.yaml:6: " + "\\n" * 37 + "...: unknown key (available: summary, source, dialect, clip, task_id, start, "
        "seed, never_ends, download_auth, link_lifetime, create, states, expect)",
    ),
    "a tag of a mebibyte": (
        HEAD + "seed: !" + "x" * 1_000_000,
        f"f.yaml:6: seed: tags such as !{'x' * 36}... are not taken",
    ),
    "blank lines and then a directive": (
        "\r\n" * 500_000 + "%",
        "f.yaml:500001: directives such as %YAML are not taken: a scenario begins with its keys",
    ),
    "a word of a mebibyte": (
        HEAD + "dialect: " + "a" * 1_000_000,
        f"f.yaml:6: dialect: no dialect '{'a' * 37}...' (available: octopusx, new-api, openai)",
    ),
    "a number of a mebibyte": (
        HEAD + "seed: " + "1" * 1_000_000,
        "f.yaml:6: seed: 1111111111111111111111111 is too large a number; put it in quotes to make it text",
    ),
    "a time of a mebibyte": (
        HEAD + "link_lifetime: " + "1" * 1_000_000 + "s",
        f"f.yaml:6: link_lifetime: '{'1' * 37}...' is not a time such as 45s, 500ms, 2m or 12h",
    ),
    "templates without an end": (
        HEAD + "    unified: {a: '" + "{a}" * 300_000 + "'}",
        "f.yaml:6: states.a.unified.a: unknown placeholder {a}; write {{a}} for the text",
    ),
}


@pytest.mark.parametrize("case", HARMFUL)
def test_a_file_that_means_harm_ends_in_one_clear_error_at_once(case: str) -> None:
    text, error = HARMFUL[case]
    started = time.process_time()
    assert errors(text) == [error]
    assert time.process_time() - started < 1.5


def test_a_file_of_a_mebibyte_and_of_ten_thousand_values_is_read() -> None:
    rest = MAX_SIZE - len(HEAD)
    assert read_scenario(HEAD + "#" * rest, name="told")
    with pytest.raises(ScenarioError):
        read_scenario(HEAD + "#" * (rest + 1), name="told")
    # The values of HEAD, of the keys and of the list itself are values too.
    rest = MAX_VALUES - 9
    assert read_scenario(HEAD + f"    unified: {{a: [{', '.join(['1'] * rest)}]}}\n", name="told")
    with pytest.raises(ScenarioError):
        read_scenario(HEAD + f"    unified: {{a: [{', '.join(['1'] * (rest + 1))}]}}\n", name="told")


@pytest.mark.parametrize(
    "text",
    [
        "".join(f"key{n}: 1\n" for n in range(5000)),
        HEAD + "".join(f"  s{n}: {{next: {{state: sx{n}, after: 1 poll}}}}\n" for n in range(2000)),
        HEAD + "    downloads: {" + ", ".join(f"l{n}: clip" for n in range(4000)) + "}\n"
        "    unified: {a: '" + "".join(f"{{download_url:lx{n}}}" for n in range(40_000)) + "'}\n",
        HEAD + "seed: 1\n" * 100_000,
    ],
    ids=["keys", "states", "links", "the same key"],
)  # fmt: skip
def test_of_a_file_of_nothing_but_errors_the_first_are_told_at_once(text: str) -> None:
    started = time.process_time()
    assert 1 < len(errors(text)) <= MAX_PROBLEMS
    assert time.process_time() - started < 2.0


@given(
    st.text(st.characters(exclude_categories=["Cs", "Cc", "Cn"]))
    | st.text("{}[]:,-?&*!|>'\"%@`# \n\tabc0.", max_size=40)
)
@example("\x00")
@example("a: \x85")
@settings(max_examples=300, deadline=None)
def test_any_text_is_a_scenario_or_an_error_with_a_line(text: str) -> None:
    for line in errors(text):
        assert line.startswith("f.yaml:")


# --- writing ----------------------------------------------------------------------------------------------------------


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


def test_a_shipped_file_is_read_in_a_few_milliseconds(library: Library) -> None:
    texts = [path.read_text("utf-8") for path in list(library.files.values())[:20]]
    best = min(_seconds_for(texts) for _ in range(5))
    assert best / len(texts) < (0.005 if hasattr(yaml, "CSafeLoader") else 0.05)


def _seconds_for(texts: list[str]) -> float:
    started = time.process_time()
    for text in texts:
        read_scenario(text, name="told")
    return time.process_time() - started


# --- with PyYAML's two parsers: the fast one in C, and the one in Python where there is no other ----------------------


@contextmanager
def parser(loader: type[Any]) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(yaml_data, "_Loader", loader)
        yield


def outcome(text: str, loader: type[Any]) -> Any:
    """The scenario that a text is read as, or its errors; the words of the parsers' own differ."""
    with parser(loader):
        try:
            return read_scenario(text, name="told")
        except ScenarioError as error:
            return [(problem.path, problem.message.partition("not YAML")[0]) for problem in error.problems]


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
    assert re.match(r"f\.yaml:[56]: (source: half a character|not YAML: (found|chr|Python))", error)


def test_the_parser_in_python_reads_every_kind_of_shipped_file(library: Library) -> None:
    with parser(yaml.SafeLoader):
        for name in library.names()[::8]:
            assert read_scenario(library.files[name].read_text("utf-8"), name=name) == library.find(name)


@given(scenarios())
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_what_is_written_is_read_by_the_parser_in_python_too(scenario: Scenario) -> None:
    with parser(yaml.SafeLoader):
        assert read_scenario(write_scenario(scenario), name=scenario.name) == scenario
