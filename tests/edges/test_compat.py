"""What is used of other packages without being documented there: a version that lacks it is named."""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import version
from typing import Any

import httpcore2
import pytest
import respx
import uvicorn
from uvicorn.protocols.http import h11_impl, httptools_impl

from video_mockserver.edges import compat
from video_mockserver.edges.compat import UnsupportedVersion, require
from video_mockserver.edges.inprocess.respx import VideoMock
from video_mockserver.edges.server.limits import ServerLimits
from video_mockserver.edges.server.video_server import VideoServer
from video_mockserver.edges.server.wire import WIRE, Wire
from video_mockserver.edges.virtual_time import VideoClock


@pytest.fixture(autouse=True)
def checks_anew() -> Iterator[None]:
    """Each check is done once in a process; here once more for each test, and afterwards."""
    cached = (compat.check_uvicorn, compat.check_respx, compat.check_httpcore2, compat.check_asyncio)
    for check in cached:
        check.cache_clear()
    yield
    for check in cached:
        check.cache_clear()


class Whole:
    """Has one attribute of each sort."""

    of_class = 1

    def __init__(self) -> None:
        self.of_instance = 2


class Inherits(Whole):
    """Has what its base has."""

    def __init__(self) -> None:
        super().__init__()


def test_what_a_class_or_its_instances_have_is_found() -> None:
    for owner in (Whole, Inherits, Whole()):
        require("uvicorn", owner, ["of_class", "of_instance"])


@pytest.mark.parametrize("owner", [Whole, Whole()])
def test_what_is_missing_is_told_with_the_version_and_the_tested_ones(owner: object) -> None:
    with pytest.raises(UnsupportedVersion) as raised:
        require("uvicorn", owner, ["of_class", "gone", "lost"])
    installed, tested = version("uvicorn"), compat.TESTED["uvicorn"]
    sentence = f"uvicorn {installed} is not supported: Whole has no gone, lost (tested: {tested}); "
    assert str(raised.value).startswith(sentence)


def test_what_is_installed_has_all() -> None:
    compat.check_uvicorn()
    compat.check_respx()
    compat.check_asyncio()
    assert {target for target, _ in compat.check_httpcore2()} <= set(compat.HTTPCORE2_TARGETS)
    assert {method for _, method in compat.check_httpcore2()} == set(compat.HTTPCORE2_METHODS)


class NewProtocol(asyncio.Protocol):
    """A protocol of a newer uvicorn that keeps nothing of the connection."""


def start_server() -> None:
    with VideoServer(parser="h11"):
        pass


def start_httptools() -> None:
    with VideoServer(parser="httptools"):
        pass


def open_mock() -> None:
    with VideoMock():
        pass


def start_clock() -> None:
    with VideoClock():
        pass


@pytest.mark.parametrize(
    ("owner", "name", "value", "use", "package", "missing"),
    [
        (h11_impl, "H11Protocol", NewProtocol, start_server, "uvicorn", "NewProtocol has no access_log, app_state"),
        (httptools_impl, "HttpToolsProtocol", NewProtocol, start_httptools, "uvicorn", "NewProtocol has no access_log"),
        (
            h11_impl,
            "RequestResponseCycle",
            object,
            start_server,
            "uvicorn",
            "object has no disconnected",
        ),
        (uvicorn.Server, "on_tick", None, start_server, "uvicorn", "Server has no on_tick"),
        (respx.mocks.Mocker, "unregister", None, open_mock, "respx", "HTTPCoreMocker has no unregister"),
        (respx.models, "PassThrough", None, open_mock, "respx", "respx.models has no PassThrough"),
        (httpcore2.HTTPConnection, "handle_request", None, open_mock, "httpcore2", "HTTPConnection has no handle_req"),
        (asyncio.base_events, "BaseEventLoop", NewProtocol, start_clock, "asyncio", "NewProtocol has no _scheduled"),
    ],
    ids=lambda value: value if isinstance(value, str) and " " not in value else "",
)
def test_a_version_that_lacks_something_is_refused_at_the_start(
    monkeypatch: pytest.MonkeyPatch,
    owner: Any,
    name: str,
    value: Any,
    use: Callable[[], None],
    package: str,
    missing: str,
) -> None:
    with monkeypatch.context() as patch:
        if value is None:
            patch.delattr(owner, name)
        else:
            patch.setattr(owner, name, value)
        with pytest.raises(UnsupportedVersion, match=f"^{package} .* is not supported: {re.escape(missing)}") as raised:
            use()
    assert "(tested: " in str(raised.value)
    for check in (compat.check_uvicorn, compat.check_respx, compat.check_httpcore2, compat.check_asyncio):
        check.cache_clear()
    use()  # nothing is left behind


def protocol(parser: Any = "auto") -> str:
    """The name of the class that a parser stands for."""
    return compat.http_protocol(parser, lambda connection: Wire(connection, ServerLimits()), WIRE).__name__


def test_an_unknown_parser_is_refused() -> None:
    with pytest.raises(ValueError, match="parser: 'hyper' must be 'auto', 'httptools' or 'h11'"):
        protocol("hyper")


def test_the_faster_parser_is_taken_where_it_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "HttpTools" in protocol()
    monkeypatch.setitem(sys.modules, "httptools", None)
    assert "H11" in protocol()
