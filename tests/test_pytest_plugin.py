"""The plugin as its users meet it: whole test files, run by a pytest of their own."""

from __future__ import annotations

import importlib.util
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

CLIENT = """
    import time
    import httpx
    import pytest

    KEY = {"Authorization": "Bearer sk-secret-of-mine"}

    def poll(base_url, task_id, pause=0):
        while True:
            video = httpx.get(f"{base_url}/videos/{task_id}", headers=KEY).json()
            if video["status"] not in ("queued", "processing"):
                return video
            time.sleep(pause)
"""


@pytest.fixture
def run(pytester: pytest.Pytester) -> object:
    """Run a test file in a process of its own, as a user would; warnings are errors there."""

    def run(
        body: str, *arguments: str, ini: str = "", head: str = CLIENT, asyncio_plugin: bool = True
    ) -> pytest.RunResult:
        if asyncio_plugin and "asyncio_default" not in ini:
            ini += "\nasyncio_default_fixture_loop_scope = function"
        pytester.makeini(f"[pytest]\nfilterwarnings = error\n{ini}")
        path = pytester.makepyfile(_joined(head, body))
        in_order = () if "randomly" in arguments else ("-p", "no:randomly")
        return pytester.runpytest_subprocess(path, "-p", "no:cacheprovider", *in_order, *arguments)

    return run


def _joined(*parts: str) -> str:
    import textwrap

    return "\n".join(textwrap.dedent(part) for part in parts)


def test_video_server_is_a_fake_over_sockets(run) -> None:  # type: ignore[no-untyped-def]
    run("""
    @pytest.mark.video_scenario("download/truncated")
    def test_it(video_server):
        task = video_server.task()
        video = poll(video_server.base_url, task.id)
        with pytest.raises(httpx.RemoteProtocolError):
            httpx.get(video["video_url"])
        key = {"Authorization": f"Bearer {video_server.api_key}"}
        reply = httpx.get(f"{video_server.origin}/v1/videos/{task.id}/content", headers=key)
        assert reply.content == video_server.clip
        assert [exchange.operation for exchange in video_server.journal][-2:] == ["download", "content"]
    """).assert_outcomes(passed=1)


def test_each_test_has_a_fake_of_its_own(run) -> None:  # type: ignore[no-untyped-def]
    run("""
    seen = []

    @pytest.mark.parametrize("number", range(3))
    def test_it(video_server, number):
        assert not video_server.tasks and not len(video_server.journal)
        video_server.task()
        seen.append(video_server.origin)
        assert len(set(seen)) == number + 1

    def test_both(video_server, video_mock):
        import asyncio, httpx2
        url = f"{video_server.base_url}/videos/{video_server.task().id}"
        assert not video_mock.tasks
        assert httpx.get(url, headers=KEY).status_code == httpx2.get(url, headers=KEY).status_code == 200
        async def ask():
            async with httpx.AsyncClient() as client:
                return await client.get(url, headers=KEY)
        assert asyncio.run(ask()).status_code == 200
        assert len(video_server.journal) == 3
    """).assert_outcomes(passed=4)


def test_signals_and_time_are_moved_by_the_test(run) -> None:  # type: ignore[no-untyped-def]
    run("""
    from video_mockserver.fake.clock import ManualClock
    from video_mockserver.scenario.model import Scenario, State, Transition

    STORY = Scenario("story", "Waits for the test.", "a", {
        "a": State({"status": "processing"}, next=(Transition("b", signal="go"),)),
        "b": State({"status": "processing"}, next=(Transition("c", seconds=600),)),
        "c": State({"status": "completed"}),
    })

    @pytest.mark.video_options(clock=ManualClock())
    def test_it(video_server):
        task = video_server.task(STORY)
        assert video_server.signal(task, "go") == "b"
        video_server.advance(599)
        assert task.state == "b"
        video_server.advance(1)
        assert task.state == "c" and video_server.clock.now() - task.created_at == 600
    """).assert_outcomes(passed=1)


def test_video_mock_answers_httpx_sync_and_async_and_httpx2(run) -> None:  # type: ignore[no-untyped-def]
    run("""
    import asyncio
    import httpx2

    KEY = {"Authorization": "Bearer sk"}

    def test_sync(video_mock):
        assert httpx.get(f"https://octopusx.ai/v1/videos/{video_mock.task().id}", headers=KEY).status_code == 200

    def test_async(video_mock):
        async def ask():
            async with httpx.AsyncClient() as client:
                return await client.get(f"{video_mock.base_url}/videos/{video_mock.task().id}", headers=KEY)
        assert asyncio.run(ask()).json()["status"] == "queued"

    def test_httpx2(video_mock):
        assert httpx2.get(f"{video_mock.base_url}/videos/{video_mock.task().id}", headers=KEY).status_code == 200
        async def ask():
            async with httpx2.AsyncClient() as client:
                return await client.get(f"{video_mock.base_url}/videos/{video_mock.task().id}", headers=KEY)
        assert asyncio.run(ask()).json()["status"] == "queued"
    """).assert_outcomes(passed=3)


@pytest.mark.parametrize("library", ["httpx", "httpx2"])
@pytest.mark.parametrize(
    ("scenario", "exception"),
    [
        ("download/reset_before_headers", "ReadError"),
        ("download/reset_in_the_middle", "ReadError"),
        ("download/closed_without_answer", "RemoteProtocolError"),
        ("download/truncated", "RemoteProtocolError"),
        ("download/chunked_unended", "RemoteProtocolError"),
        ("download/length_too_large", "RemoteProtocolError"),
        ("download/garbage_bytes", "RemoteProtocolError"),
        ("download/stalled_before_headers", "ReadTimeout"),
        ("download/stalled_in_the_middle", "ReadTimeout"),
        ("download/connection_refused", "ConnectError"),
    ],
)
def test_a_fault_is_the_same_exception_with_a_socket_and_without(library: str, scenario: str, exception: str) -> None:
    from video_mockserver import video_mock, video_server

    client = __import__(library)
    key = {"Authorization": "Bearer sk"}
    for open_fake in (video_server, video_mock):
        with open_fake(scenario) as fake, client.Client(timeout=2) as http:
            task = fake.task()
            video: dict[str, str] = {"status": ""}
            while video["status"] != "completed":
                video = http.get(f"{fake.base_url}/videos/{task.id}", headers=key).json()
            with pytest.raises(client.TransportError) as raised:
                http.get(video["video_url"])
            assert type(raised.value).__name__ == exception, open_fake


def test_a_stall_without_a_socket_takes_the_clients_patience_of_the_clock_and_no_real_time() -> None:
    import httpx

    from video_mockserver import video_mock

    with video_mock("download/stalled_in_the_middle") as fake, httpx.Client(timeout=120) as client:
        task = fake.task()
        key = {"Authorization": "Bearer sk"}
        while (video := client.get(f"{fake.base_url}/videos/{task.id}", headers=key).json())["status"] != "completed":
            pass
        before = fake.clock.now()
        with pytest.raises(httpx.ReadTimeout):
            client.get(video["video_url"])
        assert fake.clock.now() - before == 120


def test_routes_of_the_test_stand_beside_the_fake_and_before_it(run) -> None:  # type: ignore[no-untyped-def]
    run("""
    import respx

    def test_it(video_mock, respx_mock):
        respx_mock.get("https://example.test/a").respond(201)
        video_mock.router.get("https://example.test/b").respond(202)
        video_mock.router.get(f"{video_mock.base_url}/models").respond(418)
        assert httpx.get("https://example.test/a").status_code == 201
        assert httpx.get("https://example.test/b").status_code == 202
        assert httpx.get(f"{video_mock.base_url}/models").status_code == 418
        assert httpx.get(f"{video_mock.base_url}/videos", headers={"Authorization": "Bearer x"}).status_code == 200
        with pytest.raises(respx.models.AllMockedAssertionError):
            httpx.get("https://elsewhere.test/")
    """).assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("ini", "arguments", "marker", "url"),
    [
        ("", (), "", "https://octopusx.ai/v1"),
        ("video_base_url = https://ini.test/v1", (), "", "https://ini.test/v1"),
        ("video_base_url = https://ini.test/v1", ("--video-base-url", "https://o.test/v1"), "", "https://o.test/v1"),
        ("", ("--video-base-url", "https://o.test/v1"), "@pytest.mark.video_options(base_url='http://m.test:81/v1')",
         "http://m.test:81/v1"),
    ],
)  # fmt: skip
def test_the_base_url_of_video_mock_is_the_markers_or_the_options_or_the_inis(  # type: ignore[no-untyped-def]
    run, ini: str, arguments: tuple[str, ...], marker: str, url: str
) -> None:
    test = f"""
    {marker}
    def test_it(video_mock):
        assert video_mock.base_url == "{url}"
        assert httpx.get("{url}/videos", headers={{"Authorization": "Bearer x"}}).status_code == 200
    """
    run(test, *arguments, ini=ini).assert_outcomes(passed=1)


def test_the_clients_waiting_does_not_pass(run) -> None:  # type: ignore[no-untyped-def]
    result = run("""
    import asyncio, anyio, stamina, tenacity, openai
    from time import sleep as taken_by_name, monotonic

    REALLY = __import__("_thread").start_new_thread and time.thread_time  # a clock that nobody moves

    @pytest.mark.video_scenario("lifecycle/realistic")
    def test_a_plain_loop_over_sockets(video_server, video_clock):
        began = time.monotonic()
        assert poll(video_server.base_url, video_server.task().id, pause=5)["status"] == "completed"
        assert 40 <= video_clock.slept == time.monotonic() - began // 1e9 or video_clock.slept >= 40
        assert time.monotonic() - began >= 40

    def test_time_and_deadlines_agree(video_clock):
        wall, mono, perf = time.time(), monotonic(), time.perf_counter()
        taken_by_name(600)
        for told in (time.time() - wall, monotonic() - mono, time.perf_counter() - perf):
            assert 600 <= told < 605
        assert video_clock.now() == pytest.approx(time.time(), abs=5)

    def test_asyncio_and_anyio(video_clock):
        async def main():
            await asyncio.sleep(100)
            await anyio.sleep(100)
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(30):
                    while True:
                        await asyncio.sleep(7)
            with pytest.raises(TimeoutError), anyio.fail_after(30):
                await anyio.sleep(31)
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(asyncio.sleep(1000), 60)
        asyncio.run(main())
        assert video_clock.now() - video_clock._start == pytest.approx(100 + 100 + 30 + 30 + 60, abs=2)

    def test_sleepers_of_one_loop_wake_in_their_order(video_clock):
        woken = []
        async def sleeper(name, pause, times):
            for _ in range(times):
                await asyncio.sleep(pause)
                woken.append(name)
        async def main():
            await asyncio.gather(sleeper("slow", 10, 2), sleeper("fast", 4, 5))
        asyncio.run(main())
        assert woken == ["fast", "fast", "slow", "fast", "fast", "slow", "fast"] or woken == [
            "fast", "fast", "slow", "fast", "fast", "fast", "slow"]
        assert video_clock.offset == pytest.approx(20, abs=1)

    def test_tenacity_and_stamina(video_clock):
        calls = []
        @tenacity.retry(wait=tenacity.wait_fixed(60), stop=tenacity.stop_after_attempt(3), reraise=True)
        def one():
            calls.append(1)
            raise ValueError
        with pytest.raises(ValueError):
            one()
        @stamina.retry(on=ValueError, attempts=3, wait_initial=50, wait_max=50, wait_jitter=0, timeout=None)
        def two():
            calls.append(2)
            raise ValueError
        with pytest.raises(ValueError):
            two()
        assert calls == [1, 1, 1, 2, 2, 2] and video_clock.slept >= 220

    @pytest.mark.filterwarnings("ignore::DeprecationWarning")
    @pytest.mark.video_options(dialect="openai")
    @pytest.mark.video_scenario("lifecycle/realistic")
    @pytest.mark.parametrize("fake", ["video_server", "video_mock"])
    def test_openai_create_and_poll(request, video_clock, fake):
        fake = request.getfixturevalue(fake)
        client = openai.OpenAI(base_url=fake.base_url, api_key="sk")
        video = client.videos.create_and_poll(model="sora-2", prompt="a fox")
        assert video.status == "completed" and video_clock.slept >= 40
        async def again():
            async with openai.AsyncOpenAI(base_url=fake.base_url, api_key="sk") as client:
                return await client.videos.create_and_poll(model="sora-2", prompt="a fox")
        assert asyncio.run(again()).status == "completed"

    def test_time_is_given_back():
        began = time.monotonic()
        time.sleep(0.01)
        assert time.sleep.__module__ == "time" and time.monotonic() > began
    """)
    result.assert_outcomes(passed=8)


def test_a_marker_runs_a_test_once_for_each_scenario_with_readable_ids(run) -> None:  # type: ignore[no-untyped-def]
    result = run(
        """
    @pytest.mark.video_scenarios("download/redirect_*", "urls/in_url")
    def test_it(video_mock, video_scenario):
        assert video_mock.task().scenario is video_scenario

    @pytest.mark.video_scenarios("auth/poll_40*")
    def test_alone(video_scenario):
        assert video_scenario.name.startswith("auth/poll_40")
    """,
        "-v",
    )
    result.stdout.fnmatch_lines(
        ["*::test_it[[]download/redirect_chain[]] PASSED*", "*::test_it[[]urls/in_url[]] PASSED*"]
    )
    assert result.parseoutcomes()["passed"] > 8


@pytest.mark.parametrize(
    ("marker", "said"),
    [
        (
            'video_scenario("download/trunkated")',
            "*no scenario 'download/trunkated' (did you mean 'download/truncated'*",
        ),
        ('video_scenario("a", "b")', "*video_scenario takes one name*"),
        ("video_scenario()", "*video_scenario takes one name*"),
        ('video_scenarios("downlaod/*")', "*no scenario 'downlaod/[*]'*"),
        ('video_scenario("plain")\n    @pytest.mark.video_scenarios("urls/*")', "*not both*"),
    ],
)
def test_a_wrong_marker_fails_at_collection_with_what_would_be_right(run, marker: str, said: str) -> None:  # type: ignore[no-untyped-def]
    result = run(f"""
    @pytest.mark.{marker}
    def test_it(video_mock):
        pass
    """)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([said])
    assert "Traceback" not in result.stdout.str()


@pytest.mark.parametrize("fixture", ["video_mock", "video_server"])
@pytest.mark.parametrize(
    ("option", "said"),
    [
        ('profil="openai"', "no option 'profil' (available: dialect, unknown_tasks, strict, "),
        ('dialect="openia"', "dialect: no 'openia' (did you mean 'openai'?)"),
    ],
)
def test_a_wrong_option_is_told_in_one_line(run, option: str, said: str, fixture: str) -> None:  # type: ignore[no-untyped-def]
    result = run(f"""
    @pytest.mark.video_options({option})
    def test_it({fixture}):
        pass
    """)
    result.assert_outcomes(errors=1)
    told = result.stdout.str().partition("ERROR at setup of test_it")[2].partition("short test summary")[0]
    assert f"\n{said}" in told
    assert told.count("\n") == 2, told


def test_a_marker_for_many_scenarios_needs_a_test_that_takes_one(run) -> None:  # type: ignore[no-untyped-def]
    result = run("""
    @pytest.mark.video_scenarios("urls/*")
    def test_it():
        pass
    """)
    result.stdout.fnmatch_lines(["*needs a test that uses video_server, video_mock or video_scenario*"])


def test_scenarios_of_ones_own(run, pytester: pytest.Pytester) -> None:  # type: ignore[no-untyped-def]
    folder = pytester.mkdir("ours")
    (folder / "mine.yaml").write_text(
        "summary: Mine.\nstart: done\nstates:\n  done: {video: {status: completed}}\n", "utf-8"
    )
    (folder / "wrong.yaml").write_text("summary: Wrong.\nstart: a\nstates:\n  a: {next: {state: b}}\n", "utf-8")
    result = run(
        """
    @pytest.mark.video_scenario("mine")
    def test_it(video_mock, video_library):
        assert video_mock.task().state == "done"
        assert "mine" in video_library.names() and "download/truncated" in video_library.names()
    """,
        ini="video_scenario_dirs = ours",
    )
    result.assert_outcomes(passed=1)
    result = run(
        """
    @pytest.mark.video_scenario("wrong")
    def test_it(video_mock):
        pass
    """,
        ini="video_scenario_dirs = ours",
    )
    result.stdout.fnmatch_lines(["*wrong.yaml:4: states.a.next.state: no state 'b'*"])
    result = run(
        "@pytest.mark.video_scenario('plain')\ndef test_it(video_mock): pass", ini="video_scenario_dirs = nowhere"
    )
    (result.stdout if "nowhere" in result.stdout.str() else result.stderr).fnmatch_lines(
        ["*video_scenario_dirs: no scenarios folder*nowhere*"]
    )


def test_a_failing_test_tells_the_story_of_the_requests(run) -> None:  # type: ignore[no-untyped-def]
    body = """
    @pytest.mark.video_scenario("lifecycle/stuck_processing")
    def test_it(video_server):
        video_server.task(id="video_stuck")
        for _ in range(40):
            httpx.get(f"{video_server.base_url}/videos/video_stuck", headers=KEY)
        httpx.get(f"{video_server.base_url}/nowhere")
        assert False
    """
    short = run(body)
    short.assert_outcomes(failed=1)
    short.stdout.fnmatch_lines(
        [
            "*video-mockserver: the requests*",
            "*GET    /v1/videos/video_stuck  200  [[]processing[]]  (39 times, until *",
            "*GET    /v1/nowhere  404  (no route /v1/nowhere*",
        ]
    )
    whole = run(body, "-vv")
    whole.stdout.fnmatch_lines(["*> authorization: Bearer sk-[*][*][*]", '*< {"id":"video_stuck"*'])
    assert whole.stdout.str().count("/v1/videos/video_stuck  200") == 40
    section = whole.stdout.str().partition("the requests")[2].partition("short test summary")[0]
    assert "secret-of-mine" not in section


def test_a_passing_test_tells_nothing(run) -> None:  # type: ignore[no-untyped-def]
    result = run("def test_it(video_mock): video_mock.task()")
    assert "the requests" not in result.stdout.str()


@pytest.mark.parametrize("missing", ["respx", "httpx", "hypothesis"])
def test_what_is_not_installed_is_asked_for_by_name_only_where_it_is_needed(  # type: ignore[no-untyped-def]
    run, pytester: pytest.Pytester, missing: str
) -> None:
    # A finder that does not find: as if the package were not there, and nothing that stands on it either.
    pytester.makeconftest(f"""
        import sys
        class Missing:
            def find_spec(self, name, path=None, target=None):
                if name.partition(".")[0] == "{missing}":
                    raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
        for name in [name for name in sys.modules if name.partition(".")[0] in ("httpx", "respx")]:
            del sys.modules[name]
        sys.meta_path.insert(0, Missing())
    """)
    body = """
    def test_socket(video_server, video_clock):
        assert video_server.task().state == "queued"

    def test_mock(video_mock):
        pass
    """
    disabled = ("-p", "no:hypothesispytest", "-p", "no:respx", "-p", "no:schemathesis")
    result = run(body, *disabled, head="")
    if missing == "hypothesis":
        result.assert_outcomes(passed=2)
    else:
        result.assert_outcomes(passed=1, errors=1)
        result.stdout.fnmatch_lines(["*video_mock needs httpx and respx*pip install 'video-mockserver[[]pytest[]]'*"])


def test_it_works_as_a_context_manager_under_given_and_in_unittest(run) -> None:  # type: ignore[no-untyped-def]
    run("""
    import unittest
    from hypothesis import given, settings, strategies as st
    from video_mockserver import video_clock, video_mock, video_server

    @settings(max_examples=20, deadline=None)
    @given(st.sampled_from(["lifecycle/plain", "lifecycle/realistic"]))
    def test_given(scenario):
        with video_clock() as clock, video_mock(scenario, clock=clock) as fake:
            assert poll(fake.base_url, fake.task().id, pause=10)["status"] == "completed"
            assert len(fake.tasks) == 1

    class TestIt(unittest.TestCase):
        def test_server(self):
            with video_server("lifecycle/plain") as fake:
                self.assertEqual(poll(fake.base_url, fake.task().id)["status"], "completed")
    """).assert_outcomes(passed=2)


@pytest.mark.parametrize(
    "arguments",
    [("-n", "4"), ("-p", "randomly"), ("--strict-markers", "--strict-config"), ("-p", "no:asyncio")],
    ids=" ".join,
)
def test_it_is_a_good_guest(run, arguments: tuple[str, ...]) -> None:  # type: ignore[no-untyped-def]
    result = run(
        """
    import asyncio

    @pytest.mark.video_scenarios("lifecycle/*ed")
    def test_many(video_server, video_mock):
        assert not video_server.tasks and not video_mock.tasks
        video_server.task(), video_mock.task()

    @pytest.mark.anyio
    async def test_anyio(video_server, video_clock):
        await asyncio.sleep(60)
        async with httpx.AsyncClient() as client:
            reply = await client.get(f"{video_server.base_url}/models", headers={"Authorization": "Bearer x"})
        assert reply.status_code == 200 and video_clock.slept == 60

    @pytest.fixture
    def anyio_backend():
        return "asyncio"
    """,
        *arguments,
        asyncio_plugin="no:asyncio" not in arguments,
    )
    outcomes = result.parseoutcomes()
    assert outcomes["passed"] >= 3
    assert set(outcomes) == {"passed"}


@pytest.mark.parametrize("scope", ["function", "session"])
def test_it_works_with_pytest_asyncio_and_any_scope_of_its_loop(run, scope: str) -> None:  # type: ignore[no-untyped-def]
    run(
        """
    import asyncio

    @pytest.mark.asyncio
    @pytest.mark.parametrize("round", range(3))
    async def test_it(video_mock, video_clock, round):
        video_mock.use("lifecycle/realistic")
        task = video_mock.task()
        async with httpx.AsyncClient() as client:
            while True:
                reply = await client.get(f"{video_mock.base_url}/videos/{task.id}", headers=KEY)
                if reply.json()["status"] == "completed":
                    break
                await asyncio.sleep(5)
        assert 40 <= video_clock.slept <= 60
    """,
        ini=f"asyncio_default_test_loop_scope = {scope}\nasyncio_default_fixture_loop_scope = {scope}",
    ).assert_outcomes(passed=3)


def test_nothing_of_ours_is_imported_before_it_is_used(run) -> None:  # type: ignore[no-untyped-def]
    run(
        """
    import sys

    def test_it():
        ours = {name for name in sys.modules if name.partition(".")[0] == "video_mockserver"}
        assert ours == {"video_mockserver", "video_mockserver.pytest_plugin"}, ours
        assert not {"uvicorn", "starlette", "yaml"} & set(sys.modules)
    """,
        "-p", "no:schemathesis",
        head="",
    ).assert_outcomes(passed=1)  # fmt: skip


def test_help_and_fixtures_read_well(run) -> None:  # type: ignore[no-untyped-def]
    body = "def test_it(): pass"
    helped = run(body, "--help").stdout.str()
    assert "--video-base-url=URL" in helped
    assert "video_scenario_dirs (paths)" in helped
    listed = run(body, "--fixtures").stdout.str()
    for fixture in ("video_server", "video_mock", "video_clock", "video_scenario ", "video_library"):
        assert fixture in listed
    assert "_video_server_session" not in listed
    assert "video_scenario(name)" in run(body, "--markers").stdout.str()


@pytest.mark.skipif(not hasattr(signal, "SIGINT") or os.name == "nt", reason="signals to a process of one's own")
def test_nothing_is_left_after_ctrl_c(pytester: pytest.Pytester) -> None:
    path = pytester.makepyfile(
        """
        import threading, httpx

        def test_it(video_server, video_mock):
            print("port", video_server.ports[0], flush=True)
            threading.Event().wait()
        """
    )
    with subprocess.Popen(
        [sys.executable, "-m", "pytest", "-s", "-p", "no:cacheprovider", str(path)],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        for line in process.stdout:
            if "port" in line:
                break
        process.send_signal(signal.SIGINT)
        rest = process.stdout.read()
        assert process.wait(60) == 2
    assert "KeyboardInterrupt" in rest
    assert "Error" not in rest


def test_the_plugin_is_reached_by_its_entry_point() -> None:
    found = importlib.util.find_spec("video_mockserver.pytest_plugin")
    assert found is not None
    assert Path(found.origin or "").parent.name == "pytest_plugin"
