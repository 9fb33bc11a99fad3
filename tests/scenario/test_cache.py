"""What is kept for a scenario lives as long as the scenario."""

from __future__ import annotations

import gc
from dataclasses import replace

import pytest

from support.fakes import plain_scenario
from video_mockserver.scenario.cache import ScenarioCache
from video_mockserver.scenario.compiled import compiled_scenario
from video_mockserver.scenario.model import Scenario


def test_a_value_is_made_once_for_each_scenario_and_dropped_with_it() -> None:
    made: list[str] = []

    def make(scenario: Scenario) -> str:
        made.append(scenario.name)
        return scenario.name

    cache = ScenarioCache(make)
    first, equal = plain_scenario("own/first"), plain_scenario("own/first")
    assert [cache.get(first), cache.get(first), cache.get(equal)] == ["own/first"] * 3
    assert made == ["own/first", "own/first"]  # once for each object, however equal they are
    del first
    gc.collect()
    assert len(cache) == 1


def test_what_making_a_value_raises_is_raised_each_time() -> None:
    def make(scenario: Scenario) -> str:
        raise ValueError(scenario.name)

    cache, scenario = ScenarioCache(make), plain_scenario("own/wrong")
    for _ in range(2):
        with pytest.raises(ValueError, match="own/wrong"):
            cache.get(scenario)
    assert len(cache) == 0


def test_a_compiled_scenario_does_not_keep_its_scenario() -> None:
    cache = ScenarioCache(compiled_scenario)
    for number in range(10):
        cache.get(replace(plain_scenario("own/many"), seed=number))
    gc.collect()
    assert len(cache) == 0
