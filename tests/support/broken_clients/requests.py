"""Wrong requests, ids and keys: clients for the rules in `judge/rules/requests.py`."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from support.careful_client import (
    Answer,
    Careful,
    as_object,
)

# --- right-request ----------------------------------------------------------------------------------------------------


class DownloadForContent(Careful, rule="right-request", lies_in="order", found_in="lifecycle/id_with_colon"):
    """Requests the clip at /download, which the API does not have."""

    def content_url(self) -> str:
        return f"{self.task_url()}/download"


class StatusPath(Careful, rule="right-request", lies_in="order", found_in="lifecycle/back_to_queue"):
    """Polls at /status below the task, as other services have it."""

    def look(self) -> Answer | None:
        return self.follow(f"{self.task_url()}/status")


class VersionTwice(Careful, rule="right-request", lies_in="order", found_in="lifecycle/back_to_queue"):
    """Puts /v1 behind a base URL that ends in it."""

    def task_url(self) -> str:
        return f"{self.base_url}/v1/videos/{self.quoted(self.task_id)}"


class PollsByPost(Careful, rule="right-request", lies_in="order", found_in="lifecycle/back_to_queue"):
    """Polls with POST, since the documented request has a body."""

    polls = 20  # it never sees a status

    def look(self) -> Answer | None:
        return self.send("POST", self.task_url(), json={"task_id": self.task_id})


class WrongFields(Careful, rule="right-request", lies_in="create", flow="create", found_in="lifecycle/plain"):
    """Creates with a field that the API does not have in the place of the model, and is refused forever."""

    def create_parameters(self) -> dict[str, Any]:
        return {"engine": "grok-video-3", "prompt": "a fox in the snow"}


class JoinsWithBase(Careful, rule="right-request", lies_in="data", found_in="urls/relative"):
    """Puts a relative URL behind the base URL, as httpx's base_url does, and /v1 with it."""

    def download(self, url: str) -> bytes:
        joined = f"{self.base_url}{url}" if url.startswith("/") else url
        return self.clip_in(self.follow(joined))


# --- task-id ----------------------------------------------------------------------------------------------------------


class UnquotedId(Careful, rule="task-id", lies_in="wire", found_in="lifecycle/id_to_be_quoted"):
    """Puts the id into the path as it is."""

    def quoted(self, task_id: str) -> str:
        return task_id


class SlashLeftInId(Careful, rule="task-id", lies_in="wire", found_in="lifecycle/id_to_be_quoted"):
    """Quotes the id as `urllib.parse.quote` does by default, which leaves slashes alone."""

    def quoted(self, task_id: str) -> str:
        return quote(task_id)


class QuotedTwice(Careful, rule="task-id", lies_in="wire", found_in="lifecycle/id_to_be_quoted"):
    """Quotes the id, and then the whole path again."""

    def quoted(self, task_id: str) -> str:
        return quote(quote(task_id, safe=""), safe="")


class LatestId(Careful, rule="task-id", lies_in="data", found_in="payload/other_id"):
    """Asks on for whatever id the last reply had."""

    def video(self, answer: Answer | None) -> dict[str, Any]:
        video = super().video(answer)
        self.task_id = str(video.get("id") or self.task_id)
        return video


class IdOfEveryReply(Careful, rule="task-id", lies_in="data", found_in="payload/id_missing"):
    """Takes the id anew from each task object, and requests the task None where there is none."""

    def video(self, answer: Answer | None) -> dict[str, Any]:
        video = super().video(answer)
        if "status" in video:
            self.task_id = str(video.get("id"))
        return video


class LowersId(Careful, rule="task-id", lies_in="data", found_in="lifecycle/id_to_be_quoted"):
    """Takes ids for words in which capitals make no difference."""

    def quoted(self, task_id: str) -> str:
        return super().quoted(task_id.lower())


class TaskIdOfCreate(Careful, rule="task-id", lies_in="create", flow="create", found_in="create/two_ids"):
    """Takes `task_id` from the reply to the create where there is one, though it is not the `id`."""

    def made(self, answer: Answer) -> str:
        return str(as_object(answer).get("task_id") or super().made(answer))


# --- authorization ----------------------------------------------------------------------------------------------------


class NoBearer(Careful, rule="authorization", lies_in="wire", found_in="auth/content_401"):
    """Sends the key without the word Bearer."""

    def key(self) -> dict[str, str]:
        return {"Authorization": self.api_key}


class ApiKeyHeader(Careful, rule="authorization", lies_in="wire", found_in="auth/content_401"):
    """Sends the key as X-API-Key."""

    def key(self) -> dict[str, str]:
        return {"X-API-Key": self.api_key}


class BearerTwice(Careful, rule="authorization", lies_in="wire", found_in="auth/content_401"):
    """Sends Bearer twice, as when the key in the settings has it already."""

    def key(self) -> dict[str, str]:
        return {"Authorization": f"Bearer Bearer {self.api_key}"}


class ContentWithoutKey(Careful, rule="authorization", lies_in="wire", found_in="auth/content_401"):
    """Requests /content as for any URL, without the key."""

    def headers(self, url: str, start: str) -> dict[str, str]:
        return {} if start.endswith("/content") else super().headers(url, start)


class CreateWithoutKey(Careful, rule="authorization", lies_in="create", flow="create", found_in="auth/content_401"):
    """Forgets the key with the create."""

    def headers(self, url: str, start: str) -> dict[str, str]:
        return {} if url.endswith("/videos") else super().headers(url, start)
