"""What the pytest plugin does: markers read, fakes opened, and what reports say. The plugin itself only hands over."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import pytest

from ..scenario.library import Library
from ..scenario.problems import ScenarioError
from ..scenario.sources import UnknownScenario, matching_names
from .contract import VIOLATED

if TYPE_CHECKING:
    from pathlib import Path

    from ..fake.fake import Fake
    from ..scenario.model import Scenario

__all__ = [
    "add_requests_to_report", "fake_options", "open_fake", "parametrize_scenarios", "project_library",
    "scenario_of_test", "summarize_violations",
]  # fmt: skip

_Fake = TypeVar("_Fake", bound="Fake")
_FAKES: pytest.StashKey[list[Fake]] = pytest.StashKey()
_LIBRARY: pytest.StashKey[Library] = pytest.StashKey()
_SECTION = "video-mockserver: the requests"


def parametrize_scenarios(metafunc: pytest.Metafunc) -> None:
    """Check the markers `video_scenario` and `video_scenarios` of a test, and run it once for each scenario.

    Raises CollectError, which pytest shows alone, for a wrong marker or an unknown or invalid scenario.
    """
    single = metafunc.definition.get_closest_marker("video_scenario")
    several = metafunc.definition.get_closest_marker("video_scenarios")
    library = project_library(metafunc.config)
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
    try:
        library.find(name)
        return
    except (UnknownScenario, ScenarioError) as error:
        message = str(error)
    _wrong(message)  # out here, so that pytest does not show both errors


def _matching(library: Library, globs: tuple[Any, ...]) -> list[str]:
    names: dict[str, None] = {}
    for glob in globs or ("*",):
        found = matching_names(glob, library.names())
        if not found:
            _wrong(f"@pytest.mark.video_scenarios: {UnknownScenario(glob, library.names())}")
        names.update(dict.fromkeys(found))
    return list(names)


def _wrong(message: str) -> NoReturn:
    raise pytest.Collector.CollectError(message)  # which is shown alone, without a traceback


def project_library(config: pytest.Config) -> Library:
    """The scenarios of a test run: the folders of the ini option, then the shipped ones. Made once."""
    if _LIBRARY not in config.stash:
        folders: list[Path] = config.getini("video_scenario_dirs")
        try:
            config.stash[_LIBRARY] = Library(folders)
        except NotADirectoryError as error:
            raise pytest.UsageError(f"video_scenario_dirs: {error}") from None
    return config.stash[_LIBRARY]


def scenario_of_test(request: pytest.FixtureRequest) -> Scenario | None:
    """The scenario that the markers of a test name; None without one."""
    name = getattr(request, "param", None)
    if name is None:
        marker = request.node.get_closest_marker("video_scenario")
        name = marker.args[0] if marker else None
    return project_library(request.config).find(name) if name is not None else None


def open_fake(
    stack: contextlib.ExitStack,
    make: Callable[..., contextlib.AbstractContextManager[_Fake]],
    request: pytest.FixtureRequest,
    scenario: Scenario | None,
    options: dict[str, Any],
) -> _Fake:
    """A fake for one test, which closes it. A wrong option fails the test in one line."""
    try:
        fake = stack.enter_context(make(scenario, **options))
    except (ImportError, TypeError, ValueError) as error:
        message = str(error)
    else:
        request.node.stash.setdefault(_FAKES, []).append(fake)
        return fake
    pytest.fail(message, pytrace=False)  # out here, so that pytest does not show both errors


def fake_options(request: pytest.FixtureRequest) -> dict[str, Any]:
    """The options of a test's fakes: those of its markers, the nearest first, and its clock."""
    options: dict[str, Any] = {"library": project_library(request.config)}
    for marker in reversed(list(request.node.iter_markers("video_options"))):
        options.update(marker.kwargs)
    if "video_clock" in request.fixturenames:
        options.setdefault("clock", request.getfixturevalue("video_clock"))
    return options


def add_requests_to_report(item: pytest.Item, call: pytest.CallInfo[None], report: pytest.TestReport) -> None:
    """List the requests of a failed test's fakes in its report, unless its error lists them already."""
    fakes = item.stash.get(_FAKES, [])
    lists_them = call.excinfo is not None and type(call.excinfo.value).__name__ == "ContractBroken"
    if report.failed and fakes and not lists_them:
        from ..fake.timeline import timeline

        whole = item.config.getoption("verbose") > 1
        report.sections += [(_SECTION, timeline(fake.journal, whole=whole)) for fake in fakes]


def summarize_violations(terminalreporter: pytest.TerminalReporter) -> None:
    """The rules that clients broke in the tests of a `ClientContract`, each once."""
    violated = Counter(
        str(value)
        for report in terminalreporter.getreports("failed")
        for name, value in getattr(report, "user_properties", ())
        if name == VIOLATED
    )
    if not violated:
        return
    from ..judge.rules.table import RULES

    terminalreporter.section("video-mockserver: violated rules")
    width = max(map(len, violated))
    for text in sorted(violated, key=lambda text: (text.partition(" ")[0], -violated[text])):  # "must deliver"
        count = violated[text]
        rule = RULES[text.partition(" ")[2]]
        terminalreporter.write_line(f"{text:{width}}  {count} case{'' if count == 1 else 's'}: {rule.sentence}")
