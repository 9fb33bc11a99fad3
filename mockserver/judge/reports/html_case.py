"""One case of the HTML report: its violations, its timeline drawn, its exchanges and its output."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from html import escape

from ...api.contract import OUTCOMES
from .data import (
    Data,
    Gap,
    Report,
    Run,
    counted,
    cut,
    ended,
    escaped,
    expected,
    folded,
    line,
    no_reply,
    on_download,
    plain,
    received_status,
    runs,
    seconds,
    short,
    states,
    target,
)
from .svg import colour, drawing, in_a_row

__all__ = ["SHORT", "Layout", "case_article", "level_badge", "link", "passed_case"]

SHORT = 12  # lines that need no folding
_WIRE = 800_000  # characters of headers and bodies in a page
_WIRE_OF_A_CASE = 60_000
_NOT_IN_IDS = re.compile(r"[^A-Za-z0-9_-]")
_MANY = 40  # cases shown in full; if there are more, each is shortened
# How much of a case is shown: exchanges in its list, marks in its drawing, characters of a body, and characters of the
# output: of its beginning, and of its end, where the reason is.
_ROWS, _MARKS, _BODY, _OUTPUT = 60, 20, 1500, (1000, 3000)
_FEW_ROWS, _FEW_MARKS, _LITTLE_BODY, _LITTLE_OUTPUT = 12, 12, 400, (300, 1200)


class Layout:
    """How much of each case is shown, and the cases by section, each with the id that links lead to."""

    def __init__(self, report: Report) -> None:
        self.speed: float = report["options"]["speed"]
        cases = list(zip(_case_ids(report["cases"]), report["cases"], strict=True))
        self.failed = [(id, case) for id, case in cases if case["verdict"] == "fail"]
        self.errors = [(id, case) for id, case in cases if case["verdict"] == "error"]
        self.warned = [(id, case) for id, case in cases if case["verdict"] == "pass" and case["violations"]]
        self.passed = [(id, case) for id, case in cases if case["verdict"] == "pass" and not case["violations"]]
        self.by_rule: dict[tuple[str, str], str] = {}
        for id, case in cases:
            for violation in case["violations"]:
                self.by_rule.setdefault((violation["rule"], case["scenario"]), id)
        in_full = len(self.failed) + len(self.errors) + len(self.warned)
        many = in_full > _MANY
        self.rows = _FEW_ROWS if many else _ROWS
        self.marks = _FEW_MARKS if many else _MARKS
        self.body = _LITTLE_BODY if many else _BODY
        self.output = _LITTLE_OUTPUT if many else _OUTPUT
        self.wire = min(_WIRE_OF_A_CASE, _WIRE // max(in_full, 1))


def _case_ids(cases: Iterable[Data]) -> Iterator[str]:
    """`case-download-url_404`: the same in every report of a scenario, with a number where several are alike."""
    taken: set[str] = set()
    for case in cases:
        first = id = f"case-{_NOT_IN_IDS.sub('-', case['scenario'])}"
        number = 1
        while id in taken:
            number += 1
            id = f"{first}.{number}"
        taken.add(id)
        yield id


def link(id: str | None, content: str) -> str:
    """Content that links to an id of the page; without an id, the content alone."""
    return f'<a href="#{id}">{content}</a>' if id else content


def level_badge(rule: Data) -> str:
    """A rule's level, marked up."""
    return f'<span class="level {rule["level"]}">{rule["level"]}</span>'


def case_article(id: str, case: Data, layout: Layout) -> str:
    """A case with violations, or one that could not be judged: all that is known about it."""
    numbers = {exchange["number"] for exchange in case["exchanges"]}
    hits: dict[int, list[int]] = {}
    for place, violation in enumerate(case["violations"], 1):
        if violation["exchange"] in numbers:
            hits.setdefault(violation["exchange"], []).append(place)
    kind = case["verdict"]
    outcome = OUTCOMES.get(case["expected"]["outcome"], "")
    return (
        f'<article class="case {kind}" id="{id}">\n<h3><span class="badge">{kind}</span> '
        f'<a href="#{id}">{escaped(case["scenario"])}</a></h3>\n<p class="summary">{escaped(case["summary"])}</p>\n'
        + (f'<p class="quiet">{escaped(case["source"])}</p>\n' if case["source"] else "")
        + f"<dl><div><dt>expected</dt><dd><b>{escaped(expected(case))}</b>"
        + (f' <span class="quiet">({escaped(outcome)})</span>' if outcome else "")
        + f'</dd></div>\n<div><dt>actual</dt><dd><b>{escaped(ended(case))}</b> <span class="quiet">after '
        f"{seconds(case['seconds'])}</span></dd></div></dl>\n"
        + _violations(case, id, hits)
        + drawing(case["exchanges"], hits, marks=layout.marks, speed=layout.speed)
        + _exchanges(case, id, layout, hits)
        + _output(case, layout)
        + _rerun(case)
        + '<p class="up"><a href="#top">to the top</a></p>\n</article>\n'
    )


def _violations(case: Data, id: str, hits: Mapping[int, list[int]]) -> str:
    if not case["violations"]:
        return ""
    items = []
    for violation in case["violations"]:
        number = violation["exchange"]
        shows = ""
        if number is not None:
            exchange = link(f"{id}-{number}" if number in hits else None, f"exchange #{number}")
            lost = "" if number in hits else ", which the journal no longer has"
            shows = f' <span class="shows">({exchange}{lost})</span>'
        items.append(
            f"<li>{level_badge(violation)} <code>{escaped(violation['rule'])}</code> "
            f"{escaped(violation['message'])}{shows}\n"
            f'<span class="quiet">{escaped(violation["source"])}</span></li>'
        )
    return f'<ol class="violations">{"".join(items)}</ol>\n'


def _exchanges(case: Data, id: str, layout: Layout, hits: Mapping[int, list[int]]) -> str:
    exchanges = case["exchanges"]
    if not exchanges:
        return '<p class="quiet">No request came in.</p>\n'
    timeline = list(folded(runs(exchanges, hits), layout.rows, hits))
    began, downloads = exchanges[0]["at"], on_download(exchanges)
    wire = _wires(timeline, hits, layout)
    rows = []
    for run in timeline:
        if isinstance(run, Gap):
            rows.append(f'<li class="gap">\u2026 {counted(run.exchanges, "exchange")} more \u2026</li>')
            continue
        number = run.first["number"]
        mark = f' id="{id}-{number}" class="hit"' if number in hits else ""
        rows.append(
            f"<li{mark}><details><summary>{_row(run, began, layout.speed, downloads(run.first))}"
            + (f'<span class="flag">violation {in_a_row(hits[number])} above</span>' if number in hits else "")
            + f"</summary>{wire[number]}</details></li>\n"
        )
    return (
        f'<details class="fold"{" open" if len(rows) <= SHORT else ""}><summary>'
        f'{counted(len(exchanges), "exchange")}</summary>\n<ol class="exchanges">{"".join(rows)}</ol></details>\n'
    )  # fmt: skip


def _row(run: Run, began: float, speed: float, download: bool) -> str:
    exchange = run.first
    notes = []
    if run.count > 1:
        notes.append(f"{run.count:,} times, until {seconds((run.last['at'] - began) / speed)}")
    if exchange["reply"]["delay"]:
        notes.append(f"answered after {seconds(exchange['reply']['delay'] / speed)}")
    if exchange["reply"]["fault"] and not no_reply(exchange):
        notes.append(f"fault: {exchange['reply']['fault']}")
    if exchange["ended"] == "client left":
        notes.append("the client left")
    if exchange["note"]:
        notes.append(exchange["note"])
    status = ("no reply: " if no_reply(exchange) else "") + received_status(exchange)
    state = states(exchange) if exchange["state"] is not None else ""
    return (
        f'<span class="n">#{exchange["number"]}</span>'
        f'<span class="t">{seconds((exchange["at"] - began) / speed)}</span>'
        f'<span class="q"><b>{escaped(exchange["request"]["method"])}</b> '
        f"{'<i>download host</i> ' if download else ''}{escaped(short(target(exchange), 300))}</span>"
        f'<span class="a {colour(exchange)}">{escaped(status)}</span><span class="s">{escaped(state)}</span>'
        + (f'<span class="x">{escaped("; ".join(notes))}</span>' if notes else "")
    )


def _wires(timeline: Iterable[Run | Gap], hits: Mapping[int, list[int]], layout: Layout) -> dict[int, str]:
    """Headers and bodies by exchange, as many as there is room for; those that show violations come first."""
    room = layout.wire
    wires: dict[int, str] = {}
    all_runs = [run for run in timeline if isinstance(run, Run)]
    for run in sorted(all_runs, key=lambda run: run.first["number"] not in hits):
        wire = _wire(run.first, layout.body)
        if len(wire) > room:
            wire = '<p class="quiet">Left out because of its size; the JSON report has it.</p>'
        room -= len(wire)
        wires[run.first["number"]] = wire
    return wires


def _wire(exchange: Data, most: int) -> str:
    request, reply = exchange["request"], exchange["reply"]
    sent = _message(f"{request['method']} {cut(target(exchange), most)}", request, most)
    received = _message("no reply" if no_reply(exchange) else str(reply["status"]), reply, most)
    unknown = exchange["unknown_fields"]
    return (
        f'<div class="wire"><pre class="request">{sent}</pre><pre class="reply">{received}</pre></div>'
        + (f'<p class="quiet">Undocumented fields: {escaped(", ".join(unknown))}</p>'
           if unknown else "")
        + (f'<p class="quiet">{counted(exchange["sent"], "byte")} of the body sent; {escaped(exchange["ended"])}</p>'
           if exchange["sent"] is not None else "")
    )  # fmt: skip


def _message(start: str, message: Data, most: int) -> str:
    headers = "".join(f"\n<b>{escaped(name)}</b>: {escaped(cut(value, most))}" for name, value in message["headers"])
    body = message["body"]
    return f"<b>{escaped(start)}</b>{headers}" + (f"\n\n{escaped(cut(body, most))}" if body else "")


def _output(case: Data, layout: Layout) -> str:
    output = plain(case["output"]).strip("\n")
    if not output.strip():
        return ""
    short = output.count("\n") < SHORT
    return (
        f'<details class="fold"{" open" if short else ""}><summary>output</summary>'
        f'<pre class="output">{escape(cut(output, *layout.output))}</pre></details>\n'
    )


def _rerun(case: Data) -> str:
    if not case["rerun"]:
        return ""
    return f'<p class="command"><span>rerun</span> <code>{escaped(case["rerun"])}</code></p>\n'


def passed_case(id: str, case: Data, layout: Layout) -> str:
    """A passed case, folded: its drawing and its timeline."""
    exchanges = case["exchanges"]
    lines = []
    if exchanges:
        began, downloads = exchanges[0]["at"], on_download(exchanges)
        for run in folded(runs(exchanges), 16):
            lines.append(
                f"\u2026 {run.exchanges:,} more \u2026" if isinstance(run, Gap)
                else line(run, began, layout.speed, downloads(run.first))
            )  # fmt: skip
    return (
        f'<details class="passed" id="{id}"><summary><b>{escaped(case["scenario"])}</b> '
        f'<span>{escaped(case["summary"])}</span> <span class="quiet">{escaped(expected(case))}; '
        f"{counted(len(exchanges), 'exchange')}, {seconds(case['seconds'])}</span></summary>\n"
        + drawing(exchanges, {}, marks=layout.marks, speed=layout.speed)
        + f"<pre>{escape(chr(10).join(lines))}</pre></details>\n"
    )
