"""Strategies for the replies of a status poll. Each drawn `Video` has what the contract expects of a client."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, TypedDict, Unpack

from hypothesis import strategies as st

from ..api.contract import URL_FIELDS, Phase
from . import values
from .parts import DOCUMENTED, HOSTILE, Variety, bases, extra_fields, status_words, video_urls
from .video import VIEWS, Video, View, status_field, url_fields

__all__ = ["Parts", "completed_videos", "failed_videos", "pending_videos", "videos"]


class Parts(TypedDict, total=False):
    """What can be chosen or replaced; what is not here comes from the variety.

    - `view`: the route that shows the task, a name of `VIEWS`.
    - `order`: the order in which the client reads URLs, `URL_FIELDS` or `URL_FIELDS_TABLE_READING`.
    - `fields`: the places that hold a URL, and no other does: dotted names, or a strategy of such.
    - `urls`: URLs for them.
    - `absent`: the value of the other fields, OMIT for no key; for `output.url` also in place of `output`.
    - `status`: the status; `base`: the object that everything is merged into; `extra`: what is merged into it last.
    """

    view: View
    order: tuple[str, ...]
    fields: Collection[str] | st.SearchStrategy[Collection[str]]
    urls: st.SearchStrategy[str]
    absent: st.SearchStrategy[Any]
    status: st.SearchStrategy[Any]
    base: st.SearchStrategy[Mapping[str, Any]]
    extra: st.SearchStrategy[Mapping[str, Any]]


def completed_videos(variety: Variety = HOSTILE, **parts: Unpack[Parts]) -> st.SearchStrategy[Video]:
    """Replies of a task that has succeeded: with URLs in any of the places, or in none. The options are `Parts`."""
    return _videos((Phase.SUCCEEDED,), variety, parts)


def pending_videos(variety: Variety = HOSTILE, **parts: Unpack[Parts]) -> st.SearchStrategy[Video]:
    """Replies of a task that is under way. Hostile: also with URLs, which do not count yet. The options are `Parts`."""
    return _videos((Phase.PENDING,), variety, parts)


def failed_videos(variety: Variety = HOSTILE, **parts: Unpack[Parts]) -> st.SearchStrategy[Video]:
    """Replies of a task that failed, was cancelled or expired. The options are `Parts`."""
    return _videos((Phase.FAILED,), variety, parts)


def videos(variety: Variety = HOSTILE, **parts: Unpack[Parts]) -> st.SearchStrategy[Video]:
    """Replies of a task in any state. The options are `Parts`."""
    return _videos((Phase.PENDING, Phase.SUCCEEDED, Phase.FAILED), variety, parts)


def _videos(phases: tuple[Phase, ...], variety: Variety, parts: Parts) -> st.SearchStrategy[Video]:
    unknown = sorted(set(parts) - set(Parts.__annotations__))
    if unknown:
        raise TypeError(f"unknown option {', '.join(unknown)} (available: {', '.join(Parts.__annotations__)})")
    if parts.get("view", "video") not in VIEWS:
        raise ValueError(f"view: unknown view {parts['view']!r} (available: {', '.join(VIEWS)})")
    return st.one_of([_Made(phase, Variety(variety), parts).strategy() for phase in phases])


class _Made:
    """The strategies of one phase's parts, and how a reply is put together."""

    def __init__(self, phase: Phase, variety: Variety, parts: Parts) -> None:
        self._view: View = parts.get("view", "video")
        self._order = parts.get("order", URL_FIELDS)
        self._places = url_fields(self._view)
        self._status_field = status_field(self._view)
        self._status = parts.get("status", status_words(phase, variety, self._view))
        self._urls = parts.get("urls", video_urls(variety))
        self._base = parts.get("base", bases(phase, variety, self._view))
        self._extra = parts.get("extra", extra_fields(variety, self._view))
        fields = parts.get("fields")
        self._fields = (
            fields if fields is None or isinstance(fields, st.SearchStrategy) else st.just(self._known(fields))
        )
        # Documented: only where a page shows a result, and only at the end.
        documented = values.DOCUMENTED_FIELDS[self._view] if phase is Phase.SUCCEEDED else ()
        self._likely = self._places if variety is HOSTILE else documented
        self._absent = {place: self._absent_rows(place, variety, parts.get("absent")) for place in self._places}
        self._hostile = variety is HOSTILE

    def _known(self, fields: Collection[str]) -> Collection[str]:
        names = (fields,) if isinstance(fields, str) else fields  # a string alone is one name, not its letters
        wrong = [name for name in names if name not in self._places]
        if wrong:
            raise ValueError(f"fields: unknown {', '.join(wrong)} (available: {', '.join(self._places)})")
        return names

    def _absent_rows(
        self, place: str, variety: Variety, absent: st.SearchStrategy[Any] | None
    ) -> st.SearchStrategy[tuple[str, Any]]:
        """The value of a field without a result: its level, and the value."""
        if absent is not None:
            return st.tuples(st.sampled_from(values.levels(self._view, place)), absent)
        if variety is DOCUMENTED:
            return st.just(values.DOCUMENTED_ABSENT[self._view][place])
        return st.sampled_from(values.absent_rows(self._view, place))

    def strategy(self) -> st.SearchStrategy[Video]:
        """The replies."""

        @st.composite
        def drawn(draw: st.DrawFn) -> Video:
            return self._draw(draw)

        return drawn()

    def _draw(self, draw: st.DrawFn) -> Video:
        fields = None if self._fields is None else self._known(draw(self._fields))
        body = dict(draw(self._base))
        values.put(body, self._status_field, draw(self._status))
        for place in self._places:
            # A choice of its own for each place: each can be made simpler without the others.
            if place in fields if fields is not None else place in self._likely and draw(_YES_OR_NO):
                values.put(body, place, draw(self._urls))
            else:
                values.put(body, *draw(self._absent[place]))
        body = values.merged(body, draw(self._extra))
        if self._hostile and draw(_YES_OR_NO):
            body = dict(reversed(body.items()))  # the order of an object's keys says nothing
        return Video(body, self._view, self._order)


_YES_OR_NO = st.booleans()
