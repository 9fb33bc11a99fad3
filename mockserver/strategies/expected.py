"""What may be expected of a drawn scenario: the contract leaves choices, and each may end with the clip elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..api.contract import URL_FIELDS, URL_FIELDS_TABLE_READING
from ..fake.clip_files import shipped_clips
from ..judge.reference_client import expectation
from ..scenario.model import Expect, Scenario
from ..scenario.sources import NoScenarios

__all__ = ["ORDERS", "reachable"]

# The two readings of the documentation.
ORDERS = (URL_FIELDS, URL_FIELDS_TABLE_READING)


def reachable(scenario: Scenario, order: tuple[str, ...], fields: Sequence[str]) -> Expect:
    """What a client that keeps the contract ends with, and every source that such a client may have the clip from.

    `fields` hold a URL at the end. The contract leaves choices, and the reference client is run once for each: a
    client may go to `/content` after the first URL that failed (so it is shown that field alone), try a link
    again (so each link is shown as it answers in the end), and read the first two fields in either order where both
    give the clip.
    """
    expect = _read(scenario, order)
    if expect is None:
        raise AssertionError(f"{scenario.summary} A client that keeps the contract gets another clip.")
    if expect.outcome != "clip" or not fields:
        return expect
    readings: list[tuple[Scenario, tuple[str, ...]]] = []
    if len(fields) > 1:
        readings += [(scenario, other) for other in ORDERS if other != order]
        readings.append((scenario, (min(fields, key=order.index),)))
    patient = _patient(scenario)
    if patient is not None:
        readings.append((patient, order))
    found = [other for reading in readings if (other := _read(*reading)) is not None and other.outcome == "clip"]
    return Expect("clip", tuple(dict.fromkeys(source for each in (expect, *found) for source in each.sources)))


def _read(scenario: Scenario, order: tuple[str, ...]) -> Expect | None:
    try:
        return expectation(scenario, NoScenarios(), shipped_clips(), order)
    except ValueError:
        return None  # another clip


def _patient(scenario: Scenario) -> Scenario | None:
    """The scenario as seen by a client that tries each link again; None where there is no difference."""
    changed = {}
    for name, state in scenario.states.items():
        downloads = {link: answers[-1:] for link, answers in state.downloads.items()}
        if len(state.download) > 1 or downloads != state.downloads:
            changed[name] = replace(state, download=state.download[-1:], downloads=downloads)
    return replace(scenario, states={**scenario.states, **changed}) if changed else None
