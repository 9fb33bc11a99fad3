"""No limits: pauses, tries and timeouts: clients for the rules in `judge/rules/limits.py`."""

from __future__ import annotations

import contextlib

import httpx

from support.careful_client import (
    LARGEST,
    Answer,
    Careful,
    Failure,
)

# --- give-up-refused --------------------------------------------------------------------------------------------------


class RetriesRefused(Careful, rule="give-up-refused", lies_in="time", found_in="auth/key_ends_half_way"):
    """Polls on as long as the answer is 401 or 403, forever."""

    def refused(self, answer: Answer) -> None:
        again: Answer | None = answer
        while again is None or again.status in (401, 403):
            self.pause(20)
            again = self.look()


# --- give-up-unknown --------------------------------------------------------------------------------------------------


class RetriesUnknown(Careful, rule="give-up-unknown", lies_in="time", found_in="polling/poll_404_for_ever"):
    """Polls on as long as the task is not known, forever."""

    def unknown(self, times: int) -> None:
        answer = None
        while answer is None or answer.status in (400, 404):
            self.pause(20)
            answer = self.look()


# --- poll-pause -------------------------------------------------------------------------------------------------------


class NoPause(Careful, rule="poll-pause", lies_in="time", found_in="lifecycle/long_queue"):
    """Polls as fast as it can."""

    def pause(self, attempt: int, answer: Answer | None = None) -> None:
        if self.asked(answer):
            super().pause(attempt, answer)


class NoPauseAfterError(Careful, rule="poll-pause", lies_in="time", found_in="polling/poll_500_for_ever"):
    """Pauses after a good answer alone, and hammers a server that is down."""

    def pause(self, attempt: int, answer: Answer | None = None) -> None:
        if answer is not None and (answer.status < 500 or self.asked(answer)):
            super().pause(attempt, answer)


# --- give-up-endless-task ---------------------------------------------------------------------------------------------


class NoDeadline(Careful, rule="give-up-endless-task", lies_in="time", found_in="polling/poll_500_for_ever"):
    """Polls forever."""

    deadline = polls = float("inf")


# --- give-up-stalled --------------------------------------------------------------------------------------------------


class NoTimeout(Careful, rule="give-up-stalled", lies_in="time", found_in="polling/poll_stalled"):
    """Waits forever on a connection on which nothing comes."""

    timeout = None


class StalledAgain(Careful, rule="give-up-stalled", lies_in="time", found_in="content/content_stalled"):
    """Gives each try ten seconds, and never stops trying."""

    def content(self) -> bytes:
        while True:
            with contextlib.suppress(Failure):
                return self.clip_in(self.follow(self.content_url()))
            self.pause(0)


class EndlessRead(Careful, rule="give-up-stalled", lies_in="time", found_in="download/endless"):
    """Reads on as long as something comes."""

    def read(self, reply: httpx.Response) -> bytes:
        body = bytearray()
        for piece in reply.iter_bytes():
            # What is too much is thrown away, for the sake of the machine's memory.
            body += piece if len(body) < LARGEST else b""
        return bytes(body)
