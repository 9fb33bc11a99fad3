"""Cases made ready for the judge: what is expected in a scenario, and what a client did at a fake."""

from __future__ import annotations

from mockserver.choice import UnknownScenario
from mockserver.clips import DECOY
from mockserver.contract import URL_FIELDS
from mockserver.evidence import Case, Outcome
from mockserver.fake import Fake
from mockserver.judge import Terms
from mockserver.library import shipped_shelf
from mockserver.reading import expectation
from mockserver.scenario import Expect, Scenario

__all__ = ["case_of", "expected"]


class _NoOthers:
    def find(self, name: str) -> Scenario:
        raise UnknownScenario(name, ())

    def names(self) -> list[str]:
        return []


def expected(scenario: Scenario, order: tuple[str, ...]) -> Expect:
    """What a client that keeps the contract ends with: as written, or found out where that is not said.

    Raises ValueError when with this reading of the order nothing right can be had.
    """
    written = scenario.expect
    if written is not None and order == URL_FIELDS:
        return written
    found = expectation(scenario, _NoOthers(), shipped_shelf(), order)
    if written is not None and written.outcome == found.outcome:
        return Expect(found.outcome, tuple(dict.fromkeys((*found.sources, *written.sources))))
    return found


def case_of(
    fake: Fake, scenario: Scenario, expect: Expect, outcome: Outcome, *, terms: Terms, given: str | None
) -> Case:
    """What a client did at a fake, ready to be judged. `given` is the task's id, where the client was given one."""
    shelf = shipped_shelf()
    films = [fake.read_clip(task.clip) for task in fake.tasks] or [fake.clip]
    decoy = shelf.named(DECOY)
    return Case(
        scenario,
        expect,
        list(fake.journal),
        outcome,
        films=list(dict.fromkeys(films)),
        decoys=[shelf.read(decoy)] if decoy is not None else [],
        bill=len(fake.bill),
        given=given,
        api_key=min(fake.settings.keys) if fake.settings.keys else None,
        order=terms.order,
        speed=fake.clock.per_client_second(),
        ended_at=fake.clock.now(),
    )
