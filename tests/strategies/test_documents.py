"""Drawn replies: true to the contract by a second reading, of every variety, and small where they fail."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib.resources import files
from random import Random
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, find, given, settings
from hypothesis import Phase as HypothesisPhase
from hypothesis import strategies as st
from hypothesis.vendor.pretty import pretty
from jsonschema import Draft202012Validator

import video_mockserver.strategies as public
from support import ROOT
from video_mockserver.api.contract import STATUS_PHASES, URL_FIELDS, URL_FIELDS_TABLE_READING, Phase
from video_mockserver.edges.server.openapi.document import openapi_document
from video_mockserver.strategies import (
    DOCUMENTED,
    DOCUMENTED_TASK,
    HOSTILE,
    OMIT,
    VIEWS,
    Variety,
    Video,
    View,
    absent_values,
    bases,
    completed_videos,
    extra_fields,
    failed_videos,
    pending_videos,
    register_profiles,
    status_words,
    video_urls,
    videos,
)
from video_mockserver.strategies import values as tables

# Every health check is on: none may ever fail.
CALM = settings(derandomize=True, database=None, deadline=None)
PHASES = {pending_videos: [Phase.PENDING], completed_videos: [Phase.SUCCEEDED], failed_videos: [Phase.FAILED]}
of_every_kind = pytest.mark.parametrize("make", [completed_videos, pending_videos, failed_videos, videos])
of_both_varieties = pytest.mark.parametrize("variety", list(Variety), ids=lambda variety: variety.value)
of_every_view = pytest.mark.parametrize("view", VIEWS)


def drawn(strategy: st.SearchStrategy[Any], count: int = 300) -> list[Any]:
    """So many examples, the same ones every time."""
    found: list[Any] = []

    @settings(CALM, max_examples=count, phases=[HypothesisPhase.generate])
    @given(strategy)
    def collect(example: Any) -> None:
        found.append(example)

    collect()
    return found


@cache
def many(variety: Variety) -> list[Video]:
    """Completed replies enough for everything to come up."""
    return drawn(completed_videos(variety), 1000)


def comes_up(variety: Variety, is_it: Callable[[Video], bool]) -> bool:
    """Whether such a reply is drawn sooner or later: which ones come first depends on the modules that are loaded."""
    if any(is_it(video) for video in many(variety)):
        return True
    # Without shrinking, which would look for the smallest.
    found = settings(max_examples=20_000, derandomize=True, database=None, phases=[HypothesisPhase.generate])
    return is_it(find(completed_videos(variety), is_it, settings=found))


# --- a second reading -------------------------------------------------------------------------------------------------


def get(value: Any, key: str) -> Any:
    return value[key] if isinstance(value, dict) and key in value else None


def second_reading(video: Video) -> tuple[str, list[str]]:
    """What the pages say of a reply, written without a look at the contract's own code: the phase, and the URLs."""
    body, view = video.body, video.view
    if view == "wrapped":
        status, places = get(get(body, "data"), "status"), [get(get(body, "data"), "url")]
    elif view == "seedance":
        task = get(body, "data")
        status, places = get(task, "status"), [get(get(get(task, "data"), "content"), "video_url")]
    else:
        status = get(body, "status")
        output, plain = get(get(body, "output"), "url"), get(body, "video_url")
        first = [plain, output] if video.order == URL_FIELDS_TABLE_READING else [output, plain]
        places = [*first, get(body, "url"), get(get(body, "detail"), "url")]
    word = status.strip().lower() if isinstance(status, str) else ""
    if word in ("failed", "failure", "cancelled", "canceled", "expired"):
        return "failed", []
    if word not in ("completed", "succeeded", "success", "done"):
        return "pending", []
    return "succeeded", [place.strip() for place in places if isinstance(place, str) and place.strip() != ""]


@of_every_kind
@of_both_varieties
@of_every_view
def test_a_video_knows_what_the_contract_says_of_it(make: Callable[..., Any], variety: Variety, view: View) -> None:
    seen = set()
    for order in (URL_FIELDS, URL_FIELDS_TABLE_READING):
        for video in drawn(make(variety, view=view, order=order), 30):
            phase, urls = second_reading(video)
            assert video.expected_outcome == phase
            assert list(video.expected_urls) == urls
            assert video.expected_url == (urls[0] if urls else None)
            assert (video.expected_field is None) == (not urls)
            assert (video.order, video.view) == (order, view)
            seen.add(video.expected_outcome)
    assert seen == set(PHASES.get(make, Phase))


def test_the_field_that_holds_the_url_is_told() -> None:
    video = Video(
        {"status": "completed", "output": {"url": " https://a.test/v.mp4\n"}, "video_url": "https://b.test/v"}
    )
    assert video.expected_field == "output.url"
    assert video.expected_url == "https://a.test/v.mp4"
    assert video.expected_urls == ("https://a.test/v.mp4", "https://b.test/v")
    table = Video(video.body, order=URL_FIELDS_TABLE_READING)
    assert (table.expected_field, table.expected_url) == ("video_url", "https://b.test/v")


def test_a_url_does_not_count_before_the_end_nor_after_a_failure() -> None:
    for word in ("processing", "failed"):
        video = Video({"status": word, "video_url": "https://a.test/v.mp4"})
        assert (video.expected_url, video.expected_urls, video.expected_field) == (None, (), None)


# --- what a video is --------------------------------------------------------------------------------------------------


@of_both_varieties
@of_every_view
def test_a_body_survives_json(variety: Variety, view: View) -> None:
    for video in drawn(videos(variety, view=view), 60):
        assert repr(json.loads(video.text)) == repr(video.body)
        assert video.text.encode()


@of_both_varieties
@of_every_view
@pytest.mark.parametrize("order", [URL_FIELDS, URL_FIELDS_TABLE_READING, ("url",)])
def test_a_repr_can_be_pasted(variety: Variety, view: View, order: tuple[str, ...]) -> None:
    names = {name: getattr(public, name) for name in public.__all__}
    for video in drawn(videos(variety, view=view, order=order), 30):
        for text in (repr(video), pretty(video)):
            again = eval(text, dict(names))
            assert again == video
            assert again.text == video.text


def test_a_repr_is_short() -> None:
    url = "https://a.test/v.mp4"
    assert repr(Video({"status": "completed", "url": url})) == f"Video({{'status': 'completed', 'url': '{url}'}})"
    assert repr(Video({"status": "done"}, "unified")) == "Video({'status': 'done'}, view='unified')"
    assert repr(Video(dict(DOCUMENTED_TASK))) == "Video(DOCUMENTED_TASK | {'status': 'processing', 'video_url': ''})"
    one = Video({**DOCUMENTED_TASK, "completed_at": False, "url": url}, order=URL_FIELDS_TABLE_READING)
    shown = f"DOCUMENTED_TASK | {{'status': 'processing', 'completed_at': False, 'video_url': '', 'url': '{url}'}}"
    assert repr(one) == f"Video({shown}, order=URL_FIELDS_TABLE_READING)"
    assert repr(DOCUMENTED) == "DOCUMENTED"


def test_a_client_that_changes_the_body_changes_nothing_else() -> None:
    error = {"message": "", "code": ""}
    video = Video({"status": "completed", "error": error, "video_url": "https://a.test/v.mp4", "list": [{}]})
    video.body["error"]["message"] = "changed"
    video.body["list"][0]["changed"] = True
    video.body.pop("video_url")
    assert video.expected_url == "https://a.test/v.mp4"
    assert error["message"] == ""

    @settings(CALM, max_examples=200)
    @given(completed_videos())
    def vandal(drawn_video: Video) -> None:
        spoil(drawn_video.body)

    before = repr(drawn(completed_videos(), 200))
    vandal()
    assert repr(drawn(completed_videos(), 200)) == before


def spoil(value: Any) -> None:
    if isinstance(value, dict):
        for inner in value.values():
            spoil(inner)
        value.clear()
    elif isinstance(value, list):
        value.append("spoilt")


# --- what documented means --------------------------------------------------------------------------------------------

PAYLOADS = {
    ("video", Phase.PENDING): "grok_task_query",
    ("video", Phase.FAILED): "failed",
    ("unified", Phase.PENDING): "unified_query",
    ("wrapped", Phase.PENDING): "wrapped_query",
    ("seedance", Phase.PENDING): "wrapped_seedance",
}


def payload(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(
        (files("video_mockserver.fixtures") / "payloads" / f"{name}.json").read_text("utf-8")
    )
    return found


@pytest.mark.parametrize(("view", "phase"), list(PAYLOADS))
def test_the_plain_replies_are_the_documented_ones(view: View, phase: Phase) -> None:
    documented = payload(PAYLOADS[view, phase])
    if view == "wrapped":
        documented["data"]["status"] = "processing"  # the page's example is queued
    if view == "seedance":
        documented = {"code": "success", "message": "", "data": documented["data"]}  # the page shows only the fields
    assert json.dumps(tables.PLAIN[view, phase] | {}) == json.dumps(documented)


@pytest.mark.parametrize("place", URL_FIELDS)
def test_the_simplest_documented_results_are_the_fixtures(place: str) -> None:
    url = "https://example.com/video.mp4"
    strategy = completed_videos(DOCUMENTED, fields=[place], urls=st.just(url))
    name = f"completed_{place.replace('.', '_')}"
    assert find(strategy, lambda _: True, settings=CALM).text == json.dumps(payload(name))


@of_every_view
def test_the_simplest_documented_reply_is_the_pages_own(view: View) -> None:
    assert find(videos(DOCUMENTED, view=view), lambda _: True, settings=CALM).body == tables.PLAIN[view, Phase.PENDING]


@of_every_view
def test_documented_replies_fit_the_openapi_document(view: View) -> None:
    name = {"video": "Task", "unified": "UnifiedTask"}.get(view, "WrappedTask")
    document = json.loads(json.dumps(openapi_document()))
    validator = Draft202012Validator({"$ref": f"#/components/schemas/{name}", "components": document["components"]})
    for video in drawn(videos(DOCUMENTED, view=view), 100):
        validator.validate(video.body)


def test_documented_replies_have_only_what_the_pages_show() -> None:
    for video in drawn(videos(DOCUMENTED), 500):
        body = video.body
        assert list(body)[: len(DOCUMENTED_TASK)] == list(DOCUMENTED_TASK)
        assert set(body) <= {*DOCUMENTED_TASK, "output", "url", "detail"}
        assert {name: type(body[name]) for name in DOCUMENTED_TASK} == {
            name: type(value) for name, value in DOCUMENTED_TASK.items()
        }
        assert body["status"] in ("queued", "processing", "in_progress", "completed", "failed", "cancelled")
        for url in (
            body["video_url"],
            body.get("url", ""),
            *(body[name]["url"] for name in ("output", "detail") if name in body),
        ):
            assert url == "" or (url.isascii() and urlsplit(url).scheme == "https")
            assert url == "" or video.expected_outcome is Phase.SUCCEEDED
        assert "https://decoy.test" not in video.text
        ended = body["completed_at"]
        assert (
            ended == 0 if video.expected_outcome is Phase.PENDING else body["created_at"] < ended < body["expires_at"]
        )
        assert body["expires_at"] == body["created_at"] + 86400
        assert (body["error"] == {"message": "", "code": ""}) or video.expected_outcome is Phase.FAILED


# --- what comes up ----------------------------------------------------------------------------------------------------

ABSENT_EXAMPLES: Mapping[str, Callable[[dict[str, Any]], bool]] = {
    "no key": lambda body: "video_url" not in body,
    "null": lambda body: "video_url" in body and body["video_url"] is None,
    "empty text": lambda body: body.get("video_url") == "",
    "blanks": lambda body: isinstance(body.get("video_url"), str) and body["video_url"].isspace(),
    "a number": lambda body: type(body.get("video_url")) is int,
    "a boolean": lambda body: isinstance(body.get("video_url"), bool),
    "an object": lambda body: isinstance(body.get("video_url"), dict),
    "a list": lambda body: isinstance(body.get("video_url"), list),
    "no object": lambda body: "output" not in body,
    "null for an object": lambda body: "output" in body and body["output"] is None,
    "a text for an object": lambda body: isinstance(body.get("output"), str) and body["output"].strip() != "",
    "a list for an object": lambda body: isinstance(body.get("output"), list),
    "an empty object": lambda body: body.get("output") == {},
    "an object without url": lambda body: get(body.get("output"), "width") is not None,
    "url: empty text": lambda body: body.get("output") == {"url": ""},
    "url: null": lambda body: body.get("output") == {"url": None},
    "url: an object": lambda body: isinstance(get(body.get("detail"), "url"), dict),
}
OTHER_EXAMPLES: Mapping[str, Callable[[Video], bool]] = {
    "the URL at metadata.url": lambda v: isinstance(get(v.body.get("metadata"), "url"), str),
    "the URL at data[0].url": lambda v: bool(re.search(r'"data": \[\{"url"', v.text)),
    "bare": lambda v: len(v.body) <= 3,
    "whole": lambda v: set(DOCUMENTED_TASK) <= set(v.body),
    "id missing": lambda v: "id" not in v.body and "created_at" in v.body,
    "progress as a percentage": lambda v: str(v.body.get("progress", "")).endswith("%"),
    "progress out of range": lambda v: isinstance(v.body.get("progress"), int) and v.body["progress"] > 100,
    "a fraction": lambda v: isinstance(v.body.get("progress"), float),
    "time in milliseconds": lambda v: v.body.get("created_at") == 1735689600000,
    "ISO time": lambda v: "T" in str(v.body.get("created_at", "")),
    "seconds as a number": lambda v: type(v.body.get("seconds")) is int,
    "error null": lambda v: "error" in v.body and v.body["error"] is None,
    "Unicode": lambda v: not v.text.isascii(),
    "an unknown field": lambda v: bool(set(v.body) - {*DOCUMENTED_TASK, "output", "url", "detail"}),
    "another order": lambda v: list(v.body)[-1] == "id",
    "status in capitals": lambda v: v.body["status"] == "COMPLETED",
    "status in other words": lambda v: v.body["status"] == "done",
    "status with blanks": lambda v: v.body["status"] != v.body["status"].strip(),
    "URL with blanks": lambda v: (
        v.body.get("video_url") not in (None, v.expected_url) and v.expected_field == "video_url"
    ),
    "relative": lambda v: (v.expected_url or "").startswith("/"),
    "data:": lambda v: (v.expected_url or "").startswith("data:"),
    "other scheme": lambda v: (v.expected_url or "").startswith("s3:"),
    "long": lambda v: len(v.expected_url or "") > 1000,
    "Unicode host": lambda v: "影片" in (v.expected_url or ""),
}


@pytest.mark.parametrize("name", ABSENT_EXAMPLES)
def test_a_result_is_absent_in_every_way(name: str) -> None:
    assert comes_up(HOSTILE, lambda video: ABSENT_EXAMPLES[name](video.body))


@pytest.mark.parametrize("name", OTHER_EXAMPLES)
def test_hostile_replies_are_of_every_kind(name: str) -> None:
    assert comes_up(HOSTILE, OTHER_EXAMPLES[name])


@of_both_varieties
def test_urls_are_in_every_subset_of_the_places_equal_and_different(variety: Variety) -> None:
    subsets = set()
    equal, different = 0, 0
    for video in many(variety):
        held = tuple(bool(isinstance(value, str) and value.strip()) for value in places_of(video.body))
        subsets.add(held)
        if len(video.expected_urls) > 1:
            same = len(set(video.expected_urls)) == 1
            equal, different = equal + same, different + (not same)
    assert len(subsets) == 16
    assert equal > 10
    assert different > 100


def places_of(body: dict[str, Any]) -> list[Any]:
    return [get(get(body, "output"), "url"), get(body, "video_url"), get(body, "url"), get(get(body, "detail"), "url")]


@of_both_varieties
@of_every_view
def test_a_result_is_there_and_is_not(variety: Variety, view: View) -> None:
    assert {bool(video.expected_url) for video in drawn(completed_videos(variety, view=view), 60)} == {True, False}


def test_every_status_word_comes_up() -> None:
    seen = {phase: {str(word).strip().casefold() for word in drawn(status_words(phase), 600)} for phase in Phase}
    for word, phase in STATUS_PHASES.items():
        assert word in seen[phase]
    odd = drawn(status_words(Phase.PENDING), 600)
    for wanted in (OMIT, None, "", "upscaling"):
        assert wanted in odd


def test_hostile_replies_have_previews_before_the_end() -> None:
    assert any(video.body.get("video_url") for video in drawn(pending_videos()) if "video_url" in video.body)


def test_a_failure_has_its_reason_in_every_shape() -> None:
    errors = [video.body.get("error", OMIT) for video in drawn(failed_videos(), 400)]
    assert {type(error) for error in errors} >= {dict, str, list, type(None), type(OMIT), int}
    calm = [video.body.get("error") for video in many(HOSTILE)]
    assert all(not error or not any(error.values()) for error in calm)  # a reason beside `completed` would be a riddle


# --- parts ------------------------------------------------------------------------------------------------------------


def test_parts_can_be_replaced() -> None:
    recorded = {"id": "mine", "status": "?", "video_url": "https://old.test/v.mp4", "kept": [1]}
    strategy = videos(
        base=st.just(recorded),
        status=st.just("SUCCESS"),
        fields=st.sampled_from([("url",), ("detail.url",)]),
        urls=st.just("https://mine.test/v.mp4"),
        absent=st.sampled_from([OMIT, None]),
        extra=st.just({"id": OMIT, "more": {"a": 1}}),
    )
    seen = set()
    for video in drawn(strategy):
        assert video.expected_urls == ("https://mine.test/v.mp4",)
        assert "id" not in video.body
        assert (video.body["kept"], video.body["more"]) == ([1], {"a": 1})
        assert video.body.get("video_url") is None
        seen.add((video.expected_field, "output" in video.body, bool(video.body.get("output"))))
    # `absent` stands in place of the object, and inside it.
    assert seen >= {(field, *there) for field in ("url", "detail.url") for there in ((False, False), (True, True))}
    assert recorded["video_url"] == "https://old.test/v.mp4"


@of_both_varieties
@of_every_view
def test_the_parts_are_there_to_be_built_upon(variety: Variety, view: View) -> None:
    strategy = completed_videos(
        variety,
        view=view,
        status=status_words(Phase.SUCCEEDED, variety, view),
        urls=video_urls(variety) | st.just("https://mine.test/v.mp4"),
        absent=absent_values(),
        base=bases(Phase.SUCCEEDED, variety, view),
        extra=extra_fields(variety, view),
    )
    assert {video.expected_outcome for video in drawn(strategy, 100)} == {Phase.SUCCEEDED}


@of_every_view
@of_both_varieties
def test_fields_are_where_the_url_is_and_nowhere_else(view: View, variety: Variety) -> None:
    for place in tables.url_fields(view):
        for video in drawn(completed_videos(variety, view=view, fields=[place], extra=st.just({})), 30):
            assert video.expected_field == place
            assert len(video.expected_urls) == 1
    assert {
        video.expected_url for video in drawn(completed_videos(variety, view=view, fields=(), extra=st.just({})))
    } == {None}


def test_extra_fields_leave_alone_what_other_parts_decide() -> None:
    names = {name for fields in drawn(extra_fields(), 600) for name in fields}
    assert len(names) > 100
    assert not names & {"status", "output", "video_url", "url", "detail", "error"}


@of_every_view
def test_absence_never_takes_the_status_away(view: View) -> None:
    strategy = completed_videos(view=view, fields=(), absent=absent_values())
    assert {video.expected_outcome for video in drawn(strategy, 100)} == {Phase.SUCCEEDED}


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"url": st.just("x")}, "unknown option url (available: view, order, fields, urls"),
        ({"view": "openai"}, "view: unknown view 'openai' (available: video, unified, wrapped, seedance)"),
        ({"fields": ["data.url"]}, "fields: unknown data.url (available: output.url, video_url, url, detail.url)"),
        ({"fields": "link"}, "fields: unknown link (available: output.url"),
        ({"fields": ["url"], "view": "wrapped"}, "fields: unknown url (available: data.url"),
    ],
)
def test_a_slip_is_told_where_it_is_made(wrong: dict[str, Any], told: str) -> None:
    with pytest.raises((TypeError, ValueError), match=re.escape(told)):
        videos(**wrong)


# --- shrinking --------------------------------------------------------------------------------------------------------


def usable(value: Any) -> bool:
    return isinstance(value, str) and value.strip() != ""


def first(values: list[Any]) -> Any:
    return next((value.strip() for value in values if usable(value)), None)


def empty_text_is_a_url(body: dict[str, Any]) -> Any:
    return next((value.strip() for value in places_of(body) if isinstance(value, str)), None)


def a_key_is_a_url(body: dict[str, Any]) -> Any:
    return body["video_url"] if "video_url" in body else first(places_of(body))


def null_is_none(body: dict[str, Any]) -> Any:
    there = [str(body["video_url"])] if "video_url" in body and body["video_url"] != "" else []
    output, _, url, detail = places_of(body)
    return first([output, *there, url, detail])


def anything_true_is_a_url(body: dict[str, Any]) -> Any:
    found = next((value for value in places_of(body) if value), None)
    return found.strip() if isinstance(found, str) else found


def wrong_order(body: dict[str, Any]) -> Any:
    output, video_url, url, detail = places_of(body)
    return first([video_url, output, url, detail])


def last_wins(body: dict[str, Any]) -> Any:
    return first(list(reversed(places_of(body))))


def one_place_only(body: dict[str, Any]) -> Any:
    return first([body.get("video_url")])


def metadata_as_well(body: dict[str, Any]) -> Any:
    return first([*places_of(body), get(body.get("metadata"), "url")])


def output_is_an_object(body: dict[str, Any]) -> Any:
    output = body["output"].get("url") if "output" in body else None
    return first([output, *places_of(body)[1:]])


def blanks_are_kept(body: dict[str, Any]) -> Any:
    return next((value for value in places_of(body) if usable(value)), None)


def https_only(body: dict[str, Any]) -> Any:
    return first([value for value in places_of(body) if isinstance(value, str) and value.strip().startswith("http")])


def wrong(resolve: Callable[[dict[str, Any]], Any]) -> Callable[[Video], bool]:
    def is_wrong(video: Video) -> bool:
        try:
            return bool(resolve(video.body) != video.expected_url)
        except Exception:
            return True

    return is_wrong


A, B = "https://a.test/v.mp4", "https://b.test/v.mp4"
DEFECTS = [
    empty_text_is_a_url, a_key_is_a_url, null_is_none, anything_true_is_a_url, wrong_order, last_wins, one_place_only,
    metadata_as_well, output_is_an_object, blanks_are_kept, https_only,
]  # fmt: skip
# Where only one example is the smallest.
SMALLEST = {
    null_is_none: {"status": "completed", "video_url": None},
    wrong_order: {"status": "completed", "output": {"url": A}, "video_url": B},
    metadata_as_well: {"status": "completed", "metadata": {"url": "https://decoy.test/v.mp4"}},
}
THOROUGH = settings(database=None, deadline=None, max_examples=2000)


@pytest.mark.parametrize("resolve", DEFECTS, ids=[resolve.__name__ for resolve in DEFECTS])
@pytest.mark.parametrize("seed", [1, 2])
def test_the_smallest_counter_example_is_understood_at_once(
    resolve: Callable[[dict[str, Any]], Any], seed: int
) -> None:
    fails = wrong(resolve)
    found = find(completed_videos(), fails, settings=THOROUGH, random=Random(seed))
    assert len(repr(found)) < 120
    assert found.body["status"] == "completed"
    assert len(found.body) == (3 if resolve in (wrong_order, last_wins) else 2)
    for name in found.body.keys() - {"status"}:
        rest = {key: value for key, value in found.body.items() if key != name}
        assert not fails(Video(rest))  # nothing is there that does not matter
    assert found.body == SMALLEST.get(resolve, found.body)


def test_a_documented_counter_example_shows_what_differs_from_the_page() -> None:
    found = find(completed_videos(DOCUMENTED), wrong(empty_text_is_a_url), settings=THOROUGH, random=Random(1))
    laid = {"status": "completed", "progress": 100, "completed_at": 1735689660, "video_url": ""}
    assert repr(found) == f"Video(DOCUMENTED_TASK | {laid!r})"


def test_the_right_resolver_has_none() -> None:
    @settings(CALM, max_examples=400)
    @given(completed_videos())
    def right(video: Video) -> None:
        assert first(places_of(video.body)) == video.expected_url

    right()


_BROKEN = """
from hypothesis import given, settings
from video_mockserver.strategies import completed_videos
@settings(derandomize=True, database=None, max_examples=1000)
@given(completed_videos())
def broken(video):
    assert video.expected_field != "output.url" or len(video.expected_urls) < 2
broken()
"""


def test_the_example_is_printed_as_it_is_pasted() -> None:
    # In a process of its own: schemathesis's plugin for pytest keeps Hypothesis from printing what was drawn.
    done = subprocess.run([sys.executable, "-c", _BROKEN], capture_output=True, text=True, check=False, timeout=60)
    shown = re.search(r"video=(Video\(.*\)),$", done.stderr, re.MULTILINE | re.DOTALL)
    assert shown, done.stderr
    assert eval(shown[1], {"Video": Video}).body == {"status": "completed", "output": {"url": A}, "video_url": A}
    assert len(shown[1].splitlines()) == 3


# --- good behaviour ---------------------------------------------------------------------------------------------------

_DRAW = """
from hypothesis import given, settings
from video_mockserver.strategies import DOCUMENTED, HOSTILE, VIEWS, videos
for variety in (DOCUMENTED, HOSTILE):
    for view in VIEWS:
        @settings(derandomize=True, database=None, deadline=None, max_examples=40)
        @given(videos(variety, view=view))
        def show(video):
            print(ascii(video))
        show()
"""


def test_the_same_examples_come_in_every_process() -> None:
    runs = {
        subprocess.run(
            [sys.executable, "-c", _DRAW],
            env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True, timeout=60,
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert len(runs) == 1
    assert len(runs.pop().splitlines()) > 8 * 30


def test_without_hypothesis_the_package_says_what_to_install() -> None:
    code = "import sys; sys.modules['hypothesis'] = None; import video_mockserver.strategies"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1
    [last] = done.stderr.splitlines()[-1:]
    assert (
        last == "ImportError: video_mockserver.strategies needs Hypothesis: pip install 'video-mockserver[hypothesis]'"
    )


def test_hypothesis_is_imported_nowhere_else() -> None:
    importing = {
        path.relative_to(ROOT / "mockserver").parts[0]
        for path in (ROOT / "mockserver").rglob("*.py")
        if re.search(r"^\s*(?:import|from) (?:hypothesis|\.+strategies)", path.read_text("utf-8"), re.MULTILINE)
    }
    assert importing == {"strategies", "cli"}  # which nothing imports before it is asked for


@pytest.fixture(params=["default", "ci"])
def loaded_profile(request: pytest.FixtureRequest) -> Iterator[None]:
    """The profile that Hypothesis loads by itself: `ci` where the environment says CI."""
    before = settings.get_current_profile_name()
    settings.load_profile(request.param)
    yield
    settings.load_profile(before)


@pytest.mark.usefixtures("loaded_profile")
def test_the_profiles() -> None:
    register_profiles()
    register_profiles()  # as often as there are conftest files
    ci, night = settings.get_profile("video-ci"), settings.get_profile("video-night")
    assert (ci.derandomize, ci.database, ci.deadline) == (True, None, None)
    assert (night.derandomize, night.deadline) == (False, None)
    assert night.database is not None  # what failed is kept
    assert night.max_examples > 10 * ci.max_examples
    for profile in (ci, night):
        assert list(profile.suppress_health_check) == [HealthCheck.too_slow]  # the one that depends on the machine


def test_every_public_name_is_there() -> None:
    assert sorted(public.__all__, key=str.casefold) == sorted(set(public.__all__), key=str.casefold)
    assert all(hasattr(public, name) for name in public.__all__)


@pytest.mark.parametrize("order", ["video_url", ("video_url", "uri")])
def test_an_order_is_the_fields(order: Any) -> None:
    with pytest.raises(ValueError, match=r"^order: .* is not the fields in their order, such as URL_FIELDS or"):
        Video({"status": "completed"}, order=order)
