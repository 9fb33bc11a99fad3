"""How a client behaves: its key, redirects, pauses, and giving up."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import takewhile
from urllib.parse import unquote, urlsplit

from ...api.contract import DOWNLOAD_ALIAS
from ...api.faults import FAULTS
from ...api.redaction import mask_query
from ...fake.journal import Exchange
from .. import anomalies
from ..observations import POLLS, Case, location
from . import thresholds
from .rule import Finding, at, hangs, rule


@rule(
    "should", "no-key-to-other-hosts",
    "The API's key goes to no other origin than the API's, and nor does the Authorization header.",
    "RFC 9110, 15.4: a redirect to elsewhere takes no Authorization along; presigned URLs carry their own",
)  # fmt: skip
def key_stays_home(case: Case) -> Iterator[Finding]:
    """A key at the download host. Below the API's own origin (a relative URL) it is at home."""
    for exchange in case.downloads:
        if "relative=1" in exchange.query:
            continue
        if exchange.header("authorization") is not None or (case.api_key and exchange.holds(case.api_key)):
            redirected = unquote(exchange.path) in case.redirect_targets
            yield Finding(f"{at(exchange)} carries the key{' along a redirect' if redirected else ''}",
                          exchange.number)  # fmt: skip


@rule(
    "should", "follow-redirects", "A redirect is followed.",
    "RFC 9110, 15.4: the client is to take further action to fulfil the request",
)  # fmt: skip
def follow_redirects(case: Case) -> Iterator[Finding]:
    """A redirect to somewhere near, and no request there."""
    if not case.ended_itself:
        return
    last_asked = {_place(exchange.url): exchange.number for exchange in case.exchanges}
    chain: set[str] = set()
    for exchange in case.exchanges:
        target = location(exchange)
        if target is None:
            chain.clear()
            continue
        chain.add(_place(exchange.url))
        near = target.startswith((f"{exchange.origins.api}/", f"{exchange.origins.download}/"))
        place = _place(target)
        # Whoever stops where it has been in this chain has seen a circle.
        wanted = near and place not in chain and exchange.method != "HEAD" and exchange.ended != "client left"
        if wanted and last_asked.get(place, 0) <= exchange.number:
            yield Finding(f"{at(exchange)} redirected, and the client did not follow", exchange.number)


def _place(url: str) -> str:
    """Where a URL leads to, whatever the host is called and however it is quoted."""
    parts = urlsplit(url)
    path = parts.path.partition(DOWNLOAD_ALIAS)[2] or parts.path
    return unquote(f"{path}?{mask_query(parts.query)}")


@rule(
    "should", "redirect-limit", "Redirects are not followed for ever.",
    "RFC 9110, 15.4: a client should detect and intervene in cyclical redirections",
)  # fmt: skip
def redirect_limit(case: Case) -> Iterator[Finding]:
    """A chain of redirects that nobody needs, or that the client was still in when it was stopped."""
    chain = 0
    for exchange in case.exchanges:
        chain = chain + 1 if location(exchange) is not None else 0
        stopped = case.outcome.ended == "stopped" and exchange is case.last and chain >= thresholds.CHAIN
        if chain > thresholds.REDIRECTS or stopped:
            yield Finding(f"{at(exchange)} is redirect number {chain} in a row", exchange.number)


@rule(
    "should", "retry-after", "A Retry-After is waited for before the same is asked again.",
    "RFC 9110, 10.2.3: how long the user agent ought to wait before making a follow-up request",
)  # fmt: skip
def retry_after(case: Case) -> Iterator[Finding]:
    """The same asked again too soon after a 429 or 503 that said when."""
    for number, exchange in enumerate(case.exchanges):
        asked = anomalies.retry_after(exchange)
        if not asked or exchange.ended == "client left":
            continue
        for later in case.exchanges[number + 1 :]:
            if (later.method, later.host, later.path) == (exchange.method, exchange.host, exchange.path):
                waited = case.seconds(exchange, later)
                if waited < min(asked, thresholds.RETRY_CAP) * 0.95 - 0.05:
                    yield Finding(f"#{exchange.number} asked to wait {asked:g} s, and {at(later)} came after "
                                  f"{waited:.2f} s", later.number)  # fmt: skip
                break


@rule(
    "should", "give-up-refused", "A 401 or a 403 is not asked about for ever.",
    "RFC 9110, 15.5.2 and 15.5.4: the same request is not to be repeated with the same credentials",
)  # fmt: skip
def give_up_refused(case: Case) -> Iterator[Finding]:
    """Many refusals of the same, one after the other."""
    yield from _endless(case, (401, 403), thresholds.REFUSALS)


@rule(
    "should", "give-up-unknown", "A task or a clip that is not known (404) is not asked for for ever.",
    "RFC 9110, 15.5.5: nothing was found; open-ai-canvas pull 492: a new task may be unknown for some seconds",
)  # fmt: skip
def give_up_unknown(case: Case) -> Iterator[Finding]:
    """Many 404 of the same, one after the other; the gateway's 400 task_not_exist counts as one."""
    yield from _endless(case, (404, 410), thresholds.UNKNOWNS)


def _endless(case: Case, statuses: tuple[int, ...], most: int) -> Iterator[Finding]:
    count = 0
    asked = None
    for exchange in case.exchanges:
        status = 404 if anomalies.is_unknown_task(exchange) else exchange.status
        same = (exchange.method, exchange.host, exchange.path)
        count = (count + 1 if same == asked else 1) if status in statuses else 0
        asked = same
        stopped = case.outcome.ended == "stopped" and exchange is case.last and count >= 3
        if count > most or stopped:
            yield Finding(f"{at(exchange)} was answered {exchange.status} for the {_ordinal(count)} time in a row",
                          exchange.number)  # fmt: skip


def _in_a_row(case: Case, last: Exchange) -> int:
    """How often the last request was made in a row."""
    same = (last.method, last.host, last.path, last.fault)
    told = ((each.method, each.host, each.path, each.fault) == same for each in reversed(case.exchanges))
    return sum(1 for _ in takewhile(bool, told))


def _ordinal(number: int) -> str:
    endings = {1: "st", 2: "nd", 3: "rd"}
    return f"{number}{'th' if 10 <= number % 100 <= 20 else endings.get(number % 10, 'th')}"


@rule(
    "should", "poll-pause", "There are pauses between polls.",
    "new-api answers 429 to too many requests, and never says for how long; good sense",
)  # fmt: skip
def poll_pause(case: Case) -> Iterator[Finding]:
    """Several polls in a row, each as soon as the one before was answered."""
    short = 0
    for before, exchange in zip(case.exchanges, case.exchanges[1:], strict=False):
        polls = before.operation in POLLS and exchange.operation in POLLS and before.path == exchange.path
        short = short + 1 if polls and case.seconds(before, exchange) < thresholds.PAUSE else 0
        if short >= thresholds.GAPS:
            yield Finding(f"{at(exchange)} is one of {short + 1} polls in a row without a pause", exchange.number)


@rule(
    "should", "give-up-endless-task", "A task that never ends is given up.",
    "harry0703/MoneyPrinterTurbo issue 689: a task stuck at one progress; good sense",
)  # fmt: skip
def give_up_endless_task(case: Case) -> Iterator[Finding]:
    """A client that was stopped while it polled a task that has no end."""
    if case.expect.outcome == "no_end" and case.outcome.ended == "stopped" and not hangs(case):
        count = len(case.polls)
        yield Finding(
            f"the task never ends, and after {count} polls the client had not given up: {case.outcome.description}"
        )


@rule(
    "should", "give-up-stalled", "A connection on which nothing comes, or that never ends, is given up.",
    "RFC 9112, 9.5: failures and time-outs; good sense",
)  # fmt: skip
def give_up_stalled(case: Case) -> Iterator[Finding]:
    """A client that was stopped while it waited for such a reply."""
    last = case.last
    stopped = case.outcome.ended == "stopped" and last is not None and hangs(case)
    if stopped and last is not None and case.passed(last, case.ended_at or last.at) >= thresholds.STALL:
        yield Finding(f"{at(last)} never ends ({last.fault}), and the client waited on: {case.outcome.description}",
                      last.number)  # fmt: skip
    if stopped and last is not None and (times := _in_a_row(case, last)) >= thresholds.STALLED_TRIES:
        yield Finding(f"{at(last)} never ends ({last.fault}), and is asked for the {_ordinal(times)} time in a row",
                      last.number)  # fmt: skip
    moments = [*(exchange.at for exchange in case.exchanges[1:]), case.ended_at or 0.0][: len(case.exchanges)]
    for exchange, until in zip(case.exchanges, moments, strict=True):
        waited = case.passed(exchange, until)
        fault = exchange.scripted_fault
        if fault is not None and FAULTS[fault.kind].is_silent and thresholds.LONG_STALL <= waited < math.inf:
            yield Finding(f"{at(exchange)} never ends ({exchange.fault}), and the client waited for {waited:.0f} s",
                          exchange.number)  # fmt: skip
