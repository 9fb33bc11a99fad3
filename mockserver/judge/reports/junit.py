"""The report as JUnit XML, for CI systems: a scenario is a test case, a violated rule is its failure."""

from __future__ import annotations

from xml.etree import ElementTree

from .data import (
    Data,
    Gap,
    Report,
    counted,
    cut,
    ended,
    expected,
    folded,
    line,
    on_download,
    plain,
    printable,
    runs,
    short,
)

__all__ = ["document"]

_OUTPUT = (2000, 8000)  # characters of a program's output: of its beginning, and of its end, where the reason is
_LINES = 60  # of a timeline
_ATTRIBUTE = 1000  # characters; CI systems show a message in one line


def document(report: Report) -> str:
    """The whole document for a report (see `check.schema.json`), as text to be written in UTF-8.

    A rule of the level `should` fails a case only if the options say so; else it is in `system-out`.
    """
    summary, tool = report["summary"], _text(report["tool"]["name"])
    totals = {
        "tests": str(summary["cases"] + len(report["skipped"])),
        "failures": str(summary["fail"]),
        "errors": str(summary["error"]),
        "skipped": str(len(report["skipped"])),
        "time": _time(report["seconds"]),
    }
    root = ElementTree.Element("testsuites", {"name": tool, **totals})
    suite = ElementTree.SubElement(
        # The format's times are without a zone.
        root, "testsuite", {"name": f"{tool} check", **totals,
                            "timestamp": _text(report["started_at"].removesuffix("Z"))}
    )  # fmt: skip
    _properties(suite, report)
    for case in report["cases"]:
        _case(suite, case, report["options"])
    for skipped in report["skipped"]:
        element = _element(suite, skipped["scenario"], 0.0)
        ElementTree.SubElement(element, "skipped", {"message": _message(skipped["reason"])})
    ElementTree.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ElementTree.tostring(root, "unicode")}\n'


def _properties(suite: ElementTree.Element, report: Report) -> None:
    options = {
        name: ", ".join(value) if isinstance(value, list) else value for name, value in report["options"].items()
    }
    facts = {"version": report["tool"]["version"], "client": report["client"], **options}
    facts.update({f"ignored.{one['rule']}": one["reason"] for one in report["ignored"]})
    properties = ElementTree.SubElement(suite, "properties")
    for name, value in facts.items():
        ElementTree.SubElement(properties, "property", {"name": _text(name), "value": _text(value)})


def _case(suite: ElementTree.Element, case: Data, options: Data) -> None:
    element = _element(suite, case["scenario"], case["seconds"])
    details = _details(case, options["speed"])
    if case["verdict"] == "pass":
        if case["violations"]:
            ElementTree.SubElement(element, "system-out").text = details
        return
    failing = [each for each in case["violations"] if options["level"] == "should" or each["level"] == "must"]
    reason = "; ".join(f"{violation['rule']}: {violation['message']}" for violation in failing)
    if case["verdict"] == "fail":
        kind = failing[0]["rule"] if failing else "outcome"
        reason = reason or f"expected {expected(case)}, but {ended(case)}"
        child = ElementTree.SubElement(element, "failure", {"message": _message(reason), "type": _text(kind)})
    else:
        child = ElementTree.SubElement(element, "error", {"message": _message(ended(case)), "type": "error"})
    child.text = details


def _element(suite: ElementTree.Element, scenario: str, seconds: float) -> ElementTree.Element:
    """A test case: the scenario's folder is its class, `download` or `ours.download`."""
    folder, _, name = scenario.rpartition("/")
    facts = {"classname": _text(folder.replace("/", ".") or "scenarios"), "name": _text(name), "time": _time(seconds)}
    return ElementTree.SubElement(suite, "testcase", facts)


def _details(case: Data, speed: float) -> str:
    """All that helps: the violations, the expected and the actual end, the timeline, the output, how to rerun it."""
    parts = [_text(case["summary"])]
    parts += [
        f"{violation['level']} {_text(violation['rule'])}: {_text(violation['message'])}"
        + (f" (exchange #{violation['exchange']})" if violation["exchange"] is not None else "")
        + f"\n  {_text(violation['source'])}"
        for violation in case["violations"]
    ]
    parts.append(f"expected: {_text(expected(case))}\nactual:   {_text(ended(case))}")
    parts.append("\n".join(_timeline(case, speed)))
    if output := plain(case["output"]).strip("\n"):
        parts.append(f"output:\n{cut(output, *_OUTPUT)}")
    if case["rerun"]:
        parts.append(f"rerun: {_text(case['rerun'])}")
    return "\n\n".join(parts)


def _timeline(case: Data, speed: float) -> list[str]:
    exchanges = case["exchanges"]
    if not exchanges:
        return ["no request came in"]
    began, downloads = exchanges[0]["at"], on_download(exchanges)
    hits = {violation["exchange"] for violation in case["violations"]}
    return [
        f"... {counted(run.exchanges, 'exchange')} more ..." if isinstance(run, Gap)
        else ("> " if run.first["number"] in hits else "  ") + line(run, began, speed, downloads(run.first))
        for run in folded(runs(exchanges, hits), _LINES, hits)
    ]  # fmt: skip


def _text(text: object) -> str:
    return printable(str(text))


def _message(text: str) -> str:
    """A text for an attribute: CI systems show it in one line."""
    return short(_text(" ".join(text.split())), _ATTRIBUTE)


def _time(seconds: float) -> str:
    return f"{seconds:.3f}"
