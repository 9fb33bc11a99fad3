"""`/content`: before the end, after a failure, whole and in parts, under conditions, and as a scenario scripts it."""

from __future__ import annotations

from typing import Any

import pytest

from support.asking import ORIGINS, Answer, ask, at_once, content, done, poll, told, waiting
from support.fakes import NewFake
from video_mockserver.api.messages import Clip, Fault
from video_mockserver.fake.clips import UnsatisfiableError, parse_range
from video_mockserver.fake.fake import Fake
from video_mockserver.fake.tasks import Task
from video_mockserver.scenario.model import ReplyTemplate, Scenario, State, Transition


@pytest.fixture
def ready(fake: Fake) -> tuple[Fake, Task, bytes]:
    """A fake with a finished task, and the film."""
    task = fake.task(at_once())
    return fake, task, fake.read_clip(task.clip)


# --- before the end, and without one ----------------------------------------------------------------------------------

NOT_READY = {
    "queued": "NOT_START",
    "pending": "NOT_START",
    "processing": "IN_PROGRESS",
    "in_progress": "IN_PROGRESS",
    "unknown": "IN_PROGRESS",
    "failed": "FAILURE",
    "cancelled": "FAILURE",
    "expired": "FAILURE",
}


@pytest.mark.parametrize(("status", "word"), NOT_READY.items())
@pytest.mark.parametrize("dialect", ["octopusx", "new-api"])
def test_without_a_clip_content_answers_400_and_says_where_the_task_stands(
    new_fake: NewFake, dialect: str, status: str, word: str
) -> None:
    scenario = Scenario("x", "X.", "a", {"a": State(video={"status": status})}, never_ends=True)
    fake = new_fake(scenario, dialect=dialect)
    answer = content(fake, fake.task().id)
    assert answer.status == 400
    assert answer.json == {
        "error": {
            "message": f"Task is not completed yet, current status: {word}",
            "type": "invalid_request_error",
        }
    }


@pytest.mark.parametrize(
    ("status", "word"), [("queued", "queued"), ("processing", "in_progress"), ("failed", "failed")]
)
def test_openai_answers_in_its_own_envelope_and_words(new_fake: NewFake, status: str, word: str) -> None:
    scenario = Scenario("x", "X.", "a", {"a": State(video={"status": status})}, never_ends=True)
    fake = new_fake(scenario, dialect="openai")
    answer = content(fake, fake.task().id)
    assert (answer.status, list(answer.json["error"])) == (404, ["message", "type", "param", "code"])
    assert word in answer.json["error"]["message"]


@pytest.mark.parametrize(
    ("dialect", "envelope"), [("octopusx", ["message", "type"]), ("openai", ["message", "type", "param", "code"])]
)
def test_content_of_an_unknown_task_is_404(new_fake: NewFake, dialect: str, envelope: list[str]) -> None:
    answer = content(new_fake(dialect=dialect), "nobody")
    assert (answer.status, list(answer.json["error"])) == (404, envelope)
    if dialect == "octopusx":
        assert answer.envelope == {"error": {"message": "Task not found", "type": "invalid_request_error"}}


def test_content_without_a_key_is_401(ready: tuple[Fake, Task, bytes]) -> None:
    fake, task, _ = ready
    assert ask(fake, "GET", f"/v1/videos/{task.id}/content", key=None).status == 401


# --- whole ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dialect", ["octopusx", "new-api", "openai"])
def test_the_clip_of_a_finished_task(new_fake: NewFake, dialect: str) -> None:
    fake = new_fake(at_once(), dialect=dialect)
    task = fake.task()
    answer = content(fake, task.id)
    assert (answer.status, answer.body) == (200, fake.read_clip(task.clip))
    assert answer.headers == {
        "content-type": "video/mp4",
        "accept-ranges": "bytes",
        "etag": task.clip.etag,
        "cache-control": "public, max-age=86400",
    }


def test_a_query_with_the_video_variant_is_the_same(ready: tuple[Fake, Task, bytes]) -> None:
    fake, task, film = ready
    assert content(fake, task.id, query="variant=video").body == film


@pytest.mark.parametrize("dialect", ["octopusx", "openai"])
@pytest.mark.parametrize(("variant", "media_type"), [("thumbnail", "image/webp"), ("spritesheet", "image/jpeg")])
def test_other_variants_are_pictures(new_fake: NewFake, dialect: str, variant: str, media_type: str) -> None:
    fake = new_fake(at_once(), dialect=dialect)
    task = fake.task()
    answer = content(fake, task.id, query=f"variant={variant}")
    assert (answer.status, answer.headers["content-type"]) == (200, media_type)
    assert answer.headers["etag"] != task.clip.etag
    assert answer.body[:4] in (b"RIFF", b"\xff\xd8\xff\xe0", b"\xff\xd8\xff\xdb", b"\xff\xd8\xff\xfe")


def test_an_unknown_variant_is_refused_with_those_there_are(ready: tuple[Fake, Task, bytes]) -> None:
    fake, task, _ = ready
    answer = content(fake, task.id, query="variant=gif")
    assert (answer.status, answer.json["code"]) == (400, "invalid_request")
    assert answer.json["message"] == "variant 'gif' is not one of video, thumbnail, spritesheet"


def test_an_etag_is_strong_and_belongs_to_the_bytes(fake: Fake) -> None:
    tasks = [fake.task(at_once()), fake.task(at_once()), fake.task(at_once(), size="1080P")]
    etags = [content(fake, task.id).headers["etag"] for task in tasks]
    assert all(etag.startswith('"') and etag.endswith('"') and len(etag) > 10 for etag in etags)
    assert etags[0] == etags[1] != etags[2]


def test_head_has_the_headers_of_get(ready: tuple[Fake, Task, bytes]) -> None:
    fake, task, _ = ready
    got, head = content(fake, task.id), content(fake, task.id, "HEAD")
    # The edge leaves the body out; its length is what Content-Length says.
    assert (head.status, head.headers, len(head.body)) == (got.status, got.headers, len(got.body))


def test_head_of_a_task_under_way_is_400_too(fake: Fake) -> None:
    assert content(fake, fake.task().id, "HEAD").status == 400


# --- parts ------------------------------------------------------------------------------------------------------------

# `n` is the clip's length; what a part begins and ends with (inclusive, as in Content-Range).
PARTS: dict[str, tuple[str, Any]] = {
    "the first byte": ("bytes=0-0", lambda n: (0, 0)),
    "the beginning": ("bytes=0-99", lambda n: (0, 99)),
    "the middle": ("bytes=1000-1999", lambda n: (1000, 1999)),
    "from somewhere on": ("bytes=1000-", lambda n: (1000, n - 1)),
    "from the beginning on": ("bytes=0-", lambda n: (0, n - 1)),
    "the end": ("bytes=-500", lambda n: (n - 500, n - 1)),
    "the last byte": ("bytes=-1", lambda n: (n - 1, n - 1)),
    "an end longer than the clip": ("bytes=-99999999", lambda n: (0, n - 1)),
    "past the end": ("bytes=1000-99999999", lambda n: (1000, n - 1)),
    "in capitals and with blanks": ("Bytes= 0 - 99 ", lambda n: (0, 99)),
}


@pytest.mark.parametrize(("asked", "told"), PARTS.values(), ids=PARTS)
def test_a_part_of_the_clip_is_206(ready: tuple[Fake, Task, bytes], asked: str, told: Any) -> None:
    fake, task, film = ready
    answer = content(fake, task.id, headers={"Range": asked})
    first, last = told(len(film))
    assert (answer.status, answer.headers["content-range"]) == (206, f"bytes {first}-{last}/{len(film)}")
    assert answer.body == film[first : last + 1]
    assert (answer.headers["etag"], answer.headers["content-type"]) == (task.clip.etag, "video/mp4")


@pytest.mark.parametrize("asked", ["bytes=99999999-", "bytes=99999999-999999999", "bytes=-0"])
def test_a_part_that_is_not_there_is_416(ready: tuple[Fake, Task, bytes], asked: str) -> None:
    fake, task, film = ready
    answer = content(fake, task.id, headers={"Range": asked})
    assert (answer.status, answer.headers["content-range"]) == (416, f"bytes */{len(film)}")
    assert film[:8] not in answer.body


@pytest.mark.parametrize(
    "asked",
    [
        "bytes=0-1,5-6",
        "bytes=5-2",
        "bytes=",
        "bytes=-",
        "bytes=a-b",
        "bytes=0x0-0x9",
        "chunks=0-1",
        "0-99",
        "bytes=1-2-3",
        "bytes=" + "9" * 5000 + "-",
        "bytes=\u0660-\u0669",
    ],
)
def test_a_range_that_is_malformed_or_for_several_parts_is_ignored(ready: tuple[Fake, Task, bytes], asked: str) -> None:
    fake, task, film = ready
    answer = content(fake, task.id, headers={"Range": asked})
    assert (answer.status, answer.body, "content-range" in answer.headers) == (200, film, False)


def test_head_ignores_ranges_which_are_defined_for_get_alone(ready: tuple[Fake, Task, bytes]) -> None:
    fake, task, _ = ready
    answer = content(fake, task.id, "HEAD", headers={"Range": "bytes=0-99"})
    assert (answer.status, "content-range" in answer.headers) == (200, False)


def test_parts_that_follow_one_another_make_the_whole(ready: tuple[Fake, Task, bytes]) -> None:
    fake, task, film = ready
    got = b""
    for _ in range(0, len(film), 10_000):
        got += content(fake, task.id, headers={"Range": f"bytes={len(got)}-{len(got) + 9_999}"}).body
    assert got == film


@pytest.mark.parametrize("size", [1, 2, 10])
def test_every_range_of_a_small_clip(size: int) -> None:
    clip = Clip("c", "nowhere", size, '"c"')
    for first in range(size + 2):
        for last in range(size + 2):
            header = f"bytes={first}-{last}"
            if last < first:
                assert parse_range(header, clip) is None
            elif first >= size:
                with pytest.raises(UnsatisfiableError):
                    parse_range(header, clip)
            else:
                found = parse_range(header, clip)
                assert found is not None
                assert (found.start, found.stop) == (first, min(last + 1, size))


# --- conditions -------------------------------------------------------------------------------------------------------


def with_etag(fake: Fake, task: Task, header: str, value: str, **more: str) -> Answer:
    return content(fake, task.id, headers={header: value.replace("ETAG", task.clip.etag), **more})


@pytest.mark.parametrize("value", ["ETAG", "W/ETAG", '"other", ETAG', '"other",W/ETAG , "third"', "*"])
def test_if_none_match_of_what_it_has_is_304(ready: tuple[Fake, Task, bytes], value: str) -> None:
    fake, task, _ = ready
    answer = with_etag(fake, task, "If-None-Match", value)
    assert (answer.status, answer.body) == (304, b"")
    assert answer.headers == {"etag": task.clip.etag, "cache-control": "public, max-age=86400"}


@pytest.mark.parametrize("value", ['"other"', "", 'W/"other"', "ETAG-and-more"])
def test_if_none_match_of_anything_else_is_the_clip(ready: tuple[Fake, Task, bytes], value: str) -> None:
    fake, task, film = ready
    assert with_etag(fake, task, "If-None-Match", value).body == film


def test_if_none_match_comes_before_range(ready: tuple[Fake, Task, bytes]) -> None:
    fake, task, _ = ready
    assert with_etag(fake, task, "If-None-Match", "ETAG", Range="bytes=0-9").status == 304


@pytest.mark.parametrize(
    ("value", "status"),
    [
        ("ETAG", 206),
        ("W/ETAG", 200),  # weak tags do not do for parts
        ('"other"', 200),
        ("Wed, 01 Jan 2025 00:00:00 GMT", 200),  # it never said when it was modified
    ],
)
def test_if_range_gives_the_whole_when_the_clip_is_another(
    ready: tuple[Fake, Task, bytes], value: str, status: int
) -> None:
    fake, task, _ = ready
    assert with_etag(fake, task, "If-Range", value, Range="bytes=0-9").status == status


def test_if_range_without_range_means_nothing(ready: tuple[Fake, Task, bytes]) -> None:
    fake, task, _ = ready
    assert with_etag(fake, task, "If-Range", "ETAG").status == 200


# --- scripted ---------------------------------------------------------------------------------------------------------


def scripted(new_fake: NewFake, *replies: ReplyTemplate, **options: Any) -> tuple[Fake, str]:
    fake = new_fake(at_once(content=replies), **options)
    return fake, fake.task().id


CONTENT_ERRORS = {
    400: ("Task is not completed yet, current status: IN_PROGRESS", "invalid_request_error"),
    404: ("Task not found", "invalid_request_error"),
    502: ("Failed to fetch video content", "server_error"),
}


@pytest.mark.parametrize(("status", "error"), CONTENT_ERRORS.items())
def test_a_scripted_status_is_answered_with_the_documented_error(
    new_fake: NewFake, status: int, error: tuple[str, str]
) -> None:
    fake, id = scripted(new_fake, ReplyTemplate(status=status))
    answer = content(fake, id)
    assert (answer.status, answer.json) == (status, {"error": {"message": error[0], "type": error[1]}})


def test_the_upstreams_status_can_be_told_as_the_gateway_tells_it(new_fake: NewFake) -> None:
    error = {"message": "Upstream service returned status 403"}
    fake, id = scripted(new_fake, ReplyTemplate(status=502, error=error))
    answer = content(fake, id)
    assert answer.json == {"error": {"message": "Upstream service returned status 403", "type": "server_error"}}


@pytest.mark.parametrize("status", [401, 403, 404, 409, 410, 425, 429, 500, 502, 503, 504, 524])
@pytest.mark.parametrize("dialect", ["octopusx", "new-api", "openai"])
def test_every_status_can_be_scripted_in_every_dialect(new_fake: NewFake, dialect: str, status: int) -> None:
    fake, id = scripted(new_fake, ReplyTemplate(status=status), dialect=dialect)
    answer = content(fake, id)
    assert answer.status == status
    assert "error" in answer.json or "code" in answer.json


def test_it_recovers_at_the_second_try(new_fake: NewFake) -> None:
    fake, id = scripted(new_fake, ReplyTemplate(status=502), ReplyTemplate(clip="clip"))
    assert [content(fake, id).status for _ in range(3)] == [502, 200, 200]


def test_it_can_answer_with_another_film_and_in_parts(new_fake: NewFake) -> None:
    fake, id = scripted(new_fake, ReplyTemplate(clip="decoy"))
    task = fake.find_task(id)
    assert task is not None
    whole, part = content(fake, id), content(fake, id, headers={"Range": "bytes=0-9"})
    assert whole.body != fake.read_clip(task.clip)
    assert (part.status, part.body) == (206, whole.body[:10])


def test_it_can_redirect_to_the_download_host(new_fake: NewFake) -> None:
    fake, id = scripted(new_fake, ReplyTemplate(redirect="{download_url}"))
    answer = content(fake, id)
    assert (answer.status, answer.body) == (302, b"")
    assert answer.headers["location"].startswith(f"{ORIGINS.download}/clips/")


def test_it_can_carry_faults_and_other_headers(new_fake: NewFake) -> None:
    fake, id = scripted(
        new_fake, ReplyTemplate(headers={"Content-Type": "application/octet-stream"}, fault=Fault("truncate", 0.5))
    )
    answer = content(fake, id)
    assert (answer.status, answer.fault) == (200, Fault("truncate", 0.5))
    assert answer.headers["content-type"] == "application/octet-stream"
    assert len([name for name, _ in answer.reply.headers if name == "content-type"]) == 1


def test_a_state_that_scripts_its_content_answers_so_before_the_end(new_fake: NewFake) -> None:
    early = told(
        {
            "a": State(
                video={"status": "processing"}, content=(ReplyTemplate(status=409),), next=(Transition("b", polls=1),)
            ),
            "b": done(),
        }
    )
    fake = new_fake(early)
    task = fake.task()
    assert content(fake, task.id).status == 409
    poll(fake, task.id)
    assert content(fake, task.id).status == 200


def test_a_clip_that_does_not_exist_is_told_as_an_error_and_not_as_an_exception(new_fake: NewFake) -> None:
    fake, id = scripted(new_fake, ReplyTemplate(clip="nosuch"))
    answer = content(fake, id)
    assert (answer.status, answer.json["code"]) == (400, "wrong_scenario")
    assert "no 'nosuch'" in answer.json["message"]


def test_counts_are_kept_for_each_state_and_task(new_fake: NewFake) -> None:
    once = (ReplyTemplate(status=502), ReplyTemplate())
    fake = new_fake(
        told(
            {
                "a": done(content=once, next=(Transition("b", signal="again"),)),
                "b": done(content=once),
            }
        )
    )
    first, second = fake.task(), fake.task()
    assert [content(fake, first.id).status for _ in range(2)] == [502, 200]
    assert [content(fake, second.id).status for _ in range(2)] == [502, 200]
    fake.signal(first, "again")
    assert [content(fake, first.id).status for _ in range(2)] == [502, 200]


def test_it_is_open_during_every_state_that_is_completed(new_fake: NewFake) -> None:
    fake = new_fake(
        told(
            {
                "a": waiting(Transition("b", polls=1)),
                "b": done(next=(Transition("c", polls=1),)),
                "c": State(video={"status": "expired"}),
            }
        )
    )
    task = fake.task()
    seen = []
    for _ in range(3):
        seen.append(content(fake, task.id).status)
        poll(fake, task.id)
    assert seen == [400, 200, 400]
