"""Creating tasks: each costs money."""

from __future__ import annotations

from collections.abc import Iterator

from ..observations import Case
from .rule import Finding, at, rule

__all__ = ["RULES"]


@rule(
    "should", "one-task", "One clip takes one task: nothing is created, and paid for, a second time.",
    "RFC 9110, 9.2.2: a POST is not repeated automatically; ArcReel issue 687 and pull 237",
)  # fmt: skip
def one_task(case: Case) -> Iterator[Finding]:
    """More tasks than clips that were asked for."""
    allowed = 1 if case.given is None else 0
    if case.bill > allowed:
        creates = [exchange for exchange in case.creates if exchange.task_id is not None]
        extra = creates[allowed] if len(creates) > allowed else None
        what = "although it was given one" if case.given is not None else "for one clip"
        yield Finding(
            f"the client created {case.bill} task{'s' if case.bill > 1 else ''} {what}"
            + (f": {at(extra)}" if extra is not None else ""),
            extra.number if extra is not None else None,
        )


RULES = (one_task,)
