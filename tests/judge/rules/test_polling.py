"""Waiting for the end."""

from __future__ import annotations

from typing import Any

import pytest

from support.broken_clients import BROKEN_CLIENTS
from support.careful_client import Careful
from support.judging import assert_found, assert_not_accused, clients_of
from video_mockserver.judge.rules.polling import RULES

NAMES = clients_of(RULES)


@pytest.mark.parametrize("name", NAMES)
def test_a_broken_client_is_found_by_the_rule_that_names_it(name: str) -> None:
    assert_found(BROKEN_CLIENTS[name])


@pytest.mark.parametrize("name", NAMES)
def test_where_its_defect_does_not_show_a_client_is_not_accused(name: str) -> None:
    assert_not_accused(BROKEN_CLIENTS[name])


class CompleteInWord(Careful, rule="poll-to-end", found_in="payload/status_incomplete"):
    """Takes every word that contains "complete" for the good end; the generator hardly ever finds this one."""

    def phase(self, video: dict[str, Any]) -> str:
        known = super().phase(video)
        return "completed" if known == "pending" and "complete" in str(video.get("status")) else known


def test_a_word_that_contains_another_is_not_that_word() -> None:
    assert_found(CompleteInWord)
    assert_not_accused(CompleteInWord)
