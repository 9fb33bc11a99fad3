"""The fakes of a server: what is found below a prefix, and which names of a server are remembered."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any

import pytest

from support.sockets import MOMENT, PATIENCE, POLL
from video_mockserver.edges.server.asgi import Addressed
from video_mockserver.edges.server.registry import KNOWN_ORIGINS, FakeRegistry
from video_mockserver.fake.clip_files import shipped_clips
from video_mockserver.scenario.library import Library
from video_mockserver.scenario.model import Scenario


class HookedLibrary(Library):
    """A library that calls a function when a scenario is looked up."""

    def find(self, name: str) -> Scenario:
        self.on_find()
        return super().find(name)

    def on_find(self) -> None:
        """Replaced by a test."""


@pytest.fixture
def library() -> HookedLibrary:
    return HookedLibrary()


@pytest.fixture
def registry(library: HookedLibrary) -> Iterator[FakeRegistry]:
    registry = FakeRegistry(library, shipped_clips(), {"scenario": "lifecycle/plain"})
    registry.attach(registry.make(name="default"), 8001, 8002)
    yield registry
    registry.shut()


def scope(host: str = "mock.test") -> dict[str, Any]:
    return {"type": "http", "server": ("127.0.0.1", 8001), "headers": [(b"host", host.encode())]}


def test_a_prefix_that_is_asked_for_twice_at_first_is_one_fake(registry: FakeRegistry, library: HookedLibrary) -> None:
    opening: list[Future[Any]] = []

    def open_meanwhile() -> None:
        if not opening:  # the second to ask comes while the fake of the first is being made
            opening.append(threads.submit(registry.open, "one"))
            wait(opening, MOMENT)

    with ThreadPoolExecutor(1) as threads:
        library.on_find = open_meanwhile  # type: ignore[method-assign]
        addressed = registry.address(scope(), f"/t/one{POLL}")
        one = opening[0].result(PATIENCE)
    assert isinstance(addressed, Addressed)
    assert addressed.fake is one
    assert registry.fakes().keys() == {"default", "one"}


def test_a_prefix_of_a_fake_that_is_closed_at_this_moment_leads_nowhere(registry: FakeRegistry) -> None:
    binding = registry.binding(8001)
    assert binding is not None
    binding.fake.close()
    assert registry.fake_below(binding, "late") is None
    assert registry.binding(8001) is None
    assert not registry.fakes()


def test_a_thousand_names_of_a_server_are_not_all_remembered(registry: FakeRegistry) -> None:
    for number in [*range(1000), 5, 999]:
        addressed = registry.address(scope(f"name-{number}.test"), POLL)
        assert isinstance(addressed, Addressed)
        assert addressed.origins.api == f"http://name-{number}.test"
        assert addressed.origins.download == f"http://name-{number}.test:8002"
    binding = registry.binding(8001)
    assert binding is not None
    assert len(binding.origins) <= KNOWN_ORIGINS


@pytest.mark.parametrize("options", [{"spede": 2}, {"dialct": "openai"}])
def test_an_option_that_is_none_is_refused_with_what_was_meant(registry: FakeRegistry, options: dict[str, Any]) -> None:
    [name] = options
    with pytest.raises(TypeError, match=f"no option '{name}'.*did you mean '(speed|dialect)'"):
        registry.make(**options)
