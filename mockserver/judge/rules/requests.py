"""The requests themselves: what they ask for, which task they name, and the key."""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.parse import quote, unquote

from ...fake.journal import Exchange
from ..anomalies import as_json
from ..observations import POLLS, Case
from .rule import QUERY, Finding, at, rule

__all__ = ["RULES"]


@rule("must", "right-request", "Every request uses a method and a path that the API has.", QUERY)
def right_request(case: Case) -> Iterator[Finding]:
    """A request that matches no route, unless a reply named it or only the task's id is wrong; or a create that was
    refused for its fields.
    """
    for exchange in case.exchanges:
        if exchange in case.creates and exchange.status in _REFUSED and exchange.status not in _scripted(case):
            yield Finding(f"{at(exchange)} was refused with {exchange.status}: {_reason(exchange)}", exchange.number)
        if exchange.operation or exchange.method == "OPTIONS" or case.referenced_by(exchange):
            continue
        if _has_unquoted_id(case, exchange):
            continue  # the id was not quoted: another rule
        misuse = case.url_misuse(exchange)
        if misuse is not None and (misuse.is_resolved or not misuse.is_url):
            continue  # the URL was requested, or something that is none: another rule
        why = exchange.note
        if misuse is not None:
            value = str(misuse.value).partition("?")[0]
            why = f"{misuse.field} is {as_json(value)}, to be resolved against the address of the reply"
        yield Finding(f"{at(exchange)} is not a request of the API: {why}", exchange.number)


# Statuses for a create whose fields are wrong.
_REFUSED = (400, 413, 415, 422)


def _reason(exchange: Exchange) -> str:
    try:
        reply = json.loads(exchange.reply_body) if isinstance(exchange.reply_body, bytes) else None
    except ValueError:
        reply = None
    inner = reply.get("error", reply) if isinstance(reply, dict) else None
    return str(inner["message"]) if isinstance(inner, dict) and "message" in inner else "no reason given"


def _scripted(case: Case) -> set[int]:
    return {reply.status or 500 for reply in case.scenario.create if reply.status or reply.error is not None}


@rule(
    "must", "task-id", "Requests name the task by the id from the create reply, percent-encoded as one path segment.",
    "OctopusX: videos/grok (Grok Task Query); RFC 3986, 2.4 and 3.3: how data becomes a segment of a path",
)  # fmt: skip
def task_id(case: Case) -> Iterator[Finding]:
    """A request for a task that does not exist, or with an id that is not quoted."""
    for exchange in case.exchanges:
        names_task = exchange.operation in POLLS or exchange.operation == "content"
        unknown = names_task and exchange.task_id is None and exchange.status not in (401, 403)
        if unknown and case.url_misuse(exchange) is None:
            yield Finding(f"{at(exchange)} names no existing task: {exchange.note}", exchange.number)
        elif not exchange.operation and _has_unquoted_id(case, exchange):
            yield Finding(f"{at(exchange)}: the id {case.given!r} is not percent-encoded", exchange.number)


def _has_unquoted_id(case: Case, exchange: Exchange) -> bool:
    """Whether a path has the beginning of an id that needs quoting, but not the whole id."""
    if case.given is None or quote(case.given, safe=":") == case.given:
        return False
    quoted = (quote(case.given, safe=""), quote(case.given, safe=":"))
    beginning = quote(case.given, safe=":").partition("%")[0]
    return beginning in unquote(exchange.path) and not any(id in exchange.path for id in quoted)


@rule("must", "authorization", "Every request to the API carries the header Authorization: Bearer KEY.", QUERY)
def authorization(case: Case) -> Iterator[Finding]:
    """A request to the API without the key, or with another."""
    for exchange in case.exchanges:
        to_api = exchange.host == "api" and exchange.operation and case.url_misuse(exchange) is None
        if to_api and not exchange.carries(case.api_key):
            sent = exchange.header("authorization")
            what = "carries no Authorization header" if sent is None else f"carries {sent!r} instead of the key"
            yield Finding(f"{at(exchange)} {what}", exchange.number)


RULES = (right_request, task_id, authorization)
