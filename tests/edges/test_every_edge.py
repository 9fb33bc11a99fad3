"""Every shipped scenario behaves the same over every edge: one client, and the outcome and the journal agree.

The edges are a real socket, respx with httpx (sync and async), and httpx2. Time does not pass: the client's pauses move
the fake's clock.
"""

from __future__ import annotations

import asyncio
import importlib.util
import sys
from collections.abc import Callable
from typing import Any

import httpx
import httpx2
import pytest

from support import ROOT
from video_mockserver import video_clock, video_mock, video_server
from video_mockserver.fake.fake import Fake
from video_mockserver.scenario.library import Library

_PATH = ROOT / "examples" / "reference_client.py"
_SPEC = importlib.util.spec_from_file_location("reference_client", _PATH)
assert _SPEC is not None
assert _SPEC.loader is not None
reference_client = importlib.util.module_from_spec(_SPEC)
sys.modules["reference_client"] = reference_client
_SPEC.loader.exec_module(reference_client)

# Over a socket a stalled connection takes the client's whole timeout in real time. The longer ones are for a machine
# that is too busy to answer within the first.
TIMEOUTS = (0.3, 3.0, 30.0)

Outcome = tuple[str, list[tuple[Any, ...]]]


def outcome_of(fake: Fake, run: Callable[[], bytes]) -> Outcome:
    """What the client ended with, and what it did."""
    try:
        clip = run()
    except reference_client.NoClip as why:
        outcome = str(why.args[0])
    else:
        outcome = "clip" if clip == fake.clip else "another clip"
    story = [
        (exchange.operation, exchange.method, exchange.state, exchange.state_after, exchange.status, exchange.fault)
        for exchange in fake.journal
    ]
    return outcome, story


def over_sockets(scenario: str, timeout: float) -> Outcome:
    with video_clock() as clock, video_server(scenario, clock=clock) as fake, httpx.Client(timeout=timeout) as client:
        steps = reference_client.deliver(fake.base_url, fake.api_key)
        return outcome_of(fake, lambda: bytes(reference_client.with_client(client, steps)))


def in_process(scenario: str, library: Any) -> Outcome:
    with video_clock() as clock, video_mock(scenario, clock=clock) as fake, library.Client(timeout=10) as client:
        steps = reference_client.deliver(fake.base_url, fake.api_key)
        return outcome_of(fake, lambda: bytes(reference_client.with_client(client, steps)))


def in_process_async(scenario: str) -> Outcome:
    async def run(fake: Any) -> bytes:
        async with httpx.AsyncClient(timeout=10) as client:
            steps = reference_client.deliver(fake.base_url, fake.api_key)
            return bytes(await reference_client.with_async_client(client, steps))

    with video_clock() as clock, video_mock(scenario, clock=clock) as fake:
        return outcome_of(fake, lambda: asyncio.run(run(fake)))


@pytest.mark.parametrize("scenario", Library().names())
def test_every_edge_tells_the_same_story(scenario: str) -> None:
    expected = Library().find(scenario).expect
    assert expected is not None
    outcome, story = in_process(scenario, httpx)
    assert outcome == expected.outcome
    assert story
    assert in_process_async(scenario) == (outcome, story)
    assert in_process(scenario, httpx2) == (outcome, story)
    for timeout in TIMEOUTS:
        seen = over_sockets(scenario, timeout)
        if seen == (outcome, story):
            break
    assert seen == (outcome, story)
