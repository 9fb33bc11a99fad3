"""What makes a scenario right, beyond its shape: every problem at once, for files and for Python alike."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from itertools import chain, islice
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

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
from .problems import Path, Problem, ScenarioError, data_problems, describe, not_a_string
from .template import OMIT, names

__all__ = ["part_problems", "problems", "validate"]

_WORD = re.compile(WORD)
_NAME = re.compile(rf"{WORD}(/{WORD})*")
_HEADER_NAME = re.compile(HEADER_NAME)
_HEADER_VALUE = re.compile(HEADER_VALUE)
# The server sets these; wrong ones are faults.
_FRAMING = frozenset({"content-length", "transfer-encoding"})
# Seconds. Shorter transitions would keep the fake busy and no client would see them; a link that never lives could not
# expire.
_SHORTEST = 0.001
_LINK = "link name"


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
    # Wrong types come first: with them the other checks cannot run.
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
                    yield Problem(path, f"keys must be strings, not {describe(key)}")
        elif declared_parts := _declared(base):
            for name, part in declared_parts.items():
                yield from _type_problems(getattr(value, name), part, (*path, name))
        else:
            yield from data_problems(value, path)
        return
    yield Problem(path, f"must be {_type_name(declared)}, not {describe(value)}")


@cache
def _kinds(declared: Any) -> list[tuple[Any, tuple[Any, ...]]]:
    # A closed set of strings is checked by its own table: here it is a string.
    kinds = [
        _plain(kind) for kind in (get_args(declared) if get_origin(declared) in (UnionType, Union) else [declared])
    ]
    return [(get_origin(kind) or kind, get_args(kind)) for kind in kinds]


@cache
def _declared(kind: Any) -> dict[str, Any]:
    if not (isinstance(kind, type) and is_dataclass(kind)):
        return {}
    hints = get_type_hints(kind)
    return {field.name: hints[field.name] for field in fields(kind)}


def _plain(declared: Any) -> Any:
    return str if get_origin(declared) is Literal else declared


def _is_a(value: object, kind: type) -> bool:
    if isinstance(value, bool):
        return kind is bool
    return isinstance(value, (float, int) if kind is float else kind)


def _type_name(declared: Any) -> str:
    declared = _plain(declared)
    if get_origin(declared) in (UnionType, Union):
        return " or ".join(map(_type_name, get_args(declared)))
    if get_origin(declared) is tuple:
        return f"a tuple of {get_args(declared)[0].__name__}"
    names = {str: "a string", int: "an integer", float: "a number", bool: "True or False", type(None): "None"}
    return names.get(declared) or ("a mapping" if get_origin(declared) is Mapping else f"a {declared.__name__}")


def part_problems(scenario: Scenario) -> Iterator[Problem]:
    """What is wrong with each part of a scenario by itself; its types are right."""
    if not _NAME.fullmatch(scenario.name):
        yield Problem(("name",), f"must be a name such as download/url_404, not {describe(scenario.name)}")
    if not scenario.summary.strip() or len(scenario.summary.splitlines()) > 1:
        yield Problem(("summary",), "must be one line that describes the scenario")
    if scenario.dialect is not None and scenario.dialect not in DIALECTS:
        yield Problem(
            ("dialect",), f"no dialect {describe(scenario.dialect)}{did_you_mean(scenario.dialect, DIALECTS)}"
        )
    if scenario.task_id is not None and not re.fullmatch(TASK_ID, scenario.task_id):
        yield Problem(
            ("task_id",),
            f"{describe(scenario.task_id)} is not a valid id: 1 to 200 visible ASCII characters, not . or ..",
        )
    if scenario.download_auth not in DOWNLOAD_AUTH:
        near = did_you_mean(scenario.download_auth, DOWNLOAD_AUTH)
        yield Problem(("download_auth",), f"no mode {describe(scenario.download_auth)}{near}")
    yield from _duration_problems(scenario.link_lifetime, ("link_lifetime",), _SHORTEST)
    if scenario.expect is not None:
        yield from _expect_problems(scenario.expect.outcome, scenario.expect.sources)
    slips = mistyped_links(scenario)
    yield from _reply_problems(scenario.create, ("create",), "create", slips)
    if not scenario.states:
        yield Problem(("states",), "must have at least one state")
        return
    if scenario.start not in scenario.states:
        near = did_you_mean(scenario.start, scenario.states)
        yield Problem(("start",), f"no state {describe(scenario.start)}{near}")
    for name, state in scenario.states.items():
        yield from _state_problems(scenario, name, state, slips)


def _expect_problems(outcome: str, sources: tuple[str, ...]) -> Iterator[Problem]:
    if outcome not in OUTCOMES:
        yield Problem(("expect", "outcome"), f"no outcome {describe(outcome)}{did_you_mean(outcome, OUTCOMES)}")
    for source in sources:
        if source not in SOURCES:
            yield Problem(("expect", "from"), f"no source {describe(source)}{did_you_mean(source, SOURCES)}")
    if outcome == "clip" and not sources:
        yield Problem(("expect",), "'clip' needs 'from': where the clip comes from")
    if outcome != "clip" and outcome in OUTCOMES and sources:
        yield Problem(("expect", "from"), "only allowed with the outcome 'clip'")


def _state_problems(scenario: Scenario, name: str, state: State, slips: Mapping[str, str]) -> Iterator[Problem]:
    here: Path = ("states", name)
    yield from _name_problems(name, here, "state name")
    progress = state.video.get("progress")
    if isinstance(progress, list | tuple) and not is_ramp(progress):
        yield Problem((*here, "video", "progress"), "a ramp must be two integers such as [10, 90]")
    for part in ("video", "unified", "wrapped"):
        yield from _template_problems(getattr(state, part), (*here, part), slips)
    for part in ("poll", "content", "download"):
        yield from _reply_problems(getattr(state, part), (*here, part), part, slips)
    for link, replies in state.downloads.items():
        yield from _name_problems(link, (*here, "downloads", link), _LINK)
        yield from _reply_problems(replies, (*here, "downloads", link), "download", slips)
    for index, transition in enumerate(state.next):
        yield from _transition_problems(scenario, transition, (*here, "next", index))


def _name_problems(name: str, path: Path, what: str) -> Iterator[Problem]:
    if not _WORD.fullmatch(name):
        yield Problem(path, f"{describe(name)} is not a valid {what}: use letters, digits, _ . and -, and no dot first")


def _transition_problems(scenario: Scenario, transition: Transition, path: Path) -> Iterator[Problem]:
    if transition.state not in scenario.states and transition.state != CANCELLED:
        near = did_you_mean(transition.state, dict.fromkeys([*scenario.states, CANCELLED]))
        yield Problem((*path, "state"), f"no state {describe(transition.state)}{near}")
    triggers = [transition.polls, transition.seconds, transition.on, transition.signal]
    if sum(trigger is not None for trigger in triggers) != 1:
        yield Problem(path, "needs exactly one of 'after', 'on' and 'signal'")
    if transition.polls is not None and not 1 <= transition.polls <= MAX_POLLS:
        yield Problem((*path, "after"), f"must be from 1 to {MAX_POLLS} polls, not {transition.polls}")
    if transition.seconds is not None:
        yield from _duration_problems(transition.seconds, (*path, "after"), _SHORTEST)
    if transition.on is not None and transition.on not in EVENTS:
        yield Problem((*path, "on"), f"no event {describe(transition.on)}{did_you_mean(transition.on, EVENTS)}")
    if transition.signal is not None:
        yield from _name_problems(transition.signal, (*path, "signal"), "signal name")
    if not 0 < transition.chance <= 1:
        yield Problem((*path, "chance"), f"must be above 0 and at most 1, not {transition.chance:g}")


def _duration_problems(seconds: float, path: Path, least: float = 0.0) -> Iterator[Problem]:
    if not least <= seconds <= MAX_SECONDS:
        yield Problem(path, f"must be from {least * 1000:.0f}ms to {MAX_SECONDS:.0f}s, not {seconds:g}s")


def _reply_problems(
    replies: tuple[ReplyTemplate, ...], path: Path, route: str, slips: Mapping[str, str]
) -> Iterator[Problem]:
    for index, reply in enumerate(replies):
        here: Path = (*path, index)
        bodies = {
            "video": reply.video, "json": True if reply.has_json else None, "text": reply.text, "html": reply.html,
            "clip": reply.clip, "error": reply.error, "redirect": reply.redirect,
        }  # fmt: skip
        given = [name for name, body in bodies.items() if body is not None]
        if len(given) > 1:
            yield Problem(here, f"only one body is allowed, found {', '.join(given)}")
        if reply.json is not None and not reply.has_json:
            yield Problem((*here, "json"), "a JSON body needs has_json=True as well")
        if reply.video is not None and route in ("content", "download"):
            yield Problem((*here, "video"), f"'{route}' sends the clip, not the task object: use 'json'")
        if reply.status is not None and reply.status not in STATUSES:
            yield Problem((*here, "status"), f"must be a status from 200 to 599, not {describe(reply.status)}")
        if reply.times < 1:
            yield Problem((*here, "times"), f"must be 1 or more, not {describe(reply.times)}")
        yield from _duration_problems(reply.delay, (*here, "delay"))
        if reply.made is not None and route != "create":
            yield Problem((*here, "made"), "only allowed in replies of 'create'")
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
            yield Problem((*path, name), f"{describe(name)} is not a valid header name")
            continue
        if name.lower() in known:
            yield Problem((*path, name), "duplicate header (case does not matter)")
        known.add(name.lower())
        if name.lower() in _FRAMING:
            yield Problem((*path, name), "the server sets this header itself: use a 'fault' for a wrong one")
        elif text is None:
            continue
        elif not isinstance(text, str):
            yield Problem((*path, name), f"must be a string, or null to remove the header, not {describe(text)}")
        elif not _HEADER_VALUE.fullmatch(text):
            yield Problem((*path, name), "must be printable ASCII")
        elif text == OMIT:
            yield Problem((*path, name), "use null to remove a header, not {omit}")
        else:
            yield from _template_problems(text, (*path, name), slips)


def _error_problems(error: Mapping[str, str], path: Path) -> Iterator[Problem]:
    for key, text in error.items():
        if key not in ("code", "message"):
            yield Problem((*path, key), f"unknown key{did_you_mean(key, ('code', 'message'))}")
        elif not isinstance(text, str):
            yield Problem((*path, key), not_a_string(text))


def _fault_problems(fault: Fault, path: Path) -> Iterator[Problem]:
    kind = FAULTS.get(fault.kind)
    if kind is None:
        yield Problem(path, f"no fault {describe(fault.kind)}{did_you_mean(fault.kind, FAULTS)}")
        return
    given = {"at": fault.at is not None, "amount": fault.amount is not None}
    rules = {"at": kind.at, "amount": kind.amount}
    if any(given[key] and rules[key] == "no" for key in given):
        yield Problem(path, f"{fault.kind!r} takes {'another' if kind.example else 'no'} number{_example(fault.kind)}")
        return
    if any(not given[key] and rules[key] == "must" for key in given):
        yield Problem(path, f"{fault.kind!r} needs a number{_example(fault.kind)}")
        return
    if isinstance(fault.at, float) and not 0 <= fault.at <= 1:
        yield Problem(path, f"must be from 0% to 100% of the body, not {fault.at * 100:g}%")
    elif fault.at is not None and fault.at < 0:
        yield Problem(path, f"must be 0 bytes or more, not {fault.at}")
    if fault.amount is not None:
        if kind.least is not None and fault.amount < kind.least:
            yield Problem(path, f"{fault.kind!r} must be {kind.least} or more, not {fault.amount}")
        elif kind.least is None and fault.amount == 0:
            yield Problem(path, f"{fault.kind!r} must not be 0")


def _example(kind: str) -> str:
    example = FAULTS[kind].example
    return f", such as {example}" if example else ""


def _template_problems(value: Any, path: Path, slips: Mapping[str, str], *, of_key: bool = False) -> Iterator[Problem]:
    """`of_key`: the value belongs to a key of the document, where `{omit}` can remove it."""
    if isinstance(value, str):
        for name, argument in dict.fromkeys(names(value)):
            if name == "omit":
                if value != OMIT or not of_key:
                    yield Problem(path, "{omit} must be the whole value of the key that it removes")
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
        yield Problem(path, f"{{{name}}} takes no argument, remove ':{argument}'")
    elif argument is not None and not _WORD.fullmatch(argument):
        yield from _name_problems(argument, path, _LINK)
    # A link of its own need not be scripted: then it gives the clip. Nearly the name of one is a slip.
    elif argument is not None and argument in slips:
        yield Problem(path, f"no state has a link {argument!r} in 'downloads' (did you mean {slips[argument]!r}?)")
