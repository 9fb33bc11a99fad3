"""What a client ends with."""

from __future__ import annotations

from collections.abc import Iterator

from ...api.contract import Phase, phase_of
from .. import anomalies
from ..observations import POLLS, Case, is_clip
from . import thresholds
from .redirects_and_limits import give_up_refused, give_up_unknown, redirect_limit
from .result import url_absent
from .rule import QUERY, RECOMMENDED, Finding, at, hangs, is_odd, kind_of, rule, status_of, was_patient


@rule("must", "report-failed", "A task that failed, was cancelled or expired is reported as a failure.", QUERY)
def report_failed(case: Case) -> Iterator[Finding]:
    """Success claimed for a task that failed, or no end."""
    end = case.ending
    if case.expect.outcome != "failed" or end is None:
        return
    if case.outcome.ended == "delivered":
        what = "nothing" if case.outcome.clip is None else f"{len(case.outcome.clip)} bytes"
        yield Finding(f"#{end.exchange.number} said {status_of(end.document)}, and the client claims success "
                      f"({case.outcome.description}) with {what}", end.exchange.number)  # fmt: skip
    elif case.outcome.ended == "stopped" and end.documented:
        yield Finding(f"#{end.exchange.number} said {status_of(end.document)}, and the client did not end: "
                      f"{case.outcome.description}", end.exchange.number)  # fmt: skip


@rule("must", "report-no-clip", "A clip that cannot be had is reported as a failure.", RECOMMENDED)
def report_no_clip(case: Case) -> Iterator[Finding]:
    """Success claimed without a clip, where there is none to be had; or no end."""
    if case.expect.outcome not in ("no_clip", "refused", "no_end"):
        return
    number = case.last.number if case.last is not None else None
    if case.outcome.ended == "delivered" and not case.outcome.clip:
        yield Finding(f"there is no clip to be had, and the client claims success ({case.outcome.description})", number)
    elif case.outcome.ended == "stopped" and case.expect.outcome == "no_clip" and not _runs_away(case):
        yield Finding(f"there is no clip to be had, and the client did not end: {case.outcome.description}", number)
    elif case.outcome.ended == "stopped" and case.last in case.creates and len(case.creates) >= thresholds.CREATES:
        yield Finding(f"no task is made, and after {len(case.creates)} creates the client had not given up", number)


@rule("must", "whole-clip", "The clip that is delivered is the clip, whole and unchanged.", RECOMMENDED)
def whole_clip(case: Case) -> Iterator[Finding]:
    """Something else delivered than the clip."""
    clip = case.outcome.clip
    if clip is None or case.got_clip or case.expect.outcome == "failed":
        return
    if not clip and case.expect.outcome != "clip":
        return  # nothing, where there is nothing: another rule
    film = case.clips[0] if case.clips else b""
    if clip in case.decoys:
        what = "another film"
    elif clip and film.startswith(clip):
        what = f"only the first {len(clip)} of {len(film)} bytes"
    elif film and clip.startswith(film):
        what = f"the clip and {len(clip) - len(film)} bytes more"
    elif is_clip(clip):
        what = f"a film of {len(clip)} bytes that is not the clip ({len(film)} bytes)"
    else:
        what = kind_of(clip)
    last = next((each for each in reversed(case.exchanges) if each in (*case.downloads, *case.contents)), None)
    yield Finding(f"the client delivered {what}", last.number if last is not None else None)


@rule("must", "deliver", "A clip that can be had is delivered.", RECOMMENDED)
def deliver(case: Case) -> Iterator[Finding]:
    """A clip that was there for the taking, and a failure reported all the same; or no end."""
    if case.expect.outcome != "clip" or case.got_clip or case.outcome.clip is not None:
        return
    last = case.last
    if case.outcome.ended == "delivered":
        yield Finding(f"the client claims success ({case.outcome.description}), but delivered nothing",
                      last.number if last is not None else None)  # fmt: skip
    elif case.outcome.ended == "stopped":
        end = case.ending
        if end is not None and end.documented and not _runs_away(case):
            yield Finding(f"#{end.exchange.number} said {status_of(end.document)}, and the client did not end: "
                          f"{case.outcome.description}", end.exchange.number)  # fmt: skip
    elif case.outcome.ended == "reported":
        yield from _given_up(case)


def _given_up(case: Case) -> Iterator[Finding]:
    """A failure reported, although the last reply was a good one."""
    last = case.last
    if last is None:
        yield Finding("the client reported a failure without having sent a request")
        return
    untried = [url for url in case.result_urls if url.path is not None and url.path not in case.asked]
    sure = [url for url in untried if url.field in case.expect.sources]
    if last.host == "download" or last.operation == "content":
        if case.has_clip(last) and last.ended != "client left":
            yield Finding(f"{at(last)} brought the clip whole, and the client reported a failure", last.number)
        elif last.operation == "content" and sure and not case.downloads:  # after one failed URL /content is as good
            yield Finding(f"the client gave up at {at(last)}; {sure[0].field} holds a URL that was not asked",
                          last.number)  # fmt: skip
    elif last.operation in POLLS:
        document = case.document(last)
        if document is None or phase_of(document.get("status")) is not Phase.SUCCEEDED:
            return
        left = sure if case.downloads or case.contents else untried
        if not left or (is_odd(last, document) and not left[0].is_relative) or next(url_absent(case), None):
            return
        what = f"{left[0].text.partition('?')[0]!r}, relative to the reply" if left[0].is_relative else "the URL"
        yield Finding(f"the client gave up after #{last.number}, where {left[0].field} holds {what}", last.number)
    elif not anomalies.is_bad_reply(case, last) and not (case.polls and was_patient(case)):
        yield Finding(f"the client gave up after {at(last)}, which went well", last.number)


@rule(
    "should", "check-body", "A body that is cut, empty, a page or an error is no film, though it came with 200.",
    "RFC 9112, 8: an incomplete message is to be told from a complete one; 9router pull 3966: errors saved as films",
)  # fmt: skip
def check_body(case: Case) -> Iterator[Finding]:
    """Something delivered that can be no film, or only the beginning of one."""
    clip = case.outcome.clip
    if clip is None or case.got_clip:
        return
    cut = bool(clip) and any(film.startswith(clip) for film in case.clips)
    if is_clip(clip) and not cut:
        return
    for exchange in reversed((*case.downloads, *case.contents)):
        if exchange.status in (200, 206) and exchange.method == "GET" and (clip or not case.arrived(exchange)):
            what = f"the first {len(clip)} bytes of the clip" if cut else kind_of(clip)
            yield Finding(f"{at(exchange)} came with {exchange.status}, and the client delivered {what}",
                          exchange.number)  # fmt: skip


@rule(
    "should", "no-partial-file",
    "A client that reports a failure leaves no part of a clip at its output, or beside it.",
    "good sense: whoever finds the file takes it for the film",
)  # fmt: skip
def no_partial_file(case: Case) -> Iterator[Finding]:
    """A file at the output of a client that reported a failure."""
    if case.outcome.ended == "reported" and case.outcome.leftover_bytes is not None:
        yield Finding(f"the client reported a failure ({case.outcome.description}) and left "
                      f"{case.outcome.leftover_bytes} bytes at its output or beside it")  # fmt: skip


def _runs_away(case: Case) -> bool:
    """Whether a client was stopped in something that never ends, for which there is a rule."""
    runaway = (redirect_limit, give_up_refused, give_up_unknown)
    return hangs(case) or any(next(rule(case), None) is not None for rule in runaway)
