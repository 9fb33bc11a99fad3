"""The options of servers: a wrong one is refused where it is given, with what was probably meant."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from support.servers import open_files
from video_mockserver.edges.server.serve import serve
from video_mockserver.edges.server.video_server import VideoServer
from video_mockserver.fake.clock import ManualClock
from video_mockserver.scenario.sources import UnknownScenario

WRONG: list[tuple[dict[str, Any], type[Exception], str]] = [
    ({"spede": 2}, TypeError, "no option 'spede' (did you mean 'speed'?)"),
    ({"dialct": "openai"}, TypeError, "no option 'dialct' (did you mean 'dialect'?)"),
    ({"manual_clok": True}, TypeError, "no option 'manual_clok' (did you mean 'manual_clock'?)"),
    ({"dialect": "openia"}, ValueError, "openia"),
    ({"unknown_tasks": "make"}, ValueError, "unknown_tasks"),
    ({"speed": 0}, ValueError, "speed"),
    ({"scenario": "trunkated"}, UnknownScenario, "did you mean 'download/truncated'"),
    ({"parser": "hyper"}, ValueError, "parser: 'hyper' must be 'auto', 'httptools' or 'h11'"),
    ({"token": "a b"}, ValueError, "token: must be visible ASCII"),
    ({"token": ""}, ValueError, "token: must be visible ASCII"),
]
each_wrong = pytest.mark.parametrize(("options", "error", "message"), WRONG, ids=lambda value: str(value)[:30])


@each_wrong
def test_a_server_is_not_made_with_a_wrong_option(
    options: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error) as raised:
        VideoServer(**options)
    assert message in str(raised.value)


@pytest.mark.parametrize(
    ("option", "meant"), [("scenarios", "scenario"), ("scenario_dir", "scenario_dirs"), ("one_prot", "one_port")]
)
def test_a_server_names_its_own_options_too(option: str, meant: str) -> None:
    with pytest.raises(TypeError, match=f"no option '{option}' .did you mean '{meant}'"):
        VideoServer(**{option: True})  # type: ignore[arg-type]


@each_wrong
def test_neither_is_a_fake(options: dict[str, Any], error: type[Exception], message: str) -> None:
    if not {"parser", "token"} & options.keys():
        with VideoServer() as server, pytest.raises(error) as raised:
            server.fake(**options)
        assert message in str(raised.value)
        assert not server.fakes()


@each_wrong
def test_a_server_in_the_foreground_does_not_begin(
    options: dict[str, Any], error: type[Exception], message: str
) -> None:
    files = open_files()
    with pytest.raises(error) as raised:
        asyncio.run(serve(host="127.0.0.1", port=0, **options))
    assert message in str(raised.value)
    assert open_files() == files


def test_a_log_has_one_of_three_forms() -> None:
    with pytest.raises(ValueError, match="log_format: 'xml' must be 'text', 'json' or 'none'"):
        asyncio.run(serve(host="127.0.0.1", port=0, log_format="xml"))  # type: ignore[arg-type]


def test_folders_of_scenarios_come_before_the_shipped_ones(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("summary: Mine.\nstart: a\nnever_ends: true\nstates:\n  a: {}\n", "utf-8")
    with VideoServer(scenario_dirs=[tmp_path], scenario="mine") as server:
        assert server.fake().settings.scenario == "mine"
        assert server.fake("lifecycle/plain").settings.scenario == "lifecycle/plain"


def test_a_clock_that_is_given_goes_before_a_manual_one() -> None:
    clock = ManualClock()
    with VideoServer(manual_clock=True) as server:
        assert server.fake(clock=clock).clock is clock
        one, other = server.fake(), server.fake()
        assert isinstance(one.clock, ManualClock)
        assert one.clock is not other.clock
