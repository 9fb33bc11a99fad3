"""The shipped scenarios, each held against the reference reading: neither a file nor the fake can drift alone."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from video_mockserver.api.contract import OUTCOMES, URL_FIELDS, URL_FIELDS_TABLE_READING
from video_mockserver.fake.clips import ClipStore
from video_mockserver.judge.reference_client import expectation
from video_mockserver.scenario.library import Library
from video_mockserver.scenario.validation import problems

NAMES = Library().names()

# What the library must hold: a folder, and words of which a name there must have each set.
COVERED = {
    "lifecycle": ["plain", "failed", "cancelled", "expired", "stuck"],
    "urls": ["output_url", "video_url", "detail_url", "relative", "data_uri", "metadata", "changes", "late", "none"],
    "download": [
        "401", "403", "404", "410", "429", "500", "redirect", "loop", "reset_before", "reset_in", "truncated",
        "length", "unended", "stalled_before", "stalled_in", "dripping", "empty", "html", "json_error", "json_url",
        "octet_stream", "no_media_type", "refused",
    ],
    "content": ["not_ready_400", "once", "502", "html", "json_error", "reset", "truncated", "stalled"],
    "polling": [
        "404_for_ever", "404_at_first", "task_not_exist_at_first", "429_seconds", "429_date", "poll_429", "500",
        "502_html", "503", "504", "524", "reset", "json_broken", "empty",
    ],
    "payload": [
        "in_progress", "pending", "succeeded", "new_word", "percent_text", "progress_missing", "over_100", "goes_back",
        "99", "100_too_early", "error_null", "extra", "milliseconds", "iso",
    ],
    "auth": ["poll_401", "poll_403"],
    "create": ["reply_lost", "429"],
}  # fmt: skip


def test_there_are_at_least_sixty(library: Library) -> None:
    assert len(library) >= 60


@pytest.mark.parametrize("folder", COVERED)
def test_each_folder_holds_what_clients_are_known_to_meet(folder: str) -> None:
    names = [name.partition("/")[2] for name in NAMES if name.startswith(f"{folder}/")]
    assert [words for words in COVERED[folder] if not any(words in name for name in names)] == []


def test_the_last_part_of_each_name_is_enough(library: Library) -> None:
    twice = [stem for stem, count in Counter(name.rpartition("/")[2] for name in NAMES).items() if count > 1]
    assert twice == []
    assert all(library.full_name(name.rpartition("/")[2]) == name for name in NAMES)


def test_no_two_say_the_same_of_themselves(library: Library) -> None:
    said = Counter(scenario.summary for scenario in library)
    assert [summary for summary, count in said.items() if count > 1] == []


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_scenario_is_right_and_says_what_it_is_and_where_it_is_from(library: Library, name: str) -> None:
    scenario = library.find(name)
    assert list(problems(scenario)) == []
    assert scenario.name == name
    assert scenario.summary.endswith(".")
    assert "\n" not in scenario.summary
    assert len(scenario.source) > 10
    assert scenario.expect is not None
    assert scenario.expect.outcome in OUTCOMES
    written_out = library.files[name].read_text("utf-8")
    assert "\nexpect:" in written_out
    assert "yaml-language-server: $schema=../scenario.schema.json" in written_out.splitlines()[0]


@pytest.mark.parametrize("name", NAMES)
def test_what_a_file_expects_is_what_a_client_that_keeps_the_contract_ends_with(
    library: Library, clip_store: ClipStore, name: str
) -> None:
    scenario = library.find(name)
    found = expectation(scenario, library, clip_store)
    assert scenario.expect is not None
    assert found.outcome == scenario.expect.outcome
    assert set(found.sources) <= set(scenario.expect.sources)


@pytest.mark.parametrize("name", [name for name in NAMES if not name.startswith(("urls/", "lifecycle/in_"))])
def test_apart_from_those_about_urls_both_readings_of_the_order_agree(
    library: Library, clip_store: ClipStore, name: str
) -> None:
    scenario = library.find(name)
    assert expectation(scenario, library, clip_store, URL_FIELDS_TABLE_READING) == expectation(
        scenario, library, clip_store, URL_FIELDS
    )


# Scenarios that mean what they mean in the default dialect alone, with what they come to elsewhere.
ONLY_HERE = {
    # The dialect shows no video_url, so that the other film in `url` is the first that a client finds.
    ("new-api", "urls/video_url_before_url"): "a wrong clip",
    ("openai", "urls/video_url_before_url"): "a wrong clip",
    # A 400 in OpenAI's envelope does not say that the task is unknown: a patient client asks on.
    ("openai", "polling/task_not_exist_for_ever"): "no_end",
}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dialect", ["new-api", "openai"])
def test_a_shipped_scenario_can_be_lived_through_in_the_other_dialects(
    library: Library, clip_store: ClipStore, name: str, dialect: str
) -> None:
    scenario = library.find(name)
    assert scenario.expect is not None
    in_dialect = replace(scenario, dialect=dialect)
    if ONLY_HERE.get((dialect, name)) == "a wrong clip":
        with pytest.raises(ValueError, match="wrong clip"):
            expectation(in_dialect, library, clip_store)
        return
    found = expectation(in_dialect, library, clip_store)
    if scenario.expect.outcome != "clip":
        # Where the URL stands decides only where a clip is had from, or whether.
        assert found.outcome == ONLY_HERE.get((dialect, name), scenario.expect.outcome)
