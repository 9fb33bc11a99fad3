"""Retry-After ignored: clients for the rules in `judge/rules/rate_limits.py`."""

from __future__ import annotations

import time

from support.careful_client import (
    Answer,
    Careful,
)

# --- retry-after ------------------------------------------------------------------------------------------------------


class IgnoresRetryAfter(Careful, rule="retry-after", lies_in="time", found_in="polling/poll_429_minutes"):
    """Asks again in its own time, whatever Retry-After says."""

    def asked(self, answer: Answer | None) -> float:
        return 0.0


class RetryAfterInMilliseconds(Careful, rule="retry-after", lies_in="time", found_in="polling/poll_429_minutes"):
    """Takes the seconds of a Retry-After for milliseconds, and waits no longer than that."""

    def pause(self, attempt: int, answer: Answer | None = None) -> None:
        if self.asked(answer):
            time.sleep(self.asked(answer) / 1000)
        else:
            super().pause(attempt, answer)


class CreatesAgainTooSoon(
    Careful, rule="retry-after", lies_in="create", flow="create", found_in="create/create_429_once"
):
    """Repeats a create that was answered 429 at once."""

    def pause(self, attempt: int, answer: Answer | None = None) -> None:
        if answer is None or not answer.url.endswith("/videos"):
            super().pause(attempt, answer)
