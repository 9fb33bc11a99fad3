"""Which scenarios can be judged, what a correct client ends with in each, and what a client did at a fake."""

from __future__ import annotations

from collections.abc import Iterable

from ..api.contract import URL_FIELDS
from ..fake.clip_files import shipped_clips
from ..fake.clips import DECOY
from ..fake.fake import Fake
from ..scenario.library import Library
from ..scenario.model import Expect, ReplyTemplate, Scenario
from ..scenario.problems import Problem, ScenarioError
from ..scenario.sources import NoScenarios, ScenarioSource, UnknownScenario, matching_names
from .observations import Case, Outcome
from .reference_client import expectation
from .verdict import Terms

__all__ = ["case_of", "chosen", "contradiction", "expected", "judgeable"]


def expected(scenario: Scenario, order: tuple[str, ...]) -> Expect:
    """What a client that keeps the contract ends with: as the scenario says, or found out where it does not.

    Raises ValueError when a client that reads the URL fields in this order gets a wrong clip.
    """
    written = scenario.expect
    if written is not None and order == URL_FIELDS:
        return written
    found = expectation(scenario, NoScenarios(), shipped_clips(), order)
    if written is not None and written.outcome == found.outcome:
        return Expect(found.outcome, tuple(dict.fromkeys((*found.sources, *written.sources))))
    return found


def contradiction(scenario: Scenario) -> Problem | None:
    """The problem of a scenario whose `expect` differs from what a client that keeps the contract ends with.

    None where the end depends on chance or signals, or is not reached unless the test does something.
    """
    written = scenario.expect
    transitions = [transition for state in scenario.states.values() for transition in state.next]
    if written is None or any(each.signal is not None or each.chance < 1 for each in transitions):
        return None
    try:
        found = expectation(scenario, NoScenarios(), shipped_clips())
    except ValueError:
        return None  # it gets a wrong clip: there is a reason to write down what is right
    if found.outcome == "no_end" or (found.outcome == written.outcome and {*found.sources} <= {*written.sources}):
        return None
    return Problem(
        ("expect",), f"{_described(written)}, but a client that keeps the contract ends with {_described(found)}"
    )


def _described(expect: Expect) -> str:
    return f"{expect.outcome} from {' or '.join(expect.sources)}" if expect.sources else expect.outcome


def chosen(library: ScenarioSource, selection: str | Scenario | Iterable[str | Scenario]) -> list[Scenario]:
    """The scenarios that match names, last parts of names, folders and patterns, each once.

    Raises `UnknownScenario` for one that matches none, `ScenarioError` for a file that is wrong, or that expects an
    outcome that no client can reach: the client would be blamed for it.
    """
    found: dict[str, Scenario] = {}
    names: list[str] = []
    for each in [selection] if isinstance(selection, (str, Scenario)) else selection:
        if isinstance(each, Scenario):
            found[each.name] = each
            continue
        names = names or library.names()
        matching = matching_names(each, names)
        if not matching:
            raise UnknownScenario(each, names)
        for name in matching:
            if name not in found:
                found[name] = library.find(name)
                if isinstance(library, Library) and not library.is_shipped(name):
                    problem = contradiction(found[name])
                    if problem is not None:
                        raise ScenarioError([problem], str(library.files[name]))
    return [found[name] for name in sorted(found)]


def judgeable(
    scenarios: Iterable[Scenario], flow: str, terms: Terms
) -> tuple[list[tuple[Scenario, Expect]], dict[str, str]]:
    """The scenarios that can be judged, each with the expected outcome, and the others by name with the reason."""
    found, left_out = [], {}
    for scenario in scenarios:
        # A create reply that only sets fields of the task does not make a scenario one about creating.
        if flow == "poll" and any(reply != ReplyTemplate(video=reply.video) for reply in scenario.create):
            left_out[scenario.name] = "it tests creating a task, and this client is given one"
            continue
        try:
            found.append((scenario, expected(scenario, terms.order)))
        except ValueError:
            left_out[scenario.name] = f"a client that reads {terms.url_order} first gets another clip"
    return found, left_out


def case_of(
    fake: Fake,
    scenario: Scenario,
    expect: Expect,
    outcome: Outcome,
    *,
    terms: Terms,
    given: str | None,
    ended_at: float | None = None,
) -> Case:
    """What a client did at a fake, as a case for the judge.

    `given` is the id of the task that the client was given, None when it created one; `ended_at` is when it ended, by
    the fake's clock (default: now).
    """
    clip_store = shipped_clips()
    clips = [fake.read_clip(task.clip) for task in fake.tasks] or [fake.clip]
    decoy = clip_store.named(DECOY)
    return Case(
        scenario,
        expect,
        list(fake.journal),
        outcome,
        clips=list(dict.fromkeys(clips)),
        other_clips=[clip_store.read(decoy)] if decoy is not None else [],
        bill=len(fake.bill),
        given=given,
        api_key=fake.api_key if fake.settings.keys else None,
        order=terms.order,
        speed=fake.clock.per_client_second(),
        ended_at=fake.clock.now() if ended_at is None else ended_at,
    )
