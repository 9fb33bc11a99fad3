"""A drawn reply, and what the contract expects of a client. How a reply is read is up to `api/contract.py` alone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final, Literal, get_args

from ..api.contract import URL_FIELDS, URL_FIELDS_TABLE_READING, FoundUrl, Phase, phase_of, result_urls

__all__ = ["DOCUMENTED_TASK", "VIEWS", "Video", "View", "at", "status_field", "url_fields"]

# A task as each route shows it; names are keys of a scenario's state that are merged into it. Seedance models have
# an envelope of their own on the wrapped form's route.
View = Literal["video", "unified", "wrapped", "seedance"]
VIEWS: Final[tuple[View, ...]] = get_args(View)

# The four places are the Grok page's, and the unified query shows its fields as they are. The wrapped pages show one
# place each, inside their envelope, and give no order to look elsewhere.
_WRAPPED_URLS: Mapping[str, tuple[str, ...]] = {
    "wrapped": ("data.url",),
    "seedance": ("data.data.content.video_url",),
}

# Grok Task Query, the page's example.
DOCUMENTED_TASK: Mapping[str, Any] = MappingProxyType({
    "id": "video_abc123",
    "object": "video",
    "model": "grok-video-3",
    "status": "processing",
    "progress": 42,
    "created_at": 1735689600,
    "completed_at": 0,
    "expires_at": 1735776000,
    "seconds": "6",
    "size": "720P",
    "remixed_from_video_id": "",
    "error": {"message": "", "code": ""},
    "video_url": "",
})  # fmt: skip
# The fields that matter most in a test; a repr shows them even where they are as documented.
_ALWAYS_SHOWN = ("status", "video_url")


def status_field(view: View) -> str:
    """The dotted field that holds the task's status in a view's reply."""
    return "data.status" if view in _WRAPPED_URLS else "status"


def url_fields(view: View, order: tuple[str, ...] = URL_FIELDS) -> tuple[str, ...]:
    """The dotted fields that may hold the result in a view's reply, best first."""
    return _WRAPPED_URLS.get(view, order)


def at(body: object, place: str) -> Any:
    """The value at a dotted place; None where there is none."""
    for key in place.split("."):
        body = body.get(key) if isinstance(body, Mapping) else None
    return body


@dataclass(frozen=True)
class Video:
    """The JSON object that a status poll answers, and what is expected of a client.

    - `body`: the object; `text`: the same as JSON.
    - `view`: the route that shows it so, a name of `VIEWS`.
    - `order`: the order in which result URLs are read, `URL_FIELDS` or `URL_FIELDS_TABLE_READING`.
    - `expected_outcome`: ask again (`Phase.PENDING`), get the clip (`Phase.SUCCEEDED`) or give up (`Phase.FAILED`).
    - `expected_url`: where to get the clip; None when the reply names no place, so that `/content` is left, and for a
      task that has not succeeded, whose URLs do not count. `expected_field` is the dotted field that holds it.
    - `expected_urls`: the same with those to try after it, best first.

    The body is the video's own copy. What is expected is found out when the video is made: a client that changes the
    body does not change what it is held against.
    """

    body: dict[str, Any]
    view: View = "video"
    order: tuple[str, ...] = URL_FIELDS
    expected_outcome: Phase = field(init=False, compare=False)
    _found: tuple[FoundUrl, ...] = field(init=False, compare=False)

    def __post_init__(self) -> None:
        if isinstance(self.order, str) or not set(self.order) <= set(URL_FIELDS):
            known = "URL_FIELDS or URL_FIELDS_TABLE_READING"
            raise ValueError(f"order: {self.order!r} is not the fields in their order, such as {known}")
        phase = phase_of(at(self.body, status_field(self.view)))
        found = result_urls(self.body, url_fields(self.view, self.order)) if phase is Phase.SUCCEEDED else ()
        object.__setattr__(self, "body", _copy(self.body))
        object.__setattr__(self, "expected_outcome", phase)
        object.__setattr__(self, "_found", tuple(found))

    @property
    def expected_url(self) -> str | None:
        """Where the clip is; None: at `/content`, or there is none."""
        return self._found[0].url if self._found else None

    @property
    def expected_field(self) -> str | None:
        """The dotted field that holds `expected_url`."""
        return self._found[0].field if self._found else None

    @property
    def expected_urls(self) -> tuple[str, ...]:
        """Every result URL, best first, as often as it is there."""
        return tuple(found.url for found in self._found)

    @property
    def text(self) -> str:
        """The body as JSON, as a client receives it."""
        return json.dumps(self.body, ensure_ascii=False)

    def __repr__(self) -> str:
        base, shown = self._shown()
        return f"Video({base}{shown!r}{self._options()})"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """How Hypothesis prints an example: the same, broken into lines where it is long."""
        base, shown = self._shown()
        with printer.group(4, "Video(", f"{self._options()})"):
            printer.text(base)
            printer.pretty(shown)

    def _shown(self) -> tuple[str, dict[str, Any]]:
        """The body, or what it has beyond the documented object where it is that one with something merged into it."""
        names = list(DOCUMENTED_TASK)
        if list(self.body)[: len(names)] != names:
            return "", self.body
        # As text, so that true is not 1.
        changed = {
            name: value
            for name, value in self.body.items()
            if name in _ALWAYS_SHOWN or name not in DOCUMENTED_TASK or repr(value) != repr(DOCUMENTED_TASK[name])
        }
        return "DOCUMENTED_TASK | ", changed

    def _options(self) -> str:
        options = f", view={self.view!r}" if self.view != "video" else ""
        if self.order == URL_FIELDS:
            return options
        name = "URL_FIELDS_TABLE_READING" if self.order == URL_FIELDS_TABLE_READING else repr(self.order)
        return f"{options}, order={name}"


def _copy(value: Any) -> Any:
    """A JSON value with objects and lists of its own."""
    if isinstance(value, Mapping):
        return {name: _copy(inner) for name, inner in value.items()}
    return [_copy(inner) for inner in value] if isinstance(value, list | tuple) else value
