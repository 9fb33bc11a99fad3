"""One case of the HTML report."""

from __future__ import annotations

from typing import Any

from support import report_sample as sample
from support.report_pages import article, read, single
from support.report_sample import all_failed
from video_mockserver.judge.reports.html import page

Data = dict[str, Any]


def test_a_failed_case_shows_what_helps_to_fix_it() -> None:
    case = article(sample.report(), "download/url_404")
    text = " ".join(case.text.split())
    for part in (
        "The URL answers 404; /content has the clip.",
        "clip, from content (it delivers the clip, whole and unchanged)",
        "it reported a failure: exit 1",
        "the download failed, and /content was never asked for",
        "waiting for download/url_404 no clip: 404 Client Error",
        "video-mockserver check --scenario download/url_404 -- python my_client.py",
    ):
        assert part in text
    shows = next(each for each in case.all("a") if each.text == "exchange #4")
    (row,) = [each for each in case if each.attributes.get("id") == shows.attributes["href"][1:]]
    assert "hit" in row.classes
    assert "404" in row.one("summary").text


def test_rows_hold_headers_and_bodies_with_keys_hidden() -> None:
    requests = article(sample.report(), "download/url_404").all("pre", "request")
    assert [each.text.split("\n")[0] for each in requests[:2]] == [
        "POST /v1/videos",
        "GET /v1/videos/video_ef134f2a180ba05de91ab32d",
    ]
    assert "authorization: Bearer sk-***" in requests[0].text
    assert requests[0].text.endswith('{"model": "grok-video-3", "prompt": "a fox in the snow"}')


def test_times_are_the_clients_seconds_from_its_first_request() -> None:
    case = article(sample.report(), "download/url_404")
    assert [each.text for each in case.all("span", "t")] == ["0.00 s", "0.00 s", "5.00 s", "10.0 s"]
    assert [each.text for each in case.all("text", "time")] == ["0.00 s", "0.00 s", "5.00 s", "10.0 s"]


def test_an_exchange_that_the_journal_dropped_is_named_without_a_link() -> None:
    case = sample.case("download/url_404", "no fallback")
    case["violations"][0]["exchange"] = 1
    case["exchanges"] = case["exchanges"][1:]
    element = single(case)
    assert "exchange #1, which the journal no longer has" in element.text
    assert not element.all("rect", "hit")


def test_a_violation_without_an_exchange_names_none() -> None:
    case = sample.case("download/url_404", "no fallback")
    case["violations"][0]["exchange"] = None
    assert not single(case).one("ol", "violations").all("span", "shows")


def test_passed_cases_are_folded_with_their_timelines() -> None:
    root = read(page(sample.report()))
    folders = root.all("details", "folder")
    assert [each.children[0].text for each in folders] == [
        "content 1 passed", "download 1 passed", "lifecycle 2 passed", "polling 1 passed",
    ]  # fmt: skip
    for case in root.all("details", "passed"):
        assert case.one("svg")
        assert "#1" in case.one("pre").text
    assert not [each for each in [*folders, *root.all("details", "passed")] if "open" in each.attributes]


def test_long_texts_are_cut() -> None:
    case = sample.case("download/url_404", "no fallback")
    case["output"] = "first\n" + "x" * 100_000 + "\nlast"
    case["exchanges"][0]["reply"]["body"] = "y" * 100_000
    element = single(case)
    assert len(element.text) < 20_000
    output = element.one("pre", "output").text
    assert output.startswith("first\n")
    assert output.endswith("\nlast")
    assert "96,011 characters left out" in output


def test_the_exchange_that_shows_what_broke_keeps_its_bodies_when_there_is_no_room_for_all() -> None:
    report = all_failed()
    for case in report["cases"]:
        case["violations"][0]["exchange"] = 120
    row = read(page(report)).all("article", "case")[-1].one("li", "hit")
    assert "#120" in row.text
    assert row.all("pre", "reply")
