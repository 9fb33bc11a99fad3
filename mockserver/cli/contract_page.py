"""docs/contract.md, made from the table of rules."""

from __future__ import annotations

from collections.abc import Iterable

from ..api.contract import OUTCOMES, STATUS_PHASES, Phase
from ..judge.rules import LEVELS, Rule
from ..judge.rules.thresholds import ENOUGH

__all__ = ["markdown"]

_HEAD = """\
# The client contract

What a client of OctopusX's video API owes, as the judge holds it. This page is made by
`video-mockserver rules --markdown`; the rules themselves are in `mockserver/rules/`.

No rule punishes a style. Retrying a download before falling back, asking HEAD first, reading by Range, backing off,
polling fast at first, asking for `/content` after one failed URL or after all of them, giving up early with an error
where nothing obliges a client to go on: all are right.

A client ends in one of these ways, and a scenario says which is right:

"""

_LEVELS = {
    "must": "documented by OctopusX",
    "should": "HTTP, and plain good sense",
}


def markdown(rules: Iterable[Rule]) -> str:
    """The page."""
    rules = list(rules)
    ends = [f"`{word}` ({phase})" for word, phase in STATUS_PHASES.items() if phase is not Phase.PENDING]
    parts = [_HEAD + "\n".join(f"- `{outcome}`: {told}" for outcome, told in OUTCOMES.items())]
    parts.append(f"These status words are known for an end, in any case: {', '.join(ends)}. Any other is none.")
    for level in LEVELS:
        lines = [f"## {level}: {_LEVELS[level]}", "", "| rule | what a client owes | source |", "|---|---|---|"]
        lines += [
            f"| `{rule.id}` | {_cell(rule.sentence)} | {_cell(rule.source)} |" for rule in rules if rule.level == level
        ]
        parts.append("\n".join(lines))
    lines = ["## How much is enough", "", "Seconds are the client's own.", "", "| rule | |", "|---|---|"]
    lines += [f"| {rule} | {told} |" for rule, told in ENOUGH.items()]
    parts.append("\n".join(lines))
    return "\n\n".join(parts) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
