"""The fakes of one server: which port and which path prefix belongs to which, and how each is reached."""

from __future__ import annotations

import itertools
import os
import re
import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Unpack

from starlette.types import Scope

from ...api.contract import DOWNLOAD_ALIAS
from ...api.messages import Origins
from ...fake.clips import ClipStore
from ...fake.clock import Clock, ManualClock
from ...fake.fake import Fake
from ...fake.options import check_option_names
from ...judge.verify import JudgedFake
from ...scenario.model import Scenario
from ...scenario.sources import ScenarioSource
from .asgi import Addressed, raw_path
from .control.routes import FAKE_NAME
from .options import ServedFakeOptions

__all__ = ["KNOWN_ORIGINS", "Binding", "FakeRegistry", "PortTaken", "ServedFake", "listen"]

DEFAULT = "default"
# Clients take `.` and `..` out of a path before they send it.
_NAME = re.compile(rf"(?!\.\.?(?:/|$)){FAKE_NAME}")
_PREFIX = re.compile(rf"/t/({_NAME.pattern})(?=/|$)")
_NAMES = "a fake's name is 1 to 64 letters, digits, dots, dashes and underscores, but not '.' or '..'"
_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::([0-9]{1,5}))?")
_CLOSED = "there is no fake on this port, or it has been closed"
KNOWN_ORIGINS = 512  # how many Host headers a port remembers; a client has one or two


class PortTaken(OSError):
    """Another program listens on the port."""


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

    `fake_options` are those of each fake, `ServedFakeOptions` and `scenario`; `on_close` is called with a fake that is
    closed. `refused_port` is one where nothing listens. See `VideoServer` for the other options.
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
        self._bindings: dict[int, Binding] = {}
        self._names: dict[str, ServedFake] = {}
        self._lock = threading.RLock()
        self._numbers = itertools.count(1)
        self._is_shut = False
        self._refused = _bound(host, 0)
        self.refused_port: int = self._refused.getsockname()[1]

    # --- making and closing ---

    def make(
        self,
        *,
        name: str | None = None,
        scenario: str | Scenario | None = None,
        library: ScenarioSource | None = None,
        **options: Unpack[ServedFakeOptions],
    ) -> ServedFake:
        """A fake that no port leads to yet; what is not given is as for every fake.

        Raises ValueError for a name with a slash or a wrong option, TypeError for an option that is none.
        """
        if name is not None and "/" in name:
            raise ValueError(f"name: {name!r} has a slash, as only the fakes below a port's /t/ have")
        check_option_names(options, (*ServedFakeOptions.__annotations__, "scenario", "library", "name"))
        chosen: dict[str, Any] = {**options}
        if scenario is not None:
            chosen["scenario"] = scenario
        return self._make(name, chosen, library)

    def _make(self, name: str | None, options: Mapping[str, Any], library: ScenarioSource | None = None) -> ServedFake:
        chosen = {**self._fake_options, **options}
        manual = chosen.pop("manual_clock", False)
        clock: Clock | None = chosen.pop("clock", None)
        if manual and clock is None:
            clock = ManualClock()
        return ServedFake(
            library or self._library,
            self._clip_store,
            name=name or self._free_name(),
            clock=clock,
            close=self._closed,
            **chosen,
        )

    def _free_name(self) -> str:
        return next(free for number in self._numbers if (free := f"fake-{number}") not in self._names)

    def attach(self, fake: ServedFake, api_port: int, download_port: int) -> None:
        """Let ports lead to a fake. Raises ValueError when its name is taken."""
        with self._lock:
            if fake.name in self._names:
                raise ValueError(f"name: there is a fake {fake.name!r} already")
            fake.ports = tuple(dict.fromkeys((api_port, download_port)))
            self._names[fake.name] = fake
            self._bindings[api_port] = Binding(fake, "api", api_port, download_port)
            if download_port != api_port:
                self._bindings[download_port] = Binding(fake, "download", api_port, download_port)
            own = self._origins(self._bindings[api_port], _url_host(self.host), api_port, "http", "")
            fake.origin, fake.download_origin = own.api, own.download

    def _closed(self, fake: ServedFake) -> None:
        with self._lock:
            if self._is_shut or self._names.get(fake.name) is not fake:
                return
            del self._names[fake.name]
            gone = [binding for binding in self._bindings.values() if binding.fake is fake]
            for binding in gone:
                for child in list(binding.prefixed.values()):
                    self._names.pop(child.name, None)
            for port in fake.ports:
                self._bindings.pop(port, None)
            for binding in self._bindings.values():
                binding.prefixed = {name: child for name, child in binding.prefixed.items() if child is not fake}
        self._on_close(fake)

    def shut(self) -> None:
        """Give the bound port back; closing a fake does nothing any more."""
        self._is_shut = True
        self._refused.close()

    # --- finding ---

    def binding(self, port: int) -> Binding | None:
        """What a port is for; None when no fake has it."""
        return self._bindings.get(port)

    def address(self, scope: Scope, path: str) -> Addressed | str:
        """The fake that a request is for; a sentence when there is none."""
        reached: tuple[str, int] = scope.get("server") or ("", 0)
        binding = self._bindings.get(reached[1])
        if binding is None:
            return _CLOSED
        fake, host, prefix = binding.fake, binding.host, ""
        if host == "api":
            if path.startswith("/t/"):
                match = _PREFIX.match(path)
                if match is None:
                    return f"{_NAMES}: /t/NAME/v1, not {path[:80]!r}"
                prefix, path = match[0], path[match.end() :] or "/"
                child = self.fake_below(binding, match[1])
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
        origins = binding.origins.get(key)
        if origins is None:
            scheme = scope.get("scheme", "http")
            named = _HOST.fullmatch(host_header)
            if named is None:
                # HTTP/1.0 needs no Host. The address that the request reached will do.
                address = reached[0].partition("%")[0].removeprefix("::ffff:")
                return Addressed(
                    fake, host, path, self._origins(binding, _url_host(address), reached[1], scheme, prefix)
                )
            origins = self._origins(binding, named[1], int(named[2]) if named[2] else None, scheme, prefix)
            if len(binding.origins) < KNOWN_ORIGINS:
                binding.origins[key] = origins
        return Addressed(fake, host, path, origins)

    def fake_below(self, binding: Binding, name: str) -> ServedFake | None:
        """The fake below a port's `/t/<name>`, made on first use; None when the port's own fake has been closed."""
        fake = binding.prefixed.get(name)
        if fake is None:
            with self._lock:
                fake = binding.prefixed.get(name)
                if fake is None:
                    if self._bindings.get(binding.api_port) is not binding:
                        return None
                    short = binding.fake.name == DEFAULT and name not in self._names
                    fake = self._make(name if short else f"{binding.fake.name}/{name}", {})
                    own = self._origins(binding, _url_host(self.host), binding.api_port, "http", f"/t/{name}")
                    fake.origin, fake.download_origin = own.api, own.download
                    binding.prefixed[name] = self._names[fake.name] = fake
        return fake

    def _origins(self, binding: Binding, host: str, port: int | None, scheme: str, prefix: str) -> Origins:
        public = self.public_url if binding.fake.name == DEFAULT else None
        if public is not None:
            api = public + prefix
        elif binding.host == "download":
            api = f"{scheme}://{host}:{binding.api_port}{prefix}"
        else:
            api = f"{scheme}://{host}{f':{port}' if port is not None else ''}{prefix}"
        if self.download_url is not None and not prefix and binding.fake.name == DEFAULT:
            download = self.download_url
        elif prefix or self.one_port or binding.download_port == binding.api_port:
            download = api + DOWNLOAD_ALIAS
        else:
            download = f"{scheme}://{host}:{binding.download_port}"
        return Origins(api, download, f"http://{_url_host(self.host)}:{self.refused_port}")

    # --- what control needs ---

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

    def fakes(self) -> Mapping[str, ServedFake]:
        """Every open fake by name."""
        with self._lock:
            return dict(self._names)

    def open(self, name: str) -> Fake:
        """The fake below `/t/<name>` of the server's own port; made on first use. ValueError for a wrong name."""
        if not _NAME.fullmatch(name):
            raise ValueError(f"{_NAMES}, not {name[:80]!r}")
        with self._lock:
            default = self._names.get(DEFAULT)
            fake = self._names.get(name)
            if fake is None and default is not None:
                fake = self.fake_below(self._bindings[default.ports[0]], name)
            if fake is None:
                raise ValueError(
                    "this server has no default fake to put new ones below; make them with VideoServer.fake()"
                )
            return fake

    def close(self, name: str) -> None:
        """Close a fake. KeyError when there is none, ValueError for the server's own."""
        fake = self._names.get(name)
        if fake is None:
            raise KeyError(name)
        if name == DEFAULT:
            raise ValueError("the server's default fake cannot be closed; reset it instead")
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
