"""What a client asks: the requests themselves, and one task for one wish."""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.parse import quote, unquote

from ...fake.journal import Exchange
from ..anomalies import as_json
from ..observations import POLLS, Case
from .rule import QUERY, Finding, at, rule


@rule("must", "right-request", "Every request is one that the API has: its method and its path.", QUERY)
def right_request(case: Case) -> Iterator[Finding]:
    """A request that matches no route, unless a reply named it or it is the task's id that went wrong; or a create
    that was refused for what it held.
    """
    for exchange in case.exchanges:
        if exchange in case.creates and exchange.status in _REFUSED and exchange.status not in _scripted(case):
            yield Finding(f"{at(exchange)} was refused with {exchange.status}: {_reason(exchange)}", exchange.number)
        if exchange.operation or exchange.method == "OPTIONS" or case.referenced_by(exchange):
            continue
        if _is_torn(case, exchange):
            continue  # the id was not quoted: that has a rule of its own
        url_misuse = case.url_misuse(exchange)
        if url_misuse is not None and (url_misuse.is_resolved or not url_misuse.is_url):
            continue  # the URL was asked for, or what is none: another rule
        why = exchange.note
        if url_misuse is not None:
            held = str(url_misuse.value).partition("?")[0]
            why = f"{url_misuse.field} is {as_json(held)}, relative to the address of the reply that holds it"
        yield Finding(f"{at(exchange)} is no request of the API: {why}", exchange.number)


# What a create is answered whose fields are not right.
_REFUSED = (400, 413, 415, 422)


def _reason(exchange: Exchange) -> str:
    try:
        said = json.loads(exchange.reply_body) if isinstance(exchange.reply_body, bytes) else None
    except ValueError:
        said = None
    inner = said.get("error", said) if isinstance(said, dict) else None
    return str(inner["message"]) if isinstance(inner, dict) and "message" in inner else "without a reason"


def _scripted(case: Case) -> set[int]:
    return {reply.status or 500 for reply in case.scenario.create if reply.status or reply.error is not None}


@rule(
    "must", "task-id", "The task is asked for by the id that the create gave, quoted as one segment of the path.",
    "OctopusX: videos/grok (Grok Task Query); RFC 3986, 2.4 and 3.3: how data becomes a segment of a path",
)  # fmt: skip
def task_id(case: Case) -> Iterator[Finding]:
    """A question for a task that nobody made, or with the id broken into pieces."""
    for exchange in case.exchanges:
        asks = exchange.operation in POLLS or exchange.operation == "content"
        if (
            asks
            and case.url_misuse(exchange) is None
            and exchange.task_id is None
            and exchange.status not in (401, 403)
        ):
            yield Finding(f"{at(exchange)} asks for no task that was made: {exchange.note}", exchange.number)
        elif not exchange.operation and _is_torn(case, exchange):
            yield Finding(f"{at(exchange)}: the id {case.given!r} is not quoted", exchange.number)


def _is_torn(case: Case, exchange: Exchange) -> bool:
    """Whether a path has the beginning of an id that needs to be quoted, but not the id."""
    if case.given is None or quote(case.given, safe=":") == case.given:
        return False
    quoted = (quote(case.given, safe=""), quote(case.given, safe=":"))
    beginning = quote(case.given, safe=":").partition("%")[0]
    return beginning in unquote(exchange.path) and not any(id in exchange.path for id in quoted)


@rule("must", "authorization", "Every request to the API carries Authorization: Bearer KEY.", QUERY)
def authorization(case: Case) -> Iterator[Finding]:
    """A request to the API without the key, or with another."""
    for exchange in case.exchanges:
        to_api = exchange.host == "api" and exchange.operation and case.url_misuse(exchange) is None
        if to_api and not exchange.carries(case.api_key):
            sent = exchange.header("authorization")
            what = "carries no Authorization" if sent is None else f"carries {sent!r} instead of the key"
            yield Finding(f"{at(exchange)} {what}", exchange.number)


@rule(
    "should", "one-task", "One wish makes one task: nothing is created again, and paid for again.",
    "RFC 9110, 9.2.2: a POST is not repeated by itself; ArcReel issue 687 and pull 237",
)  # fmt: skip
def one_task(case: Case) -> Iterator[Finding]:
    """More tasks than wishes."""
    allowed = 1 if case.given is None else 0
    if case.bill > allowed:
        made = [exchange for exchange in case.creates if exchange.task_id is not None]
        extra = made[allowed] if len(made) > allowed else None
        what = "although it was given one" if case.given is not None else "for one wish"
        yield Finding(
            f"the client made {case.bill} task{'s' if case.bill > 1 else ''} {what}"
            + (f": {at(extra)}" if extra is not None else ""),
            extra.number if extra is not None else None,
        )
