"""The openai package, unmodified, against a fake that speaks OpenAI's dialect, over real sockets."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import openai
import pytest

from mockserver.edges.server import ServedFake
from mockserver.testing import video_clock, video_server

# The package marks its whole Videos API as deprecated.
pytestmark = pytest.mark.filterwarnings("ignore:The Sora API:DeprecationWarning")


@pytest.fixture
def fake() -> Iterator[ServedFake]:
    with video_server(profile="openai") as fake:
        yield fake


@pytest.fixture
def client(fake: ServedFake) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(
        base_url=fake.base_url, api_key=fake.api_key, max_retries=0, _strict_response_validation=True
    ) as client:
        yield client


def made(client: openai.OpenAI, prompt: str = "a fox in the snow") -> str:
    return client.videos.create(model="sora-2", prompt=prompt, seconds="8", size="1280x720").id


def test_create_retrieve_and_what_a_task_shows(client: openai.OpenAI, fake: ServedFake) -> None:
    video = client.videos.create(model="sora-2", prompt="a fox", seconds="8", size="1280x720")
    assert (video.status, video.object, video.seconds, video.size, video.prompt) == (
        "queued", "video", "8", "1280x720", "a fox",
    )  # fmt: skip
    assert video.error is None
    assert video.completed_at is None
    statuses = [client.videos.retrieve(video.id).status for _ in range(6)]
    assert statuses[0] == "queued"
    assert "in_progress" in statuses
    assert statuses[-1] == "completed"
    assert len(fake.bill) == 1


def test_a_file_as_input_reference(client: openai.OpenAI, fake: ServedFake) -> None:
    client.videos.create(model="sora-2", prompt="a fox", input_reference=("fox.png", b"\x89PNG" + bytes(70_000)))
    assert b"fox.png" in fake.journal[-1].body
    assert fake.journal[-1].unknown_fields is None


@pytest.mark.parametrize("scenario", ["lifecycle/plain", "lifecycle/failed_moderation"])
def test_create_and_poll_ends_with_the_end(client: openai.OpenAI, fake: ServedFake, scenario: str) -> None:
    fake.use(scenario)
    video = client.videos.create_and_poll(model="sora-2", prompt="a fox", poll_interval_ms=1)
    if scenario == "lifecycle/plain":
        assert (video.status, video.progress) == ("completed", 100)
        assert client.videos.download_content(video.id).read() == fake.clip
    else:
        assert video.status == "failed"
        assert video.error is not None
        assert video.error.message


def test_the_header_of_the_poll_says_how_long_to_wait() -> None:
    with video_clock() as clock, video_server(profile="openai", poll_after_ms=250, clock=clock) as fake:
        with openai.OpenAI(base_url=fake.base_url, api_key="sk") as client:
            assert client.videos.create_and_poll(model="sora-2", prompt="a fox").status == "completed"
        polls = len(fake.journal.query(operation="poll"))
        assert clock.slept == pytest.approx(0.25 * (polls - 1))


def test_lists_page_by_cursor_in_both_orders(client: openai.OpenAI) -> None:
    ids = [made(client, f"fox {number}") for number in range(7)]
    assert [video.id for video in client.videos.list(limit=3)] == ids[::-1]
    assert [video.id for video in client.videos.list(limit=2, order="asc")] == ids
    page = client.videos.list(limit=3, order="asc", after=ids[2])
    assert [video.id for video in page.data] == ids[3:6]
    assert page.has_next_page()


def test_delete_remix_edit_and_extend(client: openai.OpenAI, fake: ServedFake) -> None:
    first = made(client)
    again = client.videos.remix(first, prompt="the fox runs")
    assert again.remixed_from_video_id == first
    # By id: the package's own edit() and extend() take files alone, whatever their types say.
    for path in ("/videos/edits", "/videos/extensions"):
        wish = {"prompt": "at night", "seconds": "8", "video": {"id": first}}
        made_from = client.post(path, body=wish, cast_to=openai.types.Video)
        assert (made_from.status, made_from.seconds, made_from.remixed_from_video_id) == ("queued", "8", first)
    assert client.videos.extend(prompt="longer", seconds="12", video=("mine.mp4", b"film")).seconds == "12"
    assert client.videos.edit(prompt="of mine", video=("mine.mp4", b"film")).id not in (first, again.id)
    deleted = client.videos.delete(first)
    assert (deleted.id, deleted.deleted, deleted.object) == (first, True, "video.deleted")
    with pytest.raises(openai.NotFoundError):
        client.videos.retrieve(first)
    assert len(fake.bill) == 6


def test_characters(client: openai.OpenAI) -> None:
    character = client.videos.create_character(name="Reynard", video=("fox.mp4", b"film"))
    assert character.id is not None
    assert client.videos.get_character(character.id).name == "Reynard"


@pytest.mark.parametrize("variant", ["video", "thumbnail", "spritesheet"])
def test_content_comes_in_variants(client: openai.OpenAI, fake: ServedFake, variant: str) -> None:
    video = client.videos.create_and_poll(model="sora-2", prompt="a fox", poll_interval_ms=1)
    content = client.videos.download_content(video.id, variant=variant)  # type: ignore[arg-type]
    data = content.read()
    starts = {"video": data[4:8] == b"ftyp", "thumbnail": data[8:12] == b"WEBP", "spritesheet": data[:2] == b"\xff\xd8"}
    assert starts[variant]
    assert (data == fake.clip) == (variant == "video")


def test_content_before_the_end_is_an_error(client: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError, match="not ready yet, current status: queued"):
        client.videos.download_content(made(client))


@pytest.mark.parametrize(
    ("options", "scenario", "error"),
    [
        ({"keys": ["sk-other"]}, None, openai.AuthenticationError),
        ({}, "polling/poll_429", openai.RateLimitError),
        ({}, "polling/poll_500", openai.InternalServerError),
        ({}, "polling/poll_404_for_ever", openai.NotFoundError),
        ({}, "polling/poll_403", openai.PermissionDeniedError),
        ({}, "polling/poll_reset", openai.APIConnectionError),
    ],
)
def test_errors_are_the_packages_own_exceptions(
    options: dict[str, list[str]], scenario: str | None, error: type[openai.APIError]
) -> None:
    if scenario and scenario.endswith("poll_403"):
        scenario = "auth/poll_403"
    with video_server(scenario, profile="openai", **options) as fake:
        task = fake.task()
        with openai.OpenAI(base_url=fake.base_url, api_key="sk-wrong", max_retries=0) as client:

            def poll() -> None:
                for _ in range(4):
                    client.videos.retrieve(task.id)

            with pytest.raises(error):
                poll()


def test_wrong_creates_are_bad_requests(client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError, match="prompt"):
        client.videos.create(model="sora-2", prompt="")


def test_async(fake: ServedFake) -> None:
    async def run() -> bytes:
        async with openai.AsyncOpenAI(base_url=fake.base_url, api_key="sk") as client:
            video = await client.videos.create_and_poll(model="sora-2", prompt="a fox", poll_interval_ms=1)
            assert [item.id async for item in client.videos.list()] == [video.id]
            return await (await client.videos.download_content(video.id)).aread()

    assert asyncio.run(run()) == fake.clip


def test_under_octopusx_its_poll_returns_at_the_first_processing_as_with_the_service() -> None:
    with video_server("lifecycle/stuck_processing") as fake:
        with openai.OpenAI(base_url=fake.base_url, api_key="sk") as client:
            video = client.videos.create_and_poll(model="sora-2", prompt="a fox", poll_interval_ms=1)
        assert video.status == "processing"  # type: ignore[comparison-overlap]
        assert fake.journal[-1].status == 200
