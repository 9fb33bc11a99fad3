"""With aiohttp: resumes a download that broke by asking for the rest (Range), once; then the next URL, then /content.

VIDEO_BASE_URL, VIDEO_API_KEY and VIDEO_OUTPUT say where and with what; VIDEO_TASK_ID names a task that is there.
"""

import asyncio
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urljoin

import aiohttp
from yarl import URL

PAUSE = float(os.environ.get("VIDEO_PAUSE", "2"))  # seconds between polls
DEADLINE = float(os.environ.get("VIDEO_DEADLINE", "600"))  # seconds until a task is given up
TIMEOUT = float(os.environ.get("VIDEO_TIMEOUT", "30"))  # seconds of silence until a connection is given up
LARGEST = 32 * 1024 * 1024  # bytes; a film that is larger never ends
TRIES = 4  # of /content
GOOD_ENDS = {"completed", "succeeded", "success", "done"}
BAD_ENDS = {"failed", "failure", "cancelled", "canceled", "expired"}

BROKEN = (aiohttp.ClientError, TimeoutError, ValueError)  # a ValueError is a URL that is none


class NoClip(Exception):
    """There is no clip to be had, and why."""


class Film:
    """A film as it comes, in one piece or two."""

    def __init__(self) -> None:
        self.body = bytearray()
        self.etag = ""
        self.asked = 0.0  # seconds to wait, as an error said
        self.whole = False

    async def take(self, reply: aiohttp.ClientResponse) -> None:
        """Take what a reply brings. Raises what is in `BROKEN` when it does not come whole."""
        if reply.status == 206 and reply.headers.get("Content-Range", "").startswith(f"bytes {len(self.body)}-"):
            pass  # the rest of what is there
        elif reply.status == 200:
            self.body.clear()
        else:
            self.asked = seconds(reply.headers.get("Retry-After", ""))
            raise aiohttp.ClientError(f"status {reply.status}")
        self.etag = reply.headers.get("ETag", "")
        async for piece in reply.content.iter_chunked(64 * 1024):
            self.body += piece
            if len(self.body) > LARGEST:
                self.body.clear()
                raise aiohttp.ClientError("this has no end")
        self.whole = self.body[4:8] == b"ftyp"

    @property
    def rest(self) -> dict[str, str]:
        """The headers that ask for what is missing; If-Range, so that another film comes from its beginning."""
        if not self.body or not self.etag:
            return {}
        return {"Range": f"bytes={len(self.body)}-", "If-Range": self.etag}


class Client:
    """The API of one key, and the rest of the web."""

    def __init__(self, base_url: str, api_key: str, session: aiohttp.ClientSession) -> None:
        self.base_url = base_url
        self.key = {"Authorization": f"Bearer {api_key}"}
        self.session = session

    async def ask(self, method: str, url: str, **options: Any) -> tuple[int, str, dict[str, Any]]:
        """Status, Retry-After and the JSON object of an answer (an empty one when it is none) of the API."""
        async with self.session.request(method, URL(url, encoded=True), headers=self.key, **options) as reply:
            body = await reply.read()
            try:
                data = json.loads(body)
            except ValueError:
                data = None
            return reply.status, reply.headers.get("Retry-After", ""), data if isinstance(data, dict) else {}

    async def create(self) -> str:
        """A new task's id. Not tried again: the task may have been made all the same, and a second costs money."""
        form = aiohttp.FormData({"model": "grok-video-3", "prompt": "a fox in the snow"})
        try:
            status, _, task = await self.ask("POST", f"{self.base_url}/videos", data=form)
        except BROKEN as error:
            raise NoClip(f"create: {error!r}") from None
        if status >= 300 or not isinstance(task.get("id"), str) or not task["id"]:
            raise NoClip(f"create: {status} {task}")
        return str(task["id"])

    async def wait(self, task_url: str) -> dict[str, Any]:
        """The completed task."""
        unknown = 0
        while True:
            asked = ""
            try:
                status, asked, video = await self.ask("GET", task_url)
            except BROKEN:
                status, video = 0, {}
            if status in (401, 403):
                raise NoClip(f"refused: {status}")
            if status == 404 or video.get("code") == "task_not_exist":
                unknown += 1
                if unknown == 10:
                    raise NoClip("no such task")
            word = str(video.get("status")).strip().lower() if 200 <= status < 300 else ""
            if word in GOOD_ENDS:
                return video
            if word in BAD_ENDS:
                raise NoClip(f"the task ended as {word}: {video.get('error')}")
            await asyncio.sleep(max(PAUSE, seconds(asked)))

    async def film(self, url: str, headers: dict[str, str]) -> Film:
        """A film, whole or not. What broke on the way is asked for once more, from where it broke."""
        film = Film()
        for _ in range(2):
            try:
                # aiohttp leaves Authorization behind when a redirect leads to another origin.
                async with self.session.get(URL(url, encoded=True), headers={**headers, **film.rest}) as reply:
                    await film.take(reply)
            except BROKEN:
                if not film.rest:
                    break
            else:
                break
        return film

    async def fetch(self, task_id: str | None) -> bytes:
        """The clip of a task, or of a new one. Raises `NoClip`."""
        task_url = f"{self.base_url}/videos/{quote(task_id or await self.create(), safe='')}"
        try:
            video = await asyncio.wait_for(self.wait(task_url), DEADLINE)
        except TimeoutError:
            raise NoClip("the task did not end in time") from None
        for url in result_urls(video):
            film = await self.film(urljoin(task_url, url), {})
            if film.whole:
                return bytes(film.body)
        for attempt in range(TRIES):
            film = await self.film(f"{task_url}/content", self.key)
            if film.whole:
                return bytes(film.body)
            # It may come a little later than the end of the task.
            await asyncio.sleep(max(PAUSE * 3**attempt, min(film.asked, DEADLINE)))
        raise NoClip("the task is completed, but its clip cannot be had")


def seconds(retry_after: str) -> float:
    """The seconds of a Retry-After; 0 for a date, nonsense, or none."""
    return float(retry_after) if retry_after.isascii() and retry_after.isdecimal() else 0.0


def result_urls(video: dict[str, Any]) -> Iterator[str]:
    """The result URLs of a task, best first; absent is no key, null, a blank text, or anything but a text."""
    for field in ("output.url", "video_url", "url", "detail.url"):
        value: Any = video
        for key in field.split("."):
            value = value.get(key) if isinstance(value, dict) else None
        if isinstance(value, str) and value.strip():
            yield value.strip()


async def main() -> int:
    """Write the clip to VIDEO_OUTPUT."""
    patience = aiohttp.ClientTimeout(total=None, sock_connect=TIMEOUT, sock_read=TIMEOUT)
    async with aiohttp.ClientSession(timeout=patience) as session:
        client = Client(os.environ["VIDEO_BASE_URL"], os.environ["VIDEO_API_KEY"], session)
        try:
            clip = await client.fetch(os.environ.get("VIDEO_TASK_ID"))
        except NoClip as error:
            print(f"no clip: {error}", file=sys.stderr)
            return 1
    Path(os.environ["VIDEO_OUTPUT"]).write_bytes(clip)  # noqa: ASYNC240 - nothing else waits
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
