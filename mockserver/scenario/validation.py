"""What makes a scenario right, beyond its shape: every problem at once, for files and for Python alike."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from itertools import chain, islice
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

from ..api.contract import OUTCOMES
from ..api.dialects import DIALECTS
from ..api.faults import FAULTS
from ..api.messages import Fault
from ..api.suggest import did_you_mean
from .cache import ScenarioCache
from .graph import graph_problems
from .limits import (
    DOWNLOAD_AUTH,
    HEADER_NAME,
    HEADER_VALUE,
    MAX_POLLS,
    MAX_PROBLEMS,
    MAX_SECONDS,
    SOURCES,
    STATUSES,
    TASK_ID,
    WORD,
)
from .links import link_problems, mistyped_links, takes_link
from .model import CANCELLED, EVENTS, ReplyTemplate, Scenario, State, Transition, is_ramp
from .placeholders import PLACEHOLDERS
from .problems import Path, Problem, ScenarioError, data_problems, not_a_text, shown
from .template import OMIT, names

__all__ = ["part_problems", "problems", "validate"]

_WORD = re.compile(WORD)
_NAME = re.compile(rf"{WORD}(/{WORD})*")
_HEADER_NAME = re.compile(HEADER_NAME)
_HEADER_VALUE = re.compile(HEADER_VALUE)
# Where a body ends is for the edge to say: a wrong word about it is a fault.
_FRAMING = frozenset({"content-length", "transfer-encoding"})
# Transitions that come by themselves faster than this would keep a fake busy, not a client. A link of no life at all
# is not one that has expired.
_SHORTEST = 0.001
# How many links a mistyped one is compared with.
_CANDIDATES = 100
_LINK = "a link's name such as 'a' or 'mirror'"


def validate(scenario: Scenario) -> Scenario:
    """The scenario itself. Raises `ScenarioError` with every problem when it is not right."""
    _is_valid.get(scenario)
    return scenario


def _raise_for_problems(scenario: Scenario) -> bool:
    found = problems(scenario)
    if found:
        raise ScenarioError(found, scenario.name)
    return True


# The same scenario is given to many fakes.
_is_valid = ScenarioCache(_raise_for_problems)


def problems(scenario: Scenario) -> list[Problem]:
    """Everything that is wrong with a scenario, from the top down; at most `MAX_PROBLEMS`."""
    found = list(islice(_type_problems(scenario, Scenario, ()), MAX_PROBLEMS))
    rest = chain(part_problems(scenario), graph_problems(scenario), link_problems(scenario))
    # Of what a file could not even hold no more is said.
    return found or list(islice(rest, MAX_PROBLEMS))


def _type_problems(value: object, declared: Any, path: Path) -> Iterator[Problem]:
    """What in a scenario built in Python is not of the type that its field declares, or cannot stand in a file."""
    for base, parts in _kinds(declared):
        if base is not Any and not _is_a(value, base):
            continue
        if base is tuple and isinstance(value, tuple):
            # One alone is written without a list around it.
            for index, part in enumerate(value):
                yield from _type_problems(part, parts[0], (*path, index) if len(value) > 1 else path)
        elif base is Mapping and isinstance(value, Mapping) and parts[1] is not Any:
            for key, part in value.items():
                if isinstance(key, str):
                    yield from _type_problems(part, parts[1], (*path, key))
                else:
                    yield Problem(path, f"the key {shown(key)} is not a text")
        elif declared_parts := _declared(base):
            for name, part in declared_parts.items():
                yield from _type_problems(getattr(value, name), part, (*path, name))
        else:
            yield from data_problems(value, path)
        return
    yield Problem(path, f"{shown(value)} is not {_type_name(declared)}")


@cache
def _kinds(declared: Any) -> list[tuple[Any, tuple[Any, ...]]]:
    kinds = get_args(declared) if isinstance(declared, UnionType) else [declared]
    return [(get_origin(kind) or kind, get_args(kind)) for kind in kinds]


@cache
def _declared(kind: Any) -> dict[str, Any]:
    if not (isinstance(kind, type) and is_dataclass(kind)):
        return {}
    hints = get_type_hints(kind)
    return {field.name: hints[field.name] for field in fields(kind)}


def _is_a(value: object, kind: type) -> bool:
    if isinstance(value, bool):
        return kind is bool
    return isinstance(value, (float, int) if kind is float else kind)


def _type_name(declared: Any) -> str:
    if isinstance(declared, UnionType):
        return " or ".join(map(_type_name, get_args(declared)))
    if get_origin(declared) is tuple:
        return f"a tuple of {get_args(declared)[0].__name__}"
    names = {str: "a text", int: "a whole number", float: "a number", bool: "True or False", type(None): "None"}
    return names.get(declared) or ("a mapping" if get_origin(declared) is Mapping else f"a {declared.__name__}")


def part_problems(scenario: Scenario) -> Iterator[Problem]:
    """What is wrong with the parts of a scenario, each for itself; its values are such as a file can hold."""
    if not _NAME.fullmatch(scenario.name):
        yield Problem(("name",), f"{shown(scenario.name)} is not a name such as download/url_404")
    if not scenario.summary.strip() or len(scenario.summary.splitlines()) > 1:
        yield Problem(("summary",), "say in one line what happens")
    if scenario.dialect is not None and scenario.dialect not in DIALECTS:
        yield Problem(("dialect",), f"no dialect {shown(scenario.dialect)}{did_you_mean(scenario.dialect, DIALECTS)}")
    if scenario.task_id is not None and not re.fullmatch(TASK_ID, scenario.task_id):
        yield Problem(("task_id",), f"{shown(scenario.task_id)} is not 1 to 200 visible ASCII characters")
    if scenario.download_auth not in DOWNLOAD_AUTH:
        near = did_you_mean(scenario.download_auth, DOWNLOAD_AUTH)
        yield Problem(("download_auth",), f"no way to treat Authorization {shown(scenario.download_auth)}{near}")
    yield from _duration_problems(scenario.link_lifetime, ("link_lifetime",), "a link lives", _SHORTEST)
    if scenario.expect is not None:
        yield from _expect_problems(scenario.expect.outcome, scenario.expect.sources)
    slips = mistyped_links(scenario)
    yield from _reply_problems(scenario.create, ("create",), "create", slips)
    if not scenario.states:
        yield Problem(("states",), "there is no state")
        return
    if scenario.start not in scenario.states:
        near = did_you_mean(scenario.start, scenario.states)
        yield Problem(("start",), f"no state {shown(scenario.start)}{near}")
    for name, state in scenario.states.items():
        yield from _state_problems(scenario, name, state, slips)


def _expect_problems(outcome: str, sources: tuple[str, ...]) -> Iterator[Problem]:
    if outcome not in OUTCOMES:
        yield Problem(("expect", "outcome"), f"no outcome {shown(outcome)}{did_you_mean(outcome, OUTCOMES)}")
    for source in sources:
        if source not in SOURCES:
            yield Problem(("expect", "from"), f"no source {shown(source)}{did_you_mean(source, SOURCES)}")
    if outcome == "clip" and not sources:
        yield Problem(("expect",), "say where the clip is 'from'")
    if outcome != "clip" and outcome in OUTCOMES and sources:
        yield Problem(("expect", "from"), "only a clip is from somewhere")


def _state_problems(scenario: Scenario, name: str, state: State, slips: Mapping[str, str]) -> Iterator[Problem]:
    here: Path = ("states", name)
    yield from _word_problems(name, here, "a state's name such as 'queued'")
    progress = state.video.get("progress")
    if isinstance(progress, list | tuple) and not is_ramp(progress):
        yield Problem((*here, "video", "progress"), "a ramp is two whole numbers, such as [10, 90]")
    for part in ("video", "unified", "wrapped"):
        yield from _template_problems(getattr(state, part), (*here, part), slips)
    for part in ("poll", "content", "download"):
        yield from _reply_problems(getattr(state, part), (*here, part), part, slips)
    for link, replies in state.downloads.items():
        yield from _word_problems(link, (*here, "downloads", link), _LINK)
        yield from _reply_problems(replies, (*here, "downloads", link), "download", slips)
    for index, way in enumerate(state.next):
        yield from _transition_problems(scenario, way, (*here, "next", index))


def _word_problems(word: str, path: Path, what: str) -> Iterator[Problem]:
    if not _WORD.fullmatch(word):
        yield Problem(path, f"{shown(word)} is not {what}: letters, digits and _ . - alone, no dot first")


def _transition_problems(scenario: Scenario, way: Transition, path: Path) -> Iterator[Problem]:
    if way.state not in scenario.states and way.state != CANCELLED:
        near = did_you_mean(way.state, dict.fromkeys([*scenario.states, CANCELLED]))
        yield Problem((*path, "state"), f"no state {shown(way.state)}{near}")
    triggers = [way.polls, way.seconds, way.on, way.signal]
    if sum(trigger is not None for trigger in triggers) != 1:
        yield Problem(path, "say exactly one of 'after', 'on' and 'signal'")
    if way.polls is not None and not 1 <= way.polls <= MAX_POLLS:
        yield Problem((*path, "after"), f"{way.polls} polls: from 1 to {MAX_POLLS} polls are answered in a state")
    if way.seconds is not None:
        yield from _duration_problems(way.seconds, (*path, "after"), "a state lasts", _SHORTEST)
    if way.on is not None and way.on not in EVENTS:
        yield Problem((*path, "on"), f"no event {shown(way.on)}{did_you_mean(way.on, EVENTS)}")
    if way.signal is not None:
        yield from _word_problems(way.signal, (*path, "signal"), "a signal such as 'go'")
    if not 0 < way.chance <= 1:
        yield Problem((*path, "chance"), f"{way.chance:g} is not above 0 and at most 1")


def _duration_problems(seconds: float, path: Path, what: str, least: float = 0.0) -> Iterator[Problem]:
    if not least <= seconds <= MAX_SECONDS:
        message = f"{seconds:g} seconds: {what} {least * 1000:.0f}ms or more, and at most {MAX_SECONDS:.0f}s"
        yield Problem(path, message)


def _reply_problems(
    replies: tuple[ReplyTemplate, ...], path: Path, route: str, slips: Mapping[str, str]
) -> Iterator[Problem]:
    for index, reply in enumerate(replies):
        here: Path = (*path, index)
        bodies = {
            "video": reply.video, "json": True if reply.has_json else None, "text": reply.text, "html": reply.html,
            "clip": reply.clip, "error": reply.error, "redirect": reply.redirect,
        }  # fmt: skip
        said = [name for name, body in bodies.items() if body is not None]
        if len(said) > 1:
            yield Problem(here, f"one body, not several: {', '.join(said)}")
        if reply.json is not None and not reply.has_json:
            yield Problem((*here, "json"), "a body of JSON needs has_json=True beside it")
        if reply.video is not None and route in ("content", "download"):
            yield Problem((*here, "video"), f"'{route}' shows the clip, not the task: say 'json'")
        if reply.status is not None and reply.status not in STATUSES:
            yield Problem((*here, "status"), f"{shown(reply.status)} is not a status from 200 to 599")
        if reply.times < 1:
            yield Problem((*here, "times"), f"{shown(reply.times)} is not 1 or more")
        yield from _duration_problems(reply.delay, (*here, "delay"), "a delay takes")
        if reply.made is not None and route != "create":
            yield Problem((*here, "made"), "only replies of 'create' make a task")
        if reply.fault is not None:
            yield from _fault_problems(reply.fault, (*here, "fault"))
        yield from _header_problems(reply.headers, (*here, "headers"), slips)
        if reply.error is not None:
            yield from _error_problems(reply.error, (*here, "error"))
        for part in ("video", "json", "text", "html", "error", "redirect"):
            yield from _template_problems(getattr(reply, part), (*here, part), slips)


def _header_problems(headers: Mapping[str, str | None], path: Path, slips: Mapping[str, str]) -> Iterator[Problem]:
    known: set[str] = set()
    for name, text in headers.items():
        if not _HEADER_NAME.fullmatch(name):
            yield Problem((*path, name), f"{shown(name)} is not the name of a header")
            continue
        if name.lower() in known:
            yield Problem((*path, name), "the header stands here twice: capitals do not count")
        known.add(name.lower())
        if name.lower() in _FRAMING:
            yield Problem((*path, name), "where the body ends is not for a header to say: a 'fault' can lie about it")
        elif text is None:
            continue
        elif not isinstance(text, str):
            yield Problem((*path, name), f"{shown(text)} is neither a text nor null (which takes the header away)")
        elif not _HEADER_VALUE.fullmatch(text):
            yield Problem((*path, name), "a header holds printable ASCII alone")
        elif text == OMIT:
            yield Problem((*path, name), "null takes a header away, {omit} does not")
        else:
            yield from _template_problems(text, (*path, name), slips)


def _error_problems(error: Mapping[str, str], path: Path) -> Iterator[Problem]:
    for key, text in error.items():
        if key not in ("code", "message"):
            yield Problem((*path, key), f"unknown key{did_you_mean(key, ('code', 'message'))}")
        elif not isinstance(text, str):
            yield Problem((*path, key), not_a_text(text))


def _fault_problems(fault: Fault, path: Path) -> Iterator[Problem]:
    kind = FAULTS.get(fault.kind)
    if kind is None:
        yield Problem(path, f"no fault {shown(fault.kind)}{did_you_mean(fault.kind, FAULTS)}")
        return
    given = {"at": fault.at is not None, "amount": fault.amount is not None}
    rules = {"at": kind.at, "amount": kind.amount}
    if any(given[key] and rules[key] == "no" for key in given):
        yield Problem(path, f"{fault.kind!r} takes no {'such ' if kind.example else ''}number{_example(fault.kind)}")
        return
    if any(not given[key] and rules[key] == "must" for key in given):
        yield Problem(path, f"{fault.kind!r} needs a number{_example(fault.kind)}")
        return
    if isinstance(fault.at, float) and not 0 <= fault.at <= 1:
        yield Problem(path, f"{fault.at * 100:g}% is not a share of the body from 0% to 100%")
    elif fault.at is not None and fault.at < 0:
        yield Problem(path, f"{fault.at} is not a number of bytes")
    if fault.amount is not None:
        if kind.least is not None and fault.amount < kind.least:
            yield Problem(path, f"{fault.amount} is too small: {fault.kind!r} takes {kind.least} or more")
        elif kind.least is None and fault.amount == 0:
            yield Problem(path, f"{fault.kind!r} of 0 is no fault")


def _example(kind: str) -> str:
    example = FAULTS[kind].example
    return f", such as {example}" if example else ""


def _template_problems(value: Any, path: Path, slips: Mapping[str, str], *, of_key: bool = False) -> Iterator[Problem]:
    """`of_key`: the value belongs to a key of the document, where `{omit}` can take it away."""
    if isinstance(value, str):
        for name, argument in dict.fromkeys(names(value)):
            if name == "omit":
                if value != OMIT or not of_key:
                    yield Problem(path, "{omit} stands alone, as the value of a key that it takes away")
            else:
                yield from _placeholder_problems(name, argument, path, slips)
    elif isinstance(value, Mapping):
        for key, part in value.items():
            yield from _template_problems(part, (*path, key), slips, of_key=True)
    elif isinstance(value, list | tuple):
        for index, part in enumerate(value):
            yield from _template_problems(part, (*path, index), slips)


def _placeholder_problems(name: str, argument: str | None, path: Path, slips: Mapping[str, str]) -> Iterator[Problem]:
    whole = "{" + name + (f":{argument}" if argument is not None else "") + "}"
    if name not in PLACEHOLDERS:
        hint = did_you_mean(name, PLACEHOLDERS)
        yield Problem(path, f"unknown placeholder {whole}{hint}; write {{{whole}}} for the text")
    elif argument is not None and not takes_link(name):
        yield Problem(path, f"{{{name}}} takes no ':{argument}'")
    elif argument is not None and not _WORD.fullmatch(argument):
        yield from _word_problems(argument, path, _LINK)
    # A link of its own need not be scripted: then it gives the clip. Nearly the name of one is a slip.
    elif argument is not None and argument in slips:
        yield Problem(path, f"no state has a link {argument!r} in 'downloads' (did you mean {slips[argument]!r}?)")
