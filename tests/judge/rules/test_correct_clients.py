"""No correct client is accused, in any scenario of the library."""

from __future__ import annotations

import pytest

from support.careful_client import TLS, Careful
from support.correct_clients import CORRECT
from support.judging import library, problems
from video_mockserver.checking.callables import check
from video_mockserver.scenario.model import Scenario

pytestmark = pytest.mark.slow


@pytest.fixture
def _one_tls(monkeypatch: pytest.MonkeyPatch) -> None:
    # Making a context takes longer than a scenario does, and no client here uses TLS.
    monkeypatch.setattr("httpx._transports.default.create_ssl_context", lambda **options: TLS)


@pytest.mark.parametrize("flow", ["poll", "create"])
@pytest.mark.parametrize("name", CORRECT)
@pytest.mark.usefixtures("_one_tls")
def test_a_correct_client_is_not_accused_in_any_scenario(name: str, flow: str) -> None:
    report = check(CORRECT[name], library=library(), transport="mock", flow=flow)
    assert problems(report) == []
    assert len(report.verdicts) + len(report.skipped) == len(library())


def stalls(scenario: Scenario) -> bool:
    """Whether a reply never arrives: a client notices that after its timeout, in real seconds."""
    replies = [*scenario.create, *(reply for state in scenario.states.values()
                                   for reply in (*state.poll, *state.content, *state.download))]  # fmt: skip
    return any(reply.fault is not None and reply.fault.kind == "stall" for reply in replies)


def test_a_correct_client_is_not_accused_over_sockets() -> None:
    class Patient(Careful):
        timeout = 120.0  # real seconds: no machine is that slow

    scenarios = [scenario for name in library().names() if not stalls(scenario := library().find(name))]
    assert problems(check(Patient(), scenarios=scenarios, library=library(), timeout=600.0)) == []


def test_a_correct_client_that_meets_a_stall_is_not_accused_over_sockets() -> None:
    class Impatient(Careful):
        timeout = 3.0  # real seconds

    report = check(Impatient(), scenarios="download/stalled_before_headers", library=library(), timeout=600.0)
    assert problems(report) == []


def test_with_the_other_reading_a_client_of_that_reading_is_not_accused() -> None:
    class TableReader(Careful):
        fields = ("video_url", "output.url", "url", "detail.url")

    report = check(TableReader(), library=library(), transport="mock", url_order="video_url")
    assert problems(report) == []
    assert report.skipped["urls/output_before_video_url"] == "a client that reads video_url first gets another clip"
