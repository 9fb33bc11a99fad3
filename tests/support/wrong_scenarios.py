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
    "nothing but null": ("null", ["f.yaml:1: nothing is not a scenario: a mapping with summary, start and states"]),
    "a fault in the place of the reply's key": (
        HEAD + "    download: {truncate: half}\n",
        ["f.yaml:6: states.a.download.truncate: unknown key (did you mean 'fault: {truncate: ...}'?)"],
    ),
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
        ["f.yaml:1: summary: 5 is not a text; put it in quotes"],
    ),
    "a start that is no text": (
        "summary: x\nstart: null\nstates: {a: {video: {status: done}}}",
        ["f.yaml:2: start: nothing is not a text"],
    ),
    "states that are a list": (
        "summary: x\nstart: a\nstates: [a]",
        ["f.yaml:3: states: a list is not a mapping of names, each to a state"],
    ),
    "no state at all": ("summary: x\nstart: a\nstates: {}", ["f.yaml:3: states: there is no state"]),
    "a state that is nothing": (
        "summary: x\nstart: a\nstates:\n  a:\n",
        [
            "f.yaml:4: states.a: nothing is not a mapping with video, unified, wrapped, poll, download, downloads, "
            "content, next"
        ],
    ),
    "a video that is a word": (
        "summary: x\nstart: a\nstates:\n  a: {video: queued}\n",
        ["f.yaml:4: states.a.video: 'queued' is not a mapping to merge into the document"],
    ),
    "a flag in words": (HEAD + "never_ends: yes\n", ["f.yaml:6: never_ends: 'yes' is neither true nor false"]),
    "a seed with a point": (HEAD + "seed: 1.5\n", ["f.yaml:6: seed: 1.5 is not a whole number"]),
    "a seed that is true": (HEAD + "seed: true\n", ["f.yaml:6: seed: true is not a whole number"]),
    "an unknown dialect": (
        HEAD + "dialect: newapi\n",
        ["f.yaml:6: dialect: no dialect 'newapi' (did you mean 'new-api'?)"],
    ),
    "an unknown download_auth": (
        HEAD + "download_auth: none\n",
        ["f.yaml:6: download_auth: no way to treat Authorization 'none' (available: strict, lenient, bearer)"],
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
        ["f.yaml:6: expect.outcome: no outcome 'never' (available: clip, failed, no_clip, no_end, refused)"],
    ),
    "a clip from nowhere": (HEAD + "expect: {outcome: clip}\n", ["f.yaml:6: expect: say where the clip is 'from'"]),
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
    "two bodies in a list of one": (
        HEAD + "    poll:\n      - text: a\n        html: b\n",
        ["f.yaml:7: states.a.poll.0: one body, not several: text, html"],
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
    "a header with a point": (
        HEAD + "    poll: {headers: {X-A: 1.50}}\n",
        ["f.yaml:6: states.a.poll.headers.X-A: 1.5 is neither a text nor null (which takes the header away)"],
    ),
    "an error that is a text": (
        HEAD + "    poll: {error: busy}\n",
        ["f.yaml:6: states.a.poll.error: 'busy' is not an error: a mapping such as {code: x, message: y}"],
    ),
    "an error with a number": (
        HEAD + "    poll: {error: {code: 5}}\n",
        ["f.yaml:6: states.a.poll.error.code: 5 is not a text; put it in quotes"],
    ),
    "a delay in words": (
        HEAD + "    poll: {delay: long}\n",
        ["f.yaml:6: states.a.poll.delay: 'long' is not a time such as 45s, 500ms, 2m or 12h"],
    ),
    "no times": (HEAD + "    poll: {times: 0}\n", ["f.yaml:6: states.a.poll.times: 0 is not 1 or more"]),
    "times in words": (
        HEAD + "    poll: {times: twice}\n",
        ["f.yaml:6: states.a.poll.times: 'twice' is not a whole number"],
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
        ["f.yaml:6: states.a.poll.fault: 'wrong_length' of 0 is no fault"],
    ),
    "a way that is a word": (
        HEAD + "    next: a\n",
        ["f.yaml:6: states.a.next: 'a' is not a mapping with state, after, on, signal, chance"],
    ),
    "a way to nowhere": (HEAD + "    next: {after: 1 poll}\n", ["f.yaml:6: states.a.next.state: this key is missing"]),
    "a way without a trigger": (
        HEAD + "    next: {state: cancelled}\n",
        ["f.yaml:6: states.a.next: say exactly one of 'after', 'on' and 'signal'"],
    ),
    "a way with two triggers": (
        HEAD + "    next: {state: cancelled, after: 1 poll, on: content}\n",
        ["f.yaml:6: states.a.next: say exactly one of 'after', 'on' and 'signal'"],
    ),
    "an after that is neither": (
        HEAD + "    next: {state: cancelled, after: soon}\n",
        ["f.yaml:6: states.a.next.after: 'soon' is neither polls ('2 polls') nor a time ('45s', '500ms', '2m', '12h')"],
    ),
    "no polls": (
        HEAD + "    next: {state: cancelled, after: 0 polls}\n",
        ["f.yaml:6: states.a.next.after: 0 polls: from 1 to 999999999 polls are answered in a state"],
    ),
    "an unknown event": (
        HEAD + "    next: {state: cancelled, on: contents}\n",
        ["f.yaml:6: states.a.next.on: no event 'contents' (did you mean 'content'?)"],
    ),
    "a chance in percent": (
        HEAD + "    next: {state: cancelled, after: 1 poll, chance: 50%}\n",
        ["f.yaml:6: states.a.next.chance: '50%' is not a number"],
    ),
    "more than certain": (
        HEAD + "    next: {state: cancelled, after: 1 poll, chance: 2}\n",
        ["f.yaml:6: states.a.next.chance: 2 is not above 0 and at most 1"],
    ),
    "a ramp of three": (
        "summary: x\nstart: a\nstates: {a: {video: {status: done, progress: [1, 2, 3]}}}",
        ["f.yaml:3: states.a.video.progress: a ramp is two whole numbers, such as [10, 90]"],
    ),
    "a state's name with a blank": (
        HEAD + "    next: {state: b c, after: 1 poll}\n  b c: {video: {status: done}}\n",
        [
            "f.yaml:7: states.b c: 'b c' is not a state's name such as 'queued': letters, digits and _ . - alone, "
            "no dot first",
        ],
    ),
    "a schema that is no text": (HEAD + "$schema: 5\n", ["f.yaml:6: $schema: 5 is not a text; put it in quotes"]),
    "downloads in a list": (
        HEAD + "    downloads: [clip]\n",
        ["f.yaml:6: states.a.downloads: a list is not a mapping of names, each to a link"],
    ),
}


# Shapes that are right, of things that are wrong: what only the reader finds.
WRONG_MEANINGS: Mapping[str, tuple[str, list[str]]] = {
    "an empty summary": (
        "summary: ''\nstart: a\nstates: {a: {video: {status: done}}}",
        ["f.yaml:1: summary: say in one line what happens"],
    ),
    "a summary of two lines": (
        "summary: |\n  x\n  y\nstart: a\nstates: {a: {video: {status: done}}}",
        ["f.yaml:1: summary: say in one line what happens"],
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
        ["f.yaml:6: states.b: no way from the start, 'a', leads here"],
    ),
    "an end that is none": (
        HEAD + "    next: {state: b, after: 1 poll}\n  b: {}\n",
        [
            "f.yaml:7: states.b: the task stays here for ever at 'processing', which is no end: give it a 'next', or "
            "say 'never_ends: true'"
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
        ["f.yaml:7: states.a.downloads.a: nothing shows {download_url:a}"],
    ),
    "an end that is misspelt": (
        HEAD + "    next: {state: b, after: 1 poll}\n  b: {video: {status: Complete}}\n",
        [
            "f.yaml:7: states.b: the task stays here for ever at 'Complete', which is no end (did you mean "
            "'completed'?): give it a 'next', or say 'never_ends: true'"
        ],
    ),
    "a header that says where the body ends": (
        HEAD + "    poll:\n      headers:\n        Content-Length: 5\n",
        [
            "f.yaml:8: states.a.poll.headers.Content-Length: where the body ends is not for a header to say: "
            "a 'fault' can lie about it"
        ],
    ),
    "a ramp without an after": (
        "summary: x\nstart: a\nstates: {a: {video: {status: done, progress: [1, 2]}}}",
        ["f.yaml:3: states.a.video.progress: a ramp needs to know how long: a 'next' with 'after'"],
    ),
    "a header twice": (
        HEAD + "    poll: {headers: {X-A: a, x-a: b}}\n",
        ["f.yaml:6: states.a.poll.headers.x-a: the header stands here twice: capitals do not count"],
    ),
}


# Text that is no YAML, or of the parts of YAML that are not taken: each ends the reading.
WRONG_TEXT: Mapping[str, tuple[str, list[str]]] = {
    "nothing": ("", ["f.yaml:1: the file is empty: a scenario begins with 'summary:'"]),
    "comments alone": ("# a\n# b\n", ["f.yaml:1: the file is empty: a scenario begins with 'summary:'"]),
    "an anchor": (
        HEAD + "expect: &x {outcome: failed}\n",
        ["f.yaml:6: expect: anchors such as &x are not taken: write the value out"],
    ),
    "an alias": (HEAD + "expect: *x\n", ["f.yaml:6: expect: aliases such as *x are not taken: write the value out"]),
    "an anchor of a key": (
        HEAD + "&x source: y\n",
        ["f.yaml:6: anchors such as &x are not taken: write the value out"],
    ),
    "a tag of a key": (HEAD + "!!str source: y\n", ["f.yaml:6: tags such as !!str are not taken"]),
    "a key that is a list": (HEAD + "? [a]\n: x\n", ["f.yaml:6: a key is a word, not a list or a mapping"]),
    "a tag that says nothing": (HEAD + "source: ! x\n", ["f.yaml:6: source: tags such as ! are not taken"]),
    "a byte order mark in the middle": (
        HEAD + "source: \ufeffx\n",
        ["f.yaml:6: the character '\\ufeff' cannot stand here: write it as an escape, in double quotes"],
    ),
    "a directive": (
        "\n# x\n%YAML 1.2\n---\n" + HEAD,
        ["f.yaml:3: directives such as %YAML are not taken: a scenario begins with its keys"],
    ),
    "a merge key": (
        HEAD + "    <<: {poll: 404}\n",
        ["f.yaml:6: states.a: merge keys '<<' are not taken: write the values out"],
    ),
    "a tag": (HEAD + "seed: !!int 5\n", ["f.yaml:6: seed: tags such as !!int are not taken"]),
    "a tag of Python": (
        HEAD + "seed: !!python/object/apply:os.system [ls]\n",
        ["f.yaml:6: seed: tags such as !!python/object/apply:os.system are not taken"],
    ),
    "a tag of one's own": (HEAD + "seed: !mine 5\n", ["f.yaml:6: seed: tags such as !mine are not taken"]),
    "a second document": (
        HEAD + "---\n" + HEAD,
        ["f.yaml:6: a second document begins here; one file holds one scenario"],
    ),
    "a tab that indents": (
        HEAD + "\tsource: x\n",
        ["f.yaml:6: a tab cannot stand here: indent with blanks, and write \\t in double quotes for one in a text"],
    ),
    "a tab behind a colon": (
        HEAD + "source:\tx\n",
        ["f.yaml:6: a tab cannot stand here: indent with blanks, and write \\t in double quotes for one in a text"],
    ),
    "a control character": (
        HEAD + "source: \x1b\n",
        ["f.yaml:6: the character '\\x1b' cannot stand here: write it as an escape, in double quotes"],
    ),
    "a line's end that few know": (
        HEAD + "source: a\u2028b\n",
        ["f.yaml:6: the character '\\u2028' cannot stand here: write it as an escape, in double quotes"],
    ),
    "half a character": (HEAD + "source: \ud83d\n", ["f.yaml:6: the character '\\ud83d' cannot stand here"]),
    "JSON with a key twice": (
        '{"summary": "x",\n "summary": "y",\n "start": 1}',
        [
            "f.yaml:1: states: this key is missing",
            "f.yaml:2: summary: the key stands here twice",
            "f.yaml:3: start: 1 is not a text; put it in quotes",
        ],
    ),
    "JSON with numbers that it does not have": (
        '{"summary": "x", "start": "a", "states": {"a": {"video": {"status": "done"}}},\n "seed": NaN,\n'
        ' "link_lifetime": -Infinity,\n "expect": 1e400}',
        [
            "f.yaml:2: seed: NaN is not a number that JSON has",
            "f.yaml:3: link_lifetime: -Infinity is not a number that JSON has",
            "f.yaml:4: expect: 1e400 is too large a number; put it in quotes to make it text",
        ],
    ),
    "JSON with half a character": (
        '{"summary": "x",\n "start": "\\ud83d"}',
        ["f.yaml:2: start: half a character, '\\ud83d': no text can hold it"],
    ),
    "JSON and then more": (json.dumps(LIFE) + "\n{}", ["f.yaml:2: not JSON: Extra data at column 1"]),
    "JSON with a comment": (
        '{"summary": "x", # y\n}',
        ["f.yaml:1: not JSON: Expecting property name enclosed in double quotes at column 18"],
    ),
    "JSON with single quotes": ("{\"summary\": 'x'}", ["f.yaml:1: not JSON: Expecting value at column 13"]),
    "JSON with a word": ('{"summary":\n None}', ["f.yaml:2: not JSON: Expecting value at column 2"]),
    "JSON without a colon": ('{"summary" "x"}', ["f.yaml:1: not JSON: Expecting ':' delimiter at column 12"]),
    "JSON without a comma": ('{"a": [1 2]}', ["f.yaml:1: not JSON: Expecting ',' delimiter at column 10"]),
    "JSON with a broken escape": ('{"a": "\\x"}', ["f.yaml:1: not JSON: Invalid \\escape at column 8"]),
    "JSON with a line in a text": ('{"a": "b\n"}', ["f.yaml:1: not JSON: Invalid control character at column 9"]),
    "a brace": (" {", ["f.yaml:1: not JSON: Expecting property name enclosed in double quotes at column 3"]),
    "JSON that ends too early": (
        '{"summary": "x",\n "start"',
        ["f.yaml:2: not JSON: Expecting ':' delimiter at column 9"],
    ),
    "JSON with a comma too many": (
        '{"summary": "x",\n "start": "a",\n}',
        ["f.yaml:3: not JSON: Expecting property name enclosed in double quotes at column 1"],
    ),
}
