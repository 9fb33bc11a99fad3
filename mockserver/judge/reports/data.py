"""What the reports share: safe texts, numbers for people, runs of equal exchanges, one exchange as a line.

A report is the data that `check.schema.json` describes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from ...api.faults import NO_REPLY
from ...fake.timeline import exchange_line, moved, status_text

__all__ = [
    "Data", "Gap", "Report", "Run", "counted", "cut", "ended", "escaped", "expected", "folded", "frames_folded",
    "line", "no_reply", "on_download", "plain", "printable", "received_status", "runs", "seconds", "short",
    "states", "target", "violated_rules",
]  # fmt: skip

Report = dict[str, Any]
Data = dict[str, Any]

# Characters that neither XML nor HTML can hold, and those that change the direction of the text around them.
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
_ARROW = "\u2192"

_ENDED = {
    "delivered": "it delivered a clip",
    "reported": "it reported a failure",
    "stopped": "it did not finish",
    "unknown": "how it ended is unknown",
}


# --- texts ------------------------------------------------------------------------------------------------------------


def printable(text: str) -> str:
    """The text with every unprintable character as an escape, as Python writes it: `\\x1b`, `\\ud800`."""
    return _UNPRINTABLE.sub(_escape, text.replace("\r\n", "\n"))


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def escaped(text: object) -> str:
    """A text from outside, escaped for HTML and SVG."""
    return escape(printable(str(text)))


def plain(output: str) -> str:
    """A program's output without colours; a carriage return starts a new line."""
    return printable(_COLOURS.sub("", output).replace("\r\n", "\n").replace("\r", "\n"))


def frames_folded(output: str) -> str:
    """A program's output, with the frames of packages in Python tracebacks only counted."""
    return _PACKAGE_FRAMES.sub(lambda found: f"  [{counted(found[0].count(_FRAME), 'frame')} of packages]\n", output)


def cut(text: str, head: int, tail: int = 0) -> str:
    """The first `head` and the last `tail` characters, and how many were left out between."""
    left_out = len(text) - head - tail
    if left_out <= 0:
        return text
    return f"{text[:head]}\n[{left_out:,} characters left out]\n{text[len(text) - tail :]}".rstrip("\n")


def short(text: str, most: int) -> str:
    """A text of one line, cut to `most` characters."""
    return text if len(text) <= most else f"{text[: most - 1]}\u2026"


def counted(count: int, thing: str) -> str:
    """`1 case`, `1,200 cases`."""
    return f"{count:,} {thing}{'' if count == 1 else 's'}"


def seconds(time: float) -> str:
    """A time for people: `0.42 s`, `12.5 s`, `1,200 s`."""
    return f"{time:,.{2 if abs(time) < 10 else 1 if abs(time) < 100 else 0}f} s"


def expected(case: Data) -> str:
    """What a client that keeps the contract ends with: `clip, from output.url or content`."""
    sources = " or ".join(case["expected"]["sources"])
    return f"{case['expected']['outcome']}{f', from {sources}' if sources else ''}"


def ended(case: Data) -> str:
    """What the client ended with: `it delivered a clip: exit 0, 30,518 bytes`."""
    outcome = case["outcome"]
    if outcome["ended"] == "unknown" and outcome["description"]:
        return str(outcome["description"])
    details = [outcome["description"]] if outcome["description"] else []
    if outcome["bytes"] is not None:
        details.append(counted(outcome["bytes"], "byte"))
    if outcome["ended"] == "delivered" and outcome["bytes"] is None:
        return f"it claims success, but delivered nothing: {outcome['description']}"
    return _ENDED[outcome["ended"]] + (f": {', '.join(details)}" if details else "")


def violated_rules(report: Report, level: str) -> list[Data]:
    """The violated rules that fail a case (`must`), or those that are only warnings (`should`), by the options."""
    strict = report["options"]["level"] == "should"
    return [
        rule
        for rule in report["summary"]["violations"]
        if (level == "must") == (strict or rule["level"] == "must")
    ]  # fmt: skip


# --- exchanges --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Run:
    """Equal exchanges in a row."""

    first: Data
    last: Data
    count: int


@dataclass(frozen=True, slots=True)
class Gap:
    """Runs that are left out of a long timeline: how many, and how many exchanges they hold."""

    runs: int
    exchanges: int


def runs(exchanges: Iterable[Data], alone: Collection[int] = ()) -> list[Run]:
    """The exchanges with equal neighbours put together; those whose numbers are in `alone` stay separate."""
    apart = set(alone)
    found: list[Run] = []
    for exchange in exchanges:
        last = found[-1] if found else None
        alike = last is not None and _content(last.first) == _content(exchange)
        if last is not None and alike and not apart & {last.first["number"], exchange["number"]}:
            found[-1] = Run(last.first, exchange, last.count + 1)
        else:
            found.append(Run(exchange, exchange, 1))
    return found


def _content(exchange: Data) -> tuple[object, ...]:
    request, reply = exchange["request"], exchange["reply"]
    return (
        exchange["task_id"], request["method"], request["url"], reply["status"], exchange["state"],
        exchange["state_after"], reply["fault"], exchange["sent"], exchange["ended"], exchange["note"],
    )  # fmt: skip


def folded(timeline: Sequence[Run], most: int, keep: Collection[int] = ()) -> Iterator[Run | Gap]:
    """About `most` runs of a timeline at most: its beginning, its end, and the runs around the numbers in `keep`."""
    if len(timeline) <= most:
        yield from timeline
        return
    kept = {*range(most // 3), *range(len(timeline) - (most - most // 3), len(timeline))}
    for place, run in enumerate(timeline):
        if run.first["number"] in keep:
            kept.update(range(place - 2, place + 3))
    left_out: list[Run] = []
    for place, run in enumerate(timeline):
        if place not in kept:
            left_out.append(run)
            continue
        if left_out:
            yield Gap(len(left_out), sum(each.count for each in left_out))
            left_out = []
        yield run


def on_download(exchanges: Iterable[Data]) -> Callable[[Data], bool]:
    """A function that says whether an exchange was with the download host: by its operation, else by its address."""
    hosts: set[str] = set()
    api: set[str] = set()
    for exchange in exchanges:
        if exchange["operation"]:
            (hosts if exchange["operation"] == "download" else api).add(_origin(exchange))

    def is_download(exchange: Data) -> bool:
        if exchange["operation"]:
            return bool(exchange["operation"] == "download")
        origin = _origin(exchange)
        on_its_own = origin in hosts and origin not in api
        return on_its_own or "on the download host" in (exchange["note"] or "") or "/_download/" in target(exchange)

    return is_download


def _origin(exchange: Data) -> str:
    return "/".join(exchange["request"]["url"].split("/", 3)[:3])


def target(exchange: Data) -> str:
    """The path and query of a request."""
    parts = exchange["request"]["url"].split("/", 3)
    return f"/{parts[3]}" if len(parts) == 4 else exchange["request"]["url"]


def no_reply(exchange: Data) -> bool:
    """Whether a fault came before the status line, so that the client saw none."""
    return exchange["reply"]["fault"] in NO_REPLY


def line(run: Run, began: float, speed: float, download: bool) -> str:
    """A run of exchanges as a line of a text, with the client's seconds since `began` (of the fake's clock)."""
    exchange, reply = run.first, run.first["reply"]
    return printable(
        exchange_line(
            f"#{exchange['number']:<4}{seconds((exchange['at'] - began) / speed):>8}",
            exchange["request"]["method"],
            short(target(exchange), _URL),
            reply["status"],
            download=download,
            states=(exchange["state"], exchange["state_after"]),
            fault=reply["fault"],
            ended=exchange["ended"],
            note=exchange["note"],
            count=run.count,
            last_time=seconds((run.last["at"] - began) / speed),
            arrow=_ARROW,
        )
    )


def received_status(exchange: Data) -> str:
    """The status of the reply, or the fault when the client saw none."""
    return status_text(exchange["reply"]["status"], exchange["reply"]["fault"])


def states(exchange: Data) -> str:
    """The task's states before and after: `processing → completed`."""
    return moved(exchange["state"], exchange["state_after"], _ARROW)
