"""Scenario files: what each part is read as, every error with its line, and the way to text and back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from support.work import calls_in
from support.wrong_scenarios import HEAD, LIFE, WHOLE, WRONG_MEANINGS, WRONG_SHAPES, WRONG_TEXT
from video_mockserver.api.messages import Fault
from video_mockserver.scenario.library import Library
from video_mockserver.scenario.limits import MAX_PROBLEMS
from video_mockserver.scenario.model import Expect, ReplyTemplate, Scenario, State, Transition
from video_mockserver.scenario.problems import ScenarioError
from video_mockserver.scenario.reader import from_data, read_scenario
from video_mockserver.scenario.source_text import MAX_SIZE, MAX_VALUES


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
        assert errors(text) == ["f.yaml:3: states.a.next.after: must be from 1ms to 1000000000s, not 0.0005s"]
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


def test_a_key_twice_is_told_where_it_stands_again_and_the_rest_is_read() -> None:
    text = HEAD + "seed: 1\nseed: x\nsource: 5\n"
    assert errors(text) == [
        "f.yaml:7: seed: duplicate key",
        "f.yaml:7: seed: must be an integer, not 'x'",
        "f.yaml:8: source: must be a string, not 5; put it in quotes",
    ]


@pytest.mark.parametrize(
    "number", ["18446744073709551616", "-9223372036854775809", "9" * 5000, "1e400", "9" * 400 + ".0"]
)
def test_a_number_that_others_could_not_hold_is_told(number: str) -> None:
    assert errors(HEAD + f"seed: {number}\nsource: 5\n") == [
        f"f.yaml:6: seed: {number[:25]} is out of range for a number; put it in quotes to make it a string",
        "f.yaml:7: source: must be a string, not 5; put it in quotes",
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
        "f.yaml:1: summary: must be one line that describes the scenario",
        "f.yaml:2: start: no state 'queud' (did you mean 'queued'?)",
        "f.yaml:3: sead: unknown key (did you mean 'seed'?)",
        "f.yaml:4: expect.from: no source 'vidio_url' (did you mean 'video_url'?)",
        "f.yaml:7: states.queued.video.url: unknown placeholder {downlod_url} (did you mean 'download_url'?); "
        "write {{downlod_url}} for the text",
        "f.yaml:9: states.queued.poll.0.fault: no fault 'rest' (did you mean 'reset'?)",
        "f.yaml:9: states.queued.poll.0.status: must be a status from 200 to 599, not 700",
        "f.yaml:10: states.queued.poll.1.delay: must be a duration such as 45s, 500ms, 2m or 12h, not 'long'",
        "f.yaml:11: states.queued.next: needs exactly one of 'after', 'on' and 'signal'",
        "f.yaml:13: states.completed.vidio: unknown key (did you mean 'video'?)",
        "f.yaml:14: create.headers.a b: 'a b' is not a valid header name",
    ]


# A usual scenario, and mistakes in it: (what is right, what is written instead, the one error).
USUAL = """\
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
     "4: states.queued: the task stays here forever: status 'queued' does not end a task; "
"add a 'next', or 'never_ends: true'"),
    ("state: processing, after", "sate: processing, after",
     "6: states.queued.next.sate: unknown key (did you mean 'state'?)"),
    ("after: 2 polls", "aftr: 2 polls", "6: states.queued.next.aftr: unknown key (did you mean 'after'?)"),
    ("after: 2 polls", "when: 2 polls",
     "6: states.queued.next.when: unknown key (available: state, after, on, signal, chance)"),
    (", after: 2 polls", "", "6: states.queued.next: needs exactly one of 'after', 'on' and 'signal'"),
    ("after: 2 polls", "after: 2 pols",
     "6: states.queued.next.after: must be polls such as '2 polls' or a duration such as "
"45s, 500ms, 2m or 12h, not '2 pols'"),
    ("after: 2 polls", "signal: go",
     "5: states.queued.video.progress: a ramp lasts as long as the state: it needs a "
"'next' with 'after'"),
    ("state: completed", "state: complete",
     "10: states.processing.next.state: no state 'complete' (did you mean 'completed'?)"),
    ("video: {status: processing", "vido: {status: processing",
     "8: states.processing.vido: unknown key (did you mean 'video'?)"),
    ("video: {status: completed", "vido: {status: completed",
     "12: states.completed.vido: unknown key (did you mean 'video'?)"),
    ("video: {status: completed}", "video: completed",
     "12: states.completed.video: must be a mapping to merge into the document, not "
"'completed'"),
    ("status: completed", "status: complete",
     "11: states.completed: the task stays here forever: status 'complete' does not end a "
"task (did you mean 'completed'?); add a 'next', or 'never_ends: true'"),
    ("status: 404, text", "status: four, text", "9: states.processing.poll.0.status: must be an integer, not 'four'"),
    ("    poll: [", "    pol: 404\n    poll: [", "9: states.processing.pol: unknown key (did you mean 'poll'?)"),
    ("text: gone", "txt: gone", "9: states.processing.poll.0.txt: unknown key (did you mean 'text'?)"),
    ("text: gone", "text: gone, json: null", "9: states.processing.poll.0: only one body is allowed, found json, text"),
    ("{download_url:early}", "{downlod_url:early}",
     "8: states.processing.video.url: unknown placeholder {downlod_url:early} (did you mean 'download_url'?); write "
     "{{downlod_url:early}} for the text"),
    ("{download_url:early}", "{download_url:earli}",
     "8: states.processing.video.url: no state has a link 'earli' in 'downloads' (did you mean 'early'?)"),
    ("{download_url:early}", "{download_url}",
     "13: states.completed.downloads.early: unused link: no text has {download_url:early}"),
    ("downloads: {early: clip}", "downloads: clip",
     "13: states.completed.downloads: must be a mapping from names to replies, not 'clip'"),
    ("downloads: {early: clip}", 'downloads: {"e y": clip}',
     "13: states.completed.downloads.e y: 'e y' is not a valid link name: use letters, "
"digits, _ . and -, and no dot first"),
    ("truncate: 50%", "truncat: 50%",
     "14: states.completed.content.fault: no fault 'truncat' (did you mean 'truncate'?)"),
    ("expect: {", "expected: {", "15: expected: unknown key (did you mean 'expect'?)"),
    ("from: content", "form: content", "15: expect.form: unknown key (did you mean 'from'?)"),
    (", from: content", "", "15: expect: 'clip' needs 'from': where the clip comes from"),
    ("outcome: clip", "outcom: clip", "15: expect.outcom: unknown key (did you mean 'outcome'?)"),
    ("outcome: clip", "outcome: film",
     "15: expect.outcome: no outcome 'film' (did you mean 'failed'?)"),
    ("summary: x", "summary: 1e999",
     "1: summary: 1e999 is out of range for a number; put it in quotes to make it a string"),
]  # fmt: skip


@pytest.mark.parametrize(("right", "wrong", "error"), SLIPS)
def test_one_slip_is_one_error(right: str, wrong: str, error: str) -> None:
    assert USUAL.count(right) == 1
    assert errors(USUAL.replace(right, wrong)) == [f"f.yaml:{error}"]


def test_a_part_that_could_not_be_read_is_not_judged_besides() -> None:
    # No second error for the trigger that is missing, the state that is cut off, or the end that cannot be seen.
    text = HEAD.replace("done", "queued") + "    next: {state: b, after: soon}\n  b: {video: 5}\n"
    assert errors(text) == [
        "f.yaml:6: states.a.next.after: must be polls such as '2 polls' or a duration such "
        "as 45s, 500ms, 2m or 12h, not 'soon'",
        "f.yaml:7: states.b.video: must be a mapping to merge into the document, not 5",
    ]


def test_what_could_be_read_is_judged_beside_what_could_not() -> None:
    text = (
        HEAD.replace("  a:", '  "a b":').replace("start: a", "start: a b")
        + "    poll: {text: a, html: b, delay: long}\n"
    )
    assert errors(text) == [
        "f.yaml:4: states.a b: 'a b' is not a valid state name: use letters, digits, _ . and -, and no dot first",
        "f.yaml:6: states.a b.poll.delay: must be a duration such as 45s, 500ms, 2m or 12h, not 'long'",
        "f.yaml:6: states.a b.poll: only one body is allowed, found text, html",
    ]


def test_errors_name_the_scenario_where_there_is_no_file() -> None:
    with pytest.raises(ScenarioError, match=r"^own/one:1: summary: required key is missing$"):
        read_scenario("start: a\nstates: {a: {video: {status: done}}}", name="own/one")
    with pytest.raises(ScenarioError, match=r"^own/one: summary: required key is missing$"):
        from_data({"start": "a", "states": {"a": {"video": {"status": "done"}}}}, name="own/one")


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (None, "told: a scenario must be a mapping with summary, start and states, not null"),
        (dict[Any, Any](LIFE) | {5: 6}, "told: keys must be strings, not 5"),
        ({**LIFE, "seed": float("nan")}, "told: seed: nan is not a valid JSON number"),
        ({**LIFE, "source": {1, 2}}, "told: source: a Python set is not a JSON value"),
        ({**LIFE, "source": "\ud83d"}, "told: source: lone surrogate '\\ud83d': not a valid character"),
        ({**LIFE, "\ud83d": 1}, "told: lone surrogate in the key '\\ud83d': not a valid character"),
    ],
)
def test_data_that_no_file_could_hold_is_told_as_well(data: Any, error: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        from_data(data, name="told")
    assert str(caught.value) == error


# --- files that mean harm ---------------------------------------------------------------------------------------------

LAUGHS = "a0: &a0 [lol]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 10))

HARMFUL: Mapping[str, tuple[str, str]] = {
    "a billion laughs": (LAUGHS, "f.yaml:1: a0: anchors such as &a0 are not supported: write the value out"),
    "more than a mebibyte": (
        HEAD + "# " + "x" * 1024 * 1024,
        "f.yaml:1: the text is longer than 1024 KiB, which no scenario needs",
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
        "f.yaml:6: more than 10000 values, which no scenario needs",
    ),
    "more values than anybody writes in JSON": (
        '{"poll":\n[' + "404, " * 200_000 + "]}",
        "f.yaml:2: more than 10000 values, which no scenario needs",
    ),
    "a key of many lines": (
        HEAD + '"' + "\\n" * 400 + '": 1\n',
        "f.yaml:6: " + "\\n" * 37 + "...: unknown key (available: summary, source, dialect, clip, task_id, start, "
        "seed, never_ends, download_auth, link_lifetime, create, states, expect)",
    ),
    "a tag of a mebibyte": (
        HEAD + "seed: !" + "x" * 1_000_000,
        f"f.yaml:6: seed: tags such as !{'x' * 36}... are not supported",
    ),
    "blank lines and then a directive": (
        "\r\n" * 500_000 + "%",
        "f.yaml:500001: directives such as %YAML are not supported: start with the keys of the scenario",
    ),
    "a word of a mebibyte": (
        HEAD + "dialect: " + "a" * 1_000_000,
        f"f.yaml:6: dialect: no dialect '{'a' * 37}...' (available: octopusx, new-api, openai)",
    ),
    "a number of a mebibyte": (
        HEAD + "seed: " + "1" * 1_000_000,
        "f.yaml:6: seed: 1111111111111111111111111 is out of range for a number; put it in quotes to make it a string",
    ),
    "a time of a mebibyte": (
        HEAD + "link_lifetime: " + "1" * 1_000_000 + "s",
        f"f.yaml:6: link_lifetime: must be a duration such as 45s, 500ms, 2m or 12h, not '{'1' * 37}...'",
    ),
    "templates without an end": (
        HEAD + "    unified: {a: '" + "{a}" * 300_000 + "'}",
        "f.yaml:6: states.a.unified.a: unknown placeholder {a}; write {{a}} for the text",
    ),
}


@pytest.mark.parametrize("case", HARMFUL)
def test_a_file_that_means_harm_ends_in_one_clear_error_at_once(case: str) -> None:
    text, error = HARMFUL[case]
    assert calls_in(lambda: errors(text)) < 500_000
    assert errors(text) == [error]


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
    assert calls_in(lambda: errors(text)) < 4_000_000
    assert 1 < len(errors(text)) <= MAX_PROBLEMS


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


def test_reading_a_shipped_file_is_little_work(library: Library) -> None:
    for path in list(library.files.values())[:20]:
        text = path.read_text("utf-8")
        # About 1 ms; PyYAML's parser in Python makes many more calls.
        most = 3000 if hasattr(yaml, "CSafeLoader") else 100_000
        assert calls_in(lambda text=text: read_scenario(text, name="told")) < most  # type: ignore[misc]
