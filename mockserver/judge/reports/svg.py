"""A case's timeline as SVG: the requests to each host, the task's states, and the exchanges that show a violation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby
from math import log10

from ...api.contract import Phase, is_waiting, phase_of
from .data import Data, Gap, Run, counted, escaped, folded, line, no_reply, on_download, printable, runs, seconds, short

__all__ = ["colour", "drawing", "in_a_row"]

_LETTER = 7.3  # the width of a letter in a mark, in pixels: 12 px of a fixed-width font
_BAND, _LANE = 20, 14  # the height of a task's band, and of the name over a lane
_BANDS = 3  # tasks that are drawn
_NARROWEST = 180.0  # the names of the lanes have room


@dataclass(frozen=True, slots=True)
class _Column:
    """A run of exchanges (or a gap in the timeline) and its place in the drawing."""

    run: Run | Gap
    left: float
    width: float
    words: tuple[str, ...]

    @property
    def middle(self) -> float:
        return self.left + self.width / 2


def drawing(exchanges: Sequence[Data], hits: Mapping[int, list[int]], *, marks: int, speed: float) -> str:
    """The timeline: the task's states as a band, one lane for each host, one mark for each run of exchanges.

    `hits` are the numbers of the exchanges that show a violation, each with the places of the violations in their
    list. About `marks` marks are drawn at most; `speed` is seconds of the fake's clock in one of the client.
    """
    if not exchanges:
        return ""
    timeline = list(folded(runs(exchanges, hits), marks, hits))
    columns = list(_columns(timeline, speed))
    width = max(columns[-1].left + columns[-1].width + 10, _NARROWEST)
    bands = _bands(columns, width)
    downloads = on_download(exchanges)
    height = 49 if any(len(column.words) > 2 for column in columns) else 35
    api = len(bands) * (_BAND + 3) + _LANE + 6
    host = api + height + _LANE + 6
    has_downloads = any(map(downloads, exchanges))
    bottom = (host + height if has_downloads else host) + 20
    rows = {column.left: host if isinstance(column.run, Run) and downloads(column.run.first) else api
            for column in columns}  # fmt: skip
    drawn_marks = "".join(_mark(column, rows[column.left], height, speed, exchanges[0]["at"]) for column in columns)
    path = " ".join(f"{column.middle:.0f},{rows[column.left] + height // 2}" for column in columns)
    return (
        f'<div class="drawing"{_FOCUS if width > 280 else ""}>'
        f'<svg role="img" aria-label="{_in_words(exchanges, hits)}" width="{width:.0f}" height="{bottom}" '
        f'viewBox="0 0 {width:.0f} {bottom}">\n'
        + "".join(_hit_column(column, hits, bottom) for column in columns)
        + "".join(_band(band, place * (_BAND + 3)) for place, band in enumerate(bands))
        + f'<text class="lane" x="2" y="{api - 3}">API</text>'
        + f'<text class="lane" x="2" y="{host - 3}">download host{"" if has_downloads else ": no request"}</text>'
        f'<polyline class="path" points="{path}"/>'
        + drawn_marks
        + _times(columns, bottom - 4, speed, exchanges[0]["at"])
        + "".join(_hit_number(column, hits, rows[column.left]) for column in columns)
        + "</svg></div>\n"
    )


_FOCUS = ' tabindex="0" role="group" aria-label="Timeline, scrollable"'


def _columns(timeline: Iterable[Run | Gap], speed: float) -> Iterator[_Column]:
    right, last = 2.0, None
    for run in timeline:
        words = _words(run)
        width = max(40.0, max(map(len, words)) * _LETTER + 10)
        # A long pause is a wider gap, on a logarithmic scale: half an hour of polling stays readable.
        pause = (run.first["at"] - last) / speed if isinstance(run, Run) and last is not None else 0.0
        left = right + (0 if right == 2.0 else 6 + min(40.0, 12 * log10(1 + max(pause, 0))))
        yield _Column(run, left, width, words)
        right, last = left + width, run.last["at"] if isinstance(run, Run) else None


def _words(run: Run | Gap) -> tuple[str, ...]:
    if isinstance(run, Gap):
        return ("\u2026", f"{run.exchanges:,} more")
    exchange = run.first
    fault = exchange["reply"]["fault"]
    status = ("no reply" if no_reply(exchange) else str(exchange["reply"]["status"])) + (
        f" \u00d7{run.count:,}" if run.count > 1 else ""
    )
    words = [exchange["operation"] or exchange["request"]["method"], status]
    if fault:
        # "reset after 1024 bytes" is a reset; the rest is in the mark's title and in the table.
        words.append(fault.partition(" after ")[0].partition(" at ")[0].partition(" of ")[0])
    elif exchange["ended"] == "client left":
        words.append("client left")
    return tuple(printable(short(word, 18)) for word in words)


def _mark(column: _Column, top: float, height: float, speed: float, began: float) -> str:
    run = column.run
    first = top + (height - 14 * len(column.words)) / 2 + 11
    lines = "".join(
        f'<text x="{column.middle:.0f}" y="{first + 14 * place:.0f}">{escape(word)}</text>'
        for place, word in enumerate(column.words)
    )
    if isinstance(run, Gap):
        rect = f'<rect x="{column.left:.0f}" y="{top}" width="{column.width:.0f}" height="{height}"/>'
        return f'<g class="m gap">{rect}{lines}</g>'
    exchange = run.first
    text = line(run, began, speed, download=False)
    return (
        f'<g class="m {colour(exchange)}"><title>{escape(short(text, 300))}</title>'
        f'<rect x="{column.left:.0f}" y="{top}" width="{column.width:.0f}" height="{height}" rx="4"/>{lines}</g>'
    )


def colour(exchange: Data) -> str:
    """The CSS classes of a reply: good, a redirect, or bad."""
    status = exchange["reply"]["status"]
    if no_reply(exchange):
        return "no fault"
    return ("ok" if status < 300 else "to" if status < 400 else "no") + (" fault" if exchange["reply"]["fault"] else "")


def _hit_column(column: _Column, hits: Mapping[int, list[int]], bottom: float) -> str:
    if isinstance(column.run, Gap) or column.run.first["number"] not in hits:
        return ""
    return (
        f'<rect class="hit" x="{column.left - 4:.0f}" y="0" width="{column.width + 8:.0f}" height="{bottom}" rx="5"/>'
    )


def _hit_number(column: _Column, hits: Mapping[int, list[int]], top: float) -> str:
    if isinstance(column.run, Gap) or column.run.first["number"] not in hits:
        return ""
    numbers = in_a_row(hits[column.run.first["number"]])
    width = max(16.0, len(numbers) * _LETTER + 8)
    left = column.left + column.width - width + 6
    return (
        f'<g class="flag"><rect x="{left:.0f}" y="{top - 13}" width="{width:.0f}" height="16" rx="8"/>'
        f'<text x="{left + width / 2:.0f}" y="{top - 1}">{numbers}</text></g>'
    )


def _times(columns: Iterable[_Column], y: float, speed: float, began: float) -> str:
    """The client's seconds under the marks, where there is room."""
    texts, free = [], 0.0
    for column in columns:
        if isinstance(column.run, Run) and column.left >= free:
            time = seconds((column.run.first["at"] - began) / speed)
            texts.append(f'<text class="time" x="{column.left:.0f}" y="{y}">{time}</text>')
            free = column.left + len(time) * _LETTER + 8
    return "".join(texts)


_Segment = tuple[str, float, float]  # a state, and from where to where


def _bands(columns: Sequence[_Column], width: float) -> list[list[_Segment]]:
    """Each task's states along the drawing. A change between two exchanges is drawn halfway between them."""
    changes: dict[str, list[tuple[str, float]]] = {}
    right = 0.0
    for column in columns:
        if isinstance(column.run, Run):
            first, last = column.run.first, column.run.last
            states = [(first["state"], (right + column.left) / 2), (last["state_after"], column.middle)]
            for state, x in states:
                own = changes.setdefault(first["task_id"] or "", [])
                if state is not None and (not own or own[-1][0] != state):
                    own.append((state, x))
        right = column.left + column.width
    bands = []
    for own in [own for own in changes.values() if own][:_BANDS]:
        ends = [x for _, x in own[1:]] + [width - 2]
        bands.append([(state, x, end) for (state, x), end in zip(own, ends, strict=True)])
    return bands


def _band(segments: Iterable[_Segment], top: float) -> str:
    parts = []
    for state, left, right in segments:
        room = int((right - left - 6) / _LETTER)
        word = short(printable(state), room) if room > 3 else ""
        parts.append(
            f'<g class="state {_phase(state)}"><title>{escaped(state)}</title><rect x="{left:.0f}" y="{top}" '
            f'width="{max(right - left - 1, 1):.0f}" height="{_BAND}"/>'
            + (f'<text x="{left + 4:.0f}" y="{top + 14}">{escape(word)}</text>' if word else "")
            + "</g>"
        )
    return "".join(parts)


def _phase(state: str) -> str:
    """A state's colour: most states are named after their status."""
    phase = phase_of(state)
    if phase is Phase.PENDING:
        return "queued" if is_waiting(state) else "working"
    return str(phase)


def _in_words(exchanges: Sequence[Data], hits: Mapping[int, list[int]]) -> str:
    states = [state for exchange in exchanges for state in (exchange["state"], exchange["state_after"]) if state]
    text = f"Timeline of {counted(len(exchanges), 'exchange')}"
    if states:
        names = [state for state, _ in groupby(states)]
        text += f"; the task was {', then '.join(names[:6])}{', and so on' if len(names) > 6 else ''}"
    shows = "".join(f"; exchange {number} shows violation {in_a_row(places)}" for number, places in hits.items())
    return escaped(short(text, 300) + shows)


def in_a_row(places: Iterable[int]) -> str:
    """Numbers of violations as a text: `1, 3`."""
    return ", ".join(map(str, places))
