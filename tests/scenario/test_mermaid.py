"""Scenarios drawn as Mermaid state diagrams."""

from __future__ import annotations

import re

import pytest

from support.asking import done, told, waiting
from video_mockserver.scenario.library import Library
from video_mockserver.scenario.mermaid import diagram, trigger_in_words
from video_mockserver.scenario.model import State, Transition


def test_a_plain_life_drawn(library: Library) -> None:
    assert diagram(library.find("lifecycle/plain")).splitlines() == [
        "stateDiagram-v2",
        "  %% lifecycle/plain: " + library.find("lifecycle/plain").summary,
        '  state "queued" as s0',
        '  state "processing" as s1',
        '  state "completed" as s2',
        "  [*] --> s0",
        "  s0 --> s1: after 1 poll",
        "  s1 --> s2: after 2 polls",
        "  s2 --> [*]",
    ]


@pytest.mark.parametrize(
    ("way", "words"),
    [
        (Transition("x", polls=1), "after 1 poll"),
        (Transition("x", polls=3), "after 3 polls"),
        (Transition("x", seconds=45), "after 45 s"),
        (Transition("x", seconds=0.5), "after 0.5 s"),
        (Transition("x", on="content"), "on content"),
        (Transition("x", signal="go"), "signal go"),
        (Transition("x", seconds=12345678), "after 12345678 s"),
        (Transition("x", polls=1, chance=0.25), "after 1 poll, 25%"),
        (Transition("x", polls=1, chance=0.001), "after 1 poll, 0.1%"),
    ],
)
def test_a_trigger_reads_as_words(way: Transition, words: str) -> None:
    assert trigger_in_words(way) == words


def test_a_state_whose_status_is_another_word_shows_both() -> None:
    text = diagram(told({"first": waiting(Transition("end", polls=1)), "end": done()}))
    assert '  state "first: processing" as s0' in text
    assert '  state "end: completed" as s1' in text


def test_the_built_in_cancelled_is_drawn_where_a_state_leads_to_it() -> None:
    text = diagram(
        told({"a": waiting(Transition("cancelled", signal="stop"), Transition("end", polls=1)), "end": done()})
    )
    assert '  state "cancelled" as s2' in text
    assert "  s0 --> s2: signal stop" in text
    assert "  s2 --> [*]" in text


def test_a_loop_leads_back() -> None:
    text = diagram(told({"a": waiting(Transition("a", polls=1), Transition("end", signal="go")), "end": done()}))
    assert "  s0 --> s0: after 1 poll" in text


def test_quotes_and_line_breaks_do_not_break_the_drawing() -> None:
    text = diagram(
        told(
            {
                "a": State(video={"status": 'so "called"\nfailed'}),
            },
            never_ends=True,
        )
    )
    assert """  state "a: so 'called' failed" as s0""" in text


def test_every_shipped_scenario_is_drawn_with_every_state_and_transition(library: Library) -> None:
    for scenario in library:
        lines = diagram(scenario).splitlines()
        arrows = [line for line in lines if " --> " in line]
        assert sum(len(state.next) for state in scenario.states.values()) == len(
            [line for line in arrows if re.fullmatch(r"  s\d+ --> s\d+: .+", line)]
        )
        for name in scenario.states:
            assert any(line.startswith(f'  state "{name}') for line in lines), (scenario.name, name)
