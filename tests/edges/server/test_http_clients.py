"""httpx, requests, urllib and curl, unmodified, over real sockets: the documented flows as a client types them."""

from __future__ import annotations

import asyncio
import json
import subprocess
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import httpx
import pytest
import requests

from support.sockets import PATIENCE, ends_with
from video_mockserver import video_server
from video_mockserver.edges.server.registry import ServedFake

KEY = {"Authorization": "Bearer sk-any"}
JSON = {"Content-Type": "application/json"}
WISH = {"model": "grok-video-3", "prompt": "a fox in the snow"}
CREATED = ["id", "object", "model", "status", "progress", "created_at", "size"]  # the documented reply, in its order


@pytest.fixture
def fake() -> Iterator[ServedFake]:
    with video_server() as fake:
        yield fake


# --- one way to ask, for each client ----------------------------------------------------------------------------------


class Answer(NamedTuple):
    """A whole answer."""

    status: int
    body: bytes


class Broken(Exception):
    """No whole answer came."""


Ask = Callable[[str, Mapping[str, str], bytes | None], Answer]


def with_httpx(url: str, headers: Mapping[str, str], body: bytes | None = None) -> Answer:
    try:
        reply = httpx.request("GET" if body is None else "POST", url, headers=headers, content=body, timeout=PATIENCE)
    except httpx.HTTPError as error:
        raise Broken from error
    return Answer(reply.status_code, reply.content)


def with_async_httpx(url: str, headers: Mapping[str, str], body: bytes | None = None) -> Answer:
    async def ask() -> Answer:
        async with httpx.AsyncClient(timeout=PATIENCE) as client:
            reply = await client.request("GET" if body is None else "POST", url, headers=headers, content=body)
            return Answer(reply.status_code, reply.content)

    try:
        return asyncio.run(ask())
    except httpx.HTTPError as error:
        raise Broken from error


def with_requests(url: str, headers: Mapping[str, str], body: bytes | None = None) -> Answer:
    try:
        reply = requests.request("GET" if body is None else "POST", url, headers=headers, data=body, timeout=PATIENCE)
    except requests.RequestException as error:
        raise Broken from error
    return Answer(reply.status_code, reply.content)


def with_urllib(url: str, headers: Mapping[str, str], body: bytes | None = None) -> Answer:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body, dict(headers)), timeout=PATIENCE) as reply:
            return Answer(reply.status, reply.read())
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, error.read())
    except Exception as error:  # OSError and what http.client raises
        raise Broken from error


def with_curl(url: str, headers: Mapping[str, str], body: bytes | None = None) -> Answer:
    arguments = [word for name, value in headers.items() for word in ("-H", f"{name}: {value}")]
    if body is not None:
        arguments += ["--data-binary", body.decode()]
    done = curl(*arguments, "-w", "%{stderr}%{http_code}", url, check=False)
    if done.returncode:
        raise Broken(done.returncode)
    return Answer(int(done.stderr), done.stdout)


def curl(*arguments: str, check: bool = True) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["curl", "-sS", "--max-time", "10", *arguments], capture_output=True, check=check)


every_client = pytest.mark.parametrize("ask", [with_httpx, with_async_httpx, with_requests, with_urllib, with_curl])


def created(fake: ServedFake, ask: Ask = with_httpx) -> str:
    answer = ask(f"{fake.base_url}/videos", {**KEY, **JSON}, json.dumps(WISH).encode())
    assert answer.status == 200
    return str(json.loads(answer.body)["id"])


def completed(fake: ServedFake, id: str, ask: Ask = with_httpx) -> dict[str, Any]:
    """A task's document at its end."""
    for _ in range(20):
        answer = ask(f"{fake.base_url}/videos/{quote(id, safe='')}", KEY, None)
        video: dict[str, Any] = json.loads(answer.body)
        if video["status"] == "completed":
            return video
    raise AssertionError(f"{id} does not complete")


# --- from the create to the clip --------------------------------------------------------------------------------------


@every_client
def test_create_poll_and_download(fake: ServedFake, ask: Ask) -> None:
    video = completed(fake, created(fake, ask), ask)
    assert ask(video["video_url"], {}, None) == (200, fake.clip)
    assert len(fake.bill) == 1


@every_client
@pytest.mark.parametrize(
    "scenario",
    ["download/truncated", "download/reset_in_the_middle", "download/closed_without_answer",
     "download/connection_refused", "download/url_403_expired", "urls/none_at_all"],
)  # fmt: skip
def test_a_download_that_fails_is_made_good_by_content(fake: ServedFake, ask: Ask, scenario: str) -> None:
    fake.use(scenario)
    video = completed(fake, created(fake, ask), ask)
    if video["video_url"]:
        try:
            assert ask(video["video_url"], {}, None).status == 403
        except Broken:
            assert "403" not in scenario
    else:
        assert scenario == "urls/none_at_all"
    assert ask(f"{fake.base_url}/videos/{video['id']}/content", KEY, None) == (200, fake.clip)


@every_client
def test_a_key_that_leaks_to_the_download_host_is_refused(fake: ServedFake, ask: Ask) -> None:
    video = completed(fake, created(fake, ask), ask)
    refused = ask(video["video_url"], KEY, None)
    assert refused.status == 400
    assert b"Only one auth mechanism allowed" in refused.body
    assert ask(video["video_url"], {}, None) == (200, fake.clip)


@every_client
@pytest.mark.parametrize("id", ["grok:48a67431-0000", "a/b/c", "per%cent", "ünï cödé", "what?#", "sora-2:task_01k9"])
def test_an_id_that_needs_quoting(fake: ServedFake, ask: Ask, id: str) -> None:
    fake.task("lifecycle/at_once", id=id)
    video = completed(fake, id, ask)
    assert video["id"] == id
    assert ask(video["video_url"], {}, None).body == fake.clip
    assert ask(f"{fake.base_url}/videos/{quote(id, safe='')}/content", KEY, None).body == fake.clip
    assert json.loads(ask(f"{fake.base_url}/video/query?id={quote(id, safe='')}", KEY, None).body)["id"] == id


@every_client
def test_what_is_wrong_says_why(fake: ServedFake, ask: Ask) -> None:
    answer = ask(f"{fake.base_url}/videos/video_trunkated", KEY, None)
    said = json.loads(answer.body)
    assert (answer.status, said["code"]) == (400, "task_not_exist")
    assert "download/truncated" in said["mock"]
    assert ask(f"{fake.base_url}/videos/video_truncated", {}, None).status == 401


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
        ("download/redirect_loop", httpx.TooManyRedirects, requests.exceptions.TooManyRedirects, 47),
    ],
)
def test_a_broken_download_is_what_each_client_says_of_a_real_one(
    fake: ServedFake, scenario: str, httpx_error: type[Exception], requests_error: type[Exception], curl_exit: int
) -> None:
    fake.use(scenario)
    url = completed(fake, created(fake))["video_url"]
    ends_with(httpx_error, lambda timeout: httpx.get(url, timeout=timeout, follow_redirects=True))
    ends_with(requests_error, lambda timeout: requests.get(url, timeout=timeout))
    ends_with(
        curl_exit,
        lambda timeout: curl("-L", "--max-time", f"{timeout}", "-o", "/dev/null", url, check=False).returncode,
    )


# --- creates ----------------------------------------------------------------------------------------------------------


def sent_by_curl_form(url: str, picture: Path) -> Any:
    said = curl(
        url, "-H", "Authorization: Bearer sk", "-F", "model=grok-video-3", "-F", "prompt=a fox in the snow",
        "-F", "seconds=6", "-F", "size=720P", "-F", "aspect_ratio=9:16",
        "-F", f"input_reference=@{picture}", "-F", f"input_reference=@{picture}",
    )  # fmt: skip
    return json.loads(said.stdout)


def sent_by_curl_json(url: str, picture: Path) -> Any:
    said = curl(url, "-H", "Authorization: Bearer sk", "-H", "Content-Type: application/json",
                "-d", json.dumps({**WISH, "aspect_ratio": "9:16"}))  # fmt: skip
    return json.loads(said.stdout)


def sent_by_httpx_form(url: str, picture: Path) -> Any:
    with picture.open("rb") as first, picture.open("rb") as second:
        files = [("input_reference", first), ("input_reference", second)]
        return httpx.post(url, headers=KEY, data={**WISH, "aspect_ratio": "9:16"}, files=files).json()


def sent_by_requests_form(url: str, picture: Path) -> Any:
    files = [("input_reference[]", ("a.png", picture.read_bytes())), ("input_reference[]", ("b.png", b"b"))]
    wish = {**WISH, "aspect_ratio": "9:16"}
    return requests.post(url, headers=KEY, data=wish, files=files, timeout=PATIENCE).json()


def sent_by_requests_urlencoded(url: str, picture: Path) -> Any:
    return requests.post(url, headers=KEY, data={**WISH, "aspect_ratio": "9:16"}, timeout=PATIENCE).json()


def sent_in_chunks_by_httpx(url: str, picture: Path) -> Any:
    return httpx.post(url, headers={**KEY, **JSON}, content=chunks()).json()


def sent_in_chunks_by_async_httpx(url: str, picture: Path) -> Any:
    async def pieces() -> AsyncIterator[bytes]:
        for piece in chunks():
            yield piece

    async def send() -> Any:
        async with httpx.AsyncClient() as client:
            return (await client.post(url, headers={**KEY, **JSON}, content=pieces())).json()

    return asyncio.run(send())


def sent_in_chunks_by_requests(url: str, picture: Path) -> Any:
    return requests.post(url, headers={**KEY, **JSON}, data=chunks(), timeout=PATIENCE).json()


def sent_in_chunks_by_urllib(url: str, picture: Path) -> Any:
    with urllib.request.urlopen(urllib.request.Request(url, chunks(), {**KEY, **JSON}), timeout=PATIENCE) as reply:
        return json.load(reply)


def sent_in_chunks_by_curl(url: str, picture: Path) -> Any:
    said = curl(
        url, "-H", "Authorization: Bearer sk", "-H", "Transfer-Encoding: chunked", "-F", "model=grok-video-3",
        "-F", "prompt=a fox in the snow", "-F", "aspect_ratio=9:16", "-F", f"input_reference=@{picture}",
    )  # fmt: skip
    return json.loads(said.stdout)


def chunks() -> Iterator[bytes]:
    """A create whose length nobody knows beforehand."""
    yield b'{"model": "grok-video-3", "prompt": "a fox '
    yield b'in the snow", "aspect_ratio": "9:16"}'


@pytest.mark.parametrize(
    "send",
    [
        sent_by_curl_form, sent_by_curl_json, sent_by_httpx_form, sent_by_requests_form, sent_by_requests_urlencoded,
        sent_in_chunks_by_httpx, sent_in_chunks_by_async_httpx, sent_in_chunks_by_requests, sent_in_chunks_by_urllib,
        sent_in_chunks_by_curl,
    ],
)  # fmt: skip
def test_a_create_arrives_however_it_is_sent(
    fake: ServedFake, send: Callable[[str, Path], Any], tmp_path: Path
) -> None:
    picture = tmp_path / "fox.png"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(200_000))
    video = send(f"{fake.base_url}/videos", picture)
    assert list(video) == CREATED
    assert (video["status"], video["size"]) == ("queued", "720P")
    task, exchange = fake.bill[0], fake.journal[0]
    assert (task.id, task.params.prompt, task.params.aspect_ratio) == (video["id"], "a fox in the snow", "9:16")
    assert task.clip.height > task.clip.width
    assert exchange.unknown_fields is None
    assert (exchange.header("content-length") is None) == ("in_chunks" in send.__name__)


@every_client
def test_a_prompt_in_any_script_arrives_as_it_is(fake: ServedFake, ask: Ask) -> None:
    prompt = "Füchse im Schnee 🦊 狐"
    body = json.dumps({**WISH, "prompt": prompt}, ensure_ascii=False).encode()
    assert ask(f"{fake.base_url}/videos", {**KEY, **JSON}, body).status == 200
    assert fake.bill[0].params.prompt == prompt


# --- the documented curl, ranges, redirects ---------------------------------------------------------------------------


def test_the_documented_curl_has_a_body_on_its_get(fake: ServedFake) -> None:
    task = fake.task()
    said = curl(
        "--location", "--request", "GET", f"{fake.base_url}/videos/{task.id}", "--header", "Authorization: Bearer sk",
        "--header", "Content-Type: application/json", "--data-raw", json.dumps({"task_id": task.id}),
    )  # fmt: skip
    assert json.loads(said.stdout)["id"] == task.id
    for library in (httpx, requests):
        url = f"{fake.base_url}/videos/{task.id}"
        reply = library.request("GET", url, headers=KEY, json={"task_id": task.id}, timeout=PATIENCE)
        assert reply.json()["id"] == task.id
    assert [exchange.operation for exchange in fake.journal] == ["poll"] * 3


@pytest.mark.parametrize("where", ["download", "content"])
def test_a_part_of_the_clip(fake: ServedFake, where: str, tmp_path: Path) -> None:
    video = completed(fake, created(fake))
    whole = fake.clip
    url, key = (
        (video["video_url"], {}) if where == "download" else (f"{fake.base_url}/videos/{video['id']}/content", KEY)
    )
    for reply in (
        httpx.get(url, headers={**key, "Range": "bytes=100-199"}),
        requests.get(url, headers={**key, "Range": "bytes=100-199"}, timeout=PATIENCE),
    ):
        assert (reply.status_code, reply.content) == (206, whole[100:200])
        assert reply.headers["content-range"] == f"bytes 100-199/{len(whole)}"
    # curl goes on where a broken download ended.
    half = tmp_path / "clip.mp4"
    half.write_bytes(whole[:5000])
    curl(*(word for name, value in key.items() for word in ("-H", f"{name}: {value}")), "-C", "-", "-o", str(half), url)
    assert half.read_bytes() == whole


def test_a_download_that_broke_goes_on_where_it_ended(fake: ServedFake, tmp_path: Path) -> None:
    fake.use("download/second_try_after_reset")
    url = completed(fake, created(fake))["video_url"]
    film = tmp_path / "clip.mp4"
    assert curl("-o", str(film), url, check=False).returncode == 56
    assert 0 < film.stat().st_size < len(fake.clip)
    curl("-C", "-", "-o", str(film), url)
    assert film.read_bytes() == fake.clip


@pytest.mark.parametrize("client", ["httpx", "requests", "curl"])
def test_a_redirect_to_the_download_host_is_followed_without_the_key(fake: ServedFake, client: str) -> None:
    fake.use("content/content_redirects")
    url = f"{fake.base_url}/videos/{completed(fake, created(fake))['id']}/content"
    fetch: dict[str, Callable[[], bytes]] = {
        "httpx": lambda: httpx.get(url, headers=KEY, follow_redirects=True).content,
        "requests": lambda: requests.get(url, headers=KEY, timeout=PATIENCE).content,
        "curl": lambda: curl("-L", url, "-H", f"Authorization: {KEY['Authorization']}").stdout,
    }
    assert fetch[client]() == fake.clip
    assert fake.journal[-1].host == "download"
    assert fake.journal[-1].header("authorization") is None


def test_urllib_takes_the_key_along_on_a_redirect_and_is_refused(fake: ServedFake) -> None:
    fake.use("content/content_redirects")
    url = f"{fake.base_url}/videos/{completed(fake, created(fake))['id']}/content"
    assert with_urllib(url, KEY).status == 400


def test_a_head_tells_the_length_and_sends_nothing(fake: ServedFake) -> None:
    video = completed(fake, created(fake))
    for reply in (httpx.head(video["video_url"]), requests.head(video["video_url"], timeout=PATIENCE)):
        assert (reply.status_code, reply.headers["content-length"], reply.content) == (200, str(len(fake.clip)), b"")
    assert f"Content-Length: {len(fake.clip)}".lower() in curl("-I", video["video_url"]).stdout.decode().lower()
