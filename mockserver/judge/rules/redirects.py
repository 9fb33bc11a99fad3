"""Redirects, and where the key goes."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import unquote, urlsplit

from ...api.contract import DOWNLOAD_ALIAS
from ...api.redaction import mask_query
from ..observations import Case, location
from . import thresholds
from .rule import Finding, at, rule

__all__ = ["RULES", "redirect_limit"]


@rule(
    "should", "no-key-to-other-hosts", "The API key and the Authorization header are sent to the API's origin only.",
    "RFC 9110, 15.4: Authorization is dropped on a redirect to another origin; presigned URLs need none",
)  # fmt: skip
def no_key_to_other_hosts(case: Case) -> Iterator[Finding]:
    """A key sent to the download host, unless a relative URL leads to it on the API's own origin."""
    for exchange in case.downloads:
        if "relative=1" in exchange.query:
            continue
        if exchange.header("authorization") is not None or (case.api_key and exchange.holds(case.api_key)):
            redirected = unquote(exchange.path) in case.redirect_targets
            yield Finding(f"{at(exchange)} carries the key{' after a redirect' if redirected else ''}",
                          exchange.number)  # fmt: skip


@rule(
    "should", "follow-redirects", "Redirects are followed.",
    "RFC 9110, 15.4: further action of the client is needed to fulfil the request",
)  # fmt: skip
def follow_redirects(case: Case) -> Iterator[Finding]:
    """A redirect within the fake, and no request to its target."""
    if not case.ended_itself:
        return
    last_requests = {_target(exchange.url): exchange.number for exchange in case.exchanges}
    chain: set[str] = set()
    for exchange in case.exchanges:
        target = location(exchange)
        if target is None:
            chain.clear()
            continue
        chain.add(_target(exchange.url))
        is_ours = target.startswith((f"{exchange.origins.api}/", f"{exchange.origins.download}/"))
        path = _target(target)
        # A client that stops at a target it has seen in this chain has detected the loop.
        is_due = is_ours and path not in chain and exchange.method != "HEAD" and exchange.ended != "client left"
        if is_due and last_requests.get(path, 0) <= exchange.number:
            yield Finding(f"{at(exchange)} redirected, and the client did not follow", exchange.number)


def _target(url: str) -> str:
    """Where a URL leads to, whatever the name of the host and the quoting."""
    parts = urlsplit(url)
    path = parts.path.partition(DOWNLOAD_ALIAS)[2] or parts.path
    return unquote(f"{path}?{mask_query(parts.query)}")


@rule(
    "should", "redirect-limit", "Redirects are not followed endlessly.",
    "RFC 9110, 15.4: a client should detect and intervene in cyclical redirections",
)  # fmt: skip
def redirect_limit(case: Case) -> Iterator[Finding]:
    """A chain of redirects that is too long, or that the client was still in when it was stopped."""
    chain = 0
    for exchange in case.exchanges:
        chain = chain + 1 if location(exchange) is not None else 0
        stopped = case.outcome.ended == "stopped" and exchange is case.last and chain >= thresholds.CHAIN
        if chain > thresholds.REDIRECTS or stopped:
            yield Finding(f"{at(exchange)} is redirect {chain} in a row", exchange.number)


RULES = (no_key_to_other_hosts, follow_redirects, redirect_limit)
