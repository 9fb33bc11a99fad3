"""What a rule is, and the words that rules share.

A rule looks at a `Case` and says what broke it, if anything did: a message and the exchange that shows it. `must` rules
stand in OctopusX's documentation; `should` rules are HTTP's and plain good sense. No rule punishes a style: where the
contract leaves a choice, every choice is right, and a client that gives up with an error where nothing obliges it to go
on has broken nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from ...api.contract import Phase
from ...api.faults import FAULTS
from ...fake.journal import Exchange
from .. import anomalies
from ..observations import POLLS, Case, is_clip
from . import thresholds

__all__ = [
    "LEVELS", "QUERY", "RECOMMENDED", "RULES", "Check", "Finding", "Rule", "at", "hangs",
    "how", "is_early", "is_odd", "is_over", "kind_of", "rule", "status_of", "was_patient",
]  # fmt: skip

LEVELS = ("must", "should")

QUERY = "OctopusX: videos/grok (Grok Task Query)"
RECOMMENDED = "OctopusX: videos/grok (Grok Task Query), polling recommendations"

_PATH = 120  # characters of a path in a message


@dataclass(frozen=True, slots=True)
class Finding:
    """How a rule was broken, in words, and the number of the exchange that shows it."""

    message: str
    exchange: int | None = None


Check = Callable[[Case], Iterator[Finding]]


@dataclass(frozen=True, slots=True)
class Rule:
    """One promise of a client: its id, its level (`must` or `should`), the promise as a sentence, and who says so."""

    id: str
    level: str
    sentence: str
    source: str
    check: Check

    def finding(self, case: Case) -> Finding | None:
        """The first thing in a case that breaks the rule, or None."""
        return next(self.check(case), None)


RULES: dict[str, Rule] = {}


def rule(level: str, id: str, sentence: str, source: str) -> Callable[[Check], Check]:
    """Enter a function into the table of rules."""

    def add(check: Check) -> Check:
        RULES[id] = Rule(id, level, sentence, source, check)
        return check

    return add


def at(exchange: Exchange) -> str:
    """A request, in words."""
    path = exchange.path if len(exchange.path) <= _PATH else f"{exchange.path[:_PATH]}..."
    where = f"{'download:' if exchange.host == 'download' else ''}{path}"
    return f"{exchange.method} {where} (#{exchange.number})"


def status_of(document: Mapping[str, object]) -> str:
    """What a task object says of its status, in words."""
    status = document.get("status")
    if isinstance(status, str):
        return repr(status)
    return anomalies.as_json(status) if "status" in document else "without a status"


def was_patient(case: Case) -> bool:
    """Whether the client waited for so long that it may give a pending task up."""
    return (
        len(case.polls) >= thresholds.PATIENT_POLLS
        or case.polls[-1].at - case.polls[0].at >= thresholds.PATIENT_SECONDS
    )


def is_early(case: Case, exchange: Exchange) -> bool:
    """Whether a request came before the client could know that the task had ended."""
    return case.ending is None or exchange.number < case.ending.exchange.number


def is_over(case: Case, phase: Phase) -> bool:
    """Whether the client ended, without the clip, after it had read of this end."""
    known = case.outcome.ended != "unknown" or (case.last is not None and case.last.operation not in POLLS)
    return (
        case.outcome.ended != "stopped"
        and known
        and not case.got_clip
        and case.ending is not None
        and case.ending.phase is phase
    )


def how(case: Case, exchange: Exchange) -> str:
    """How a reply failed, in words."""
    if exchange.fault is not None:
        return f"failed ({exchange.fault})"
    if exchange.ended == "client left" and exchange.status in (200, 206):
        return f"did not come in time (the client left after {exchange.sent or 0} bytes)"
    body = case.arrived(exchange)
    what = kind_of(body or b"")
    if exchange.operation in POLLS:
        what = what.replace("that are no film", "that are no task")
    return f"was answered {exchange.status}" + ("" if exchange.status != 200 else f" with {what}")


def kind_of(body: bytes) -> str:
    """What a body is, for people."""
    start = body.lstrip()[:200].lower()
    if not body:
        return "an empty body"
    if is_clip(body):
        return "a film"
    if start.startswith((b"<!doctype", b"<html", b"<h1", b"<head")):
        return "an HTML page"
    if start.startswith((b"{", b"[")):
        return "JSON"
    if start.startswith(b"<?xml"):
        return "XML"
    return f"{len(body)} bytes that are no film"


def is_odd(exchange: Exchange, document: Mapping[str, object]) -> bool:
    """Whether anything about the task object of a reply is undocumented."""
    return any(True for _ in anomalies.document_anomalies(document, exchange.task_id))


def hangs(case: Case) -> bool:
    """Whether the last reply was one that never ends."""
    fault = case.last.scripted_fault if case.last is not None else None
    return fault is not None and FAULTS[fault.kind].never_ends
