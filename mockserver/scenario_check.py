"""What makes a scenario right, beyond its shape: every problem at once, for files and for Python alike."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import islice
from typing import Any

from mockserver.contract import OUTCOMES, URL_FIELDS, Phase, phase_of
from mockserver.faults import FAULTS
from mockserver.profiles import PROFILES
from mockserver.reply import Fault
from mockserver.scenario import CANCELLED, EVENTS, ReplyTemplate, Scenario, State, Transition
from mockserver.template import OMIT, TEMPLATES, names

__all__ = [
    "DOWNLOAD_AUTH",
    "HEADER_NAME",
    "MAX_DEPTH",
    "MAX_INTEGER",
    "MAX_POLLS",
    "MAX_PROBLEMS",
    "MAX_SECONDS",
    "MIN_INTEGER",
    "SOURCES",
    "STATUSES",
    "WITH_LINK",
    "WORD",
    "Path",
    "Problem",
    "ScenarioError",
    "check",
    "data_problems",
    "did_you_mean",
    "graph_problems",
    "part_problems",
    "problems",
    "shown",
]

Path = tuple[str | int, ...]

DOWNLOAD_AUTH: Mapping[str, str] = {
    "strict": "a request with an Authorization header is refused, as presigned storage does",
    "lenient": "an Authorization header is ignored",
    "bearer": "a request without an Authorization header is refused",
}
SOURCES = (*URL_FIELDS, "content")
# The templates that take the name of a link.
WITH_LINK = frozenset({"download_url", "download_path", "refused_url"})

# An answer below 200 is no answer yet: HTTP has another to follow it.
STATUSES = range(200, 600)
# What JSON readers in other languages can hold.
MIN_INTEGER, MAX_INTEGER = -(2**63), 2**64 - 1
# Longer than any task or link lives, and far from where dates and floats end: 31 years.
MAX_SECONDS = 1e9
MAX_POLLS = 10**9 - 1
MAX_DEPTH = 32
# Problems that are told at once. Whoever has more than this has another problem.
MAX_PROBLEMS = 100

# The names of states, links and signals: they stand in URLs, templates and diagrams.
WORD = r"[A-Za-z0-9_.-]+"
HEADER_NAME = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_WORD = re.compile(WORD)
_NAME = re.compile(rf"{WORD}(/{WORD})*")
_HEADER_NAME = re.compile(HEADER_NAME)
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e]*")
_LONE = re.compile(r"[\ud800-\udfff]")
# Transitions that come by themselves faster than this would keep a fake busy, not a client. A link of no life at all
# is not one that has expired.
_SHORTEST = 0.001
_CANDIDATES = 100
_FEW = 14


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: where (keys and list positions from the top), and what would be right.

    `line` counts from 1; None where there is no text.
    """

    path: Path
    message: str
    line: int | None = None

    def __str__(self) -> str:
        where = ".".join(str(part) for part in self.path)
        return f"{where}: {self.message}" if where else self.message


class ScenarioError(ValueError):
    """A scenario that cannot be used. `problems` holds everything that is wrong with it, in the order of the file.

    Its text has one line a problem: `scenarios/x.yaml:12: states.queued.next: no state 'complete' (did you mean ...)`.
    `where` is the file, or the scenario's name where there is none.
    """

    def __init__(self, problems: Iterable[Problem], where: str) -> None:
        self.problems = list(problems)
        self.where = where
        super().__init__(
            "\n".join(
                f"{where}:{problem.line}: {problem}" if problem.line else f"{where}: {problem}"
                for problem in self.problems
            )
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.problems, self.where)


def did_you_mean(word: object, known: Iterable[str]) -> str:
    """` (did you mean 'x'?)`, or what there is when nothing is near and the list is short."""
    words = list(islice(known, _CANDIDATES))
    if close := _nearest(str(word), words):
        return f" (did you mean {close!r}?)"
    return f" (there are {', '.join(words)})" if 0 < len(words) <= _FEW else ""


def _nearest(word: str, known: Iterable[str]) -> str | None:
    # Nobody mistypes a page of text, and comparing takes long: a file of nothing but slips must not use that up.
    if len(word) > _CANDIDATES:
        return None
    close = get_close_matches(word, list(islice(known, _CANDIDATES)), 1, 0.6)
    return close[0] if close else None


def shown(value: object) -> str:
    """A value in the words of an error, cut where it is long."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "true" if value else "false"
        case Mapping():
            return "a mapping"
        case list() | tuple():
            return "a list"
        case str():
            return repr(value if len(value) <= 40 else value[:37] + "...")
        case int() | float():
            text = repr(value)
            return text if len(text) <= 40 else text[:37] + "..."
        case _:
            return f"a Python {type(value).__name__}"


def check(scenario: Scenario) -> Scenario:
    """The scenario itself. Raises `ScenarioError` with every problem when it is not right."""
    found = problems(scenario)
    if found:
        raise ScenarioError(found, scenario.name)
    return scenario


def problems(scenario: Scenario) -> list[Problem]:
    """Everything that is wrong with a scenario, from the top down; at most `MAX_PROBLEMS`."""
    found = list(islice(part_problems(scenario), MAX_PROBLEMS))
    # What is nested without an end must not be walked through again.
    if not any(len(problem.path) >= MAX_DEPTH for problem in found):
        found += graph_problems(scenario)
    return found[:MAX_PROBLEMS]


def part_problems(scenario: Scenario) -> Iterator[Problem]:
    """What is wrong with the parts of a scenario, each for itself."""
    if not _NAME.fullmatch(scenario.name):
        yield Problem(("name",), f"{shown(scenario.name)} is not a name such as download/url_404")
    if not scenario.summary.strip() or len(scenario.summary.splitlines()) > 1:
        yield Problem(("summary",), "say in one line what happens")
    for key in ("summary", "source", "clip"):
        yield from data_problems(getattr(scenario, key), (key,))
    if scenario.profile is not None and scenario.profile not in PROFILES:
        yield Problem(("profile",), f"no profile {shown(scenario.profile)}{did_you_mean(scenario.profile, PROFILES)}")
    if not MIN_INTEGER <= scenario.seed <= MAX_INTEGER:
        yield Problem(("seed",), "a seed has at most 64 bits")
    if scenario.download_auth not in DOWNLOAD_AUTH:
        near = did_you_mean(scenario.download_auth, DOWNLOAD_AUTH)
        yield Problem(("download_auth",), f"no way to treat Authorization {shown(scenario.download_auth)}{near}")
    yield from _duration_problems(scenario.link_lifetime, ("link_lifetime",), "a link lives", _SHORTEST)
    if scenario.expect is not None:
        yield from _expect_problems(scenario.expect.outcome, scenario.expect.sources)
    links = {link: None for state in scenario.states.values() for link in state.downloads}
    yield from _reply_problems(scenario.create, ("create",), "create", links)
    if not scenario.states:
        yield Problem(("states",), "there is no state")
        return
    if scenario.start not in scenario.states:
        yield Problem(("start",), _no_state(scenario.start, scenario))
    for name, state in scenario.states.items():
        yield from _state_problems(scenario, name, state, links)


def _no_state(name: str, scenario: Scenario) -> str:
    return f"no state {shown(name)}{did_you_mean(name, scenario.states)}"


def _expect_problems(outcome: str, sources: tuple[str, ...]) -> Iterator[Problem]:
    if outcome not in OUTCOMES:
        yield Problem(("expect", "outcome"), f"no outcome {shown(outcome)}{did_you_mean(outcome, OUTCOMES)}")
    for source in sources:
        if source not in SOURCES:
            yield Problem(("expect", "from"), f"no source {shown(source)}{did_you_mean(source, SOURCES)}")
    if (outcome == "clip") != bool(sources) and outcome in OUTCOMES:
        message = "say where the clip is from" if outcome == "clip" else "only a clip is from somewhere"
        yield Problem(("expect", "from"), message)


def _state_problems(scenario: Scenario, name: str, state: State, links: Collection[str]) -> Iterator[Problem]:
    here: Path = ("states", name)
    yield from _word_problems(name, here, "a state's name such as 'queued'")
    progress = state.video.get("progress")
    if isinstance(progress, list | tuple):
        if len(progress) != 2 or not all(isinstance(end, int) and not isinstance(end, bool) for end in progress):
            yield Problem((*here, "video", "progress"), "a ramp is two whole numbers, such as [10, 90]")
        elif not any(way.polls is not None or way.seconds is not None for way in state.next):
            yield Problem((*here, "video", "progress"), "a ramp needs to know how long: a 'next' with 'after'")
    for part in ("video", "unified", "wrapped"):
        yield from _value_problems(getattr(state, part), (*here, part), links)
    for part in ("poll", "content", "download"):
        yield from _reply_problems(getattr(state, part), (*here, part), part, links)
    for link, replies in state.downloads.items():
        yield from _word_problems(link, (*here, "downloads", link), "a link's name such as 'a' or 'mirror'")
        yield from _reply_problems(replies, (*here, "downloads", link), "download", links)
    for index, way in enumerate(state.next):
        path: Path = (*here, "next", index) if len(state.next) > 1 else (*here, "next")
        yield from _transition_problems(scenario, way, path)


def _word_problems(word: str, path: Path, what: str) -> Iterator[Problem]:
    if not _WORD.fullmatch(word):
        yield Problem(path, f"{shown(word)} is not {what}: letters, digits and _ . - alone")


def _transition_problems(scenario: Scenario, way: Transition, path: Path) -> Iterator[Problem]:
    if way.state not in scenario.states and way.state != CANCELLED:
        yield Problem((*path, "state"), _no_state(way.state, scenario))
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
        yield Problem((*path, "chance"), f"{way.chance!r} is not above 0 and at most 1")


def _duration_problems(seconds: float, path: Path, what: str, least: float = 0.0) -> Iterator[Problem]:
    if not least <= seconds <= MAX_SECONDS:
        yield Problem(path, f"{what} {least * 1000:.0f}ms or more, and at most {MAX_SECONDS:.0f}s")


def _reply_problems(
    replies: tuple[ReplyTemplate, ...], path: Path, route: str, links: Collection[str]
) -> Iterator[Problem]:
    for index, reply in enumerate(replies):
        here: Path = (*path, index) if len(replies) > 1 else path
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
        if not 1 <= reply.times <= MAX_INTEGER:
            yield Problem((*here, "times"), f"{shown(reply.times)} is not 1 or more")
        yield from _duration_problems(reply.delay, (*here, "delay"), "a delay takes")
        if reply.made is not None and route != "create":
            yield Problem((*here, "made"), "only replies of 'create' make a task")
        if reply.fault is not None:
            yield from _fault_problems(reply.fault, (*here, "fault"))
        yield from _header_problems(reply.headers, (*here, "headers"), links)
        if reply.error is not None:
            yield from _error_problems(reply.error, (*here, "error"))
        for part in ("video", "json", "text", "html", "clip", "error", "redirect"):
            yield from _value_problems(getattr(reply, part), (*here, part), links)


def _header_problems(headers: Mapping[str, str | None], path: Path, links: Collection[str]) -> Iterator[Problem]:
    known: set[str] = set()
    for name, text in headers.items():
        if not isinstance(name, str) or not _HEADER_NAME.fullmatch(name):
            yield Problem((*path, str(name)), f"{shown(name)} is not the name of a header")
            continue
        if name.lower() in known:
            yield Problem((*path, name), "the header stands here twice: capitals do not count")
        known.add(name.lower())
        if text is None:
            continue
        if not isinstance(text, str):
            yield Problem((*path, name), f"{shown(text)} is neither a text nor null (which takes the header away)")
        elif not _HEADER_VALUE.fullmatch(text):
            yield Problem((*path, name), "a header holds printable ASCII alone")
        elif text == OMIT:
            yield Problem((*path, name), "null takes a header away, {omit} does not")
        else:
            yield from _template_problems(text, (*path, name), links)


def _error_problems(error: Mapping[str, str], path: Path) -> Iterator[Problem]:
    for key, text in error.items():
        if key not in ("code", "message"):
            yield Problem((*path, str(key)), f"unknown key{did_you_mean(key, ('code', 'message'))}")
        elif not isinstance(text, str):
            yield Problem((*path, key), f"{shown(text)} is not a text")


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
        share = f"{fault.at * 100:g}%" if math.isfinite(fault.at) else shown(fault.at)
        yield Problem(path, f"{share} is not a share of the body from 0% to 100%")
    elif fault.at is not None and not 0 <= fault.at <= MAX_INTEGER:
        yield Problem(path, f"{shown(fault.at)} is not a number of bytes")
    if fault.amount is None:
        return
    if not MIN_INTEGER <= fault.amount <= MAX_INTEGER:
        yield Problem(path, f"{shown(fault.amount)} is too large a number")
    elif fault.kind == "drip" and fault.amount < 1:
        yield Problem(path, f"{fault.amount} is not a rate of 1 byte a second or more")
    elif fault.kind == "wrong_length" and fault.amount == 0:
        yield Problem(path, "a difference of 0 is no fault")


def _example(kind: str) -> str:
    example = FAULTS[kind].example
    return f", such as {example}" if example else ""


def data_problems(value: object, path: Path) -> Iterator[Problem]:
    """What in a value is not JSON: other types, NaN, keys that are no text, half characters, too deep a nesting."""
    if len(path) >= MAX_DEPTH:
        yield Problem(path[:MAX_DEPTH], f"nested more than {MAX_DEPTH} levels deep")
    elif isinstance(value, str):
        if found := _LONE.search(value):
            yield Problem(path, f"half a character, {found[0]!r}: no text can hold it")
    elif isinstance(value, Mapping):
        for key, part in value.items():
            if not isinstance(key, str):
                yield Problem(path, f"the key {shown(key)} is not a text")
                continue
            if _LONE.search(key):
                yield Problem(path, f"half a character in the key {shown(key)}: no text can hold it")
                continue
            yield from data_problems(part, (*path, key))
    elif isinstance(value, list | tuple):
        for index, part in enumerate(value):
            yield from data_problems(part, (*path, index))
    elif isinstance(value, float):
        if not math.isfinite(value):
            yield Problem(path, f"{value!r} is not a number that JSON has")
    elif isinstance(value, int):
        if not MIN_INTEGER <= value <= MAX_INTEGER:
            yield Problem(path, f"{shown(value)} is too large a number: 64 bits are the most")
    elif value is not None:
        yield Problem(path, f"{shown(value)} is not a value that JSON has")


def _value_problems(value: Any, path: Path, links: Collection[str]) -> Iterator[Problem]:
    found = list(data_problems(value, path))
    yield from found
    if not found:
        yield from _template_problems(value, path, links)


def _template_problems(value: Any, path: Path, links: Collection[str], *, of_key: bool = False) -> Iterator[Problem]:
    """`of_key`: the value belongs to a key of the document, where `{omit}` can take it away."""
    if isinstance(value, str):
        for name, argument in dict.fromkeys(names(value)):
            if name == "omit":
                if value != OMIT or not of_key:
                    yield Problem(path, "{omit} stands alone, as the value of a key that it takes away")
            else:
                yield from _placeholder_problems(name, argument, path, links)
    elif isinstance(value, Mapping):
        for key, part in value.items():
            yield from _template_problems(part, (*path, key), links, of_key=True)
    elif isinstance(value, list | tuple):
        for index, part in enumerate(value):
            yield from _template_problems(part, (*path, index), links)


def _placeholder_problems(name: str, argument: str | None, path: Path, links: Collection[str]) -> Iterator[Problem]:
    whole = "{" + name + (f":{argument}" if argument is not None else "") + "}"
    if name not in TEMPLATES:
        yield Problem(path, f"no template {whole}{did_you_mean(name, TEMPLATES)}; write {{{whole}}} for the text")
    elif argument is not None and name not in WITH_LINK:
        yield Problem(path, f"{{{name}}} takes no ':{argument}'")
    # A link of its own need not be scripted: then it gives the clip. Nearly the name of one is a slip.
    elif argument is not None and argument not in links and (close := _nearest(argument, links)):
        yield Problem(path, f"no state has a link {argument!r} in 'downloads' (did you mean {close!r}?)")


# --- how the parts hang together --------------------------------------------------------------------------------------


def graph_problems(scenario: Scenario) -> Iterator[Problem]:
    """What is wrong with how a scenario's parts hang together: links that nothing shows, states without a way."""
    used = {argument for name, argument in _scenario_placeholders(scenario) if argument and name in WITH_LINK}
    for name, state in scenario.states.items():
        for link in state.downloads:
            if link not in used:
                yield Problem(("states", name, "downloads", link), f"nothing shows {{download_url:{link}}}")
    # A way to a state that is not there is told already; what it cuts off would only be told on top of it.
    known = {*scenario.states, CANCELLED}
    is_whole = all(way.state in known for state in scenario.states.values() for way in state.next)
    if is_whole and scenario.start in scenario.states:
        yield from _unreachable(scenario)
    if not scenario.never_ends:
        yield from _stuck(scenario)
        if is_whole:
            yield from _endless(scenario)


def _scenario_placeholders(scenario: Scenario) -> Iterator[tuple[str, str | None]]:
    for state in scenario.states.values():
        yield from names([state.video, state.unified, state.wrapped])
        for replies in (state.poll, state.content, state.download, *state.downloads.values()):
            yield from _reply_placeholders(replies)
    yield from _reply_placeholders(scenario.create)


def _reply_placeholders(replies: tuple[ReplyTemplate, ...]) -> Iterator[tuple[str, str | None]]:
    for reply in replies:
        yield from names(
            [dict(reply.headers), reply.video, reply.json, reply.text, reply.html, reply.error, reply.redirect]
        )


def _ways(scenario: Scenario) -> dict[str, set[str]]:
    return {
        name: {way.state for way in state.next if way.state in scenario.states}
        for name, state in scenario.states.items()
    }


def _unreachable(scenario: Scenario) -> Iterator[Problem]:
    ways = _ways(scenario)
    reached = _closure({scenario.start}, ways)
    # Every state that is no end can be cancelled.
    if CANCELLED in scenario.states and any(scenario.states[name].next for name in reached):
        reached |= _closure({CANCELLED}, ways)
    for name in scenario.states:
        if name not in reached:
            yield Problem(("states", name), "no state leads here")


def _stuck(scenario: Scenario) -> Iterator[Problem]:
    for name, state in scenario.states.items():
        status = state.video.get("status", "queued" if name == scenario.start else "processing")
        if not state.next and phase_of(status) is Phase.PENDING:
            yield Problem(
                ("states", name),
                f"the task stays here for ever at {shown(status)}, which is no end: "
                "give it a 'next', or say 'never_ends: true'",
            )


def _endless(scenario: Scenario) -> Iterator[Problem]:
    states = scenario.states
    backwards: dict[str, set[str]] = {name: set() for name in states}
    for name, targets in _ways(scenario).items():
        for target in targets:
            backwards[target].add(name)
    ends = {name for name, state in states.items() if not state.next}
    if CANCELLED not in states:
        ends |= {name for name, state in states.items() if any(way.state == CANCELLED for way in state.next)}
    ending = _closure(ends, backwards)
    for name in states:
        if name not in ending:
            yield Problem(("states", name), "no way from here leads to an end: add one, or say 'never_ends: true'")


def _closure(start: set[str], ways: Mapping[str, set[str]]) -> set[str]:
    reached: set[str] = set()
    waiting = list(start)
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting.extend(ways.get(name, ()))
    return reached
