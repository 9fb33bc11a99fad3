"""Scenarios to text: `Scenario` to YAML or JSON, as a person would write it; `reader` turns it back without loss."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any, Literal

import yaml

from ..api.messages import Fault
from ..api.suggest import did_you_mean
from .keys import Kind, keys_of
from .model import Expect, ReplyTemplate, Scenario, State, Transition
from .reader import UNITS
from .source_text import resolve

__all__ = ["to_data", "write_scenario"]


def to_data(scenario: Scenario) -> dict[str, Any]:
    """A scenario as the data that a file of it holds, in its shortest form; `from_data` turns it back."""
    return _written(scenario)


def write_scenario(scenario: Scenario, *, format: Literal["yaml", "json"] = "yaml", schema: str | None = None) -> str:
    """A scenario as the text of a file, as a person would write it; `read_scenario` reads the text of a valid one back.

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


def _written(part: Scenario | State | Transition | ReplyTemplate | Expect) -> dict[str, Any]:
    """The keys of a part of a scenario, in their order; what is as usual is not written."""
    data: dict[str, Any] = {}
    for key in keys_of(type(part)).values():
        value = getattr(part, key.field)
        if key.kind == "after":
            if part.polls is not None:  # type: ignore[union-attr]
                data[key.name] = f"{value} poll{'' if value == 1 else 's'}"
            elif part.seconds is not None:  # type: ignore[union-attr]
                data[key.name] = _written_duration(part.seconds)  # type: ignore[union-attr]
        elif key.kind == "any":
            if getattr(part, f"has_{key.field}"):
                data[key.name] = _plain(value)
        elif key.required or value != key.default:
            data[key.name] = _WRITERS.get(key.kind, _plain)(value)
    return data


def _written_replies(replies: tuple[ReplyTemplate, ...]) -> Any:
    return _one_or_all([_written_reply(reply) for reply in replies])


def _written_reply(reply: ReplyTemplate) -> Any:
    if reply == ReplyTemplate(clip="clip"):
        return "clip"
    return _written(reply)


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


# How the values of the kinds of keys are written; of the others, as plain data.
_WRITERS: Mapping[Kind, Callable[[Any], Any]] = {
    "duration": _written_duration,
    "expect": _written,
    "fault": _written_fault,
    "headers": dict,
    "links": lambda links: {link: _written_replies(replies) for link, replies in links.items()},
    "replies": _written_replies,
    "sources": lambda sources: _one_or_all(list(sources)),
    "states": lambda states: {name: _written(state) for name, state in states.items()},
    "transitions": lambda transitions: _one_or_all([_written(transition) for transition in transitions]),
}


# YAML is written here and not by PyYAML: what stands on one line is a matter of what the keys mean, and of YAML only
# the little is needed that `yaml_text` reads: mappings, lists, numbers, and text that is plain, quoted as in JSON, or
# a page.

_WIDTH = 110
# YAML wants a longer key to be marked.
_LONGEST_KEY = 1000
# Text that needs no quotes: up to two words inside brackets, a sentence on a line of its own. YAML allows more.
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
        return not isinstance(resolve(plain), str)
    except ValueError:
        return True


def _escaped(text: str) -> str:
    return _UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
