"""The JUnit report."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

import pytest

from support import report_sample as sample
from support.report_sample import all_failed, spoiled
from video_mockserver.judge.reports.junit import document

Data = dict[str, Any]


def suite(report: Data) -> ElementTree.Element:
    found = ElementTree.fromstring(document(report).encode()).find("testsuite")
    assert found is not None
    return found


def named(element: ElementTree.Element, classname: str, name: str) -> list[ElementTree.Element]:
    return [case for case in element if case.get("classname") == classname and case.get("name") == name]


def test_every_scenario_is_a_test_case_and_the_totals_agree() -> None:
    suite_element = suite(sample.report())
    cases = suite_element.findall("testcase")
    assert suite_element.get("tests") == str(len(cases)) == "13"
    for attribute, path in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        assert suite_element.get(attribute) == str(len(suite_element.findall(f"testcase/{path}")))
    assert (suite_element.get("failures"), suite_element.get("errors"), suite_element.get("skipped")) == ("4", "1", "1")
    assert suite_element.get("timestamp") == "2026-11-24T12:00:00"
    assert (suite_element.get("time"), cases[0].get("time")) == ("12.300", "0.420")


def test_a_failure_has_the_violation_the_timeline_the_output_and_how_to_run_it_again() -> None:
    failure = named(suite(sample.report()), "download", "url_404")[0].find("failure")
    assert failure is not None
    assert failure.get("type") == "fallback-download"
    assert failure.get("message") == "fallback-download: the download failed, and /content was never asked for"
    details = failure.text or ""
    for text in (
        "must fallback-download: the download failed, and /content was never asked for (exchange #4)\n  OctopusX",
        "expected: clip, from content\nactual:   it reported a failure: exit 1",
        "\n> #4     10.0 s  GET    download:/clips/video_ef134f2a180ba05de91ab32d/video.mp4",
        "output:\nwaiting for download/url_404\nno clip: 404 Client Error",
        "rerun: video-mockserver check --scenario download/url_404",
    ):
        assert text in details


@pytest.mark.parametrize(("level", "failed"), [("must", False), ("should", True)])
def test_a_should_rule_is_a_failure_only_when_the_options_say_so(level: str, failed: bool) -> None:
    (case,) = named(suite(sample.report(level=level)), "polling", "mixed_errors")
    element = case.find("failure" if failed else "system-out")
    assert [each.tag for each in case] == ["failure" if failed else "system-out"]
    assert element is not None
    assert "should poll-interval: it polled again after 0.1 s" in (element.text or "")
    assert element.get("type") == ("poll-interval" if failed else None)


def test_an_error_is_an_error_and_a_skipped_scenario_says_why() -> None:
    suite_element = suite(sample.report())
    error = named(suite_element, "create", "slow_create")[0].find("error")
    skipped = named(suite_element, "create", "create_401")[0].find("skipped")
    assert error is not None
    assert error.get("message") == "exit 1"
    assert "No module named httpx" in (error.text or "")
    assert skipped is not None
    assert skipped.get("message") == "it tests creating a task, and this client is given one"


def test_a_failure_without_a_violation_says_what_was_expected() -> None:
    report = sample.report(cases=[("lifecycle/plain", "")])
    report["cases"][0].update(verdict="fail", scenario="mine/deep/plain")
    failure = named(suite(report), "mine.deep", "plain")[0].find("failure")
    assert failure is not None
    assert failure.get("message") == "expected clip, from video_url, but it delivered a clip: exit 0, 30,518 bytes"


def test_the_options_are_properties() -> None:
    properties = {each.get("name"): each.get("value") for each in suite(sample.report()).iter("property")}
    assert properties["order"] == "output.url, video_url, url, detail.url"
    assert properties["client"] == "python my_client.py {base_url} {task_id}"
    assert properties["ignored.retry-after"] == "our gateway has no limits"


def test_hostile_texts_survive_in_junit() -> None:
    suite_element = suite(spoiled(sample.report()))
    failure = suite_element.findall("testcase/failure")[0]
    assert "</script></pre></details></svg><img src=x onerror=alert(1)>\" ' & &amp; ]]> <!--" in (failure.text or "")
    assert "\\ud800" in (failure.get("message") or "")
    assert len(suite_element.findall("testcase")) == 13


def test_a_long_timeline_is_folded_in_junit() -> None:
    details = suite(all_failed()).findall("testcase/failure")[0].text or ""
    assert "... 140 exchanges more ..." in details
    assert len(details) < 25_000
