"""What the reports share: texts from outside made safe to show, exchanges that repeat counted, an exchange in words.

A report is the data that `check.schema.json` describes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from ...api.faults import NO_REPLY

__all__ = [
    "ENDED", "Data", "Gap", "Report", "Run", "answer", "counted", "cut", "ended", "escaped", "expected", "folded",
    "frames_folded", "line", "moved", "no_reply", "on_download", "plain", "printable", "promises", "runs", "seconds",
    "short", "where",
]  # fmt: skip

Report = dict[str, Any]
Data = dict[str, Any]

# What neither XML nor an HTML page can hold, and what turns the direction of the text around it.
_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]"
)
_COLOURS = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)")

_FRAME = '  File "'
_PACKAGE_FRAMES = re.compile(
    rf'(?:^{_FRAME}[^"\n]*[/\\](?:site-packages|lib[/\\]python[\d.]+)[/\\][^"\n]*", line .*\n(?:    .*\n)*)+',
    re.MULTILINE,
)

_URL = 300  # characters of a path and query in one line

ENDED = {
    "delivered": "it delivered a clip",
    "reported": "it reported that there is no clip",
    "stopped": "it did not end by itself",
    "unknown": "nobody knows",
}


# --- texts ------------------------------------------------------------------------------------------------------------


def printable(text: str) -> str:
    """The text with every character that cannot be shown written as Python would: `\\x1b`, `\\ud800`."""
    return _UNPRINTABLE.sub(_shown, text.replace("\r\n", "\n"))


def _shown(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def escaped(text: object) -> str:
    """A text from outside, as it may stand in a page or a drawing."""
    return escape(printable(str(text)))


def plain(output: str) -> str:
    """What a program printed, without colours; where it went back to the start of a line, a new one starts."""
    return printable(_COLOURS.sub("", output).replace("\r\n", "\n").replace("\r", "\n"))


def frames_folded(output: str) -> str:
    """What a program printed, with the frames of packages in Python's tracebacks counted instead of shown."""
    return _PACKAGE_FRAMES.sub(lambda found: f"  [{counted(found[0].count(_FRAME), 'frame')} of packages]\n", output)


def cut(text: str, head: int, tail: int = 0) -> str:
    """The first and the last so many characters, and how many were left out between."""
    left_out = len(text) - head - tail
    if left_out <= 0:
        return text
    return f"{text[:head]}\n[{left_out:,} characters left out]\n{text[len(text) - tail :]}".rstrip("\n")


def short(text: str, most: int) -> str:
    """A text of one line that is at most so long."""
    return text if len(text) <= most else f"{text[: most - 1]}\u2026"


def counted(count: int, thing: str) -> str:
    """`1 case`, `1,200 cases`."""
    return f"{count:,} {thing}{'' if count == 1 else 's'}"


def seconds(time: float) -> str:
    """A time that a person reads: `0.42 s`, `12.5 s`, `1,200 s`."""
    return f"{time:,.{2 if abs(time) < 10 else 1 if abs(time) < 100 else 0}f} s"


def expected(case: Data) -> str:
    """What a client that keeps the contract ends with: `clip, from output.url or content`."""
    sources = " or ".join(case["expected"]["sources"])
    return f"{case['expected']['outcome']}{f', from {sources}' if sources else ''}"


def ended(case: Data) -> str:
    """What the client ended with: `it delivered a clip: exit 0, 30,518 bytes`."""
    outcome = case["outcome"]
    told = [outcome["description"]] if outcome["description"] else []
    if outcome["bytes"] is not None:
        told.append(counted(outcome["bytes"], "byte"))
    if outcome["ended"] == "delivered" and outcome["bytes"] is None:
        return f"it claims success, and delivered nothing: {outcome['description']}"
    return ENDED[outcome["ended"]] + (f": {', '.join(told)}" if told else "")


def promises(report: Report, level: str) -> list[Data]:
    """The broken rules that fail a case (`must`), or those that are only told (`should`), as the options say."""
    strict = report["options"]["level"] == "should"
    return [
        broken
        for broken in report["summary"]["violations"]
        if (level == "must") == (strict or broken["level"] == "must")
    ]  # fmt: skip


# --- exchanges --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Run:
    """Exchanges in a row that say the same."""

    first: Data
    last: Data
    count: int


@dataclass(frozen=True, slots=True)
class Gap:
    """Runs that are left out of a long story: how many, and how many exchanges they are."""

    runs: int
    exchanges: int


def runs(exchanges: Iterable[Data], alone: Collection[int] = ()) -> list[Run]:
    """The exchanges, those that repeat one another put together; the numbers in `alone` stand by themselves."""
    apart = set(alone)
    found: list[Run] = []
    for exchange in exchanges:
        last = found[-1] if found else None
        alike = last is not None and _said(last.first) == _said(exchange)
        if last is not None and alike and not apart & {last.first["number"], exchange["number"]}:
            found[-1] = Run(last.first, exchange, last.count + 1)
        else:
            found.append(Run(exchange, exchange, 1))
    return found


def _said(exchange: Data) -> tuple[object, ...]:
    request, reply = exchange["request"], exchange["reply"]
    return (
        exchange["task_id"], request["method"], request["url"], reply["status"], exchange["state"],
        exchange["state_after"], reply["fault"], exchange["sent"], exchange["ended"], exchange["note"],
    )  # fmt: skip


def folded(story: Sequence[Run], most: int, keep: Collection[int] = ()) -> Iterator[Run | Gap]:
    """At most about `most` runs of a story: its beginning, its end, and what stands beside the numbers to keep."""
    if len(story) <= most:
        yield from story
        return
    shown = {*range(most // 3), *range(len(story) - (most - most // 3), len(story))}
    for place, run in enumerate(story):
        if run.first["number"] in keep:
            shown.update(range(place - 2, place + 3))
    left_out: list[Run] = []
    for place, run in enumerate(story):
        if place not in shown:
            left_out.append(run)
            continue
        if left_out:
            yield Gap(len(left_out), sum(each.count for each in left_out))
            left_out = []
        yield run


def on_download(exchanges: Iterable[Data]) -> Callable[[Data], bool]:
    """Whether an exchange was with the download host, as far as data can tell: by operation, else by where it went."""
    hosts: set[str] = set()
    api: set[str] = set()
    for exchange in exchanges:
        if exchange["operation"]:
            (hosts if exchange["operation"] == "download" else api).add(_origin(exchange))

    def told(exchange: Data) -> bool:
        if exchange["operation"]:
            return bool(exchange["operation"] == "download")
        origin = _origin(exchange)
        on_its_own = origin in hosts and origin not in api
        return on_its_own or "on the download host" in (exchange["note"] or "") or "/_download/" in where(exchange)

    return told


def _origin(exchange: Data) -> str:
    return "/".join(exchange["request"]["url"].split("/", 3)[:3])


def where(exchange: Data) -> str:
    """The path and query that were asked for."""
    parts = exchange["request"]["url"].split("/", 3)
    return f"/{parts[3]}" if len(parts) == 4 else exchange["request"]["url"]


def no_reply(exchange: Data) -> bool:
    """Whether the fault came before the status line: the client never saw one."""
    return exchange["reply"]["fault"] in NO_REPLY


def line(run: Run, began: float, speed: float, download: bool) -> str:
    """A run of exchanges as a line of a text, with the client's seconds since `began` (of the fake's clock)."""
    exchange, reply = run.first, run.first["reply"]
    time = (exchange["at"] - began) / speed
    told = f"#{exchange['number']:<4}{seconds(time):>8}  {exchange['request']['method']:6} "
    told += f"{'download:' if download else ''}{short(where(exchange), _URL)}  {answer(exchange)}"
    if exchange["state"] is not None:
        told += f"  [{moved(exchange)}]"
    if reply["fault"] and not no_reply(exchange):
        told += f"  {reply['fault']}"
    if exchange["ended"] == "client left":
        told += "  the client left"
    if exchange["note"]:
        told += f"  ({exchange['note']})"
    if run.count > 1:
        told += f"  ({run.count:,} times, until {seconds((run.last['at'] - began) / speed)})"
    return printable(told)


def answer(exchange: Data) -> str:
    """The status that came back, or the fault when none did."""
    return exchange["reply"]["fault"] if no_reply(exchange) else str(exchange["reply"]["status"])


def moved(exchange: Data) -> str:
    """The task's states before and after: `processing → completed`."""
    state, after = exchange["state"], exchange["state_after"]
    return str(state) if after in (None, state) else f"{state} \u2192 {after}"
