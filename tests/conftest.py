"""Fakes for the tests of the core: the shipped scenarios and clips, and time that only the test moves."""

from __future__ import annotations

from typing import Any

import pytest

from support.fakes import NewFake
from video_mockserver.fake.clip_files import shipped_clips
from video_mockserver.fake.clips import ClipStore
from video_mockserver.fake.clock import ManualClock
from video_mockserver.fake.fake import Fake
from video_mockserver.scenario.library import Library
from video_mockserver.scenario.model import Scenario


@pytest.fixture(scope="session")
def library() -> Library:
    """The shipped scenarios; each file is read once in a session."""
    return Library()


@pytest.fixture(scope="session")
def clip_store() -> ClipStore:
    """The shipped clips."""
    return shipped_clips()


@pytest.fixture
def new_fake(library: Library, clip_store: ClipStore) -> NewFake:
    """A factory of fakes on a clock that stands still."""

    def make(scenario: str | Scenario | None = None, **options: Any) -> Fake:
        options.setdefault("clock", ManualClock())
        return Fake(library, clip_store, scenario=scenario, **options)

    return make


@pytest.fixture
def fake(new_fake: NewFake) -> Fake:
    """A fake as it comes: documents as documented, one plain life."""
    return new_fake()
