"""What is no reason for a client to give up: bad replies to a poll, and task objects that are not as documented."""

from __future__ import annotations

from collections.abc import Iterator

from .. import anomalies
from ..observations import Case, undocumented_end
from . import thresholds
from .rule import Check, Finding, Rule, at, describe_failure, was_patient

__all__ = ["RULES"]


def _survives(kind: str, what: str) -> Check:
    """The check that a client does not give up at one kind of bad reply to a poll."""

    def check(case: Case) -> Iterator[Finding]:
        last = case.last
        if case.outcome.ended != "reported" or last is None or last not in case.polls or case.ending is not None:
            return
        if (anomalies.retry_after(last) or 0.0) >= thresholds.LONG_WAIT:
            return
        bad = 0
        for exchange in reversed(case.polls):
            if not anomalies.is_bad_reply(case, exchange):
                break
            bad += 1
        is_few = case.expect.outcome != "refused" and bad < thresholds.BAD_POLLS
        if is_few and kind in anomalies.bad_reply_kinds(case, last):
            yield Finding(f"the client gave up at {what}: {at(last)} {describe_failure(case, last)}", last.number)

    return check


def _survival(id: str, what: str, kind: str, source: str) -> Rule:
    return Rule(id, "should", f"The client goes on polling after {what}.", source, _survives(kind, what))


def _tolerates(rule: str) -> Check:
    """The check that a client does not give up at the anomalies of a task object that a rule covers."""

    def check(case: Case) -> Iterator[Finding]:
        last = case.last
        if case.got_clip or last is None or last not in case.polls or case.outcome.ended == "unknown":
            return
        document = case.document(last)
        if document is None or case.expect.outcome not in ("clip", "no_clip", "failed"):
            return
        end = undocumented_end(document)
        if rule == "unknown-status" and end is not None and case.outcome.ended in ("reported", "stopped"):
            first = case.ending.exchange if case.ending is not None else last
            polls = sum(poll.number > first.number for poll in case.polls)
            missed = case.expect.outcome == "clip" or case.outcome.ended == "stopped"
            if missed or polls > thresholds.POLLS_AFTER_UNDOCUMENTED_END:
                what = f"polled {polls} more times" if polls else "gave up"
                yield Finding(f"#{first.number} had the terminal status {end!r}, and the client {what}", first.number)
            return
        if case.outcome.ended != "reported" or (case.expect.outcome == "failed" and case.ending is not None):
            return
        if case.ending is not None and (not case.result_urls or case.result_urls[0].is_relative):
            return  # a missing or relative URL is the harder problem here
        for found, anomaly in anomalies.document_anomalies(document, last.task_id):
            if found == rule and not was_patient(case):
                yield Finding(f"the client gave up at #{last.number}, where {anomaly}", last.number)

    return check


def _tolerance(id: str, sentence: str, source: str) -> Rule:
    return Rule(id, "should", sentence, source, _tolerates(id))


RULES = (
    _survival("survive-429", "a 429", "429", "RFC 6585, 4: too many requests, for some time"),
    _survival("survive-5xx", "a server error", "5xx", "RFC 9110, 15.6: the server failed, or cannot answer now"),
    _survival("survive-html", "an HTML page", "html", "ArcReel pull 237: error pages of a proxy between the polls"),
    _survival("survive-bad-json", "a body that is not a task object", "json", "RFC 8259, 9: a parser may refuse it"),
    _survival(
        "survive-broken-connection", "a broken connection", "connection",
        "RFC 9110, 9.2.2: a GET can be repeated; 15.5.9: so can a request that was answered with 408",
    ),
    _tolerance(
        "unknown-fields", "Undocumented fields are no reason to fail.",
        "RFC 7493, 4.2: a receiver ignores fields that it does not know",
    ),
    _tolerance(
        "unknown-status",
        "Unusual status words are no reason to fail: known terminal words end the task, all others do not.",
        "OctopusX: the pages name different words; new-api issue 5045; ArcReel issue 1888",
    ),
    _tolerance(
        "odd-types", "A field that is missing or has an undocumented type is no reason to fail.",
        "OctopusX: unified pages (ISO times, milliseconds); ArcReel issue 1505",
    ),
)  # fmt: skip
