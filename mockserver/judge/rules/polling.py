"""How a client waits for the end of a task."""

from __future__ import annotations

from collections.abc import Iterator

from ...api.contract import Phase
from ..observations import POLLS, Case
from . import thresholds
from .rule import RECOMMENDED, Finding, at, is_odd, rule, status_of, was_patient


@rule("must", "poll-to-end", "Poll until the status is a terminal one, and take no result before.", RECOMMENDED)
def poll_to_end(case: Case) -> Iterator[Finding]:
    """A result asked for too early, or a good, pending reply that was the last."""
    end = case.hinted_end
    for exchange in (*case.downloads, *case.contents):
        seen = [poll for poll in case.polls if poll.number < exchange.number]
        document = case.document(seen[-1]) if seen else None
        if (end is None or exchange.number < end) and seen and case.arrived(seen[-1]) is not None:
            told = f"the task is {status_of(document)}" if document is not None else "nothing has said that it ended"
            yield Finding(f"{at(exchange)} asks for the result while {told} (#{seen[-1].number})", exchange.number)
    asked = any(exchange.operation in POLLS or not exchange.operation for exchange in case.exchanges)
    asked = asked or (case.last in case.creates and case.outcome.ended == "reported")  # for which there are others
    if case.ended_itself and not asked and not case.got_clip and not _create_went_wrong(case):
        yield Finding("the client ended without having asked for the task's status once")
    last = case.last
    if case.outcome.ended != "reported" or last is None or last.operation not in POLLS or end is not None:
        return
    document = case.document(last)
    if document is None or is_odd(last, document) or was_patient(case):
        return
    yield Finding(f"the client gave up while the task was {status_of(document)} (#{last.number})", last.number)


def _create_went_wrong(case: Case) -> bool:
    return case.given is None and (
        not case.creates or not any(isinstance((case.document(made) or {}).get("id"), str) for made in case.creates)
    )


@rule("must", "stop-at-end", "A task that has ended is not polled on.", RECOMMENDED)
def stop_at_end(case: Case) -> Iterator[Finding]:
    """Polls after the end. One more look is fine, and so is a new look for a URL that was missing or failed."""
    end = case.ending
    if end is None or not end.documented:
        return
    looks = 0
    # Tries of a URL that leads elsewhere are not seen here, and a new look after each is fine.
    urls = case.urls(end.exchange)
    has_url = end.phase is Phase.FAILED or (bool(urls) and all(url.path is not None for url in urls))
    for exchange in case.exchanges:
        if exchange.number <= end.exchange.number or exchange.task_id != end.exchange.task_id:
            continue
        if exchange.operation not in POLLS:
            looks = 0
            continue
        looks += 1
        if looks > (thresholds.LOOKS_AFTER_END if has_url else thresholds.LOOKS_FOR_URL):
            yield Finding(
                f"{at(exchange)} polls on, although #{end.exchange.number} said {status_of(end.document)}",
                exchange.number,
            )
