"""All rules, in the order in which they are presented: what a client does first comes first, `must` before `should`."""

from __future__ import annotations

from collections.abc import Mapping

from . import (
    creating,
    delivered_file,
    limits,
    outcome,
    polling,
    rate_limits,
    redirects,
    requests,
    resilience,
    result,
)
from .rule import Rule

__all__ = ["RULES"]

RULES: Mapping[str, Rule] = {
    rule.id: rule
    for module in (
        requests, polling, result, outcome, redirects, delivered_file, rate_limits, resilience, limits, creating,
    )
    for rule in module.RULES
}  # fmt: skip
"""The rules by id. A new rule goes into the tuple `RULES` of its module."""
