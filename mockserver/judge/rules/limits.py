"""The limits that a client sets itself: pauses, tries and timeouts."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import takewhile

from ...api.faults import FAULTS
from ...fake.journal import Exchange
from .. import anomalies
from ..observations import POLLS, Case
from . import thresholds
from .rule import Finding, at, hangs, rule

__all__ = ["RULES", "give_up_refused", "give_up_unknown"]


@rule(
    "should", "give-up-refused", "A request that is refused with 401 or 403 is not repeated endlessly.",
    "RFC 9110, 15.5.2 and 15.5.4: the same request is not to be repeated with the same credentials",
)  # fmt: skip
def give_up_refused(case: Case) -> Iterator[Finding]:
    """Many refusals of the same request in a row."""
    yield from _endless(case, (401, 403), thresholds.REFUSALS)


@rule(
    "should", "give-up-unknown", "A request for a task or clip that is not found (404) is not repeated endlessly.",
    "RFC 9110, 15.5.5: nothing was found; open-ai-canvas pull 492: a new task may be unknown for some seconds",
)  # fmt: skip
def give_up_unknown(case: Case) -> Iterator[Finding]:
    """Many 404s for the same request in a row; the gateway's 400 task_not_exist counts as a 404."""
    yield from _endless(case, (404, 410), thresholds.UNKNOWNS)


def _endless(case: Case, statuses: tuple[int, ...], most: int) -> Iterator[Finding]:
    count = 0
    previous = None
    for exchange in case.exchanges:
        status = 404 if anomalies.is_unknown_task(exchange) else exchange.status
        request = (exchange.method, exchange.host, exchange.path)
        count = (count + 1 if request == previous else 1) if status in statuses else 0
        previous = request
        stopped = case.outcome.ended == "stopped" and exchange is case.last and count >= 3
        if count > most or stopped:
            yield Finding(f"{at(exchange)} was answered {exchange.status} for the {_ordinal(count)} time in a row",
                          exchange.number)  # fmt: skip


def _in_a_row(case: Case, last: Exchange) -> int:
    """How often the last request was made in a row."""
    same = (last.method, last.host, last.path, last.fault)
    alike = ((each.method, each.host, each.path, each.fault) == same for each in reversed(case.exchanges))
    return sum(1 for _ in takewhile(bool, alike))


def _ordinal(number: int) -> str:
    endings = {1: "st", 2: "nd", 3: "rd"}
    return f"{number}{'th' if 10 <= number % 100 <= 20 else endings.get(number % 10, 'th')}"


@rule(
    "should", "poll-pause", "The client pauses between polls.",
    "new-api answers 429 to too many requests, without Retry-After; good practice",
)  # fmt: skip
def poll_pause(case: Case) -> Iterator[Finding]:
    """Several polls in a row without a pause between them."""
    short = 0
    for before, exchange in zip(case.exchanges, case.exchanges[1:], strict=False):
        polls = before.operation in POLLS and exchange.operation in POLLS and before.path == exchange.path
        short = short + 1 if polls and case.seconds(before, exchange) < thresholds.PAUSE else 0
        if short >= thresholds.GAPS:
            yield Finding(f"{at(exchange)} is one of {short + 1} polls in a row without a pause", exchange.number)


@rule(
    "should", "give-up-endless-task", "The client gives up a task that never ends.",
    "harry0703/MoneyPrinterTurbo issue 689: a task stuck at one progress; good practice",
)  # fmt: skip
def give_up_endless_task(case: Case) -> Iterator[Finding]:
    """A client that was stopped while it polled a task that has no end."""
    if case.expect.outcome == "no_end" and case.outcome.ended == "stopped" and not hangs(case):
        count = len(case.polls)
        yield Finding(
            f"the task never ends, and the client did not give up in {count} polls: {case.outcome.description}"
        )


@rule(
    "should", "give-up-stalled", "The client gives up a connection that stalls, or a reply that never ends.",
    "RFC 9112, 9.5: failures and timeouts; good practice",
)  # fmt: skip
def give_up_stalled(case: Case) -> Iterator[Finding]:
    """A client that was stopped while it waited for such a reply, or that waited far too long."""
    last = case.last
    stopped = case.outcome.ended == "stopped" and last is not None and hangs(case)
    if stopped and last is not None and case.passed(last, case.ended_at or last.at) >= thresholds.STALL:
        yield Finding(f"{at(last)} never ends ({last.fault}), and the client kept waiting: {case.outcome.description}",
                      last.number)  # fmt: skip
    if stopped and last is not None and (times := _in_a_row(case, last)) >= thresholds.STALLED_TRIES:
        yield Finding(f"{at(last)} never ends ({last.fault}), and was the {_ordinal(times)} request for it in a row",
                      last.number)  # fmt: skip
    moments = [*(exchange.at for exchange in case.exchanges[1:]), case.ended_at or 0.0][: len(case.exchanges)]
    for exchange, until in zip(case.exchanges, moments, strict=True):
        waited = case.passed(exchange, until)
        fault = exchange.scripted_fault
        if fault is not None and FAULTS[fault.kind].is_silent and thresholds.LONG_STALL <= waited < math.inf:
            yield Finding(f"{at(exchange)} never ends ({exchange.fault}), and the client waited for {waited:.0f} s",
                          exchange.number)  # fmt: skip


RULES = (give_up_refused, give_up_unknown, poll_pause, give_up_endless_task, give_up_stalled)
