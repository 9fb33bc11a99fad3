"""Scenarios as text: YAML or JSON to `Scenario` and back without loss, with every error at once."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any, TypeVar

import yaml

from mockserver import yaml_data
from mockserver.faults import FAULTS
from mockserver.reply import Fault
from mockserver.scenario import Expect, ReplyTemplate, Scenario, State, Transition
from mockserver.scenario_check import Path, Problem, ScenarioError, did_you_mean, problems

__all__ = ["BODIES", "REPLY_KEYS", "SCENARIO_KEYS", "STATE_KEYS", "from_data", "read", "to_data", "write"]

SCENARIO_KEYS = (
    "summary", "source", "profile", "clip", "seed", "never_ends", "download_auth", "link_lifetime", "start", "create",
    "states", "expect",
)  # fmt: skip
STATE_KEYS = ("video", "unified", "wrapped", "poll", "content", "download", "downloads", "next")
TRANSITION_KEYS = ("state", "after", "on", "signal", "chance")
EXPECT_KEYS = ("outcome", "from")
BODIES = ("video", "json", "text", "html", "clip", "error", "redirect")
REPLY_KEYS = ("status", "headers", *BODIES, "delay", "fault", "times", "made")

_UNITS: Mapping[str, Decimal] = {
    "ms": Decimal("0.001"), "s": Decimal(1), "m": Decimal(60), "h": Decimal(3600),
}  # fmt: skip
_DURATION = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*(ms|s|m|h)")
_POLLS = re.compile(r"([0-9]{1,9})\s+polls?")
_SHARE = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*%")
_Result = TypeVar("_Result")


# --- reading ----------------------------------------------------------------------------------------------------------


def read(text: str, *, name: str, file: str | None = None) -> Scenario:
    """A scenario from YAML or JSON text. `name` is the scenario's, `file` is named in errors (default: `name`).

    Raises `ScenarioError` with every problem, in the order of the lines.
    """
    located = yaml_data.text_to_data(text)
    found = list(located.problems)
    scenario = None
    if not found or isinstance(located.data, dict):
        reader = _Reader()
        scenario = reader.scenario(located.data, name)
        found += reader.problems
    if found:
        lines = [
            Problem(problem.path, problem.message, problem.line or located.line(problem.path)) for problem in found
        ]
        lines.sort(key=lambda problem: problem.line or 0)
        raise ScenarioError(dict.fromkeys(lines), file or name)
    assert scenario is not None
    return scenario


def from_data(data: Any, *, name: str) -> Scenario:
    """A scenario from data as YAML or JSON would hold it. Raises `ScenarioError` with every problem."""
    reader = _Reader()
    scenario = reader.scenario(data, name)
    if reader.problems:
        raise ScenarioError(reader.problems, name)
    return scenario


class _Reader:
    """Turns data into a scenario as far as it can, and keeps what is wrong; a wrong part is read as absent."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def _wrong(self, path: Path, message: str) -> None:
        self.problems.append(Problem(path, message))

    def scenario(self, data: Any, name: str) -> Scenario:
        given = self._mapping(data, (), SCENARIO_KEYS, required=("summary", "start", "states"))
        states = self._named(given.get("states"), ("states",), self._state, "a state")
        scenario = Scenario(
            name=name,
            summary=self._text(given, "summary", ()) or "",
            start=self._text(given, "start", ()) or "",
            states=states,
            source=self._text(given, "source", ()) or "",
            create=self._replies(given.get("create"), ("create",)) if "create" in given else (),
            expect=self._expect(given["expect"], ("expect",)) if "expect" in given else None,
            seed=self._number(given, "seed", ()) or 0,
            profile=self._text(given, "profile", ()),
            clip=self._text(given, "clip", ()),
            never_ends=self._flag(given, "never_ends", ()) or False,
            download_auth=self._text(given, "download_auth", ()) or "strict",
            link_lifetime=self._duration_of(given, "link_lifetime", (), 43200.0),
        )
        # What has no shape cannot be judged: below a wrong part nothing more is said, nor of what hangs on it.
        broken = {problem.path for problem in self.problems}
        for problem in problems(scenario):
            hidden = any(problem.path[: len(path)] == path for path in broken if path)
            if not hidden and not (
                broken and problem.message.startswith(("no state leads", "no way from", "nothing shows"))
            ):
                self.problems.append(problem)
        return scenario

    def _state(self, data: Any, path: Path) -> State:
        given = self._mapping(data, path, STATE_KEYS)
        return State(
            video=self._open(given, "video", path),
            unified=self._open(given, "unified", path),
            wrapped=self._open(given, "wrapped", path),
            poll=self._replies(given["poll"], (*path, "poll")) if "poll" in given else (),
            content=self._replies(given["content"], (*path, "content")) if "content" in given else (),
            download=self._replies(given["download"], (*path, "download")) if "download" in given else (),
            downloads=self._named(given["downloads"], (*path, "downloads"), self._replies, "a link")
            if "downloads" in given
            else {},
            next=tuple(self._several(given["next"], (*path, "next"), self._transition)) if "next" in given else (),
        )

    def _transition(self, data: Any, path: Path) -> Transition:
        given = self._mapping(data, path, TRANSITION_KEYS, required=("state",))
        polls, seconds = self._after(given["after"], (*path, "after")) if "after" in given else (None, None)
        return Transition(
            state=self._text(given, "state", path) or "",
            polls=polls,
            seconds=seconds,
            on=self._text(given, "on", path),
            signal=self._text(given, "signal", path),
            chance=self._decimal(given, "chance", path, 1.0),
        )

    def _after(self, value: Any, path: Path) -> tuple[int | None, float | None]:
        if isinstance(value, str) and (found := _POLLS.fullmatch(value.strip())):
            return int(found[1]), None
        seconds = self._duration(value)
        if seconds is None:
            self._wrong(path, f"{_shown(value)} is neither polls ('2 polls') nor a time ('45s', '500ms', '2m', '12h')")
        return None, seconds

    def _expect(self, data: Any, path: Path) -> Expect:
        given = self._mapping(data, path, EXPECT_KEYS, required=("outcome",))
        sources = given.get("from", [])
        if isinstance(sources, str):
            sources = [sources]
        if not isinstance(sources, list) or not all(isinstance(source, str) for source in sources):
            self._wrong((*path, "from"), "a source such as video_url or content, or a list of them")
            sources = []
        return Expect(self._text(given, "outcome", path) or "", tuple(sources))

    def _replies(self, data: Any, path: Path) -> tuple[ReplyTemplate, ...]:
        return tuple(self._several(data, path, self._reply))

    def _reply(self, data: Any, path: Path) -> ReplyTemplate:
        if data == "clip" and isinstance(data, str):
            return ReplyTemplate(clip="clip")
        if isinstance(data, int) and not isinstance(data, bool):
            return ReplyTemplate(status=data)
        if not isinstance(data, dict):
            self._wrong(path, f"{_shown(data)} is not a reply: a mapping, a status such as 404, or the word clip")
            return ReplyTemplate()
        given = self._mapping(data, path, REPLY_KEYS)
        error = given.get("error")
        if "error" in given and not _texts(error):
            self._wrong((*path, "error"), "a mapping of texts: {code: ..., message: ...}")
            error = None
        if isinstance(error, dict):
            self._mapping(error, (*path, "error"), ("code", "message"))
        if "times" in given and self._number(given, "times", path) is None:
            given["times"] = 1
        return ReplyTemplate(
            status=self._number(given, "status", path),
            headers=self._headers(given.get("headers", {}), (*path, "headers")),
            video=self._open(given, "video", path) if "video" in given else None,
            json=given.get("json"),
            has_json="json" in given,
            text=self._text(given, "text", path),
            html=self._text(given, "html", path),
            clip=self._text(given, "clip", path),
            error=error,
            redirect=self._text(given, "redirect", path),
            delay=self._duration_of(given, "delay", path, 0.0),
            fault=self._fault(given["fault"], (*path, "fault")) if "fault" in given else None,
            times=given.get("times", 1),
            made=self._flag(given, "made", path),
        )

    def _headers(self, value: Any, path: Path) -> dict[str, str | None]:
        headers: dict[str, str | None] = {}
        if not isinstance(value, dict):
            self._wrong(path, f"{_shown(value)} is not a mapping of header names to texts")
            return headers
        for name, text in value.items():
            if isinstance(text, int | float) and not isinstance(text, bool):
                text = str(text)
            if text is not None and not isinstance(text, str):
                self._wrong((*path, name), f"{_shown(text)} is neither a text nor null (which takes the header away)")
            elif not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name):
                self._wrong((*path, name), f"{name!r} is not the name of a header")
            elif text is not None and not all(" " <= char <= "~" or char == "\t" for char in text):
                self._wrong((*path, name), "a header holds printable ASCII alone")
            else:
                headers[name] = text
        return headers

    def _fault(self, value: Any, path: Path) -> Fault | None:
        if isinstance(value, str):
            if value not in FAULTS:
                self._wrong(path, f"no fault {value!r}{did_you_mean(value, FAULTS)}")
                return None
            return Fault(value)
        if not isinstance(value, dict) or len(value) != 1:
            self._wrong(path, f"{_shown(value)} is not a fault: a word such as reset, or one such as {{truncate: 50%}}")
            return None
        kind, number = next(iter(value.items()))
        if kind not in FAULTS:
            self._wrong(path, f"no fault {kind!r}{did_you_mean(kind, FAULTS)}")
            return None
        if isinstance(number, str) and FAULTS[kind].at != "no" and (found := _SHARE.fullmatch(number.strip())):
            return Fault(kind, at=float(Decimal(found[1]) / 100))
        right = (int, float) if FAULTS[kind].at != "no" else (int,)
        if isinstance(number, bool) or not isinstance(number, right):
            self._wrong(path, f"{_shown(number)} is no number for {kind!r}, such as {FAULTS[kind].example or kind}")
            return None
        return Fault(kind, at=number) if FAULTS[kind].amount == "no" else Fault(kind, amount=int(number))

    # What data is made of. Each says what was found and what would be right.

    def _mapping(self, data: Any, path: Path, keys: tuple[str, ...], required: tuple[str, ...] = ()) -> dict[str, Any]:
        if not isinstance(data, dict):
            self._wrong(path, f"{_shown(data)} is not a mapping with {', '.join(keys)}")
            return {}
        for key in data:
            if key not in keys:
                self._wrong((*path, key), f"unknown key{did_you_mean(key, keys)}")
        for key in required:
            if key not in data:
                self._wrong(path, f"the key {key!r} is missing")
        return {key: value for key, value in data.items() if key in keys}

    def _several(self, data: Any, path: Path, one: Callable[[Any, Path], _Result]) -> Iterable[_Result]:
        if not isinstance(data, list):
            return [one(data, path)]
        if not data:
            self._wrong(path, "an empty list says nothing: leave the key out")
        if len(data) == 1:
            return [one(data[0], (*path, 0))]
        return [one(part, (*path, index)) for index, part in enumerate(data)]

    def _named(self, data: Any, path: Path, one: Callable[[Any, Path], _Result], what: str) -> dict[str, _Result]:
        if data is None and path == ("states",):
            return {}
        if not isinstance(data, dict):
            self._wrong(path, f"{_shown(data)} is not a mapping of names, each to {what}")
            return {}
        return {name: one(part, (*path, name)) for name, part in data.items()}

    def _open(self, given: dict[str, Any], key: str, path: Path) -> dict[str, Any]:
        value = given.get(key, {})
        if not isinstance(value, dict):
            self._wrong((*path, key), f"{_shown(value)} is not a mapping to lay over the document")
            return {}
        return value

    def _text(self, given: dict[str, Any], key: str, path: Path) -> str | None:
        value = given.get(key)
        if key in given and not isinstance(value, str):
            self._wrong((*path, key), f"{_shown(value)} is not a text")
            return None
        return value

    def _number(self, given: dict[str, Any], key: str, path: Path) -> int | None:
        value = given.get(key)
        if key in given and (isinstance(value, bool) or not isinstance(value, int)):
            self._wrong((*path, key), f"{_shown(value)} is not a whole number")
            return None
        return value

    def _decimal(self, given: dict[str, Any], key: str, path: Path, default: float) -> float:
        value = given.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int | float):
            self._wrong((*path, key), f"{_shown(value)} is not a number")
            return default
        return float(value)

    def _flag(self, given: dict[str, Any], key: str, path: Path) -> bool | None:
        value = given.get(key)
        if key in given and not isinstance(value, bool):
            self._wrong((*path, key), f"{_shown(value)} is neither true nor false")
            return None
        return value

    def _duration_of(self, given: dict[str, Any], key: str, path: Path, default: float) -> float:
        if key not in given:
            return default
        seconds = self._duration(given[key])
        if seconds is None:
            self._wrong((*path, key), f"{_shown(given[key])} is not a time such as 45s, 500ms, 2m or 12h")
            return default
        return seconds

    def _duration(self, value: Any) -> float | None:
        if isinstance(value, str) and (found := _DURATION.fullmatch(value.strip())):
            return float(Decimal(found[1]) * _UNITS[found[2]])
        if isinstance(value, int | float) and not isinstance(value, bool):
            return float(value)
        return None


def _texts(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(part, str) for part in value.values())


def _shown(value: Any) -> str:
    match value:
        case None:
            return "nothing"
        case bool():
            return "true" if value else "false"
        case dict():
            return "a mapping"
        case list():
            return "a list"
        case str():
            return repr(value if len(value) <= 40 else value[:37] + "...")
        case _:
            return str(value)


# --- writing ----------------------------------------------------------------------------------------------------------


def to_data(scenario: Scenario) -> dict[str, Any]:
    """A scenario as the data that a file of it holds, in its shortest form; `from_data` turns it back."""
    data: dict[str, Any] = {"summary": scenario.summary}
    if scenario.source:
        data["source"] = scenario.source
    for key, default in (
        ("profile", None),
        ("clip", None),
        ("seed", 0),
        ("never_ends", False),
        ("download_auth", "strict"),
    ):
        if getattr(scenario, key) != default:
            data[key] = getattr(scenario, key)
    if scenario.link_lifetime != 43200.0:
        data["link_lifetime"] = _written_duration(scenario.link_lifetime)
    data["start"] = scenario.start
    if scenario.create:
        data["create"] = _written_replies(scenario.create)
    data["states"] = {name: _written_state(state) for name, state in scenario.states.items()}
    if scenario.expect is not None:
        data["expect"] = {"outcome": scenario.expect.outcome}
        if scenario.expect.sources:
            data["expect"]["from"] = _one_or_all(list(scenario.expect.sources))
    return data


def write(scenario: Scenario, *, format: str = "yaml", schema: str | None = None) -> str:
    """A scenario as the text of a file; `read` turns it back. `schema` is where editors find the JSON Schema."""
    data = to_data(scenario)
    if format == "json":
        return json.dumps({"$schema": schema, **data} if schema else data, indent=2, ensure_ascii=False) + "\n"
    head = f"# yaml-language-server: $schema={schema}\n" if schema else ""
    return head + str(
        yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110, default_flow_style=False)
    )


def _one_or_all(values: list[Any]) -> Any:
    return values[0] if len(values) == 1 else values


def _written_state(state: State) -> dict[str, Any]:
    data: dict[str, Any] = {}
    for key in ("video", "unified", "wrapped"):
        if getattr(state, key):
            data[key] = _plain(getattr(state, key))
    for key in ("poll", "content", "download"):
        if getattr(state, key):
            data[key] = _written_replies(getattr(state, key))
    if state.downloads:
        data["downloads"] = {link: _written_replies(replies) for link, replies in state.downloads.items()}
    if state.next:
        data["next"] = _one_or_all([_written_transition(way) for way in state.next])
    return data


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
        share = Decimal(str(fault.at)) * 100
        words = f"{share.normalize():f}%"
        return {fault.kind: words if float(Decimal(words[:-1]) / 100) == fault.at else fault.at}
    return fault.kind if fault.at is None else {fault.kind: fault.at}


def _written_duration(seconds: float) -> Any:
    exact = Decimal(repr(seconds))
    for unit in ("h", "m", "s", "ms"):
        count = exact / _UNITS[unit]
        if count >= 1 and count == count.to_integral_value() and float(count * _UNITS[unit]) == seconds:
            return f"{count:.0f}{unit}"
    return f"{exact:f}s" if exact >= 0 else seconds


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return value


class _Dumper(yaml.SafeDumper):
    """Writes as a person would: no aliases, short things on one line, quotes only where `yaml_data` needs them."""

    # Only the words that our own reader takes for something else than text are quoted: `on:` stays `on:`.
    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - the base class's own name and form

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def represent_mapping(self, tag: str, mapping: Any, flow_style: bool | None = None) -> Any:
        return super().represent_mapping(tag, mapping, _is_short(mapping))

    def represent_sequence(self, tag: str, sequence: Any, flow_style: bool | None = None) -> Any:
        return super().represent_sequence(tag, sequence, _is_short(sequence))


def _is_short(value: Any) -> bool:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return len(text) <= 90 and "states" not in value


def _represent_text(dumper: _Dumper, text: str) -> Any:
    try:
        plain = isinstance(yaml_data.resolve(text), str)
    except ValueError:
        plain = False
    style = None if plain else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style)


def _represent_plain(dumper: _Dumper, value: Any) -> Any:
    return dumper.represent_scalar("tag:yaml.org,2002:str", json.dumps(value))


_Dumper.add_representer(str, _represent_text)
for _kind in (bool, int, float, type(None)):
    _Dumper.add_representer(_kind, _represent_plain)
