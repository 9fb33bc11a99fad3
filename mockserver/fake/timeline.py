"""What a client did, as lines that a person reads in a test's report: when, what, how it was answered."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..api.messages import ClipPart
from ..api.redaction import mask_query
from .journal import Exchange, Journal

__all__ = ["timeline"]

_SHOWN = 25  # lines of a short timeline
_BODY = 2000  # characters of a body in a whole one


def timeline(journal: Journal, *, whole: bool = False) -> str:
    """The exchanges of a journal, one a line, times from the first; keys hidden.

    Short by default: requests that repeat one another are counted, and the middle of a long story is left out. With
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
    told = [
        _line(first, began) + (f"  ({count} times, until {last.at - began:.1f} s)" if count > 1 else "")
        for first, last, count in _runs(exchanges)
    ]
    if len(told) > _SHOWN:
        head, tail = told[:5], told[5 - _SHOWN :]
        told = [*head, f"  ... {len(told) - len(head) - len(tail)} more lines, -vv shows all ...", *tail]
    return "\n".join(lines + told)


def _runs(exchanges: Iterable[Exchange]) -> Iterator[tuple[Exchange, Exchange, int]]:
    """Exchanges in a row that say the same: the first, the last, and how many."""
    first: Exchange | None = None
    last: Exchange | None = None
    count = 0
    for exchange in exchanges:
        if first is not None and _said(exchange) == _said(first):
            last, count = exchange, count + 1
            continue
        if first is not None and last is not None:
            yield first, last, count
        first, last, count = exchange, exchange, 1
    if first is not None and last is not None:
        yield first, last, count


def _said(exchange: Exchange) -> tuple[object, ...]:
    return (
        exchange.method, exchange.host, exchange.path, exchange.query, exchange.status, exchange.state,
        exchange.state_after, exchange.fault, exchange.sent, exchange.ended, exchange.note,
    )  # fmt: skip


def _line(exchange: Exchange, began: float) -> str:
    where = f"{'download:' if exchange.host == 'download' else ''}{exchange.path}"
    line = f"{exchange.at - began:7.1f} s  {exchange.method:6} {where}  {exchange.status}"
    if exchange.state is not None:
        moved = f" -> {exchange.state_after}" if exchange.state_after != exchange.state else ""
        line += f"  [{exchange.state}{moved}]"
    if exchange.fault:
        line += f"  {exchange.fault}"
    if exchange.sent is not None and (exchange.fault or isinstance(exchange.reply_body, ClipPart)):
        line += f"  {exchange.sent} bytes sent"
    if exchange.ended == "client left":
        line += "  the client left"
    return line + (f"  ({exchange.note})" if exchange.note else "")


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
