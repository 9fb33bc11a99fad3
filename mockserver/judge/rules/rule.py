"""What a rule is, and the helpers that rules share.

A rule looks at a `Case` and reports what violates it, if anything does: a message and the exchange that shows it.
`must` rules follow from OctopusX's documentation; `should` rules from HTTP and good practice. No rule punishes a style:
where the contract leaves a choice, every choice is right, and a client that gives up with an error where nothing
obliges it to go on has violated nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from ...api.contract import Phase
from ...api.faults import FAULTS
from ...fake.journal import Exchange
from .. import anomalies
from ..observations import POLLS, Case, Ending, is_clip
from . import thresholds

__all__ = [
    "LEVELS", "QUERY", "RECOMMENDED", "Check", "Finding", "Level", "Rule", "at", "describe_body", "describe_end",
    "describe_failure", "hangs", "has_ended_without_clip", "is_early", "is_odd", "rule", "status_of", "was_patient",
]  # fmt: skip

Level = Literal["must", "should"]
LEVELS: tuple[Level, ...] = get_args(Level)

QUERY = "OctopusX: videos/grok (Grok Task Query)"
RECOMMENDED = "OctopusX: videos/grok (Grok Task Query), polling recommendations"

_LONGEST_PATH = 120  # characters of a path in a message


@dataclass(frozen=True, slots=True)
class Finding:
    """How a rule was violated, in words, and the number of the exchange that shows it."""

    message: str
    exchange: int | None = None


Check = Callable[[Case], Iterator[Finding]]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: its id, its level, what it demands as a sentence, the source of that, and the check."""

    id: str
    level: Level
    sentence: str
    source: str
    check: Check

    def finding(self, case: Case) -> Finding | None:
        """The first thing in a case that violates the rule, or None."""
        return next(self.check(case), None)


def rule(level: Level, id: str, sentence: str, source: str) -> Callable[[Check], Rule]:
    """Make a rule of the function that checks it."""
    return lambda check: Rule(id, level, sentence, source, check)


def at(exchange: Exchange) -> str:
    """A request, in words."""
    path = exchange.path if len(exchange.path) <= _LONGEST_PATH else f"{exchange.path[:_LONGEST_PATH]}..."
    where = f"{'download:' if exchange.host == 'download' else ''}{path}"
    return f"{exchange.method} {where} (#{exchange.number})"


def status_of(document: Mapping[str, object]) -> str:
    """The status of a task object, in words."""
    status = document.get("status")
    if isinstance(status, str):
        return repr(status)
    return anomalies.as_json(status) if "status" in document else "without a status"


def describe_end(end: Ending) -> str:
    """Where the client could read that its task had ended, in words: `#3 had the status 'failed'`."""
    return f"#{end.exchange.number} had the status {status_of(end.document)}"


def was_patient(case: Case) -> bool:
    """Whether the client waited for so long that it may give up a pending task."""
    waited = case.polls[-1].at - case.polls[0].at
    return len(case.polls) >= thresholds.PATIENT_POLLS or waited >= thresholds.PATIENT_SECONDS


def is_early(case: Case, exchange: Exchange) -> bool:
    """Whether a request came before the client could know that the task had ended."""
    return case.ending is None or exchange.number < case.ending.exchange.number


def has_ended_without_clip(case: Case, phase: Phase) -> bool:
    """Whether the client ended without the clip after it had read that the task ended in this phase."""
    known = case.outcome.ended != "unknown" or (case.last is not None and case.last.operation not in POLLS)
    return (
        case.outcome.ended != "stopped"
        and known
        and not case.got_clip
        and case.ending is not None
        and case.ending.phase is phase
    )


def describe_failure(case: Case, exchange: Exchange) -> str:
    """How a reply failed, in words."""
    if exchange.fault is not None:
        return f"failed ({exchange.fault})"
    if exchange.ended == "client left" and exchange.status in (200, 206):
        return f"did not arrive in time (the client disconnected after {exchange.sent or 0} bytes)"
    body = case.arrived(exchange)
    what = describe_body(body or b"", "task object" if exchange.operation in POLLS else "clip")
    return f"was answered {exchange.status}" + ("" if exchange.status != 200 else f" with {what}")


def describe_body(body: bytes, wanted: str = "clip") -> str:
    """What a body is, in words, where something else was wanted."""
    start = body.lstrip()[:200].lower()
    if not body:
        return "an empty body"
    if is_clip(body):
        return "a clip"
    if start.startswith((b"<!doctype", b"<html", b"<h1", b"<head")):
        return "an HTML page"
    if start.startswith((b"{", b"[")):
        return "JSON"
    if start.startswith(b"<?xml"):
        return "XML"
    return f"{len(body)} bytes that are not a {wanted}"


def is_odd(exchange: Exchange, document: Mapping[str, object]) -> bool:
    """Whether anything about the task object in a reply is undocumented."""
    return any(True for _ in anomalies.document_anomalies(document, exchange.task_id))


def hangs(case: Case) -> bool:
    """Whether the last reply was one that never ends."""
    fault = case.last.scripted_fault if case.last is not None else None
    return fault is not None and FAULTS[fault.kind].never_ends
