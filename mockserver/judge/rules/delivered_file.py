"""What a client accepts as the clip, and what it leaves behind."""

from __future__ import annotations

from collections.abc import Iterator

from ..observations import Case, is_clip
from .rule import Finding, at, describe_body, rule

__all__ = ["RULES"]


@rule(
    "should", "check-body", "A truncated or empty body, an HTML page or an error is no clip, even with status 200.",
    "RFC 9112, 8: incomplete messages are detected; 9router pull 3966: errors saved as clips",
)  # fmt: skip
def check_body(case: Case) -> Iterator[Finding]:
    """Something delivered that cannot be a clip, or only the beginning of one."""
    clip = case.outcome.clip
    if clip is None or case.got_clip:
        return
    truncated = bool(clip) and any(each.startswith(clip) for each in case.clips)
    if is_clip(clip) and not truncated:
        return
    for exchange in reversed((*case.downloads, *case.contents)):
        if exchange.status in (200, 206) and exchange.method == "GET" and (clip or not case.arrived(exchange)):
            what = f"the first {len(clip)} bytes of the clip" if truncated else describe_body(clip)
            yield Finding(f"{at(exchange)} was answered {exchange.status}, and the client delivered {what}",
                          exchange.number)  # fmt: skip


@rule(
    "should", "no-partial-file",
    "A client that reports a failure leaves no partial clip at its output path or beside it.",
    "good practice: the file would be taken for the clip",
)  # fmt: skip
def no_partial_file(case: Case) -> Iterator[Finding]:
    """A file at the output of a client that reported a failure."""
    if case.outcome.ended == "reported" and case.outcome.leftover_bytes is not None:
        yield Finding(f"the client reported a failure ({case.outcome.description}) and left "
                      f"{case.outcome.leftover_bytes} bytes at its output path or beside it")  # fmt: skip


RULES = (check_body, no_partial_file)
