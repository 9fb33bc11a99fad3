"""A scenario file that uses everything, and files that are wrong, each with the errors that it ends in."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

LIFE: dict[str, Any] = {
    "summary": "A plain life.",
    "start": "queued",
    "states": {
        "queued": {"next": {"state": "completed", "after": "1 poll"}},
        "completed": {"video": {"status": "completed"}},
    },
}


WHOLE = """\
# yaml-language-server: $schema=../scenario.schema.json
summary: The URL answers 404; /content has the clip.
source: "OctopusX, Grok Task Query: if downloading the URL directly fails, GET /v1/videos/{task_id}/content."
dialect: new-api
clip: decoy
task_id: "grok:1 a/b?c"
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


# Below this stands a file's wrong part: its lines begin at 6.
HEAD = "summary: x\nstart: a\nstates:\n  a:\n    video: {status: done}\n"


# Shapes that are wrong: what the JSON Schema must refuse as well.
WRONG_SHAPES: Mapping[str, tuple[str, list[str]]] = {
    "nothing but null": ("null", ["f.yaml:1: a scenario must be a mapping with summary, start and states, not null"]),
    "a fault in the place of the reply's key": (
        HEAD + "    download: {truncate: half}\n",
        ["f.yaml:6: states.a.download.truncate: unknown key (did you mean 'fault: {truncate: ...}'?)"],
    ),
    "a list": ("- a", ["f.yaml:1: a scenario must be a mapping with summary, start and states, not a list"]),
    "a word": ("hello", ["f.yaml:1: a scenario must be a mapping with summary, start and states, not 'hello'"]),
    "an empty mapping": (
        "{}",
        [
            "f.yaml:1: summary: required key is missing",
            "f.yaml:1: start: required key is missing",
            "f.yaml:1: states: required key is missing",
        ],
    ),
    "an unknown key at the top": (
        HEAD + "expct: {outcome: failed}\n",
        ["f.yaml:6: expct: unknown key (did you mean 'expect'?)"],
    ),
    "an unknown key in a state": (
        HEAD + "    polls: 404\n",
        ["f.yaml:6: states.a.polls: unknown key (did you mean 'poll'?)"],
    ),
    "an unknown key that is near to none": (
        HEAD + "    next: {state: cancelled, after: 1 poll, wait: 3}\n",
        ["f.yaml:6: states.a.next.wait: unknown key (available: state, after, on, signal, chance)"],
    ),
    "an unknown key in a reply": (
        HEAD + "    poll:\n      - status: 404\n        boddy: x\n",
        [
            "f.yaml:8: states.a.poll.0.boddy: unknown key (available: status, headers, video, json, text, html, clip, "
            "error, redirect, delay, fault, times, made)"
        ],
    ),
    "a summary that is no text": (
        "summary: 5\nstart: a\nstates: {a: {video: {status: done}}}",
        ["f.yaml:1: summary: must be a string, not 5; put it in quotes"],
    ),
    "a start that is no text": (
        "summary: x\nstart: null\nstates: {a: {video: {status: done}}}",
        ["f.yaml:2: start: must be a string, not null"],
    ),
    "states that are a list": (
        "summary: x\nstart: a\nstates: [a]",
        ["f.yaml:3: states: must be a mapping from names to states, not a list"],
    ),
    "no state at all": ("summary: x\nstart: a\nstates: {}", ["f.yaml:3: states: must have at least one state"]),
    "a state that is nothing": (
        "summary: x\nstart: a\nstates:\n  a:\n",
        [
            "f.yaml:4: states.a: must be a mapping (keys: video, unified, wrapped, poll, "
            "download, downloads, content, next), not null"
        ],
    ),
    "a video that is a word": (
        "summary: x\nstart: a\nstates:\n  a: {video: queued}\n",
        ["f.yaml:4: states.a.video: must be a mapping to merge into the document, not 'queued'"],
    ),
    "a flag in words": (HEAD + "never_ends: yes\n", ["f.yaml:6: never_ends: must be true or false, not 'yes'"]),
    "a seed with a point": (HEAD + "seed: 1.5\n", ["f.yaml:6: seed: must be an integer, not 1.5"]),
    "a seed that is true": (HEAD + "seed: true\n", ["f.yaml:6: seed: must be an integer, not true"]),
    "an unknown dialect": (
        HEAD + "dialect: newapi\n",
        ["f.yaml:6: dialect: no dialect 'newapi' (did you mean 'new-api'?)"],
    ),
    "an unknown download_auth": (
        HEAD + "download_auth: none\n",
        ["f.yaml:6: download_auth: no mode 'none' (available: strict, lenient, bearer)"],
    ),
    "a lifetime in words": (
        HEAD + "link_lifetime: a day\n",
        ["f.yaml:6: link_lifetime: must be a duration such as 45s, 500ms, 2m or 12h, not 'a day'"],
    ),
    "an expectation that is a word": (
        HEAD + "expect: clip\n",
        ["f.yaml:6: expect: must be a mapping (keys: outcome, from), not 'clip'"],
    ),
    "an expectation of nothing": (HEAD + "expect: {}\n", ["f.yaml:6: expect.outcome: required key is missing"]),
    "an unknown outcome": (
        HEAD + "expect: {outcome: never}\n",
        ["f.yaml:6: expect.outcome: no outcome 'never' (available: clip, failed, no_clip, no_end, refused)"],
    ),
    "a clip from nowhere": (
        HEAD + "expect: {outcome: clip}\n",
        ["f.yaml:6: expect: 'clip' needs 'from': where the clip comes from"],
    ),
    "an unknown source": (
        HEAD + "expect: {outcome: clip, from: [url, uri]}\n",
        ["f.yaml:6: expect.from: no source 'uri' (did you mean 'url'?)"],
    ),
    "a source that is no text": (
        HEAD + "expect: {outcome: clip, from: 5}\n",
        ["f.yaml:6: expect.from: must be a source such as video_url or content, or a list of them"],
    ),
    "a reply that is another word": (
        HEAD + "    content: video\n",
        ["f.yaml:6: states.a.content: a reply must be a mapping, a status such as 404, or clip, not 'video'"],
    ),
    "a reply that is nothing": (
        HEAD + "    content: [clip, null]\n",
        ["f.yaml:6: states.a.content.1: a reply must be a mapping, a status such as 404, or clip, not null"],
    ),
    "an empty list of replies": (
        HEAD + "    content: []\n",
        ["f.yaml:6: states.a.content: the list is empty: leave out the key instead"],
    ),
    "a status that is no status": (
        HEAD + "    content: 99\n",
        ["f.yaml:6: states.a.content.status: must be a status from 200 to 599, not 99"],
    ),
    "a status in quotes": (
        HEAD + "    content: {status: '404'}\n",
        ["f.yaml:6: states.a.content.status: must be an integer, not '404'"],
    ),
    "two bodies": (
        HEAD + "    poll: {text: a, json: null}\n",
        ["f.yaml:6: states.a.poll: only one body is allowed, found json, text"],
    ),
    "two bodies in a list of one": (
        HEAD + "    poll:\n      - text: a\n        html: b\n",
        ["f.yaml:7: states.a.poll.0: only one body is allowed, found text, html"],
    ),
    "a task object where the clip should be": (
        HEAD + "    download: {video: {}}\n",
        ["f.yaml:6: states.a.download.video: 'download' sends the clip, not the task object: use 'json'"],
    ),
    "a poll that makes a task": (
        HEAD + "    poll: {status: 500, made: true}\n",
        ["f.yaml:6: states.a.poll.made: only allowed in replies of 'create'"],
    ),
    "headers in a list": (
        HEAD + "    poll: {headers: [a]}\n",
        ["f.yaml:6: states.a.poll.headers: must be a mapping from header names to strings, not a list"],
    ),
    "a header that is true": (
        HEAD + "    poll: {headers: {X-A: true}}\n",
        ["f.yaml:6: states.a.poll.headers.X-A: must be a string, or null to remove the header, not true"],
    ),
    "a header's name with a blank": (
        HEAD + "    poll: {headers: {X A: x}}\n",
        ["f.yaml:6: states.a.poll.headers.X A: 'X A' is not a valid header name"],
    ),
    "a header beyond ASCII": (
        HEAD + "    poll: {headers: {X-A: é}}\n",
        ["f.yaml:6: states.a.poll.headers.X-A: must be printable ASCII"],
    ),
    "a header with a point": (
        HEAD + "    poll: {headers: {X-A: 1.50}}\n",
        ["f.yaml:6: states.a.poll.headers.X-A: must be a string, or null to remove the header, not 1.5"],
    ),
    "an error that is a text": (
        HEAD + "    poll: {error: busy}\n",
        ["f.yaml:6: states.a.poll.error: must be a mapping such as {code: x, message: y}, not 'busy'"],
    ),
    "an error with a number": (
        HEAD + "    poll: {error: {code: 5}}\n",
        ["f.yaml:6: states.a.poll.error.code: must be a string, not 5; put it in quotes"],
    ),
    "a delay in words": (
        HEAD + "    poll: {delay: long}\n",
        ["f.yaml:6: states.a.poll.delay: must be a duration such as 45s, 500ms, 2m or 12h, not 'long'"],
    ),
    "no times": (HEAD + "    poll: {times: 0}\n", ["f.yaml:6: states.a.poll.times: must be 1 or more, not 0"]),
    "times in words": (
        HEAD + "    poll: {times: twice}\n",
        ["f.yaml:6: states.a.poll.times: must be an integer, not 'twice'"],
    ),
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
            "f.yaml:6: states.a.poll.fault: must be one fault: a name such as reset, or a "
            "mapping with one key such as {truncate: 50%}"
        ],
    ),
    "a fault that needs a number": (
        HEAD + "    poll: {fault: truncate}\n",
        ["f.yaml:6: states.a.poll.fault: 'truncate' needs a number, such as {truncate: 50%}"],
    ),
    "a fault that takes none": (
        HEAD + "    poll: {fault: {close: 5}}\n",
        ["f.yaml:6: states.a.poll.fault: 'close' takes no number: write only the name"],
    ),
    "a fault's number in words": (
        HEAD + "    poll: {fault: {truncate: half}}\n",
        ["f.yaml:6: states.a.poll.fault: 'truncate' needs a number such as {truncate: 50%}, not 'half'"],
    ),
    "a rate in percent": (
        HEAD + "    poll: {fault: {drip: 50%}}\n",
        ["f.yaml:6: states.a.poll.fault: 'drip' needs a number such as {drip: 20000}, not '50%'"],
    ),
    "more than all of the body": (
        HEAD + "    poll: {fault: {truncate: 101%}}\n",
        ["f.yaml:6: states.a.poll.fault: must be from 0% to 100% of the body, not 101%"],
    ),
    "a difference of nothing": (
        HEAD + "    poll: {fault: {wrong_length: 0}}\n",
        ["f.yaml:6: states.a.poll.fault: 'wrong_length' must not be 0"],
    ),
    "a way that is a word": (
        HEAD + "    next: a\n",
        ["f.yaml:6: states.a.next: must be a mapping (keys: state, after, on, signal, chance), not 'a'"],
    ),
    "a way to nowhere": (
        HEAD + "    next: {after: 1 poll}\n",
        ["f.yaml:6: states.a.next.state: required key is missing"],
    ),
    "a way without a trigger": (
        HEAD + "    next: {state: cancelled}\n",
        ["f.yaml:6: states.a.next: needs exactly one of 'after', 'on' and 'signal'"],
    ),
    "a way with two triggers": (
        HEAD + "    next: {state: cancelled, after: 1 poll, on: content}\n",
        ["f.yaml:6: states.a.next: needs exactly one of 'after', 'on' and 'signal'"],
    ),
    "an after that is neither": (
        HEAD + "    next: {state: cancelled, after: soon}\n",
        [
            "f.yaml:6: states.a.next.after: must be polls such as '2 polls' or a duration such "
            "as 45s, 500ms, 2m or 12h, not 'soon'"
        ],
    ),
    "no polls": (
        HEAD + "    next: {state: cancelled, after: 0 polls}\n",
        ["f.yaml:6: states.a.next.after: must be from 1 to 999999999 polls, not 0"],
    ),
    "an unknown event": (
        HEAD + "    next: {state: cancelled, on: contents}\n",
        ["f.yaml:6: states.a.next.on: no event 'contents' (did you mean 'content'?)"],
    ),
    "a chance in percent": (
        HEAD + "    next: {state: cancelled, after: 1 poll, chance: 50%}\n",
        ["f.yaml:6: states.a.next.chance: must be a number, not '50%'"],
    ),
    "more than certain": (
        HEAD + "    next: {state: cancelled, after: 1 poll, chance: 2}\n",
        ["f.yaml:6: states.a.next.chance: must be above 0 and at most 1, not 2"],
    ),
    "a ramp of three": (
        "summary: x\nstart: a\nstates: {a: {video: {status: done, progress: [1, 2, 3]}}}",
        ["f.yaml:3: states.a.video.progress: a ramp must be two integers such as [10, 90]"],
    ),
    "a state's name with a blank": (
        HEAD + "    next: {state: b c, after: 1 poll}\n  b c: {video: {status: done}}\n",
        [
            "f.yaml:7: states.b c: 'b c' is not a valid state name: use letters, digits, _ . and -, and no dot first",
        ],
    ),
    "a schema that is no text": (
        HEAD + "$schema: 5\n",
        ["f.yaml:6: $schema: must be a string, not 5; put it in quotes"],
    ),
    "downloads in a list": (
        HEAD + "    downloads: [clip]\n",
        ["f.yaml:6: states.a.downloads: must be a mapping from names to replies, not a list"],
    ),
}


# Shapes that are right, of things that are wrong: what only the reader finds.
WRONG_MEANINGS: Mapping[str, tuple[str, list[str]]] = {
    "an empty summary": (
        "summary: ''\nstart: a\nstates: {a: {video: {status: done}}}",
        ["f.yaml:1: summary: must be one line that describes the scenario"],
    ),
    "a summary of two lines": (
        "summary: |\n  x\n  y\nstart: a\nstates: {a: {video: {status: done}}}",
        ["f.yaml:1: summary: must be one line that describes the scenario"],
    ),
    "an unknown start": (
        "summary: x\nstart: quened\nstates:\n  queued: {video: {status: done}}\n",
        ["f.yaml:2: start: no state 'quened' (did you mean 'queued'?)"],
    ),
    "an unknown next state": (
        HEAD + "    next:\n      - after: 1 poll\n        state: cancled\n      - {state: cancelled, on: content}\n",
        ["f.yaml:8: states.a.next.0.state: no state 'cancled' (did you mean 'cancelled'?)"],
    ),
    "a state that nothing leads to": (
        HEAD + "  b:\n    video: {status: done}\n",
        ["f.yaml:6: states.b: state is unreachable from the start state 'a'"],
    ),
    "an end that is none": (
        HEAD + "    next: {state: b, after: 1 poll}\n  b: {}\n",
        [
            "f.yaml:7: states.b: the task stays here forever: status 'processing' does not end a "
            "task; add a 'next', or 'never_ends: true'"
        ],
    ),
    "an unknown template": (
        HEAD + "    unified:\n      a:\n        - 1\n        - url: '{downlod_url}'\n",
        [
            "f.yaml:9: states.a.unified.a.1.url: unknown placeholder {downlod_url} (did you mean 'download_url'?); "
            "write {{downlod_url}} for the text"
        ],
    ),
    "the problem of one reply in a list of one": (
        HEAD + "    poll:\n      -\n        text: '{tsk_id}'\n",
        [
            "f.yaml:8: states.a.poll.0.text: unknown placeholder {tsk_id} (did you mean 'task_id'?); write {{tsk_id}} "
            "for the text"
        ],
    ),
    "a link that nothing shows": (
        HEAD + "    downloads:\n      a: clip\n",
        ["f.yaml:7: states.a.downloads.a: unused link: no text has {download_url:a}"],
    ),
    "an end that is misspelt": (
        HEAD + "    next: {state: b, after: 1 poll}\n  b: {video: {status: Complete}}\n",
        [
            "f.yaml:7: states.b: the task stays here forever: status 'Complete' does not end a "
            "task (did you mean 'completed'?); add a 'next', or 'never_ends: true'"
        ],
    ),
    "a header that says where the body ends": (
        HEAD + "    poll:\n      headers:\n        Content-Length: 5\n",
        [
            "f.yaml:8: states.a.poll.headers.Content-Length: the server sets this header itself: "
            "use a 'fault' for a wrong one"
        ],
    ),
    "a ramp without an after": (
        "summary: x\nstart: a\nstates: {a: {video: {status: done, progress: [1, 2]}}}",
        ["f.yaml:3: states.a.video.progress: a ramp lasts as long as the state: it needs a 'next' with 'after'"],
    ),
    "a header twice": (
        HEAD + "    poll: {headers: {X-A: a, x-a: b}}\n",
        ["f.yaml:6: states.a.poll.headers.x-a: duplicate header (case does not matter)"],
    ),
}


# Text that is no YAML, or of the parts of YAML that are not supported: each ends the reading.
WRONG_TEXT: Mapping[str, tuple[str, list[str]]] = {
    "nothing": ("", ["f.yaml:1: the file is empty: a scenario starts with 'summary:'"]),
    "comments alone": ("# a\n# b\n", ["f.yaml:1: the file is empty: a scenario starts with 'summary:'"]),
    "an anchor": (
        HEAD + "expect: &x {outcome: failed}\n",
        ["f.yaml:6: expect: anchors such as &x are not supported: write the value out"],
    ),
    "an alias": (
        HEAD + "expect: *x\n",
        ["f.yaml:6: expect: aliases such as *x are not supported: write the value out"],
    ),
    "an anchor of a key": (
        HEAD + "&x source: y\n",
        ["f.yaml:6: anchors such as &x are not supported: write the value out"],
    ),
    "a tag of a key": (HEAD + "!!str source: y\n", ["f.yaml:6: tags such as !!str are not supported"]),
    "a key that is a list": (HEAD + "? [a]\n: x\n", ["f.yaml:6: a key must be a string, not a list or a mapping"]),
    "a tag that says nothing": (HEAD + "source: ! x\n", ["f.yaml:6: source: tags such as ! are not supported"]),
    "a byte order mark in the middle": (
        HEAD + "source: \ufeffx\n",
        ["f.yaml:6: character '\\ufeff' is not allowed: write it as an escape in double quotes"],
    ),
    "a directive": (
        "\n# x\n%YAML 1.2\n---\n" + HEAD,
        ["f.yaml:3: directives such as %YAML are not supported: start with the keys of the scenario"],
    ),
    "a merge key": (
        HEAD + "    <<: {poll: 404}\n",
        ["f.yaml:6: states.a: merge keys '<<' are not supported: write the values out"],
    ),
    "a tag": (HEAD + "seed: !!int 5\n", ["f.yaml:6: seed: tags such as !!int are not supported"]),
    "a tag of Python": (
        HEAD + "seed: !!python/object/apply:os.system [ls]\n",
        ["f.yaml:6: seed: tags such as !!python/object/apply:os.system are not supported"],
    ),
    "a tag of one's own": (HEAD + "seed: !mine 5\n", ["f.yaml:6: seed: tags such as !mine are not supported"]),
    "a second document": (
        HEAD + "---\n" + HEAD,
        ["f.yaml:6: multiple documents are not supported: one file holds one scenario"],
    ),
    "a tab that indents": (
        HEAD + "\tsource: x\n",
        ["f.yaml:6: tabs are not allowed: indent with spaces, and write \\t in double quotes for a tab in a string"],
    ),
    "a tab behind a colon": (
        HEAD + "source:\tx\n",
        ["f.yaml:6: tabs are not allowed: indent with spaces, and write \\t in double quotes for a tab in a string"],
    ),
    "a control character": (
        HEAD + "source: \x1b\n",
        ["f.yaml:6: character '\\x1b' is not allowed: write it as an escape in double quotes"],
    ),
    "a line's end that few know": (
        HEAD + "source: a\u2028b\n",
        ["f.yaml:6: character '\\u2028' is not allowed: write it as an escape in double quotes"],
    ),
    "half a character": (HEAD + "source: \ud83d\n", ["f.yaml:6: lone surrogate '\\ud83d': not a valid character"]),
    "JSON with a key twice": (
        '{"summary": "x",\n "summary": "y",\n "start": 1}',
        [
            "f.yaml:1: states: required key is missing",
            "f.yaml:2: summary: duplicate key",
            "f.yaml:3: start: must be a string, not 1; put it in quotes",
        ],
    ),
    "JSON with numbers that it does not have": (
        '{"summary": "x", "start": "a", "states": {"a": {"video": {"status": "done"}}},\n "seed": NaN,\n'
        ' "link_lifetime": -Infinity,\n "expect": 1e400}',
        [
            "f.yaml:2: seed: NaN is not a valid JSON number",
            "f.yaml:3: link_lifetime: -Infinity is not a valid JSON number",
            "f.yaml:4: expect: 1e400 is out of range for a number; put it in quotes to make it a string",
        ],
    ),
    "JSON with half a character": (
        '{"summary": "x",\n "start": "\\ud83d"}',
        ["f.yaml:2: start: lone surrogate '\\ud83d': not a valid character"],
    ),
    "JSON and then more": (json.dumps(LIFE) + "\n{}", ["f.yaml:2: invalid JSON: Extra data at column 1"]),
    "JSON with a comment": (
        '{"summary": "x", # y\n}',
        ["f.yaml:1: invalid JSON: Expecting property name enclosed in double quotes at column 18"],
    ),
    "JSON with single quotes": ("{\"summary\": 'x'}", ["f.yaml:1: invalid JSON: Expecting value at column 13"]),
    "JSON with a word": ('{"summary":\n None}', ["f.yaml:2: invalid JSON: Expecting value at column 2"]),
    "JSON without a colon": ('{"summary" "x"}', ["f.yaml:1: invalid JSON: Expecting ':' delimiter at column 12"]),
    "JSON without a comma": ('{"a": [1 2]}', ["f.yaml:1: invalid JSON: Expecting ',' delimiter at column 10"]),
    "JSON with a broken escape": ('{"a": "\\x"}', ["f.yaml:1: invalid JSON: Invalid \\escape at column 8"]),
    "JSON with a line in a text": ('{"a": "b\n"}', ["f.yaml:1: invalid JSON: Invalid control character at column 9"]),
    "a brace": (" {", ["f.yaml:1: invalid JSON: Expecting property name enclosed in double quotes at column 3"]),
    "JSON that ends too early": (
        '{"summary": "x",\n "start"',
        ["f.yaml:2: invalid JSON: Expecting ':' delimiter at column 9"],
    ),
    "JSON with a comma too many": (
        '{"summary": "x",\n "start": "a",\n}',
        ["f.yaml:3: invalid JSON: Expecting property name enclosed in double quotes at column 1"],
    ),
}
