"""Giving up at bad replies and unusual task objects: clients for the rules in `judge/rules/resilience.py`."""

from __future__ import annotations

import contextlib
import datetime
import json
from http import HTTPStatus
from typing import Any, ClassVar

from support.careful_client import (
    DOCUMENTED,
    Answer,
    Careful,
    Failure,
    NoClip,
    as_object,
)

# --- survive-5xx ------------------------------------------------------------------------------------------------------


class _EndsAtPoll(Careful):
    def look(self) -> Answer | None:
        answer = super().look()
        if answer is not None:
            self.check(answer)
        return answer

    def check(self, answer: Answer) -> None:
        """Raises at an answer that should be survived."""


# --- survive-429 ------------------------------------------------------------------------------------------------------


class EndsAt429(_EndsAtPoll, rule="survive-429", lies_in="wire", found_in="polling/poll_429"):
    """Takes a 429 for the end."""

    def check(self, answer: Answer) -> None:
        if answer.status == 429:
            raise NoClip("too many requests")


class RetryAfterIsNumber(_EndsAtPoll, rule="survive-429", lies_in="wire", found_in="polling/poll_429_date"):
    """Reads every Retry-After as a number, and fails at a date."""

    def check(self, answer: Answer) -> None:
        float(answer.headers.get("retry-after", "0"))


# --- survive-5xx ------------------------------------------------------------------------------------------------------


class EndsAt5xxPoll(_EndsAtPoll, rule="survive-5xx", lies_in="wire", found_in="polling/completed_missed"):
    """Takes an error of the server for the end, as `raise_for_status` does."""

    def check(self, answer: Answer) -> None:
        if answer.status >= 500:
            raise NoClip(f"status {answer.status}")


class KnownErrorsOnly(_EndsAtPoll, rule="survive-5xx", lies_in="wire", found_in="polling/poll_504"):
    """Survives 500, 502 and 503, and not with other errors of the server."""

    def check(self, answer: Answer) -> None:
        if answer.status >= 500 and answer.status not in (500, 502, 503):
            raise NoClip(f"status {answer.status}")


# --- survive-html -----------------------------------------------------------------------------------------------------


class StatusMustBeKnown(_EndsAtPoll, rule="survive-html", lies_in="wire", found_in="polling/poll_524_html"):
    """Fails at a status that no standard knows, such as the 524 page of a CDN."""

    def check(self, answer: Answer) -> None:
        HTTPStatus(answer.status)


class EndsAtHtmlPoll(_EndsAtPoll, rule="survive-html", lies_in="wire", found_in="polling/poll_html_200"):
    """Takes an HTML page that came with 200 for the end."""

    def check(self, answer: Answer) -> None:
        if answer.status == 200 and answer.body.startswith(b"<"):
            raise NoClip("a page")


class EndsAtHtmlError(_EndsAtPoll, rule="survive-html", lies_in="wire", found_in="polling/poll_502_html"):
    """Reads the body of an error as JSON, and fails at a proxy's page."""

    def check(self, answer: Answer) -> None:
        if answer.status >= 500:
            json.loads(answer.body)


# --- survive-bad-json -------------------------------------------------------------------------------------------------


class EndsAtBadJson(_EndsAtPoll, rule="survive-bad-json", lies_in="wire", found_in="polling/poll_json_broken"):
    """Does not catch the error for JSON that is broken."""

    def check(self, answer: Answer) -> None:
        if answer.status == 200 and answer.body and not answer.body.startswith(b"<"):
            json.loads(answer.body)


class EndsAtNoBody(_EndsAtPoll, rule="survive-bad-json", lies_in="wire", found_in="polling/poll_empty_200"):
    """Fails at an answer with no body at all."""

    def check(self, answer: Answer) -> None:
        if answer.status < 300 and not answer.body:
            raise NoClip("no body")


class JsonIsObject(_EndsAtPoll, rule="survive-bad-json", lies_in="data", found_in="polling/poll_json_list"):
    """Fails at JSON that is no object: a list, null."""

    def check(self, answer: Answer) -> None:
        with contextlib.suppress(json.JSONDecodeError, UnicodeDecodeError):
            json.loads(answer.body).get("status")


class StatusMustBeThere(
    _EndsAtPoll, rule="survive-bad-json", lies_in="data", found_in="polling/poll_json_empty_object"
):
    """Fails at an empty object, where there is no status to read."""

    def check(self, answer: Answer) -> None:
        if as_object(answer) == {} and answer.body.startswith(b"{}"):
            raise KeyError("status")


# --- survive-broken-connection ----------------------------------------------------------------------------------------


class _EndsAtBrokenPoll(Careful):
    kinds: ClassVar[tuple[str, ...]] = ()

    def look_failed(self, failure: Failure) -> Answer | None:
        if failure.kind in self.kinds:
            raise failure
        return None


class EndsAtPollReset(
    _EndsAtBrokenPoll, rule="survive-broken-connection", lies_in="wire", found_in="polling/mixed_errors"
):
    """Does not catch a poll's connection that is reset."""

    kinds = ("reset",)


class EndsAtPollStall(
    _EndsAtBrokenPoll, rule="survive-broken-connection", lies_in="wire", found_in="polling/poll_stalled"
):
    """Does not catch a poll's timeout."""

    kinds = ("stalled",)


class EndsAtPollCut(
    _EndsAtBrokenPoll, rule="survive-broken-connection", lies_in="wire", found_in="polling/poll_json_short_of_length"
):
    """Does not catch a poll's body that is short of its length."""

    kinds = ("cut",)


class EndsAtPollGarbage(
    _EndsAtBrokenPoll, rule="survive-broken-connection", lies_in="wire", found_in="polling/poll_closed"
):
    """Does not catch a poll that is closed without an answer, or answered with something else than HTTP."""

    kinds = ("garbage",)


class EndsAt408(Careful, rule="survive-broken-connection", lies_in="wire", found_in="polling/poll_408"):
    """Takes a 408 for its own fault, as every other 4xx."""

    def look(self) -> Answer | None:
        answer = super().look()
        if answer is not None and answer.status == 408:
            raise NoClip("the request was wrong: 408")
        return answer


# --- unknown-fields ---------------------------------------------------------------------------------------------------


class StrictFields(Careful, rule="unknown-fields", lies_in="data", found_in="payload/extra_fields"):
    """Has a strict model of the task object, and raises at a field that it does not know."""

    def video(self, answer: Answer | None) -> dict[str, Any]:
        video = super().video(answer)
        unknown = video.keys() - DOCUMENTED
        if "status" in video and unknown:
            raise NoClip(f"unknown fields {sorted(unknown)}")
        return video


# --- unknown-status ---------------------------------------------------------------------------------------------------


class _Words(Careful):
    words: ClassVar[frozenset[str]] = frozenset()

    def phase(self, video: dict[str, Any]) -> str:
        known = super().phase(video)
        word = video.get("status")
        if known == "pending" and isinstance(word, str) and word and word not in self.words:
            return self.other(word)
        return known

    def other(self, word: str) -> str:
        raise NoClip(f"unknown status {word}")


class ListOfWords(_Words, rule="unknown-status", lies_in="data", found_in="payload/status_capitals"):
    """Raises at a status that is not in its list."""

    words = frozenset({"queued", "pending", "processing", "in_progress", "running", "submitted", "not_start"})


# --- poll-to-end ------------------------------------------------------------------------------------------------------


class OtherWordIsEnd(_Words, rule="poll-to-end", lies_in="data", found_in="payload/status_new_word"):
    """Takes every word that it does not know for a good end."""

    words = ListOfWords.words | {"unknown", "SUBMITTED", "IN_PROGRESS", "NOT_START"}

    def other(self, word: str) -> str:
        return "completed"


# --- unknown-status ---------------------------------------------------------------------------------------------------


class ExpiredIsNoEnd(Careful, rule="unknown-status", lies_in="data", found_in="lifecycle/expired"):
    """Does not know that a task can expire, polls on for as long as it may, and reports that it took too long."""

    polls = 60

    def phase(self, video: dict[str, Any]) -> str:
        return "pending" if str(video.get("status")).strip().lower() == "expired" else super().phase(video)


class ExactCompleted(Careful, rule="unknown-status", lies_in="data", found_in="payload/status_blanks"):
    """Compares with `completed` to the letter, and polls on at any other spelling."""

    def phase(self, video: dict[str, Any]) -> str:
        known = super().phase(video)
        return "pending" if known == "completed" and video.get("status") != "completed" else known


# --- odd-types --------------------------------------------------------------------------------------------------------


class _Reads(Careful):
    def video(self, answer: Answer | None) -> dict[str, Any]:
        video = super().video(answer)
        if video.keys() & {"model", "video_url", "object"}:
            self.read_fields(video)
        return video

    def read_fields(self, video: dict[str, Any]) -> None:
        """Reads fields that it does not need, for its log."""


class ProgressIsInteger(_Reads, rule="odd-types", lies_in="data", found_in="payload/progress_empty_text"):
    """Logs the progress as an integer, and fails at null, "42%" and the empty text."""

    def read_fields(self, video: dict[str, Any]) -> None:
        int(video.get("progress", 0))


class ProgressMustBeThere(_Reads, rule="odd-types", lies_in="data", found_in="payload/only_the_needed"):
    """Logs the progress as a field that is always there."""

    def read_fields(self, video: dict[str, Any]) -> None:
        video["progress"]


class TimesAreSeconds(_Reads, rule="odd-types", lies_in="data", found_in="payload/times_as_iso"):
    """Makes dates of the times, and fails at ISO times, texts, null and milliseconds."""

    def read_fields(self, video: dict[str, Any]) -> None:
        for name in ("created_at", "completed_at", "expires_at"):
            datetime.datetime.fromtimestamp(video.get(name, 0), datetime.UTC)


class ErrorIsObject(_Reads, rule="odd-types", lies_in="data", found_in="payload/error_empty_text"):
    """Reads error.message without asking whether there is an error object."""

    def read_fields(self, video: dict[str, Any]) -> None:
        video.get("error", {}).get("message")


class StatusIsText(_Reads, rule="odd-types", lies_in="data", found_in="payload/status_missing"):
    """Lowers the status without asking whether it is a text."""

    def read_fields(self, video: dict[str, Any]) -> None:
        video["status"].lower()


class IdMustBeThere(_Reads, rule="odd-types", lies_in="data", found_in="payload/id_missing"):
    """Logs the id of each reply as a field that is always there."""

    def read_fields(self, video: dict[str, Any]) -> None:
        video["id"]


class SecondsAreText(_Reads, rule="odd-types", lies_in="data", found_in="payload/seconds_number"):
    """Reads seconds as the text of an integer."""

    def read_fields(self, video: dict[str, Any]) -> None:
        int(video.get("seconds", "0").strip())
