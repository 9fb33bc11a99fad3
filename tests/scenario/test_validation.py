"""What makes a scenario right: each rule by a scenario that breaks it and nothing else, and all of them at once."""

from __future__ import annotations

import math
import pickle
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import pytest

from video_mockserver.api.faults import FAULTS
from video_mockserver.api.messages import Fault
from video_mockserver.api.suggest import did_you_mean
from video_mockserver.scenario.library import Library
from video_mockserver.scenario.limits import MAX_INTEGER, MAX_POLLS, MAX_PROBLEMS, MAX_SECONDS, MIN_INTEGER
from video_mockserver.scenario.model import Expect, ReplyTemplate, Scenario, State, Transition
from video_mockserver.scenario.problems import Problem, ScenarioError, describe
from video_mockserver.scenario.validation import problems, validate

QUEUED = State(video={"status": "queued"}, next=(Transition("completed", polls=1),))
COMPLETED = State(video={"status": "completed", "video_url": "{download_url}"})
LIFE = Scenario("told", "A plain life.", "queued", {"queued": QUEUED, "completed": COMPLETED})


def told(scenario: Scenario) -> list[str]:
    return [str(problem) for problem in problems(scenario)]


def with_states(**states: State) -> Scenario:
    return replace(LIFE, start=next(iter(states)), states=states)


def with_completed(**parts: Any) -> Scenario:
    return with_states(queued=QUEUED, completed=replace(COMPLETED, **parts))


def with_way(**parts: Any) -> Scenario:
    return with_states(queued=replace(QUEUED, next=(Transition("completed", **parts),)), completed=COMPLETED)


def with_reply(**parts: Any) -> Scenario:
    return with_completed(poll=(ReplyTemplate(**parts),))


def test_a_plain_life_is_right() -> None:
    assert told(LIFE) == []
    assert validate(LIFE) is LIFE


WRONG: Mapping[str, tuple[Scenario, list[str]]] = {
    # The scenario itself.
    "a name that is no path": (replace(LIFE, name="a b"), ["name: must be a name such as download/url_404, not 'a b'"]),
    "a name that leads upwards": (
        replace(LIFE, name="a//b"),
        ["name: must be a name such as download/url_404, not 'a//b'"],
    ),
    "no summary": (replace(LIFE, summary=" "), ["summary: must be one line that describes the scenario"]),
    "a summary of two lines": (
        replace(LIFE, summary="a\nb"),
        ["summary: must be one line that describes the scenario"],
    ),
    "half a character": (replace(LIFE, source="\ud83d"), ["source: lone surrogate '\\ud83d': not a valid character"]),
    "an unknown dialect": (replace(LIFE, dialect="opnai"), ["dialect: no dialect 'opnai' (did you mean 'openai'?)"]),
    "a seed that is too large": (
        replace(LIFE, seed=2**64),
        ["seed: 18446744073709551616 is out of range: integers must fit in 64 bits"],
    ),
    "an unknown download_auth": (
        replace(LIFE, download_auth="Strict"),
        ["download_auth: no mode 'Strict' (did you mean 'strict'?)"],
    ),
    "an id of two lines": (
        replace(LIFE, task_id="video_1\n"),
        ["task_id: 'video_1\\n' is not a valid id: 1 to 200 visible ASCII characters, not . or .."],
    ),
    "an id that leads upwards": (
        replace(LIFE, task_id=".."),
        ["task_id: '..' is not a valid id: 1 to 200 visible ASCII characters, not . or .."],
    ),
    "links that never live": (
        replace(LIFE, link_lifetime=0),
        ["link_lifetime: must be from 1ms to 1000000000s, not 0s"],
    ),
    "links that live for ever": (
        replace(LIFE, link_lifetime=1e10),
        ["link_lifetime: must be from 1ms to 1000000000s, not 1e+10s"],
    ),
    # What is expected.
    "an unknown outcome": (
        replace(LIFE, expect=Expect("fail")),
        ["expect.outcome: no outcome 'fail' (did you mean 'failed'?)"],
    ),
    "an unknown source": (
        replace(LIFE, expect=Expect("clip", ("content", "output_url"))),
        ["expect.from: no source 'output_url' (did you mean 'output.url'?)"],
    ),
    "a clip from nowhere": (
        replace(LIFE, expect=Expect("clip")),
        ["expect: 'clip' needs 'from': where the clip comes from"],
    ),
    "no clip from somewhere": (
        replace(LIFE, expect=Expect("failed", ("content",))),
        ["expect.from: only allowed with the outcome 'clip'"],
    ),
    # States, and the ways between them.
    "no states": (replace(LIFE, states={}), ["states: must have at least one state"]),
    "an unknown start": (replace(LIFE, start="queud"), ["start: no state 'queud' (did you mean 'queued'?)"]),
    "an unknown next state": (
        with_states(queued=replace(QUEUED, next=(Transition("complete", polls=1),)), completed=COMPLETED),
        ["states.queued.next.0.state: no state 'complete' (did you mean 'completed'?)"],
    ),
    "a state's name that is no word": (
        with_states(**{"half way": QUEUED, "completed": COMPLETED}),
        ["states.half way: 'half way' is not a valid state name: use letters, digits, _ . and -, and no dot first"],
    ),
    "a state that nothing leads to": (
        with_states(queued=QUEUED, completed=COMPLETED, failed=State(video={"status": "failed"})),
        ["states.failed: state is unreachable from the start state 'queued'"],
    ),
    "a state cancelled where nothing can be cancelled": (
        with_states(completed=COMPLETED, cancelled=State(video={"status": "cancelled"})),
        ["states.cancelled: state is unreachable from the start state 'completed'"],
    ),
    "an end that is none": (
        with_completed(video={"status": "processing"}),
        [
            "states.completed: the task stays here forever: status 'processing' does not end a "
            "task; add a 'next', or 'never_ends: true'"
        ],
    ),
    "a start that is an end and says nothing": (
        with_states(queued=State()),
        [
            "states.queued: the task stays here forever: status 'queued' does not end a task; "
            "add a 'next', or 'never_ends: true'"
        ],
    ),
    "an end at a word that nobody knows": (
        with_completed(video={"status": "finito"}),
        [
            "states.completed: the task stays here forever: status 'finito' does not end a task; "
            "add a 'next', or 'never_ends: true'"
        ],
    ),
    "a loop without an end": (
        with_states(a=State(next=(Transition("b", polls=1),)), b=State(next=(Transition("a", polls=1),))),
        [
            "states.a: no end is reachable from here; add a transition to one, or 'never_ends: true'",
            "states.b: no end is reachable from here; add a transition to one, or 'never_ends: true'",
        ],
    ),
    "a cancelled of its own that goes round": (
        with_states(
            a=State(next=(Transition("cancelled", polls=1),)), cancelled=State(next=(Transition("a", polls=1),))
        ),
        [
            "states.a: no end is reachable from here; add a transition to one, or 'never_ends: true'",
            "states.cancelled: no end is reachable from here; add a transition to one, or 'never_ends: true'",
        ],
    ),
    # Triggers.
    "a way without a trigger": (with_way(), ["states.queued.next.0: needs exactly one of 'after', 'on' and 'signal'"]),
    "a way with two triggers": (
        with_way(polls=1, on="content"),
        ["states.queued.next.0: needs exactly one of 'after', 'on' and 'signal'"],
    ),
    "polls and time": (
        with_way(polls=1, seconds=1.0),
        ["states.queued.next.0: needs exactly one of 'after', 'on' and 'signal'"],
    ),
    "no polls": (
        with_way(polls=0),
        ["states.queued.next.0.after: must be from 1 to 999999999 polls, not 0"],
    ),
    "no time": (
        with_way(seconds=0.0),
        ["states.queued.next.0.after: must be from 1ms to 1000000000s, not 0s"],
    ),
    "a time that is no number": (
        with_way(seconds=math.nan),
        ["states.queued.next.seconds: nan is not a valid JSON number"],
    ),
    "an unknown event": (
        with_way(on="downlaod"),
        ["states.queued.next.0.on: no event 'downlaod' (did you mean 'download'?)"],
    ),
    "a signal that is no word": (
        with_way(signal="go on"),
        [
            "states.queued.next.0.signal: 'go on' is not a valid signal name: use letters, "
            "digits, _ . and -, and no dot first"
        ],
    ),
    "no chance": (
        with_way(polls=1, chance=0.0),
        ["states.queued.next.0.chance: must be above 0 and at most 1, not 0"],
    ),
    "more than certain": (
        with_way(polls=1, chance=1.5),
        ["states.queued.next.0.chance: must be above 0 and at most 1, not 1.5"],
    ),
    "the second way is wrong": (
        with_states(
            queued=replace(QUEUED, next=(Transition("completed", polls=1), Transition("completed", on="cancl"))),
            completed=COMPLETED,
        ),
        ["states.queued.next.1.on: no event 'cancl' (did you mean 'cancel'?)"],
    ),
    # Ramps.
    "a ramp without an after": (
        with_completed(video={"status": "completed", "progress": [10, 90]}),
        ["states.completed.video.progress: a ramp lasts as long as the state: it needs a 'next' with 'after'"],
    ),
    "a ramp in a state that is left by a signal": (
        with_states(
            queued=State(video={"progress": [0, 50]}, next=(Transition("completed", signal="go"),)),
            completed=COMPLETED,
        ),
        ["states.queued.video.progress: a ramp lasts as long as the state: it needs a 'next' with 'after'"],
    ),
    "a ramp of three": (
        with_completed(video={"status": "completed", "progress": [0, 50, 100]}),
        ["states.completed.video.progress: a ramp must be two integers such as [10, 90]"],
    ),
    "a ramp of fractions": (
        with_completed(video={"status": "completed", "progress": [0, 0.5]}),
        ["states.completed.video.progress: a ramp must be two integers such as [10, 90]"],
    ),
    "a ramp of truths": (
        with_completed(video={"status": "completed", "progress": [False, True]}),
        ["states.completed.video.progress: a ramp must be two integers such as [10, 90]"],
    ),
    # Replies.
    "two bodies": (
        with_reply(text="a", html="b"),
        ["states.completed.poll.0: only one body is allowed, found text, html"],
    ),
    "null is a body too": (
        with_reply(has_json=True, redirect="x"),
        ["states.completed.poll.0: only one body is allowed, found json, redirect"],
    ),
    "JSON that is not said to be the body": (
        with_reply(json={"a": 1}),
        ["states.completed.poll.0.json: a JSON body needs has_json=True as well"],
    ),
    "a status below 200": (
        with_reply(status=199),
        ["states.completed.poll.0.status: must be a status from 200 to 599, not 199"],
    ),
    "a status above 599": (
        with_reply(status=600),
        ["states.completed.poll.0.status: must be a status from 200 to 599, not 600"],
    ),
    "no times": (with_reply(times=0), ["states.completed.poll.0.times: must be 1 or more, not 0"]),
    "a delay backwards": (
        with_reply(delay=-1.0),
        ["states.completed.poll.0.delay: must be from 0ms to 1000000000s, not -1s"],
    ),
    "a poll that makes a task": (
        with_reply(made=True),
        ["states.completed.poll.0.made: only allowed in replies of 'create'"],
    ),
    "a task object where the clip should be": (
        with_completed(content=(ReplyTemplate(video={"a": 1}),)),
        ["states.completed.content.0.video: 'content' sends the clip, not the task object: use 'json'"],
    ),
    "the reply of a link is wrong": (
        with_completed(
            video={"status": "completed", "url": "{download_url:a}"},
            downloads={"a": (ReplyTemplate(status=20, video={}),)},
        ),
        [
            "states.completed.downloads.a.0.video: 'download' sends the clip, not the task object: use 'json'",
            "states.completed.downloads.a.0.status: must be a status from 200 to 599, not 20",
        ],
    ),
    "the second reply is wrong": (
        with_completed(download=(ReplyTemplate(clip="clip"), ReplyTemplate(status=20))),
        ["states.completed.download.1.status: must be a status from 200 to 599, not 20"],
    ),
    "a header's name with a blank": (
        with_reply(headers={"a b": "x"}),
        ["states.completed.poll.0.headers.a b: 'a b' is not a valid header name"],
    ),
    "a header that brings another": (
        with_reply(headers={"x": "a\r\nSet-Cookie: b"}),
        ["states.completed.poll.0.headers.x: must be printable ASCII"],
    ),
    "a header with a tab": (
        with_reply(headers={"x": "a\tb"}),
        ["states.completed.poll.0.headers.x: must be printable ASCII"],
    ),
    "a header that says where the body ends": (
        with_reply(headers={"Content-Length": "5"}),
        [
            "states.completed.poll.0.headers.Content-Length: the server sets this header itself: "
            "use a 'fault' for a wrong one"
        ],
    ),
    "a header that takes the end of the body away": (
        with_reply(headers={"transfer-encoding": None}),
        [
            "states.completed.poll.0.headers.transfer-encoding: the server sets this header "
            "itself: use a 'fault' for a wrong one"
        ],
    ),
    "an unknown template in a header": (
        with_reply(headers={"Location": "{downlod_url}"}),
        [
            "states.completed.poll.0.headers.Location: unknown placeholder {downlod_url} (did you mean "
            "'download_url'?); write {{downlod_url}} for the text"
        ],
    ),
    "a header twice": (
        with_reply(headers={"Retry-After": "1", "retry-after": "2"}),
        ["states.completed.poll.0.headers.retry-after: duplicate header (case does not matter)"],
    ),
    "a header taken away the wrong way": (
        with_reply(headers={"x": "{omit}"}),
        ["states.completed.poll.0.headers.x: use null to remove a header, not {omit}"],
    ),
    "an unknown key of an error": (
        with_reply(error={"mesage": "x"}),
        ["states.completed.poll.0.error.mesage: unknown key (did you mean 'message'?)"],
    ),
    # Faults.
    "an unknown fault": (
        with_reply(fault=Fault("rest")),
        ["states.completed.poll.0.fault: no fault 'rest' (did you mean 'reset'?)"],
    ),
    "a fault that takes no number": (
        with_reply(fault=Fault("close", at=5)),
        ["states.completed.poll.0.fault: 'close' takes no number"],
    ),
    "a fault with the wrong number": (
        with_reply(fault=Fault("truncate", amount=5)),
        ["states.completed.poll.0.fault: 'truncate' takes another number, such as {truncate: 50%}"],
    ),
    "a fault without its place": (
        with_reply(fault=Fault("truncate")),
        ["states.completed.poll.0.fault: 'truncate' needs a number, such as {truncate: 50%}"],
    ),
    "a fault without its rate": (
        with_reply(fault=Fault("drip")),
        ["states.completed.poll.0.fault: 'drip' needs a number, such as {drip: 20000}"],
    ),
    "more than all of the body": (
        with_reply(fault=Fault("truncate", at=1.5)),
        ["states.completed.poll.0.fault: must be from 0% to 100% of the body, not 150%"],
    ),
    "fewer than no bytes": (
        with_reply(fault=Fault("stall", at=-1)),
        ["states.completed.poll.0.fault: must be 0 bytes or more, not -1"],
    ),
    "a drip that stands still": (
        with_reply(fault=Fault("drip", amount=0)),
        ["states.completed.poll.0.fault: 'drip' must be 1 or more, not 0"],
    ),
    "a length that is right": (
        with_reply(fault=Fault("wrong_length", amount=0)),
        ["states.completed.poll.0.fault: 'wrong_length' must not be 0"],
    ),
    # Templates and links.
    "an unknown template": (
        with_completed(video={"status": "completed", "url": "{downlod_url}"}),
        [
            "states.completed.video.url: unknown placeholder {downlod_url} (did you mean "
            "'download_url'?); write {{downlod_url}} for the text"
        ],
    ),
    "an unknown template in a stylesheet": (
        with_reply(html="<style>b{zoom:big}</style>"),
        ["states.completed.poll.0.html: unknown placeholder {zoom:big}; write {{zoom:big}} for the text"],
    ),
    "an unknown template deep down": (
        with_completed(wrapped={"data": [1, {"x": "{tsk_id}"}]}),
        [
            "states.completed.wrapped.data.1.x: unknown placeholder {tsk_id} (did you mean 'task_id'?); "
            "write {{tsk_id}} for the text"
        ],
    ),
    "an argument that is not taken": (
        with_reply(text="{task_id:x}"),
        ["states.completed.poll.0.text: {task_id} takes no argument, remove ':x'"],
    ),
    "omit beside something else": (
        with_completed(unified={"a": "{omit}!"}),
        ["states.completed.unified.a: {omit} must be the whole value of the key that it removes"],
    ),
    "omit in a list": (
        with_completed(unified={"a": ["{omit}"]}),
        ["states.completed.unified.a.0: {omit} must be the whole value of the key that it removes"],
    ),
    "omit for a whole body": (
        with_reply(text="{omit}"),
        ["states.completed.poll.0.text: {omit} must be the whole value of the key that it removes"],
    ),
    "nearly the name of a link": (
        with_completed(
            video={"status": "completed", "url": "{download_url:mirror}", "video_url": "{download_url:miror}"},
            downloads={"mirror": (ReplyTemplate(status=404),)},
        ),
        ["states.completed.video.video_url: no state has a link 'miror' in 'downloads' (did you mean 'mirror'?)"],
    ),
    "a link that nothing shows": (
        with_completed(downloads={"mirror": (ReplyTemplate(status=404),)}),
        ["states.completed.downloads.mirror: unused link: no text has {download_url:mirror}"],
    ),
    "a link's name that is no word": (
        with_completed(downloads={"a b": (ReplyTemplate(),)}),
        [
            "states.completed.downloads.a b: 'a b' is not a valid link name: use letters, "
            "digits, _ . and -, and no dot first",
        ],
    ),
    "a link's name that would lead upwards": (
        with_completed(video={"status": "completed", "url": "{download_url:..}"}),
        ["states.completed.video.url: '..' is not a valid link name: use letters, digits, _ . and -, and no dot first"],
    ),
    # What is not of the type that it should be; nothing else is said then.
    "a way that stands alone": (
        with_states(queued=State(next=Transition("complete", polls=1)), completed=COMPLETED),  # type: ignore[arg-type]
        ["states.queued.next: must be a tuple of Transition, not a Python Transition"],
    ),
    "replies in a list": (
        with_completed(poll=[ReplyTemplate(status=99)]),
        ["states.completed.poll: must be a tuple of ReplyTemplate, not a list"],
    ),
    "a reply that is a number": (
        with_completed(downloads={"a": (404, ReplyTemplate())}),
        ["states.completed.downloads.a.0: must be a ReplyTemplate, not 404"],
    ),
    "a state that is a mapping": (
        replace(LIFE, states={"queued": {"video": {}}}),  # type: ignore[dict-item]
        ["states.queued: must be a State, not a mapping"],
    ),
    "a name of a state that is a number": (
        replace(LIFE, states={**LIFE.states, 5: COMPLETED}),  # type: ignore[dict-item]
        ["states: keys must be strings, not 5"],
    ),
    "no video": (with_completed(video=None), ["states.completed.video: must be a mapping, not null"]),
    "polls in words": (
        with_way(polls="2", chance="half"),
        [
            "states.queued.next.polls: must be an integer or None, not '2'",
            "states.queued.next.chance: must be a number, not 'half'",
        ],
    ),
    "a flag that is a number": (replace(LIFE, never_ends=1), ["never_ends: must be True or False, not 1"]),
    "a number that is a flag": (replace(LIFE, seed=True), ["seed: must be an integer, not true"]),
    "a status with a point": (
        with_reply(status=404.0),
        ["states.completed.poll.status: must be an integer or None, not 404.0"],
    ),
    "a header that is no text": (
        with_reply(headers={"x": True}),
        ["states.completed.poll.headers.x: must be a string or None, not true"],
    ),
    "an error that is no text": (
        with_reply(error={"code": 5}),
        ["states.completed.poll.error.code: must be a string, not 5"],
    ),
    "a fault that is a word": (
        with_reply(fault="reset"),
        ["states.completed.poll.fault: must be a Fault or None, not 'reset'"],
    ),
    # Values that no file can hold.
    "a number that is none": (
        with_completed(unified={"a": math.nan}),
        ["states.completed.unified.a: nan is not a valid JSON number"],
    ),
    "a number that is too large": (
        with_completed(unified={"a": [2**64]}),
        ["states.completed.unified.a.0: 18446744073709551616 is out of range: integers must fit in 64 bits"],
    ),
    "a Python object": (
        with_completed(unified={"a": {1, 2}}),
        ["states.completed.unified.a: a Python set is not a JSON value"],
    ),
    "a key that is no text": (
        with_completed(unified={1: 2}),
        ["states.completed.unified: keys must be strings, not 1"],
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_told_once_with_its_place_and_what_would_be_right(case: str) -> None:
    scenario, expected = WRONG[case]
    assert told(scenario) == expected
    with pytest.raises(ScenarioError):
        validate(scenario)


RIGHT: Mapping[str, Scenario] = {
    "a cancelled of its own, which every cancel leads to": with_states(
        queued=QUEUED, completed=COMPLETED, cancelled=State(video={"status": "cancelled"})
    ),
    "a way to the built-in cancelled": with_states(queued=State(next=(Transition("cancelled", polls=1),))),
    "a task that never ends and says so": replace(with_states(queued=State()), never_ends=True),
    "a loop that never ends and says so": replace(
        with_states(a=State(next=(Transition("b", polls=1),)), b=State(next=(Transition("a", polls=1),))),
        never_ends=True,
    ),
    "a loop with a way out": with_states(
        queued=replace(QUEUED, next=(Transition("queued", polls=1, chance=0.5), Transition("completed", polls=1))),
        completed=COMPLETED,
    ),
    "an end in capitals": with_completed(video={"status": " SUCCESS "}),
    "a ramp over polls": with_states(
        queued=State(video={"progress": [90, 10]}, next=(Transition("completed", polls=3),)), completed=COMPLETED
    ),
    "a list of another kind beside progress": with_completed(unified={"progress": [1, 2, 3]}),
    "a link of its own that is not scripted": with_completed(
        video={"status": "completed", "url": "{download_url:own}"}
    ),
    "a link that another state scripts": with_states(
        queued=replace(QUEUED, video={"status": "queued", "url": "{download_url:early}"}),
        completed=replace(COMPLETED, downloads={"early": (ReplyTemplate(status=404),)}),
    ),
    "a link that only one of many replies shows": with_completed(
        downloads={"a": (ReplyTemplate(redirect="{refused_url:b}"),), "b": (ReplyTemplate(status=404),)},
        content=(ReplyTemplate(status=404), ReplyTemplate(headers={"Location": "{download_path:a}"})),
    ),
    "a link that only a create shows": replace(
        with_completed(downloads={"a": (ReplyTemplate(status=404),)}),
        create=(ReplyTemplate(video={"url": "{download_path:a}"}),),
    ),
    "everything at its least": replace(
        with_states(
            queued=replace(QUEUED, next=(Transition("completed", seconds=0.001, chance=1e-9),)),
            completed=replace(
                COMPLETED,
                poll=(
                    ReplyTemplate(status=200, fault=Fault("drip", amount=1)),
                    ReplyTemplate(fault=Fault("wrong_length", amount=MIN_INTEGER)),
                    ReplyTemplate(fault=Fault("truncate", at=0)),
                    ReplyTemplate(fault=Fault("truncate", at=0.0)),
                ),
            ),
        ),
        seed=MIN_INTEGER,
        link_lifetime=0.001,
    ),
    "everything at its most": replace(
        with_states(
            queued=replace(
                QUEUED, next=(Transition("completed", seconds=MAX_SECONDS), Transition("completed", polls=MAX_POLLS))
            ),
            completed=replace(
                COMPLETED,
                unified={"a": [MIN_INTEGER, MAX_INTEGER]},
                poll=(
                    ReplyTemplate(status=599, delay=MAX_SECONDS, times=MAX_INTEGER),
                    ReplyTemplate(fault=Fault("drip", amount=MAX_INTEGER)),
                    ReplyTemplate(fault=Fault("truncate", at=MAX_INTEGER)),
                    ReplyTemplate(fault=Fault("truncate", at=1.0)),
                ),
            ),
        ),
        seed=MAX_INTEGER,
        link_lifetime=MAX_SECONDS,
    ),
    "whole numbers for times, shares and chances": replace(
        with_states(
            queued=replace(QUEUED, next=(Transition("completed", seconds=5, chance=1),)),
            completed=replace(COMPLETED, poll=(ReplyTemplate(delay=1),)),
        ),
        link_lifetime=60,
    ),
    "values in mappings and tuples of other kinds": with_completed(
        unified=MappingProxyType({"a": (1, MappingProxyType({"b": ()}))})
    ),
    "many links, and templates for each": with_completed(
        video={"status": "completed", "urls": [f"{{download_url:link{n}}}" for n in range(200)]},
        downloads={f"link{n}": (ReplyTemplate(status=404),) for n in range(200)},
    ),
    "literal braces": with_reply(text="{{downlod_url}} {} { x } {Y}"),
    "null as a body": with_reply(has_json=True),
    "a create that makes no task": replace(LIFE, create=(ReplyTemplate(status=502, made=True), ReplyTemplate())),
}


@pytest.mark.parametrize("case", RIGHT)
def test_what_is_right_is_left_alone(case: str) -> None:
    assert told(RIGHT[case]) == []


@pytest.mark.parametrize("kind", FAULTS)
def test_every_fault_is_right_with_the_numbers_that_it_takes_and_with_no_others(kind: str) -> None:
    takes = FAULTS[kind]
    for at in (None, 100, 0.5):
        for amount in (None, 100):
            fine_at = takes.at == "may" or (takes.at == "must") == (at is not None)
            fine_amount = takes.amount == "may" or (takes.amount == "must") == (amount is not None)
            found = told(with_reply(fault=Fault(kind, at, amount)))
            assert (found == []) == (fine_at and fine_amount), (kind, at, amount, found)


def test_everything_that_is_wrong_is_told_at_once_from_the_top_down() -> None:
    wrong = replace(
        with_completed(poll=(ReplyTemplate(status=99, fault=Fault("rest")),), content=(ReplyTemplate(times=0),)),
        summary="",
        expect=Expect("clp"),
        create=(ReplyTemplate(text="{tsk_id}"),),
    )
    assert [".".join(map(str, problem.path)) for problem in problems(wrong)] == [
        "summary", "expect.outcome", "create.0.text", "states.completed.poll.0.status", "states.completed.poll.0.fault",
        "states.completed.content.0.times",
    ]  # fmt: skip


def test_of_states_that_nothing_leads_to_the_first_in_a_row_is_told() -> None:
    end = State(video={"status": "done"})
    apart = {
        "b": State(next=(Transition("c", polls=1),)),
        "a": State(next=(Transition("b", polls=1),)),
        "c": end,
        "ring1": State(next=(Transition("ring2", polls=1), Transition("c", on="content"))),
        "ring2": State(next=(Transition("ring1", polls=1), Transition("ring2", signal="again"))),
    }
    assert told(with_states(queued=QUEUED, completed=COMPLETED, **apart)) == [
        "states.a: state is unreachable from the start state 'queued'",
        "states.ring1: state is unreachable from the start state 'queued'",
    ]


def test_a_state_that_is_cut_off_by_a_slip_is_not_told_beside_the_slip() -> None:
    states = {
        "queued": replace(QUEUED, next=(Transition("procesing", polls=1),)),
        "processing": State(next=(Transition("completed", polls=1),)),
        "completed": COMPLETED,
    }
    assert told(with_states(**states)) == [
        "states.queued.next.0.state: no state 'procesing' (did you mean 'processing'?)"
    ]


def test_a_value_that_holds_itself_is_told_and_not_followed() -> None:
    endless: dict[str, Any] = {}
    endless["again"] = endless
    path = ".".join(["states", "completed", "unified", *["again"] * 29])
    assert told(with_completed(unified=endless)) == [f"{path}: nested more than 32 levels deep"]


def test_of_very_many_problems_the_first_are_told() -> None:
    bad = with_completed(poll=tuple(ReplyTemplate(status=1) for _ in range(10 * MAX_PROBLEMS)))
    assert len(problems(bad)) == MAX_PROBLEMS


def test_the_error_has_a_line_for_each_problem_and_keeps_them() -> None:
    found = [Problem(("start",), "no state 'x'", 3), Problem((), "all wrong")]
    error = ScenarioError(found, "scenarios/x.yaml")
    assert str(error) == "scenarios/x.yaml:3: start: no state 'x'\nscenarios/x.yaml: all wrong"
    assert error.problems == found
    assert isinstance(error, ValueError)


def test_the_error_passes_between_processes() -> None:
    error = ScenarioError([Problem(("start",), "no state 'x'", 3)], "x.yaml")
    copy = pickle.loads(pickle.dumps(error))
    assert (str(copy), copy.problems, copy.where) == (str(error), error.problems, error.where)


@pytest.mark.parametrize(
    ("word", "known", "said"),
    [
        ("complete", ["queued", "completed"], " (did you mean 'completed'?)"),
        ("x", ["queued", "completed"], " (available: queued, completed)"),
        ("x", [], ""),
        ("x", [str(n) for n in range(14)], " (available: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13)"),
        ("x", [str(n) for n in range(15)], ""),
        ("completed" * 100, ["completed"], " (available: completed)"),
    ],
)
def test_did_you_mean_names_what_is_near_or_else_what_there_is(word: str, known: list[str], said: str) -> None:
    assert did_you_mean(word, known) == said


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, "null"), (True, "true"), (False, "false"), ({}, "a mapping"), ([], "a list"), ((), "a list"),
        (5, "5"), (1.5, "1.5"), ("a'b", '"a\'b"'), ("\ud83d", "'\\ud83d'"), (set(), "a Python set"),
        ("x" * 40, f"'{'x' * 40}'"), ("x" * 41, f"'{'x' * 37}...'"),
        (10**39, "1" + "0" * 39), (10**40, "1" + "0" * 36 + "..."),
    ],
)  # fmt: skip
def test_a_value_is_named_in_an_error_shortly_and_so_that_it_can_be_printed(value: object, said: str) -> None:
    assert describe(value) == said


def test_every_shipped_scenario_is_right(library: Library) -> None:
    assert {scenario.name: told(scenario) for scenario in library if told(scenario)} == {}
