"""What is no reason for a client to give up."""

from __future__ import annotations

from collections.abc import Iterator

from .. import anomalies
from ..observations import Case, undocumented_end
from . import thresholds
from .rule import Check, Finding, at, how, rule, was_patient


def _survive(kind: str, what: str) -> Check:
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
        if (
            case.expect.outcome != "refused"
            and bad < thresholds.BAD_POLLS
            and kind in anomalies.bad_reply_kinds(case, last)
        ):
            yield Finding(f"the client gave up at {what}: {at(last)} {how(case, last)}", last.number)

    return check


for _id, _what, _kind_of, _source in (
    ("survive-429", "a 429", "429", "RFC 6585, 4: too many requests, for a while"),
    ("survive-5xx", "an error of the server", "5xx", "RFC 9110, 15.6: the server erred, or cannot now"),
    ("survive-html", "an HTML page", "html", "ArcReel pull 237: error pages of a proxy between the polls"),
    ("survive-bad-json", "a body that is no task", "json", "RFC 8259, 9: what is no JSON is no answer"),
    (
        "survive-broken-connection",
        "a connection that breaks",
        "connection",
        "RFC 9110, 9.2.2: a GET can be repeated; 15.5.9: as can what was answered 408",
    ),
):
    rule("should", _id, f"{_what[:1].upper()}{_what[1:]} in answer to a poll is not the end.", _source)(
        _survive(_kind_of, _what)
    )


def _bear_with(kind: str) -> Check:
    def check(case: Case) -> Iterator[Finding]:
        last = case.last
        if case.got_clip or last is None or last not in case.polls or case.outcome.ended == "unknown":
            return
        document = case.document(last)
        if document is None or case.expect.outcome not in ("clip", "no_clip", "failed"):
            return
        end = undocumented_end(document)
        if kind == "unknown-status" and end is not None and case.outcome.ended in ("reported", "stopped"):
            first = case.ending.exchange if case.ending is not None else last
            looks = sum(poll.number > first.number for poll in case.polls)
            if (
                case.expect.outcome == "clip"
                or case.outcome.ended == "stopped"
                or looks > thresholds.LOOKS_AFTER_OTHER_END
            ):
                what = f"polled on {looks} times" if looks else "gave up"
                yield Finding(f"#{first.number} said {end!r}, which is an end, and the client {what}", first.number)
            return
        if case.outcome.ended != "reported" or (case.expect.outcome == "failed" and case.ending is not None):
            return
        if case.ending is not None and (not case.result_urls or case.result_urls[0].is_relative):
            return  # where nothing says where the clip is, or only half, that is what tries a client
        for found, words in anomalies.document_anomalies(document, last.task_id):
            if found == kind and not was_patient(case):
                yield Finding(f"the client gave up at #{last.number}, where {words}", last.number)

    return check


for _id, _sentence, _source in (
    (
        "unknown-fields", "Fields that nobody documented are no reason to fail.",
        "RFC 7493, 4.2: fields that a receiver does not know are ignored",
    ),
    (
        "unknown-status",
        "A status in other words is no reason to fail: one known for an end is an end, and any other is none.",
        "OctopusX: the pages name different words; new-api issue 5045; ArcReel issue 1888",
    ),
    (
        "odd-types", "A field of another type than documented, or none at all, is no reason to fail.",
        "OctopusX: unified pages (ISO times, milliseconds); ArcReel issue 1505",
    ),
):  # fmt: skip
    rule("should", _id, _sentence, _source)(_bear_with(_id))
