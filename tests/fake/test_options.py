"""Options of a fake: a wrong name or value is refused where it is given, with the option's name."""

from __future__ import annotations

from typing import Any

import pytest

from support.fakes import NewFake
from video_mockserver.fake.clock import ManualClock
from video_mockserver.fake.options import FakeOptions, SettingsOptions, check_option_names, checked_keys

WRONG: list[tuple[str, Any]] = [
    ("dialect", "openia"),
    ("dialect", None),
    ("dialect", ["openai"]),
    ("unknown_tasks", "creates"),
    ("unknown_tasks", True),
    ("strict", "no"),
    ("strict", 1),
    ("seed", "7"),
    ("seed", 1.5),
    ("seed", True),
    ("keys", "sk-good"),
    ("keys", 7),
    ("keys", ["sk-good", ""]),
    ("keys", [7]),
    ("speed", 0),
    ("speed", -1.0),
    ("speed", "fast"),
    ("speed", True),
    ("speed", float("nan")),
    ("speed", float("inf")),
    ("poll_after_ms", -1),
    ("poll_after_ms", 0.5),
    ("poll_after_ms", True),
]


@pytest.mark.parametrize(("option", "value"), WRONG)
def test_a_wrong_value_is_refused_with_the_name_of_its_option(new_fake: NewFake, option: str, value: Any) -> None:
    with pytest.raises(ValueError, match=f"^{option}: "):
        new_fake(**{"clock": ManualClock(), option: value})


@pytest.mark.parametrize(
    "options",
    [{"poll_after_ms": 0}, {"poll_after_ms": None}, {"keys": None}, {"keys": ("sk-a", "sk-b")}, {"speed": 2}],
)
def test_what_is_allowed_is_accepted(new_fake: NewFake, options: dict[str, Any]) -> None:
    new_fake(**options)


def test_an_unknown_option_is_refused_with_a_near_one(new_fake: NewFake) -> None:
    with pytest.raises(TypeError, match=r"no option 'sede' \(did you mean 'seed'\?\)"):
        new_fake(sede=1)


def test_a_name_that_is_near_to_none_is_refused_with_all_there_are() -> None:
    with pytest.raises(TypeError, match=r"no option 'zzzz' \(available: .*poll_after_ms.*\)"):
        check_option_names({"zzzz": 1}, FakeOptions.__annotations__)
    check_option_names({"seed": 1}, SettingsOptions.__annotations__)


def test_keys_are_a_set_and_none_accepts_any() -> None:
    assert checked_keys(None) is None
    assert checked_keys(iter(["sk-a", "sk-a"])) == {"sk-a"}
