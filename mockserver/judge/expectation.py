"""Cases made ready for the judge: which scenarios, what is expected in each, and what a client did at a fake."""

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
    """What a client that keeps the contract ends with: as written, or found out where that is not said.

    Raises ValueError when with this reading of the order nothing right can be had.
    """
    written = scenario.expect
    if written is not None and order == URL_FIELDS:
        return written
    found = expectation(scenario, NoScenarios(), shipped_clips(), order)
    if written is not None and written.outcome == found.outcome:
        return Expect(found.outcome, tuple(dict.fromkeys((*found.sources, *written.sources))))
    return found


def contradiction(scenario: Scenario) -> Problem | None:
    """What is wrong with what a scenario expects: a client that keeps the contract ends with something else.

    Nothing is said where the end depends on chance or on signals, or is not reached without the test's doing.
    """
    written = scenario.expect
    ways = [way for state in scenario.states.values() for way in state.next]
    if written is None or any(way.signal is not None or way.chance < 1 for way in ways):
        return None
    try:
        found = expectation(scenario, NoScenarios(), shipped_clips())
    except ValueError:
        return None  # it gets another film, so there is a reason to say what is right
    if found.outcome == "no_end" or (found.outcome == written.outcome and {*found.sources} <= {*written.sources}):
        return None
    return Problem(("expect",), f"{_told(written)}, but a client that keeps the contract ends with {_told(found)}")


def _told(expect: Expect) -> str:
    return f"{expect.outcome} from {' or '.join(expect.sources)}" if expect.sources else expect.outcome


def chosen(library: ScenarioSource, asked: str | Scenario | Iterable[str | Scenario]) -> list[Scenario]:
    """The scenarios that names, last parts of names, folders and patterns stand for, each once.

    Raises `UnknownScenario` for one that stands for none, `ScenarioError` for a file that is wrong, or that expects
    what cannot be: the client would be blamed for it.
    """
    found: dict[str, Scenario] = {}
    names: list[str] = []
    for each in [asked] if isinstance(asked, (str, Scenario)) else asked:
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
    """The scenarios that can be judged, each with what is expected, and the others by name with the reason."""
    found, left_out = [], {}
    for scenario in scenarios:
        # A scenario that only says how its task looks at first is about more than that.
        if flow == "poll" and any(reply != ReplyTemplate(video=reply.video) for reply in scenario.create):
            left_out[scenario.name] = "it is about creating, and the client is given a task"
            continue
        try:
            found.append((scenario, expected(scenario, terms.order)))
        except ValueError:
            left_out[scenario.name] = f"whoever reads {terms.url_order} first gets another film"
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
    """What a client did at a fake, ready to be judged.

    `given` is the task's id, where the client was given one; `ended_at` when it ended, by the fake's clock (default:
    now).
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
        decoys=[clip_store.read(decoy)] if decoy is not None else [],
        bill=len(fake.bill),
        given=given,
        api_key=fake.api_key if fake.settings.keys else None,
        order=terms.order,
        speed=fake.clock.per_client_second(),
        ended_at=fake.clock.now() if ended_at is None else ended_at,
    )
