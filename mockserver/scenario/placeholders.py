"""The placeholders that texts of a scenario can hold, as one table: a new one is one row here.

A scenario's text says `{download_url}` or `{download_url:NAME}`. What a placeholder stands for is found out by its
row's `value`, from what the fake knows of the task and of the request.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

__all__ = ["PLACEHOLDERS", "VOLATILE", "Placeholder", "PlaceholderContext"]


class PlaceholderContext(Protocol):
    """What a fake knows when it fills in a placeholder: one task, and one request."""

    @property
    def task_id(self) -> str:
        """The task's id."""

    @property
    def model(self) -> str:
        """The model that was asked for."""

    @property
    def prompt(self) -> str:
        """The prompt."""

    @property
    def seconds(self) -> str:
        """The clip's duration, as text."""

    @property
    def size(self) -> str:
        """The clip's size, as it was asked for."""

    @property
    def origin(self) -> str:
        """The API's origin."""

    @property
    def download_origin(self) -> str:
        """The download host's origin."""

    @property
    def content_url(self) -> str:
        """The URL of the task's `/content`."""

    @property
    def clip_data_url(self) -> str:
        """The whole clip as a `data:` URI."""

    @property
    def now(self) -> float:
        """The time of the request, in Unix seconds."""

    @property
    def created_at(self) -> float:
        """When the task was created, in Unix seconds."""

    @property
    def completed_at(self) -> int:
        """When the task ended, in Unix seconds; 0 until then."""

    @property
    def expires_at(self) -> int:
        """When the task's result expires, in Unix seconds."""

    def download_url(self, link: str | None) -> str:
        """A signed URL of the clip; a named link has replies of its own."""

    def download_path(self, link: str | None) -> str:
        """The same as a path below the API's origin."""

    def refused_url(self, link: str | None) -> str:
        """The same at an address where nothing listens."""

    def iso(self, seconds: float) -> str:
        """A time in ISO 8601, with nanoseconds."""


@dataclass(frozen=True, slots=True)
class Placeholder:
    """One placeholder.

    - `meaning`: what it stands for, as a sentence for docs and editors.
    - `value`: its value, from a context and the argument behind the colon (None without one).
    - `numeric`: a text that is nothing but this placeholder becomes an integer.
    - `is_url`: it is a URL or a path; inside of a URL it stands as it is, where any other value is percent-encoded.
    - `takes_link`: it takes the name of a link as its argument.
    - `volatile`: its value changes from request to request, or is too large to keep a copy of for each task.
    """

    meaning: str
    value: Callable[[PlaceholderContext, str | None], object]
    numeric: bool = False
    is_url: bool = False
    takes_link: bool = False
    volatile: bool = False


PLACEHOLDERS: Mapping[str, Placeholder] = {
    "download_url": Placeholder(
        "A signed URL of the clip at the download host; `{download_url:NAME}` is a link of its own.",
        lambda context, link: context.download_url(link), is_url=True, takes_link=True,
    ),
    "download_path": Placeholder(
        "The same clip as a path, relative to the API's origin.",
        lambda context, link: context.download_path(link), is_url=True, takes_link=True,
    ),
    "content_url": Placeholder(
        "The URL of the task's `/content`.", lambda context, _: context.content_url, is_url=True
    ),
    "refused_url": Placeholder(
        "A URL where nothing listens: the connection is refused.",
        lambda context, link: context.refused_url(link), is_url=True, takes_link=True,
    ),
    "clip_data_url": Placeholder(
        "The whole clip as a `data:` URI.", lambda context, _: context.clip_data_url, is_url=True, volatile=True
    ),
    "task_id": Placeholder("The task's id.", lambda context, _: context.task_id),
    "origin": Placeholder("The API's origin.", lambda context, _: context.origin, is_url=True),
    "download_origin": Placeholder(
        "The download host's origin.", lambda context, _: context.download_origin, is_url=True
    ),
    "model": Placeholder("The model that was asked for.", lambda context, _: context.model),
    "prompt": Placeholder("The prompt.", lambda context, _: context.prompt),
    "seconds": Placeholder("The clip's duration, as text.", lambda context, _: context.seconds),
    "size": Placeholder("The clip's size, as it was asked for.", lambda context, _: context.size),
    "now": Placeholder(
        "The time of the request, in Unix seconds.", lambda context, _: int(context.now), numeric=True, volatile=True
    ),
    "now_ms": Placeholder(
        "The time of the request, in milliseconds.",
        lambda context, _: int(context.now * 1000), numeric=True, volatile=True,
    ),
    "now_iso": Placeholder(
        "The time of the request in ISO 8601, with nanoseconds.",
        lambda context, _: context.iso(context.now), volatile=True,
    ),
    "created_at": Placeholder(
        "When the task was created, in Unix seconds.", lambda context, _: int(context.created_at), numeric=True
    ),
    "created_at_ms": Placeholder(
        "When the task was created, in milliseconds.", lambda context, _: int(context.created_at * 1000), numeric=True
    ),
    "created_at_iso": Placeholder(
        "When the task was created in ISO 8601, with nanoseconds.",
        lambda context, _: context.iso(context.created_at),
    ),
    "completed_at": Placeholder(
        "When the task ended, in Unix seconds; 0 until then.", lambda context, _: context.completed_at, numeric=True
    ),
    "expires_at": Placeholder(
        "When the task's result expires, in Unix seconds.", lambda context, _: context.expires_at, numeric=True
    ),
}  # fmt: skip

VOLATILE = frozenset(name for name, placeholder in PLACEHOLDERS.items() if placeholder.volatile)
