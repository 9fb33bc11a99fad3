"""Generated scenarios for any program: `video-mockserver check --random N --seed S -- CMD`.

The scenarios are drawn first and run many at a time. What broke a rule is shrunk then, one rule after the other: the
generator draws the same again and makes it smaller, as long as the program still breaks that rule.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

from mockserver.cases import expected
from mockserver.judge import Terms, Verdict
from mockserver.scenario import Expect, Scenario
from mockserver.scenario_file import write
from mockserver.strategies import ASPECTS, Aspect
from mockserver.strategies.generated import drawn, smallest

__all__ = ["ASPECTS", "Found", "check_random"]

# What shrinking for one rule may take: runs of the program, and seconds.
_MOST_TRIES, _LONGEST = 200, 30.0

Case = tuple[Scenario, Expect]


@dataclass(frozen=True, slots=True)
class Found:
    """A rule that a program broke, and the verdict on the smallest scenario in which it was seen to."""

    rule: str
    verdict: Verdict

    @property
    def text(self) -> str:
        """The scenario as the text of a file."""
        return write(self.verdict.scenario)

    def save(self, folder: Path) -> Path:
        """Write the scenario into a folder, which is made when it is not there. Raises OSError."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{self.verdict.scenario.name}.yaml"
        path.write_text(self.text, "utf-8")
        return path


def check_random(
    run: Callable[[Sequence[Case]], Sequence[Verdict]],
    *,
    examples: int,
    seed: int,
    terms: Terms,
    explore: Collection[str] = ASPECTS,
    on_rule: Callable[[str], None] = lambda rule: None,
) -> tuple[list[Verdict], list[Found]]:
    """Run a program through generated scenarios: what it passed, and the smallest scenarios that break a rule.

    One scenario stands for all the rules that are broken in it. The same `seed` draws the same scenarios. `run` runs
    the program through several cases; `on_rule` is called before the scenario of a rule is shrunk. `explore` names
    aspects, of `ASPECTS`.
    """
    aspects = cast("Collection[Aspect]", explore)
    known: dict[str, Verdict] = {}

    def judged(scenarios: Sequence[Scenario]) -> list[Verdict]:
        fresh = {text: scenario for scenario in scenarios if (text := write(scenario)) not in known}
        verdicts = run([_case(f"generated-{_digest(text)}", each, terms) for text, each in fresh.items()])
        known.update(zip(fresh, verdicts, strict=True))
        return [known[write(scenario)] for scenario in scenarios]

    verdicts = judged(drawn(examples, seed, explore=aspects, order=terms.order))
    found: list[Found] = []
    for rule in dict.fromkeys(broken.rule.id for verdict in verdicts for broken in verdict.broken):
        on_rule(rule)
        tries, began = 0, time.monotonic()

        def breaks(scenario: Scenario, rule: str = rule, began: float = began) -> bool:
            nonlocal tries
            if write(scenario) not in known:
                tries += 1
                if tries > _MOST_TRIES or time.monotonic() - began > _LONGEST:
                    return False
            return rule in _broken(judged([scenario])[0])

        least = smallest(examples, seed, breaks, explore=aspects, order=terms.order)
        if least is not None and not any(each.text == write(least) for each in found):
            verdict = known[write(least)]
            name = f"{rule}-{_digest(write(least))}"
            found.append(Found(rule, replace(verdict, scenario=replace(verdict.scenario, name=name))))
    return [verdict for verdict in verdicts if not verdict.broken], found


def _case(name: str, scenario: Scenario, terms: Terms) -> Case:
    scenario = replace(scenario, name=name)
    return scenario, expected(scenario, terms.order)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def _broken(verdict: Verdict) -> set[str]:
    return {broken.rule.id for broken in verdict.broken}
