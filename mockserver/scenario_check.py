"""What makes a scenario right, beyond its shape: every problem at once, for files and for Python alike."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from mockserver.contract import OUTCOMES, URL_FIELDS, Phase, phase_of
from mockserver.faults import FAULTS
from mockserver.profiles import PROFILES
from mockserver.reply import Fault
from mockserver.scenario import CANCELLED, EVENTS, ReplyTemplate, Scenario, State, Transition
from mockserver.template import OMIT, TEMPLATES, names

__all__ = ["DOWNLOAD_AUTH", "SOURCES", "Path", "Problem", "ScenarioError", "check", "did_you_mean", "problems"]

Path = tuple[str | int, ...]

DOWNLOAD_AUTH: Mapping[str, str] = {
    "strict": "a request with an Authorization header is refused, as presigned storage does",
    "lenient": "an Authorization header is ignored",
    "bearer": "a request without an Authorization header is refused",
}
SOURCES = (*URL_FIELDS, "content")
_NAME = re.compile(r"[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*")
_LINK = re.compile(r"[A-Za-z0-9_.-]+")
# Transitions that come by themselves faster than this would keep a fake busy, not a client.
_SHORTEST = 0.001


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: where (keys and list positions from the top), and what would be right."""

    path: Path
    message: str
    line: int | None = None

    def __str__(self) -> str:
        where = ".".join(str(part) for part in self.path)
        return f"{where}: {self.message}" if where else self.message


class ScenarioError(ValueError):
    """A scenario that cannot be used. `problems` holds everything that is wrong with it, in the order of the file.

    Its text has one line a problem: `scenarios/x.yaml:12: states.queued.next: no state 'complete' (did you mean ...)`.
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


def did_you_mean(word: object, known: Iterable[str]) -> str:
    """` (did you mean 'x'?)`, or what there is when nothing is near and the list is short."""
    words = list(known)
    close = get_close_matches(str(word), words, 1, 0.6)
    if close:
        return f" (did you mean {close[0]!r}?)"
    return f" (there are {', '.join(words)})" if 0 < len(words) <= 12 else ""


def check(scenario: Scenario) -> Scenario:
    """The scenario itself. Raises `ScenarioError` with every problem when it is not right."""
    found = list(problems(scenario))
    if found:
        raise ScenarioError(found, scenario.name)
    return scenario


def problems(scenario: Scenario) -> Iterator[Problem]:
    """Everything that is wrong with a scenario, from the top down."""
    if not _NAME.fullmatch(scenario.name):
        yield Problem(("name",), f"{scenario.name!r} is not a name such as download/url_404")
    if not scenario.summary.strip() or "\n" in scenario.summary.strip():
        yield Problem(("summary",), "say in one line what happens")
    if scenario.profile is not None and scenario.profile not in PROFILES:
        yield Problem(("profile",), f"no profile {scenario.profile!r}{did_you_mean(scenario.profile, PROFILES)}")
    if scenario.download_auth not in DOWNLOAD_AUTH:
        yield Problem(
            ("download_auth",), f"{scenario.download_auth!r}{did_you_mean(scenario.download_auth, DOWNLOAD_AUTH)}"
        )
    if not scenario.link_lifetime > 0:
        yield Problem(("link_lifetime",), "a link lives longer than 0 seconds")
    if scenario.expect is not None:
        yield from _expect_problems(scenario)
    yield from _reply_problems(scenario.create, ("create",), creating=True)
    if not scenario.states:
        yield Problem(("states",), "there is no state")
        return
    if scenario.start not in scenario.states:
        yield Problem(("start",), f"no state {scenario.start!r}{did_you_mean(scenario.start, scenario.states)}")
    links = {link for state in scenario.states.values() for link in state.downloads}
    for name, state in scenario.states.items():
        yield from _state_problems(scenario, name, state, links)
    used = {argument for _, argument in _scenario_placeholders(scenario) if argument}
    for name, state in scenario.states.items():
        for link in state.downloads:
            if link not in used:
                yield Problem(("states", name, "downloads", link), f"nothing shows {{download_url:{link}}}")
    yield from _graph_problems(scenario)


def _expect_problems(scenario: Scenario) -> Iterator[Problem]:
    expect = scenario.expect
    assert expect is not None
    if expect.outcome not in OUTCOMES:
        yield Problem(("expect", "outcome"), f"no outcome {expect.outcome!r}{did_you_mean(expect.outcome, OUTCOMES)}")
    for source in expect.sources:
        if source not in SOURCES:
            yield Problem(("expect", "from"), f"no source {source!r}{did_you_mean(source, SOURCES)}")
    if (expect.outcome == "clip") != bool(expect.sources) and expect.outcome in OUTCOMES:
        message = "say where the clip is from" if expect.outcome == "clip" else "only a clip is from somewhere"
        yield Problem(("expect", "from"), message)


def _state_problems(scenario: Scenario, name: str, state: State, links: set[str]) -> Iterator[Problem]:
    here: Path = ("states", name)
    progress = state.video.get("progress")
    if isinstance(progress, list | tuple):
        if len(progress) != 2 or not all(isinstance(end, int) and not isinstance(end, bool) for end in progress):
            yield Problem((*here, "video", "progress"), "a ramp is two whole numbers, such as [10, 90]")
        elif not any(way.polls is not None or way.seconds is not None for way in state.next):
            yield Problem((*here, "video", "progress"), "a ramp needs to know how long: a 'next' with 'after'")
    for part in ("video", "unified", "wrapped"):
        yield from _template_problems(getattr(state, part), (*here, part), links)
    for part in ("poll", "content", "download"):
        yield from _reply_problems(getattr(state, part), (*here, part), links=links)
    for link, replies in state.downloads.items():
        if not _LINK.fullmatch(link):
            yield Problem((*here, "downloads", link), f"{link!r} is not a link's name such as 'a' or 'mirror'")
        yield from _reply_problems(replies, (*here, "downloads", link), links=links)
    for index, way in enumerate(state.next):
        path: Path = (*here, "next", index) if len(state.next) > 1 else (*here, "next")
        yield from _transition_problems(scenario, way, path)


def _transition_problems(scenario: Scenario, way: Transition, path: Path) -> Iterator[Problem]:
    if way.state not in scenario.states and way.state != CANCELLED:
        yield Problem(path, f"no state {way.state!r}{did_you_mean(way.state, scenario.states)}")
    triggers = [way.polls, way.seconds, way.on, way.signal]
    if sum(trigger is not None for trigger in triggers) != 1:
        yield Problem(path, "say exactly one of 'after', 'on' and 'signal'")
    if way.polls is not None and way.polls < 1:
        yield Problem((*path, "after"), f"{way.polls} polls: at least 1 poll is answered in a state")
    if way.seconds is not None and not _SHORTEST <= way.seconds < float("inf"):
        yield Problem((*path, "after"), "at least 1ms passes in a state")
    if way.on is not None and way.on not in EVENTS:
        yield Problem((*path, "on"), f"no event {way.on!r}{did_you_mean(way.on, EVENTS)}")
    if not 0 < way.chance <= 1:
        yield Problem((*path, "chance"), f"{way.chance!r} is not above 0 and at most 1")


def _reply_problems(
    replies: tuple[ReplyTemplate, ...], path: Path, *, creating: bool = False, links: set[str] | None = None
) -> Iterator[Problem]:
    for index, reply in enumerate(replies):
        here: Path = (*path, index) if len(replies) > 1 else path
        bodies = {
            "video": reply.video, "text": reply.text, "html": reply.html, "clip": reply.clip, "error": reply.error,
            "redirect": reply.redirect, "json": True if reply.has_json else None,
        }  # fmt: skip
        said = [name for name, body in bodies.items() if body is not None]
        if len(said) > 1:
            yield Problem(here, f"one body, not several: {', '.join(said)}")
        if reply.status is not None and not 200 <= reply.status <= 599:
            yield Problem((*here, "status"), f"{reply.status} is not a status from 200 to 599")
        if reply.times < 1:
            yield Problem((*here, "times"), f"{reply.times} is not 1 or more")
        if not 0 <= reply.delay < float("inf"):
            yield Problem((*here, "delay"), "a delay is 0 or more")
        if reply.made is not None and not creating:
            yield Problem((*here, "made"), "only replies of 'create' make a task")
        if reply.fault is not None:
            yield from _fault_problems(reply.fault, (*here, "fault"))
        for part in ("headers", "video", "json", "text", "html", "error", "redirect"):
            yield from _template_problems(getattr(reply, part), (*here, part), links)


def _fault_problems(fault: Fault, path: Path) -> Iterator[Problem]:
    kind = FAULTS.get(fault.kind)
    if kind is None:
        yield Problem(path, f"no fault {fault.kind!r}{did_you_mean(fault.kind, FAULTS)}")
        return
    for number, rule in ((fault.at, kind.at), (fault.amount, kind.amount)):
        if number is not None and rule == "no":
            yield Problem(path, f"{fault.kind!r} takes no number{f', such as {kind.example}' if kind.example else ''}")
        if number is None and rule == "must":
            yield Problem(path, f"{fault.kind!r} needs a number, such as {kind.example}")
    if isinstance(fault.at, float) and not 0 <= fault.at <= 1:
        yield Problem(path, f"{fault.at:.0%} is not a share of the body from 0% to 100%")
    if isinstance(fault.at, int) and fault.at < 0:
        yield Problem(path, f"{fault.at} is not a number of bytes")
    if fault.kind == "drip" and fault.amount is not None and fault.amount < 1:
        yield Problem(path, f"{fault.amount} is not a rate of 1 byte a second or more")
    if fault.kind == "wrong_length" and fault.amount == 0:
        yield Problem(path, "a difference of 0 is no fault")


def _template_problems(value: Any, path: Path, links: set[str] | None) -> Iterator[Problem]:
    if isinstance(value, str):
        for name, argument in names(value):
            if name == "omit" and value != OMIT:
                yield Problem(path, "{omit} stands alone, as the value of a key")
            elif name == "omit" and isinstance(path[-1], int):
                yield Problem(path, "{omit} takes a key away, not a place in a list")
            elif name != "omit" and name not in TEMPLATES:
                yield Problem(
                    path, f"no template {{{name}}}{did_you_mean(name, TEMPLATES)}; write {{{{{name}}}}} for the text"
                )
            elif argument is not None and name not in ("download_url", "download_path", "refused_url"):
                yield Problem(path, f"{{{name}}} takes no ':{argument}'")
            elif argument is not None and links is not None and argument not in links:
                # A link of its own need not be scripted: then it gives the clip. Nearly the name of one is a slip.
                if close := get_close_matches(argument, links, 1, 0.6):
                    yield Problem(path, f"no state has a link {argument!r} in 'downloads' (did you mean {close[0]!r}?)")
    elif isinstance(value, Mapping):
        for key, part in value.items():
            yield from _template_problems(part, (*path, key), links)
    elif isinstance(value, list | tuple):
        for index, part in enumerate(value):
            yield from _template_problems(part, (*path, index), links)


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


def _graph_problems(scenario: Scenario) -> Iterator[Problem]:
    states = scenario.states
    ways = {name: {way.state for way in state.next if way.state in states} for name, state in states.items()}
    if scenario.start in states:
        reached = _closure({scenario.start}, ways)
        if CANCELLED in states and any(states[name].next for name in reached):
            reached |= _closure({CANCELLED}, ways)
        for name in states:
            if name not in reached:
                yield Problem(("states", name), "no state leads here")
    if scenario.never_ends:
        return
    ends = {name for name, state in states.items() if not state.next or any(w.state == CANCELLED for w in state.next)}
    for name in ends:
        if not states[name].next and _pending(states[name], is_start=name == scenario.start):
            status = states[name].video.get("status")
            yield Problem(
                ("states", name),
                f"the task stays here for ever at {status!r}, which is no end: "
                "give it a 'next', or say 'never_ends: true'",
            )
    backwards: dict[str, set[str]] = {name: set() for name in states}
    for name, targets in ways.items():
        for target in targets:
            backwards[target].add(name)
    ending = _closure(ends, backwards)
    for name in states:
        if name not in ending:
            yield Problem(("states", name), "no way from here leads to an end: add one, or say 'never_ends: true'")


def _pending(state: State, *, is_start: bool) -> bool:
    return phase_of(state.video.get("status", "queued" if is_start else "processing")) is Phase.PENDING


def _closure(start: set[str], ways: Mapping[str, set[str]]) -> set[str]:
    reached: set[str] = set()
    waiting = list(start)
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting.extend(ways.get(name, ()))
    return reached
