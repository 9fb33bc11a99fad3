"""What a client did, as lines of text: when, what it asked for, and how it was answered."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

from ..api.faults import NO_REPLY
from ..api.messages import ClipPart
from ..api.redaction import mask_query
from .journal import Exchange, Journal

__all__ = ["exchange_line", "moved", "status_text", "timeline"]

_MOST_LINES = 25  # of a short timeline
_FIRST_LINES = 5  # of these, before the gap
_BODY = 2000  # characters of a body in a whole one


def timeline(journal: Journal, *, whole: bool = False) -> str:
    """The exchanges of a journal, one a line, times from the first; keys hidden.

    Short by default: equal requests in a row are counted, and the middle of a long timeline is left out. With
    `whole` every exchange is there, with its headers and bodies.
    """
    exchanges = list(journal)
    if not exchanges:
        return "no request came in"
    began = exchanges[0].at
    lines = [f"{journal.dropped} earlier exchanges were dropped"] if journal.dropped else []
    if whole:
        for exchange in exchanges:
            lines += [_line(exchange, began), *_details(exchange)]
        return "\n".join(lines)
    runs = [_line(first, began, count, last) for first, last, count in _runs(exchanges)]
    if len(runs) > _MOST_LINES:
        left_out = len(runs) - _MOST_LINES
        runs[_FIRST_LINES : _FIRST_LINES + left_out] = [f"  ... {left_out} more lines, -vv shows all ..."]
    return "\n".join(lines + runs)


def exchange_line(
    time: str,
    method: str,
    target: str,
    status: int,
    *,
    download: bool = False,
    states: tuple[str | None, str | None] = (None, None),
    fault: str | None = None,
    sent: int | None = None,
    ended: str | None = None,
    note: str | None = None,
    count: int = 1,
    last_time: str = "",
    arrow: str = "->",
) -> str:
    """One exchange, or a run of `count` equal ones until `last_time`, as a line of a text.

    - `time`, `last_time`: as they are to be shown. `target`: what was asked for, keys hidden.
    - `download`: whether the download host was asked. `states`: the task's states before and after.
    - `fault`: shown in place of the status where it came before the status.
    - `sent`: bytes of body, where they matter. `ended`, `note`: as in `Exchange`.
    """
    line = f"{time}  {method:6} {'download:' if download else ''}{target}  {status_text(status, fault)}"
    if states[0] is not None:
        line += f"  [{moved(*states, arrow)}]"
    if fault and fault not in NO_REPLY:
        line += f"  {fault}"
    if sent is not None:
        line += f"  {sent} bytes sent"
    if ended == "client left":
        line += "  the client left"
    if note:
        line += f"  ({note})"
    return line + (f"  ({count:,} times, until {last_time})" if count > 1 else "")


def status_text(status: int, fault: str | None) -> str:
    """The status that the client got, or the fault when there was none."""
    return fault if fault is not None and fault in NO_REPLY else str(status)


def moved(state: str | None, after: str | None, arrow: str = "->") -> str:
    """A task's states before and after: `processing -> completed`, or one of them when it did not move."""
    return str(state) if after in (None, state) else f"{state} {arrow} {after}"


def _runs(exchanges: Iterable[Exchange]) -> Iterator[tuple[Exchange, Exchange, int]]:
    """Equal exchanges in a row: the first, the last, and how many."""
    for _, run in groupby(exchanges, _content):
        alike = list(run)
        yield alike[0], alike[-1], len(alike)


def _content(exchange: Exchange) -> tuple[object, ...]:
    return (
        exchange.method, exchange.host, exchange.path, exchange.query, exchange.status, exchange.state,
        exchange.state_after, exchange.fault, exchange.sent, exchange.ended, exchange.note,
    )  # fmt: skip


def _line(exchange: Exchange, began: float, count: int = 1, last: Exchange | None = None) -> str:
    shows_sent = exchange.fault or isinstance(exchange.reply_body, ClipPart)
    return exchange_line(
        _seconds(exchange.at - began).rjust(9),
        exchange.method,
        exchange.path,
        exchange.status,
        download=exchange.host == "download",
        states=(exchange.state, exchange.state_after),
        fault=exchange.fault,
        sent=exchange.sent if shows_sent else None,
        ended=exchange.ended,
        note=exchange.note,
        count=count,
        last_time=_seconds(last.at - began) if last is not None else "",
    )


def _seconds(time: float) -> str:
    return f"{time:.1f} s"


def _details(exchange: Exchange) -> list[str]:
    lines = [f"            > {name}: {value}" for name, value in exchange.headers]
    if exchange.body:
        lines.append(f"            > {exchange.body[:_BODY].decode('utf-8', 'replace')}")
    lines += [f"            < {name}: {mask_query(value)}" for name, value in exchange.reply_headers]
    body = exchange.reply_body
    if isinstance(body, ClipPart):
        lines.append(f"            < bytes {body.start} to {body.stop} of {body.clip.name}")
    elif body:
        lines.append(f"            < {mask_query(body[:_BODY].decode('utf-8', 'replace'))}")
    return lines
