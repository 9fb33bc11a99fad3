"""The proof that the judge can be trusted: each broken client is found, and no correct one is accused.

Each client of the zoo is wrong in one way, and is run here through one scenario in which that shows;
`benchmarks/judge.py` runs them all through the whole library.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from support import COMMAND, ROOT
from support.broken_clients import BROKEN_CLIENTS, TAGS, TLS, Answer, Careful
from support.correct_clients import CORRECT
from video_mockserver import check
from video_mockserver.judge.rules.table import RULES
from video_mockserver.judge.verdict import Report
from video_mockserver.scenario.library import Library

PROGRAMS = ROOT / "tests" / "support" / "broken_programs"

FOUND_IN = {
    "download-for-content": "lifecycle/id_with_colon",
    "status-path": "lifecycle/back_to_queue",
    "version-twice": "lifecycle/back_to_queue",
    "polls-by-post": "lifecycle/back_to_queue",
    "unquoted-id": "lifecycle/id_to_be_quoted",
    "slash-left-in-id": "lifecycle/id_to_be_quoted",
    "quoted-twice": "lifecycle/id_to_be_quoted",
    "latest-id": "payload/other_id",
    "id-of-every-reply": "payload/id_missing",
    "task-id-of-create": "create/two_ids",
    "no-bearer": "auth/content_401",
    "api-key-header": "auth/content_401",
    "bearer-twice": "auth/content_401",
    "content-without-key": "auth/content_401",
    "create-without-key": "auth/content_401",
    "openai-words": "lifecycle/back_to_queue",
    "processing-is-failure": "lifecycle/back_to_queue",
    "takes-preview": "urls/preview_while_processing",
    "progress-is-the-end": "payload/progress_100_too_early",
    "completed-at-is-the-end": "payload/completed_at_too_early",
    "empty-error-is-error": "lifecycle/back_to_queue",
    "five-polls": "lifecycle/long_queue",
    "looks-once": "lifecycle/back_to_queue",
    "straight-to-content": "lifecycle/back_to_queue",
    "makes-sure": "lifecycle/back_to_queue",
    "failed-is-no-end": "lifecycle/cancelled",
    "cancelled-is-no-end": "lifecycle/cancelled",
    "waits-for-url": "lifecycle/id_with_colon",
    "waits-for-progress": "payload/only_the_needed",
    "video-url-first": "urls/all_bad",
    "url-first": "urls/video_url_before_url",
    "detail-first": "urls/in_all_four",
    "last-field-wins": "urls/all_bad",
    "metadata-first": "urls/in_metadata_as_well",
    "any-url": "urls/all_bad",
    "empty-is-url": "urls/in_detail_url",
    "none-is-url": "urls/video_url_null",
    "blank-is-url": "urls/video_url_blank",
    "number-is-url": "urls/video_url_zero",
    "object-is-url": "urls/url_object",
    "output-is-object": "urls/output_list",
    "output-has-url": "urls/output_url_null",
    "never-content": "urls/a_poll_late",
    "video-url-must-be-there": "urls/no_field_at_all",
    "ends-at-any-failure": "download/chunked_unended",
    "ends-at-404": "download/redirect_to_404",
    "ends-at-403": "download/url_401",
    "ends-at-server-error": "download/second_try",
    "ends-at-204": "download/url_204",
    "ends-at-reset": "download/reset_before_headers",
    "ends-at-cut": "download/chunked_unended",
    "ends-at-stall": "download/stalled_before_headers",
    "ends-at-refused": "download/connection_refused",
    "ends-at-garbage": "download/closed_without_answer",
    "ends-at-page": "download/empty_200",
    "ends-at-loop": "download/redirect_loop",
    "ends-at-endless": "download/endless",
    "ends-at-other-scheme": "download/redirect_to_file",
    "content-of-failed": "lifecycle/canceled",
    "url-of-failed": "lifecycle/failed_with_url",
    "nothing-for-failed": "lifecycle/canceled",
    "cancelled-is-fine": "lifecycle/canceled",
    "film-of-failed": "lifecycle/failed_with_url",
    "nothing-for-no-clip": "content/content_404",
    "content-for-ever": "content/content_502",
    "film-as-text": "lifecycle/back_to_queue",
    "first-piece-only": "lifecycle/back_to_queue",
    "last-byte-lost": "lifecycle/back_to_queue",
    "written-twice": "download/second_try_after_reset",
    "small-is-no-film": "lifecycle/back_to_queue",
    "type-must-be-exact": "content/content_no_media_type",
    "list-of-hosts": "lifecycle/back_to_queue",
    "key-everywhere": "auth/redirect_drops_token",
    "key-for-result-url": "auth/url_ignores_token",
    "key-along-redirect": "auth/redirect_drops_token",
    "no-redirects": "download/redirect_308",
    "old-redirects": "download/redirect_308",
    "one-redirect": "download/redirect_chain",
    "absolute-redirects": "content/content_redirect_relative",
    "redirects-for-ever": "download/redirect_loop",
    "any-body-is-film": "download/empty_200",
    "empty-is-film": "download/empty_200",
    "no-error-is-film": "download/json_error_200",
    "trusts-the-type": "download/empty_200",
    "keeps-cut-body": "download/one_byte_missing",
    "keeps-reset-body": "download/reset_in_the_middle",
    "keeps-stalled-body": "download/stalled_in_the_middle",
    "ignores-retry-after": "polling/poll_429_minutes",
    "retry-after-in-milliseconds": "polling/poll_429_minutes",
    "creates-again-too-soon": "create/create_429_once",
    "ends-at-429": "polling/poll_429",
    "retry-after-is-number": "polling/poll_429_date",
    "wrong-wish": "lifecycle/plain",
    "joins-with-base": "urls/relative",
    "lowers-id": "lifecycle/id_to_be_quoted",
    "none-is-asked": "urls/video_url_null",
    "blank-is-asked": "urls/video_url_blank",
    "strips-blanks": "download/ends_in_a_blank",
    "any-field-with-url": "urls/metadata_has_another_film",
    "rest-is-appended": "download/no_ranges",
    "no-detail": "urls/detail_url_or_nothing",
    "relative-is-fatal": "urls/relative",
    "key-in-query": "lifecycle/plain",
    "key-in-own-header": "lifecycle/plain",
    "moved-poll-is-fatal": "polling/poll_redirects_elsewhere",
    "ends-at-408": "polling/poll_408",
    "stalled-again": "content/content_stalled",
    "expired-is-no-end": "lifecycle/expired",
    "creates-for-ever": "create/create_429_for_ever",
    "last-url-seen": "urls/preview_gone_at_the_end",
    "ends-at-5xx-poll": "polling/completed_missed",
    "known-errors-only": "polling/poll_504",
    "status-must-be-known": "polling/poll_524_html",
    "ends-at-html-poll": "polling/poll_html_200",
    "ends-at-html-error": "polling/poll_502_html",
    "ends-at-bad-json": "polling/poll_json_broken",
    "ends-at-no-body": "polling/poll_empty_200",
    "json-is-object": "polling/poll_json_list",
    "status-must-be-there": "polling/poll_json_empty_object",
    "ends-at-poll-reset": "polling/mixed_errors",
    "ends-at-poll-stall": "polling/poll_stalled",
    "ends-at-poll-cut": "polling/poll_json_short_of_length",
    "ends-at-poll-garbage": "polling/poll_closed",
    "retries-refused": "auth/key_ends_half_way",
    "retries-unknown": "polling/poll_404_for_ever",
    "no-pause": "lifecycle/long_queue",
    "no-pause-after-error": "polling/poll_500_for_ever",
    "no-deadline": "polling/poll_500_for_ever",
    "no-timeout": "polling/poll_stalled",
    "reads-for-ever": "download/endless",
    "strict-fields": "payload/extra_fields",
    "list-of-words": "payload/status_capitals",
    "other-word-is-end": "payload/status_new_word",
    "exact-completed": "payload/status_blanks",
    "progress-is-integer": "payload/progress_empty_text",
    "progress-must-be-there": "payload/only_the_needed",
    "times-are-seconds": "payload/times_as_iso",
    "error-is-object": "payload/error_empty_text",
    "status-is-text": "payload/status_missing",
    "id-must-be-there": "payload/id_missing",
    "seconds-are-text": "payload/seconds_number",
    "creates-anyway": "download/as_attachment",
    "creates-after-failed-download": "download/chunked_unended",
    "creates-after-failed-poll": "polling/completed_missed",
    "creates-after-broken-poll": "polling/mixed_errors",
    "creates-after-unknown": "polling/poll_404_at_first",
    "creates-after-failed": "lifecycle/canceled",
    "creates-again": "create/made_but_stalled",
    "creates-again-after-502": "create/made_but_502",
    "creates-again-after-page": "create/made_but_html_200",
}

# What only a program can do wrong, and where it shows.
PROGRAMS_FOUND_IN = {
    "half_file.py": "content/content_404",
    "key_on_redirect.py": "auth/redirect_drops_token",
    "no_file.sh": "content/content_truncated",
    "page_as_clip.sh": "download/html_200",
}


def told(report: Report) -> list[str]:
    return [
        f"{verdict.scenario.name}: {broken.rule.id}: {broken.message}"
        for verdict in report.verdicts
        for broken in verdict.violations
    ] + [f"{verdict.scenario.name}: {verdict.note}" for verdict in report.verdicts if verdict.status == "error"]


@pytest.fixture(scope="module")
def library() -> Library:
    return Library()


# --- broken clients are found -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", BROKEN_CLIENTS)
def test_a_broken_client_is_found_by_the_rule_that_names_it(name: str, library: Library) -> None:
    client = BROKEN_CLIENTS[name]
    report = check(client(), scenarios=FOUND_IN[name], library=library, transport="mock", flow=client.flow)
    assert client.rule in report.violations(), told(report)


@pytest.mark.parametrize("name", BROKEN_CLIENTS)
def test_where_its_defect_does_not_show_it_is_not_accused(name: str, library: Library) -> None:
    """The careful client, from which it differs in one way, passes where this one is found."""
    client = BROKEN_CLIENTS[name]
    report = check(Careful(), scenarios=FOUND_IN[name], library=library, transport="mock", flow=client.flow)
    assert told(report) == []


@pytest.mark.parametrize("name", PROGRAMS_FOUND_IN)
def test_a_broken_program_is_found_by_the_rule_that_names_it(name: str, tmp_path: Path) -> None:
    path = PROGRAMS / name
    [rule] = [line.split()[-1] for line in path.read_text("utf-8").splitlines() if line.startswith("# rule: ")]
    shell = [sys.executable] if path.suffix == ".py" else ["sh"]
    done = subprocess.run(
        [*COMMAND, "check", "--scenario", PROGRAMS_FOUND_IN[name], "--", *shell, str(path)],
        capture_output=True, text=True, cwd=tmp_path, check=False, env={**os.environ, "VIDEO_PAUSE": "0.05"},
    )  # fmt: skip
    assert done.returncode == 1, done.stdout + done.stderr
    assert f" {rule}: " in done.stdout


def test_every_rule_has_a_client_that_breaks_it() -> None:
    of_programs = {"no-partial-file"}
    assert {client.rule for client in BROKEN_CLIENTS.values()} | of_programs == set(RULES)
    assert set(FOUND_IN) == set(BROKEN_CLIENTS) == set(TAGS)


# Of these the generator finds one only now and then: they stay outside of the zoo, all of which it finds.
class CompleteInWord(Careful, rule="poll-to-end", lies_in="data"):
    """Takes every word in which "complete" stands for the good end."""

    def phase(self, video: dict[str, Any]) -> str:
        known = super().phase(video)
        return "completed" if known == "pending" and "complete" in str(video.get("status")) else known


class ErrorHasMessage(Careful, rule="odd-types", lies_in="data"):
    """Reads the message of an error object without asking whether it has one."""

    def video(self, answer: Answer | None) -> dict[str, Any]:
        video = super().video(answer)
        if isinstance(video.get("error"), dict):
            video["error"]["message"]
        return video


@pytest.mark.parametrize(
    ("client", "scenario"),
    [(CompleteInWord(), "payload/status_incomplete"), (ErrorHasMessage(), "payload/error_code_alone")],
)
def test_the_library_finds_what_the_generator_hardly_does(client: Careful, scenario: str, library: Library) -> None:
    assert client.rule in check(client, scenarios=scenario, library=library, transport="mock").violations()


# --- correct clients are not accused ----------------------------------------------------------------------------------


@pytest.fixture
def _one_tls(monkeypatch: pytest.MonkeyPatch) -> None:
    # Making a context takes longer than a scenario does, and no client here speaks TLS.
    monkeypatch.setattr("httpx._transports.default.create_ssl_context", lambda **options: TLS)


@pytest.mark.parametrize("flow", ["poll", "create"])
@pytest.mark.parametrize("name", CORRECT)
@pytest.mark.usefixtures("_one_tls")
def test_a_correct_client_is_not_accused_in_any_scenario(name: str, flow: str, library: Library) -> None:
    report = check(CORRECT[name], library=library, transport="mock", flow=flow)
    assert told(report) == []
    assert len(report.verdicts) + len(report.skipped) == len(library)


def test_a_correct_client_is_not_accused_over_sockets(library: Library) -> None:
    class Impatient(Careful, rule="", lies_in=""):
        timeout = 0.5  # real seconds, where a connection stalls

    report = check(Impatient(), library=library, transport="server")
    assert told(report) == []


def test_with_the_other_reading_a_client_of_that_reading_is_not_accused(library: Library) -> None:
    class TableReader(Careful, rule="", lies_in=""):
        fields = ("video_url", "output.url", "url", "detail.url")

    report = check(TableReader(), library=library, transport="mock", url_order="video_url")
    assert told(report) == []
    assert report.skipped["urls/output_before_video_url"] == "a client that reads video_url first gets another clip"
