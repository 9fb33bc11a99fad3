"""Scenarios drawn: right, true to the reference reading, fair to good clients, small when they fail."""

from __future__ import annotations

from functools import cache
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis.vendor.pretty import pretty

from support.broken_clients import BROKEN_CLIENTS
from support.careful_client import Careful
from video_mockserver import check
from video_mockserver.api.contract import URL_FIELDS, URL_FIELDS_TABLE_READING
from video_mockserver.judge.expectation import expected
from video_mockserver.scenario.library import Library
from video_mockserver.scenario.model import Scenario
from video_mockserver.scenario.reader import read_scenario
from video_mockserver.scenario.validation import problems
from video_mockserver.scenario.writer import write_scenario
from video_mockserver.strategies import ASPECTS, DOCUMENTED, Variety, scenarios

LIBRARY = Library()
CALM = settings(derandomize=True, database=None, deadline=None)
PLAIN = """\
summary: "The usual case: processing, then completed with a URL."
start: processing
states:
  processing:
    video: {status: processing}
    next: {state: completed, after: 1 poll}
  completed:
    video: {status: completed, video_url: "{download_url}"}
expect: {outcome: clip, from: video_url}
"""
of_both_varieties = pytest.mark.parametrize("variety", list(Variety), ids=lambda variety: variety.value)


@cache
def drawn(variety: Variety = Variety.HOSTILE, count: int = 150, **options: Any) -> list[Scenario]:
    """So many examples, the same ones every time."""
    found: list[Scenario] = []

    @settings(CALM, max_examples=count, phases=[Phase.generate])
    @given(scenarios(variety, **options))
    def collect(scenario: Scenario) -> None:
        found.append(scenario)

    collect()
    return found


def rules_broken(client: Any, scenario: Scenario) -> list[str]:
    [verdict] = check(client, scenarios=scenario, transport="mock", library=LIBRARY).verdicts
    return [broken.rule.id for broken in verdict.violations] or [verdict.status] * (verdict.status != "pass")


@of_both_varieties
def test_a_drawn_scenario_is_right_and_can_be_written(variety: Variety) -> None:
    for scenario in drawn(variety):
        assert problems(scenario) == []
        assert read_scenario(write_scenario(scenario), name=scenario.name) == scenario
        assert scenario.summary.endswith(".")


def test_what_is_expected_is_what_the_reference_reading_finds() -> None:
    for scenario in drawn():
        assert scenario.expect is not None
        again = expected(Scenario(**{**vars_of(scenario), "expect": None}), URL_FIELDS)
        assert again.outcome == scenario.expect.outcome
        assert set(again.sources) <= set(scenario.expect.sources)


def vars_of(scenario: Scenario) -> dict[str, Any]:
    return {name: getattr(scenario, name) for name in Scenario.__dataclass_fields__}


@of_both_varieties
@pytest.mark.parametrize("explore", [None, *ASPECTS])
def test_a_client_that_keeps_the_contract_is_never_accused(variety: Variety, explore: Any) -> None:
    options = {} if explore is None else {"explore": explore}
    accused = [
        (rules, write_scenario(scenario))
        for scenario in drawn(variety, 80, **options)
        if (rules := rules_broken(Careful(), scenario))
    ]
    assert accused == []


def test_where_two_urls_are_good_either_is_right() -> None:
    assert any({"output.url", "video_url"} <= set(scenario.expect.sources) for scenario in drawn(explore="urls"))


def test_the_other_reading_is_judged_by_its_own_order() -> None:
    class TableReader(Careful, rule="", lies_in=""):
        fields = URL_FIELDS_TABLE_READING

    for scenario in drawn(count=60, explore=("urls", "download"), order=URL_FIELDS_TABLE_READING):
        report = check(
            TableReader(), scenarios=scenario, transport="mock", library=LIBRARY, url_order="video_url"
        )  # fmt: skip
        assert not report.skipped
        assert report.ok, write_scenario(scenario)


def test_what_is_not_explored_is_plain_life() -> None:
    assert {write_scenario(scenario) for scenario in drawn(explore=())} == {PLAIN}
    for scenario in drawn(explore="download"):
        assert not scenario.states["processing"].poll
        assert not scenario.states["completed"].content
    for scenario in drawn(explore="polling"):
        assert not scenario.states["completed"].download
        assert "failed" not in scenario.states
    assert all("failed" in scenario.states or scenario.never_ends for scenario in drawn(explore="failure"))
    faults = [
        reply.fault
        for scenario in drawn(DOCUMENTED)
        for state in scenario.states.values()
        for reply in (*state.poll, *state.content, *state.download)
    ]
    assert set(faults) == {None}


def test_names_follow_from_what_is_in_them() -> None:
    names = {scenario.name: write_scenario(scenario) for scenario in drawn()}
    assert len(names) == len({write_scenario(scenario) for scenario in drawn()}) > 100
    assert all(name.startswith("generated/") for name in names)


def test_wrong_options_are_told() -> None:
    with pytest.raises(ValueError, match=r"explore: unknown aspect 'downloads' \(available: polling, urls"):
        scenarios(explore="downloads")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="order: "):
        scenarios(order=("url",))


# --- shrinking --------------------------------------------------------------------------------------------------------


def smallest(name: str, explore: Any) -> str:
    """The smallest scenario in which a broken client violates its rule, as a file."""
    client = BROKEN_CLIENTS[name]
    return write_scenario(
        find(
            scenarios(explore=explore),
            lambda scenario: client.rule in rules_broken(client(), scenario),
            settings=settings(CALM, max_examples=300, suppress_health_check=list(HealthCheck)),
            random=Random(1),
        )
    )


def test_the_simplest_of_all_is_the_plain_life() -> None:
    assert write_scenario(find(scenarios(), lambda scenario: True, settings=CALM)) == PLAIN


BEFORE = """\
start: processing
states:
  processing:
    video: {status: processing}
    next: {state: completed, after: 1 poll}
  completed:
"""
TWO = '    video: {status: completed, output: {url: "{download_url:output}"}, video_url: "{download_url:video_url}"}\n'
ONE = '    video: {status: completed, video_url: "{download_url}"}\n'
# What is as small as can be: of some defects there are two that are.
SMALLEST = {
    ("empty-is-url", "urls"): [
        (
            'video_url is "". The URL is in url.',
            '    video: {status: completed, video_url: "", url: "{download_url}"}\n',
            "url",
        ),
        (
            'output.url is "".',
            '    video: {status: completed, output: {url: ""}, video_url: "{download_url}"}\n',
            "video_url",
        ),
    ],
    ("video-url-first", ("urls", "download")): [
        (
            "output.url and video_url hold a URL each. The URL in video_url answers 404.",
            f"{TWO}    downloads: {{video_url: {{status: 404}}}}\n",
            "output.url",
        ),
        (
            "output.url and video_url hold a URL each. video_url leads to another clip.",
            f"{TWO}    downloads: {{video_url: {{clip: decoy}}}}\n",
            "output.url",
        ),
    ],
    ("ends-at-reset", "download"): [
        ("The URL resets the connection.", f"{ONE}    download: {{fault: reset}}\n", "content")
    ],
    ("keeps-cut-body", "download"): [
        ("The URL sends half of the body.", f"{ONE}    download: {{fault: {{truncate: 50%}}}}\n", "content")
    ],
}


@pytest.mark.parametrize(("name", "explore"), SMALLEST, ids=[name for name, _ in SMALLEST])
def test_a_typical_defect_shrinks_to_a_few_lines(name: str, explore: Any) -> None:
    assert smallest(name, explore) in [
        f"summary: {summary}\n{BEFORE}{completed}expect: {{outcome: clip, from: {source}}}\n"
        for summary, completed, source in SMALLEST[name, explore]
    ]


def test_an_example_is_shown_as_a_file_and_can_be_pasted() -> None:
    scenario = drawn()[-1]
    assert eval(pretty(scenario), {"read_scenario": read_scenario}) == scenario
    plain = find(scenarios(), lambda scenario: True, settings=CALM)
    assert pretty(plain) == f'read_scenario("""\n{PLAIN}""", name={plain.name!r})'
