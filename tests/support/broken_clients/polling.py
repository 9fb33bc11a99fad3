"""Wrong ways to wait for the end: clients for the rules in `judge/rules/polling.py`."""

from __future__ import annotations

import time
from typing import Any

from support.careful_client import (
    Answer,
    Careful,
    NoClip,
)

# --- poll-to-end ------------------------------------------------------------------------------------------------------


class OpenaiWords(Careful, rule="poll-to-end", lies_in="data", found_in="lifecycle/back_to_queue"):
    """Waits while the status is queued or in_progress, as OpenAI's package does: `processing` ends its wait."""

    def phase(self, video: dict[str, Any]) -> str:
        known = super().phase(video)
        return "completed" if known == "pending" and video.get("status") == "processing" else known


class ProcessingIsFailure(Careful, rule="poll-to-end", lies_in="data", found_in="lifecycle/back_to_queue"):
    """Raises at `processing`, a word that is not in its list."""

    def video(self, answer: Answer | None) -> dict[str, Any]:
        video = super().video(answer)
        if video.get("status") == "processing":
            raise NoClip("unexpected status processing")
        return video


class TakesPreview(Careful, rule="poll-to-end", lies_in="data", found_in="urls/preview_while_processing"):
    """Takes a URL as soon as there is one, whatever the status."""

    def phase(self, video: dict[str, Any]) -> str:
        known = super().phase(video)
        return "completed" if known == "pending" and any(self.urls(video)) else known


class ProgressIsTheEnd(Careful, rule="poll-to-end", lies_in="data", found_in="payload/progress_100_too_early"):
    """Takes a progress of 100 for the end."""

    def phase(self, video: dict[str, Any]) -> str:
        known = super().phase(video)
        return "completed" if known == "pending" and video.get("progress") == 100 else known


class CompletedAtIsTheEnd(Careful, rule="poll-to-end", lies_in="data", found_in="payload/completed_at_too_early"):
    """Takes a completed_at that is not 0 for the end."""

    def phase(self, video: dict[str, Any]) -> str:
        known = super().phase(video)
        at = video.get("completed_at")
        return "completed" if known == "pending" and isinstance(at, int) and at > 0 else known


class EmptyErrorIsError(Careful, rule="poll-to-end", lies_in="data", found_in="lifecycle/back_to_queue"):
    """Raises at any error object, also at the documented one of empty strings."""

    def video(self, answer: Answer | None) -> dict[str, Any]:
        video = super().video(answer)
        if "status" in video and video.get("error"):
            raise NoClip(f"error: {video['error']}")
        return video


class FivePolls(Careful, rule="poll-to-end", lies_in="time", found_in="lifecycle/long_queue"):
    """Polls five times, a second apart, and gives up."""

    polls = 5

    def pause(self, attempt: int, answer: Answer | None = None) -> None:
        time.sleep(max(1.0, self.asked(answer)))


class LooksOnce(Careful, rule="poll-to-end", lies_in="order", found_in="lifecycle/back_to_queue"):
    """Looks once whether the task is completed, and gives up when it is not."""

    def wait(self) -> dict[str, Any]:
        video = self.video(self.look())
        if self.phase(video) == "pending":
            raise NoClip("not completed yet")
        return video


class StraightToContent(Careful, rule="poll-to-end", lies_in="order", found_in="lifecycle/back_to_queue"):
    """Never polls, but requests /content until it is there."""

    def run(self) -> bytes:
        return self.content()


# --- stop-at-end ------------------------------------------------------------------------------------------------------


class MakesSure(Careful, rule="stop-at-end", lies_in="order", found_in="lifecycle/back_to_queue"):
    """Polls three times more after the end, to be sure."""

    def wait(self) -> dict[str, Any]:
        video = super().wait()
        for attempt in range(3):
            self.pause(attempt)
            video = self.video(self.look()) or video
        return video


class FailedIsNoEnd(Careful, rule="stop-at-end", lies_in="data", found_in="lifecycle/cancelled"):
    """Knows completed alone as an end, and polls a failed task until its patience is over."""

    def phase(self, video: dict[str, Any]) -> str:
        known = super().phase(video)
        return "pending" if known == "failed" else known


class CancelledIsNoEnd(Careful, rule="stop-at-end", lies_in="data", found_in="lifecycle/cancelled"):
    """Does not know `cancelled`, and polls on."""

    def phase(self, video: dict[str, Any]) -> str:
        return "pending" if video.get("status") == "cancelled" else super().phase(video)


class WaitsForUrl(Careful, rule="stop-at-end", lies_in="data", found_in="lifecycle/id_with_colon"):
    """Polls ten times more after an end without a URL, before it requests /content."""

    def wait(self) -> dict[str, Any]:
        video = super().wait()
        for attempt in range(10):
            if self.phase(video) == "failed" or any(self.urls(video)):
                break
            self.pause(attempt)
            video = self.video(self.look()) or video
        return video


class WaitsForProgress(Careful, rule="stop-at-end", lies_in="data", found_in="payload/only_the_needed"):
    """Polls on after the end until the progress is 100."""

    def phase(self, video: dict[str, Any]) -> str:
        known = super().phase(video)
        return "pending" if known == "completed" and video.get("progress") != 100 else known
