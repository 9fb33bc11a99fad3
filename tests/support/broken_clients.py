"""A zoo of clients: one that keeps the contract, and many that are wrong in exactly one way each.

    clip = BROKEN_CLIENTS["unquoted-id"]()(base_url, api_key, task_id)

`Careful` is correct in every respect. Each of the others overrides as little of it as its defect needs; its docstring
says what it does wrong, `rule` names the promise that it breaks, `flow` is `"create"` where that shows only when the
client makes its task itself. They are modelled on bugs of published clients. Those that never give up really go on for
ever: whoever runs them must stop them.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import datetime
import json
import re
import ssl
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, ClassVar
from urllib.parse import quote, urljoin, urlsplit

import httpx

URL_FIELDS = ("output.url", "video_url", "url", "detail.url")
LARGEST = 16 * 1024 * 1024  # bytes; a film that is larger never ends
REDIRECTS = (301, 302, 303, 307, 308)
TLS = ssl.create_default_context()  # made once: it takes longer than a whole scenario
DOCUMENTED = frozenset({
    "id", "object", "model", "status", "progress", "created_at", "completed_at", "expires_at", "seconds", "size",
    "remixed_from_video_id", "error", "video_url", "url", "output", "detail",
})  # fmt: skip

BROKEN_CLIENTS: dict[str, type[Careful]] = {}
# Where each defect lies: in the data (what the JSON of a reply holds), the order of requests, the wire (headers,
# redirects, connections, bodies), the time (pauses, giving up), or the create.
TAGS: dict[str, str] = {}


class NoClip(Exception):
    """The client ends without a clip, and says why."""


class Failure(Exception):
    """One request failed, in one of these kinds.

    `status` (the wrong one), `refused`, `reset`, `stalled`, `cut` (short of its length), `garbage` (not HTTP),
    `address` (not a URL for HTTP), `loop` (of redirects), `endless`, `no film`.
    """

    def __init__(self, kind: str, answer: Answer | None = None) -> None:
        super().__init__(kind if answer is None else f"{kind} {answer.status} {answer.body[:80]!r}")
        self.kind = kind
        self.answer = answer


@dataclass
class Answer:
    """A whole reply."""

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes


class Careful:
    """A client that keeps the contract. An instance is the client, and can be called as often as one likes."""

    rule: ClassVar[str] = ""
    flow: ClassVar[str] = "poll"

    fields: ClassVar[tuple[str, ...]] = URL_FIELDS
    deadline: ClassVar[float] = 2 * 3600.0  # seconds of polling
    polls: ClassVar[float] = 250
    timeout: ClassVar[float | None] = 10.0  # seconds of silence on a connection
    tries: ClassVar[int] = 6  # of the create, and of /content
    hops: ClassVar[float] = 10  # redirects in a row

    base_url: str
    api_key: str
    task_id: str
    http: httpx.Client

    def __init_subclass__(cls, rule: str, lies_in: str, flow: str = "poll") -> None:
        cls.rule, cls.flow = rule, flow
        name = re.sub(r"(?<!^)(?=[A-Z])|(?<=[a-z])(?=[0-9])", "-", cls.__name__.strip("_")).lower()
        if not cls.__name__.startswith("_") and cls.__module__ == __name__:
            BROKEN_CLIENTS[name], TAGS[name] = cls, lies_in

    def __call__(self, base_url: str, api_key: str, task_id: str | None = None) -> bytes:
        run = type(self)()  # nothing of one run is left for the next
        run.base_url, run.api_key = base_url, api_key
        with httpx.Client(timeout=self.timeout, verify=TLS, trust_env=False) as run.http:
            run.task_id = run.begin(task_id)
            return run.run()

    def begin(self, task_id: str | None) -> str:
        """The id of the task to wait for."""
        return self.create() if task_id is None else task_id

    def run(self) -> bytes:
        """Wait for the task and fetch its clip."""
        video = self.wait()
        return self.failed(video) if self.phase(video) == "failed" else self.fetch(video)

    # --- the create ---

    def create(self) -> str:
        """The id of a new task. Only what surely made nothing (a 429, a 503) is tried again."""
        for attempt in range(self.tries):
            try:
                answer = self.send("POST", f"{self.base_url}/videos", json=self.wish())
            except Failure as failure:
                return self.create_failed(failure)
            if answer.status not in (429, 503):
                break
            self.pause(attempt, answer)
        return self.made(answer)

    def wish(self) -> dict[str, Any]:
        """What is asked for."""
        return {"model": "grok-video-3", "prompt": "a fox in the snow"}

    def made(self, answer: Answer) -> str:
        """The id in the reply to the create."""
        task = as_object(answer) if answer.status < 300 else {}
        if not isinstance(task.get("id"), str) or not task["id"]:
            return self.create_failed(Failure("status", answer))
        return str(task["id"])

    def create_failed(self, failure: Failure) -> str:
        """What is done about a create without an id. The task may exist, and another would be paid for."""
        raise NoClip(f"create: {failure}")

    # --- waiting for the end ---

    def wait(self) -> dict[str, Any]:
        """The task as it is at its end."""
        began, unknown, attempt = time.monotonic(), 0, 0
        while time.monotonic() - began < self.deadline and attempt < self.polls:
            answer = self.look()
            video = self.video(answer)
            if answer is not None and answer.status in (401, 403):
                self.refused(answer)
            if answer is not None and (answer.status == 404 or video.get("code") == "task_not_exist"):
                unknown += 1  # a new task may be unknown for a moment
                self.unknown(unknown)
            if answer is not None and answer.status == 200 and self.phase(video) != "pending":
                return video
            self.pause(attempt, answer)
            attempt += 1
        raise NoClip("the task did not end in time")

    def look(self) -> Answer | None:
        """One poll; None when no whole answer came."""
        try:
            return self.follow(self.task_url())
        except Failure as failure:
            return self.look_failed(failure)

    def look_failed(self, failure: Failure) -> Answer | None:
        """What is done about a poll without a whole answer: the next one may get it."""
        return None

    def video(self, answer: Answer | None) -> dict[str, Any]:
        """The object that a poll showed; an empty one when it showed none."""
        return {} if answer is None else as_object(answer)

    def refused(self, answer: Answer) -> None:
        """What is done about a 401 or 403 to a poll."""
        raise NoClip(f"refused: {answer.status}")

    def unknown(self, times: int) -> None:
        """What is done when the service does not know the task."""
        if times >= 4:
            raise NoClip("the task is not known")

    def phase(self, video: dict[str, Any]) -> str:
        """`pending`, `completed` or `failed`; a word that nobody knows is no end."""
        return phase_of(video.get("status"))

    def failed(self, video: dict[str, Any]) -> bytes:
        """What is done about a task that failed."""
        raise NoClip(f"the task ended as {video.get('status')}: {video.get('error')}")

    def pause(self, attempt: int, answer: Answer | None = None) -> None:
        """Wait before the next request of the same."""
        time.sleep(max(min(5 * 1.2**attempt, 60.0), self.asked(answer)))

    def asked(self, answer: Answer | None) -> float:
        """The seconds of a Retry-After; 0 for a date, nonsense, or none."""
        after = answer.headers.get("retry-after", "") if answer is not None and answer.status in (429, 503) else ""
        return float(after) if after.isascii() and after.isdecimal() else 0.0

    # --- the clip ---

    def fetch(self, video: dict[str, Any]) -> bytes:
        """The clip of a completed task: from its URLs in their order, then from /content."""
        for url in self.urls(video):
            try:
                return self.download(url)
            except Failure as failure:
                self.download_failed(failure)
        return self.content()

    def urls(self, video: dict[str, Any]) -> Iterator[str]:
        """The result URLs, best first; absent is no key, null, blank text, anything but a text."""
        for field in self.fields:
            value = inside(video, field)
            if isinstance(value, str) and value.strip():
                yield value.strip()

    def download(self, url: str) -> bytes:
        """The clip at a result URL. Raises `Failure`."""
        if url.startswith("data:"):
            with contextlib.suppress(binascii.Error):
                return base64.b64decode(url.partition(";base64,")[2], validate=True)
            raise Failure("address")
        return self.film(self.follow(urljoin(self.task_url(), url)))

    def download_failed(self, failure: Failure) -> None:
        """What is done about a URL that did not give the clip: the next one may, and /content."""

    def content(self) -> bytes:
        """The clip at /content; it may come a little later than the end of the task."""
        for attempt in range(self.tries):
            answer = None
            try:
                answer = self.follow(self.content_url())
                return self.film(answer)
            except Failure:
                if answer is not None and answer.status in (401, 403):
                    break
            self.pause(attempt, answer)
        return self.no_clip()

    def no_clip(self) -> bytes:
        """What is done when the clip cannot be had."""
        raise NoClip("the task is completed, but its clip cannot be had")

    def film(self, answer: Answer) -> bytes:
        """The body when it is a film: a page, or an error that came with 200, is none."""
        if answer.status != 200:
            raise Failure("status", answer)
        if answer.body[4:8] != b"ftyp":
            raise Failure("no film", answer)
        return answer.body

    # --- requests ---

    def task_url(self) -> str:
        """Where the task is asked for."""
        return f"{self.base_url}/videos/{self.quoted(self.task_id)}"

    def content_url(self) -> str:
        """Where the clip is asked for when there is no URL."""
        return f"{self.task_url()}/content"

    def quoted(self, task_id: str) -> str:
        """An id as one segment of a path."""
        return quote(task_id, safe="")

    def is_home(self, url: str) -> bool:
        """Whether a URL is on the API's own origin."""
        return urlsplit(url)[:2] == urlsplit(self.base_url)[:2]

    def headers(self, url: str, start: str) -> dict[str, str]:
        """The headers for a URL, to which a way of redirects led from `start`. The key is for the API alone."""
        return self.key() if self.is_home(url) else {}

    def key(self) -> dict[str, str]:
        """The header with the API's key."""
        return {"Authorization": f"Bearer {self.api_key}"}

    def follow(self, url: str) -> Answer:
        """The answer to a GET at the end of its redirects. Raises `Failure`."""
        start, hops = url, 0
        while hops <= self.hops:
            answer = self.send("GET", url, start)
            target = self.target(answer)
            if target is None:
                return answer
            url, hops = target, hops + 1
        raise Failure("loop")

    def target(self, answer: Answer) -> str | None:
        """Where a redirect leads to; None for any other answer."""
        if answer.status not in REDIRECTS or "location" not in answer.headers:
            return None
        return urljoin(answer.url, answer.headers["location"])

    def send(self, method: str, url: str, start: str | None = None, **options: Any) -> Answer:
        """One request and its whole answer. Raises `Failure`."""
        kind = "garbage"
        headers = self.headers(url, url if start is None else start)
        try:
            with self.http.stream(method, url, headers=headers, **options) as reply:
                kind = "cut"
                return Answer(url, reply.status_code, reply.headers, self.read(reply))
        except httpx.TimeoutException as error:
            raise Failure("stalled") from error
        except httpx.ConnectError as error:
            raise Failure("refused") from error
        except httpx.NetworkError as error:
            raise Failure("reset") from error
        except (httpx.UnsupportedProtocol, httpx.InvalidURL) as error:
            raise Failure("address") from error
        except httpx.HTTPError as error:
            raise Failure(kind) from error

    def read(self, reply: httpx.Response) -> bytes:
        """The whole body."""
        body = bytearray()
        for piece in reply.iter_bytes():
            body += piece
            if len(body) > LARGEST:
                raise Failure("endless")
        return bytes(body)


def as_object(answer: Answer) -> dict[str, Any]:
    """A body as a JSON object; an empty one when it is none."""
    try:
        data = json.loads(answer.body)
    except ValueError:
        return {}
    return data if isinstance(data, dict) else {}


def inside(document: Any, field: str) -> Any:
    """What a dotted field holds; None when it is not there."""
    for key in field.split("."):
        document = document.get(key) if isinstance(document, dict) else None
    return document


def phase_of(status: Any) -> str:
    """What a status word stands for; case and blanks around it do not count."""
    word = str(status).strip().lower()
    if word in ("completed", "succeeded", "success", "done"):
        return "completed"
    return "failed" if word in ("failed", "failure", "cancelled", "canceled", "expired") else "pending"


# --- right-request ----------------------------------------------------------------------------------------------------


class DownloadForContent(Careful, rule="right-request", lies_in="order"):
    """Asks for the clip at /download, which the API does not have."""

    def content_url(self) -> str:
        return f"{self.task_url()}/download"


class StatusPath(Careful, rule="right-request", lies_in="order"):
    """Polls at /status below the task, as other services have it."""

    def look(self) -> Answer | None:
        return self.follow(f"{self.task_url()}/status")


class VersionTwice(Careful, rule="right-request", lies_in="order"):
    """Puts /v1 behind a base URL that ends in it."""

    def task_url(self) -> str:
        return f"{self.base_url}/v1/videos/{self.quoted(self.task_id)}"


class PollsByPost(Careful, rule="right-request", lies_in="order"):
    """Polls with POST, since the documented request has a body."""

    polls = 20  # it never sees a status

    def look(self) -> Answer | None:
        return self.send("POST", self.task_url(), json={"task_id": self.task_id})


class WrongWish(Careful, rule="right-request", lies_in="create", flow="create"):
    """Creates with a field that the API does not have in the place of the model, and is refused for ever."""

    def wish(self) -> dict[str, Any]:
        return {"engine": "grok-video-3", "prompt": "a fox in the snow"}


class JoinsWithBase(Careful, rule="right-request", lies_in="data"):
    """Puts a relative URL behind the base URL, as httpx's base_url does, and /v1 with it."""

    def download(self, url: str) -> bytes:
        joined = f"{self.base_url}{url}" if url.startswith("/") else url
        return self.film(self.follow(joined))


# --- task-id ----------------------------------------------------------------------------------------------------------


class UnquotedId(Careful, rule="task-id", lies_in="wire"):
    """Puts the id into the path as it is."""

    def quoted(self, task_id: str) -> str:
        return task_id


class SlashLeftInId(Careful, rule="task-id", lies_in="wire"):
    """Quotes the id as `urllib.parse.quote` does by default, which leaves slashes alone."""

    def quoted(self, task_id: str) -> str:
        return quote(task_id)


class QuotedTwice(Careful, rule="task-id", lies_in="wire"):
    """Quotes the id, and then the whole path again."""

    def quoted(self, task_id: str) -> str:
        return quote(quote(task_id, safe=""), safe="")


class LatestId(Careful, rule="task-id", lies_in="data"):
    """Asks on for whatever id the last reply had."""

    def video(self, answer: Answer | None) -> dict[str, Any]:
        video = super().video(answer)
        self.task_id = str(video.get("id") or self.task_id)
        return video


class IdOfEveryReply(Careful, rule="task-id", lies_in="data"):
    """Takes the id anew from each task object, and asks for the task None where there is none."""

    def video(self, answer: Answer | None) -> dict[str, Any]:
        video = super().video(answer)
        if "status" in video:
            self.task_id = str(video.get("id"))
        return video


class LowersId(Careful, rule="task-id", lies_in="data"):
    """Takes ids for words in which capitals make no difference."""

    def quoted(self, task_id: str) -> str:
        return super().quoted(task_id.lower())


class TaskIdOfCreate(Careful, rule="task-id", lies_in="create", flow="create"):
    """Takes `task_id` from the reply to the create where there is one, though it is not the `id`."""

    def made(self, answer: Answer) -> str:
        return str(as_object(answer).get("task_id") or super().made(answer))


# --- authorization ----------------------------------------------------------------------------------------------------


class NoBearer(Careful, rule="authorization", lies_in="wire"):
    """Sends the key without the word Bearer."""

    def key(self) -> dict[str, str]:
        return {"Authorization": self.api_key}


class ApiKeyHeader(Careful, rule="authorization", lies_in="wire"):
    """Sends the key as X-API-Key."""

    def key(self) -> dict[str, str]:
        return {"X-API-Key": self.api_key}


class BearerTwice(Careful, rule="authorization", lies_in="wire"):
    """Says Bearer twice, as when the key in the settings has it already."""

    def key(self) -> dict[str, str]:
        return {"Authorization": f"Bearer Bearer {self.api_key}"}


class ContentWithoutKey(Careful, rule="authorization", lies_in="wire"):
    """Asks for /content as for any URL, without the key."""

    def headers(self, url: str, start: str) -> dict[str, str]:
        return {} if start.endswith("/content") else super().headers(url, start)


class CreateWithoutKey(Careful, rule="authorization", lies_in="create", flow="create"):
    """Forgets the key with the create."""

    def headers(self, url: str, start: str) -> dict[str, str]:
        return {} if url.endswith("/videos") else super().headers(url, start)


# --- poll-to-end ------------------------------------------------------------------------------------------------------


class OpenaiWords(Careful, rule="poll-to-end", lies_in="data"):
    """Waits while the status is queued or in_progress, as OpenAI's package does: `processing` ends its wait."""

    def phase(self, video: dict[str, Any]) -> str:
        known = super().phase(video)
        return "completed" if known == "pending" and video.get("status") == "processing" else known


class ProcessingIsFailure(Careful, rule="poll-to-end", lies_in="data"):
    """Raises at `processing`, a word that is not in its list."""

    def video(self, answer: Answer | None) -> dict[str, Any]:
        video = super().video(answer)
        if video.get("status") == "processing":
            raise NoClip("unexpected status processing")
        return video


class TakesPreview(Careful, rule="poll-to-end", lies_in="data"):
    """Takes a URL as soon as there is one, whatever the status."""

    def phase(self, video: dict[str, Any]) -> str:
        known = super().phase(video)
        return "completed" if known == "pending" and any(self.urls(video)) else known


class ProgressIsTheEnd(Careful, rule="poll-to-end", lies_in="data"):
    """Takes a progress of 100 for the end."""

    def phase(self, video: dict[str, Any]) -> str:
        known = super().phase(video)
        return "completed" if known == "pending" and video.get("progress") == 100 else known


class CompletedAtIsTheEnd(Careful, rule="poll-to-end", lies_in="data"):
    """Takes a completed_at that is not 0 for the end."""

    def phase(self, video: dict[str, Any]) -> str:
        known = super().phase(video)
        at = video.get("completed_at")
        return "completed" if known == "pending" and isinstance(at, int) and at > 0 else known


class EmptyErrorIsError(Careful, rule="poll-to-end", lies_in="data"):
    """Raises at any error object, also at the documented one of empty strings."""

    def video(self, answer: Answer | None) -> dict[str, Any]:
        video = super().video(answer)
        if "status" in video and video.get("error"):
            raise NoClip(f"error: {video['error']}")
        return video


class FivePolls(Careful, rule="poll-to-end", lies_in="time"):
    """Polls five times, a second apart, and gives up."""

    polls = 5

    def pause(self, attempt: int, answer: Answer | None = None) -> None:
        time.sleep(max(1.0, self.asked(answer)))


class LooksOnce(Careful, rule="poll-to-end", lies_in="order"):
    """Looks once whether the task is completed, and gives up when it is not."""

    def wait(self) -> dict[str, Any]:
        video = self.video(self.look())
        if self.phase(video) == "pending":
            raise NoClip("not completed yet")
        return video


class StraightToContent(Careful, rule="poll-to-end", lies_in="order"):
    """Never polls, but asks for /content until it is there."""

    def run(self) -> bytes:
        return self.content()


# --- stop-at-end ------------------------------------------------------------------------------------------------------


class MakesSure(Careful, rule="stop-at-end", lies_in="order"):
    """Polls three times more after the end, to be sure."""

    def wait(self) -> dict[str, Any]:
        video = super().wait()
        for attempt in range(3):
            self.pause(attempt)
            video = self.video(self.look()) or video
        return video


class FailedIsNoEnd(Careful, rule="stop-at-end", lies_in="data"):
    """Knows completed alone as an end, and polls a failed task until its patience is over."""

    def phase(self, video: dict[str, Any]) -> str:
        known = super().phase(video)
        return "pending" if known == "failed" else known


class CancelledIsNoEnd(Careful, rule="stop-at-end", lies_in="data"):
    """Does not know `cancelled`, and polls on."""

    def phase(self, video: dict[str, Any]) -> str:
        return "pending" if video.get("status") == "cancelled" else super().phase(video)


class WaitsForUrl(Careful, rule="stop-at-end", lies_in="data"):
    """Polls ten times more after an end without a URL, before it asks for /content."""

    def wait(self) -> dict[str, Any]:
        video = super().wait()
        for attempt in range(10):
            if self.phase(video) == "failed" or any(self.urls(video)):
                break
            self.pause(attempt)
            video = self.video(self.look()) or video
        return video


class WaitsForProgress(Careful, rule="stop-at-end", lies_in="data"):
    """Polls on after the end until the progress is 100."""

    def phase(self, video: dict[str, Any]) -> str:
        known = super().phase(video)
        return "pending" if known == "completed" and video.get("progress") != 100 else known


# --- url-order --------------------------------------------------------------------------------------------------------


class VideoUrlFirst(Careful, rule="url-order", lies_in="data"):
    """Takes video_url before output.url."""

    fields = ("video_url", "output.url", "url", "detail.url")


class UrlFirst(Careful, rule="url-order", lies_in="data"):
    """Takes url before video_url."""

    fields = ("output.url", "url", "video_url", "detail.url")


class DetailFirst(Careful, rule="url-order", lies_in="data"):
    """Takes detail.url first of all."""

    fields = ("detail.url", *URL_FIELDS[:3])


class LastFieldWins(Careful, rule="url-order", lies_in="data"):
    """Goes through the fields and keeps the last URL that it finds."""

    fields = URL_FIELDS[::-1]


class MetadataFirst(Careful, rule="url-order", lies_in="data"):
    """Takes new-api's metadata.url before the documented fields."""

    fields = ("metadata.url", *URL_FIELDS)


class AnyUrl(Careful, rule="url-order", lies_in="data"):
    """Takes the first thing in the reply that looks like a URL."""

    def urls(self, video: dict[str, Any]) -> Iterator[str]:
        found = re.search(r'"(https?://[^"]+)"', json.dumps(video))
        return iter([found[1]] if found else super().urls(video))


# --- url-absent -------------------------------------------------------------------------------------------------------


class _FirstThere(Careful, rule="url-absent", lies_in="data"):
    def urls(self, video: dict[str, Any]) -> Iterator[str]:
        for field in self.fields:
            value = inside(video, field)
            if self.taken(value):
                raise NoClip(f"{field}: {value!r} is no URL")
            if isinstance(value, str) and value.strip():
                yield value.strip()

    def taken(self, value: Any) -> bool:
        """Whether a value that is no URL is taken for one; it then fails as one."""
        raise NotImplementedError


class EmptyIsUrl(_FirstThere, rule="url-absent", lies_in="data"):
    """Takes an empty text in output.url or video_url for a URL when another field has a real one."""

    def urls(self, video: dict[str, Any]) -> Iterator[str]:
        return super().urls(video) if any(Careful.urls(self, video)) else iter(())

    def taken(self, value: Any) -> bool:
        return bool(value == "")


class NoneIsUrl(Careful, rule="url-absent", lies_in="data"):
    """Makes a text of whatever video_url holds, and fails at the URL "None"."""

    def urls(self, video: dict[str, Any]) -> Iterator[str]:
        if "video_url" in video and video["video_url"] is None:
            raise NoClip("'None' is no URL")
        return super().urls(video)


class NoneIsAsked(Careful, rule="url-absent", lies_in="data"):
    """Makes a text of whatever video_url holds, and asks for "None" beside the task; what comes ends it."""

    def urls(self, video: dict[str, Any]) -> Iterator[str]:
        if "video_url" in video and video["video_url"] is None:
            self.http.get(urljoin(self.task_url(), str(video["video_url"])))
            raise NoClip("'None' is no URL")
        return super().urls(video)


class BlankIsAsked(Careful, rule="url-absent", lies_in="data"):
    """Joins a text of blanks with the task's address, and asks for that, without the key, as for any URL."""

    def urls(self, video: dict[str, Any]) -> Iterator[str]:
        if str(video.get("video_url") or "x").isspace():
            self.http.get(urljoin(self.task_url(), video["video_url"].strip()))
            raise NoClip("that is no film")
        return super().urls(video)


class BlankIsUrl(_FirstThere, rule="url-absent", lies_in="data"):
    """Takes a text of blanks for a URL."""

    def taken(self, value: Any) -> bool:
        return isinstance(value, str) and value != "" and not value.strip()


class NumberIsUrl(_FirstThere, rule="url-absent", lies_in="data"):
    """Takes a number for a URL: it asks only whether the field is null or empty."""

    def taken(self, value: Any) -> bool:
        return isinstance(value, int)


class ObjectIsUrl(_FirstThere, rule="url-absent", lies_in="data"):
    """Takes an object for a URL: it asks only whether the field is null or empty."""

    def taken(self, value: Any) -> bool:
        return isinstance(value, dict)


class OutputIsObject(Careful, rule="url-absent", lies_in="data"):
    """Reads output.url without asking whether output is an object."""

    def urls(self, video: dict[str, Any]) -> Iterator[str]:
        video.get("output", {}).get("url")
        yield from super().urls(video)


class OutputHasUrl(Careful, rule="url-absent", lies_in="data"):
    """Where there is an output, it must have a url."""

    def urls(self, video: dict[str, Any]) -> Iterator[str]:
        if isinstance(video.get("output"), dict):
            video["output"]["url"].strip()
        yield from super().urls(video)


# --- fallback-no-url --------------------------------------------------------------------------------------------------


class NeverContent(Careful, rule="fallback-no-url", lies_in="data"):
    """Reports a failure when there is no URL."""

    def urls(self, video: dict[str, Any]) -> Iterator[str]:
        if not any(super().urls(video)):
            raise NoClip("no URL")
        return super().urls(video)


class VideoUrlMustBeThere(Careful, rule="fallback-no-url", lies_in="data"):
    """Reads video_url as a field that is always there."""

    def urls(self, video: dict[str, Any]) -> Iterator[str]:
        urls = list(super().urls(video))
        return iter(urls or [url for url in [video["video_url"]] if url])


# --- fallback-download ------------------------------------------------------------------------------------------------


class _EndsAt(Careful, rule="fallback-download", lies_in="wire"):
    kinds: ClassVar[tuple[str, ...]] = ()
    statuses: ClassVar[tuple[int, ...]] = ()

    def download_failed(self, failure: Failure) -> None:
        status = failure.answer.status if failure.kind == "status" and failure.answer is not None else None
        if failure.kind in self.kinds or status in self.statuses:
            raise NoClip(f"download: {failure}")


class EndsAtAnyFailure(_EndsAt, rule="fallback-download", lies_in="wire"):
    """Reports a failure when the first URL cannot be downloaded."""

    def download_failed(self, failure: Failure) -> None:
        raise NoClip(f"download: {failure}")


class EndsAt404(_EndsAt, rule="fallback-download", lies_in="wire"):
    """Takes a 404 of the URL for the last word."""

    statuses = (404, 410)


class EndsAt403(_EndsAt, rule="fallback-download", lies_in="wire"):
    """Takes a 401 or 403 of the URL for the last word."""

    statuses = (401, 403)


class EndsAtServerError(_EndsAt, rule="fallback-download", lies_in="wire"):
    """Takes an error of the download host for the last word."""

    statuses = (500, 502, 503)


class EndsAt204(_EndsAt, rule="fallback-download", lies_in="wire"):
    """Reports a failure when the URL answers 204."""

    statuses = (204,)


class EndsAtReset(_EndsAt, rule="fallback-download", lies_in="wire"):
    """Does not catch a connection that is reset in a download."""

    kinds = ("reset",)


class EndsAtCut(_EndsAt, rule="fallback-download", lies_in="wire"):
    """Does not catch the error for a body that is short of its length."""

    kinds = ("cut",)


class EndsAtStall(_EndsAt, rule="fallback-download", lies_in="wire"):
    """Does not catch a time-out of a download."""

    kinds = ("stalled",)


class EndsAtRefused(_EndsAt, rule="fallback-download", lies_in="wire"):
    """Does not catch a connection that is refused."""

    kinds = ("refused",)


class EndsAtGarbage(_EndsAt, rule="fallback-download", lies_in="wire"):
    """Does not catch an answer that is not HTTP."""

    kinds = ("garbage",)


class EndsAtPage(_EndsAt, rule="fallback-download", lies_in="wire"):
    """Sees that a page is no film, and reports a failure instead of asking /content."""

    kinds = ("no film",)


class EndsAtLoop(_EndsAt, rule="fallback-download", lies_in="wire"):
    """Does not catch the error for too many redirects."""

    kinds = ("loop",)


class EndsAtEndless(_EndsAt, rule="fallback-download", lies_in="wire"):
    """Sees that a download has no end, and reports a failure instead of asking /content."""

    kinds = ("endless",)


class EndsAtOtherScheme(_EndsAt, rule="fallback-download", lies_in="data"):
    """Does not catch the error for a URL that HTTP cannot ask for."""

    kinds = ("address",)


# --- failed-no-download -----------------------------------------------------------------------------------------------


class ContentOfFailed(Careful, rule="failed-no-download", lies_in="order"):
    """Asks for /content of a failed task, in case there is something after all; then reports the failure."""

    def failed(self, video: dict[str, Any]) -> bytes:
        with contextlib.suppress(Failure):
            self.follow(self.content_url())
        return super().failed(video)


class UrlOfFailed(Careful, rule="failed-no-download", lies_in="data"):
    """Downloads what a failed task names, to keep it with the log; then reports the failure."""

    def failed(self, video: dict[str, Any]) -> bytes:
        for url in self.urls(video):
            with contextlib.suppress(Failure):
                self.download(url)
        return super().failed(video)


# --- report-failed ----------------------------------------------------------------------------------------------------


class NothingForFailed(Careful, rule="report-failed", lies_in="data"):
    """Returns no bytes for a failed task, as if that were its clip."""

    def failed(self, video: dict[str, Any]) -> bytes:
        return b""


class CancelledIsFine(Careful, rule="report-failed", lies_in="data"):
    """Takes a cancelled task for a success without a clip."""

    def failed(self, video: dict[str, Any]) -> bytes:
        return b"" if str(video.get("status")).startswith("cancel") else super().failed(video)


class FilmOfFailed(Careful, rule="report-failed", lies_in="data"):
    """Takes the URL of any task that has ended, and so delivers the film of a failed one."""

    def failed(self, video: dict[str, Any]) -> bytes:
        for url in self.urls(video):
            return self.download(url)
        return super().failed(video)


# --- report-no-clip ---------------------------------------------------------------------------------------------------


class NothingForNoClip(Careful, rule="report-no-clip", lies_in="order"):
    """Returns no bytes when the clip cannot be had."""

    def no_clip(self) -> bytes:
        return b""


class CreatesForEver(Careful, rule="report-no-clip", lies_in="create", flow="create"):
    """Asks for a task until it is let in."""

    tries = 10**9


class ContentForEver(Careful, rule="report-no-clip", lies_in="time"):
    """Asks for /content until it is there, for ever."""

    def content(self) -> bytes:
        while True:
            with contextlib.suppress(NoClip):
                return super().content()
            self.pause(20)


# --- whole-clip -------------------------------------------------------------------------------------------------------


class FilmAsText(Careful, rule="whole-clip", lies_in="wire"):
    """Reads the film as text and writes it as text."""

    def film(self, answer: Answer) -> bytes:
        return super().film(answer).decode("utf-8", "replace").encode()


class FirstPieceOnly(Careful, rule="whole-clip", lies_in="wire"):
    """Takes the first 16 KiB of the film for the whole."""

    def film(self, answer: Answer) -> bytes:
        return super().film(answer)[: 16 * 1024]


class LastByteLost(Careful, rule="whole-clip", lies_in="wire"):
    """Asks for one byte too few of the film."""

    def film(self, answer: Answer) -> bytes:
        return super().film(answer)[:-1]


class WrittenTwice(Careful, rule="whole-clip", lies_in="wire"):
    """Appends the second try to what the first one left."""

    def __init__(self) -> None:
        self.left = b""

    def download(self, url: str) -> bytes:
        self.left = b""
        try:
            return super().download(url)
        except Failure as failure:
            if failure.kind != "reset":
                raise
        half = self.left
        return half + super().download(url)

    def read(self, reply: httpx.Response) -> bytes:
        body = bytearray()
        try:
            for piece in reply.iter_bytes():
                body += piece
                if len(body) > LARGEST:
                    raise Failure("endless")
        except httpx.ReadError:
            self.left = bytes(body)
            raise
        return bytes(body)


class StripsBlanks(Careful, rule="whole-clip", lies_in="wire"):
    """Takes blanks off both ends of the film, as of a text."""

    def film(self, answer: Answer) -> bytes:
        return super().film(answer).strip()


class AnyFieldWithUrl(Careful, rule="whole-clip", lies_in="data"):
    """Takes the URL in metadata where the four fields hold none."""

    def urls(self, video: dict[str, Any]) -> Iterator[str]:
        yield from super().urls(video)
        beside = inside(video, "metadata.url")
        if isinstance(beside, str) and not any(super().urls(video)):
            yield beside


class LastUrlSeen(Careful, rule="whole-clip", lies_in="data"):
    """Keeps the last URL that any reply had, and takes it where the end has none."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def video(self, answer: Answer | None) -> dict[str, Any]:
        video = super().video(answer)
        self.seen = list(super().urls(video)) or self.seen
        return video

    def urls(self, video: dict[str, Any]) -> Iterator[str]:
        return iter(self.seen)


class RestIsAppended(Careful, rule="whole-clip", lies_in="wire"):
    """Asks for the rest of a film that broke off by Range, and appends what comes, though it is the whole again."""

    def download(self, url: str) -> bytes:
        address = urljoin(self.task_url(), url)
        half = b""
        try:
            with self.http.stream("GET", address, headers=self.headers(address, address)) as reply:
                for piece in reply.iter_bytes(1024):
                    half += piece
        except httpx.RemoteProtocolError:
            if half[4:8] == b"ftyp":
                rest = self.http.get(address, headers={"Range": f"bytes={len(half)}-"})
                if rest.status_code in (200, 206):
                    return half + rest.content
        except httpx.HTTPError:
            pass
        return super().download(url)


# --- deliver ----------------------------------------------------------------------------------------------------------


class SmallIsNoFilm(Careful, rule="deliver", lies_in="wire"):
    """Takes anything below a megabyte for an error page."""

    def film(self, answer: Answer) -> bytes:
        if len(answer.body) < 1024 * 1024:
            raise Failure("no film", answer)
        return super().film(answer)


class TypeMustBeExact(Careful, rule="deliver", lies_in="wire"):
    """Refuses a film whose Content-Type is not exactly video/mp4."""

    def film(self, answer: Answer) -> bytes:
        if answer.headers.get("content-type") != "video/mp4":
            raise Failure("no film", answer)
        return super().film(answer)


class NoDetail(Careful, rule="deliver", lies_in="data"):
    """Does not know of detail.url."""

    fields = URL_FIELDS[:3]


class RelativeIsFatal(Careful, rule="deliver", lies_in="data"):
    """Raises at a URL that is relative to the reply."""

    def download(self, url: str) -> bytes:
        if url.startswith("/"):
            raise NoClip(f"{url}: no host")
        return super().download(url)


class ListOfHosts(Careful, rule="deliver", lies_in="wire"):
    """Downloads from the hosts in its list alone, and raises at any other."""

    def download(self, url: str) -> bytes:
        if not self.is_home(urljoin(self.task_url(), url)):
            raise NoClip(f"{url}: not a host that I know")
        return super().download(url)


# --- no-key-to-other-hosts --------------------------------------------------------------------------------------------


class KeyEverywhere(Careful, rule="no-key-to-other-hosts", lies_in="wire"):
    """Sends the key with every request, to whatever host."""

    def headers(self, url: str, start: str) -> dict[str, str]:
        return self.key()


class KeyForResultUrl(Careful, rule="no-key-to-other-hosts", lies_in="wire"):
    """Sends the key with the result URL, but not along a redirect."""

    def headers(self, url: str, start: str) -> dict[str, str]:
        return self.key() if url == start else super().headers(url, start)


class KeyInQuery(Careful, rule="no-key-to-other-hosts", lies_in="wire"):
    """Puts the key into the query of the result URL."""

    def download(self, url: str) -> bytes:
        address = urljoin(self.task_url(), url)
        if not self.is_home(address) and address.startswith("http"):
            address += f"{'&' if '?' in address else '?'}key={self.api_key}"
        return super().download(address)


class KeyInOwnHeader(Careful, rule="no-key-to-other-hosts", lies_in="wire"):
    """Sends the key as X-Api-Key wherever it is not sent as Authorization."""

    def headers(self, url: str, start: str) -> dict[str, str]:
        return super().headers(url, start) or {"X-Api-Key": self.api_key}


class KeyAlongRedirect(Careful, rule="no-key-to-other-hosts", lies_in="wire"):
    """Takes the key along when the API redirects to another host."""

    def headers(self, url: str, start: str) -> dict[str, str]:
        return self.key() if self.is_home(start) else super().headers(url, start)


# --- follow-redirects, redirect-limit ---------------------------------------------------------------------------------


class NoRedirects(Careful, rule="follow-redirects", lies_in="wire"):
    """Takes every redirect for a failure, as httpx does when nobody tells it otherwise."""

    def target(self, answer: Answer) -> str | None:
        return None


class MovedPollIsFatal(Careful, rule="follow-redirects", lies_in="wire"):
    """Raises when a poll is redirected."""

    def look(self) -> Answer | None:
        try:
            answer = self.send("GET", self.task_url())
        except Failure as failure:
            return self.look_failed(failure)
        if answer.status in REDIRECTS:
            raise NoClip(f"the task moved: {answer.status}")
        return answer


class OldRedirects(Careful, rule="follow-redirects", lies_in="wire"):
    """Knows 301 and 302 alone."""

    def target(self, answer: Answer) -> str | None:
        return super().target(answer) if answer.status in (301, 302) else None


class OneRedirect(Careful, rule="follow-redirects", lies_in="wire"):
    """Follows one redirect and no second one."""

    hops = 1


class AbsoluteRedirects(Careful, rule="follow-redirects", lies_in="wire"):
    """Does not follow a Location that is a path."""

    def target(self, answer: Answer) -> str | None:
        return super().target(answer) if answer.headers.get("location", "").startswith("http") else None


class RedirectsForEver(Careful, rule="redirect-limit", lies_in="wire"):
    """Follows redirects without counting them."""

    hops = float("inf")


# --- check-body -------------------------------------------------------------------------------------------------------


class AnyBodyIsFilm(Careful, rule="check-body", lies_in="wire"):
    """Takes whatever comes with 200 for the film."""

    def film(self, answer: Answer) -> bytes:
        if answer.status != 200:
            raise Failure("status", answer)
        return answer.body


class EmptyIsFilm(AnyBodyIsFilm, rule="check-body", lies_in="wire"):
    """Sees pages and JSON, but takes an empty body for the film."""

    def film(self, answer: Answer) -> bytes:
        return super().film(answer) if not answer.body else Careful.film(self, answer)


class NoErrorIsFilm(AnyBodyIsFilm, rule="check-body", lies_in="wire"):
    """Sees an HTML page, but takes JSON for the film."""

    def film(self, answer: Answer) -> bytes:
        return super().film(answer) if answer.body.startswith(b"{") else Careful.film(self, answer)


class TrustsTheType(AnyBodyIsFilm, rule="check-body", lies_in="wire"):
    """Takes for a film whatever says that it is video/mp4."""

    def film(self, answer: Answer) -> bytes:
        said = answer.headers.get("content-type", "").startswith("video/")
        return super().film(answer) if said else Careful.film(self, answer)


class _KeepsWhatCame(Careful, rule="check-body", lies_in="wire"):
    errors: ClassVar[type[httpx.HTTPError]] = httpx.HTTPError

    def read(self, reply: httpx.Response) -> bytes:
        body = bytearray()
        with contextlib.suppress(self.errors):
            for piece in reply.iter_bytes():
                body += piece
                if len(body) > LARGEST:
                    raise Failure("endless")
        return bytes(body)


class KeepsCutBody(_KeepsWhatCame, rule="check-body", lies_in="wire"):
    """Keeps a body that ended short of its length."""

    errors = httpx.RemoteProtocolError


class KeepsResetBody(_KeepsWhatCame, rule="check-body", lies_in="wire"):
    """Keeps what had come when the connection was reset."""

    errors = httpx.ReadError


class KeepsStalledBody(_KeepsWhatCame, rule="check-body", lies_in="wire"):
    """Keeps what had come when the time was over."""

    errors = httpx.ReadTimeout


# --- retry-after ------------------------------------------------------------------------------------------------------


class IgnoresRetryAfter(Careful, rule="retry-after", lies_in="time"):
    """Asks again in its own time, whatever Retry-After says."""

    def asked(self, answer: Answer | None) -> float:
        return 0.0


class RetryAfterInMilliseconds(Careful, rule="retry-after", lies_in="time"):
    """Takes the seconds of a Retry-After for milliseconds, and waits no longer than that."""

    def pause(self, attempt: int, answer: Answer | None = None) -> None:
        if self.asked(answer):
            time.sleep(self.asked(answer) / 1000)
        else:
            super().pause(attempt, answer)


class CreatesAgainTooSoon(Careful, rule="retry-after", lies_in="create", flow="create"):
    """Repeats a create that was answered 429 at once."""

    def pause(self, attempt: int, answer: Answer | None = None) -> None:
        if answer is None or not answer.url.endswith("/videos"):
            super().pause(attempt, answer)


# --- survive-* --------------------------------------------------------------------------------------------------------


class _EndsAtPoll(Careful, rule="survive-5xx", lies_in="wire"):
    def look(self) -> Answer | None:
        answer = super().look()
        if answer is not None:
            self.check(answer)
        return answer

    def check(self, answer: Answer) -> None:
        """Raises at an answer that should be borne with."""


class EndsAt429(_EndsAtPoll, rule="survive-429", lies_in="wire"):
    """Takes a 429 for the end."""

    def check(self, answer: Answer) -> None:
        if answer.status == 429:
            raise NoClip("too many requests")


class RetryAfterIsNumber(_EndsAtPoll, rule="survive-429", lies_in="wire"):
    """Reads every Retry-After as a number, and fails at a date."""

    def check(self, answer: Answer) -> None:
        float(answer.headers.get("retry-after", "0"))


class EndsAt5xxPoll(_EndsAtPoll, rule="survive-5xx", lies_in="wire"):
    """Takes an error of the server for the end, as `raise_for_status` does."""

    def check(self, answer: Answer) -> None:
        if answer.status >= 500:
            raise NoClip(f"status {answer.status}")


class KnownErrorsOnly(_EndsAtPoll, rule="survive-5xx", lies_in="wire"):
    """Bears with 500, 502 and 503, and not with other errors of the server."""

    def check(self, answer: Answer) -> None:
        if answer.status >= 500 and answer.status not in (500, 502, 503):
            raise NoClip(f"status {answer.status}")


class StatusMustBeKnown(_EndsAtPoll, rule="survive-html", lies_in="wire"):
    """Fails at a status that no standard knows, such as the 524 page of a CDN."""

    def check(self, answer: Answer) -> None:
        HTTPStatus(answer.status)


class EndsAtHtmlPoll(_EndsAtPoll, rule="survive-html", lies_in="wire"):
    """Takes an HTML page that came with 200 for the end."""

    def check(self, answer: Answer) -> None:
        if answer.status == 200 and answer.body.startswith(b"<"):
            raise NoClip("a page")


class EndsAtHtmlError(_EndsAtPoll, rule="survive-html", lies_in="wire"):
    """Reads the body of an error as JSON, and fails at a proxy's page."""

    def check(self, answer: Answer) -> None:
        if answer.status >= 500:
            json.loads(answer.body)


class EndsAtBadJson(_EndsAtPoll, rule="survive-bad-json", lies_in="wire"):
    """Does not catch the error for JSON that is broken."""

    def check(self, answer: Answer) -> None:
        if answer.status == 200 and answer.body and not answer.body.startswith(b"<"):
            json.loads(answer.body)


class EndsAtNoBody(_EndsAtPoll, rule="survive-bad-json", lies_in="wire"):
    """Fails at an answer with no body at all."""

    def check(self, answer: Answer) -> None:
        if answer.status < 300 and not answer.body:
            raise NoClip("no body")


class JsonIsObject(_EndsAtPoll, rule="survive-bad-json", lies_in="data"):
    """Fails at JSON that is no object: a list, null."""

    def check(self, answer: Answer) -> None:
        with contextlib.suppress(json.JSONDecodeError, UnicodeDecodeError):
            json.loads(answer.body).get("status")


class StatusMustBeThere(_EndsAtPoll, rule="survive-bad-json", lies_in="data"):
    """Fails at an empty object, where there is no status to read."""

    def check(self, answer: Answer) -> None:
        if as_object(answer) == {} and answer.body.startswith(b"{}"):
            raise KeyError("status")


class _EndsAtBrokenPoll(Careful, rule="survive-broken-connection", lies_in="wire"):
    kinds: ClassVar[tuple[str, ...]] = ()

    def look_failed(self, failure: Failure) -> Answer | None:
        if failure.kind in self.kinds:
            raise failure
        return None


class EndsAtPollReset(_EndsAtBrokenPoll, rule="survive-broken-connection", lies_in="wire"):
    """Does not catch a poll's connection that is reset."""

    kinds = ("reset",)


class EndsAtPollStall(_EndsAtBrokenPoll, rule="survive-broken-connection", lies_in="wire"):
    """Does not catch a poll's time-out."""

    kinds = ("stalled",)


class EndsAtPollCut(_EndsAtBrokenPoll, rule="survive-broken-connection", lies_in="wire"):
    """Does not catch a poll's body that is short of its length."""

    kinds = ("cut",)


class EndsAtPollGarbage(_EndsAtBrokenPoll, rule="survive-broken-connection", lies_in="wire"):
    """Does not catch a poll that is closed without an answer, or answered with something else than HTTP."""

    kinds = ("garbage",)


class EndsAt408(Careful, rule="survive-broken-connection", lies_in="wire"):
    """Takes a 408 for its own fault, as every other 4xx."""

    def look(self) -> Answer | None:
        answer = super().look()
        if answer is not None and answer.status == 408:
            raise NoClip("the request was wrong: 408")
        return answer


# --- time: giving up, and pauses --------------------------------------------------------------------------------------


class RetriesRefused(Careful, rule="give-up-refused", lies_in="time"):
    """Polls on as long as the answer is 401 or 403, for ever."""

    def refused(self, answer: Answer) -> None:
        again: Answer | None = answer
        while again is None or again.status in (401, 403):
            self.pause(20)
            again = self.look()


class RetriesUnknown(Careful, rule="give-up-unknown", lies_in="time"):
    """Polls on as long as the task is not known, for ever."""

    def unknown(self, times: int) -> None:
        answer = None
        while answer is None or answer.status in (400, 404):
            self.pause(20)
            answer = self.look()


class NoPause(Careful, rule="poll-pause", lies_in="time"):
    """Polls as fast as it can."""

    def pause(self, attempt: int, answer: Answer | None = None) -> None:
        if self.asked(answer):
            super().pause(attempt, answer)


class NoPauseAfterError(Careful, rule="poll-pause", lies_in="time"):
    """Pauses after a good answer alone, and hammers a server that is down."""

    def pause(self, attempt: int, answer: Answer | None = None) -> None:
        if answer is not None and (answer.status < 500 or self.asked(answer)):
            super().pause(attempt, answer)


class NoDeadline(Careful, rule="give-up-endless-task", lies_in="time"):
    """Polls for ever."""

    deadline = polls = float("inf")


class NoTimeout(Careful, rule="give-up-stalled", lies_in="time"):
    """Waits for ever on a connection on which nothing comes."""

    timeout = None


class StalledAgain(Careful, rule="give-up-stalled", lies_in="time"):
    """Gives each try ten seconds, and never stops trying."""

    def content(self) -> bytes:
        while True:
            with contextlib.suppress(Failure):
                return self.film(self.follow(self.content_url()))
            self.pause(0)


class ReadsForEver(Careful, rule="give-up-stalled", lies_in="time"):
    """Reads on as long as something comes."""

    def read(self, reply: httpx.Response) -> bytes:
        body = bytearray()
        for piece in reply.iter_bytes():
            # What is too much is thrown away, for the sake of the machine's memory.
            body += piece if len(body) < LARGEST else b""
        return bytes(body)


# --- data: odd replies ------------------------------------------------------------------------------------------------


class StrictFields(Careful, rule="unknown-fields", lies_in="data"):
    """Has a strict model of the task object, and raises at a field that it does not know."""

    def video(self, answer: Answer | None) -> dict[str, Any]:
        video = super().video(answer)
        unknown = video.keys() - DOCUMENTED
        if "status" in video and unknown:
            raise NoClip(f"unknown fields {sorted(unknown)}")
        return video


class _Words(Careful, rule="unknown-status", lies_in="data"):
    words: ClassVar[frozenset[str]] = frozenset()

    def phase(self, video: dict[str, Any]) -> str:
        known = super().phase(video)
        word = video.get("status")
        if known == "pending" and isinstance(word, str) and word and word not in self.words:
            return self.other(word)
        return known

    def other(self, word: str) -> str:
        raise NoClip(f"unknown status {word}")


class ListOfWords(_Words, rule="unknown-status", lies_in="data"):
    """Raises at a status that is not in its list."""

    words = frozenset({"queued", "pending", "processing", "in_progress", "running", "submitted", "not_start"})


class OtherWordIsEnd(_Words, rule="poll-to-end", lies_in="data"):
    """Takes every word that it does not know for a good end."""

    words = ListOfWords.words | {"unknown", "SUBMITTED", "IN_PROGRESS", "NOT_START"}

    def other(self, word: str) -> str:
        return "completed"


class ExpiredIsNoEnd(Careful, rule="unknown-status", lies_in="data"):
    """Has never heard that a task can expire, polls on for as long as it may, and reports that it took too long."""

    polls = 60

    def phase(self, video: dict[str, Any]) -> str:
        return "pending" if str(video.get("status")).strip().lower() == "expired" else super().phase(video)


class ExactCompleted(Careful, rule="unknown-status", lies_in="data"):
    """Compares with `completed` to the letter, and polls on at any other spelling."""

    def phase(self, video: dict[str, Any]) -> str:
        known = super().phase(video)
        return "pending" if known == "completed" and video.get("status") != "completed" else known


class _Reads(Careful, rule="odd-types", lies_in="data"):
    def video(self, answer: Answer | None) -> dict[str, Any]:
        video = super().video(answer)
        if video.keys() & {"model", "video_url", "object"}:
            self.read_fields(video)
        return video

    def read_fields(self, video: dict[str, Any]) -> None:
        """Reads fields that it does not need, for its log."""


class ProgressIsInteger(_Reads, rule="odd-types", lies_in="data"):
    """Logs the progress as an integer, and fails at null, "42%" and the empty text."""

    def read_fields(self, video: dict[str, Any]) -> None:
        int(video.get("progress", 0))


class ProgressMustBeThere(_Reads, rule="odd-types", lies_in="data"):
    """Logs the progress as a field that is always there."""

    def read_fields(self, video: dict[str, Any]) -> None:
        video["progress"]


class TimesAreSeconds(_Reads, rule="odd-types", lies_in="data"):
    """Makes dates of the times, and fails at ISO times, texts, null and milliseconds."""

    def read_fields(self, video: dict[str, Any]) -> None:
        for name in ("created_at", "completed_at", "expires_at"):
            datetime.datetime.fromtimestamp(video.get(name, 0), datetime.UTC)


class ErrorIsObject(_Reads, rule="odd-types", lies_in="data"):
    """Reads error.message without asking whether there is an error object."""

    def read_fields(self, video: dict[str, Any]) -> None:
        video.get("error", {}).get("message")


class StatusIsText(_Reads, rule="odd-types", lies_in="data"):
    """Lowers the status without asking whether it is a text."""

    def read_fields(self, video: dict[str, Any]) -> None:
        video["status"].lower()


class IdMustBeThere(_Reads, rule="odd-types", lies_in="data"):
    """Logs the id of each reply as a field that is always there."""

    def read_fields(self, video: dict[str, Any]) -> None:
        video["id"]


class SecondsAreText(_Reads, rule="odd-types", lies_in="data"):
    """Reads seconds as the text of an integer."""

    def read_fields(self, video: dict[str, Any]) -> None:
        int(video.get("seconds", "0").strip())


# --- one-task ---------------------------------------------------------------------------------------------------------


class CreatesAnyway(Careful, rule="one-task", lies_in="create"):
    """Makes a task of its own although it was given one."""

    def begin(self, task_id: str | None) -> str:
        return self.create()


class _OnceMore(Careful, rule="one-task", lies_in="order"):
    def __init__(self) -> None:
        self.again = False

    def once_more(self) -> None:
        """Make the task again, but not a third time."""
        if not self.again:
            self.again = True
            self.task_id = self.create()


class CreatesAfterFailedDownload(_OnceMore, rule="one-task", lies_in="order"):
    """Starts again from the beginning when a download failed."""

    def download_failed(self, failure: Failure) -> None:
        self.once_more()
        self.wait()


class CreatesAfterFailedPoll(_OnceMore, rule="one-task", lies_in="order"):
    """Starts again from the beginning when a poll was answered 500."""

    def video(self, answer: Answer | None) -> dict[str, Any]:
        if answer is not None and answer.status == 500:
            self.once_more()
        return super().video(answer)


class CreatesAfterBrokenPoll(_OnceMore, rule="one-task", lies_in="order"):
    """Starts again from the beginning when a poll broke."""

    def look_failed(self, failure: Failure) -> Answer | None:
        self.once_more()
        return None


class CreatesAfterUnknown(_OnceMore, rule="one-task", lies_in="order"):
    """Starts again from the beginning when the task is not known at first."""

    def unknown(self, times: int) -> None:
        self.once_more()
        super().unknown(times)


class CreatesAfterFailed(Careful, rule="one-task", lies_in="order"):
    """Makes the task once more when it failed."""

    def failed(self, video: dict[str, Any]) -> bytes:
        self.task_id = self.create()
        video = self.wait()
        return super().failed(video) if self.phase(video) == "failed" else self.fetch(video)


class CreatesAgain(Careful, rule="one-task", lies_in="create", flow="create"):
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


class CreatesAgainAfter502(CreatesAgain, rule="one-task", lies_in="create", flow="create"):
    """Repeats a create that was answered 5xx, once."""

    def is_retried(self, failure: Failure) -> bool:
        return failure.answer is not None and failure.answer.status >= 500


class CreatesAgainAfterPage(CreatesAgain, rule="one-task", lies_in="create", flow="create"):
    """Repeats a create that was answered with a page, once."""

    def is_retried(self, failure: Failure) -> bool:
        return failure.answer is not None and failure.answer.status < 300
