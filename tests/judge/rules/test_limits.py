"""Pauses, tries and timeouts."""

from __future__ import annotations

import pytest

from support.broken_clients import BROKEN_CLIENTS
from support.judging import assert_found, assert_not_accused, clients_of
from video_mockserver.judge.rules.limits import RULES

NAMES = clients_of(RULES)


@pytest.mark.parametrize("name", NAMES)
def test_a_broken_client_is_found_by_the_rule_that_names_it(name: str) -> None:
    assert_found(BROKEN_CLIENTS[name])


@pytest.mark.parametrize("name", NAMES)
def test_where_its_defect_does_not_show_a_client_is_not_accused(name: str) -> None:
    assert_not_accused(BROKEN_CLIENTS[name])
