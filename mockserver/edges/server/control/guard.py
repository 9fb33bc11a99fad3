"""Who may use control: the token, and the headers by which a browser shows that a page asks."""

from __future__ import annotations

import hmac
import ipaddress
import re
from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

from starlette.types import Scope

from .errors import MAX_SHOWN, ControlError

__all__ = ["Guard"]


class Guard:
    """Decides who may use the control API.

    `enabled` is whether it is on without a token.
    """

    def __init__(self, token: str | None, enabled: bool, public_url: str | None) -> None:
        self._token = token.encode() if token is not None else None
        self._enabled = enabled
        public = urlsplit(public_url or "")
        self._public_host = public.hostname or ""
        self._public_origins = {f"{public.scheme}://{public.netloc}".lower()} if public_url else set()

    def check(self, scope: Scope) -> None:
        """Raise `ControlError` for a request that may not."""
        headers: dict[bytes, list[str]] = {}
        for name, value in scope["headers"]:
            headers.setdefault(name.lower(), []).append(value.decode("latin-1").strip())
        hosts = headers.get(b"host", [])
        self._check_page(scope, headers, hosts)
        if self._token is not None:
            self._check_token(headers)
        elif not self._enabled:
            raise ControlError(
                403,
                "the control API is off, because this server can be reached from other machines; "
                "start the server with a token (--token TOKEN or VIDEO_MOCKSERVER_TOKEN), or on 127.0.0.1",
            )
        elif len(hosts) != 1 or not self._names_this_machine(hosts[0]):
            raise ControlError(
                403,
                f"the Host {', '.join(hosts)!r} does not name this machine; use 127.0.0.1, localhost or [::1], "
                "or start the server with a token or with --public-url",
            )

    def _check_page(self, scope: Scope, headers: Mapping[bytes, list[str]], hosts: Iterable[str]) -> None:
        own = {f"{scope.get('scheme', 'http')}://{host}".lower() for host in hosts} | self._public_origins
        for origin in headers.get(b"origin", []):
            if origin.lower() not in own:
                raise ControlError(
                    403, f"pages of another origin may not use the control API (Origin: {origin[:MAX_SHOWN]!r})"
                )
        for site in headers.get(b"sec-fetch-site", []):
            if site.lower() not in ("same-origin", "none"):
                raise ControlError(
                    403, f"pages of another site may not use the control API (Sec-Fetch-Site: {site[:20]!r})"
                )

    def _check_token(self, headers: Mapping[bytes, list[str]]) -> None:
        assert self._token is not None
        given = list(headers.get(b"x-mock-token", []))
        for value in headers.get(b"authorization", []):
            scheme, _, credentials = value.partition(" ")
            if scheme.lower() == "bearer":
                given.append(credentials.strip())
        # Every one is compared, in constant time each: how long it takes reveals nothing about the token.
        right = [hmac.compare_digest(value.encode("latin-1"), self._token) for value in given]
        if not any(right):
            raise ControlError(
                401,
                "the token is wrong" if given else "this server's control API needs its token; send the header "
                "'X-Mock-Token: TOKEN' or 'Authorization: Bearer TOKEN'",
                headers={"www-authenticate": "Bearer"},
            )  # fmt: skip

    def _names_this_machine(self, host: str) -> bool:
        found = re.fullmatch(r"(\[[0-9a-f:.]+\]|[^:\[\]]+)(?::\d*)?", host.lower())
        if not found:
            return False
        name = found[1].removeprefix("[").removesuffix("]")
        if name in ("localhost", self._public_host):
            return True
        try:
            return ipaddress.ip_address(name).is_loopback
        except ValueError:
            return False
