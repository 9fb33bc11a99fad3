"""Makes docs/contract.md from the rules."""

from __future__ import annotations

from collections.abc import Iterable

from ..api.contract import OUTCOMES, STATUS_PHASES, Phase
from ..judge.rules.rule import LEVELS, Level, Rule
from ..judge.rules.thresholds import EXPLAINED

__all__ = ["markdown"]

_HEAD = """\
# The client contract

The rules that the judge applies to a client of OctopusX's video API. This page is made by
`video-mockserver rules --markdown`; the rules themselves are in `mockserver/judge/rules/`.

Where the contract leaves a choice, every choice is right: retrying a download before falling back, sending HEAD first,
reading by Range, backing off, polling fast at first, requesting `/content` after one failed URL or after all of them,
and giving up early with an error where nothing obliges a client to go on.

A client ends in one of these ways, and each scenario has one that is right:

"""

_LEVELS: dict[Level, str] = {
    "must": "documented by OctopusX",
    "should": "HTTP and good practice",
}


def markdown(rules: Iterable[Rule]) -> str:
    """The whole page."""
    rules = list(rules)
    terminal = [f"`{status}` ({phase})" for status, phase in STATUS_PHASES.items() if phase is not Phase.PENDING]
    parts = [_HEAD + "\n".join(f"- `{outcome}`: {meaning}" for outcome, meaning in OUTCOMES.items())]
    parts.append(f"These status words are terminal, in upper or lower case: {', '.join(terminal)}. All others are not.")
    for level in LEVELS:
        lines = [f"## {level}: {_LEVELS[level]}", "", "| rule | what it demands | source |", "|---|---|---|"]
        lines += [
            f"| `{rule.id}` | {_cell(rule.sentence)} | {_cell(rule.source)} |" for rule in rules if rule.level == level
        ]
        parts.append("\n".join(lines))
    lines = ["## Limits in the rules", "", "Seconds are the client's own.", "", "| rule | limit |", "|---|---|"]
    lines += [f"| `{rule}` | {text} |" for rule, text in EXPLAINED.items()]
    parts.append("\n".join(lines))
    return "\n\n".join(parts) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
