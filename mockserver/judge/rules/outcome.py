"""What a client ends with: the clip, or a reported failure."""

from __future__ import annotations

from collections.abc import Iterator

from ...api.contract import Phase, phase_of
from .. import anomalies
from ..observations import POLLS, Case, is_clip
from . import thresholds
from .limits import give_up_refused, give_up_unknown
from .redirects import redirect_limit
from .result import url_absent
from .rule import QUERY, RECOMMENDED, Finding, at, describe_body, describe_end, hangs, is_odd, rule, was_patient

__all__ = ["RULES"]


@rule("must", "report-failed", "A task that failed, was cancelled or expired is reported as a failure.", QUERY)
def report_failed(case: Case) -> Iterator[Finding]:
    """Success claimed for a failed task; or a client that did not finish."""
    end = case.ending
    if case.expect.outcome != "failed" or end is None:
        return
    if case.outcome.ended == "delivered":
        what = "nothing" if case.outcome.clip is None else f"{len(case.outcome.clip)} bytes"
        yield Finding(f"{describe_end(end)}, and the client claims success "
                      f"({case.outcome.description}) with {what}", end.exchange.number)  # fmt: skip
    elif case.outcome.ended == "stopped" and end.documented:
        yield Finding(f"{describe_end(end)}, and the client did not finish: "
                      f"{case.outcome.description}", end.exchange.number)  # fmt: skip


@rule("must", "report-no-clip", "A clip that cannot be obtained is reported as a failure.", RECOMMENDED)
def report_no_clip(case: Case) -> Iterator[Finding]:
    """Success claimed without a clip where none can be obtained; or a client that did not finish."""
    if case.expect.outcome not in ("no_clip", "refused", "no_end"):
        return
    number = case.last.number if case.last is not None else None
    if case.outcome.ended == "delivered" and not case.outcome.clip:
        yield Finding(f"no clip can be obtained, and the client claims success ({case.outcome.description})", number)
    elif case.outcome.ended == "stopped" and case.expect.outcome == "no_clip" and not _has_own_rule(case):
        yield Finding(f"no clip can be obtained, and the client did not finish: {case.outcome.description}", number)
    elif case.outcome.ended == "stopped" and case.last in case.creates and len(case.creates) >= thresholds.CREATES:
        yield Finding(f"no task can be created, and the client did not give up in {len(case.creates)} creates", number)


@rule("must", "whole-clip", "The delivered clip is complete and unchanged.", RECOMMENDED)
def whole_clip(case: Case) -> Iterator[Finding]:
    """Something delivered that is not the clip."""
    clip = case.outcome.clip
    if clip is None or case.got_clip or case.expect.outcome == "failed":
        return
    if not clip and case.expect.outcome != "clip":
        return  # nothing, where there is nothing: another rule
    right = case.clips[0] if case.clips else b""
    if clip in case.other_clips:
        what = "another clip"
    elif clip and right.startswith(clip):
        what = f"only the first {len(clip)} of {len(right)} bytes"
    elif right and clip.startswith(right):
        what = f"the clip and {len(clip) - len(right)} more bytes"
    elif is_clip(clip):
        what = f"a clip of {len(clip)} bytes that is not the right one ({len(right)} bytes)"
    else:
        what = describe_body(clip)
    last = next((each for each in reversed(case.exchanges) if each in (*case.downloads, *case.contents)), None)
    yield Finding(f"the client delivered {what}", last.number if last is not None else None)


@rule("must", "deliver", "A clip that can be obtained is delivered.", RECOMMENDED)
def deliver(case: Case) -> Iterator[Finding]:
    """A failure reported although the clip could be obtained; or a client that did not finish."""
    if case.expect.outcome != "clip" or case.got_clip or case.outcome.clip is not None:
        return
    last = case.last
    if case.outcome.ended == "delivered":
        yield Finding(f"the client claims success ({case.outcome.description}), but delivered nothing",
                      last.number if last is not None else None)  # fmt: skip
    elif case.outcome.ended == "stopped":
        end = case.ending
        if end is not None and end.documented and not _has_own_rule(case):
            yield Finding(f"{describe_end(end)}, and the client did not finish: "
                          f"{case.outcome.description}", end.exchange.number)  # fmt: skip
    elif case.outcome.ended == "reported":
        yield from _given_up(case)


def _given_up(case: Case) -> Iterator[Finding]:
    """A failure reported although the last reply was a good one."""
    last = case.last
    if last is None:
        yield Finding("the client reported a failure without having sent a request")
        return
    untried = [url for url in case.result_urls if url.path is not None and url.path not in case.first_requests]
    sure = [url for url in untried if url.field in case.expect.sources]
    if last.host == "download" or last.operation == "content":
        if case.has_clip(last) and last.ended != "client left":
            yield Finding(f"{at(last)} delivered the whole clip, and the client reported a failure", last.number)
        elif last.operation == "content" and sure and not case.downloads:
            yield Finding(f"the client gave up at {at(last)}; {sure[0].field} holds a URL that was not requested",
                          last.number)  # fmt: skip
    elif last.operation in POLLS:
        document = case.document(last)
        if document is None or phase_of(document.get("status")) is not Phase.SUCCEEDED:
            return
        left = sure if case.downloads or case.contents else untried
        if not left or (is_odd(last, document) and not left[0].is_relative) or url_absent.finding(case):
            return
        what = (
            f"{left[0].text.partition('?')[0]!r}, relative to the address of the reply"
            if left[0].is_relative
            else "the URL"
        )
        yield Finding(f"the client gave up after #{last.number}, where {left[0].field} holds {what}", last.number)
    elif not anomalies.is_bad_reply(case, last) and not (case.polls and was_patient(case)):
        yield Finding(f"the client gave up after {at(last)}, which succeeded", last.number)


def _has_own_rule(case: Case) -> bool:
    """Whether a client was stopped in something endless that has a rule of its own."""
    endless = (redirect_limit, give_up_refused, give_up_unknown)
    return hangs(case) or any(rule.finding(case) is not None for rule in endless)


RULES = (report_failed, report_no_clip, whole_clip, deliver)
