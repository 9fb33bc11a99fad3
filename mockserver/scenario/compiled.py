"""A scenario made ready to run: templates compiled, sequences unrolled, phases known. Made once for each scenario."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from ..api.contract import Phase, phase_of
from .cache import ScenarioCache
from .machine import Position
from .model import BUILT_IN_STATES, ReplyTemplate, Scenario, State, usual_status
from .placeholders import VOLATILE
from .template import OMIT, Lookup, Template, compile_template, names

__all__ = ["CompiledReply", "CompiledScenario", "CompiledState", "Lookup", "Overlay", "Sequence", "compiled_scenario"]


class Overlay:
    """A mapping to lay over a document: values with templates, and the keys to take away."""

    __slots__ = ("_template", "removed")

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.removed = tuple(key for key, value in values.items() if value == OMIT)
        self._template = compile_template({key: value for key, value in values.items() if value != OMIT})

    def render(self, lookup: Lookup) -> Mapping[str, Any]:
        """The values with their templates filled in."""
        rendered: Mapping[str, Any] = self._template.render(lookup)
        return rendered


@dataclass(frozen=True, slots=True)
class CompiledReply:
    """One reply of a sequence with its templates compiled."""

    source: ReplyTemplate
    video: Overlay | None
    body: Template | None
    headers: Template

    @staticmethod
    def of(source: ReplyTemplate) -> CompiledReply:
        """Compile a reply."""
        body = source.json if source.has_json else next(
            (part for part in (source.text, source.html, source.error, source.redirect) if part is not None), None
        )  # fmt: skip
        return CompiledReply(
            source,
            None if source.video is None else Overlay(source.video),
            None if body is None and not source.has_json else compile_template(body),
            compile_template(dict(source.headers)),
        )


class Sequence:
    """Replies that follow one another, one a request; the last one stays."""

    __slots__ = ("_ends", "_replies")

    def __init__(self, replies: tuple[ReplyTemplate, ...]) -> None:
        self._replies = [CompiledReply.of(reply) for reply in replies]
        self._ends = list(accumulate(reply.times for reply in replies))

    def __getitem__(self, request: int) -> CompiledReply | None:
        """The reply to the request of this number, counted from 0; None when nothing is scripted."""
        if not self._replies:
            return None
        return self._replies[min(bisect_right(self._ends, request), len(self._replies) - 1)]


@dataclass(frozen=True, slots=True)
class _Ramp:
    first: int
    last: int
    polls: int | None
    seconds: float | None

    def at(self, position: Position, now: float) -> int:
        if self.polls is not None:
            share = position.polls / (self.polls - 1) if self.polls > 1 else 0.0
        else:
            share = (now - position.since) / self.seconds if self.seconds else 1.0
        # A little more, so that what is whole but for a float's error is not rounded down.
        return int(self.first + (self.last - self.first) * min(max(share, 0.0), 1.0) + 1e-6)


@dataclass(frozen=True, slots=True)
class CompiledState:
    """One state, ready to answer.

    `status` is the one in the scenario, None when there is none (or a placeholder). `timed`: time alone can end it.
    `fixed`: what it shows stays the same until the task moves, for whoever reaches it by the same origins.
    """

    name: str
    status: str | None
    phase: Phase
    video: Overlay
    unified: Overlay
    wrapped: Overlay
    poll: Sequence
    content: Sequence
    download: Sequence
    downloads: Mapping[str, Sequence]
    timed: bool
    fixed: bool
    _ramp: _Ramp | None

    def progress(self, position: Position, now: float) -> int:
        """The percentage while the scenario does not write one: along its ramp, else 0 until a clip is there."""
        if self._ramp is not None:
            return self._ramp.at(position, now)
        return 100 if self.phase is Phase.SUCCEEDED else 0


@dataclass(frozen=True, eq=False)
class CompiledScenario:
    """A whole scenario, ready to run. It does not hold the scenario, so that it can be dropped with it."""

    states: Mapping[str, CompiledState]
    create: Sequence


def _scripted(name: str, state: State, *, is_start: bool) -> CompiledState:
    video = dict(state.video)
    # A state without a status is a task under transition.
    video.setdefault("status", usual_status(is_start=is_start))
    status = video["status"]
    return CompiledState(
        name=name,
        status=status if isinstance(status, str) and status != OMIT else None,
        phase=phase_of(status),
        video=Overlay({key: value for key, value in video.items() if not _is_ramp(key, value)}),
        unified=Overlay(state.unified),
        wrapped=Overlay(state.wrapped),
        poll=Sequence(state.poll),
        content=Sequence(state.content),
        download=Sequence(state.download),
        downloads={link: Sequence(replies) for link, replies in state.downloads.items()},
        fixed=not any(name in VOLATILE for name, _ in names([state.video, state.unified, state.wrapped])),
        timed=any(transition.seconds is not None for transition in state.next),
        _ramp=_ramp_of(state),
    )


def _is_ramp(key: str, value: object) -> bool:
    return key == "progress" and isinstance(value, list | tuple) and len(value) == 2


def _ramp_of(state: State) -> _Ramp | None:
    progress: Any = state.video.get("progress")
    if not _is_ramp("progress", progress):
        return None
    transition = next(
        (transition for transition in state.next if transition.polls is not None or transition.seconds is not None),
        None,
    )
    first, last = progress
    return _Ramp(first, last, transition.polls if transition else None, transition.seconds if transition else None)


def _compile(scenario: Scenario) -> CompiledScenario:
    states = {**BUILT_IN_STATES, **scenario.states}
    return CompiledScenario(
        {name: _scripted(name, state, is_start=name == scenario.start) for name, state in states.items()},
        Sequence(scenario.create),
    )


_compiled = ScenarioCache(_compile)


def compiled_scenario(scenario: Scenario) -> CompiledScenario:
    """A scenario made ready to run; the same object for the same scenario while it is in use."""
    return _compiled.get(scenario)
