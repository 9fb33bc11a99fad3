"""How a client honours the limits that a server asks for."""

from __future__ import annotations

from collections.abc import Iterator

from .. import anomalies
from ..observations import Case
from . import thresholds
from .rule import Finding, at, rule

__all__ = ["RULES"]


@rule(
    "should", "retry-after", "Retry-After is honoured before the same request is repeated.",
    "RFC 9110, 10.2.3: how long the user agent ought to wait before making a follow-up request",
)  # fmt: skip
def retry_after(case: Case) -> Iterator[Finding]:
    """A request that was repeated too soon after a 429 or 503 with Retry-After."""
    for number, exchange in enumerate(case.exchanges):
        wanted = anomalies.retry_after(exchange)
        if not wanted or exchange.ended == "client left":
            continue
        for later in case.exchanges[number + 1 :]:
            if (later.method, later.host, later.path) == (exchange.method, exchange.host, exchange.path):
                waited = case.seconds(exchange, later)
                if waited < min(wanted, thresholds.RETRY_CAP) * 0.95 - 0.05:
                    yield Finding(f"#{exchange.number} had Retry-After: {wanted:g}, and {at(later)} came after "
                                  f"{waited:.2f} s", later.number)  # fmt: skip
                break


RULES = (retry_after,)
