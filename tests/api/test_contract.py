"""Tables of the documented API: what follows from a status, and which URL is the result."""

from __future__ import annotations

from typing import Any

import pytest

from video_mockserver.api.contract import (
    DOCUMENTED_STATUSES,
    GATEWAY_STATUSES,
    OCTOPUSX_STATUSES,
    SEEDANCE_STATUSES,
    STATUS_PHASES,
    TASK_STATUSES,
    URL_FIELDS_TABLE_READING,
    WRAPPED_STATUSES,
    Phase,
    is_waiting,
    phase_of,
    result_urls,
    unified_status,
)


@pytest.mark.parametrize(
    ("status", "phase"),
    [
        ("completed", Phase.SUCCEEDED), (" SUCCESS\n", Phase.SUCCEEDED), ("Failed", Phase.FAILED),
        ("expired", Phase.FAILED), ("queued", Phase.PENDING), ("complete", Phase.PENDING), ("", Phase.PENDING),
        (None, Phase.PENDING), (1, Phase.PENDING), (["completed"], Phase.PENDING),
    ],
)  # fmt: skip
def test_the_phase_of_a_status_is_pending_unless_it_is_known_to_be_an_end(status: Any, phase: Phase) -> None:
    assert phase_of(status) is phase


def test_every_status_of_the_table_has_its_phase() -> None:
    assert {name: phase_of(name) for name in TASK_STATUSES} == STATUS_PHASES
    assert all(fact.phase is Phase.PENDING for fact in TASK_STATUSES.values() if fact.waiting)


def test_the_documented_statuses() -> None:
    assert OCTOPUSX_STATUSES == ("queued", "processing", "completed", "failed", "cancelled")
    assert {*OCTOPUSX_STATUSES, "in_progress"} == DOCUMENTED_STATUSES


@pytest.mark.parametrize(
    ("status", "waiting"),
    [("queued", True), (" Not_Start ", True), ("processing", False), ("x", False), (None, False), (5, False)],
)
def test_a_task_waits_until_its_work_starts(status: Any, waiting: bool) -> None:
    assert is_waiting(status) is waiting


@pytest.mark.parametrize(
    ("status", "unified"),
    [
        ("queued", "pending"), ("in_progress", "processing"), ("cancelled", "failed"), ("expired", "failed"),
        ("completed", "completed"), ("QUEUED", "QUEUED"), ("x", "x"), (None, None), (5, 5),
    ],
)  # fmt: skip
def test_the_unified_interface_has_statuses_of_its_own(status: Any, unified: Any) -> None:
    assert unified_status(status) == unified


@pytest.mark.parametrize(
    ("status", "wrapped", "seedance", "gateway"),
    [
        ("queued", "queued", "SUBMITTED", "NOT_START"),
        ("processing", "processing", "IN_PROGRESS", "IN_PROGRESS"),
        ("x", "processing", "IN_PROGRESS", "IN_PROGRESS"),
        (None, "processing", "IN_PROGRESS", "IN_PROGRESS"),
        ("completed", "succeeded", "SUCCESS", "SUCCESS"),
        ("cancelled", "failed", "FAILURE", "FAILURE"),
    ],
)
def test_pages_with_four_statuses_have_one_for_each(status: Any, wrapped: str, seedance: str, gateway: str) -> None:
    found = (WRAPPED_STATUSES.of(status), SEEDANCE_STATUSES.of(status), GATEWAY_STATUSES.of(status))
    assert found == (wrapped, seedance, gateway)


DOCUMENT = {"url": " https://c ", "output": {"url": "https://a"}, "video_url": "https://b", "detail": {"url": ""}}


def test_result_urls_come_in_the_documented_order() -> None:
    assert [(found.field, found.url) for found in result_urls(DOCUMENT)] == [
        ("output.url", "https://a"), ("video_url", "https://b"), ("url", "https://c"),
    ]  # fmt: skip
    assert next(result_urls(DOCUMENT, URL_FIELDS_TABLE_READING)).field == "video_url"


@pytest.mark.parametrize("document", [None, [], "x", {}, {"output": "x"}, {"url": None, "video_url": " "}, {"url": 5}])
def test_what_is_absent_is_no_result_url(document: Any) -> None:
    assert list(result_urls(document)) == []
