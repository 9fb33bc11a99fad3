"""For every test of a server: what it may leave in the log, and no thread of a server is left."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator

import pytest


@pytest.fixture
def expected_log(caplog: pytest.LogCaptureFixture) -> Iterator[list[str]]:
    """The warnings that must be in the log: none unless a test adds some. No server's thread is left behind."""
    caplog.set_level(logging.WARNING)
    expected: list[str] = []
    before = set(threading.enumerate())
    yield expected
    assert [record.getMessage() for record in caplog.get_records("call")] == expected
    assert "video-mockserver" not in [thread.name for thread in set(threading.enumerate()) - before]
