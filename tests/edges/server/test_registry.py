"""The fakes of a server: which ports and prefixes lead to which, and how each is reached."""

from __future__ import annotations

import asyncio
import json
import socket
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from support.servers import refuses
from support.sockets import (
    MOMENT,
    PATIENCE,
    POLL,
    TEXT,
    Client,
    scripted,
)
from video_mockserver.api.messages import Fault
from video_mockserver.edges.server.asgi import Addressed, ApiApp
from video_mockserver.edges.server.registry import KNOWN_ORIGINS, FakeRegistry, ServedFake
from video_mockserver.edges.server.video_server import VideoServer
from video_mockserver.fake.clip_files import load_clip, shipped_clips
from video_mockserver.fake.clips import ClipStore
from video_mockserver.scenario.library import Library
from video_mockserver.scenario.model import ReplyTemplate, Scenario, State, Transition

pytestmark = pytest.mark.usefixtures("expected_log")

ORIGINS = "{origin} {download_origin} {refused_url}"
FILM = bytes(range(256)) * 4096 * 5  # 5 MB
CREATE = b'{"model": "grok-video-3", "prompt": "a fox in the snow"}'
JSON = "Content-Type: application/json"


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    path.write_bytes(FILM)
    return path


@pytest.fixture(scope="module")
def clip_store(film: Path) -> ClipStore:
    clip_store = shipped_clips()
    return ClipStore({**clip_store.clips, "film": load_clip(film, name="film")}, clip_store.read, clip_store.pictures)


@pytest.fixture(scope="module", params=["httptools", "h11"])
def server(request: pytest.FixtureRequest, clip_store: ClipStore) -> Iterator[VideoServer]:
    with VideoServer(parser=request.param, clip_store=clip_store, unknown_tasks="create") as server:
        yield server


def told_origins(client: Client, path: str = POLL, *headers: str, **how: Any) -> list[str]:
    """The three origins of a fake whose scenario tells them."""
    client.ask(path, *headers, **how)
    status, _, body = client.reply()
    assert status == 200, body
    return body.decode().split(" ")


@pytest.fixture
def registry(clip_store: ClipStore) -> Iterator[FakeRegistry]:
    registry = FakeRegistry(Library(), clip_store, {"unknown_tasks": "create"})
    yield registry
    registry.shut()


@pytest.fixture
def fresh_server() -> Iterator[VideoServer]:
    with VideoServer(unknown_tasks="create") as server:
        yield server


def child(server: VideoServer, home: ServedFake, name: str) -> ServedFake:
    """The fake below a fake's prefix, after its first request."""
    with Client(home.ports[0]) as client:
        client.ask(f"/t/{name}/_mock/health")
        assert client.reply()[0] == 200
    short, long = (server.fakes().get(known) for known in (name, f"{home.name}/{name}"))
    found = long or short
    assert isinstance(found, ServedFake)
    return found


def get(client: Client, path: str = POLL, *headers: str, **how: Any) -> Any:
    """Ask, and read the JSON of the answer."""
    client.ask(path, *headers, **how)
    return json.loads(client.reply()[2])


class HookedLibrary(Library):
    """A library that calls a function when a scenario is looked up."""

    def find(self, name: str) -> Scenario:
        self.on_find()
        return super().find(name)

    def on_find(self) -> None:
        """Replaced by a test."""


@pytest.fixture
def library() -> HookedLibrary:
    return HookedLibrary()


@pytest.fixture
def library_registry(library: HookedLibrary) -> Iterator[FakeRegistry]:
    registry = FakeRegistry(library, shipped_clips(), {"scenario": "lifecycle/plain"})
    registry.attach(registry.make(name="default"), 8001, 8002)
    yield registry
    registry.shut()


def scope(host: str = "mock.test") -> dict[str, Any]:
    return {"type": "http", "server": ("127.0.0.1", 8001), "headers": [(b"host", host.encode())]}


def test_urls_follow_the_host_that_was_asked(server: VideoServer) -> None:
    with server.fake(scripted(text=ORIGINS)) as fake, Client(fake.ports[0]) as client:
        api, download = fake.ports
        for host, name in [
            (f"127.0.0.1:{api}", "127.0.0.1"),
            (f"mock:{api}", "mock"),
            (f"[::1]:{api}", "[::1]"),
        ]:
            told = told_origins(client, POLL, f"Host: {host}")
            assert told[:2] == [f"http://{name}:{api}", f"http://{name}:{download}"]
        assert told_origins(client, POLL, "Host: mock")[:2] == ["http://mock", f"http://mock:{download}"]


@pytest.mark.parametrize("host", ["", "Host: \r\n", "Host: a b\r\n", "Host: /etc/passwd\r\n", "Host: [::1\r\n"])
def test_without_a_usable_host_the_socket_s_own_address_serves(server: VideoServer, host: str) -> None:
    with server.fake(scripted(text=ORIGINS)) as fake, Client(fake.ports[0]) as client:
        client.send(f"GET {POLL} HTTP/1.0\r\n{host}Authorization: Bearer k\r\n\r\n".encode())
        status, _ = client.head()
        if status == 400:
            pytest.skip("this parser does not let it through")
        assert client.rest().startswith(f"{fake.origin} {fake.download_origin} ".encode())


def test_nothing_listens_where_a_url_is_to_be_refused(server: VideoServer) -> None:
    with server.fake(scripted(text=ORIGINS)) as fake, Client(fake.ports[0]) as client:
        refused = httpx.URL(told_origins(client)[2])
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((refused.host, refused.port))


def test_each_port_leads_to_a_host_of_its_fake(server: VideoServer) -> None:
    with server.fake("lifecycle/at_once") as fake, server.fake() as other:
        with Client(fake.ports[0]) as api, Client(fake.ports[1]) as download:
            api.ask()
            path = urlsplit(json.loads(api.reply()[2])["video_url"]).path
            download.ask(path)
            assert download.reply()[0] in (400, 403)  # neither a key nor a link without its signature is good there
            assert [exchange.host for exchange in fake.journal] == ["api", "download"]
            api.ask(path)
            assert api.reply()[0] == 404
        assert other.journal.total == 0


def test_the_download_host_knows_the_api_it_belongs_to(server: VideoServer) -> None:
    done = State(video={"status": "completed", "video_url": "{download_url}"}, download=(ReplyTemplate(text=ORIGINS),))
    scenario = Scenario("told", "Told by a test.", "done", {"done": done})
    with server.fake(scenario) as fake, Client(fake.ports[0]) as api, Client(fake.ports[1]) as client:
        api.ask()
        url = urlsplit(json.loads(api.reply()[2])["video_url"])
        host = f"clips:{fake.ports[1]}"
        client.send(f"GET {url.path}?{url.query} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        assert client.reply()[2].decode().split(" ")[:2] == [f"http://clips:{fake.ports[0]}", f"http://{host}"]


def test_a_prefix_is_a_fake_of_its_own(server: VideoServer) -> None:
    own = VideoServer(parser=server.parser, scenario=scripted(text=ORIGINS), unknown_tasks="create")
    with own, own.fake() as fake, Client(fake.ports[0]) as client:
        told = told_origins(client, f"/t/job-1.a_B{POLL}")
        assert told[:2] == ["http://api.test/t/job-1.a_B", "http://api.test/t/job-1.a_B/_download"]
        told_origins(client, f"/t/job-2{POLL}")
        assert fake.journal.total == 0
        told_origins(client)
        assert [task.id for task in fake.tasks] == ["video_abc"]


def test_downloads_work_below_the_prefix_and_on_the_api_s_port(server: VideoServer) -> None:
    with server.fake("lifecycle/at_once") as fake, Client(fake.ports[0]) as client:
        for prefix in ("", "/t/one"):
            client.ask(f"{prefix}/v1/videos/video_at_once")
            url = urlsplit(json.loads(client.reply()[2])["video_url"])
            path = f"{url.path}?{url.query}"
            path = path if prefix else f"/_download{path}"
            assert path.startswith(f"{prefix}/_download/clips/")
            client.send(f"GET {path} HTTP/1.1\r\nHost: api.test\r\n\r\n".encode())
            status, headers, clip = client.reply()
            assert (status, headers["content-type"], clip[4:8]) == (200, "video/mp4", b"ftyp")


def test_one_port_is_enough(server: VideoServer) -> None:
    with VideoServer(one_port=True, unknown_tasks="create", parser=server.parser) as single:
        fake = single.fake(scripted(text=ORIGINS))
        assert len(fake.ports) == 1
        assert fake.download_origin == f"{fake.origin}/_download"
        with Client(fake.ports[0]) as client:
            assert told_origins(client)[:2] == ["http://api.test", "http://api.test/_download"]


@pytest.mark.parametrize("path", ["/t/", "/t/a%20b/v1/videos/x", "/t/" + "x" * 65 + "/v1/videos/x"])
def test_a_prefix_that_is_no_name_says_so(server: VideoServer, path: str) -> None:
    with server.fake() as fake, Client(fake.ports[0]) as client:
        client.ask(path)
        status, headers, body = client.reply()
        assert (status, headers["content-type"]) == (404, "application/json")
        assert b"1 to 64 letters, digits, dots, dashes and underscores" in body


@pytest.mark.parametrize(
    ("options", "prefix", "api", "download"),
    [
        ({}, "", "http://mock.test:8001", "http://mock.test:8002"),
        ({"public_url": "https://video.test/"}, "", "https://video.test", "http://mock.test:8002"),
        (
            {"public_url": "https://video.test", "download_url": "https://clips.test/"},
            "", "https://video.test", "https://clips.test",
        ),
        ({"public_url": "https://video.test"}, "/t/a", "https://video.test/t/a", "https://video.test/t/a/_download"),
        ({"one_port": True}, "", "http://mock.test:8001", "http://mock.test:8001/_download"),
    ],
)  # fmt: skip
def test_a_public_url_goes_before_the_host(
    clip_store: ClipStore, options: dict[str, Any], prefix: str, api: str, download: str
) -> None:
    registry = FakeRegistry(
        Library(), clip_store, {"unknown_tasks": "create", "scenario": scripted(text=ORIGINS)}, **options
    )
    try:
        registry.attach(registry.make(name="default"), 8001, 8002)
        transport = httpx.ASGITransport(ApiApp(registry))

        async def ask() -> str:
            async with httpx.AsyncClient(transport=transport, base_url="http://mock.test:8001") as client:
                return (await client.get(prefix + POLL, headers={"authorization": "Bearer k"})).text

        assert asyncio.run(ask()).split(" ")[:2] == [api, download]
    finally:
        registry.shut()


@pytest.mark.parametrize("where", ["ports", "prefixes"])
def test_what_happens_to_one_fake_happens_to_no_other(where: str) -> None:
    by_time = Scenario(
        "told", "Told by a test.", "waiting",
        {"waiting": State(video={"status": "queued"}, next=(Transition("done", seconds=10),)), "done": State()},
        never_ends=True,
    )  # fmt: skip
    with VideoServer(manual_clock=True) as server:
        home = server.fake()
        one, other = (
            (server.fake(), server.fake())
            if where == "ports"
            else (child(server, home, "one"), child(server, home, "b"))
        )
        for fake in (one, other):
            fake.add_scenario(by_time)
            fake.task("told", id="video_x")
        url = urlsplit(one.base_url)
        assert url.port is not None
        with Client(url.port) as client:
            client.ask(url.path + "/videos", JSON, method="POST", body=CREATE)
            client.reply()
            one.use("told")
            one.advance(60)
            assert get(client, url.path + "/videos/video_x")["id"] == "video_x"
        assert (len(one.bill), len(other.bill)) == (1, 0)
        assert [task.id for task in other.tasks] == ["video_x"]
        assert (one.journal.total, other.journal.total, home.journal.total) == (2, 0, 0)
        assert (one.clock.now() - other.clock.now(), other.tasks[0].state) == (60, "waiting")
        assert other.settings.scenario != "told"
        one.reset()
        assert (len(one.tasks), len(other.tasks)) == (0, 1)


def test_names_are_found_for_fakes_that_have_none(fresh_server: VideoServer) -> None:
    fresh_server.fake(name="fake-2")
    with ThreadPoolExecutor(8) as threads:
        fakes = list(threads.map(lambda _: fresh_server.fake(), range(100)))
    names = {fake.name for fake in fakes}
    assert len(names) == 100
    assert "fake-2" not in names


def test_a_name_with_a_slash_is_one_below_a_prefix(fresh_server: VideoServer) -> None:
    with pytest.raises(ValueError, match="name: 'a/b' has a slash"):
        fresh_server.fake(name="a/b")


def test_every_url_that_a_fake_below_a_prefix_gives_stays_below_it(fresh_server: VideoServer) -> None:
    home = fresh_server.fake("lifecycle/plain", name="default")
    base = f"{home.origin}/t/job-1"
    with httpx.Client(headers={"authorization": "Bearer k"}, trust_env=False, base_url=base) as client:
        made = client.post("/v1/videos", json={"model": "grok-video-3", "prompt": "a fox"}).json()
        task: dict[str, Any] = {}
        while task.get("status") != "completed":
            task = client.get(f"/v1/videos/{made['id']}").json()
        assert task["video_url"].startswith(f"{base}/_download/")
        clip = client.get(f"/v1/videos/{made['id']}/content").content
        assert clip[4:8] == b"ftyp"
        assert httpx.get(task["video_url"], trust_env=False).content == clip
        assert client.get("/openapi.json").json()["servers"][0]["url"].startswith(base)
        addresses = client.get("/_mock/ready").json()
        assert {addresses[name] for name in ("origin", "base_url", "download_origin")} == {
            base, f"{base}/v1", f"{base}/_download",
        }  # fmt: skip
    assert home.journal.total == 0


def test_a_prefix_takes_nobody_s_name(fresh_server: VideoServer) -> None:
    home, away = fresh_server.fake(name="default"), fresh_server.fake(name="away")
    assert child(fresh_server, home, "default").name == "default/default"
    assert child(fresh_server, home, "away").name == "default/away"
    assert child(fresh_server, home, "free").name == "free"
    assert child(fresh_server, away, "free").name == "away/free"
    assert child(fresh_server, away, "only").name == "away/only"
    known = fresh_server.fakes()
    assert (known["default"], known["away"]) == (home, away)
    with Client(home.ports[0]) as client:
        client.ask("/_mock/fakes", "Host: 127.0.0.1", JSON, method="POST", body=b'{"name": "new"}')
        status, _, body = client.reply()
        assert (status, json.loads(body)["origin"]) == (201, f"{home.origin}/t/new")
    away.close()
    assert all(refuses(port) for port in away.ports)


@pytest.mark.parametrize("name", [".", "..", "...", "-", "_", "a.b-c_D9", "x" * 64])
def test_names_that_clients_would_take_out_of_a_path_are_none(fresh_server: VideoServer, name: str) -> None:
    home = fresh_server.fake(name="default")
    with Client(home.ports[0]) as client:
        for path in (f"/t/{name}/v1/models", f"/t/{name}"):
            client.ask(path)
            status, _, body = client.reply()
            assert (b"but not '.' or '..'" in body) == (name in (".", ".."))
            assert status == (200 if path.endswith("models") and name not in (".", "..") else 404)
        client.ask("/_mock/fakes", "Host: 127.0.0.1", JSON, method="POST", body=b'{"name": "%b"}' % name.encode())
        assert client.reply()[0] == (400 if name in (".", "..") else 200)


def test_a_fake_below_a_prefix_takes_what_it_is_busy_with_along(fresh_server: VideoServer) -> None:
    home = fresh_server.fake(name="default")
    one, other = child(fresh_server, home, "one"), child(fresh_server, home, "other")
    for fake in (one, other):
        fake.use(scripted(Fault("stall", 5)))
    with Client(home.ports[0]) as client, Client(home.ports[0]) as neighbour, Client(home.ports[0]) as idle:
        one.task("lifecycle/at_once", id="video_done")
        idle.ask("/t/one/v1/videos/video_done/content")
        assert idle.reply()[0] == 200  # busy with it it was, but is no more
        for at, name in ((client, "one"), (neighbour, "other")):
            at.ask(f"/t/{name}{POLL}")
            at.head()
            assert at.take(5) == TEXT[:5].encode()
        assert httpx.delete(f"{home.origin}/_mock/fakes/one").status_code == 200
        assert client.rest() == b""
        assert neighbour.silent()
        assert get(idle, "/t/one/v1/models")  # made anew
    assert fresh_server.fakes()["one"] is not one


def test_the_end_of_a_fake_is_the_end_of_those_below_its_prefixes(fresh_server: VideoServer) -> None:
    home = fresh_server.fake(scripted(Fault("stall", 5)))
    one = child(fresh_server, home, "one")
    one.use(scripted(Fault("stall", 5)))
    with Client(home.ports[0]) as client:
        client.ask(f"/t/one{POLL}")
        client.head()
        home.close()
        assert client.rest() in (b"", TEXT[:5].encode())
    assert not fresh_server.fakes()
    one.close()
    assert not fresh_server.fakes()


def test_a_prefix_is_one_of_the_api_s_port_alone(fresh_server: VideoServer) -> None:
    home = fresh_server.fake()
    with Client(home.ports[1]) as client:
        client.ask("/t/one/v1/models")
        status, headers, _ = client.reply()
        assert (status, headers["content-type"]) == (404, "application/xml")
    assert len(fresh_server.fakes()) == 1


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere 127.0.0.1 alone is this machine's")
def test_who_names_no_host_is_told_the_address_that_it_reached() -> None:
    with VideoServer(host="0.0.0.0", unknown_tasks="create") as server:
        fake = server.fake(scripted(text=ORIGINS))
        assert fake.origin == f"http://127.0.0.1:{fake.ports[0]}"
        for address in ("127.0.0.1", "127.0.0.2", "127.0.0.1"):
            for header in ("", "Host: a/../b\r\n"):
                with Client(fake.ports[0], address) as client:
                    client.send(f"GET {POLL} HTTP/1.0\r\n{header}Authorization: Bearer k\r\n\r\n".encode())
                    client.head()
                    api, download, _ = client.rest().decode().split(" ")
                    assert api == f"http://{address}:{fake.ports[0]}"
                    assert download == f"http://{address}:{fake.ports[1]}"


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="this machine has no IPv6")
def test_an_address_of_either_version_is_told_as_one() -> None:
    with VideoServer(host="::", unknown_tasks="create") as server:
        fake = server.fake(scripted(text=ORIGINS))
        assert fake.origin == f"http://[::1]:{fake.ports[0]}"
        for address, told in (("127.0.0.1", "127.0.0.1"), ("::1", "[::1]")):
            with Client(fake.ports[0], address) as client:
                client.send(f"GET {POLL} HTTP/1.0\r\nAuthorization: Bearer k\r\n\r\n".encode())
                client.head()
                assert client.rest().startswith(f"http://{told}:{fake.ports[0]} http://{told}:".encode())


@pytest.mark.parametrize(
    "host",
    [
        "user@evil.test",
        "evil.test/x",
        "evil.test:80:80",
        "a<b>",
        '"',
        "evil.test:99999999",
        "[::1",
        "%41",
        "a?b",
        "a#b",
    ],
)
def test_a_host_that_is_none_gets_into_no_url(fresh_server: VideoServer, host: str) -> None:
    fake = fresh_server.fake(scripted(text=ORIGINS))
    with Client(fake.ports[0]) as client:
        client.ask(POLL, f"Host: {host}")
        assert client.reply()[2].decode().split(" ")[:2] == [fake.origin, fake.download_origin]


@pytest.mark.parametrize("server", [None, ("/run/mock.sock", None), ("testserver", 81)])
def test_a_port_that_leads_to_no_fake_is_a_404_that_says_so(server: Any) -> None:
    registry = FakeRegistry(Library(), shipped_clips(), {})
    said = []

    async def send(message: Any) -> None:
        said.append(message)

    scope = {
        "type": "http",
        "method": "GET",
        "path": "/v1/models",
        "headers": [],
        "query_string": b"",
        "server": server,
    }
    try:
        asyncio.run(ApiApp(registry)(scope, None, send))  # type: ignore[arg-type]
    finally:
        registry.shut()
    assert said[0]["status"] == 404
    assert b"there is no fake on this port" in said[1]["body"]


def test_a_prefix_that_is_asked_for_twice_at_first_is_one_fake(
    library_registry: FakeRegistry, library: HookedLibrary
) -> None:
    opening: list[Future[Any]] = []

    def open_meanwhile() -> None:
        if not opening:  # the second to ask comes while the fake of the first is being made
            opening.append(threads.submit(library_registry.open, "one"))
            wait(opening, MOMENT)

    with ThreadPoolExecutor(1) as threads:
        library.on_find = open_meanwhile  # type: ignore[method-assign]
        addressed = library_registry.address(scope(), f"/t/one{POLL}")
        one = opening[0].result(PATIENCE)
    assert isinstance(addressed, Addressed)
    assert addressed.fake is one
    assert library_registry.fakes().keys() == {"default", "one"}


def test_a_prefix_of_a_fake_that_is_closed_at_this_moment_leads_nowhere(library_registry: FakeRegistry) -> None:
    binding = library_registry.binding(8001)
    assert binding is not None
    binding.fake.close()
    assert library_registry.fake_below(binding, "late") is None
    assert library_registry.binding(8001) is None
    assert not library_registry.fakes()


def test_a_thousand_names_of_a_server_are_not_all_remembered(library_registry: FakeRegistry) -> None:
    for number in [*range(1000), 5, 999]:
        addressed = library_registry.address(scope(f"name-{number}.test"), POLL)
        assert isinstance(addressed, Addressed)
        assert addressed.origins.api == f"http://name-{number}.test"
        assert addressed.origins.download == f"http://name-{number}.test:8002"
    binding = library_registry.binding(8001)
    assert binding is not None
    assert len(binding.origins) <= KNOWN_ORIGINS


@pytest.mark.parametrize("options", [{"spede": 2}, {"dialct": "openai"}])
def test_an_option_that_is_none_is_refused_with_what_was_meant(
    library_registry: FakeRegistry, options: dict[str, Any]
) -> None:
    [name] = options
    with pytest.raises(TypeError, match=f"no option '{name}'.*did you mean '(speed|dialect)'"):
        library_registry.make(**options)
