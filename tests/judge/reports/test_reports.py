"""The judge's report as a page, as JUnit XML and as data with a schema."""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import escape
from html.parser import HTMLParser
from importlib.resources import files
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from support import report_sample as sample
from video_mockserver.api.contract import OUTCOMES
from video_mockserver.judge.reports.data import (
    Gap,
    cut,
    folded,
    frames_folded,
    on_download,
    plain,
    printable,
    runs,
    seconds,
    short,
)
from video_mockserver.judge.reports.html import page
from video_mockserver.judge.reports.junit import document
from video_mockserver.judge.reports.terminal import render

Data = dict[str, Any]

# What a client, a server or a scenario may say to break a report: markup, colours, what no document can hold.
HOSTILE = (
    "</script></pre></details></svg><img src=x onerror=alert(1)>\" ' & &amp; ]]> <!-- \x1b[31mred\x1b[0m \x00\x07\r"
    "\ud800 \ufffe \u202e {braces} %s"
)
# Words that have a meaning to the reports; everything else is anybody's text.
OURS = {"verdict", "level", "outcome", "ended", "flow", "started_at"}


def spoiled(data: Any, by: str = HOSTILE, key: str = "") -> Any:
    """The same report with something hostile in each of its texts."""
    if isinstance(data, dict):
        return {name: spoiled(value, by, name) for name, value in data.items()}
    if isinstance(data, list):
        return [spoiled(value, by, key) for value in data]
    return data + by if isinstance(data, str) and key not in OURS else data


def empty() -> Data:
    """A report of a run without any case."""
    report = sample.report(cases=[])
    return {**report, "ignored": [], "skipped": []}


def all_failed() -> Data:
    """A report of as many cases as the library has, all failed, with many exchanges, long bodies and long outputs."""
    case = sample.case("polling/mixed_errors", "no fallback")
    exchanges = []
    for number in range(1, 201):
        exchange = json.loads(json.dumps(case["exchanges"][number % len(case["exchanges"])]))
        exchange["number"] = number
        exchange["reply"]["body"] = "<body> " * 2000
        exchanges.append(exchange)
    case = {**case, "exchanges": exchanges, "output": "a line of output\n" * 2000}
    return sample.gathered([{**case, "scenario": f"polling/case_{number}"} for number in range(274)])


# --- reading a page ---------------------------------------------------------------------------------------------------

VOID = {"meta", "br"}


@dataclass
class Element:
    """An element of a page; `text` is all the text in it."""

    tag: str
    attributes: dict[str, str]
    children: list[Element] = field(default_factory=list)
    parts: list[str] = field(default_factory=list)

    def __iter__(self) -> Iterator[Element]:
        yield self
        for child in self.children:
            yield from child

    def all(self, tag: str, css_class: str = "") -> list[Element]:
        return [each for each in self if each.tag == tag and css_class in ["", *each.classes]]

    def one(self, tag: str, css_class: str = "") -> Element:
        (found,) = self.all(tag, css_class)
        return found

    @property
    def text(self) -> str:
        return "".join(self.parts)

    @property
    def classes(self) -> list[str]:
        return self.attributes.get("class", "").split()


class Reader(HTMLParser):
    """Reads a page and insists on what a browser would only guess at: every tag is closed where it should be."""

    def __init__(self) -> None:
        super().__init__()
        self.root = Element("", {})
        self.open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len({name for name, _ in attrs}) == len(attrs), attrs
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.open[-1].children.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open[-1].children.append(Element(tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self.open[-1].tag == tag, f"</{tag}> closes <{self.open[-1].tag}>"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        for element in self.open:
            element.parts.append(data)


def read(html: str) -> Element:
    reader = Reader()
    reader.feed(html)
    reader.close()
    assert reader.open == [reader.root]
    return reader.root


def article(report: Data, name: str) -> Element:
    """How a page shows the first case of this name that has something broken."""
    return next(each for each in read(page(report)).all("article", "case") if each.one("h3").text.endswith(name))


def single(case: Data, *, level: str = "must") -> Element:
    """How a page shows the one case of a report."""
    return read(page(sample.gathered([case], level=level))).one("article", "case")


# --- the page as a whole ----------------------------------------------------------------------------------------------

REPORTS = {
    "sample": sample.report,
    "strict": lambda: sample.report(level="should"),
    "good": lambda: sample.report(cases=[("lifecycle/plain", "")]),
    "empty": empty,
    "large": sample.large,
    "hostile": lambda: spoiled(sample.report()),
}


@pytest.mark.parametrize("kind", REPORTS)
def test_a_page_is_well_formed_and_its_links_lead_somewhere(kind: str) -> None:
    root = read(page(REPORTS[kind]()))
    ids = [each.attributes["id"] for each in root if "id" in each.attributes]
    assert [id for id, count in Counter(ids).items() if count > 1] == []
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+", id) for id in ids)
    links = [each.attributes["href"] for each in root.all("a")]
    assert {link[:1] for link in links} <= {"#"}
    assert {link[1:] for link in links} <= set(ids)
    assert {each.attributes["aria-labelledby"] for each in root.all("section")} <= set(ids)


@pytest.mark.parametrize("kind", REPORTS)
def test_a_page_loads_nothing_and_runs_nothing(kind: str) -> None:
    root = read(page(REPORTS[kind]()))
    assert not {"script", "link", "img", "iframe", "object", "embed", "base", "form", "use", "image"} & {
        each.tag for each in root
    }
    for element in root:
        assert not {"src", "srcset", "xlink:href", "background"} & set(element.attributes)
        assert not [name for name in element.attributes if name.startswith("on")]
        assert "url(" not in element.attributes.get("style", "")
    style = root.one("style").text
    assert "url(" not in style
    assert "@import" not in style
    policy = next(each for each in root.all("meta") if "http-equiv" in each.attributes)
    assert policy.attributes["content"].startswith("default-src 'none'; style-src 'unsafe-inline'")


@pytest.mark.parametrize("kind", REPORTS)
def test_a_page_can_be_heard_and_read_on_a_phone(kind: str) -> None:
    root = read(page(REPORTS[kind]()))
    assert root.one("html").attributes["lang"] == "en"
    assert (
        "width=device-width"
        in next(m for m in root.all("meta") if m.attributes.get("name") == "viewport").attributes["content"]
    )
    levels = [int(each.tag[1]) for each in root if re.fullmatch("h[1-6]", each.tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    for drawing in root.all("svg"):
        assert drawing.attributes["role"] == "img"
        assert drawing.attributes["aria-label"].startswith("Timeline of ")


def test_hostile_texts_are_shown_and_change_nothing_else() -> None:
    hostile_page = page(spoiled(sample.report()))
    harmless_page = page(spoiled(sample.report(), re.sub(r"[^\w/ ]", "x", HOSTILE, flags=re.ASCII)))
    assert Counter(each.tag for each in read(hostile_page)) == Counter(each.tag for each in read(harmless_page))
    hostile_page.encode("utf-8")
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\u202e]", hostile_page)
    shown = read(hostile_page).one("main").text
    assert "</script></pre></details></svg><img src=x onerror=alert(1)>\" ' & &amp; ]]> <!-- \\x1b[31mred" in shown
    assert "\\ud800" in shown


def test_the_page_of_the_whole_library_is_small_and_made_at_once() -> None:
    report = sample.large()
    began = time.perf_counter()
    html = page(report)
    assert time.perf_counter() - began < 2
    assert len(html.encode()) < 3_000_000


def test_the_page_stays_small_when_everything_fails() -> None:
    html = page(all_failed())
    assert len(html.encode()) < 5_000_000
    assert "Left out here for its size" in html


# --- what the page tells ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cases", "level", "headline"),
    [
        ([("lifecycle/plain", "")], "must", "The client kept every promise in 1 case"),
        ([("lifecycle/plain", ""), ("urls/in_url", "hurries")], "must", "The client kept every promise in 2 cases"),
        ([("lifecycle/plain", ""), ("urls/in_url", "hurries")], "should", "The client broke 1 promise in 1 of 2 cases"),
        (None, "must", "The client broke 3 promises in 4 of 12 cases"),
        (None, "should", "The client broke 4 promises in 6 of 12 cases"),
        ([], "must", "No case was judged"),
    ],
)
def test_the_verdict_stands_on_top_in_words(
    cases: list[tuple[str, str]] | None, level: str, headline: str
) -> None:  # fmt: skip
    root = read(page(sample.report(cases=cases, level=level)))
    assert root.one("h1").text == headline
    assert root.one("head").one("title").text.startswith(headline)


def test_errors_alone_are_no_promises_broken() -> None:
    root = read(page(sample.gathered([sample.crashed("lifecycle/plain"), sample.case("urls/in_url")])))
    assert root.one("h1").text == "1 of 2 cases could not be judged"
    assert "No module named httpx" in root.one("article", "error").text


def test_a_broken_promise_is_quoted_and_leads_to_the_case_that_broke_it() -> None:
    # The same scenario twice: the first run of it kept the promise.
    report = sample.report(cases=[("download/url_404", ""), ("download/url_404", "no fallback")])
    root = read(page(report))
    promise = root.one("article", "promise")
    assert promise.one("blockquote").text == sample.RULES[0]["sentence"]
    assert sample.GROK in promise.text
    assert promise.one("span", "level").text == "must"
    link = promise.one("a")
    assert link.text == "download/url_404"
    (broken,) = [each for each in root if "#" + each.attributes.get("id", "") == link.attributes["href"]]
    assert "fail" in broken.classes


def test_a_failed_case_tells_what_it_takes_to_mend_it() -> None:
    case = article(sample.report(), "download/url_404")
    told = " ".join(case.text.split())
    for words in (
        "The URL answers 404; /content has the clip.",
        "clip, from content (it delivers the clip, whole and unchanged)",
        "it reported that there is no clip: exit 1",
        "the download failed, and /content was never asked for",
        "waiting for download/url_404 no clip: 404 Client Error",
        "video-mockserver check --scenario download/url_404 -- python my_client.py",
    ):
        assert words in told
    shows = next(each for each in case.all("a") if each.text == "exchange #4")
    (row,) = [each for each in case if each.attributes.get("id") == shows.attributes["href"][1:]]
    assert "hit" in row.classes
    assert "404" in row.one("summary").text


def test_rows_hold_headers_and_bodies_with_keys_hidden() -> None:
    asked = article(sample.report(), "download/url_404").all("pre", "asked")
    assert [each.text.split("\n")[0] for each in asked[:2]] == [
        "POST /v1/videos",
        "GET /v1/videos/video_ef134f2a180ba05de91ab32d",
    ]
    assert "authorization: Bearer sk-***" in asked[0].text
    assert asked[0].text.endswith('{"model": "grok-video-3", "prompt": "a fox in the snow"}')


def test_times_are_the_clients_seconds_from_its_first_request() -> None:
    case = article(sample.report(), "download/url_404")
    assert [each.text for each in case.all("span", "t")] == ["0.00 s", "0.00 s", "5.00 s", "10.0 s"]
    assert [each.text for each in case.all("text", "time")] == ["0.00 s", "0.00 s", "5.00 s", "10.0 s"]


def test_advice_fails_nothing_until_the_options_say_so() -> None:
    lenient = read(page(sample.report()))
    strict = read(page(sample.report(level="should")))
    for root, verdict in ((lenient, "pass"), (strict, "fail")):
        case = next(each for each in root.all("article", "case") if "polling/mixed_errors" in each.text)
        assert verdict in case.classes
        assert "it polled again after 0.1 s" in case.text
    assert "1 piece of advice (level should) was not taken" in lenient.one("header").text
    assert "advice" not in strict.one("header").text


def test_an_exchange_that_the_journal_dropped_is_named_without_a_link() -> None:
    case = sample.case("download/url_404", "no fallback")
    case["violations"][0]["exchange"] = 1
    case["exchanges"] = case["exchanges"][1:]
    shown = single(case)
    assert "exchange #1, which the journal no longer has" in shown.text
    assert not shown.all("rect", "hit")


def test_a_break_that_no_exchange_shows_is_told_without_one() -> None:
    case = sample.case("download/url_404", "no fallback")
    case["violations"][0]["exchange"] = None
    assert not single(case).one("ol", "breaks").all("span", "shows")


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


def test_what_was_not_judged_is_told_with_the_reason() -> None:
    told = read(page(sample.report())).one("main").text
    assert "it is about creating, and the client was given a task" in told
    assert "create/create_401" in told
    assert "our gateway has no limits" in told


def test_every_rule_is_listed_with_how_it_went() -> None:
    rows = read(page(sample.report())).one("tbody").all("tr")
    assert [(row.one("th").text, row.all("td")[-1].text) for row in rows] == [
        ("fallback-download", "broken in 2"), ("url-order", "broken in 1"), ("stop-at-the-end", "broken in 1"),
        ("poll-interval", "broken in 2"), ("no-key-to-other-hosts", "kept"),
    ]  # fmt: skip


def test_long_texts_are_cut() -> None:
    case = sample.case("download/url_404", "no fallback")
    case["output"] = "first\n" + "x" * 100_000 + "\nlast"
    case["exchanges"][0]["reply"]["body"] = "y" * 100_000
    shown = single(case)
    assert len(shown.text) < 20_000
    output = shown.one("pre", "output").text
    assert output.startswith("first\n")
    assert output.endswith("\nlast")
    assert "96,011 characters left out" in output


def test_the_exchange_that_shows_what_broke_keeps_its_bodies_when_there_is_no_room_for_all() -> None:
    report = all_failed()
    for case in report["cases"]:
        case["violations"][0]["exchange"] = 120
    row = read(page(report)).all("article", "case")[-1].one("li", "hit")
    assert "#120" in row.text
    assert row.all("pre", "answered")


# --- the drawing ------------------------------------------------------------------------------------------------------


def drawing(name: str) -> Element:
    return article(sample.report(), name).one("svg")


def marks(svg: Element) -> list[Element]:
    return svg.all("g", "m")


def words(mark: Element) -> list[str]:
    return [each.text for each in mark.all("text")]


def test_a_mark_stands_for_an_exchange_in_the_lane_of_its_host() -> None:
    shown = marks(drawing("download/url_404"))
    assert [words(mark) for mark in shown] == [
        ["create", "200"], ["poll", "200"], ["poll", "200"], ["download", "404"],
    ]  # fmt: skip
    tops = [float(mark.one("rect").attributes["y"]) for mark in shown]
    assert tops[0] == tops[1] == tops[2] < tops[3]
    lefts = [float(mark.one("rect").attributes["x"]) for mark in shown]
    assert lefts == sorted(lefts)
    assert "GET" in shown[3].one("title").text


def test_polls_that_repeat_are_one_mark_with_their_number() -> None:
    assert [words(mark)[1] for mark in marks(drawing("lifecycle/many_polls"))] == [
        "200", "200 \u00d72", "200 \u00d712", "200", "200 \u00d721", "200",
    ]  # fmt: skip


def test_a_fault_is_named_and_dashed() -> None:
    fault = marks(drawing("download/reset_in_the_middle"))[-1]
    assert words(fault) == ["download", "200", "reset"]
    assert "fault" in fault.classes
    # A status that never arrived is not shown.
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


def test_the_exchange_that_shows_what_broke_is_flagged_with_the_number_of_the_promise() -> None:
    case = sample.case("lifecycle/many_polls", "polls on")
    case["violations"] = [{**case["violations"][0], "exchange": number} for number in (20, 38, 20)]
    svg = single(case).one("svg")
    assert [each.one("text").text for each in svg.all("g", "flag")] == ["1, 3", "2"]
    assert len(svg.all("rect", "hit")) == 2
    assert "exchange 20 shows break 1, 3; exchange 38 shows break 2" in svg.attributes["aria-label"]
    # The flagged poll stands apart from those that it would otherwise be counted with.
    assert [words(mark)[1] for mark in marks(svg)][4:] == ["200 \u00d73", "200", "200 \u00d717", "200"]


def test_a_drawing_of_200_exchanges_that_all_differ_shows_the_ends_and_what_broke() -> None:
    case = all_failed()["cases"][0]
    case["violations"][0]["exchange"] = 90
    svg = single(case).one("svg")
    assert len(marks(svg)) < 30
    assert float(svg.attributes["width"]) < 2000
    told = [each.one("title").text.split()[0] for each in marks(svg) if each.all("title")]
    assert told[0] == "#1"
    assert told[-1] == "#200"
    assert {"#89", "#90", "#91"} <= set(told)
    left_out = [int(words(mark)[1].split()[0]) for mark in marks(svg) if "gap" in mark.classes]
    assert sum(left_out) + len(told) == 200


def test_a_case_without_a_request_says_so() -> None:
    case = {**sample.case("download/url_404", "no fallback"), "exchanges": []}
    assert "No request came in." in single(case).text


# --- JUnit ------------------------------------------------------------------------------------------------------------


def suite(report: Data) -> ElementTree.Element:
    found = ElementTree.fromstring(document(report).encode()).find("testsuite")
    assert found is not None
    return found


def named(element: ElementTree.Element, classname: str, name: str) -> list[ElementTree.Element]:
    return [case for case in element if case.get("classname") == classname and case.get("name") == name]


def test_every_scenario_is_a_test_case_and_the_totals_agree() -> None:
    told = suite(sample.report())
    cases = told.findall("testcase")
    assert told.get("tests") == str(len(cases)) == "13"
    for attribute, path in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        assert told.get(attribute) == str(len(told.findall(f"testcase/{path}")))
    assert (told.get("failures"), told.get("errors"), told.get("skipped")) == ("4", "1", "1")
    assert told.get("timestamp") == "2026-11-24T12:00:00"
    assert (told.get("time"), cases[0].get("time")) == ("12.300", "0.420")


def test_a_failure_tells_the_promise_the_timeline_the_output_and_how_to_run_it_again() -> None:
    failure = named(suite(sample.report()), "download", "url_404")[0].find("failure")
    assert failure is not None
    assert failure.get("type") == "fallback-download"
    assert failure.get("message") == "fallback-download: the download failed, and /content was never asked for"
    told = failure.text or ""
    for text in (
        "must fallback-download: the download failed, and /content was never asked for (exchange #4)\n  OctopusX",
        "expected:   clip, from content\nended with: it reported that there is no clip: exit 1",
        "\n> #4     10.0 s  GET    download:/clips/video_ef134f2a180ba05de91ab32d/video.mp4",
        "the program printed:\nwaiting for download/url_404\nno clip: 404 Client Error",
        "run it again: video-mockserver check --scenario download/url_404",
    ):
        assert text in told


@pytest.mark.parametrize(("level", "failed"), [("must", False), ("should", True)])
def test_advice_is_a_failure_only_when_the_options_say_so(level: str, failed: bool) -> None:
    (case,) = named(suite(sample.report(level=level)), "polling", "mixed_errors")
    told = case.find("failure" if failed else "system-out")
    assert [each.tag for each in case] == ["failure" if failed else "system-out"]
    assert told is not None
    assert "should poll-interval: it polled again after 0.1 s" in (told.text or "")
    assert told.get("type") == ("poll-interval" if failed else None)


def test_an_error_is_an_error_and_a_skipped_scenario_says_why() -> None:
    told = suite(sample.report())
    error = named(told, "create", "slow_create")[0].find("error")
    skipped = named(told, "create", "create_401")[0].find("skipped")
    assert error is not None
    assert error.get("message") == "nobody knows: exit 1"
    assert "No module named httpx" in (error.text or "")
    assert skipped is not None
    assert skipped.get("message") == "it is about creating, and the client was given a task"


def test_a_failure_without_a_broken_promise_says_what_was_expected() -> None:
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
    told = suite(spoiled(sample.report()))
    failure = told.findall("testcase/failure")[0]
    assert "</script></pre></details></svg><img src=x onerror=alert(1)>\" ' & &amp; ]]> <!--" in (failure.text or "")
    assert "\\ud800" in (failure.get("message") or "")
    assert len(told.findall("testcase")) == 13


def test_a_long_story_is_folded_in_junit() -> None:
    told = suite(all_failed()).findall("testcase/failure")[0].text or ""
    assert "... 140 exchanges more ..." in told
    assert len(told) < 25_000


# --- the schema -------------------------------------------------------------------------------------------------------


def schema() -> Data:
    told: Data = json.loads(files("video_mockserver.judge.reports").joinpath("check.schema.json").read_text("utf-8"))
    return told


def problems(report: Data) -> list[str]:
    jsonschema.Draft202012Validator.check_schema(schema())
    found = jsonschema.Draft202012Validator(schema()).iter_errors(json.loads(json.dumps(report)))
    return [error.message for error in found]


@pytest.mark.parametrize("kind", REPORTS)
def test_a_report_fits_the_schema(kind: str) -> None:
    told = REPORTS[kind]()
    if kind == "hostile":
        told["tool"] = empty()["tool"]
    assert problems(told) == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("summary", "verdict"), "passed"),
        (("summary", "cases"), -1),
        (("summary", "violations", 0, "cases"), []),
        (("options", "speed"), 0),
        (("options", "flow"), "watch"),
        (("rules", 0, "level"), "may"),
        (("cases", 0, "verdict"), "skipped"),
        (("cases", 0, "expected", "outcome"), "film"),
        (("cases", 0, "outcome", "ended"), None),
        (("cases", 0, "outcome", "bytes"), "30518"),
        (("cases", 0, "violations", 0, "exchange"), 0),
        (("cases", 0, "exchanges", 0, "number"), "1"),
        (("cases", 0, "exchanges", 0, "request", "headers", 0), ["accept"]),
        (("cases", 0, "exchanges", 0, "ended"), "well"),
        (("cases", 0, "surprise"), True),
        (("started_at",), "24.11.2026"),
        (("surprise",), True),
    ],
)
def test_a_wrong_report_does_not_fit(path: tuple[str | int, ...], value: object) -> None:
    report = json.loads(json.dumps(sample.report(cases=[("download/url_404", "no fallback")])))
    target = report
    for step in path[:-1]:
        target = target[step]
    target[path[-1]] = value
    assert problems(report)


def test_nothing_may_be_missing() -> None:
    for key in sample.report(cases=[]):
        report = sample.report(cases=[])
        del report[key]
        assert problems(report), key


def test_every_object_is_closed_and_everything_is_described() -> None:
    def walk(part: Any, where: str) -> None:
        if isinstance(part, dict):
            if part.get("type") == "object":
                assert part["additionalProperties"] is False, where
                assert part["required"] == list(part["properties"]), where
                for name, told in part["properties"].items():
                    assert {"description", "$ref"} & set(told), f"{where}.{name}"
            for name, told in part.items():
                walk(told, f"{where}.{name}")
        elif isinstance(part, list):
            for told in part:
                walk(told, where)

    walk(schema(), "")
    outcomes = schema()["$defs"]["case"]["properties"]["expected"]["properties"]["outcome"]["enum"]
    assert outcomes == list(OUTCOMES)


# --- what they share --------------------------------------------------------------------------------------------------


@given(st.text(st.characters(exclude_categories=())))
def test_any_text_can_stand_in_a_document(text: str) -> None:
    shown = printable(text)
    assert ElementTree.fromstring(f"<a>{escape(shown)}</a>".encode()).text == (shown or None)
    assert printable(shown) == shown


def test_of_a_traceback_the_frames_of_the_clients_own_code_are_shown() -> None:
    def frame(path: str) -> str:
        return f'  File "{path}", line 3, in get\n    return get()\n           ^^^^^\n'

    package, own = frame("/v/lib/python3.11/site-packages/httpx/_api.py"), frame("/home/me/client.py")
    library = frame("C:\\\\v\\\\Lib\\\\site-packages\\\\x.py").replace("\\\\", "\\")
    output = f"Traceback:\n{package}{package}Error: one\n\nTraceback:\n{own}{package}{library}Error: two\n"
    folded_output = "Traceback:\n  [2 frames of packages]\nError: one\n\nTraceback:\n"
    folded_output += f"{own}  [2 frames of packages]\nError: two\n"
    assert frames_folded(output) == folded_output
    assert frames_folded(own) == own
    assert frames_folded(frame("/usr/lib/python3.12/re.py")) == "  [1 frame of packages]\n"
    assert frames_folded("no traceback\n") == "no traceback\n"


def last_lines(report: Data) -> list[str]:
    return render(report).splitlines()


def test_the_terminal_says_what_lies_in_how_the_check_was_run() -> None:
    report = sample.report()
    lines = last_lines(report)
    assert "left out: 1 case: it is about creating, and the client was given a task" in lines
    assert not any("No request came in" in line for line in lines)
    silent = [{**case, "exchanges": [], "violations": []} for case in report["cases"]]
    assert any(line.startswith("No request came in, in any case: ") for line in last_lines(sample.gathered(silent)))
    assert not any("No request came in" in line for line in last_lines(sample.gathered(silent[:1])))


def test_the_terminal_says_how_many_gave_up_a_clip_and_how_many_were_stopped() -> None:
    report = sample.report()
    passed = next(
        case for case in report["cases"] if case["verdict"] == "pass" and case["expected"]["outcome"] == "clip"
    )
    gave_up = {**passed, "outcome": {**passed["outcome"], "ended": "reported", "bytes": None}}
    stopped = {**passed, "outcome": {**passed["outcome"], "ended": "stopped", "bytes": None}}
    assert "without the clip" not in last_lines(sample.gathered([passed]))[-1]
    assert "(2 of them without the clip" in last_lines(sample.gathered([gave_up, passed, gave_up]))[-1]
    assert "1 case ran until the client was stopped" in render(sample.gathered([stopped, passed]))
    assert "until the client was stopped" not in render(sample.gathered([passed, gave_up]))


def test_colours_of_a_program_are_dropped_and_its_lines_kept() -> None:
    assert plain("\x1b[1;31mred\x1b[0m\r\n10%\r20%\n\x1b]0;title\x07end\x1b") == "red\n10%\n20%\nend\\x1b"


@given(st.integers(0, 80), st.integers(3, 40), st.sets(st.integers(1, 80), max_size=4))
def test_folding_keeps_order_counts_everything_and_keeps_what_it_must(count: int, most: int, keep: set[int]) -> None:
    exchanges = [
        {**_EXCHANGE, "number": number, "state": str(number)} for number in range(1, count + 1)
    ]  # fmt: skip
    told = list(folded(runs(exchanges), most, keep))
    shown = [run.first["number"] for run in told if not isinstance(run, Gap)]
    assert shown == sorted(shown)
    assert keep & set(range(1, count + 1)) <= set(shown)
    assert len(shown) + sum(run.exchanges for run in told if isinstance(run, Gap)) == count
    assert len(shown) <= most + 5 * len(keep)


_EXCHANGE = {
    "number": 1, "task_id": None, "operation": "", "state": None, "state_after": None, "sent": None, "ended": None,
    "note": None, "request": {"method": "GET", "url": "http://127.0.0.1:1/x"}, "reply": {"status": 200, "fault": None},
}  # fmt: skip


@pytest.mark.parametrize(
    ("url", "operation", "note", "expected"),
    [
        ("http://d.test/clips/x", "download", None, True),
        ("http://a.test/v1/videos", "create", None, False),
        ("http://d.test/other", "", None, True),
        ("http://a.test/other", "", None, False),
        ("http://e.test/other", "", "no route /other on the download host", True),
        ("http://a.test/_download/other", "", None, True),
    ],
)
def test_the_host_of_an_exchange_is_told_from_what_the_data_has(
    url: str, operation: str, note: str | None, expected: bool
) -> None:
    def exchange(url: str, operation: str, note: str | None = None) -> Data:
        return {"operation": operation, "note": note, "request": {"url": url}}

    told = on_download([exchange("http://a.test/", "poll"), exchange("http://d.test/", "download")])
    assert told(exchange(url, operation, note)) is expected


def test_numbers_are_written_for_people() -> None:
    assert [seconds(each) for each in (0, 0.4249, 12.34, 1234.5)] == ["0.00 s", "0.42 s", "12.3 s", "1,234 s"]
    assert cut("abcdefgh", 2, 3) == "ab\n[3 characters left out]\nfgh"
    assert cut("abcdefgh", 2) == "ab\n[6 characters left out]"
    assert short("abcdef", 4) == "abc\u2026"
