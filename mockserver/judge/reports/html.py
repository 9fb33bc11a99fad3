"""The report as one HTML page: no network, no script, nothing but this file.

Failures come first: the violated rules, then each case with its timeline drawn and its exchanges; passed cases are
folded. All texts of clients, servers and scenarios are escaped, and cut where they are long.
"""

from __future__ import annotations

from collections.abc import Sequence

from .data import Data, Report, counted, escaped, seconds, violated_rules
from .html_case import SHORT, Layout, case_article, level_badge, link, passed_case
from .html_style import LEGEND, STYLE

__all__ = ["page"]


def page(report: Report) -> str:
    """The whole page for a report (see `check.schema.json`), as text to be written in UTF-8."""
    layout = Layout(report)
    return "".join(
        [
            '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
            "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
            "base-uri 'none'; form-action 'none'\">\n"
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            '<meta name="color-scheme" content="light dark">\n'
            f"<title>{escaped(_headline(report))} \u2013 video-mockserver</title>\n<style>{STYLE}</style>\n"
            "</head>\n<body>\n",
            _top(report, layout),
            "<main>\n",
            _violated_rules(report, layout),
            _case_section(layout.failed, "failed", "Failed cases", layout),
            _case_section(layout.errors, "errors", "Cases that could not be judged", layout),
            _case_section(layout.warned, "warnings", "Passed with warnings", layout),
            _passed(layout),
            _skipped(report),
            _ignored(report),
            _rules(report),
            _about(report),
            "</main>\n</body>\n</html>\n",
        ]
    )


def _headline(report: Report) -> str:
    summary = report["summary"]
    cases = counted(summary["cases"], "case")
    if summary["fail"]:
        violated = len(violated_rules(report, "must"))
        what = f"violated {counted(violated, 'rule')}" if violated else "failed"
        return f"The client {what} in {summary['fail']:,} of {cases}"
    if summary["error"]:
        return f"{summary['error']:,} of {cases} could not be judged"
    return f"The client kept the contract in {cases}" if summary["cases"] else "No case was judged"


def _top(report: Report, layout: Layout) -> str:
    summary = report["summary"]
    notes = []
    if summary["fail"] and summary["error"]:
        notes.append(f"{counted(summary['error'], 'case')} could not be judged.")
    if warnings := violated_rules(report, "should"):
        notes.append(
            f"{counted(len(warnings), 'rule')} of level <em>should</em> {'was' if len(warnings) == 1 else 'were'} "
            "violated: a warning, which fails no case."
        )
    if summary["ended_early"]:
        notes.append(f"Not every case was run: {escaped(summary['ended_early'])}.")
    kinds = [("fail", "failed", "failed"), ("error", "errors", "not judged"), ("pass", "passed", "passed"),
             ("skipped", "skipped", "skipped")]  # fmt: skip
    counts = [(kind, anchor, words, summary[kind]) for kind, anchor, words in kinds if summary[kind]]
    targets = {"failed": layout.failed, "errors": layout.errors, "passed": layout.passed or layout.warned,
               "skipped": report["skipped"]}  # fmt: skip
    if not layout.passed and layout.warned:
        counts = [
            (kind, "warnings" if kind == "pass" else anchor, words, count) for kind, anchor, words, count in counts
        ]
        targets["warnings"] = layout.warned
    bar = "".join(f'<span class="{kind}" style="flex-grow:{count}"></span>' for kind, _, _, count in counts)
    links = "".join(
        f'<li class="{kind}">{link(anchor if targets[anchor] else None, f"<b>{count:,}</b> {words}")}</li>'
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


def _violated_rules(report: Report, layout: Layout) -> str:
    if not report["summary"]["violations"]:
        return ""
    parts = ['<section aria-labelledby="violated"><h2 id="violated">Violated rules</h2>\n']
    for number, rule in enumerate(report["summary"]["violations"], 1):
        links = [f"<li>{link(layout.by_rule.get((rule['rule'], name)), escaped(name))}</li>" for name in rule["cases"]]
        first, rest = "".join(links[:SHORT]), "".join(links[SHORT:])
        parts.append(
            f'<article class="rule {rule["level"]}">\n'
            f'<h3><span class="no">{number}.</span> <code>{escaped(rule["rule"])}</code> {level_badge(rule)}</h3>\n'
            f"<blockquote><p>{escaped(rule['sentence'])}</p></blockquote>\n"
            f'<p class="quiet">{escaped(rule["source"])}</p>\n'
            f'<ul class="links"><li class="none">violated in {counted(len(links), "case")}:</li>{first}</ul>\n'
            + (f'<details><summary>{len(links) - SHORT:,} more</summary><ul class="links">{rest}</ul></details>\n'
               if rest else "")
            + "</article>\n"
        )  # fmt: skip
    return "".join([*parts, "</section>\n"])


def _case_section(cases: Sequence[tuple[str, Data]], id: str, title: str, layout: Layout) -> str:
    if not cases:
        return ""
    articles = "".join(case_article(case_id, case, layout) for case_id, case in cases)
    return (
        f'<section aria-labelledby="{id}"><h2 id="{id}">{title} <span class="count">{len(cases):,}</span></h2>\n'
        f"{LEGEND if cases is layout.failed or not layout.failed else ''}{articles}</section>\n"
    )


def _passed(layout: Layout) -> str:
    if not layout.passed:
        return ""
    parts = [
        '<section aria-labelledby="passed"><h2 id="passed">Passed cases '
        f'<span class="count">{len(layout.passed):,}</span></h2>\n'
    ]
    folders: dict[str, list[tuple[str, Data]]] = {}
    for id, case in layout.passed:
        folders.setdefault(case["scenario"].rpartition("/")[0], []).append((id, case))
    for folder, cases in sorted(folders.items()):
        parts.append(
            f'<details class="folder"><summary><b>{escaped(folder or "others")}</b> {len(cases):,} passed</summary>\n'
        )
        parts += [passed_case(id, case, layout) for id, case in cases]
        parts.append("</details>\n")
    return "".join([*parts, "</section>\n"])


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
    return _section("ignored", "Rules that were not judged", len(report["ignored"]), f"<ul>{items}</ul>\n")


def _section(id: str, title: str, count: int, content: str) -> str:
    if not count:
        return ""
    return (
        f'<section aria-labelledby="{id}"><h2 id="{id}">{title} <span class="count">{count:,}</span></h2>\n'
        f"{content}</section>\n"
    )


def _rules(report: Report) -> str:
    violated = {one["rule"]: len(one["cases"]) for one in report["summary"]["violations"]}
    rows = "".join(
        f'<tr><th scope="row"><code>{escaped(rule["rule"])}</code></th><td>{level_badge(rule)}</td>'
        f'<td>{escaped(rule["sentence"])}<br><span class="quiet">{escaped(rule["source"])}</span></td>'
        f"<td>{_kept(violated.get(rule['rule'], 0))}</td></tr>\n"
        for rule in report["rules"]
    )
    return (
        f'<section aria-labelledby="rules"><h2 id="rules">The rules <span class="count">{len(report["rules"]):,}</span>'
        '</h2>\n<div class="scroll"><table><thead><tr><th scope="col">rule</th><th scope="col">level</th>'
        '<th scope="col">sentence</th><th scope="col">cases</th></tr></thead>\n'
        f"<tbody>{rows}</tbody></table></div></section>\n"
    )


def _kept(cases: int) -> str:
    return f"<b>violated in {cases:,}</b>" if cases else "kept"


def _about(report: Report) -> str:
    options = report["options"]
    facts = {
        "tool": f"{report['tool']['name']} {report['tool']['version']}",
        "flow": options["flow"],
        "level that fails": options["level"],
        "order of result URLs": ", ".join(options["order"]),
        "seed": options["seed"],
        "speed": f"{options['speed']:g} (seconds of the fake's clock in one second of the client)",
        "timeout of a case": "none" if options["timeout"] is None else seconds(options["timeout"]),
    }
    rows = "".join(f"<div><dt>{name}</dt><dd>{escaped(value)}</dd></div>\n" for name, value in facts.items())
    return (
        f'<section aria-labelledby="about"><h2 id="about">This run</h2>\n<dl>{rows}</dl>\n'
        '<p class="quiet">Times in timelines are the client\u2019s seconds from its first request.</p></section>\n'
    )
