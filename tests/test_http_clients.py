"""httpx, requests, urllib and curl, unmodified, over real sockets: the documented flows as a client types them."""

from __future__ import annotations

import json
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
import requests

from mockserver.edges.server import ServedFake
from mockserver.testing import video_server

KEY = {"Authorization": "Bearer sk-any"}


@pytest.fixture
def fake() -> Iterator[ServedFake]:
    with video_server() as fake:
        yield fake


def curl(*arguments: str, check: bool = True) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["curl", "-sS", "--max-time", "10", *arguments], capture_output=True, check=check)


def completed(fake: ServedFake, scenario: str) -> dict[str, str]:
    """A task's document at its end."""
    task = fake.task(scenario)
    for _ in range(20):
        video: dict[str, str] = requests.get(f"{fake.base_url}/videos/{task.id}", headers=KEY, timeout=5).json()
        if video["status"] == "completed":
            return video
    raise AssertionError(f"{scenario} does not complete")


def test_the_documented_curl_with_a_body_on_its_get(fake: ServedFake) -> None:
    task = fake.task()
    said = curl(
        f"{fake.base_url}/videos/{task.id}", "-X", "GET", "-H", "Authorization: Bearer sk",
        "-H", "Content-Type: application/json", "-d", json.dumps({"task_id": task.id}),
    )  # fmt: skip
    assert json.loads(said.stdout)["id"] == task.id


def test_curl_creates_with_a_form_and_several_files(fake: ServedFake, tmp_path: Path) -> None:
    picture = tmp_path / "fox.png"
    picture.write_bytes(b"\x89PNG" + bytes(200_000))
    said = curl(
        f"{fake.base_url}/videos", "-H", "Authorization: Bearer sk", "-F", "model=grok-video-3",
        "-F", "prompt=a fox in the snow", "-F", "seconds=6", "-F", "size=720P", "-F", "aspect_ratio=9:16",
        "-F", f"input_reference=@{picture}", "-F", f"input_reference=@{picture}",
    )  # fmt: skip
    video = json.loads(said.stdout)
    assert list(video) == ["id", "object", "model", "status", "progress", "created_at", "size"]
    assert fake.bill[0].clip.height > fake.bill[0].clip.width
    assert fake.journal[-1].unknown_fields is None


def test_a_create_whose_length_nobody_knows(fake: ServedFake) -> None:
    def chunks() -> Iterator[bytes]:
        yield b'{"model": "grok-video-3", '
        yield b'"prompt": "a fox"}'

    headers = {**KEY, "Content-Type": "application/json"}
    assert httpx.post(f"{fake.base_url}/videos", content=chunks(), headers=headers).json()["status"] == "queued"
    assert requests.post(f"{fake.base_url}/videos", data=chunks(), headers=headers, timeout=5).status_code == 200
    assert len(fake.bill) == 2


def test_requests_and_urllib_send_forms(fake: ServedFake) -> None:
    wish = {"model": "grok-video-3", "prompt": "füchse 🦊"}
    assert requests.post(f"{fake.base_url}/videos", data=wish, headers=KEY, timeout=5).status_code == 200
    files = [("input_reference[]", ("a.png", b"a")), ("input_reference[]", ("b.png", b"b"))]
    assert requests.post(f"{fake.base_url}/videos", data=wish, files=files, headers=KEY, timeout=5).status_code == 200
    request = urllib.request.Request(f"{fake.base_url}/videos", json.dumps(wish).encode(), KEY)
    request.add_header("Content-Type", "application/json")
    with urllib.request.urlopen(request, timeout=5) as reply:
        assert json.load(reply)["object"] == "video"
    assert [task.wish.prompt for task in fake.bill] == ["füchse 🦊"] * 3


@pytest.mark.parametrize("id", ["grok:48a67431-0000", "a/b/c", "per%cent", "ünï cödé", "sora-2:task_01k9"])
def test_ids_that_need_quoting_survive_each_client(fake: ServedFake, id: str) -> None:
    fake.task("lifecycle/at_once", id=id)
    url = f"{fake.base_url}/videos/{quote(id, safe='')}"
    video = httpx.get(url, headers=KEY).json()
    assert video["id"] == id
    assert requests.get(url, headers=KEY, timeout=5).json()["id"] == id
    assert json.loads(curl(url, "-H", "Authorization: Bearer sk").stdout)["id"] == id
    for found in (video["video_url"], requests.get(url, headers=KEY, timeout=5).json()["video_url"]):
        assert httpx.get(found).content == fake.clip
    assert httpx.get(f"{url}/content", headers=KEY).content == fake.clip


@pytest.mark.parametrize(
    ("scenario", "httpx_error", "requests_error", "curl_exit"),
    [
        ("download/truncated", httpx.RemoteProtocolError, requests.exceptions.ChunkedEncodingError, 18),
        ("download/reset_in_the_middle", httpx.ReadError, requests.exceptions.ChunkedEncodingError, 56),
        ("download/reset_before_headers", httpx.ReadError, requests.exceptions.ConnectionError, 56),
        ("download/closed_without_answer", httpx.RemoteProtocolError, requests.exceptions.ConnectionError, 52),
        ("download/chunked_unended", httpx.RemoteProtocolError, requests.exceptions.ChunkedEncodingError, 18),
        ("download/length_too_large", httpx.RemoteProtocolError, requests.exceptions.ChunkedEncodingError, 18),
        ("download/garbage_bytes", httpx.RemoteProtocolError, requests.exceptions.ConnectionError, 1),
        ("download/connection_refused", httpx.ConnectError, requests.exceptions.ConnectionError, 7),
        ("download/stalled_in_the_middle", httpx.ReadTimeout, requests.exceptions.ConnectionError, 28),
        ("download/stalled_before_headers", httpx.ReadTimeout, requests.exceptions.ReadTimeout, 28),
    ],
)
def test_a_broken_download_is_what_each_client_says_of_a_real_one(
    fake: ServedFake, scenario: str, httpx_error: type[Exception], requests_error: type[Exception], curl_exit: int
) -> None:
    video = completed(fake, scenario)
    with pytest.raises(httpx_error):
        httpx.get(video["video_url"], timeout=0.3)
    with pytest.raises(requests_error):
        requests.get(video["video_url"], timeout=0.3)
    assert curl("--max-time", "0.3", "-o", "/dev/null", video["video_url"], check=False).returncode == curl_exit
    content = requests.get(f"{fake.base_url}/videos/{video['id']}/content", headers=KEY, timeout=5).content
    assert content == fake.clip


def test_a_key_that_leaks_to_the_download_host_is_refused(fake: ServedFake) -> None:
    video = completed(fake, "lifecycle/plain")
    refused = httpx.get(video["video_url"], headers=KEY)
    assert (refused.status_code, b"Only one auth mechanism allowed" in refused.content) == (400, True)
    assert httpx.get(video["video_url"]).content == fake.clip
    assert httpx.URL(video["video_url"]).port != httpx.URL(fake.base_url).port


def test_each_client_reads_by_range(fake: ServedFake, tmp_path: Path) -> None:
    video = completed(fake, "lifecycle/plain")
    whole = fake.clip
    part = httpx.get(video["video_url"], headers={"Range": "bytes=100-199"})
    assert (part.status_code, part.content) == (206, whole[100:200])
    assert part.headers["content-range"] == f"bytes 100-199/{len(whole)}"
    # curl goes on where a broken download ended.
    half = tmp_path / "clip.mp4"
    half.write_bytes(whole[:5000])
    curl("-C", "-", "-o", str(half), video["video_url"])
    assert half.read_bytes() == whole


def test_requests_follows_redirects_and_drops_the_key_on_the_way(fake: ServedFake) -> None:
    video = completed(fake, "content/content_redirects")
    reply = requests.get(f"{fake.base_url}/videos/{video['id']}/content", headers=KEY, timeout=5)
    assert reply.content == fake.clip
    assert fake.journal[-1].host == "download"
    assert fake.journal[-1].header("authorization") is None


def test_what_is_wrong_says_why(fake: ServedFake) -> None:
    with pytest.raises(urllib.error.HTTPError) as error:
        urllib.request.urlopen(urllib.request.Request(f"{fake.base_url}/videos/video_trunkated", headers=KEY))
    with error.value as reply:
        said = json.load(reply)
    assert (error.value.code, said["code"], "download/truncated" in said["mock"]) == (400, "task_not_exist", True)
