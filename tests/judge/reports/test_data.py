"""What the reports share."""

from __future__ import annotations

from html import escape
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

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

Data = dict[str, Any]


@given(st.text(st.characters(exclude_categories=())))
def test_any_text_can_stand_in_a_document(text: str) -> None:
    kept = printable(text)
    assert ElementTree.fromstring(f"<a>{escape(kept)}</a>".encode()).text == (kept or None)
    assert printable(kept) == kept


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


def test_colours_of_a_program_are_dropped_and_its_lines_kept() -> None:
    assert plain("\x1b[1;31mred\x1b[0m\r\n10%\r20%\n\x1b]0;title\x07end\x1b") == "red\n10%\n20%\nend\\x1b"


@given(st.integers(0, 80), st.integers(3, 40), st.sets(st.integers(1, 80), max_size=4))
def test_folding_keeps_order_counts_everything_and_keeps_what_it_must(count: int, most: int, keep: set[int]) -> None:
    exchanges = [
        {**_EXCHANGE, "number": number, "state": str(number)} for number in range(1, count + 1)
    ]  # fmt: skip
    parts = list(folded(runs(exchanges), most, keep))
    kept = [run.first["number"] for run in parts if not isinstance(run, Gap)]
    assert kept == sorted(kept)
    assert keep & set(range(1, count + 1)) <= set(kept)
    assert len(kept) + sum(run.exchanges for run in parts if isinstance(run, Gap)) == count
    assert len(kept) <= most + 5 * len(keep)


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

    is_download = on_download([exchange("http://a.test/", "poll"), exchange("http://d.test/", "download")])
    assert is_download(exchange(url, operation, note)) is expected


def test_numbers_are_written_for_people() -> None:
    assert [seconds(each) for each in (0, 0.4249, 12.34, 1234.5)] == ["0.00 s", "0.42 s", "12.3 s", "1,234 s"]
    assert cut("abcdefgh", 2, 3) == "ab\n[3 characters left out]\nfgh"
    assert cut("abcdefgh", 2) == "ab\n[6 characters left out]"
    assert short("abcdef", 4) == "abc\u2026"
