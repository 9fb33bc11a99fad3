"""Sample reports, as the judge makes them, from real exchanges: clients of several kinds run scenarios in process."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from support.asking import CREATE, Answer, ask, fetch
from video_mockserver.api.contract import URL_FIELDS, Phase, phase_of, result_urls
from video_mockserver.fake.clip_files import shipped_clips
from video_mockserver.fake.clock import ManualClock
from video_mockserver.fake.fake import Fake
from video_mockserver.scenario.library import Library

Data = dict[str, Any]

SPEED = 60.0
RERUN = "video-mockserver check --scenario {} -- python my_client.py {{base_url}} {{task_id}}"
GROK = "OctopusX: videos/grok (Grok Task Query), polling recommendations"

RULES = [
    {"rule": "fallback-download", "level": "must", "source": GROK,
     "sentence": "If the URL is empty or cannot be downloaded, get the clip from /content."},
    {"rule": "url-order", "level": "must", "source": GROK,
     "sentence": "Look for the result in output.url, video_url, url and detail.url, in this order."},
    {"rule": "stop-at-the-end", "level": "must", "source": GROK,
     "sentence": "Stop polling when the status is completed or failed."},
    {"rule": "poll-interval", "level": "should", "source": GROK, "sentence": "Poll every 5 to 10 seconds."},
    {"rule": "no-key-to-other-hosts", "level": "should", "source": "RFC 9110, 15.4",
     "sentence": "A key that was made for one origin is not sent to another."},
]  # fmt: skip

# Each scenario, and what the client does wrong in it.
CASES = [
    ("download/url_404", "no fallback"),
    ("download/reset_in_the_middle", "no fallback"),
    ("urls/output_before_url", "last url first"),
    ("lifecycle/many_polls", "polls on"),
    ("polling/mixed_errors", "hurries"),
    ("auth/url_ignores_token", "hurries"),
    ("polling/poll_429", ""),
    ("download/url_404", ""),
    ("lifecycle/failed_moderation", ""),
    ("content/content_late_404", ""),
    ("lifecycle/stuck_processing", ""),
]


@cache
def _library() -> Library:
    return Library()


def report(*, level: str = "must", cases: list[tuple[str, str]] | None = None) -> Data:
    """A report of a few cases, most of them with something broken; a new one at each call."""
    made = [case(name, wrong, seed) for seed, (name, wrong) in enumerate(CASES if cases is None else cases)]
    if cases is None:
        made.append(crashed("create/slow_create"))
    return gathered(made, level=level)


def large() -> Data:
    """A report of every shipped scenario; one client in nine does not fall back."""
    names = _library().names()
    return report(cases=[(name, "no fallback" if place % 9 == 0 else "") for place, name in enumerate(names)])


def gathered(cases: list[Data], *, level: str = "must") -> Data:
    """A report of these cases, its summary counted from them."""
    for one in cases:
        fails = any(level == "should" or each["level"] == "must" for each in one["violations"])
        if one["verdict"] != "error":
            one["verdict"] = "fail" if fails else "pass"
    count = {verdict: sum(one["verdict"] == verdict for one in cases) for verdict in ("pass", "fail", "error")}
    violated = [
        {**rule, "cases": [one["scenario"] for one in cases if rule["rule"] in [b["rule"] for b in one["violations"]]]}
        for rule in RULES
    ]
    return {
        "tool": {"name": "video-mockserver", "version": "0.1.0"},
        "client": "python my_client.py {base_url} {task_id}",
        "started_at": "2026-11-24T12:00:00Z",
        "seconds": 12.3,
        "options": {"flow": "poll", "level": level, "order": list(URL_FIELDS), "seed": 0, "speed": SPEED,
                    "timeout": 30.0},
        "ignored": [{"rule": "retry-after", "reason": "our gateway has no limits"}],
        "rules": [dict(rule) for rule in RULES],
        "summary": {
            "verdict": "error" if count["error"] else "fail" if count["fail"] else "pass",
            "cases": len(cases), **count, "skipped": 1, "ended_early": None,
            "violations": sorted(filter(_has_cases, violated), key=lambda one: (one["level"], -len(one["cases"]))),
        },
        "cases": cases,
        "skipped": [{"scenario": "create/create_401",
                     "reason": "it tests creating a task, and this client is given one"}],
    }  # fmt: skip


def _has_cases(rule: Data) -> bool:
    return bool(rule["cases"])


def case(name: str, wrong: str = "", seed: int = 0) -> Data:
    """One scenario, run by a client that does this wrong (see `CASES`)."""
    clock = ManualClock()
    fake = Fake(_library(), shipped_clips(), scenario=name, clock=clock, seed=seed)
    outcome = _Client(fake, clock, wrong).run()
    scenario = fake.scenario(name)
    exchanges = list(fake.journal)
    for exchange in exchanges:
        size = len(exchange.reply_body)
        exchange.finish(size // 2 if exchange.fault else size, "fault" if exchange.fault else "whole")
    expect = scenario.expect
    assert expect is not None
    return {
        "scenario": name, "summary": scenario.summary, "source": scenario.source, "verdict": "pass",
        "expected": {"outcome": expect.outcome, "sources": list(expect.sources)},
        "outcome": outcome, "seconds": 0.42,
        "violations": _violations(wrong, exchanges[-1].number if exchanges else None),
        "exchanges": [exchange.to_data() for exchange in exchanges],
        "output": f"waiting for {name}\n" + ("no clip: 404 Client Error\n" if wrong == "no fallback" else "saved\n"),
        "rerun": RERUN.format(name),
    }  # fmt: skip


def crashed(name: str) -> Data:
    """A case that could not be judged."""
    base = case(name)
    output = 'Traceback (most recent call last):\n  File "my_client.py", line 3, in <module>\nNo module named httpx\n'
    return {**base, "verdict": "error", "outcome": {"ended": "unknown", "description": "exit 1", "bytes": None},
            "exchanges": [], "output": output, "rerun": None}  # fmt: skip


def _violations(wrong: str, exchange: int | None) -> list[Data]:
    messages = {
        "no fallback": (0, "the download failed, and /content was never asked for"),
        "last url first": (1, "it downloaded url although output.url was there"),
        "polls on": (2, "it polled again 20 times after the task was completed"),
        "hurries": (3, "it polled again after 0.1 s"),
    }
    if wrong not in messages:
        return []
    number, message = messages[wrong]
    rule = RULES[number]
    return [{"rule": rule["rule"], "level": rule["level"], "message": message, "source": rule["source"],
             "exchange": exchange}]  # fmt: skip


class _Client:
    """A client that keeps the contract except for one thing; its waiting moves the fake's clock."""

    def __init__(self, fake: Fake, clock: ManualClock, wrong: str) -> None:
        self._fake = fake
        self._clock = clock
        self._wrong = wrong

    def run(self) -> Data:
        created = ask(self._fake, "POST", "/v1/videos", json=CREATE)
        task = self._fake.tasks[0].id if self._fake.tasks else None
        if created.status >= 300 or task is None:
            return {"ended": "reported", "description": f"exit 1, create answered {created.status}", "bytes": None}
        document = self._poll(task)
        if phase_of(document.get("status")) is not Phase.SUCCEEDED:
            return {"ended": "reported", "description": "exit 1", "bytes": None}
        for answer in self._tries(task, document):
            if answer.status == 200 and answer.fault is None and answer.body[4:8] == b"ftyp":
                return {"ended": "delivered", "description": "exit 0", "bytes": len(answer.body)}
        return {"ended": "reported", "description": "exit 1", "bytes": None}

    def _poll(self, task: str) -> Data:
        after_the_end = 20 if self._wrong == "polls on" else 0
        for _ in range(60):
            answer = ask(self._fake, "GET", f"/v1/videos/{task}")
            self._clock.advance(6 if self._wrong == "hurries" else 300)
            document = _object(answer)
            if phase_of(document.get("status")) is not Phase.PENDING:
                if not after_the_end:
                    return document
                after_the_end -= 1
        return {}

    def _tries(self, task: str, document: Data) -> Any:
        found = list(result_urls(document))
        if self._wrong == "last url first":
            found.reverse()
        for one in found:
            if one.url.startswith("http://clips.test/"):
                yield fetch(self._fake, one.url)
        if self._wrong != "no fallback":
            for _ in range(3):
                yield ask(self._fake, "GET", f"/v1/videos/{task}/content")


def _object(answer: Answer) -> Data:
    try:
        document = answer.json
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


# --- reports with extremes --------------------------------------------------------------------------------------------

# What a client, a server or a scenario may say to break a report: markup, colours, what no document can hold.
HOSTILE = (
    "</script></pre></details></svg><img src=x onerror=alert(1)>\" ' & &amp; ]]> <!-- \x1b[31mred\x1b[0m \x00\x07\r"
    "\ud800 \ufffe \u202e {braces} %s"
)
# Words that have a meaning to the reports; everything else is anybody's text.
OURS = {"verdict", "level", "outcome", "ended", "flow", "started_at"}


def spoiled(data: Any, by: str = HOSTILE, key: str = "") -> Any:
    """The same report with something hostile in each of its texts."""
    if isinstance(data, dict):
        return {name: spoiled(value, by, name) for name, value in data.items()}
    if isinstance(data, list):
        return [spoiled(value, by, key) for value in data]
    return data + by if isinstance(data, str) and key not in OURS else data


def empty() -> Data:
    """A report of a run without any case."""
    return {**report(cases=[]), "ignored": [], "skipped": []}


def all_failed() -> Data:
    """A report of as many cases as the library has, all failed, with many exchanges, long bodies and long outputs."""
    one = case("polling/mixed_errors", "no fallback")
    exchanges = []
    for number in range(1, 201):
        exchange = json.loads(json.dumps(one["exchanges"][number % len(one["exchanges"])]))
        exchange["number"] = number
        exchange["reply"]["body"] = "<body> " * 2000
        exchanges.append(exchange)
    one = {**one, "exchanges": exchanges, "output": "a line of output\n" * 2000}
    return gathered([{**one, "scenario": f"polling/case_{number}"} for number in range(274)])


REPORTS = {
    "sample": report,
    "strict": lambda: report(level="should"),
    "good": lambda: report(cases=[("lifecycle/plain", "")]),
    "empty": empty,
    "large": large,
    "hostile": lambda: spoiled(report()),
}
