"""The openai package, unmodified, against a fake that speaks OpenAI's dialect, over real sockets.

Its strict validation is on: an answer of another shape than the package's types is an error there and then.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openai
import pytest

from support.sockets import PATIENCE
from video_mockserver import video_clock, video_server
from video_mockserver.edges.server.registry import ServedFake

# The package marks its whole Videos API as deprecated.
pytestmark = pytest.mark.filterwarnings("ignore:The Sora API:DeprecationWarning")

WISH: Any = {"model": "sora-2", "prompt": "a fox in the snow", "seconds": "8", "size": "1280x720"}
PNG = b"\x89PNG\r\n\x1a\n" + bytes(70_000)


@pytest.fixture
def fake() -> Iterator[ServedFake]:
    with video_server(dialect="openai", strict=True) as fake:
        yield fake


@pytest.fixture
def client(fake: ServedFake) -> Iterator[openai.OpenAI]:
    with connected(fake) as client:
        yield client


@contextlib.contextmanager
def connected(fake: ServedFake, **options: Any) -> Iterator[openai.OpenAI]:
    """A client without retries; `strict=False` for answers that are not OpenAI's."""
    options = {"api_key": fake.api_key, "max_retries": 0, **options}
    with openai.OpenAI(
        base_url=fake.base_url, _strict_response_validation=options.pop("strict", True), **options
    ) as client:
        yield client


def test_a_create_shows_what_was_asked_for(client: openai.OpenAI, fake: ServedFake) -> None:
    video = client.videos.create(**WISH)
    assert (video.object, video.status, video.progress) == ("video", "queued", 0)
    assert (video.model, video.prompt, video.seconds, video.size) == tuple(WISH.values())
    assert (video.error, video.completed_at, video.expires_at, video.remixed_from_video_id) == (None,) * 4
    assert [task.id for task in fake.bill] == [video.id]


def test_a_create_with_nothing_but_a_prompt_has_the_defaults(client: openai.OpenAI) -> None:
    video = client.videos.create(prompt="a fox")
    assert (video.model, video.seconds, video.size) == ("sora-2", "4", "720x1280")


def test_a_create_with_a_file(client: openai.OpenAI, fake: ServedFake, tmp_path: Path) -> None:
    picture = tmp_path / "fox.png"
    picture.write_bytes(PNG)
    with picture.open("rb") as file:
        client.videos.create(**WISH, input_reference=file)
    client.videos.create(**WISH, input_reference=("fox.png", PNG, "image/png"))
    for exchange in fake.journal:
        assert b'name="input_reference"; filename="fox.png"' in exchange.body
        assert b"\x89PNG" in exchange.body
    assert len(fake.bill) == 2


def test_retrieve_follows_the_task_to_its_end(client: openai.OpenAI) -> None:
    id = client.videos.create(**WISH).id
    videos = [client.videos.retrieve(id) for _ in range(4)]
    assert [video.status for video in videos] == ["queued", "in_progress", "in_progress", "completed"]
    last = videos[-1]
    assert (last.progress, last.error) == (100, None)
    assert last.completed_at is not None
    assert last.expires_at is not None
    assert last.created_at <= last.completed_at < last.expires_at


def test_create_and_poll_waits_for_the_clip(client: openai.OpenAI, fake: ServedFake) -> None:
    video = client.videos.create_and_poll(**WISH, poll_interval_ms=1)
    assert video.status == "completed"
    assert client.videos.download_content(video.id).read() == fake.clip
    assert len(fake.bill) == 1


def test_poll_returns_a_failed_task_with_its_reason(client: openai.OpenAI, fake: ServedFake) -> None:
    fake.use("lifecycle/failed_moderation")
    video = client.videos.poll(client.videos.create(**WISH).id, poll_interval_ms=1)
    assert (video.status, video.error and video.error.code) == ("failed", "content_policy_violation")
    assert video.error is not None
    assert "content policy" in video.error.message


def test_the_header_of_a_poll_says_how_long_to_wait() -> None:
    with (
        video_clock() as clock,
        video_server(dialect="openai", poll_after_ms=250, clock=clock) as fake,
        connected(fake) as client,
    ):
        video = client.videos.create_and_poll(**WISH)
        assert video.status == "completed"
        assert clock.slept == pytest.approx(0.25 * (len(fake.journal.query(operation="poll")) - 1))
        raw = client.videos.with_raw_response.retrieve(video.id)
    assert raw.headers["openai-poll-after-ms"] == "250"


def test_without_that_header_the_package_waits_a_second() -> None:
    with video_clock() as clock, video_server(dialect="openai", clock=clock) as fake:
        with connected(fake) as client:
            client.videos.create_and_poll(**WISH)
        assert clock.slept == pytest.approx(len(fake.journal.query(operation="poll")) - 1)


@pytest.mark.parametrize("limit", [1, 3, 7, 20])
def test_a_list_is_followed_page_by_page_in_both_orders(client: openai.OpenAI, fake: ServedFake, limit: int) -> None:
    ids = [client.videos.create(prompt=f"fox {number}").id for number in range(7)]
    fake.journal.clear()
    assert [video.id for video in client.videos.list(limit=limit)] == ids[::-1]
    assert len(fake.journal) == -(-len(ids) // limit)
    assert [video.id for video in client.videos.list(limit=limit, order="asc")] == ids
    page = client.videos.list(limit=2, order="asc", after=ids[2])
    assert ([video.id for video in page.data], page.last_id, page.has_more) == (ids[3:5], ids[4], True)
    assert [video.id for video in page.get_next_page().data] == ids[5:]


def test_a_list_of_nothing(client: openai.OpenAI) -> None:
    assert list(client.videos.list()) == []


def test_a_deleted_task_is_gone_but_stays_on_the_bill(client: openai.OpenAI, fake: ServedFake) -> None:
    id = client.videos.create(**WISH).id
    deleted = client.videos.delete(id)
    assert (deleted.id, deleted.deleted, deleted.object) == (id, True, "video.deleted")
    assert list(client.videos.list()) == []
    with pytest.raises(openai.NotFoundError, match=id):
        client.videos.retrieve(id)
    assert len(fake.bill) == 1


def test_a_remix_is_a_new_task_that_names_the_old_one(client: openai.OpenAI, fake: ServedFake) -> None:
    old = client.videos.create(**WISH)
    new = client.videos.remix(old.id, prompt="the fox runs")
    assert new.id != old.id
    assert (new.remixed_from_video_id, new.prompt, new.seconds) == (old.id, "the fox runs", "8")
    assert client.videos.poll(new.id, poll_interval_ms=1).status == "completed"
    assert len(fake.bill) == 2


def test_an_edit_and_an_extension_of_a_film_that_is_uploaded(client: openai.OpenAI, fake: ServedFake) -> None:
    edited = client.videos.edit(prompt="at night", video=("mine.mp4", fake.clip, "video/mp4"))
    extended = client.videos.extend(prompt="and on", seconds="12", video=("mine.mp4", fake.clip, "video/mp4"))
    assert (edited.status, edited.prompt, edited.remixed_from_video_id) == ("queued", "at night", None)
    assert (extended.status, extended.seconds) == ("queued", "12")
    assert [exchange.operation for exchange in fake.journal] == ["edits", "extensions"]


def test_an_edit_and_an_extension_of_a_task(client: openai.OpenAI) -> None:
    # The package's own edit() and extend() take files alone, whatever their types say.
    old = client.videos.create(**WISH)
    for path in ("/videos/edits", "/videos/extensions"):
        body = {"prompt": "at night", "seconds": "12", "video": {"id": old.id}}
        new = client.post(path, body=body, cast_to=openai.types.Video)
        assert (new.status, new.seconds, new.remixed_from_video_id) == ("queued", "12", old.id)


def test_a_character_is_made_and_looked_at(client: openai.OpenAI, fake: ServedFake) -> None:
    made = client.videos.create_character(name="Reynard", video=("fox.mp4", fake.clip, "video/mp4"))
    assert made.id is not None
    found = client.videos.get_character(made.id)
    assert (found.id, found.name, found.created_at) == (made.id, "Reynard", made.created_at)
    with pytest.raises(openai.NotFoundError):
        client.videos.get_character("char_of_nobody")
    assert fake.bill == []


@pytest.mark.parametrize(
    ("variant", "media_type", "magic"),
    [
        ("video", "video/mp4", (4, b"ftyp")),
        ("thumbnail", "image/webp", (8, b"WEBP")),
        ("spritesheet", "image/jpeg", (0, b"\xff\xd8")),
    ],
)
def test_content_in_its_variants(
    client: openai.OpenAI, fake: ServedFake, variant: Any, media_type: str, magic: tuple[int, bytes]
) -> None:
    content = client.videos.download_content(fake.task("lifecycle/at_once").id, variant=variant)
    start, word = magic
    assert content.response.headers["content-type"] == media_type
    assert content.read()[start : start + len(word)] == word
    assert (content.read() == fake.clip) == (variant == "video")


def test_content_goes_to_a_file_whole_and_in_pieces(client: openai.OpenAI, fake: ServedFake, tmp_path: Path) -> None:
    id = fake.task("lifecycle/at_once").id
    client.videos.download_content(id).write_to_file(tmp_path / "whole.mp4")
    with client.videos.with_streaming_response.download_content(id) as content:
        content.stream_to_file(tmp_path / "pieces.mp4", chunk_size=4096)
    assert (tmp_path / "whole.mp4").read_bytes() == (tmp_path / "pieces.mp4").read_bytes() == fake.clip


def test_content_before_the_end_is_an_error(client: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError, match="not ready yet, current status: queued"):
        client.videos.download_content(client.videos.create(**WISH).id)


def test_content_that_breaks_once_is_had_by_the_packages_own_retry(fake: ServedFake) -> None:
    for scenario in ("content/content_truncated_once", "content/content_reset_once"):
        task = fake.task(scenario)
        fake.move(task, "completed")
        with video_clock(), connected(fake, max_retries=1) as client:
            assert client.videos.download_content(task.id).read() == fake.clip


@pytest.mark.parametrize(
    ("scenario", "error"),
    [
        ("auth/poll_401", openai.AuthenticationError),
        ("auth/poll_403", openai.PermissionDeniedError),
        ("polling/poll_404_for_ever", openai.NotFoundError),
        ("polling/poll_429", openai.RateLimitError),
        ("polling/poll_500", openai.InternalServerError),
        ("polling/poll_502_html", openai.InternalServerError),
        ("polling/poll_reset", openai.APIConnectionError),
        ("polling/poll_stalled", openai.APITimeoutError),
        ("polling/poll_html_200", openai.APIResponseValidationError),
    ],
)
def test_an_error_of_a_poll_is_the_packages_own_exception(
    fake: ServedFake, scenario: str, error: type[openai.APIError]
) -> None:
    id = fake.task(scenario).id
    timeout = 0.3 if error is openai.APITimeoutError else PATIENCE
    with connected(fake, timeout=timeout) as client, pytest.raises(error) as raised:
        client.videos.retrieve(id)
    assert type(raised.value) is error
    if isinstance(raised.value, openai.APIStatusError) and "html" not in scenario:
        assert raised.value.message
        assert isinstance(raised.value.body, dict)
        assert set(raised.value.body) >= {"message", "type", "code"}


def test_a_wrong_key_is_an_authentication_error() -> None:
    with video_server(dialect="openai", keys=["sk-good"]) as fake:
        with connected(fake, api_key="sk-other") as client, pytest.raises(openai.AuthenticationError) as raised:
            client.videos.create(**WISH)
        assert (raised.value.status_code, raised.value.code) == (401, "invalid_api_key")
        assert "sk-other" not in str(raised.value)
        with connected(fake) as client:
            assert client.videos.create(**WISH).status == "queued"


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        ({"prompt": ""}, "Missing required parameter: 'prompt'"),
        ({"prompt": "a fox", "seconds": "7"}, "seconds '7' is not one of 4, 8, 12"),
        ({"prompt": "a fox", "size": "720P"}, "size '720P' is not one of 720x1280"),
        ({"prompt": "a fox", "extra_body": {"secnods": 4}}, "unknown field 'secnods'"),
        ({"prompt": "a fox", "model": "sora-2@trunkated"}, "did you mean 'download/truncated'"),
    ],
)
def test_a_wrong_create_is_a_bad_request(
    client: openai.OpenAI, fake: ServedFake, wish: dict[str, Any], words: str
) -> None:
    with pytest.raises(openai.BadRequestError, match=words):
        client.videos.create(**wish)
    assert fake.bill == []


def test_a_wrong_list_is_a_bad_request(client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError, match="limit '101' is not a number from 1 to 100"):
        client.videos.list(limit=101)


def test_an_id_that_needs_quoting(client: openai.OpenAI, fake: ServedFake) -> None:
    for id in ("grok:48a67431", "a/b", "per%cent", "ünï"):
        fake.task("lifecycle/at_once", id=id)
        assert client.videos.retrieve(id).id == id
        assert client.videos.download_content(id).read() == fake.clip


def test_the_models(client: openai.OpenAI) -> None:
    assert [model.id for model in client.models.list()] == ["sora-2", "sora-2-pro"]


def test_the_async_client_does_all_of_it_too(fake: ServedFake) -> None:
    async def run() -> None:
        async with openai.AsyncOpenAI(
            base_url=fake.base_url, api_key="sk", max_retries=0, _strict_response_validation=True
        ) as client:
            videos = client.videos
            first = await videos.create_and_poll(**WISH, input_reference=("fox.png", PNG), poll_interval_ms=1)
            assert first.status == "completed"
            second = await videos.remix(first.id, prompt="the fox runs")
            assert (await videos.poll(second.id, poll_interval_ms=1)).status == "completed"
            edited = await videos.edit(prompt="at night", video=("mine.mp4", fake.clip))
            extended = await videos.extend(prompt="and on", seconds="4", video=("mine.mp4", fake.clip))
            ids = [first.id, second.id, edited.id, extended.id]
            assert [video.id async for video in videos.list(limit=3)] == ids[::-1]
            assert [video.id async for video in videos.list(limit=1, order="asc")] == ids
            assert (await videos.retrieve(edited.id)).status == "queued"
            character = await videos.create_character(name="Reynard", video=("fox.mp4", fake.clip))
            assert character.id is not None
            assert (await videos.get_character(character.id)).name == "Reynard"
            content = await videos.download_content(first.id)
            assert await content.aread() == fake.read_clip(fake.bill[0].clip)
            thumbnail = await videos.download_content(first.id, variant="thumbnail")
            assert (await thumbnail.aread())[8:12] == b"WEBP"
            assert (await videos.delete(first.id)).deleted
            with pytest.raises(openai.NotFoundError):
                await videos.retrieve(first.id)
            with pytest.raises(openai.BadRequestError):
                await videos.create(prompt="")

    asyncio.run(run())


# --- the other dialects -----------------------------------------------------------------------------------------------


def test_under_octopusx_its_poll_returns_at_processing_a_word_that_it_does_not_know() -> None:
    with video_server() as fake, connected(fake, strict=False) as client:
        created = client.videos.create(model="sora-2", prompt="a fox")
        assert created.status == "queued"
        video = client.videos.poll(created.id, poll_interval_ms=1)
        assert video.status == "processing"  # type: ignore[comparison-overlap]
        assert fake.tasks[0].state == "processing"
        # So its user polls on; the clip is at /content all the same.
        while video.status != "completed":
            video = client.videos.retrieve(created.id)
        assert client.videos.download_content(created.id).read() == fake.clip


def test_under_octopusx_strict_validation_refuses_the_word() -> None:
    with video_server("lifecycle/stuck_processing") as fake, connected(fake) as client:
        id = fake.task().id
        with pytest.raises(openai.APIResponseValidationError):
            client.videos.retrieve(id)


def test_under_octopusx_an_unknown_task_is_a_bad_request() -> None:
    with (
        video_server() as fake,
        connected(fake) as client,
        pytest.raises(openai.BadRequestError, match="task_not_exist"),
    ):
        client.videos.retrieve("video_of_nobody")


def test_under_new_api_its_poll_waits_and_the_url_is_in_metadata() -> None:
    with video_server(dialect="new-api") as fake, connected(fake, strict=False) as client:
        video = client.videos.create_and_poll(model="sora-2", prompt="a fox", poll_interval_ms=1)
        assert video.status == "completed"
        assert video.to_dict()["metadata"]["url"].startswith(fake.download_origin)  # type: ignore[index]
