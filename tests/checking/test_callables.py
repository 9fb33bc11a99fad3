"""`check` as a function: clients of this process, what is judged, and how one that does not end is stopped."""

from __future__ import annotations

import asyncio
import contextlib
import re
import subprocess
import sys
import time
import urllib.request
from typing import Any

import httpx
import httpx2
import pytest

from support.careful_client import TLS, Careful, NoClip
from video_mockserver import check
from video_mockserver.judge.expectation import chosen
from video_mockserver.judge.verdict import ContractBroken, Terms
from video_mockserver.scenario.library import Library
from video_mockserver.scenario.model import Expect, Fault, ReplyTemplate, Scenario, State
from video_mockserver.scenario.sources import UnknownScenario

PLAIN = "lifecycle/plain"
STUCK = "lifecycle/stuck_processing"


def key(api_key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {api_key}"}


def simple(base_url: str, api_key: str, task_id: str | None, library: Any = httpx) -> bytes:
    """As a first draft is written: it polls and takes video_url."""
    with library.Client(verify=TLS, trust_env=False) as client:
        while True:
            video = client.get(f"{base_url}/videos/{task_id}", headers=key(api_key)).json()
            if video["status"] == "completed":
                return bytes(client.get(video["video_url"]).raise_for_status().content)
            time.sleep(5)


async def simple_async(base_url: str, api_key: str, task_id: str | None) -> bytes:
    async with httpx.AsyncClient(verify=TLS, trust_env=False) as client:
        while True:
            video = (await client.get(f"{base_url}/videos/{task_id}", headers=key(api_key))).json()
            if video["status"] == "completed":
                return (await client.get(video["video_url"])).raise_for_status().content
            await asyncio.sleep(5)


class Simple:
    """A client that is an object."""

    def __call__(self, base_url: str, api_key: str, task_id: str | None) -> bytes:
        return simple(base_url, api_key, task_id)


CLIENTS = {
    "a function": simple,
    "a coroutine function": simple_async,
    "an object": Simple(),
    "httpx2": lambda *told: simple(*told, library=httpx2),
}


@pytest.mark.parametrize("transport", ["server", "mock"])
@pytest.mark.parametrize("client", CLIENTS.values(), ids=CLIENTS)
def test_a_client_is_run_and_judged(client: Any, transport: str) -> None:
    report = check(client, scenarios=[PLAIN, "download/url_404"], transport=transport)
    failed, passed = report.verdicts
    assert (passed.scenario.name, passed.status, passed.violations) == (PLAIN, "pass", ())
    assert passed.outcome.ended == "delivered"
    assert failed.status == report.status == "fail"
    assert not report.ok
    [broken] = failed.violations
    assert (broken.rule.id, broken.level) == ("fallback-download", "must")
    assert re.fullmatch(
        r"GET download:/clips/\w+/video.mp4 \(#\d\) was answered 404, and /content was not requested", broken.message
    )
    shown = next(exchange for exchange in failed.exchanges if exchange.number == broken.exchange)
    assert shown.status == 404
    with pytest.raises(ContractBroken, match="fallback-download"):
        report.raise_for_violations()


def test_a_client_of_another_library_is_judged_over_sockets() -> None:
    def client(base_url: str, api_key: str, task_id: str | None) -> bytes:
        def get(url: str, **headers: str) -> bytes:
            with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=5) as reply:
                return bytes(reply.read())

        headers = key(api_key)
        get(f"{base_url}/videos/{task_id}", **headers)
        return get(f"{base_url}/videos/{task_id}/content", **headers)

    assert check(client, scenarios="lifecycle/at_once").ok


def test_time_does_not_pass_while_a_client_waits() -> None:
    report = check(Careful(), scenarios=STUCK, transport="mock")
    assert report.ok
    [verdict] = report.verdicts
    asked_for = verdict.exchanges[-1].at - verdict.exchanges[0].at
    assert asked_for > 3600 > report.seconds  # an hour of waiting took less than one


def test_in_the_other_flow_the_client_makes_its_task() -> None:
    told = []

    def client(base_url: str, api_key: str, task_id: str | None) -> bytes:
        told.append(task_id)
        return Careful()(base_url, api_key, task_id)

    report = check(client, scenarios="create", transport="mock", flow="create")
    assert report.ok
    assert len(report.verdicts) > 10
    assert not report.skipped
    assert set(told) == {None}


def test_scenarios_about_creating_are_left_out_where_a_task_is_given() -> None:
    report = check(Careful(), scenarios=["create/create_500", PLAIN], transport="mock")
    assert report.skipped == {"create/create_500": "it tests creating a task, and this client is given one"}
    assert len(report.verdicts) == 1


@pytest.mark.parametrize("transport", ["server", "mock"])
# Whoever is stopped in the middle of opening a socket has no time to close it.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("patience", ["sleeps", "never waits", "awaits"])
def test_a_client_that_does_not_end_is_stopped(patience: str, transport: str) -> None:
    def sleeps(base_url: str, api_key: str, task_id: str | None) -> bytes:
        with httpx.Client(verify=TLS, trust_env=False) as client:
            while True:
                with contextlib.suppress(Exception):
                    client.get(f"{base_url}/videos/{task_id}", headers=key(api_key))
                if patience == "sleeps":
                    time.sleep(3600)

    async def awaits(base_url: str, api_key: str, task_id: str | None) -> bytes:
        while True:
            await asyncio.sleep(3600)

    [verdict] = check(
        awaits if patience == "awaits" else sleeps, scenarios=STUCK, transport=transport, timeout=20
    ).verdicts
    assert verdict.outcome.ended == "stopped"
    if patience == "awaits":
        assert (verdict.status, verdict.violations[0].rule.id) == ("fail", "give-up-endless-task")
    else:
        assert "give-up-endless-task" in {broken.rule.id for broken in verdict.violations}
        assert ("poll-pause" in {broken.rule.id for broken in verdict.violations}) == (patience == "never waits")


def test_a_client_that_is_stuck_in_a_socket_is_stopped() -> None:
    def client(base_url: str, api_key: str, task_id: str | None) -> bytes:
        with httpx.Client(verify=TLS, trust_env=False, timeout=None) as http:
            return http.get(f"{base_url}/videos/{task_id}", headers=key(api_key)).content

    stalled = Scenario(
        "stalled", "Every poll stalls.", "a",
        {"a": State({"status": "processing"}, poll=(ReplyTemplate(fault=Fault("stall")),))},
        expect=Expect("no_end"), never_ends=True,
    )  # fmt: skip
    [verdict] = check(client, scenarios=stalled, timeout=3).verdicts
    assert verdict.outcome.description == "stopped after 3 s"
    # Its time-out may be a good one, only longer than the check's.
    assert (verdict.status, verdict.violations) == ("error", ())
    assert verdict.note == "not judged: give the case more time, or the client a shorter timeout"


def test_a_stopped_client_leaves_its_thread_as_it_was() -> None:
    """What stops a client from another thread has arrived, or Python 3.11 spins in the next function that is traced."""
    code = """
import sys, urllib.request
from video_mockserver import check

def client(base_url, api_key, task_id):
    while True:
        try:
            urllib.request.urlopen(base_url, timeout=5).close()
        except OSError:
            pass

[verdict] = check(client, scenarios="lifecycle/stuck_processing", timeout=0.2).verdicts
assert verdict.outcome.ended == "stopped", verdict
sys.settrace(lambda *event: None)
(lambda: None)()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


def test_an_endless_body_is_stopped() -> None:
    def client(base_url: str, api_key: str, task_id: str | None) -> bytes:
        with (
            httpx.Client(verify=TLS, trust_env=False) as http,
            http.stream("GET", f"{base_url}/videos/{task_id}", headers=key(api_key)) as reply,
        ):
            for _ in reply.iter_raw():
                pass
        raise AssertionError("there was an end")

    endless = Scenario(
        "endless", "A poll never ends.", "a",
        {"a": State({"status": "processing"}, poll=(ReplyTemplate(fault=Fault("endless")),))},
        expect=Expect("no_end"), never_ends=True,
    )  # fmt: skip
    [verdict] = check(client, scenarios=endless, transport="mock").verdicts
    assert verdict.outcome == type(verdict.outcome)("stopped", "stopped: what it read had no end")
    assert [broken.rule.id for broken in verdict.violations] == ["give-up-stalled"]


def test_whoever_would_wait_for_a_stalled_connection_for_ever_is_found_without_sockets() -> None:
    class NoTimeout(Careful, rule="give-up-stalled", lies_in="time"):
        timeout = None

    [verdict] = check(NoTimeout(), scenarios="download/stalled_in_the_middle", transport="mock").verdicts
    assert [broken.rule.id for broken in verdict.violations] == ["give-up-stalled"]
    assert "waited for 3600 s" in verdict.violations[0].message


def test_a_scenario_of_ones_own_needs_no_expectation() -> None:
    own = Scenario(
        "own", "The URL is gone.", "done",
        {"done": State({"status": "completed", "url": "{download_url}"}, download=(ReplyTemplate(status=410),))},
    )  # fmt: skip
    report = check(Careful(), scenarios=own, transport="mock")
    assert report.ok
    assert report.verdicts[0].expect == Expect("clip", ("content",))


def test_the_other_reading_of_the_order_is_judged_by_itself() -> None:
    class TableReader(Careful, rule="url-order", lies_in="order"):
        fields = ("video_url", "output.url", "url", "detail.url")

    both = ["urls/in_all_four", "urls/output_before_video_url", "urls/output_url_empty"]
    report = check(TableReader(), scenarios=both, transport="mock")
    assert [verdict.scenario.name for verdict in report.failed] == ["urls/output_before_video_url"]
    report = check(TableReader(), scenarios=both, transport="mock", url_order="video_url")
    assert report.ok
    assert report.skipped == {"urls/output_before_video_url": "a client that reads video_url first gets another clip"}


def test_verdicts_come_as_they_are_ready() -> None:
    came: list[str] = []
    check(
        simple, scenarios=[PLAIN, "url_404"], transport="mock", on_verdict=lambda verdict: came.append(verdict.status)
    )
    assert came == ["fail", "pass"]


# --- mistakes ---------------------------------------------------------------------------------------------------------


def test_what_a_client_returns_is_bytes() -> None:
    with pytest.raises(TypeError, match="the client returned str, not the clip as bytes"):
        check(lambda *told: "clip.mp4", scenarios=PLAIN, transport="mock")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"transport": "http"}, "transport: no 'http' (available: server, mock)"),
        ({"flow": "both"}, "flow: no 'both' (available: poll, create)"),
        ({"level": "may"}, "level: no 'may' (available: must, should)"),
        ({"url_order": "url"}, "url_order: no 'url' (available: output.url, video_url)"),
        ({"ignore": {"retry_after": "x"}}, "ignore: no 'retry_after' (did you mean 'retry-after'?)"),
        ({"ignore": {"retry-after": " "}}, "ignore.retry-after: expected the reason, a text that is not empty"),
        ({"levels": {"retry-after": "may"}}, "levels.retry-after: no 'may' (available: must, should)"),
    ],
)
def test_a_wrong_option_is_told(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        check(simple, scenarios=PLAIN, **options)


def test_a_failure_that_is_told_in_other_ways_is_judged() -> None:
    def exits(code: object) -> Any:
        def client(base_url: str, api_key: str, task_id: str | None) -> bytes:
            raise SystemExit(code)

        return client

    told = [check(client, scenarios=PLAIN, transport="mock") for client in (exits(1), exits(0), lambda *_: None)]
    assert [report.verdicts[0].outcome.ended for report in told] == ["reported", "delivered", "delivered"]
    assert "deliver" in told[2].violations()
    assert told[2].verdicts[0].outcome.description == "returned None, where a failure is raised"


@pytest.mark.parametrize(
    ("client", "options", "message"),
    [
        ("python client.py", {}, "client: 'python client.py' is no function; it is called with (base_url, api_key"),
        (lambda: b"", {}, "client: it is called with (base_url, api_key, task_id), and too many positional arguments"),
        (simple, {"timeout": "3"}, "timeout: '3' is not a number of seconds above 0"),
        (simple, {"timeout": 0}, "timeout: 0 is not a number of seconds above 0"),
        (simple, {"scenarios": []}, "scenarios: none was chosen"),
    ],
)
def test_the_callers_mistake_is_no_clients(client: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises((TypeError, ValueError), match=f"^{re.escape(message)}"):
        check(client, **{"scenarios": PLAIN, **options})


def test_an_unknown_scenario_is_told() -> None:
    with pytest.raises(UnknownScenario, match="did you mean 'download/truncated'"):
        check(simple, scenarios="download/trunkated")


def test_a_running_loop_is_told() -> None:
    async def main() -> None:
        check(simple, scenarios=PLAIN)

    with pytest.raises(RuntimeError, match=r"asyncio\.to_thread"):
        asyncio.run(main())


def test_names_parts_folders_and_patterns_choose_scenarios(library: Library) -> None:
    def names(*asked: str) -> list[str]:
        return [scenario.name for scenario in chosen(library, asked)]

    assert names("plain") == names(PLAIN) == names("*/plain", "plain") == [PLAIN]
    assert names("auth") == names("auth/") == names("auth/*")
    assert len(names("*")) == len(library)


# --- terms ------------------------------------------------------------------------------------------------------------


def reported(**terms: Any) -> list[tuple[str, str]]:
    def gives_up(base_url: str, api_key: str, task_id: str | None) -> bytes:
        with httpx.Client(verify=TLS, trust_env=False) as client:
            client.get(f"{base_url}/videos/{task_id}", headers=key(api_key))
        raise NoClip("at once")

    report = check(gives_up, scenarios="polling/poll_500", transport="mock", **terms)
    return [(broken.rule.id, broken.level) for verdict in report.verdicts for broken in verdict.violations]


def test_a_project_sets_levels_and_leaves_rules_out() -> None:
    assert reported() == [("survive-5xx", "should")]
    assert reported(level="must") == []
    assert reported(levels={"survive-5xx": "must"}, level="must") == [("survive-5xx", "must")]
    assert reported(ignore={"survive-5xx": "the gateway is in our own house"}) == []
    assert reported(terms=Terms(level="must")) == []
