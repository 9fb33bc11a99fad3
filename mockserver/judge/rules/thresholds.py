"""How much is enough, so that styles stay free. Tries are counted; seconds are the client's own.

The table in docs/contract.md is made from `ENOUGH`.
"""

from __future__ import annotations

__all__ = ["ENOUGH"]

LOOKS_AFTER_END = 1  # who asks for the status first and for the result then looks once more
LOOKS_FOR_URL = 5  # after a completed reply without a URL: it may come
LOOKS_AFTER_OTHER_END = 20  # after an end in words of other pages, which nobody has to know
PATIENT_POLLS, PATIENT_SECONDS = 20, 120.0  # polls, or seconds of the fake's time, which may run faster
BAD_POLLS = 3  # bad answers in a row
LONG_WAIT = 30.0  # seconds of a Retry-After: giving up is an answer, too
RETRY_CAP = 60.0  # seconds: a longer Retry-After may be cut to that
REFUSALS, UNKNOWNS = 10, 100  # a 401 or 403, and a 404, of the same in a row
CREATES = 20  # refused creates
CHAIN = 10  # redirects in a row: nobody needs more
REDIRECTS = 500  # curl follows 50 by default, the most of all; some retries of that
PAUSE, GAPS = 0.02, 4  # so many gaps between polls in a row, all shorter than so many seconds, are no pauses
STALL, LONG_STALL = 30.0, 1800.0  # seconds without a byte: when it is too long for being stopped, and in any case
STALLED_TRIES = 10  # tries of what never ends

ENOUGH = {
    "poll-to-end": f"Whoever polled a pending task {PATIENT_POLLS} times, or for {PATIENT_SECONDS:g} seconds, may give "
    "it up.",
    "stop-at-end": f"After an end {LOOKS_AFTER_END} more look is fine, {LOOKS_FOR_URL} where it has no URL, and one "
    "after each try of a URL.",
    "report-no-clip": f"{CREATES} refused creates are for ever.",
    "redirect-limit": f"More than {REDIRECTS} redirects in a row are for ever, and so are {CHAIN} that a client was "
    "stopped in.",
    "retry-after": f"A Retry-After of more than {RETRY_CAP:g} seconds may be cut to that. One of {LONG_WAIT:g} seconds "
    "or more need not be waited for: the client may give up instead.",
    "survive-429 and its like": f"After {BAD_POLLS} bad answers in a row a client may give up.",
    "unknown-status": f"More than {LOOKS_AFTER_OTHER_END} polls after an end in other words are one that was not seen.",
    "give-up-refused": f"More than {REFUSALS} refusals of the same in a row are for ever.",
    "give-up-unknown": f"More than {UNKNOWNS} answers 404 to the same in a row are for ever.",
    "poll-pause": f"{GAPS + 1} polls in a row less than {PAUSE * 1000:g} ms apart are without a pause.",
    "give-up-stalled": f"Too patient is who was stopped after {STALL:g} seconds without a byte, waited for "
    f"{LONG_STALL:g}, or was stopped after trying what never ends {STALLED_TRIES} times.",
}
