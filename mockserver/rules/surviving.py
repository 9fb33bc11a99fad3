"""What is no reason for a client to give up."""

from __future__ import annotations

from collections.abc import Iterator

from mockserver import troubles
from mockserver.evidence import Case, undocumented_end
from mockserver.rules.rule import Check, Finding, at, how, rule, was_patient

_BAD_POLLS = 3  # bad answers in a row after which a client may give up
_LONG_WAIT = 30.0  # seconds of a Retry-After that need not be waited for: giving up is an answer, too


def _survive(kind: str, what: str) -> Check:
    def check(case: Case) -> Iterator[Finding]:
        last = case.last
        if case.outcome.ended != "reported" or last is None or last not in case.polls or case.ending is not None:
            return
        if (troubles.retry_after(last) or 0.0) >= _LONG_WAIT:
            return
        bad = 0
        for exchange in reversed(case.polls):
            if not troubles.is_trouble(case, exchange):
                break
            bad += 1
        if case.expect.outcome != "refused" and bad < _BAD_POLLS and kind in troubles.kinds(case, last):
            yield Finding(f"the client gave up at {what}: {at(last)} {how(case, last)}", last.number)

    return check


for _id, _what, _kind_of, _source in (
    ("survive-429", "a 429", "429", "RFC 6585, 4: too many requests, for a while"),
    ("survive-5xx", "an error of the server", "5xx", "RFC 9110, 15.6: the server erred, or cannot now"),
    ("survive-html", "an HTML page", "html", "ArcReel pull 237: error pages of a proxy between the polls"),
    ("survive-bad-json", "a body that is no task", "json", "RFC 8259, 9: what is no JSON is no answer"),
    ("survive-broken-connection", "a connection that breaks", "connection", "RFC 9110, 9.2.2: a GET can be repeated"),
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
            if case.expect.outcome == "clip" or case.outcome.ended == "stopped":
                yield Finding(f"the client did not see that a task is at its end that says {end!r} (#{last.number})",
                              last.number)  # fmt: skip
            return
        if case.outcome.ended != "reported" or (case.expect.outcome == "failed" and case.ending is not None):
            return
        if case.ending is not None and not case.result_urls:
            return  # where nothing says where the clip is, that is what tries a client
        for found, words in troubles.oddities(document):
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
