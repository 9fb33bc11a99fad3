"""Near names, for every "did you mean"."""

from __future__ import annotations

import pytest

from video_mockserver.api.suggest import close_matches, did_you_mean, nearest


@pytest.mark.parametrize(
    ("name", "known", "found"),
    [
        ("url_405", ["download/url_404", "lifecycle/plain"], ["download/url_404"]),
        ("download/url_405", ["download/url_404", "lifecycle/plain"], ["download/url_404"]),
        ("plane", ["download/url_404", "lifecycle/plain"], ["lifecycle/plain"]),
        ("x", ["some_folder/x", "another_folder/x"], ["some_folder/x", "another_folder/x"]),
        ("zzzz", ["download/url_404"], []),
    ],
)
def test_near_names_are_looked_for_by_the_whole_and_by_the_last_part(
    name: str, known: list[str], found: list[str]
) -> None:
    assert close_matches(name, known) == found


def test_a_page_of_text_is_like_no_name_and_costs_no_time() -> None:
    page = "url_404" * 3_000_000
    assert close_matches(page, ["download/url_404"]) == []
    assert nearest(page, ["download/url_404"]) is None


@pytest.mark.parametrize(
    ("word", "known", "text"),
    [
        ("quued", ["queued", "processing"], " (did you mean 'queued'?)"),
        ("zzz", ["queued", "processing"], " (available: queued, processing)"),
        ("zzz", [f"state{number:02}" for number in range(15)], ""),
        ("zzz", [], ""),
        (404, ["405", "x"], " (did you mean '405'?)"),
    ],
)
def test_a_hint_names_the_nearest_or_all_of_a_few(word: object, known: list[str], text: str) -> None:
    assert did_you_mean(word, known) == text
