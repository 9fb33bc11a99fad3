"""A second task created: clients for the rules in `judge/rules/creating.py`."""

from __future__ import annotations

from typing import Any

from support.careful_client import (
    Answer,
    Careful,
    Failure,
)

# --- one-task ---------------------------------------------------------------------------------------------------------


class CreatesAnyway(Careful, rule="one-task", lies_in="create", found_in="download/as_attachment"):
    """Makes a task of its own although it was given one."""

    def begin(self, task_id: str | None) -> str:
        return self.create()


class _OnceMore(Careful):
    def __init__(self) -> None:
        self.again = False

    def once_more(self) -> None:
        """Make the task again, but not a third time."""
        if not self.again:
            self.again = True
            self.task_id = self.create()


class CreatesAfterFailedDownload(_OnceMore, rule="one-task", lies_in="order", found_in="download/chunked_unended"):
    """Starts again from the beginning when a download failed."""

    def download_failed(self, failure: Failure) -> None:
        self.once_more()
        self.wait()


class CreatesAfterFailedPoll(_OnceMore, rule="one-task", lies_in="order", found_in="polling/completed_missed"):
    """Starts again from the beginning when a poll was answered 500."""

    def video(self, answer: Answer | None) -> dict[str, Any]:
        if answer is not None and answer.status == 500:
            self.once_more()
        return super().video(answer)


class CreatesAfterBrokenPoll(_OnceMore, rule="one-task", lies_in="order", found_in="polling/mixed_errors"):
    """Starts again from the beginning when a poll broke."""

    def look_failed(self, failure: Failure) -> Answer | None:
        self.once_more()
        return None


class CreatesAfterUnknown(_OnceMore, rule="one-task", lies_in="order", found_in="polling/poll_404_at_first"):
    """Starts again from the beginning when the task is not known at first."""

    def unknown(self, times: int) -> None:
        self.once_more()
        super().unknown(times)


class CreatesAfterFailed(Careful, rule="one-task", lies_in="order", found_in="lifecycle/canceled"):
    """Makes the task once more when it failed."""

    def failed(self, video: dict[str, Any]) -> bytes:
        self.task_id = self.create()
        video = self.wait()
        return super().failed(video) if self.phase(video) == "failed" else self.fetch(video)


class CreatesAgain(Careful, rule="one-task", lies_in="create", flow="create", found_in="create/made_but_stalled"):
    """Repeats a create whose reply got lost, once."""

    def __init__(self) -> None:
        self.again = False

    def create_failed(self, failure: Failure) -> str:
        if self.again or not self.is_retried(failure):
            return super().create_failed(failure)
        self.again = True
        return self.create()

    def is_retried(self, failure: Failure) -> bool:
        """Whether this failure is one that is taken for a reason to try again."""
        return failure.answer is None


class CreatesAgainAfter502(
    CreatesAgain, rule="one-task", lies_in="create", flow="create", found_in="create/made_but_502"
):
    """Repeats a create that was answered 5xx, once."""

    def is_retried(self, failure: Failure) -> bool:
        return failure.answer is not None and failure.answer.status >= 500


class CreatesAgainAfterPage(
    CreatesAgain, rule="one-task", lies_in="create", flow="create", found_in="create/made_but_html_200"
):
    """Repeats a create that was answered with a page, once."""

    def is_retried(self, failure: Failure) -> bool:
        return failure.answer is not None and failure.answer.status < 300
