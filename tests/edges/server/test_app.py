"""The whole application: where control is on."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from support.sockets import (
    Client,
)
from video_mockserver.edges.server.app import build_app
from video_mockserver.edges.server.registry import FakeRegistry
from video_mockserver.edges.server.video_server import VideoServer
from video_mockserver.fake.clip_files import shipped_clips
from video_mockserver.scenario.library import Library

pytestmark = pytest.mark.usefixtures("expected_log")


@pytest.fixture
def server() -> Iterator[VideoServer]:
    with VideoServer(unknown_tasks="create") as server:
        yield server


@pytest.mark.parametrize(
    ("host", "status"),
    [("127.0.0.1", 200), ("127.0.0.2", 200), ("localhost", 200), ("0.0.0.0", 403)],
)
@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere 127.0.0.1 alone is this machine's")
def test_control_is_on_where_only_this_machine_can_reach_it(host: str, status: int) -> None:
    with VideoServer(host=host) as server:
        fake = server.fake()
        with Client(fake.ports[0], host if host != "0.0.0.0" else "127.0.0.1") as client:
            client.ask("/_mock/fakes", f"Host: 127.0.0.1:{fake.ports[0]}")
            assert client.reply()[0] == status


def test_every_kind_of_loopback_is_known(tmp_path: Path) -> None:
    async def status(host: str) -> int:
        transport = httpx.ASGITransport(build_app(registry, host=host))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8001") as client:
            return (await client.get("/_mock/fakes")).status_code

    registry = FakeRegistry(Library(), shipped_clips(), {})
    registry.attach(registry.make(), 8001, 8002)
    try:
        for host in ("127.0.0.1", "127.9.9.9", "::1", "localhost"):
            assert asyncio.run(status(host)) == 200
        for host in ("0.0.0.0", "::", "::1234", "", "localhost.evil.test", "127.evil.test", "192.0.2.1"):
            assert asyncio.run(status(host)) == 403
    finally:
        registry.shut()
