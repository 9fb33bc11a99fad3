"""Scenarios to text: `Scenario` to YAML or JSON, as a person would write it; `reader` turns it back without loss."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import fields
from decimal import Decimal
from typing import Any, Literal

import yaml

from ..api.messages import Fault
from ..api.suggest import did_you_mean
from . import yaml_text as yaml_data
from .model import ReplyTemplate, Scenario, State, Transition
from .reader import BODIES, STATE_KEYS, UNITS

__all__ = ["to_data", "write_scenario"]


def to_data(scenario: Scenario) -> dict[str, Any]:
    """A scenario as the data that a file of it holds, in its shortest form; `from_data` turns it back."""
    given: dict[str, Any] = {
        "summary": scenario.summary,
        "source": scenario.source,
        "dialect": scenario.dialect,
        "clip": scenario.clip,
        "task_id": scenario.task_id,
        "start": scenario.start,
        "seed": scenario.seed,
        "never_ends": scenario.never_ends,
        "download_auth": scenario.download_auth,
        "link_lifetime": scenario.link_lifetime,
    }
    usual = {field.name: field.default for field in fields(Scenario)}
    data = {key: value for key, value in given.items() if value != usual[key]}
    if "link_lifetime" in data:
        data["link_lifetime"] = _written_duration(scenario.link_lifetime)
    if scenario.create:
        data["create"] = _written_replies(scenario.create)
    data["states"] = {name: _written_state(state) for name, state in scenario.states.items()}
    if scenario.expect is not None:
        data["expect"] = {"outcome": scenario.expect.outcome}
        if scenario.expect.sources:
            data["expect"]["from"] = _one_or_all(list(scenario.expect.sources))
    return data


def write_scenario(scenario: Scenario, *, format: Literal["yaml", "json"] = "yaml", schema: str | None = None) -> str:
    """A scenario as the text of a file, as a person would write it; `read` turns the text of a right one back.

    `schema` is where editors find the JSON Schema, as a path from the file. Raises ValueError for another format.
    """
    data = to_data(scenario)
    if format == "json":
        return (
            _escaped(json.dumps({"$schema": schema, **data} if schema else data, indent=2, ensure_ascii=False)) + "\n"
        )
    if format != "yaml":
        raise ValueError(f"no format {format!r}{did_you_mean(format, ('yaml', 'json'))}")
    head = f"# yaml-language-server: $schema={schema}\n" if schema else ""
    return head + "".join(f"{line}\n" for line in _yaml(data))


def _one_or_all(values: list[Any]) -> Any:
    return values[0] if len(values) == 1 else values


def _written_state(state: State) -> dict[str, Any]:
    data: dict[str, Any] = {}
    for key in ("video", "unified", "wrapped"):
        if getattr(state, key):
            data[key] = _plain(getattr(state, key))
    for key in ("poll", "download", "content"):
        if getattr(state, key):
            data[key] = _written_replies(getattr(state, key))
    if state.downloads:
        data["downloads"] = {link: _written_replies(replies) for link, replies in state.downloads.items()}
    if state.next:
        data["next"] = _one_or_all([_written_transition(way) for way in state.next])
    return {key: data[key] for key in STATE_KEYS if key in data}


def _written_transition(way: Transition) -> dict[str, Any]:
    data: dict[str, Any] = {"state": way.state}
    if way.polls is not None:
        data["after"] = f"{way.polls} poll{'' if way.polls == 1 else 's'}"
    if way.seconds is not None:
        data["after"] = _written_duration(way.seconds)
    if way.on is not None:
        data["on"] = way.on
    if way.signal is not None:
        data["signal"] = way.signal
    if way.chance != 1:
        data["chance"] = way.chance
    return data


def _written_replies(replies: tuple[ReplyTemplate, ...]) -> Any:
    return _one_or_all([_written_reply(reply) for reply in replies])


def _written_reply(reply: ReplyTemplate) -> Any:
    if reply == ReplyTemplate(clip="clip"):
        return "clip"
    data: dict[str, Any] = {}
    if reply.status is not None:
        data["status"] = reply.status
    if reply.headers:
        data["headers"] = dict(reply.headers)
    for key in BODIES:
        value = getattr(reply, key)
        if reply.has_json if key == "json" else value is not None:
            data[key] = _plain(value)
    if reply.delay:
        data["delay"] = _written_duration(reply.delay)
    if reply.fault is not None:
        data["fault"] = _written_fault(reply.fault)
    if reply.times != 1:
        data["times"] = reply.times
    if reply.made is not None:
        data["made"] = reply.made
    return data


def _written_fault(fault: Fault) -> Any:
    if fault.amount is not None:
        return {fault.kind: fault.amount}
    if isinstance(fault.at, float):
        share = f"{(Decimal(repr(fault.at)) * 100).normalize():f}"
        # A share that no number of percent gives exactly is written as it is.
        return {fault.kind: f"{share}%" if float(Decimal(share) / 100) == fault.at else fault.at}
    return fault.kind if fault.at is None else {fault.kind: fault.at}


def _written_duration(seconds: float) -> Any:
    exact = Decimal(repr(seconds))
    for unit in ("h", "m", "s", "ms"):
        count = exact / UNITS[unit]
        if count >= 1 and count == count.to_integral_value() and float(count * UNITS[unit]) == seconds:
            return f"{count:.0f}{unit}"
    return f"{exact:f}s"


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return value


# YAML is written here and not by PyYAML: what stands on one line is a matter of what the keys mean, and of YAML only
# the little is needed that `yaml_data` reads: mappings, lists, numbers, and text that is plain, quoted as in JSON, or
# a page.

_WIDTH = 110
# YAML wants a longer key to be marked.
_LONGEST_KEY = 1000
# Text that needs no quotes: up to two words inside of brackets, a sentence on a line of its own. YAML allows more.
_INSIDE = r"""\w./;<>()+%=!$*~^@&'"\-"""
_PLAIN = re.compile(rf"[A-Za-z0-9_/<(.][{_INSIDE}]*(?: [{_INSIDE}]+)?")
_PLAIN_ROW = re.compile(rf"[A-Za-z0-9_/<(.](?:[{_INSIDE},? ]*[{_INSIDE}?])?")
_PAGE = re.compile(r"[!-~](?:[ -~]*[!-~])?(?:\n(?:[ -~]*[!-~])?)+")
_UNPRINTABLE = re.compile("[^\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
# What other tools take for numbers, dates and so on, by first character.
_OTHER_MEANINGS: Mapping[str, list[tuple[str, re.Pattern[str]]]] = yaml.SafeLoader.yaml_implicit_resolvers


def _yaml(data: dict[str, Any]) -> Iterator[str]:
    for key, value in data.items():
        if key != "states" or not value:
            yield from _rows({key: value}, "")
            continue
        # A state has a line for each key, however short it is: that is how one state is compared with the next.
        yield "states:"
        for name, state in value.items():
            yield f"  {_key(name)}:" if state else f"  {_key(name)}: {{}}"
            yield from _rows(state, "    ")


def _rows(mapping: dict[str, Any], pad: str) -> Iterator[str]:
    for key, value in mapping.items():
        name = _key(key)
        head = f"{pad}{name}:"
        if len(name) > _LONGEST_KEY:
            yield f"{pad}? {name}"
            head = f"{pad}:"
        yield from _entry(head, value, pad)


def _entry(head: str, value: Any, pad: str) -> Iterator[str]:
    """`head` (a key, or the dash of a list) with its value: behind it where there is room, else below it."""
    if isinstance(value, str) and _PAGE.fullmatch(value) and not value.endswith("\n\n"):
        yield f"{head} |" if value.endswith("\n") else f"{head} |-"
        yield from (f"{pad}  {line}" if line else "" for line in value.removesuffix("\n").split("\n"))
        return
    is_open = isinstance(value, dict | list)
    line = f"{head} {_flow(value)}" if is_open else f"{head} {_scalar(value, _PLAIN_ROW)}"
    if not is_open or not value or len(line) <= _WIDTH:
        yield line
    elif isinstance(value, dict):
        rows = _rows(value, f"{pad}  ")
        # The first key stands behind its dash.
        yield f"{head} {next(rows).lstrip()}" if head.endswith("-") else head
        yield from rows
    else:
        yield head
        for part in value:
            yield from _entry(f"{pad}  -", part, f"{pad}  ")


def _flow(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_key(key)}: {_flow(part)}" for key, part in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_flow, value)) + "]"
    return _scalar(value)


def _key(text: str) -> str:
    # `on` is one of the format's own keys, and our reader takes it for what it is.
    return text if text == "on" else _scalar(text)


def _scalar(value: Any, plain: re.Pattern[str] = _PLAIN) -> str:
    if not isinstance(value, str):
        return json.dumps(value)
    if plain.fullmatch(value) and not _means_something_else(value):
        return value
    return _escaped(json.dumps(value, ensure_ascii=False))


def _means_something_else(plain: str) -> bool:
    """Whether an unquoted word is read as a number or the like, by our reader or by other tools (`yes`, a date)."""
    if any(meaning.match(plain) for _, meaning in _OTHER_MEANINGS.get(plain[0], ())):
        return True
    try:
        return not isinstance(yaml_data.resolve(plain), str)
    except ValueError:
        return True


def _escaped(text: str) -> str:
    return _UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
