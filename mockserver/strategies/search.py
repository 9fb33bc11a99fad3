"""Generated scenarios for any program: `video-mockserver check --random N --seed S -- CMD`.

The scenarios are drawn first and run many at a time. Then those that broke a rule are shrunk, a rule at a time: the
generator draws the same again and makes it smaller, as long as the program still breaks that rule.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import cast

from ..judge.expectation import expected
from ..judge.verdict import Terms, Verdict
from ..scenario.model import Expect, Scenario
from ..scenario.writer import write_scenario
from ..strategies import ASPECTS, Aspect
from .generated import drawn, smallest

__all__ = ["ASPECTS", "Found", "check_random"]

# What shrinking for one rule may take: runs of the program, and seconds.
_MOST_TRIES, _LONGEST = 200, 30.0

Case = tuple[Scenario, Expect]


@dataclass(frozen=True, slots=True)
class Found:
    """A rule that a program broke, and the verdict on the smallest scenario in which that was seen."""

    rule: str
    verdict: Verdict

    @property
    def text(self) -> str:
        """The scenario as the text of a file."""
        return write_scenario(self.verdict.scenario)

    def save(self, folder: Path) -> Path:
        """Write the scenario into a folder, which is created if missing. Raises OSError."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{self.verdict.scenario.name}.yaml"
        path.write_text(self.text, "utf-8")
        return path


@dataclass(slots=True)
class Result:
    """What was drawn and run, and what was found; `interrupted` when not every rule's scenario could be shrunk."""

    drawn: Sequence[Verdict]
    found: list[Found] = field(default_factory=list)
    interrupted: bool = False

    @property
    def verdicts(self) -> list[Verdict]:
        """One for each scenario, without those that a found one covers."""
        covered = {rule for found in self.found for rule in _broken(found.verdict)}
        left = [verdict for verdict in self.drawn if not verdict.violations or not covered.issuperset(_broken(verdict))]
        return [*left, *(found.verdict for found in self.found)]


def check_random(
    run: Callable[[Sequence[Case]], Sequence[Verdict]],
    *,
    examples: int,
    seed: int,
    terms: Terms,
    explore: Collection[str] = ASPECTS,
    on_rule: Callable[[str], None] = lambda rule: None,
) -> Result:
    """Run a program through generated scenarios, and shrink those in which it breaks a rule.

    One scenario stands for all the rules that are broken in it. The same `seed` draws the same scenarios. `run` runs
    the program through several cases; `on_rule` is called before the scenario of a rule is shrunk. `explore` names
    aspects, of `ASPECTS`. A KeyboardInterrupt ends the shrinking; the result has what was found until then.
    """
    aspects = cast("Collection[Aspect]", explore)
    known: dict[str, Verdict] = {}

    def judged(scenarios: Sequence[Scenario]) -> list[Verdict]:
        fresh = {text: scenario for scenario in scenarios if (text := write_scenario(scenario)) not in known}
        verdicts = run([_case(f"generated-{_digest(text)}", each, terms) for text, each in fresh.items()])
        known.update(zip(fresh, verdicts, strict=True))
        return [known[write_scenario(scenario)] for scenario in scenarios]

    verdicts = judged(drawn(examples, seed, explore=aspects, order=terms.order))
    result = Result(verdicts)

    def shrink(rule: str) -> None:
        tries, began = 0, time.monotonic()

        def breaks(scenario: Scenario) -> bool:
            nonlocal tries
            if write_scenario(scenario) not in known:
                tries += 1
                if tries > _MOST_TRIES or time.monotonic() - began > _LONGEST:
                    return False
            return rule in _broken(judged([scenario])[0])

        least = smallest(examples, seed, breaks, explore=aspects, order=terms.order)
        if least is not None and not any(each.text == write_scenario(least) for each in result.found):
            verdict = known[write_scenario(least)]
            name = f"{rule}-{_digest(write_scenario(least))}"
            result.found.append(Found(rule, replace(verdict, scenario=replace(verdict.scenario, name=name))))

    try:
        for rule in dict.fromkeys(rule for verdict in verdicts for rule in _broken(verdict)):
            on_rule(rule)
            shrink(rule)
    except KeyboardInterrupt:
        result.interrupted = True
    return result


def _case(name: str, scenario: Scenario, terms: Terms) -> Case:
    scenario = replace(scenario, name=name)
    return scenario, expected(scenario, terms.order)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def _broken(verdict: Verdict) -> list[str]:
    return [broken.rule.id for broken in verdict.violations]
