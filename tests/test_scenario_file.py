"""Scenario files: what each part is read as, every error with its line, and the way to text and back."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from mockserver import yaml_data
from mockserver.library import Library
from mockserver.reply import Fault
from mockserver.scenario import Expect, ReplyTemplate, Scenario, State, Transition
from mockserver.scenario_check import MAX_PROBLEMS, ScenarioError, problems
from mockserver.scenario_file import from_data, read, to_data, write
from scenario_strategies import HOSTILE, scenarios

WHOLE = """\
# yaml-language-server: $schema=../scenario.schema.json
summary: The URL answers 404; /content has the clip.
source: "OctopusX, Grok Task Query: if downloading the URL directly fails, GET /v1/videos/{task_id}/content."
profile: new-api
clip: decoy
start: queued
seed: 7
never_ends: true
download_auth: lenient
link_lifetime: 2h
create:
  - {status: 429, headers: {Retry-After: 5, X-Gone: null}}
  - {status: 502, html: "<h1>502</h1>", made: true}
  - {}
states:
  queued:
    video: {status: queued, progress: 0}
    next:
      - {state: processing, after: 1 poll, chance: 0.5}
      - {state: processing, after: 3 polls}
      - {state: failed, signal: break}
      - {state: failed, on: cancel}
  processing:
    video: {status: processing, progress: [10, 90]}
    unified: {progress: 50}
    wrapped: {data: {progress: "50%"}}
    poll: [503, {json: null, times: 2}, {json: {a: [1]}, delay: 1.5s}]
    next: {state: completed, after: 45s}
  completed:
    video: {status: completed, video_url: "{download_url}", url: "{download_url:mirror}"}
    download:
      - {fault: reset}
      - {fault: {truncate: 50%}}
      - {fault: {stall: 4096}}
      - {fault: {drip: 20000}}
      - {fault: {wrong_length: +100}}
    downloads:
      mirror: {redirect: "{refused_url}"}
    content: [{error: {code: busy, message: Later.}}, {text: later}, {clip: decoy}, clip]
  failed:
    video: {status: failed}
expect: {outcome: clip, from: [video_url, content]}
"""

LIFE: dict[str, Any] = {
    "summary": "A plain life.",
    "start": "queued",
    "states": {
        "queued": {"next": {"state": "completed", "after": "1 poll"}},
        "completed": {"video": {"status": "completed"}},
    },
}


def errors(text: str) -> list[str]:
    """The lines of what is wrong with a file."""
    with pytest.raises(ScenarioError) as caught:
        read(text, name="told", file="f.yaml")
    return str(caught.value).split("\n")


# --- what the parts are read as ---------------------------------------------------------------------------------------


def test_a_whole_file_is_read() -> None:
    assert read(WHOLE, name="download/url_404") == Scenario(
        name="download/url_404",
        summary="The URL answers 404; /content has the clip.",
        source="OctopusX, Grok Task Query: if downloading the URL directly fails, GET /v1/videos/{task_id}/content.",
        profile="new-api",
        clip="decoy",
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
    text = f"summary: x\nstart: a\nstates: {{a: {{next: {{state: b, after: {written}}}}}, b: {{video: {{status: done}}}}}}"
    if seconds == 0.0005:
        assert errors(text) == ["f.yaml:3: states.a.next.after: a state lasts 1ms or more, and at most 1000000000s"]
        return
    assert read(text, name="told").states["a"].next == (Transition("b", polls=polls, seconds=seconds),)


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
    found = read(text, name="told").states["a"].video["told"]
    assert found == value
    assert type(found) is type(value)


def test_on_is_a_key_like_any_other() -> None:
    text = "summary: x\nstart: a\nstates: {a: {next: {state: b, on: content}}, b: {video: {status: done, on: off}}}"
    scenario = read(text, name="told")
    assert scenario.states["a"].next[0].on == "content"
    assert scenario.states["b"].video["on"] == "off"


def test_json_is_read_too_with_the_schema_that_it_names_for_editors() -> None:
    text = json.dumps({"$schema": "../scenario.schema.json", **LIFE}, indent=2)
    assert read(text, name="told") == from_data(LIFE, name="told")


def test_a_file_may_begin_with_a_byte_order_mark_and_have_any_kind_of_line_ends() -> None:
    text = "\ufeff" + WHOLE.replace("\n", "\r\n")
    assert read(text, name="told") == read(WHOLE, name="told")


# --- what is wrong, and where -----------------------------------------------------------------------------------------

# Below this stands a file's wrong part: its lines begin at 6.
HEAD = "summary: x\nstart: a\nstates:\n  a:\n    video: {status: done}\n"

# Shapes that are wrong: what the JSON Schema must refuse as well.
WRONG_SHAPES: Mapping[str, tuple[str, list[str]]] = {
    "nothing but null": ("null", ["f.yaml:1: nothing is not a scenario: a mapping with summary, start and states"]),
    "a list": ("- a", ["f.yaml:1: a list is not a scenario: a mapping with summary, start and states"]),
    "a word": ("hello", ["f.yaml:1: 'hello' is not a scenario: a mapping with summary, start and states"]),
    "an empty mapping": (
        "{}",
        [
            "f.yaml:1: summary: this key is missing",
            "f.yaml:1: start: this key is missing",
            "f.yaml:1: states: this key is missing",
        ],
    ),
    "an unknown key at the top": (
        HEAD + "expct: {outcome: failed}\n",
        ["f.yaml:6: expct: unknown key (did you mean 'expect'?)"],
    ),
    "an unknown key in a state": (HEAD + "    polls: 404\n", ["f.yaml:6: states.a.polls: unknown key (did you mean 'poll'?)"]),
    "an unknown key that is near to none": (
        HEAD + "    next: {state: a, after: 1 poll, wait: 3}\n",
        ["f.yaml:6: states.a.next.wait: unknown key (there are state, after, on, signal, chance)"],
    ),
    "an unknown key in a reply": (
        HEAD + "    poll:\n      - status: 404\n        boddy: x\n",
        [
            "f.yaml:8: states.a.poll.0.boddy: unknown key (there are status, headers, video, json, text, html, clip, "
            "error, redirect, delay, fault, times, made)"
        ],
    ),
    "a summary that is no text": (
        "summary: 5\nstart: a\nstates: {a: {video: {status: done}}}",
        ["f.yaml:1: summary: 5 is not a text"],
    ),
    "a start that is no text": (
        "summary: x\nstart: null\nstates: {a: {video: {status: done}}}",
        ["f.yaml:2: start: nothing is not a text"],
    ),
    "states that are a list": (
        "summary: x\nstart: a\nstates: [a]",
        ["f.yaml:3: states: a list is not a mapping of names, each to a state"],
    ),
    "no state at all": ("summary: x\nstart: a\nstates: {}", ["f.yaml:3: states: there is no state", "f.yaml:2: start: "]),
    "a state that is nothing": (
        "summary: x\nstart: a\nstates:\n  a:\n",
        [
            "f.yaml:4: states.a: nothing is not a mapping with video, unified, wrapped, poll, download, downloads, "
            "content, next"
        ],
    ),
    "a video that is a word": (
        "summary: x\nstart: a\nstates:\n  a: {video: queued}\n",
        ["f.yaml:4: states.a.video: 'queued' is not a mapping to lay over the document"],
    ),
    "a flag in words": (HEAD + "never_ends: yes\n", ["f.yaml:6: never_ends: 'yes' is neither true nor false"]),
    "a seed with a point": (HEAD + "seed: 1.5\n", ["f.yaml:6: seed: 1.5 is not a whole number"]),
    "a seed that is true": (HEAD + "seed: true\n", ["f.yaml:6: seed: true is not a whole number"]),
    "an unknown profile": (HEAD + "profile: newapi\n", ["f.yaml:6: profile: no profile 'newapi' (did you mean 'new-api'?)"]),
    "an unknown download_auth": (
        HEAD + "download_auth: none\n",
        ["f.yaml:6: download_auth: no way to treat Authorization 'none' (there are strict, lenient, bearer)"],
    ),
    "a lifetime in words": (
        HEAD + "link_lifetime: a day\n",
        ["f.yaml:6: link_lifetime: 'a day' is not a time such as 45s, 500ms, 2m or 12h"],
    ),
    "an expectation that is a word": (
        HEAD + "expect: clip\n",
        ["f.yaml:6: expect: 'clip' is not a mapping with outcome, from"],
    ),
    "an expectation of nothing": (HEAD + "expect: {}\n", ["f.yaml:6: expect.outcome: this key is missing"]),
    "an unknown outcome": (
        HEAD + "expect: {outcome: never}\n",
        ["f.yaml:6: expect.outcome: no outcome 'never' (there are clip, failed, no_clip, no_end, refused)"],
    ),
    "a clip from nowhere": (HEAD + "expect: {outcome: clip}\n", ["f.yaml:6: expect.from: say where the clip is from"]),
    "an unknown source": (
        HEAD + "expect: {outcome: clip, from: [url, uri]}\n",
        ["f.yaml:6: expect.from: no source 'uri' (did you mean 'url'?)"],
    ),
    "a source that is no text": (
        HEAD + "expect: {outcome: clip, from: 5}\n",
        ["f.yaml:6: expect.from: a source such as video_url or content, or a list of them"],
    ),
    "a reply that is another word": (
        HEAD + "    content: video\n",
        ["f.yaml:6: states.a.content: 'video' is not a reply: a mapping, a status such as 404, or the word clip"],
    ),
    "a reply that is nothing": (
        HEAD + "    content: [clip, null]\n",
        ["f.yaml:6: states.a.content.1: nothing is not a reply: a mapping, a status such as 404, or the word clip"],
    ),
    "an empty list of replies": (
        HEAD + "    content: []\n",
        ["f.yaml:6: states.a.content: an empty list says nothing: leave the key out"],
    ),
    "a status that is no status": (
        HEAD + "    content: 99\n",
        ["f.yaml:6: states.a.content.status: 99 is not a status from 200 to 599"],
    ),
    "a status in quotes": (
        HEAD + "    content: {status: '404'}\n",
        ["f.yaml:6: states.a.content.status: '404' is not a whole number"],
    ),
    "two bodies": (
        HEAD + "    poll: {text: a, json: null}\n",
        ["f.yaml:6: states.a.poll: one body, not several: json, text"],
    ),
    "a task object where the clip should be": (
        HEAD + "    download: {video: {}}\n",
        ["f.yaml:6: states.a.download.video: 'download' shows the clip, not the task: say 'json'"],
    ),
    "a poll that makes a task": (
        HEAD + "    poll: {status: 500, made: true}\n",
        ["f.yaml:6: states.a.poll.made: only replies of 'create' make a task"],
    ),
    "headers in a list": (
        HEAD + "    poll: {headers: [a]}\n",
        ["f.yaml:6: states.a.poll.headers: a list is not a mapping of header names to texts"],
    ),
    "a header that is true": (
        HEAD + "    poll: {headers: {X-A: true}}\n",
        ["f.yaml:6: states.a.poll.headers.X-A: true is neither a text nor null (which takes the header away)"],
    ),
    "a header's name with a blank": (
        HEAD + "    poll: {headers: {X A: x}}\n",
        ["f.yaml:6: states.a.poll.headers.X A: 'X A' is not the name of a header"],
    ),
    "a header beyond ASCII": (
        HEAD + "    poll: {headers: {X-A: é}}\n",
        ["f.yaml:6: states.a.poll.headers.X-A: a header holds printable ASCII alone"],
    ),
    "an error that is a text": (
        HEAD + "    poll: {error: busy}\n",
        ["f.yaml:6: states.a.poll.error: 'busy' is not an error: a mapping such as {code: x, message: y}"],
    ),
    "an error with a number": (
        HEAD + "    poll: {error: {code: 5}}\n",
        ["f.yaml:6: states.a.poll.error.code: 5 is not a text"],
    ),
    "a delay in words": (
        HEAD + "    poll: {delay: long}\n",
        ["f.yaml:6: states.a.poll.delay: 'long' is not a time such as 45s, 500ms, 2m or 12h"],
    ),
    "no times": (HEAD + "    poll: {times: 0}\n", ["f.yaml:6: states.a.poll.times: 0 is not 1 or more"]),
    "times in words": (HEAD + "    poll: {times: twice}\n", ["f.yaml:6: states.a.poll.times: 'twice' is not a whole number"]),
    "an unknown fault": (
        HEAD + "    poll: {fault: rest}\n",
        ["f.yaml:6: states.a.poll.fault: no fault 'rest' (did you mean 'reset'?)"],
    ),
    "an unknown fault with a number": (
        HEAD + "    poll: {fault: {truncat: 5}}\n",
        ["f.yaml:6: states.a.poll.fault: no fault 'truncat' (did you mean 'truncate'?)"],
    ),
    "two faults": (
        HEAD + "    poll: {fault: {reset: 5, stall: 5}}\n",
        [
            "f.yaml:6: states.a.poll.fault: a mapping is not a fault: a word such as reset, or one such as "
            "{truncate: 50%}"
        ],
    ),
    "a fault that needs a number": (
        HEAD + "    poll: {fault: truncate}\n",
        ["f.yaml:6: states.a.poll.fault: 'truncate' needs a number, such as {truncate: 50%}"],
    ),
    "a fault that takes none": (
        HEAD + "    poll: {fault: {close: 5}}\n",
        ["f.yaml:6: states.a.poll.fault: 'close' takes no number: write the word alone"],
    ),
    "a fault's number in words": (
        HEAD + "    poll: {fault: {truncate: half}}\n",
        ["f.yaml:6: states.a.poll.fault: 'half' is no number for 'truncate', such as {truncate: 50%}"],
    ),
    "a rate in percent": (
        HEAD + "    poll: {fault: {drip: 50%}}\n",
        ["f.yaml:6: states.a.poll.fault: '50%' is no number for 'drip', such as {drip: 20000}"],
    ),
    "more than all of the body": (
        HEAD + "    poll: {fault: {truncate: 101%}}\n",
        ["f.yaml:6: states.a.poll.fault: 101% is not a share of the body from 0% to 100%"],
    ),
    "a difference of nothing": (
        HEAD + "    poll: {fault: {wrong_length: 0}}\n",
        ["f.yaml:6: states.a.poll.fault: a difference of 0 is no fault"],
    ),
    "a way that is a word": (
        HEAD + "    next: a\n",
        ["f.yaml:6: states.a.next: 'a' is not a mapping with state, after, on, signal, chance"],
    ),
    "a way to nowhere": (HEAD + "    next: {after: 1 poll}\n", ["f.yaml:6: states.a.next.state: this key is missing"]),
    "a way without a trigger": (
        HEAD + "    next: {state: a}\n",
        ["f.yaml:6: states.a.next: say exactly one of 'after', 'on' and 'signal'"],
    ),
    "a way with two triggers": (
        HEAD + "    next: {state: a, after: 1 poll, on: content}\n",
        ["f.yaml:6: states.a.next: say exactly one of 'after', 'on' and 'signal'"],
    ),
    "an after that is neither": (
        HEAD + "    next: {state: a, after: soon}\n",
        [
            "f.yaml:6: states.a.next.after: 'soon' is neither polls ('2 polls') nor a time "
            "('45s', '500ms', '2m', '12h')"
        ],
    ),
    "no polls": (
        HEAD + "    next: {state: a, after: 0 polls}\n",
        ["f.yaml:6: states.a.next.after: 0 polls: from 1 to 999999999 polls are answered in a state"],
    ),
    "an unknown event": (
        HEAD + "    next: {state: a, on: contents}\n",
        ["f.yaml:6: states.a.next.on: no event 'contents' (did you mean 'content'?)"],
    ),
    "a chance in percent": (
        HEAD + "    next: {state: a, after: 1 poll, chance: 50%}\n",
        ["f.yaml:6: states.a.next.chance: '50%' is not a number"],
    ),
    "more than certain": (
        HEAD + "    next: {state: a, after: 1 poll, chance: 2}\n",
        ["f.yaml:6: states.a.next.chance: 2.0 is not above 0 and at most 1"],
    ),
    "a ramp of three": (
        "summary: x\nstart: a\nstates: {a: {video: {status: done, progress: [1, 2, 3]}}}",
        ["f.yaml:3: states.a.video.progress: a ramp is two whole numbers, such as [10, 90]"],
    ),
    "downloads in a list": (
        HEAD + "    downloads: [clip]\n",
        ["f.yaml:6: states.a.downloads: a list is not a mapping of names, each to a link"],
    ),
}
