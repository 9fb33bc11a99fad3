"""The drawn timeline of a case."""

from __future__ import annotations

from typing import Any

from support import report_sample as sample
from support.report_pages import Element, article, single
from support.report_sample import all_failed

Data = dict[str, Any]


def drawing(name: str) -> Element:
    return article(sample.report(), name).one("svg")


def marks(svg: Element) -> list[Element]:
    return svg.all("g", "m")


def words(mark: Element) -> list[str]:
    return [each.text for each in mark.all("text")]


def test_a_mark_stands_for_an_exchange_in_the_lane_of_its_host() -> None:
    drawn = marks(drawing("download/url_404"))
    assert [words(mark) for mark in drawn] == [
        ["create", "200"], ["poll", "200"], ["poll", "200"], ["download", "404"],
    ]  # fmt: skip
    tops = [float(mark.one("rect").attributes["y"]) for mark in drawn]
    assert tops[0] == tops[1] == tops[2] < tops[3]
    lefts = [float(mark.one("rect").attributes["x"]) for mark in drawn]
    assert lefts == sorted(lefts)
    assert "GET" in drawn[3].one("title").text


def test_polls_that_repeat_are_one_mark_with_their_number() -> None:
    assert [words(mark)[1] for mark in marks(drawing("lifecycle/many_polls"))] == [
        "200", "200 \u00d72", "200 \u00d712", "200", "200 \u00d721", "200",
    ]  # fmt: skip


def test_a_fault_is_named_and_dashed() -> None:
    fault = marks(drawing("download/reset_in_the_middle"))[-1]
    assert words(fault) == ["download", "200", "reset"]
    assert "fault" in fault.classes
    # A status that never arrived is not drawn.
    unseen = marks(single(sample.case("download/closed_without_answer", "no fallback")).one("svg"))[-1]
    assert words(unseen) == ["download", "no reply", "close"]
    assert {"no", "fault"} <= set(unseen.classes)


def test_the_tasks_states_are_a_band() -> None:
    states = drawing("lifecycle/many_polls").all("g", "state")
    assert [(each.one("title").text, each.classes[1]) for each in states] == [
        ("processing", "working"), ("completed", "succeeded"),
    ]  # fmt: skip
    ends = [float(r.attributes["x"]) + float(r.attributes["width"]) for r in (each.one("rect") for each in states)]
    assert ends[0] <= float(states[1].one("rect").attributes["x"]) < ends[1]


def test_two_tasks_are_two_bands() -> None:
    case = sample.case("download/url_404", "no fallback")
    for exchange in case["exchanges"][2:]:
        exchange["task_id"] = "video_second"
    tops = {each.one("rect").attributes["y"] for each in single(case).one("svg").all("g", "state")}
    assert len(tops) == 2


def test_the_exchange_that_shows_what_broke_is_flagged_with_the_number_of_the_violation() -> None:
    case = sample.case("lifecycle/many_polls", "polls on")
    case["violations"] = [{**case["violations"][0], "exchange": number} for number in (20, 38, 20)]
    svg = single(case).one("svg")
    assert [each.one("text").text for each in svg.all("g", "flag")] == ["1, 3", "2"]
    assert len(svg.all("rect", "hit")) == 2
    assert "exchange 20 shows violation 1, 3; exchange 38 shows violation 2" in svg.attributes["aria-label"]
    # The flagged poll stands apart from those that it would otherwise be counted with.
    assert [words(mark)[1] for mark in marks(svg)][4:] == ["200 \u00d73", "200", "200 \u00d717", "200"]


def test_a_drawing_of_200_exchanges_that_all_differ_shows_the_ends_and_what_broke() -> None:
    case = all_failed()["cases"][0]
    case["violations"][0]["exchange"] = 90
    svg = single(case).one("svg")
    assert len(marks(svg)) < 30
    assert float(svg.attributes["width"]) < 2000
    numbers = [each.one("title").text.split()[0] for each in marks(svg) if each.all("title")]
    assert numbers[0] == "#1"
    assert numbers[-1] == "#200"
    assert {"#89", "#90", "#91"} <= set(numbers)
    left_out = [int(words(mark)[1].split()[0]) for mark in marks(svg) if "gap" in mark.classes]
    assert sum(left_out) + len(numbers) == 200


def test_a_case_without_a_request_says_so() -> None:
    case = {**sample.case("download/url_404", "no fallback"), "exchanges": []}
    assert "No request came in." in single(case).text
