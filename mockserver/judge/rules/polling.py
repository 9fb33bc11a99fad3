"""How a client waits for the end of a task."""

from __future__ import annotations

from collections.abc import Iterator

from ...api.contract import Phase
from ..observations import POLLS, Case
from . import thresholds
from .rule import RECOMMENDED, Finding, at, describe_end, is_odd, rule, status_of, was_patient

__all__ = ["RULES"]


@rule(
    "must",
    "poll-to-end",
    "The client polls until the status is terminal, and fetches no result earlier.",
    RECOMMENDED,
)
def poll_to_end(case: Case) -> Iterator[Finding]:
    """A result that was requested too early, or a client that gave up after a good reply with a pending status."""
    end = case.hinted_end
    for exchange in (*case.downloads, *case.contents):
        earlier = [poll for poll in case.polls if poll.number < exchange.number]
        document = case.document(earlier[-1]) if earlier else None
        if (end is None or exchange.number < end) and earlier and case.arrived(earlier[-1]) is not None:
            why = f"the task is {status_of(document)}" if document is not None else "no reply has shown its end"
            yield Finding(f"{at(exchange)} requests the result while {why} (#{earlier[-1].number})", exchange.number)
    polled = any(exchange.operation in POLLS or not exchange.operation for exchange in case.exchanges)
    polled = polled or (case.last in case.creates and case.outcome.ended == "reported")  # other rules look at that
    if case.ended_itself and not polled and not case.got_clip and not _create_failed(case):
        yield Finding("the client ended without having polled the task once")
    last = case.last
    if case.outcome.ended != "reported" or last is None or last.operation not in POLLS or end is not None:
        return
    document = case.document(last)
    if document is None or is_odd(last, document) or was_patient(case):
        return
    yield Finding(f"the client gave up while the task was {status_of(document)} (#{last.number})", last.number)


def _create_failed(case: Case) -> bool:
    return case.given is None and (
        not case.creates or not any(isinstance((case.document(create) or {}).get("id"), str) for create in case.creates)
    )


@rule("must", "stop-at-end", "Polling stops at a terminal status.", RECOMMENDED)
def stop_at_end(case: Case) -> Iterator[Finding]:
    """Polls after the end. One more is allowed, and so is another after a URL that was missing or failed."""
    end = case.ending
    if end is None or not end.documented:
        return
    polls = 0
    # Attempts at a URL that leads elsewhere are not seen here, and another poll after each is allowed.
    urls = case.urls(end.exchange)
    has_url = end.phase is Phase.FAILED or (bool(urls) and all(url.path is not None for url in urls))
    for exchange in case.exchanges:
        if exchange.number <= end.exchange.number or exchange.task_id != end.exchange.task_id:
            continue
        if exchange.operation not in POLLS:
            polls = 0
            continue
        polls += 1
        if polls > (thresholds.POLLS_AFTER_END if has_url else thresholds.POLLS_FOR_URL):
            yield Finding(
                f"{at(exchange)} polls again, although {describe_end(end)}",
                exchange.number,
            )


RULES = (poll_to_end, stop_at_end)
