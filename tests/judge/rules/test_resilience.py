"""Bad replies and unusual task objects."""

from __future__ import annotations

from typing import Any

import pytest

from support.broken_clients import BROKEN_CLIENTS
from support.careful_client import Answer, Careful
from support.judging import assert_found, assert_not_accused, clients_of
from video_mockserver.judge.rules.resilience import RULES

NAMES = clients_of(RULES)


@pytest.mark.parametrize("name", NAMES)
def test_a_broken_client_is_found_by_the_rule_that_names_it(name: str) -> None:
    assert_found(BROKEN_CLIENTS[name])


@pytest.mark.parametrize("name", NAMES)
def test_where_its_defect_does_not_show_a_client_is_not_accused(name: str) -> None:
    assert_not_accused(BROKEN_CLIENTS[name])


class ErrorHasMessage(Careful, rule="odd-types", found_in="payload/error_code_alone"):
    """Reads the message of any error object; the generator hardly ever finds this one."""

    def video(self, answer: Answer | None) -> dict[str, Any]:
        video = super().video(answer)
        if isinstance(video.get("error"), dict):
            video["error"]["message"]
        return video


def test_an_error_without_a_message_is_no_reason_to_fail() -> None:
    assert_found(ErrorHasMessage)
    assert_not_accused(ErrorHasMessage)
