"""The journal of the fake."""

from __future__ import annotations

from collections.abc import Mapping

from .....fake.har import har
from .....fake.journal import Exchange
from ..requests import ControlRequest, ControlResponse, Handler

__all__ = ["HANDLERS"]


def _matching_exchanges(request: ControlRequest) -> tuple[list[Exchange], bool]:
    query = dict(request.query)
    limit = query.pop("limit", None)
    found = request.fake.journal.query(**query)
    return found[:limit], limit is not None and len(found) > limit


def _show_journal(request: ControlRequest) -> ControlResponse:
    journal = request.fake.journal
    found, more = _matching_exchanges(request)
    return ControlResponse(
        {
            "total": journal.total,
            "dropped": journal.dropped,
            "more": more,
            "exchanges": [exchange.to_data() for exchange in found],
        }
    )


def _clear_journal(request: ControlRequest) -> ControlResponse:
    journal = request.fake.journal
    count = len(journal)
    journal.clear()
    return ControlResponse({"cleared": count})


def _journal_har(request: ControlRequest) -> ControlResponse:
    found, _ = _matching_exchanges(request)
    dropped = request.fake.journal.dropped
    return ControlResponse(har(found, comment=f"{dropped} older exchanges are no longer kept." if dropped else ""))


HANDLERS: Mapping[str, Handler] = {
    "show_journal": _show_journal,
    "clear_journal": _clear_journal,
    "journal_har": _journal_har,
}
