"""The keys of a scenario file: every field of the model is one, and each is described."""

from __future__ import annotations

from dataclasses import fields
from typing import get_args

import pytest

from video_mockserver.api.contract import OUTCOMES, OutcomeName
from video_mockserver.scenario.keys import Kind, keys_of
from video_mockserver.scenario.limits import DOWNLOAD_AUTH, DownloadAuth
from video_mockserver.scenario.model import EVENTS, Event, Expect, ReplyTemplate, Scenario, State, Transition

# Fields without a key: a scenario's name is the file's; the others are a part of the key beside them.
WITHOUT = {(Scenario, "name"), (Transition, "seconds"), (ReplyTemplate, "has_json")}


@pytest.mark.parametrize("part", [Scenario, State, Transition, ReplyTemplate, Expect])
def test_every_field_is_a_key_with_a_meaning(part: type[Scenario]) -> None:
    keys = keys_of(part)
    assert {key.field for key in keys.values()} == {
        field.name for field in fields(part) if (part, field.name) not in WITHOUT
    }
    for key in keys.values():
        assert key.meaning.endswith("."), key.name
        assert key.kind in get_args(Kind), key.name


def test_keys_stand_in_the_order_in_which_they_are_written() -> None:
    assert list(keys_of(Scenario)) == [
        "summary", "source", "dialect", "clip", "task_id", "start", "seed", "never_ends", "download_auth",
        "link_lifetime", "create", "states", "expect",
    ]  # fmt: skip
    assert list(keys_of(Expect)) == ["outcome", "from"]


def test_closed_sets_are_the_same_as_types_and_as_tables() -> None:
    assert get_args(Event) == tuple(EVENTS)
    assert get_args(DownloadAuth) == tuple(DOWNLOAD_AUTH)
    assert get_args(OutcomeName) == tuple(OUTCOMES)
