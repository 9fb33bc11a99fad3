"""`ClientContract`: one test for each scenario, as a user's own test file has them."""

from __future__ import annotations

import re

import pytest

pytest_plugins = ["pytester"]

HEAD = """
import time
import httpx
from video_mockserver import ClientContract

def get(base_url, api_key, task_id):
    key = {"Authorization": f"Bearer {api_key}"}
    task = f"{base_url}/videos/{task_id}"
    while (video := httpx.get(task, headers=key).json())["status"] in ("queued", "processing"):
        time.sleep(5)
    if video["video_url"]:
        reply = httpx.get(video["video_url"])
        if reply.status_code == 200:
            return reply.content
    if FALLS_BACK:
        return httpx.get(f"{task}/content", headers=key).raise_for_status().content
    raise ValueError("no clip")
"""


def run(
    pytester: pytest.Pytester, body: str, *, falls_back: bool = True, options: tuple[str, ...] = ()
) -> pytest.RunResult:
    pytester.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function\nfilterwarnings = error\n")
    pytester.makepyfile(f"FALLS_BACK = {falls_back}\n{HEAD}\n{body}")
    return pytester.runpytest_subprocess("-p", "no:cacheprovider", "-p", "no:randomly", "-v", *options)


def test_there_is_one_test_for_each_scenario(pytester: pytest.Pytester) -> None:
    body = """
class TestMine(ClientContract):
    scenarios = ["lifecycle/plain", "download/url_4*"]
    transport = "mock"
    def client(self, base_url, api_key, task_id):
        return get(base_url, api_key, task_id)
"""
    result = run(pytester, body)
    result.assert_outcomes(passed=6)
    result.stdout.fnmatch_lines(["*TestMine::test_contract[[]download/url_404[]] PASSED*"])


def test_a_failure_names_the_promise(pytester: pytest.Pytester) -> None:
    body = """
class TestMine(ClientContract):
    scenarios = "download/url_404"
    transport = "mock"
    async def client(self, base_url, api_key, task_id):
        return get(base_url, api_key, task_id)
"""
    result = run(pytester, body, falls_back=False)
    result.assert_outcomes(failed=1)
    text = result.stdout.str()
    assert re.search(r"^fallback-download: GET .* was answered 404, and /content was not requested$", text, re.M)
    assert re.search(r"^FAIL download/url_404: The URL answers 404", text, re.M)
    assert "must fallback-download: GET download:/clips/" in text
    assert "raised ValueError: no clip" in text
    assert "mockserver/checking/callables.py" not in text  # nobody wants to see our insides


@pytest.mark.parametrize("workers", ["0", "2"])
def test_the_broken_promises_of_all_cases_are_told_together_at_the_end(workers: str, pytester: pytest.Pytester) -> None:
    body = """
class TestMine(ClientContract):
    scenarios = ["download/url_40*", "lifecycle/plain"]
    transport = "mock"
    def client(self, base_url, api_key, task_id):
        if base_url:
            get(base_url, api_key, task_id)
        raise ValueError("never satisfied")
"""
    result = run(pytester, body, falls_back=False, options=("-n", workers))
    result.assert_outcomes(failed=4)
    sentence = "If the download from the URL fails, the clip is fetched from /content."
    result.stdout.fnmatch_lines([
        "*= video-mockserver: violated rules =*",
        f"must fallback-download  3 cases: {sentence}",
        "must deliver            1 case: A clip that can be obtained is delivered.",
        "*= short test summary info =*",
    ])  # fmt: skip
    passing = run(pytester, body.replace("raise ValueError", "return get(base_url, api_key, task_id) #"))
    assert "violated rules" not in passing.stdout.str()


def test_the_class_says_what_holds_and_pyproject_what_it_does_not_say(pytester: pytest.Pytester) -> None:
    pytester.makepyprojecttoml('[tool.video-mockserver.ignore]\nfallback-download = "it is old"\n')
    body = """
class TestProject(ClientContract):
    scenarios = "download/url_404"
    def client(self, base_url, api_key, task_id):
        return get(base_url, api_key, task_id)

class TestOwn(TestProject):
    ignore = {}

class TestCreates(ClientContract):
    scenarios = "create/create_429_for_ever"
    flow = "create"
    def client(self, base_url, api_key, task_id):
        assert task_id is None
        raise ValueError("not today")
"""
    result = run(pytester, body, falls_back=False)
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(["*TestOwn::test_contract[[]download/url_404[]] FAILED*"])


def test_scenarios_of_ones_own_come_from_the_ini_option(pytester: pytest.Pytester) -> None:
    folder = pytester.mkdir("own")
    (folder / "mine.yaml").write_text(
        "summary: Own.\nstart: a\nstates:\n  a: {video: {status: completed, video_url: '{download_url}'}}\n", "utf-8"
    )
    pytester.makepyfile(f"""FALLS_BACK = True
{HEAD}
class TestMine(ClientContract):
    scenarios = "mine"
    def client(self, base_url, api_key, task_id):
        return get(base_url, api_key, task_id)
""")
    pytester.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function\nvideo_scenario_dirs = own\n")
    pytester.runpytest_subprocess("-p", "no:cacheprovider").assert_outcomes(passed=1)


def test_a_class_without_a_client_says_what_is_missing(pytester: pytest.Pytester) -> None:
    result = run(pytester, 'class TestMine(ClientContract):\n    scenarios = "lifecycle/plain"\n')
    result.assert_outcomes(failed=1)
    assert "say how your client gets a clip: def client(self, base_url, api_key, task_id)" in result.stdout.str()


MISTAKES = {
    'scenarios = "lifecycle/plane"': "no scenario 'lifecycle/plane' (did you mean 'lifecycle/plain'",
    'ignore = {"url-ordr": "old"}': "ignore: no 'url-ordr' (did you mean 'url-order'?)",
    'level = "most"': "level: no 'most' (did you mean 'must'?)",
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_stops_the_collection_with_one_line(mistake: str, pytester: pytest.Pytester) -> None:
    # Schemathesis's own hook tells an error of somebody else's a second time.
    result = run(pytester, f"class TestMine(ClientContract):\n    {mistake}\n", options=("-p", "no:schemathesis"))
    result.assert_outcomes(errors=1)
    told = result.stdout.str().partition("ERROR collecting")[2].partition("short test summary")[0]
    assert f"TestMine: {MISTAKES[mistake]}" in told
    assert told.count("\n") < 5, told
