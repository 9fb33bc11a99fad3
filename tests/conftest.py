"""Fakes for the tests of the core: the shipped scenarios and clips, and time that only the test moves."""

from __future__ import annotations

from typing import Any, Protocol

import pytest

from mockserver.clips import ClipShelf
from mockserver.clock import ManualClock
from mockserver.fake import Fake
from mockserver.library import Library, shipped_shelf
from mockserver.scenario import Scenario


class NewFake(Protocol):
    """Makes a fake; the options are those of `Fake`."""

    def __call__(self, scenario: str | Scenario | None = None, **options: Any) -> Fake: ...


@pytest.fixture(scope="session")
def library() -> Library:
    """The shipped scenarios; each file is read once in a session."""
    return Library()


@pytest.fixture(scope="session")
def shelf() -> ClipShelf:
    """The shipped clips."""
    return shipped_shelf()


@pytest.fixture
def new_fake(library: Library, shelf: ClipShelf) -> NewFake:
    """A factory of fakes on a clock that stands still."""

    def make(scenario: str | Scenario | None = None, **options: Any) -> Fake:
        options.setdefault("clock", ManualClock())
        return Fake(library, shelf, scenario=scenario, **options)

    return make


@pytest.fixture
def fake(new_fake: NewFake) -> Fake:
    """A fake as it comes: documents as documented, one plain life."""
    return new_fake()
