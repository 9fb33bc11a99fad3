"""The fakes of one server: which port and which path prefix belongs to whom, and how each is reached from outside."""

from __future__ import annotations

import itertools
import os
import re
import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.types import Scope

from ...api.contract import DOWNLOAD_ALIAS
from ...api.messages import Origins
from ...fake.clips import ClipStore
from ...fake.clock import Clock, ManualClock
from ...fake.fake import Fake
from ...judge.verify import JudgedFake
from ...scenario.sources import ScenarioSource
from .asgi import Addressed, raw_path
from .control_routes import FAKE_NAME

__all__ = ["Binding", "FakeRegistry", "PortTaken", "ServedFake", "listen"]

DEFAULT = "default"
# Clients take `.` and `..` out of a path before they send it.
_NAME = re.compile(rf"(?!\.\.?(?:/|$)){FAKE_NAME}")
_PREFIX = re.compile(rf"/t/({_NAME.pattern})(?=/|$)")
_NAMES = "a fake's name is 1 to 64 letters, digits, dots, dashes and underscores, but not '.' or '..'"
_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::([0-9]{1,5}))?")
_CLOSED = "there is no fake on this port (any more)"
_KNOWN_ORIGINS = 512  # of different Host headers; a client has one or two


class PortTaken(OSError):
    """Somebody else listens on the port."""


class ServedFake(JudgedFake):
    """A fake that can be reached: the core's `Fake` with its addresses.

    Usable as a context manager that closes it. `api_key` is one that is good.
    """

    def __init__(self, *args: Any, close: Callable[[ServedFake], None], **options: Any) -> None:
        super().__init__(*args, **options)
        self._close = close
        self.origin = ""
        self.download_origin = ""
        self.ports: tuple[int, ...] = ()

    @property
    def base_url(self) -> str:
        """What an OpenAI client takes as its base URL: the origin with `/v1`."""
        return f"{self.origin}/v1"

    def close(self) -> None:
        """Stop listening and end every connection of this fake, stalled ones too. Closing twice is fine."""
        self._close(self)

    def __enter__(self) -> ServedFake:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


@dataclass(slots=True)
class Binding:
    """What a port is for: a fake's API, or its download host; and the fakes below the port's prefixes."""

    fake: ServedFake
    host: str
    api_port: int
    download_port: int
    prefixed: dict[str, ServedFake] = field(default_factory=dict)
    origins: dict[tuple[str, str], Origins] = field(default_factory=dict)


class FakeRegistry:
    """Every fake of a server. Safe to use from any thread.

    `refused_port` is one where nothing listens. See `server.VideoServer` for the other options.
    """

    def __init__(
        self,
        library: ScenarioSource,
        clip_store: ClipStore,
        fake_options: Mapping[str, Any],
        *,
        host: str = "127.0.0.1",
        public_url: str | None = None,
        download_url: str | None = None,
        one_port: bool = False,
        on_close: Callable[[ServedFake], None] = lambda fake: None,
    ) -> None:
        self.host = host
        self.one_port = one_port
        self.public_url = public_url.rstrip("/") if public_url else None
        self.download_url = download_url.rstrip("/") if download_url else None
        self._library = library
        self._clip_store = clip_store
        self._fake_options = dict(fake_options)
        self._on_close = on_close
        self._places: dict[int, Binding] = {}
        self._names: dict[str, ServedFake] = {}
        self._lock = threading.RLock()
        self._numbers = itertools.count(1)
        self._is_shut = False
        self._refused = _bound(host, 0)
        self.refused_port: int = self._refused.getsockname()[1]

    # --- making and closing ---

    def make(self, *, name: str | None = None, **options: Any) -> ServedFake:
        """A fake that no port leads to yet. Raises ValueError for a name with a slash."""
        if name is not None and "/" in name:
            raise ValueError(f"name: {name!r} has a slash, as only the fakes below a port's /t/ have")
        return self._make(name, options)

    def _make(self, name: str | None, options: Mapping[str, Any]) -> ServedFake:
        chosen = {**self._fake_options, **options}
        manual = chosen.pop("manual_clock", False)
        clock: Clock | None = chosen.pop("clock", None)
        if manual and clock is None:
            clock = ManualClock()
        return ServedFake(
            chosen.pop("library", None) or self._library,
            self._clip_store,
            name=name or next(free for number in self._numbers if (free := f"fake-{number}") not in self._names),
            clock=clock,
            close=self._closed,
            **chosen,
        )

    def attach(self, fake: ServedFake, api_port: int, download_port: int) -> None:
        """Let ports lead to a fake. Raises ValueError when its name is taken."""
        with self._lock:
            if fake.name in self._names:
                raise ValueError(f"there is a fake {fake.name!r} already")
            fake.ports = tuple(dict.fromkeys((api_port, download_port)))
            self._names[fake.name] = fake
            self._places[api_port] = Binding(fake, "api", api_port, download_port)
            if download_port != api_port:
                self._places[download_port] = Binding(fake, "download", api_port, download_port)
            own = self._origins(self._places[api_port], _url_host(self.host), api_port, "http", "")
            fake.origin, fake.download_origin = own.api, own.download

    def _closed(self, fake: ServedFake) -> None:
        with self._lock:
            if self._is_shut or self._names.get(fake.name) is not fake:
                return
            del self._names[fake.name]
            gone = [place for place in self._places.values() if place.fake is fake]
            for place in gone:
                for child in list(place.prefixed.values()):
                    self._names.pop(child.name, None)
            for port in fake.ports:
                self._places.pop(port, None)
            for place in self._places.values():
                place.prefixed = {name: child for name, child in place.prefixed.items() if child is not fake}
        self._on_close(fake)

    def shut(self) -> None:
        """Give the bound port back; what happens to the fakes is no matter any more."""
        self._is_shut = True
        self._refused.close()

    # --- finding ---

    def address(self, scope: Scope, path: str) -> Addressed | str:
        """Whom a request is for; a sentence when there is no such fake."""
        reached: tuple[str, int] = scope.get("server") or ("", 0)
        place = self._places.get(reached[1])
        if place is None:
            return _CLOSED
        fake, host, prefix = place.fake, place.host, ""
        if host == "api":
            if path.startswith("/t/"):
                match = _PREFIX.match(path)
                if match is None:
                    return f"{_NAMES}: /t/NAME/v1, not {path[:80]!r}"
                prefix, path = match[0], path[match.end() :] or "/"
                child = self._prefixed(place, match[1])
                if child is None:
                    return _CLOSED
                fake = child
            if path.startswith(DOWNLOAD_ALIAS + "/"):
                host, path = "download", path[len(DOWNLOAD_ALIAS) :]
        host_header = ""
        for name, value in scope["headers"]:
            if name == b"host":
                host_header = value.decode("latin-1")
                break
        key = (host_header, prefix)
        origins = place.origins.get(key)
        if origins is None:
            scheme = scope.get("scheme", "http")
            named = _HOST.fullmatch(host_header)
            if named is None:
                # HTTP/1.0 need not say whom it asks. The address that it reached will do.
                address = reached[0].partition("%")[0].removeprefix("::ffff:")
                return Addressed(fake, host, path, self._origins(place, _url_host(address), reached[1], scheme, prefix))
            origins = self._origins(place, named[1], int(named[2]) if named[2] else None, scheme, prefix)
            if len(place.origins) < _KNOWN_ORIGINS:
                place.origins[key] = origins
        return Addressed(fake, host, path, origins)

    def _prefixed(self, place: Binding, name: str) -> ServedFake | None:
        """The fake below a port's `/t/<name>`, made on first use; None when the port's own has been closed."""
        fake = place.prefixed.get(name)
        if fake is None:
            with self._lock:
                fake = place.prefixed.get(name)
                if fake is None:
                    if self._places.get(place.api_port) is not place:
                        return None
                    short = place.fake.name == DEFAULT and name not in self._names
                    fake = self._make(name if short else f"{place.fake.name}/{name}", {})
                    own = self._origins(place, _url_host(self.host), place.api_port, "http", f"/t/{name}")
                    fake.origin, fake.download_origin = own.api, own.download
                    place.prefixed[name] = self._names[fake.name] = fake
        return fake

    def _origins(self, place: Binding, host: str, port: int | None, scheme: str, prefix: str) -> Origins:
        public = self.public_url if place.fake.name == DEFAULT else None
        if public is not None:
            api = public + prefix
        elif place.host == "download":
            api = f"{scheme}://{host}:{place.api_port}{prefix}"
        else:
            api = f"{scheme}://{host}{f':{port}' if port is not None else ''}{prefix}"
        if self.download_url is not None and not prefix and place.fake.name == DEFAULT:
            download = self.download_url
        elif prefix or self.one_port or place.download_port == place.api_port:
            download = api + DOWNLOAD_ALIAS
        else:
            download = f"{scheme}://{host}:{place.download_port}"
        return Origins(api, download, f"http://{_url_host(self.host)}:{self.refused_port}")

    # --- what control asks for ---

    def fake_of(self, scope: Scope) -> Fake:
        """The fake that a request addresses; LookupError with a sentence when there is none."""
        return self._addressed(scope).fake

    def origins(self, scope: Scope) -> Origins:
        """The bases of URLs for a request's sender."""
        return self._addressed(scope).origins

    def _addressed(self, scope: Scope) -> Addressed:
        addressed = self.address(scope, raw_path(scope))
        if isinstance(addressed, str):
            raise LookupError(addressed)
        return addressed

    def fakes(self) -> Mapping[str, Fake]:
        """Every open fake by name."""
        with self._lock:
            return dict(self._names)

    def open(self, name: str) -> Fake:
        """The fake below `/t/<name>` of the server's own port; made on first use. ValueError for a wrong name."""
        if not _NAME.fullmatch(name):
            raise ValueError(f"{_NAMES}, not {name[:80]!r}")
        with self._lock:
            home = self._names.get(DEFAULT)
            fake = self._names.get(name)
            if fake is None and home is not None:
                fake = self._prefixed(self._places[home.ports[0]], name)
            if fake is None:
                raise ValueError("this server has no port of its own for new fakes; make them in Python")
            return fake

    def close(self, name: str) -> None:
        """Close a fake. KeyError when there is none, ValueError for the server's own."""
        fake = self._names.get(name)
        if fake is None:
            raise KeyError(name)
        if name == DEFAULT:
            raise ValueError("the server cannot do without its default fake; reset it instead")
        fake.close()

    def addresses(self, name: str) -> Mapping[str, str]:
        """How a fake is reached. KeyError when there is none."""
        fake = self._names[name]
        return {"origin": fake.origin, "base_url": fake.base_url, "download_origin": fake.download_origin}


def listen(host: str, port: int) -> socket.socket:
    """A listening socket: connections queue up in it even before a server takes them. Raises `PortTaken`."""
    bound = _bound(host, port)
    try:
        bound.listen(2048)
    except OSError as error:
        bound.close()
        raise _taken(error, host, port) from None
    bound.setblocking(False)
    return bound


def _bound(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol must be named: asyncio switches Nagle's algorithm off (40 ms a reply) only for sockets that name it.
    made = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if port and os.name == "posix":  # Windows would let two servers have the same port
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((host, port))
    except OSError as error:
        made.close()
        raise _taken(error, host, port) from None
    return made


def _taken(error: OSError, host: str, port: int) -> OSError:
    import errno

    if error.errno == errno.EADDRINUSE:
        return PortTaken(error.errno, f"port {port} on {host} is in use")
    return error


def _url_host(host: str) -> str:
    """An address to listen on as one to connect to."""
    if host in ("0.0.0.0", ""):  # noqa: S104 - read, not bound
        return "127.0.0.1"
    if host == "::":
        return "[::1]"
    return f"[{host}]" if ":" in host else host
