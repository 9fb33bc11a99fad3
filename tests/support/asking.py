"""Asking a fake in process: no sockets, one call a request. What the tests of the core share."""

from __future__ import annotations

import json as json_module
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from video_mockserver.api.messages import Fault, Origins, Reply, Request, header_pairs
from video_mockserver.fake.fake import Fake
from video_mockserver.fake.responses import body_bytes
from video_mockserver.scenario.model import Scenario, State, Transition

ORIGINS = Origins("http://api.test", "http://clips.test", "http://refused.test")
KEY = "sk-mock-1234567890"
CREATE = {"model": "grok-video-3", "prompt": "a fox in the snow"}

Headers = Mapping[str, str] | Iterable[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Answer:
    """A reply, read: `headers` by lower-case name, `body` with the clip's bytes where it is one."""

    status: int
    headers: dict[str, str]
    body: bytes
    reply: Reply

    @property
    def json(self) -> Any:
        """The body as JSON; objects keep the order of their keys."""
        return json_module.loads(self.body)

    @property
    def hint(self) -> str | None:
        """What the fake says about an error besides what the service would say."""
        hint: str | None = self.json.get("mock")
        return hint

    @property
    def envelope(self) -> dict[str, Any]:
        """An error's body without that hint: what the service would say."""
        return {name: value for name, value in self.json.items() if name != "mock"}

    @property
    def fault(self) -> Fault | None:
        """The fault that the reply meets on the wire."""
        return self.reply.fault


def ask(
    fake: Fake,
    method: str,
    path: str,
    *,
    json: Any = None,
    body: bytes = b"",
    content_type: str | None = None,
    headers: Headers = (),
    key: str | None = KEY,
    host: str = "api",
) -> Answer:
    """One request; `path` is raw and may hold a query. `json` makes the body and its type."""
    pairs = header_pairs(headers)
    if key is not None and host == "api":
        pairs = (("authorization", f"Bearer {key}"), *pairs)
    if json is not None:
        body, content_type = json_module.dumps(json).encode(), "application/json"
    if content_type is not None:
        pairs = (*pairs, ("content-type", content_type))
    path, _, query = path.partition("?")
    reply = fake.handle(Request(method, path, ORIGINS, query, pairs, body, host))
    return Answer(reply.status, dict(reply.headers), body_bytes(reply, fake.read_clip), reply)


def fetch(fake: Fake, url: str, method: str = "GET", headers: Headers = (), key: str | None = None) -> Answer:
    """One request to a URL that the fake gave away; without a key, as a download should be."""
    parts = urlsplit(url)
    assert f"{parts.scheme}://{parts.netloc}" in (ORIGINS.api, ORIGINS.download), url
    host = "download" if f"{parts.scheme}://{parts.netloc}" == ORIGINS.download else "api"
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    if key is not None:
        headers = (("authorization", f"Bearer {key}"), *header_pairs(headers))
    return ask(fake, method, path, headers=headers, key=None, host=host)


def poll(fake: Fake, id: str) -> Answer:
    """One status poll."""
    return ask(fake, "GET", f"/v1/videos/{quoted(id)}")


def polled_to_the_end(fake: Fake, id: str) -> dict[str, Any]:
    """The task object as the last of as many polls as it takes shows it."""
    for _ in range(50):
        document: dict[str, Any] = poll(fake, id).json
        if document["status"] not in ("queued", "processing", "in_progress"):
            return document
    raise AssertionError(f"{id} does not end")


def content(fake: Fake, id: str, method: str = "GET", headers: Headers = (), query: str = "") -> Answer:
    """The clip from `/content`."""
    return ask(fake, method, f"/v1/videos/{quoted(id)}/content" + (f"?{query}" if query else ""), headers=headers)


def quoted(id: str) -> str:
    """An id as one segment of a path."""
    return quote(id, safe="")


# --- bodies -----------------------------------------------------------------------------------------------------------

BOUNDARY = "----mock-boundary"


def part(name: str, value: str | bytes, *, filename: str | None = None, media_type: str | None = None) -> bytes:
    """One part of a multipart form."""
    head = f'Content-Disposition: form-data; name="{name}"' + (
        f'; filename="{filename}"' if filename is not None else ""
    )
    if media_type is not None:
        head += f"\r\nContent-Type: {media_type}"
    return f"--{BOUNDARY}\r\n{head}\r\n\r\n".encode() + (value.encode() if isinstance(value, str) else value) + b"\r\n"


def multipart(*parts: bytes, ended: bool = True) -> dict[str, Any]:
    """A multipart body and its type, for `ask`."""
    return {
        "body": b"".join(parts) + (f"--{BOUNDARY}--\r\n".encode() if ended else b""),
        "content_type": f"multipart/form-data; boundary={BOUNDARY}",
    }


def form(**fields: str) -> dict[str, Any]:
    """An urlencoded body and its type, for `ask`."""
    return {"body": urlencode(fields).encode(), "content_type": "application/x-www-form-urlencoded"}


# --- scenarios --------------------------------------------------------------------------------------------------------


def told(states: Mapping[str, State], **more: Any) -> Scenario:
    """A scenario that starts in the first of its states."""
    return Scenario(more.pop("name", "told"), "Told by a test.", next(iter(states)), states, **more)


def waiting(*ways: Transition, **video: Any) -> State:
    """A task under way."""
    return State(video={"status": "processing", **video}, next=ways)


def done(**parts: Any) -> State:
    """A finished clip; `parts` are a state's other parts, `video` is laid over the usual one."""
    video = {"status": "completed", "progress": 100, "video_url": "{download_url}", **parts.pop("video", {})}
    return State(video=video, **parts)


def at_once(name: str = "told", **parts: Any) -> Scenario:
    """A scenario whose task is finished from the start; `parts` are those of its one state."""
    return told({"completed": done(**parts)}, name=name)
