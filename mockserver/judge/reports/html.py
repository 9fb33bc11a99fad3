"""The report as one page that a person wants to open: no network, no script, nothing but this file.

What went wrong comes first: the promises, then each case with its timeline drawn and its exchanges; what went well is
folded. Everything that a client, a server or a scenario said is escaped, and cut where it would drown the rest.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape

from ...api.contract import OUTCOMES
from .data import (
    Data,
    Gap,
    Report,
    Run,
    answer,
    counted,
    cut,
    ended,
    escaped,
    expected,
    folded,
    line,
    moved,
    no_reply,
    on_download,
    plain,
    promises,
    runs,
    seconds,
    short,
    where,
)
from .svg import colour, drawing, in_a_row

__all__ = ["page"]

_WIRE = 800_000  # characters of headers and bodies in a page
_WIRE_OF_A_CASE = 60_000
_SHORT = 12  # lines that need no folding
_NOT_IN_IDS = re.compile(r"[^A-Za-z0-9_-]")
_MANY = 40  # cases with something broken; more of them are told more shortly
# How much of a case is shown: exchanges in its list, marks in its drawing, characters of a body, and of what the
# program printed: of its beginning, and of its end, where the reason stands.
_ROWS, _MARKS, _BODY, _OUTPUT = 60, 20, 1500, (1000, 3000)
_FEW_ROWS, _FEW_MARKS, _LITTLE_BODY, _LITTLE_OUTPUT = 12, 12, 400, (300, 1200)


def page(report: Report) -> str:
    """The whole page for a report (see `check.schema.json`), as text to be written in UTF-8."""
    shown = _Shown(report)
    return "".join(
        [
            '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
            "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
            "base-uri 'none'; form-action 'none'\">\n"
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            '<meta name="color-scheme" content="light dark">\n'
            f"<title>{escaped(_headline(report))} \u2013 video-mockserver</title>\n<style>{_STYLE}</style>\n"
            "</head>\n<body>\n",
            _top(report, shown),
            "<main>\n",
            _promise_list(report, shown),
            _troubles(shown.failed, "failed", "Failed cases", shown),
            _troubles(shown.errors, "errors", "Cases that could not be judged", shown),
            _troubles(shown.advised, "advice", "Passed, with advice not taken", shown),
            _passed(shown),
            _skipped(report),
            _ignored(report),
            _rules(report),
            _about(report),
            "</main>\n</body>\n</html>\n",
        ]
    )


class _Shown:
    """The cases of a report by how they are shown, each with the id that links lead to."""

    def __init__(self, report: Report) -> None:
        self.speed: float = report["options"]["speed"]
        cases = list(zip(_ids(report["cases"]), report["cases"], strict=True))
        self.failed = [(id, case) for id, case in cases if case["verdict"] == "fail"]
        self.errors = [(id, case) for id, case in cases if case["verdict"] == "error"]
        self.advised = [(id, case) for id, case in cases if case["verdict"] == "pass" and case["violations"]]
        self.passed = [(id, case) for id, case in cases if case["verdict"] == "pass" and not case["violations"]]
        self.by_rule: dict[tuple[str, str], str] = {}
        for id, case in cases:
            for broken in case["violations"]:
                self.by_rule.setdefault((broken["rule"], case["scenario"]), id)
        troubles = len(self.failed) + len(self.errors) + len(self.advised)
        many = troubles > _MANY
        self.rows = _FEW_ROWS if many else _ROWS
        self.marks = _FEW_MARKS if many else _MARKS
        self.body = _LITTLE_BODY if many else _BODY
        self.output = _LITTLE_OUTPUT if many else _OUTPUT
        self.wire = min(_WIRE_OF_A_CASE, _WIRE // max(troubles, 1))


def _ids(cases: Iterable[Data]) -> Iterator[str]:
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


# --- the top ----------------------------------------------------------------------------------------------------------


def _headline(report: Report) -> str:
    summary = report["summary"]
    cases = counted(summary["cases"], "case")
    if summary["fail"]:
        broken = len(promises(report, "must"))
        what = f"broke {counted(broken, 'promise')}" if broken else "failed"
        return f"The client {what} in {summary['fail']:,} of {cases}"
    if summary["error"]:
        return f"{summary['error']:,} of {cases} could not be judged"
    return f"The client kept every promise in {cases}" if summary["cases"] else "No case was judged"


def _top(report: Report, shown: _Shown) -> str:
    summary = report["summary"]
    notes = []
    if summary["fail"] and summary["error"]:
        notes.append(f"{counted(summary['error'], 'case')} could not be judged.")
    if advice := promises(report, "should"):
        notes.append(
            f"{counted(len(advice), 'piece')} of advice (level <em>should</em>) "
            f"{'was' if len(advice) == 1 else 'were'} not taken; that fails nothing."
        )
    if summary["ended_early"]:
        notes.append(f"Not every case was run: {escaped(summary['ended_early'])}.")
    kinds = [("fail", "failed", "failed"), ("error", "errors", "not judged"), ("pass", "passed", "passed"),
             ("skipped", "skipped", "skipped")]  # fmt: skip
    counts = [(kind, anchor, words, summary[kind]) for kind, anchor, words in kinds if summary[kind]]
    targets = {"failed": shown.failed, "errors": shown.errors, "passed": shown.passed or shown.advised,
               "skipped": report["skipped"]}  # fmt: skip
    if not shown.passed and shown.advised:
        counts = [(kind, "advice" if kind == "pass" else anchor, words, count) for kind, anchor, words, count in counts]
        targets["advice"] = shown.advised
    bar = "".join(f'<span class="{kind}" style="flex-grow:{count}"></span>' for kind, _, _, count in counts)
    links = "".join(
        f'<li class="{kind}">{_link(anchor if targets[anchor] else None, f"<b>{count:,}</b> {words}")}</li>'
        for kind, anchor, words, count in counts
    )
    return (
        f'<header class="{summary["verdict"]}" id="top"><div>\n<p class="badge">{summary["verdict"]}</p>\n'
        f"<h1>{escaped(_headline(report))}</h1>\n"
        + "".join(f"<p>{note}</p>\n" for note in notes)
        + f'<div class="bar" aria-hidden="true">{bar}</div>\n<ul class="counts">{links}</ul>\n'
        f'<p class="command"><span>client</span> <code>{escaped(report["client"])}</code></p>\n'
        f'<p class="quiet">{escaped(report["started_at"])}, {seconds(report["seconds"])}; '
        f'<a href="#rules">the rules</a>, <a href="#about">options of this run</a></p>\n</div></header>\n'
    )


def _link(id: str | None, content: str) -> str:
    return f'<a href="#{id}">{content}</a>' if id else content


def _promise_list(report: Report, shown: _Shown) -> str:
    if not report["summary"]["violations"]:
        return ""
    parts = ['<section aria-labelledby="promises"><h2 id="promises">Broken promises</h2>\n']
    for number, broken in enumerate(report["summary"]["violations"], 1):
        links = [
            f"<li>{_link(shown.by_rule.get((broken['rule'], name)), escaped(name))}</li>" for name in broken["cases"]
        ]
        first, rest = "".join(links[:_SHORT]), "".join(links[_SHORT:])
        parts.append(
            f'<article class="promise {broken["level"]}">\n'
            f'<h3><span class="no">{number}.</span> <code>{escaped(broken["rule"])}</code> {_level(broken)}</h3>\n'
            f"<blockquote><p>{escaped(broken['sentence'])}</p></blockquote>\n"
            f'<p class="quiet">{escaped(broken["source"])}</p>\n'
            f'<ul class="links"><li class="none">broken in {counted(len(links), "case")}:</li>{first}</ul>\n'
            + (f'<details><summary>{len(links) - _SHORT:,} more</summary><ul class="links">{rest}</ul></details>\n'
               if rest else "")
            + "</article>\n"
        )  # fmt: skip
    return "".join([*parts, "</section>\n"])


def _level(rule: Data) -> str:
    return f'<span class="level {rule["level"]}">{rule["level"]}</span>'


# --- a case with something broken -------------------------------------------------------------------------------------


def _troubles(cases: Sequence[tuple[str, Data]], id: str, title: str, shown: _Shown) -> str:
    if not cases:
        return ""
    articles = "".join(_trouble(case_id, case, shown) for case_id, case in cases)
    return (
        f'<section aria-labelledby="{id}"><h2 id="{id}">{title} <span class="count">{len(cases):,}</span></h2>\n'
        f"{_LEGEND if cases is shown.failed or not shown.failed else ''}{articles}</section>\n"
    )


def _trouble(id: str, case: Data, shown: _Shown) -> str:
    numbers = {exchange["number"] for exchange in case["exchanges"]}
    hits: dict[int, list[int]] = {}
    for place, broken in enumerate(case["violations"], 1):
        if broken["exchange"] in numbers:
            hits.setdefault(broken["exchange"], []).append(place)
    kind = case["verdict"]
    outcome = OUTCOMES.get(case["expected"]["outcome"], "")
    return (
        f'<article class="case {kind}" id="{id}">\n<h3><span class="badge">{kind}</span> '
        f'<a href="#{id}">{escaped(case["scenario"])}</a></h3>\n<p class="summary">{escaped(case["summary"])}</p>\n'
        + (f'<p class="quiet">{escaped(case["source"])}</p>\n' if case["source"] else "")
        + f"<dl><div><dt>expected</dt><dd><b>{escaped(expected(case))}</b>"
        + (f' <span class="quiet">({escaped(outcome)})</span>' if outcome else "")
        + f'</dd></div>\n<div><dt>ended with</dt><dd><b>{escaped(ended(case))}</b> <span class="quiet">after '
        f"{seconds(case['seconds'])}</span></dd></div></dl>\n"
        + _breaks(case, id, hits)
        + drawing(case["exchanges"], hits, marks=shown.marks, speed=shown.speed)
        + _exchanges(case, id, shown, hits)
        + _output(case, shown)
        + _rerun(case)
        + '<p class="up"><a href="#top">to the top</a></p>\n</article>\n'
    )


def _breaks(case: Data, id: str, hits: Mapping[int, list[int]]) -> str:
    if not case["violations"]:
        return ""
    items = []
    for broken in case["violations"]:
        number = broken["exchange"]
        shows = ""
        if number is not None:
            shown_by = _link(f"{id}-{number}" if number in hits else None, f"exchange #{number}")
            lost = "" if number in hits else ", which the journal no longer has"
            shows = f' <span class="shows">({shown_by}{lost})</span>'
        items.append(
            f"<li>{_level(broken)} <code>{escaped(broken['rule'])}</code> {escaped(broken['message'])}{shows}\n"
            f'<span class="quiet">{escaped(broken["source"])}</span></li>'
        )
    return f'<ol class="breaks">{"".join(items)}</ol>\n'


def _exchanges(case: Data, id: str, shown: _Shown, hits: Mapping[int, list[int]]) -> str:
    exchanges = case["exchanges"]
    if not exchanges:
        return '<p class="quiet">No request came in.</p>\n'
    story = list(folded(runs(exchanges, hits), shown.rows, hits))
    began, downloads = exchanges[0]["at"], on_download(exchanges)
    wire = _wires(story, hits, shown)
    rows = []
    for run in story:
        if isinstance(run, Gap):
            rows.append(f'<li class="gap">\u2026 {counted(run.exchanges, "exchange")} more \u2026</li>')
            continue
        number = run.first["number"]
        mark = f' id="{id}-{number}" class="hit"' if number in hits else ""
        rows.append(
            f"<li{mark}><details><summary>{_row(run, began, shown.speed, downloads(run.first))}"
            + (f'<span class="flag">breaks promise {in_a_row(hits[number])} above</span>' if number in hits else "")
            + f"</summary>{wire[number]}</details></li>\n"
        )
    return (
        f'<details class="fold"{" open" if len(rows) <= _SHORT else ""}><summary>'
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
    status = ("no reply: " if no_reply(exchange) else "") + answer(exchange)
    state = moved(exchange) if exchange["state"] is not None else ""
    return (
        f'<span class="n">#{exchange["number"]}</span>'
        f'<span class="t">{seconds((exchange["at"] - began) / speed)}</span>'
        f'<span class="q"><b>{escaped(exchange["request"]["method"])}</b> '
        f"{'<i>download host</i> ' if download else ''}{escaped(short(where(exchange), 300))}</span>"
        f'<span class="a {colour(exchange)}">{escaped(status)}</span><span class="s">{escaped(state)}</span>'
        + (f'<span class="x">{escaped("; ".join(notes))}</span>' if notes else "")
    )


def _wires(story: Iterable[Run | Gap], hits: Mapping[int, list[int]], shown: _Shown) -> dict[int, str]:
    """Headers and bodies by exchange, as much as there is room for; those that show what broke come first."""
    room = shown.wire
    wires: dict[int, str] = {}
    told = [run for run in story if isinstance(run, Run)]
    for run in sorted(told, key=lambda run: run.first["number"] not in hits):
        wire = _wire(run.first, shown.body)
        if len(wire) > room:
            wire = '<p class="quiet">Left out here for its size; the report as JSON has it.</p>'
        room -= len(wire)
        wires[run.first["number"]] = wire
    return wires


def _wire(exchange: Data, most: int) -> str:
    request, reply = exchange["request"], exchange["reply"]
    asked = _message(f"{request['method']} {cut(where(exchange), most)}", request, most)
    answered = _message("no reply" if no_reply(exchange) else str(reply["status"]), reply, most)
    unknown = exchange["unknown_fields"]
    return (
        f'<div class="wire"><pre class="asked">{asked}</pre><pre class="answered">{answered}</pre></div>'
        + (f'<p class="quiet">Fields that the documentation does not know: {escaped(", ".join(unknown))}</p>'
           if unknown else "")
        + (f'<p class="quiet">{counted(exchange["sent"], "byte")} of body sent; {escaped(exchange["ended"])}</p>'
           if exchange["sent"] is not None else "")
    )  # fmt: skip


def _message(start: str, message: Data, most: int) -> str:
    headers = "".join(f"\n<b>{escaped(name)}</b>: {escaped(cut(value, most))}" for name, value in message["headers"])
    body = message["body"]
    return f"<b>{escaped(start)}</b>{headers}" + (f"\n\n{escaped(cut(body, most))}" if body else "")


def _output(case: Data, shown: _Shown) -> str:
    output = plain(case["output"]).strip("\n")
    if not output.strip():
        return ""
    short = output.count("\n") < _SHORT
    return (
        f'<details class="fold"{" open" if short else ""}><summary>what the program printed</summary>'
        f'<pre class="output">{escape(cut(output, *shown.output))}</pre></details>\n'
    )


def _rerun(case: Data) -> str:
    if not case["rerun"]:
        return ""
    return f'<p class="command"><span>run it again</span> <code>{escaped(case["rerun"])}</code></p>\n'


# --- what went well, and the rest -------------------------------------------------------------------------------------


def _passed(shown: _Shown) -> str:
    if not shown.passed:
        return ""
    parts = [
        '<section aria-labelledby="passed"><h2 id="passed">Passed cases '
        f'<span class="count">{len(shown.passed):,}</span></h2>\n'
    ]
    folders: dict[str, list[tuple[str, Data]]] = {}
    for id, case in shown.passed:
        folders.setdefault(case["scenario"].rpartition("/")[0], []).append((id, case))
    for folder, cases in sorted(folders.items()):
        parts.append(
            f'<details class="folder"><summary><b>{escaped(folder or "others")}</b> {len(cases):,} passed</summary>\n'
        )
        parts += [_passed_case(id, case, shown) for id, case in cases]
        parts.append("</details>\n")
    return "".join([*parts, "</section>\n"])


def _passed_case(id: str, case: Data, shown: _Shown) -> str:
    exchanges = case["exchanges"]
    lines = []
    if exchanges:
        began, downloads = exchanges[0]["at"], on_download(exchanges)
        for run in folded(runs(exchanges), 16):
            lines.append(
                f"\u2026 {run.exchanges:,} more \u2026" if isinstance(run, Gap)
                else line(run, began, shown.speed, downloads(run.first))
            )  # fmt: skip
    return (
        f'<details class="passed" id="{id}"><summary><b>{escaped(case["scenario"])}</b> '
        f'<span>{escaped(case["summary"])}</span> <span class="quiet">{escaped(expected(case))}; '
        f"{counted(len(exchanges), 'exchange')}, {seconds(case['seconds'])}</span></summary>\n"
        + drawing(exchanges, {}, marks=shown.marks, speed=shown.speed)
        + f"<pre>{escape(chr(10).join(lines))}</pre></details>\n"
    )


def _skipped(report: Report) -> str:
    skipped = report["skipped"]
    by_reason: dict[str, list[str]] = {}
    for one in skipped:
        by_reason.setdefault(one["reason"], []).append(one["scenario"])
    items = "".join(
        f'<li><p>{escaped(reason)}</p><ul class="links">'
        + "".join(f"<li>{escaped(name)}</li>" for name in names)
        + "</ul></li>"
        for reason, names in by_reason.items()
    )
    return _section("skipped", "Skipped", len(skipped), f'<ul class="reasons">{items}</ul>\n')


def _ignored(report: Report) -> str:
    items = "".join(
        f"<li><code>{escaped(one['rule'])}</code> {escaped(one['reason'])}</li>" for one in report["ignored"]
    )
    return _section("ignored", "Rules that were left out", len(report["ignored"]), f"<ul>{items}</ul>\n")


def _section(id: str, title: str, count: int, content: str) -> str:
    if not count:
        return ""
    return (
        f'<section aria-labelledby="{id}"><h2 id="{id}">{title} <span class="count">{count:,}</span></h2>\n'
        f"{content}</section>\n"
    )


def _rules(report: Report) -> str:
    broken = {one["rule"]: len(one["cases"]) for one in report["summary"]["violations"]}
    rows = "".join(
        f'<tr><th scope="row"><code>{escaped(rule["rule"])}</code></th><td>{_level(rule)}</td>'
        f'<td>{escaped(rule["sentence"])}<br><span class="quiet">{escaped(rule["source"])}</span></td>'
        f"<td>{_kept(broken.get(rule['rule'], 0))}</td></tr>\n"
        for rule in report["rules"]
    )
    return (
        f'<section aria-labelledby="rules"><h2 id="rules">The rules <span class="count">{len(report["rules"]):,}</span>'
        '</h2>\n<div class="scroll"><table><thead><tr><th scope="col">rule</th><th scope="col">level</th>'
        '<th scope="col">promise</th><th scope="col">cases</th></tr></thead>\n'
        f"<tbody>{rows}</tbody></table></div></section>\n"
    )


def _kept(broken: int) -> str:
    return f"<b>broken in {broken:,}</b>" if broken else "kept"


def _about(report: Report) -> str:
    options = report["options"]
    facts = {
        "tool": f"{report['tool']['name']} {report['tool']['version']}",
        "flow": options["flow"],
        "level that fails": options["level"],
        "order of result URLs": ", ".join(options["order"]),
        "seed": options["seed"],
        "speed": f"{options['speed']:g} (one second of the client is so many of the fake's clock)",
        "timeout of a case": "none" if options["timeout"] is None else seconds(options["timeout"]),
    }
    rows = "".join(f"<div><dt>{name}</dt><dd>{escaped(value)}</dd></div>\n" for name, value in facts.items())
    return (
        f'<section aria-labelledby="about"><h2 id="about">This run</h2>\n<dl>{rows}</dl>\n'
        '<p class="quiet">Times in timelines are the client\u2019s seconds from its first request.</p></section>\n'
    )


_LEGEND = """<details class="legend"><summary>how to read a timeline</summary>
<p>The band on top shows the task\u2019s states. Below it each box is a request, in the lane of the host that was asked:
the operation, and the status that came back; <b>\u00d7 29</b> means that the same was asked and answered 29 times.
A dashed box met a fault, which is named in it. The wider a gap, the longer the pause. A numbered flag marks the
exchange that shows the broken promise of that number.</p></details>
"""

_STYLE = """
:root{color-scheme:light dark;--page:#f5f6f8;--card:#fff;--ink:#1a1f26;--quiet:#545d69;--edge:#d5dae1;--well:#f0f2f5;
--red:#b3261e;--green:#146c2e;--amber:#7d4e00;--blue:#0b57a4;--on:#fff;--redish:#fdecea;--greenish:#e3f4e7;
--amberish:#fdf1d8;--bluish:#e2eefb;--greyish:#e6e9ed}
@media screen and (prefers-color-scheme:dark){:root{--page:#12151a;--card:#1b2027;--ink:#e5e8ec;--quiet:#a4adb9;
--edge:#363e49;--well:#14181e;--red:#ff8f86;--green:#74d391;--amber:#f2b84b;--blue:#86bdff;--on:#12151a;--redish:#43201f;
--greenish:#18351f;--amberish:#3c2d10;--bluish:#16304c;--greyish:#2b323b}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--page);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",sans-serif}
header>div,main{max-width:68rem;margin:0 auto;padding:1rem}
header{background:var(--card);border-bottom:1px solid var(--edge);border-top:6px solid var(--red)}
header.pass{border-top-color:var(--green)}header.error{border-top-color:var(--amber)}
h1{font-size:clamp(1.5rem,5vw,2.3rem);line-height:1.2;margin:.5rem 0;text-wrap:balance}
h2{font-size:1.35rem;margin:2.5rem 0 .75rem}
h3{font-size:1.05rem;margin:0 0 .5rem;overflow-wrap:anywhere}
p{margin:.35rem 0}
a{color:var(--blue);text-underline-offset:.25em}
:focus-visible{outline:3px solid var(--blue);outline-offset:2px;border-radius:3px}
code,pre,svg text{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono",monospace}
code{font-size:.9em;overflow-wrap:anywhere}
pre{font-size:.8rem;line-height:1.45;margin:.5rem 0;padding:.6rem .75rem;background:var(--well);border-radius:6px;
white-space:pre-wrap;overflow-wrap:anywhere}
.quiet{color:var(--quiet);font-size:.875rem}
.count{font-weight:400;color:var(--quiet)}
.badge,.level{display:inline-block;padding:.1em .6em;border-radius:1em;font-size:.8rem;font-weight:700;margin:0;
text-transform:uppercase;letter-spacing:.04em;background:var(--red);color:var(--on)}
.pass .badge{background:var(--green)}.error .badge{background:var(--amber)}
.level{font-size:.7rem;text-transform:none;background:var(--redish);color:var(--red);border:1px solid}
.level.should{background:var(--amberish);color:var(--amber)}
.bar{display:flex;gap:2px;height:10px;margin:1rem 0 .5rem;border-radius:5px;overflow:hidden}
.bar span{flex-basis:6px;background:var(--edge)}
.bar .fail{background:var(--red)}.bar .error{background:var(--amber)}.bar .pass{background:var(--green)}
ul{padding-left:1.25rem}
.counts,.links{list-style:none;display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;padding:0;margin:.25rem 0}
.counts li::before{content:"";display:inline-block;width:.7em;height:.7em;border-radius:2px;margin-right:.45em;
background:var(--edge)}
.counts .fail::before{background:var(--red)}.counts .error::before{background:var(--amber)}
.counts .pass::before{background:var(--green)}
.links{gap:.3rem .5rem}.links .none{background:none;padding:0}
.links li{background:var(--well);border-radius:4px;padding:.05rem .45rem;font-size:.9rem;overflow-wrap:anywhere}
.command{margin:.75rem 0 .25rem}
.command span{color:var(--quiet);font-size:.875rem}
.command code{display:block;padding:.5rem .75rem;background:var(--well);border-radius:6px;user-select:all}
article,.folder,.fold,.legend{background:var(--card);border:1px solid var(--edge);border-radius:8px}
article{padding:1rem;margin:0 0 1rem;border-left:5px solid var(--red);scroll-margin-top:.75rem}
article.error,article.should{border-left-color:var(--amber)}article.pass{border-left-color:var(--green)}
article:target{box-shadow:0 0 0 3px var(--blue)}
blockquote{margin:.5rem 0 .25rem;padding-left:.9rem;border-left:3px solid var(--edge);font-size:1.1rem}
blockquote p{margin:0}blockquote p::before{content:"\\201c"}blockquote p::after{content:"\\201d"}
.no{color:var(--quiet);font-weight:400}
.summary{font-size:1.05rem}
dl{margin:.75rem 0}
dl div{display:grid;grid-template-columns:minmax(5.5rem,11rem) 1fr;gap:.25rem .75rem;margin:.2rem 0}
article dl div{grid-template-columns:5.5rem 1fr}
dt{color:var(--quiet);font-size:.9rem}dd{margin:0;overflow-wrap:anywhere}
.breaks{padding:.6rem .75rem .6rem 2rem;margin:.75rem 0;background:var(--redish);border-radius:6px}
.pass .breaks{background:var(--amberish)}
.breaks li{margin:.2rem 0;overflow-wrap:anywhere}.breaks li::marker{font-weight:700}
.breaks .quiet{display:block;color:var(--ink)}
summary{cursor:pointer;padding:.4rem .75rem;overflow-wrap:anywhere}
.fold,.folder,.legend{margin:.6rem 0}
.fold>summary,.folder>summary,.legend>summary{font-size:.95rem}
.legend p,.legend{color:var(--quiet);font-size:.9rem}.legend p{padding:0 .75rem .5rem}
.fold>pre{margin:0;border-radius:0 0 8px 8px}
.exchanges{list-style:none;margin:0;padding:0;font-size:.875rem}
.exchanges li{border-top:1px solid var(--edge);scroll-margin-top:1rem}
.exchanges .gap{padding:.35rem .75rem;color:var(--quiet)}
.exchanges summary{display:grid;grid-template-columns:3.8rem 4.4rem minmax(0,1fr) 9rem 12rem;gap:0 .6rem;
padding:.35rem .75rem;list-style:none}
.exchanges summary::-webkit-details-marker{display:none}
.exchanges summary:hover{background:var(--well)}
.n::before{content:"\\25b8";color:var(--quiet);margin-right:.2em}
[open]>summary>.n::before{content:"\\25be"}
.n,.t,.s,.x{color:var(--quiet)}
.n,.t{white-space:nowrap}
.t{text-align:right;font-variant-numeric:tabular-nums}
.q,.a,.s,.x{overflow-wrap:anywhere}.q i{color:var(--amber);font-style:normal}
.x,.exchanges .flag{grid-column:3/-1}
.a{font-weight:700}.a.ok{color:var(--green)}.a.to{color:var(--blue)}.a.no,.a.fault{color:var(--red)}
.hit{background:var(--redish)}.pass .hit{background:var(--amberish)}
li.hit>details>summary>span{color:var(--ink)}
.exchanges .flag{color:var(--red);font-weight:700}
.wire{display:grid;grid-template-columns:1fr 1fr;gap:.5rem;padding:0 .75rem}
.wire+p,.wire+p+p,.exchanges details>p{padding:0 .75rem}
.drawing,.scroll{overflow-x:auto;margin:.75rem 0;padding-bottom:.25rem}
svg{display:block;overflow:visible}
.m rect{fill:var(--card);stroke:var(--edge);stroke-width:1.5}
.m text,.flag text,.state text{font-size:12px}
.m text,.flag text{text-anchor:middle}
.m text,.state text{fill:var(--ink)}
.m.gap rect{stroke:none}
.m.ok rect{fill:var(--greenish);stroke:var(--green)}.m.to rect{fill:var(--bluish);stroke:var(--blue)}
.m.no rect{fill:var(--redish);stroke:var(--red)}
.m.fault rect{stroke:var(--red);stroke-width:2;stroke-dasharray:4 2.5}
.state rect{fill:var(--greyish)}.state.working rect{fill:var(--bluish)}
.state.succeeded rect{fill:var(--greenish)}.state.failed rect{fill:var(--redish)}
.lane,.time{fill:var(--quiet);font-size:11px}
.way{fill:none;stroke:var(--quiet);stroke-width:1;opacity:.55}
rect.hit{fill:var(--amberish)}
.flag rect{fill:var(--red)}.flag text{fill:var(--on);font-weight:700}
.passed{border-top:1px solid var(--edge);padding:0 .25rem;scroll-margin-top:.75rem}
.passed summary{font-size:.925rem}.passed summary .quiet{white-space:normal}
.passed .drawing,.passed pre{margin:.5rem}
.reasons{list-style:none;padding:0}
table{border-collapse:collapse;width:100%;font-size:.925rem;background:var(--card)}
th,td{text-align:left;vertical-align:top;padding:.45rem .6rem;border:1px solid var(--edge)}
thead th{color:var(--quiet);font-weight:600}
.up{text-align:right;font-size:.85rem;margin:.25rem 0 0}
@media (max-width:44rem){
header>div,main{padding:.75rem}article{padding:.75rem}
.exchanges summary{grid-template-columns:auto 1fr auto;padding:.4rem .6rem}
.t{text-align:left}.a{text-align:right}.n{order:1}.t{order:2}.a{order:3}.q{order:4}.s{order:5}
.x,.exchanges .flag{order:6}
.q,.s,.x,.exchanges .flag{grid-column:1/-1}
.wire{grid-template-columns:1fr;padding:0 .6rem}
dl div,article dl div{grid-template-columns:1fr;gap:0}
thead{position:absolute;clip-path:inset(50%);width:1px;height:1px;overflow:hidden}
table,tbody,tr,td,tbody th{display:block}tr{border:1px solid var(--edge);margin-bottom:.5rem;padding:.4rem .6rem}
td,tbody th{border:0;padding:.1rem 0}
}
@media print{
:root{color-scheme:light}body{background:#fff;font-size:11pt}header>div,main{max-width:none}.up,.legend{display:none}
.promise,.drawing,.breaks,.exchanges li,tr{break-inside:avoid}h2,h3,.exchanges summary{break-after:avoid}
.bar,.badge,.level,svg,.hit,.breaks{print-color-adjust:exact}
.drawing{overflow:visible}svg{max-width:100%;height:auto}
}
"""
