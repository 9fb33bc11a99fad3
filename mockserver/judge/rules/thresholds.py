"""The numbers in the rules, generous so that clients may choose their own. Seconds are the client's own.

The table in docs/contract.md is made from `EXPLAINED`.
"""

from __future__ import annotations

__all__ = ["EXPLAINED"]

POLLS_AFTER_END = 1  # a client may first wait for the end and then request the result once more
POLLS_FOR_URL = 5  # after a completed reply without a URL: it may come later
POLLS_AFTER_UNDOCUMENTED_END = 20  # after a terminal word of other pages, which no client has to know
PATIENT_POLLS, PATIENT_SECONDS = 20, 120.0  # polls, or seconds of the fake's time, which may run faster
BAD_POLLS = 3  # bad replies in a row
LONG_WAIT = 30.0  # seconds of a Retry-After: a client may give up instead
RETRY_CAP = 60.0  # seconds: a longer Retry-After may be cut to that
REFUSALS, UNKNOWNS = 10, 100  # 401 or 403, and 404, to the same request in a row
CREATES = 20  # refused creates
CHAIN = 10  # redirects in a row: no client needs more
REDIRECTS = 500  # curl follows 50 by default, the most of all; some clients retry that
PAUSE, GAPS = 0.02, 4  # GAPS gaps in a row, each shorter than PAUSE seconds, are no pauses
STALL, LONG_STALL = 30.0, 1800.0  # seconds without a byte: too long for a stopped client, and for any client
STALLED_TRIES = 10  # tries of a request whose reply never ends

EXPLAINED = {
    "poll-to-end": f"A pending task may be given up after {PATIENT_POLLS} polls or {PATIENT_SECONDS:g} seconds.",
    "stop-at-end": f"After a terminal status {POLLS_AFTER_END} more poll is allowed, {POLLS_FOR_URL} without a URL, "
    "and one after each attempt at a URL.",
    "report-no-clip": f"{CREATES} refused creates count as endless.",
    "redirect-limit": f"More than {REDIRECTS} redirects in a row count as endless, and so do {CHAIN} if the client had "
    "to be stopped there.",
    "retry-after": f"A Retry-After above {RETRY_CAP:g} seconds may be shortened to that. At {LONG_WAIT:g} seconds or "
    "more the client may give up instead of waiting.",
    "survive-*": f"After {BAD_POLLS} bad replies in a row a client may give up.",
    "unknown-status": f"More than {POLLS_AFTER_UNDOCUMENTED_END} polls after a terminal status mean that the client "
    "did not recognise it.",
    "give-up-refused": f"More than {REFUSALS} refusals of the same request in a row count as endless.",
    "give-up-unknown": f"More than {UNKNOWNS} 404 replies to the same request in a row count as endless.",
    "poll-pause": f"{GAPS + 1} polls in a row less than {PAUSE * 1000:g} ms apart count as polls without a pause.",
    "give-up-stalled": f"A client waits too long if it had to be stopped after {STALL:g} seconds without a byte, or "
    f"waited for {LONG_STALL:g} seconds, or had to be stopped after {STALLED_TRIES} tries of a reply that never ends.",
}
