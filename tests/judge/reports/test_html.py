"""The HTML report: the page as a whole, its headline and its lists."""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise
from typing import Any

import pytest

from support import report_sample as sample
from support.report_pages import read
from support.report_sample import HOSTILE, REPORTS, all_failed, spoiled
from video_mockserver.judge.reports.html import page

Data = dict[str, Any]


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
    text = read(hostile_page).one("main").text
    assert "</script></pre></details></svg><img src=x onerror=alert(1)>\" ' & &amp; ]]> <!-- \\x1b[31mred" in text
    assert "\\ud800" in text


def test_the_page_of_the_whole_library_is_small() -> None:
    assert len(page(sample.large()).encode()) < 3_000_000


def test_the_page_stays_small_when_everything_fails() -> None:
    html = page(all_failed())
    assert len(html.encode()) < 5_000_000
    assert "Left out because of its size" in html


@pytest.mark.parametrize(
    ("cases", "level", "headline"),
    [
        ([("lifecycle/plain", "")], "must", "The client kept the contract in 1 case"),
        ([("lifecycle/plain", ""), ("urls/in_url", "hurries")], "must", "The client kept the contract in 2 cases"),
        ([("lifecycle/plain", ""), ("urls/in_url", "hurries")], "should", "The client violated 1 rule in 1 of 2 cases"),
        (None, "must", "The client violated 3 rules in 4 of 12 cases"),
        (None, "should", "The client violated 4 rules in 6 of 12 cases"),
        ([], "must", "No case was judged"),
    ],
)
def test_the_headline_says_how_the_client_did(
    cases: list[tuple[str, str]] | None, level: str, headline: str
) -> None:  # fmt: skip
    root = read(page(sample.report(cases=cases, level=level)))
    assert root.one("h1").text == headline
    assert root.one("head").one("title").text.startswith(headline)


def test_errors_alone_are_no_violations() -> None:
    root = read(page(sample.gathered([sample.crashed("lifecycle/plain"), sample.case("urls/in_url")])))
    assert root.one("h1").text == "1 of 2 cases could not be judged"
    assert "No module named httpx" in root.one("article", "error").text


def test_a_violated_rule_is_quoted_and_links_to_its_case() -> None:
    # The same scenario twice: the first run of it kept the rule.
    report = sample.report(cases=[("download/url_404", ""), ("download/url_404", "no fallback")])
    root = read(page(report))
    rule = root.one("article", "rule")
    assert rule.one("blockquote").text == sample.RULES[0]["sentence"]
    assert sample.GROK in rule.text
    assert rule.one("span", "level").text == "must"
    link = rule.one("a")
    assert link.text == "download/url_404"
    (broken,) = [each for each in root if "#" + each.attributes.get("id", "") == link.attributes["href"]]
    assert "fail" in broken.classes


def test_should_rules_are_warnings_until_the_options_say_so() -> None:
    lenient = read(page(sample.report()))
    strict = read(page(sample.report(level="should")))
    for root, verdict in ((lenient, "pass"), (strict, "fail")):
        case = next(each for each in root.all("article", "case") if "polling/mixed_errors" in each.text)
        assert verdict in case.classes
        assert "it polled again after 0.1 s" in case.text
    assert "1 rule of level should was violated: a warning, which fails no case." in lenient.one("header").text
    assert "warning" not in strict.one("header").text


def test_what_was_not_judged_is_listed_with_the_reason() -> None:
    text = read(page(sample.report())).one("main").text
    assert "it tests creating a task, and this client is given one" in text
    assert "create/create_401" in text
    assert "our gateway has no limits" in text


def test_every_rule_is_listed_with_how_it_went() -> None:
    rows = read(page(sample.report())).one("tbody").all("tr")
    assert [(row.one("th").text, row.all("td")[-1].text) for row in rows] == [
        ("fallback-download", "violated in 2"), ("url-order", "violated in 1"), ("stop-at-the-end", "violated in 1"),
        ("poll-interval", "violated in 2"), ("no-key-to-other-hosts", "kept"),
    ]  # fmt: skip
