"""The judge: it applies the rules to what a client did, and makes verdicts and reports; `Terms` choose the rules."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypedDict

from ..api.contract import URL_FIELDS, URL_FIELDS_TABLE_READING
from ..api.suggest import did_you_mean
from ..api.version import tool_version
from ..fake.journal import Exchange
from ..scenario.model import Expect, Scenario
from . import anomalies
from .observations import Case, Outcome
from .reports.terminal import render
from .rules.rule import LEVELS, Level, Rule, hangs
from .rules.table import RULES

__all__ = [
    "LEVELS", "URL_ORDERS", "ContractBroken", "Level", "Report", "Terms", "TermsOptions", "UrlOrder", "Verdict",
    "VerdictStatus", "Violation", "judge", "new_report",
]  # fmt: skip

UrlOrder = Literal["output.url", "video_url"]
VerdictStatus = Literal["pass", "fail", "error"]

# The two readings of the documentation, by the field that is read first.
URL_ORDERS: Mapping[UrlOrder, tuple[str, ...]] = {"output.url": URL_FIELDS, "video_url": URL_FIELDS_TABLE_READING}


class ContractBroken(AssertionError):
    """A client violated the contract; the message says which rules, where, and their sources."""


class TermsOptions(TypedDict, total=False):
    """The fields of `Terms` as options, wherever they can be given one by one."""

    level: Level
    url_order: UrlOrder
    levels: Mapping[str, Level]
    ignore: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Terms:
    """The rules that a project holds its client to.

    - `level`: `"should"` judges every rule (the default), `"must"` only the documented ones.
    - `url_order`: the URL field that is read first, `"output.url"` (the default) or `"video_url"`.
    - `levels`: rules with another level, by id (default: none).
    - `ignore`: rules that are not judged, by id, each with the reason (default: none).

    Raises ValueError for an unknown rule, level or order, and for an ignored rule without a reason.
    """

    level: Level = "should"
    url_order: UrlOrder = "output.url"
    levels: Mapping[str, Level] = field(default_factory=dict)
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
                raise ValueError(f"ignore.{rule}: expected the reason, a text that is not empty")

    @property
    def order(self) -> tuple[str, ...]:
        """The fields of the result URL, first to last."""
        return URL_ORDERS[self.url_order]

    def level_of(self, rule: Rule) -> Level:
        """The level of a rule under these terms."""
        return self.levels.get(rule.id, rule.level)

    def rules(self) -> list[Rule]:
        """The rules that are judged, in their order of presentation."""
        return [
            rule
            for rule in RULES.values()
            if rule.id not in self.ignore and (self.level == "should" or self.level_of(rule) == "must")
        ]


def _one_of(what: str, value: object, known: Iterable[str]) -> None:
    names = list(known)
    if value not in names:
        raise ValueError(f"{what}: no {value!r}{did_you_mean(value, names)}")


@dataclass(frozen=True, slots=True)
class Violation:
    """A rule that a client violated: at which level, how, and the number of the exchange that shows it."""

    rule: Rule
    level: Level
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
    """The result of one client in one scenario.

    - `status`: `"pass"`, `"fail"` (a rule was violated) or `"error"` (the client could not be judged).
    - `note`: the reason of an error, or a remark; "" without one.
    - `seconds`: how long it took, in real seconds.
    - `output`: what the client's program printed; "" for a function.
    - `rerun`: the command that runs this case again; None for a function.
    """

    scenario: Scenario
    expect: Expect
    outcome: Outcome
    violations: tuple[Violation, ...]
    exchanges: Sequence[Exchange]
    status: VerdictStatus
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
            "violations": [violation.to_data() for violation in self.violations],
            "exchanges": [exchange.to_data() for exchange in self.exchanges],
            "output": self.output,
            "rerun": self.rerun,
        }


def judge(case: Case, terms: Terms) -> Verdict:
    """Apply the rules to a case. A client that was stopped before it violated anything could not be judged."""
    violations = []
    for rule in terms.rules():
        finding = rule.finding(case)
        if finding is not None:
            violations.append(Violation(rule, terms.level_of(rule), finding.message, finding.exchange))
    violations.sort(key=lambda each: LEVELS.index(each.level))
    status: VerdictStatus = "fail" if violations else "pass"
    note = ""
    if not violations and case.outcome.ended == "stopped":
        wanted = anomalies.retry_after(case.last) if case.last is not None else None
        if wanted:
            note = f"stopped while honouring Retry-After: {wanted:g}"
        else:
            status = "error"
            note = "not judged: give the case more time, or let the client pause less"
            if hangs(case):
                note = "not judged: give the case more time, or the client a shorter timeout"
    return Verdict(case.scenario, case.expect, case.outcome, tuple(violations), case.exchanges, status, note)


@dataclass
class Report:
    """The verdicts of one check, in the order of the scenarios' names.

    - `skipped`: scenarios that were not run, by name, each with the reason.
    - `seconds`: how long the check took, in real seconds.
    - `ended_early`: why some cases were not run (they are among the skipped ones); "" when all were run.
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
    def status(self) -> VerdictStatus:
        """`"fail"` when a rule was violated, `"error"` when a case was not judged or not run, else `"pass"`."""
        statuses: set[VerdictStatus] = {verdict.status for verdict in self.verdicts}
        if "fail" in statuses:
            return "fail"
        return "error" if "error" in statuses or self.ended_early else "pass"

    @property
    def ok(self) -> bool:
        """Whether every case passed."""
        return self.status == "pass"

    @property
    def failed(self) -> list[Verdict]:
        """The verdicts whose status is not `"pass"`."""
        return [verdict for verdict in self.verdicts if verdict.status != "pass"]

    def violations(self) -> dict[str, list[Verdict]]:
        """The violated rules by id, each with its verdicts: `must` first, then by the number of cases."""
        found: dict[str, list[Verdict]] = {}
        levels: dict[str, Level] = {}
        for verdict in self.verdicts:
            for violation in verdict.violations:
                found.setdefault(violation.rule.id, []).append(verdict)
                levels[violation.rule.id] = violation.level
        return dict(sorted(found.items(), key=lambda item: (LEVELS.index(levels[item[0]]), -len(item[1]))))

    def to_data(self) -> dict[str, Any]:
        """As JSON-ready data; `mockserver/judge/reports/check.schema.json` is its schema."""
        statuses = [verdict.status for verdict in self.verdicts]
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
                "cases": len(statuses),
                "pass": statuses.count("pass"),
                "fail": statuses.count("fail"),
                "error": statuses.count("error"),
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
        """Raise `ContractBroken` unless every case passed; its message describes the others."""
        __tracebackhide__ = True  # for pytest: the message is enough
        if not self.ok:
            raise ContractBroken(render(self.to_data()))


def new_report(client: str, terms: Terms, left_out: Mapping[str, str], began: float, **options: Any) -> Report:
    """An empty report of a check that began at a Unix time; `options` become those of the report's data."""
    moment = datetime.datetime.fromtimestamp(began, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return Report(client, terms, [], dict(left_out), options, moment, 0.0, tool_version())
