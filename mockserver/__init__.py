"""A fake of OctopusX's asynchronous video API for contract tests: scripted tasks, real faults, one journal.

The names below are the public API; everything else is private and may change. Each is imported when it is first used.
The generator is in `video_mockserver.strategies`, which needs Hypothesis.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .api.messages import Fault
    from .checking.callables import check
    from .checking.shared_fakes import video_clock, video_mock, video_server
    from .edges.inprocess.respx import VideoMock
    from .edges.server.limits import ServerLimits
    from .edges.server.process import ServerProcess
    from .edges.server.registry import ServedFake
    from .edges.server.video_server import VideoServer
    from .edges.virtual_time import VideoClock
    from .fake.clock import ManualClock, RealClock
    from .fake.journal import Exchange, Journal
    from .fake.options import FakeOptions
    from .fake.tasks import Task
    from .judge.verdict import ContractBroken, Report, Terms, Verdict
    from .scenario.library import Library
    from .scenario.model import Expect, ReplyTemplate, Scenario, State, Transition
    from .scenario.problems import ScenarioError
    from .scenario.reader import read_scenario
    from .scenario.schema import scenario_schema
    from .scenario.sources import UnknownScenario
    from .scenario.validation import validate
    from .scenario.writer import write_scenario
    from .testing.contract import ClientContract

    __version__: str

__all__ = [
    "ClientContract",
    "ContractBroken",
    "Exchange",
    "Expect",
    "FakeOptions",
    "Fault",
    "Journal",
    "Library",
    "ManualClock",
    "RealClock",
    "ReplyTemplate",
    "Report",
    "Scenario",
    "ScenarioError",
    "ServedFake",
    "ServerLimits",
    "ServerProcess",
    "State",
    "Task",
    "Terms",
    "Transition",
    "UnknownScenario",
    "Verdict",
    "VideoClock",
    "VideoMock",
    "VideoServer",
    "__version__",
    "check",
    "read_scenario",
    "scenario_schema",
    "validate",
    "video_clock",
    "video_mock",
    "video_server",
    "write_scenario",
]

# Where each public name lives; the imports above say the same to type checkers, and a test compares the two.
_HOMES = {
    "ClientContract": "testing.contract",
    "ContractBroken": "judge.verdict",
    "Exchange": "fake.journal",
    "Expect": "scenario.model",
    "FakeOptions": "fake.options",
    "Fault": "api.messages",
    "Journal": "fake.journal",
    "Library": "scenario.library",
    "ManualClock": "fake.clock",
    "RealClock": "fake.clock",
    "ReplyTemplate": "scenario.model",
    "Report": "judge.verdict",
    "Scenario": "scenario.model",
    "ScenarioError": "scenario.problems",
    "ServedFake": "edges.server.registry",
    "ServerLimits": "edges.server.limits",
    "ServerProcess": "edges.server.process",
    "State": "scenario.model",
    "Task": "fake.tasks",
    "Terms": "judge.verdict",
    "Transition": "scenario.model",
    "UnknownScenario": "scenario.sources",
    "Verdict": "judge.verdict",
    "VideoClock": "edges.virtual_time",
    "VideoMock": "edges.inprocess.respx",
    "VideoServer": "edges.server.video_server",
    "check": "checking.callables",
    "read_scenario": "scenario.reader",
    "scenario_schema": "scenario.schema",
    "validate": "scenario.validation",
    "video_clock": "checking.shared_fakes",
    "video_mock": "checking.shared_fakes",
    "video_server": "checking.shared_fakes",
    "write_scenario": "scenario.writer",
}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from .api.version import tool_version

        value: Any = tool_version()
    elif name in _HOMES:
        value = getattr(import_module(f".{_HOMES[name]}", __name__), name)
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value  # found at once the next time
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
