"""The pytest plugin: the fake as fixtures, scenarios as markers, the list of requests when a test fails.

It has no logic of its own: it hands over to `video_mockserver.testing.plugin`. Nothing of the project is imported
before a fixture or a marker is used.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from video_mockserver.edges.inprocess.respx import VideoMock
    from video_mockserver.edges.server.registry import ServedFake
    from video_mockserver.edges.virtual_time import VideoClock
    from video_mockserver.scenario.library import Library
    from video_mockserver.scenario.model import Scenario

_LOGIC = "video_mockserver.testing.plugin"


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("video-mockserver", "a fake of OctopusX's video API")
    group.addoption(
        "--video-base-url",
        metavar="URL",
        help="base URL at which video_mock answers (default: ini option video_base_url, else https://octopusx.ai/v1)",
    )
    parser.addini("video_base_url", "base URL at which video_mock answers", default="https://octopusx.ai/v1")
    parser.addini(
        "video_scenario_dirs", "folders of your own scenarios, before the shipped ones", type="paths", default=[]
    )


def pytest_configure(config: pytest.Config) -> None:
    for line in (
        "video_scenario(name): the scenario of this test's fakes, such as download/url_403_expired",
        "video_scenarios(*globs): run the test once for each scenario whose name matches, such as download/*",
        "video_options(**options): options of this test's fakes: dialect, keys, strict, seed, base_url, ...",
    ):
        config.addinivalue_line("markers", line)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    markers = ("video_scenario", "video_scenarios")
    if any(metafunc.definition.get_closest_marker(name) is not None for name in markers):
        from video_mockserver.testing.plugin import parametrize_scenarios

        parametrize_scenarios(metafunc)


@pytest.fixture(scope="session")
def video_library(request: pytest.FixtureRequest) -> Library:
    """The scenarios: .names(), .find(name); yours from the ini option video_scenario_dirs, then the shipped ones."""
    from video_mockserver.testing.plugin import project_library

    return project_library(request.config)


@pytest.fixture(scope="session")
def _video_server_session() -> Iterator[None]:
    """The server that serves every video_server of the session; it is started by the first of them."""
    yield
    from video_mockserver.checking.shared_fakes import stop_shared_server

    stop_shared_server()


@pytest.fixture
def video_scenario(request: pytest.FixtureRequest) -> Scenario | None:
    """The scenario that the test's marker names; None without one: the usual case."""
    from video_mockserver.testing.plugin import scenario_of_test

    return scenario_of_test(request)


@pytest.fixture
def video_server(
    request: pytest.FixtureRequest, video_scenario: Scenario | None, _video_server_session: None
) -> Iterator[ServedFake]:
    """A fake over real sockets, for any client: .base_url, .api_key, .task(), .clip, .journal, .signal(), ..."""
    from video_mockserver import video_server
    from video_mockserver.testing.plugin import fake_options, open_fake

    options = fake_options(request)
    options.pop("base_url", None)
    with contextlib.ExitStack() as stack:
        yield open_fake(stack, video_server, request, video_scenario, options)


@pytest.fixture
def video_mock(request: pytest.FixtureRequest, video_scenario: Scenario | None) -> Iterator[VideoMock]:
    """A fake without sockets, for httpx and httpx2 in this process, by way of respx; .router takes your own routes."""
    from video_mockserver import video_mock
    from video_mockserver.testing.plugin import fake_options, open_fake

    options = fake_options(request)
    config = request.config
    options.setdefault("base_url", config.getoption("--video-base-url") or config.getini("video_base_url"))
    with contextlib.ExitStack() as stack:
        yield open_fake(stack, video_mock, request, video_scenario, options)


@pytest.fixture
def video_clock() -> Iterator[VideoClock]:
    """Time that does not pass: the client's sleeps move this clock, and the test's fakes with it."""
    from video_mockserver import video_clock

    with video_clock() as clock:
        yield clock


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if _LOGIC in sys.modules:  # else no test has used a fixture
        from video_mockserver.testing.plugin import add_requests_to_report

        add_requests_to_report(item, call, report)
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if any(getattr(report, "user_properties", ()) for report in terminalreporter.getreports("failed")):
        from video_mockserver.testing.plugin import summarize_violations

        summarize_violations(terminalreporter)
