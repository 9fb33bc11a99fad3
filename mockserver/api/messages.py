"""What was asked and what is to be sent, as data. Nothing here sends anything."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

__all__ = ["Body", "Clip", "ClipPart", "Delivery", "Fault", "Origins", "Reply", "Request", "header_pairs"]


@dataclass(frozen=True, slots=True)
class Origins:
    """The bases that URLs in replies start with, as this request's sender can reach them. None ends in a slash.

    `api` is the API's origin (with the fake's path prefix, if it has one), `download` the download host's, and
    `refused` one where nothing listens.
    """

    api: str
    download: str
    refused: str


@dataclass(slots=True)
class Request:
    """One HTTP request, as an edge hands it over. Treat it as a value: it is not frozen only because that costs time.

    `path` is the raw, still quoted path below the fake's base, and `host` says which of the fake's two origins was
    asked: `"api"` or `"download"`. Header names are lower case; a header sent twice is there twice.
    """

    method: str
    path: str
    origins: Origins
    query: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    host: str = "api"

    def header(self, name: str) -> str | None:
        """The first header of this (lower-case) name, or None."""
        for key, value in self.headers:
            if key == name:
                return value
        return None


@dataclass(frozen=True, slots=True)
class Clip:
    """A clip (or picture) that can be served: facts only, the bytes are read by an edge through `source`.

    `source` is a path in the file system. `seconds` is its duration, `etag` a strong entity tag with its quotes.
    """

    name: str
    source: str
    size: int
    etag: str
    media_type: str = "video/mp4"
    width: int = 0
    height: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class ClipPart:
    """The bytes `start` (inclusive) to `stop` (exclusive) of a clip, as a body."""

    clip: Clip
    start: int
    stop: int

    def __len__(self) -> int:
        return self.stop - self.start


Body = bytes | ClipPart


@dataclass(frozen=True, slots=True)
class Fault:
    """A way for a reply to go wrong on the wire; `video_mockserver.api.faults.FAULTS` lists the kinds.

    `at` is where, for the kinds that take it: a number of body bytes (`int`), or a share of the body (`float` from 0
    to 1). `amount` is the kind's other number: bytes a second, or a difference in bytes.
    """

    kind: str
    at: int | float | None = None
    amount: int | None = None


class Delivery(Protocol):
    """What an edge needs to know of an exchange, and what it reports: when it was answered, and how the reply ended."""

    at: float

    def finish(self, sent: int, ended: str) -> None:
        """Report how many bytes of the body were sent, and the end: `"whole"`, `"fault"` or `"client left"`."""


@dataclass(slots=True)
class Reply:
    """One HTTP reply to send: what an edge needs, and nothing about why.

    `delay` is in seconds of the fake's clock. Without a fault, `content-length` is the edge's to add; `headers` never
    holds it. `delivery` is where the edge reports how the reply ended.
    """

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: Body = b""
    delay: float = 0.0
    fault: Fault | None = None
    delivery: Delivery | None = field(default=None, compare=False, repr=False)

    def header(self, name: str) -> str | None:
        """The first header of this (lower-case) name, or None."""
        for key, value in self.headers:
            if key == name:
                return value
        return None


def header_pairs(headers: Mapping[str, str] | Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Headers in the form that `Request` and `Reply` hold: lower-case names, order kept."""
    pairs = headers.items() if isinstance(headers, Mapping) else headers
    return tuple((name.lower(), value) for name, value in pairs)
