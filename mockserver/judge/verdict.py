"""The judge: rules applied to what a client did, by the terms of a project; the verdicts, and all of them as data."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from ..api.contract import URL_FIELDS, URL_FIELDS_TABLE_READING
from ..api.suggest import close_matches
from ..fake.journal import Exchange
from ..scenario.model import Expect, Scenario
from . import anomalies
from .observations import Case, Outcome
from .reports.terminal import render
from .rules import LEVELS, RULES, Rule
from .rules.rule import hangs

__all__ = ["URL_ORDERS", "ContractBroken", "Report", "Terms", "Verdict", "Violation", "judge", "new_report"]

# The two readings of the documentation, by the field that is read first.
URL_ORDERS: Mapping[str, tuple[str, ...]] = {"output.url": URL_FIELDS, "video_url": URL_FIELDS_TABLE_READING}


class ContractBroken(AssertionError):
    """A client broke a promise; the message says which, where, and what stands behind it."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What a project holds its client to.

    - `level`: `"should"` judges every rule (the default), `"must"` those alone that are documented.
    - `url_order`: the field that is read first, `"output.url"` (the default) or `"video_url"`.
    - `levels`: other levels for rules, by id.
    - `ignore`: rules that are left out, by id, each with the reason.

    Raises ValueError for an unknown rule, level or order, and for a rule left out without a reason.
    """

    level: str = "should"
    url_order: str = "output.url"
    levels: Mapping[str, str] = field(default_factory=dict)
    ignore: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _one_of("level", self.level, LEVELS)
        _one_of("url_order", self.url_order, URL_ORDERS)
        for rule, level in self.levels.items():
            _one_of("levels", rule, RULES)
            _one_of(f"levels.{rule}", level, LEVELS)
        for rule, reason in self.ignore.items():
            _one_of("ignore", rule, RULES)
            if not isinstance(reason, str) or not reason.strip():
                raise ValueError(f"ignore.{rule}: a rule is left out for a reason; say which")

    @property
    def order(self) -> tuple[str, ...]:
        """The fields of the result URL in the order of this reading."""
        return URL_ORDERS[self.url_order]

    def level_of(self, rule: Rule) -> str:
        """The level of a rule."""
        return self.levels.get(rule.id, rule.level)

    def rules(self) -> list[Rule]:
        """The rules that are judged, in the order of their table."""
        return [
            rule
            for rule in RULES.values()
            if rule.id not in self.ignore and (self.level == "should" or self.level_of(rule) == "must")
        ]


def _one_of(what: str, value: object, known: Iterable[str]) -> None:
    names = list(known)
    if value not in names:
        close = close_matches(str(value), names)
        hint = f"did you mean {close[0]!r}?" if close else f"there are {', '.join(names)}"
        raise ValueError(f"{what}: no {value!r} ({hint})")


@dataclass(frozen=True, slots=True)
class Violation:
    """A rule that a client broke: at which level, how, and the number of the exchange that shows it."""

    rule: Rule
    level: str
    message: str
    exchange: int | None = None

    def to_data(self) -> dict[str, Any]:
        """As JSON-ready data."""
        return {
            "rule": self.rule.id, "level": self.level, "message": self.message, "source": self.rule.source,
            "exchange": self.exchange,
        }  # fmt: skip


@dataclass(slots=True)
class Verdict:
    """What the judge says of one client in one scenario.

    `status` is `"pass"`, `"fail"` or `"error"`; `note` says why there is an error, or what else should be known.
    `seconds` are real ones. `output` is what a program printed, `rerun` the command that runs just this case again.
    """

    scenario: Scenario
    expect: Expect
    outcome: Outcome
    violations: tuple[Violation, ...]
    exchanges: Sequence[Exchange]
    status: str
    note: str = ""
    seconds: float = 0.0
    output: str = ""
    rerun: str | None = None

    def to_data(self) -> dict[str, Any]:
        """As JSON-ready data, keys hidden."""
        clip = self.outcome.clip
        return {
            "scenario": self.scenario.name,
            "summary": self.scenario.summary,
            "source": self.scenario.source,
            "verdict": self.status,
            "expected": {"outcome": self.expect.outcome, "sources": list(self.expect.sources)},
            "outcome": {
                "ended": self.outcome.ended,
                "description": "; ".join(part for part in (self.outcome.description, self.note) if part),
                "bytes": len(clip) if clip is not None else None,
            },
            "seconds": round(self.seconds, 4),
            "violations": [broken.to_data() for broken in self.violations],
            "exchanges": [exchange.to_data() for exchange in self.exchanges],
            "output": self.output,
            "rerun": self.rerun,
        }


def judge(case: Case, terms: Terms) -> Verdict:
    """Apply the rules to a case. A client that had to be stopped and had broken nothing could not be judged."""
    broken = []
    for rule in terms.rules():
        finding = rule.finding(case)
        if finding is not None:
            broken.append(Violation(rule, terms.level_of(rule), finding.message, finding.exchange))
    broken.sort(key=lambda each: LEVELS.index(each.level))
    word, note = "fail" if broken else "pass", ""
    if not broken and case.outcome.ended == "stopped":
        asked = anomalies.retry_after(case.last) if case.last is not None else None
        if asked:
            note = f"it was told to wait for {asked:g} s, and did"
        else:
            word = "error"
            note = "it could not be judged: give the case more time, or let the client pause less"
            if hangs(case):
                note = "it could not be judged: give the case more time, or the client a shorter time-out"
    return Verdict(case.scenario, case.expect, case.outcome, tuple(broken), case.exchanges, word, note)


@dataclass
class Report:
    """Every verdict of one check, in the order of the scenarios' names.

    `ended_early` says why some cases were not run, which are among the skipped ones then; "" when all were.
    """

    client: str
    terms: Terms
    verdicts: list[Verdict]
    skipped: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    started_at: str = ""
    seconds: float = 0.0
    version: str = ""
    ended_early: str = ""

    @property
    def status(self) -> str:
        """`"fail"` when a promise was broken, `"error"` when a case could not be judged or was not, else `"pass"`."""
        words = {verdict.status for verdict in self.verdicts} | ({"error"} if self.ended_early else set())
        return next((word for word in ("fail", "error") if word in words), "pass")

    @property
    def ok(self) -> bool:
        """Whether every case passed."""
        return self.status == "pass"

    @property
    def failed(self) -> list[Verdict]:
        """The verdicts that are no pass."""
        return [verdict for verdict in self.verdicts if verdict.status != "pass"]

    def violations(self) -> dict[str, list[Verdict]]:
        """The broken rules by id, each with its cases: `must` first, then those of many cases."""
        found: dict[str, list[Verdict]] = {}
        levels: dict[str, str] = {}
        for verdict in self.verdicts:
            for broken in verdict.violations:
                found.setdefault(broken.rule.id, []).append(verdict)
                levels[broken.rule.id] = broken.level
        return dict(sorted(found.items(), key=lambda item: (LEVELS.index(levels[item[0]]), -len(item[1]))))

    def to_data(self) -> dict[str, Any]:
        """As JSON-ready data; `mockserver/judge/reports/check.schema.json` is its schema."""
        words = [verdict.status for verdict in self.verdicts]
        return {
            "tool": {"name": "video-mockserver", "version": self.version},
            "client": self.client,
            "started_at": self.started_at,
            "seconds": round(self.seconds, 3),
            "options": {**self.options, "level": self.terms.level, "order": list(self.terms.order)},
            "ignored": [{"rule": rule, "reason": reason} for rule, reason in self.terms.ignore.items()],
            "rules": [self._rule(rule) for rule in self.terms.rules()],
            "summary": {
                "verdict": self.status,
                "cases": len(words),
                "pass": words.count("pass"),
                "fail": words.count("fail"),
                "error": words.count("error"),
                "skipped": len(self.skipped),
                "ended_early": self.ended_early or None,
                "violations": [
                    {**self._rule(RULES[rule]), "cases": [verdict.scenario.name for verdict in verdicts]}
                    for rule, verdicts in self.violations().items()
                ],
            },
            "cases": [verdict.to_data() for verdict in self.verdicts],
            "skipped": [{"scenario": name, "reason": reason} for name, reason in self.skipped.items()],
        }

    def _rule(self, rule: Rule) -> dict[str, Any]:
        return {
            "rule": rule.id, "level": self.terms.level_of(rule), "sentence": rule.sentence, "source": rule.source,
        }  # fmt: skip

    def raise_for_violations(self) -> None:
        """Raise `ContractBroken`, which tells of every case that is no pass."""
        __tracebackhide__ = True  # of pytest: the message says it all
        if not self.ok:
            raise ContractBroken(render(self.to_data()))


def new_report(client: str, terms: Terms, left_out: Mapping[str, str], began: float, **options: Any) -> Report:
    """An empty report that began at a Unix time; `options` are those of the report's data."""
    moment = datetime.datetime.fromtimestamp(began, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return Report(client, terms, [], dict(left_out), options, moment, 0.0, _version())


@cache
def _version() -> str:
    try:
        return version("video-mockserver")
    except PackageNotFoundError:
        return "?"
