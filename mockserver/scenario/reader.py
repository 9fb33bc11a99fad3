"""Text to scenarios: YAML or JSON to `Scenario` without loss, with every error at once.

Reading goes in three steps, and each reports all that it finds: text to data with lines (`text`), data to a scenario
(shapes and types, here), and whether the scenario is right (`validation`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from itertools import chain, islice
from typing import Any, TypeVar

from ..api.faults import FAULTS
from ..api.messages import Fault
from ..api.suggest import did_you_mean, nearest
from .graph import graph_problems
from .keys import Key, Kind, keys_of
from .limits import MAX_PROBLEMS
from .links import link_problems
from .model import Expect, ReplyTemplate, Scenario, State, Transition
from .problems import Path, Problem, ScenarioError, data_problems, describe, not_a_string
from .source_text import DUPLICATE_KEY
from .text import text_to_data
from .validation import part_problems

__all__ = ["UNITS", "from_data", "read_scenario"]

UNITS: Mapping[str, Decimal] = {
    "ms": Decimal("0.001"), "s": Decimal(1), "m": Decimal(60), "h": Decimal(3600),
}  # fmt: skip
# As many digits as a float can make use of: the rest of a page of digits is never looked at.
_NUMBER = r"[0-9]{1,15}(?:\.[0-9]{1,400})?"
_DURATION = re.compile(rf"({_NUMBER})\s*(ms|s|m|h)")
_POLLS = re.compile(r"([0-9]{1,15})\s+polls?")
_SHARE = re.compile(rf"({_NUMBER})\s*%")
_Result = TypeVar("_Result")


def read_scenario(text: str, *, name: str, file: str | None = None) -> Scenario:
    """A scenario from YAML or JSON text. `name` is the scenario's, `file` is named in errors (default: `name`).

    Raises `ScenarioError` with every problem, in the order of the lines.
    """
    located = text_to_data(text)
    found = located.problems
    # Only an escape can write a lone surrogate, and a message about other problems could not be printed.
    surrogates = list(islice(data_problems(located.data, ()), MAX_PROBLEMS)) if "\\" in text else []
    if surrogates:
        found = surrogates
    elif not found or isinstance(located.data, dict):
        reader = _Reader(found)
        scenario = reader.scenario(located.data, name)
        if not reader.problems:
            return scenario
        found = reader.problems
    lines = [Problem(problem.path, problem.message, problem.line or located.line(problem.path)) for problem in found]
    lines.sort(key=lambda problem: problem.line or 0)
    raise ScenarioError(islice(dict.fromkeys(lines), MAX_PROBLEMS), file or name)


def from_data(data: Any, *, name: str) -> Scenario:
    """A scenario from data as YAML or JSON would hold it: mappings, lists, text, numbers, true, false and None.

    Raises `ScenarioError` with every problem.
    """
    found = list(islice(data_problems(data, ()), MAX_PROBLEMS))
    if found:
        raise ScenarioError(found, name)
    reader = _Reader()
    scenario = reader.scenario(data, name)
    if reader.problems:
        raise ScenarioError(reader.problems, name)
    return scenario


class _Reader:
    """Turns data into a scenario as far as it can, and keeps the problems; a wrong part is read as absent."""

    def __init__(self, known: Iterable[Problem] = ()) -> None:
        self.problems = list(known)
        # Where it is unclear what was meant: nothing more is reported about these parts.
        self._doubtful = {problem.path for problem in self.problems if problem.message != DUPLICATE_KEY}

    def _wrong(self, path: Path, message: str) -> None:
        if path not in self._doubtful:
            self._doubtful.add(path)
            self._add(path, message)

    def _add(self, path: Path, message: str) -> None:
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(Problem(path, message))

    def _unknown(self, path: Path, key: str, keys: Iterable[str], given: Mapping[str, Any]) -> None:
        # Asking for what is near takes time, which a file of nothing but errors must not use up.
        if len(self.problems) < MAX_PROBLEMS:
            meant = nearest(key, keys)
            if meant is None or meant not in given:
                self._doubtful.add((*path, meant or key))
            is_fault = key in FAULTS and "fault" in keys
            hint = f" (did you mean 'fault: {{{key}: ...}}'?)" if is_fault else did_you_mean(key, keys)
            self._add((*path, key), f"unknown key{hint}")

    def scenario(self, data: Any, name: str) -> Scenario:
        if not isinstance(data, dict):
            self._wrong((), f"a scenario must be a mapping with summary, start and states, not {describe(data)}")
            return Scenario(name, "", "", {})
        # Where the JSON Schema is, for editors: no part of the scenario.
        if "$schema" in data:
            self._text(data["$schema"], ("$schema",))
        data = {key: value for key, value in data.items() if key != "$schema"}
        scenario = Scenario(name=name, **self._values(Scenario, data, ()))
        self._judge(scenario, data)
        return scenario

    def _judge(self, scenario: Scenario, data: dict[str, Any]) -> None:
        """Add what is wrong with the scenario, but nothing that may be due to a part that could not be read."""
        doubtful = self._doubtful | ({("start",)} if ("states",) in self._doubtful else set())
        places = doubtful | {problem.path for problem in self.problems}
        found: Iterable[Problem] = part_problems(scenario)
        if not any(
            map(_leads, doubtful | {problem.path for problem in self.problems if problem.message == DUPLICATE_KEY})
        ):
            found = chain(found, graph_problems(scenario))
        if not any(path[:1] in ((), ("states",), ("create",)) for path in places):
            found = chain(found, link_problems(scenario))
        for problem in islice(found, MAX_PROBLEMS):
            path = _path_in(data, problem.path)
            if any(path[: len(other)] == other for other in doubtful):
                continue
            # A transition may lack its trigger, and a clip its source, because that could not be read.
            depends = path[:1] == ("expect",) or path[2:3] == ("next",)
            if depends and any(other[: len(path)] == path for other in doubtful):
                continue
            self._add(path, problem.message)

    def _values(self, part: type, data: Any, path: Path) -> dict[str, Any]:
        """The values of the keys of a part of a scenario, by the names of its fields."""
        keys = keys_of(part)
        given = self._known_keys(data, path, tuple(keys), tuple(key.name for key in keys.values() if key.required))
        values: dict[str, Any] = {}
        for key in keys.values():
            if key.name in given:
                values.update(self._read(key, given[key.name], (*path, key.name)))
            elif key.required:
                values[key.field] = _EMPTY[key.kind]
        return values

    def _read(self, key: Key, value: Any, path: Path) -> dict[str, Any]:
        """The fields that the value of a key stands for. A wrong value is read as absent."""
        match key.kind:
            case "after":
                polls, seconds = self._after(value, path)
                return {"polls": polls, "seconds": seconds}
            case "any":
                return {key.field: value, f"has_{key.field}": True}
        read: Callable[[Any, Path], Any] = getattr(self, f"_{key.kind}")
        found = read(value, path)
        if found is None:
            return {key.field: _EMPTY[key.kind]} if key.required else {}
        return {key.field: found}

    def _states(self, value: Any, path: Path) -> dict[str, State]:
        return self._named(value, path, lambda data, inner: State(**self._values(State, data, inner)), "states")

    def _links(self, value: Any, path: Path) -> dict[str, tuple[ReplyTemplate, ...]]:
        return self._named(value, path, self._replies, "replies")

    def _transitions(self, value: Any, path: Path) -> tuple[Transition, ...]:
        return tuple(
            self._several(value, path, lambda data, inner: Transition(**self._values(Transition, data, inner)))
        )

    def _after(self, value: Any, path: Path) -> tuple[int | None, float | None]:
        if isinstance(value, str) and (found := _POLLS.fullmatch(value.strip())):
            return int(found[1]), None
        seconds = _seconds(value)
        if seconds is None:
            self._wrong(
                path,
                f"must be polls such as '2 polls' or a duration such as 45s, 500ms, 2m or 12h, not {describe(value)}",
            )
        return None, seconds

    def _expect(self, data: Any, path: Path) -> Expect:
        return Expect(**self._values(Expect, data, path))

    def _sources(self, value: Any, path: Path) -> tuple[str, ...] | None:
        sources = [value] if isinstance(value, str) else value
        if not isinstance(sources, list) or not all(isinstance(source, str) for source in sources):
            self._wrong(path, "must be a source such as video_url or content, or a list of them")
            return None
        return tuple(sources)

    def _replies(self, data: Any, path: Path) -> tuple[ReplyTemplate, ...]:
        return tuple(self._several(data, path, self._reply))

    def _reply(self, data: Any, path: Path) -> ReplyTemplate:
        if data == "clip":
            return ReplyTemplate(clip="clip")
        if _is_number(data) and not isinstance(data, float):
            return ReplyTemplate(status=data)
        if not isinstance(data, dict):
            self._wrong(path, f"a reply must be a mapping, a status such as 404, or clip, not {describe(data)}")
            return ReplyTemplate()
        return ReplyTemplate(**self._values(ReplyTemplate, data, path))

    def _error(self, value: Any, path: Path) -> dict[str, Any] | None:
        if not isinstance(value, dict):
            self._wrong(path, f"must be a mapping such as {{code: x, message: y}}, not {describe(value)}")
            return None
        return value

    def _headers(self, value: Any, path: Path) -> dict[str, str | None]:
        if not isinstance(value, dict):
            self._wrong(path, f"must be a mapping from header names to strings, not {describe(value)}")
            return {}
        # `Retry-After: 5` means the text: a header has no other kind. How 1.50 was written is lost.
        return {
            name: str(text) if isinstance(text, int) and not isinstance(text, bool) else text
            for name, text in value.items()
        }

    def _fault(self, value: Any, path: Path) -> Fault | None:
        if isinstance(value, str):
            if value not in FAULTS:
                self._wrong(path, f"no fault {describe(value)}{did_you_mean(value, FAULTS)}")
                return None
            return Fault(value)
        if not isinstance(value, dict) or len(value) != 1:
            self._wrong(
                path, "must be one fault: a name such as reset, or a mapping with one key such as {truncate: 50%}"
            )
            return None
        kind, number = next(iter(value.items()))
        if kind not in FAULTS:
            self._wrong(path, f"no fault {describe(kind)}{did_you_mean(kind, FAULTS)}")
            return None
        takes = FAULTS[kind]
        if takes.at == "no" and takes.amount == "no":
            self._wrong(path, f"{kind!r} takes no number: write only the name")
            return None
        if isinstance(number, str) and takes.at != "no" and (found := _SHARE.fullmatch(number.strip())):
            return Fault(kind, at=float(Decimal(found[1]) / 100))
        if not _is_number(number) or (isinstance(number, float) and takes.at == "no"):
            self._wrong(path, f"{kind!r} needs a number such as {takes.example}, not {describe(number)}")
            return None
        return Fault(kind, at=number) if takes.amount == "no" else Fault(kind, amount=number)

    # What data is made of. Each reports what was found and what would be right.

    def _known_keys(
        self, data: Any, path: Path, keys: tuple[str, ...], required: tuple[str, ...] = ()
    ) -> dict[str, Any]:
        if not isinstance(data, dict):
            self._wrong(path, f"must be a mapping (keys: {', '.join(keys)}), not {describe(data)}")
            return {}
        for key in data:
            if key not in keys:
                self._unknown(path, key, keys, data)
        for key in required:
            if key not in data and (*path, key) not in self._doubtful:
                self._wrong((*path, key), "required key is missing")
        return {key: value for key, value in data.items() if key in keys}

    def _several(self, data: Any, path: Path, one: Callable[[Any, Path], _Result]) -> Iterable[_Result]:
        if not isinstance(data, list):
            return [one(data, path)]
        if not data:
            self._wrong(path, "the list is empty: leave out the key instead")
        return [one(part, (*path, index)) for index, part in enumerate(data)]

    def _named(self, data: Any, path: Path, one: Callable[[Any, Path], _Result], what: str) -> dict[str, _Result]:
        if not isinstance(data, dict):
            self._wrong(path, f"must be a mapping from names to {what}, not {describe(data)}")
            return {}
        return {name: one(part, (*path, name)) for name, part in data.items()}

    def _mapping(self, value: Any, path: Path) -> dict[str, Any]:
        if not isinstance(value, dict):
            self._wrong(path, f"must be a mapping to merge into the document, not {describe(value)}")
            return {}
        return value

    _overlay = _video = _mapping

    def _text(self, value: Any, path: Path) -> str | None:
        if not isinstance(value, str):
            self._wrong(path, not_a_string(value))
            return None
        return value

    def _integer(self, value: Any, path: Path) -> int | None:
        if not _is_number(value) or isinstance(value, float):
            self._wrong(path, f"must be an integer, not {describe(value)}")
            return None
        return int(value)

    def _number(self, value: Any, path: Path) -> float | None:
        if not _is_number(value):
            self._wrong(path, f"must be a number, not {describe(value)}")
            return None
        return float(value)

    def _flag(self, value: Any, path: Path) -> bool | None:
        if not isinstance(value, bool):
            self._wrong(path, f"must be true or false, not {describe(value)}")
            return None
        return value

    def _duration(self, value: Any, path: Path) -> float | None:
        seconds = _seconds(value)
        if seconds is None:
            self._wrong(path, f"must be a duration such as 45s, 500ms, 2m or 12h, not {describe(value)}")
        return seconds


def _seconds(value: Any) -> float | None:
    """A time such as `45s`, or a number of seconds; None for anything else."""
    if isinstance(value, str) and (found := _DURATION.fullmatch(value.strip())):
        return float(Decimal(found[1]) * UNITS[found[2]])
    return float(value) if _is_number(value) else None


# What stands in the place of a required key that is missing or wrong.
_EMPTY: Mapping[Kind, Any] = {"text": "", "states": {}}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _path_in(data: Any, path: Path) -> Path:
    """A scenario's path as the path in its data, where a single reply or transition can stand without a list."""
    place: list[str | int] = []
    for key in path:
        if isinstance(key, int) and not isinstance(data, list):
            continue
        place.append(key)
        try:
            data = data[key]
        except (TypeError, KeyError, IndexError):
            data = None
    return tuple(place)


def _leads(path: Path) -> bool:
    """Whether what is at a path decides which state follows which, and which states are ends."""
    match path:
        case () | ("states",) | ("states", _) | ("start" | "never_ends", *_):
            return True
        case ("states", _, "video") | ("states", _, "video", "status", *_):
            return True
        case ("states", _, str(key), *_):
            return key == "next" or key not in keys_of(State)
    return False
