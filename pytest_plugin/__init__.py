"""The pytest plugin: the fake as fixtures, scenarios as markers, the story of the requests when a test fails.

It has no logic of its own: fixtures hand over what `video_mockserver.testing` makes. Nothing of the project is imported
before a fixture or a marker is used.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from video_mockserver.edges.inprocess.respx import VideoMock
    from video_mockserver.edges.server.registry import ServedFake
    from video_mockserver.edges.virtual_time import VideoClock
    from video_mockserver.fake.fake import Fake
    from video_mockserver.scenario.library import Library
    from video_mockserver.scenario.model import Scenario

_Fake = TypeVar("_Fake")
_FAKES: pytest.StashKey[list[Fake]] = pytest.StashKey()
_LIBRARY: pytest.StashKey[Library] = pytest.StashKey()
_SECTION = "video-mockserver: the requests"


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
    single = metafunc.definition.get_closest_marker("video_scenario")
    several = metafunc.definition.get_closest_marker("video_scenarios")
    if single is None and several is None:
        return
    library = _library(metafunc.config)
    if single is not None:
        if len(single.args) != 1 or single.kwargs:
            _wrong('@pytest.mark.video_scenario takes one name, such as "download/url_403_expired"')
        _known(library, single.args[0])
    if several is not None:
        if single is not None:
            _wrong("a test has the marker video_scenario or video_scenarios, not both")
        if "video_scenario" not in metafunc.fixturenames:
            _wrong("@pytest.mark.video_scenarios needs a test that uses video_server, video_mock or video_scenario")
        names = _matching(library, several.args)
        metafunc.parametrize("video_scenario", names, ids=names, indirect=True)


def _known(library: Library, name: Any) -> None:
    from video_mockserver.scenario.problems import ScenarioError
    from video_mockserver.scenario.sources import UnknownScenario

    try:
        library.find(name)
        return
    except (UnknownScenario, ScenarioError) as error:
        said = str(error)
    _wrong(said)  # out here, so that pytest does not show both errors


def _matching(library: Library, globs: tuple[Any, ...]) -> list[str]:
    from video_mockserver.scenario.sources import UnknownScenario, matching_names

    names: dict[str, None] = {}
    for glob in globs or ("*",):
        found = matching_names(glob, library.names())
        if not found:
            _wrong(f"@pytest.mark.video_scenarios: {UnknownScenario(glob, library.names())}")
        names.update(dict.fromkeys(found))
    return list(names)


def _wrong(message: str) -> NoReturn:
    raise pytest.Collector.CollectError(message)  # which is shown alone, without a traceback


def _library(config: pytest.Config) -> Library:
    if _LIBRARY not in config.stash:
        from video_mockserver.scenario.library import Library

        folders: list[Path] = config.getini("video_scenario_dirs")
        try:
            config.stash[_LIBRARY] = Library(folders)
        except NotADirectoryError as error:
            raise pytest.UsageError(f"video_scenario_dirs: {error}") from None
    return config.stash[_LIBRARY]


@pytest.fixture(scope="session")
def video_library(request: pytest.FixtureRequest) -> Library:
    """The scenarios: .names(), .find(name); yours from the ini option video_scenario_dirs, then the shipped ones."""
    return _library(request.config)


@pytest.fixture(scope="session")
def _video_server_session() -> Iterator[None]:
    """The server that every video_server of the session lives in; it is started by the first of them."""
    yield
    from video_mockserver.testing import stop_shared_server

    stop_shared_server()


@pytest.fixture
def video_scenario(request: pytest.FixtureRequest) -> Scenario | None:
    """The scenario that the test's marker names; None without one: the usual case."""
    name = getattr(request, "param", None)
    if name is None:
        marker = request.node.get_closest_marker("video_scenario")
        name = marker.args[0] if marker else None
    return _library(request.config).find(name) if name is not None else None


@pytest.fixture
def video_server(
    request: pytest.FixtureRequest, video_scenario: Scenario | None, _video_server_session: None
) -> Iterator[ServedFake]:
    """A fake over real sockets, for any client: .base_url, .api_key, .task(), .clip, .journal, .signal(), ..."""
    from video_mockserver import testing

    options = _options(request)
    options.pop("base_url", None)
    with contextlib.ExitStack() as stack:
        fake = _opened(stack, testing.video_server, video_scenario, options)
        _remember(request, fake)
        yield fake


@pytest.fixture
def video_mock(request: pytest.FixtureRequest, video_scenario: Scenario | None) -> Iterator[VideoMock]:
    """A fake without sockets, for httpx and httpx2 in this process, by way of respx; .router takes your own routes."""
    from video_mockserver import testing

    options = _options(request)
    config = request.config
    options.setdefault("base_url", config.getoption("--video-base-url") or config.getini("video_base_url"))
    with contextlib.ExitStack() as stack:
        fake = _opened(stack, testing.video_mock, video_scenario, options)
        _remember(request, fake)
        yield fake


@pytest.fixture
def video_clock() -> Iterator[VideoClock]:
    """Time that does not pass: the client's sleeps move this clock, and the test's fakes with it."""
    from video_mockserver import testing

    with testing.video_clock() as clock:
        yield clock


def _opened(
    stack: contextlib.ExitStack,
    make: Callable[..., contextlib.AbstractContextManager[_Fake]],
    scenario: Scenario | None,
    options: dict[str, Any],
) -> _Fake:
    try:
        return stack.enter_context(make(scenario, **options))
    except (ImportError, TypeError, ValueError) as error:
        said = str(error)
    pytest.fail(said, pytrace=False)  # out here, so that pytest does not show both errors


def _options(request: pytest.FixtureRequest) -> dict[str, Any]:
    options: dict[str, Any] = {"library": _library(request.config)}
    for marker in reversed(list(request.node.iter_markers("video_options"))):
        options.update(marker.kwargs)
    if "video_clock" in request.fixturenames:
        options.setdefault("clock", request.getfixturevalue("video_clock"))
    return options


def _remember(request: pytest.FixtureRequest, fake: Fake) -> None:
    request.node.stash.setdefault(_FAKES, []).append(fake)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    fakes = item.stash.get(_FAKES, [])
    told = call.excinfo is not None and type(call.excinfo.value).__name__ == "ContractBroken"
    if report.failed and fakes and not told:  # else they stand in the error already
        from video_mockserver.fake.timeline import timeline

        whole = item.config.getoption("verbose") > 1
        report.sections += [(_SECTION, timeline(fake.journal, whole=whole)) for fake in fakes]
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The promises that clients broke in the tests of a `ClientContract`, each once."""
    broken = Counter(
        told
        for report in terminalreporter.getreports("failed")
        for name, told in getattr(report, "user_properties", ())
        if name == "video-mockserver: broken"
    )
    if not broken:
        return
    from video_mockserver.judge.rules.table import RULES

    terminalreporter.section("video-mockserver: broken promises")
    width = max(map(len, broken))
    for told in sorted(broken, key=lambda told: (told.partition(" ")[0], -broken[told])):  # "must deliver"
        count = broken[told]
        rule = RULES[told.partition(" ")[2]]
        terminalreporter.write_line(f"{told:{width}}  {count} case{'' if count == 1 else 's'}: {rule.sentence}")
