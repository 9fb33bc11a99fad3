"""Who may use control."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx
import pytest
from starlette.testclient import TestClient
from starlette.types import Receive, Scope, Send

from support.control import GOOD, HERE, Provider, message
from video_mockserver.edges.server.control.app import control_app
from video_mockserver.edges.server.control.provider import FakeProvider


def may(
    provider: FakeProvider, headers: Mapping[str, str] | list[tuple[str, str]], method: str = "GET",
    path: str = "/tasks", base_url: str = HERE, **options: Any,
) -> httpx.Response:  # fmt: skip
    client = TestClient(control_app(provider, **options), base_url=base_url)
    answer = client.request(method, f"/_mock{path}", headers=headers)
    assert not [name for name in answer.headers if name.startswith("access-control-")]
    return answer


def raw(provider: Provider, headers: list[tuple[bytes, bytes]]) -> httpx.Response:
    """An answer to headers that no client library would send."""
    app = control_app(provider)

    async def with_headers(scope: Scope, receive: Receive, send: Send) -> None:
        await app({**scope, "headers": headers}, receive, send)

    return TestClient(with_headers, base_url=HERE).get("/_mock/tasks")


@pytest.mark.parametrize(
    "host",
    ["localhost", "localhost:8080", "LOCALHOST:1", "127.0.0.1", "127.0.0.1:8080", "127.9.8.7:1", "[::1]", "[::1]:8080"],
)
def test_without_a_token_this_machine_may(provider: Provider, host: str) -> None:
    assert may(provider, {"host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example", "evil.example:8080", "localhost.evil.example", "127.0.0.1.evil.example", "192.168.1.7:8080",
        "0.0.0.0:8080", "[2001:db8::1]:8080", "", "127.0.0.1@evil.example", "evil.example#127.0.0.1", "[::1", "::1",
        "[localhost]", "127.0.0.1:80:80", "localhost:80x", "127.0.0.1/", "1.0.0.127",
    ],
)  # fmt: skip
def test_without_a_token_no_other_name_may_be_asked(provider: Provider, host: str) -> None:
    assert "does not name this machine" in message(may(provider, {"host": host}), 403)


def test_without_a_token_two_hosts_are_none(provider: Provider) -> None:
    scope_headers = [(b"host", b"127.0.0.1:8080"), (b"host", b"evil.example")]
    assert "does not name this machine" in message(raw(provider, scope_headers), 403)
    assert "does not name this machine" in message(raw(provider, []), 403)


def test_without_a_token_the_public_name_may_be_asked(provider: Provider) -> None:
    options = {"public_url": "https://Video.test:8443/base"}
    assert may(provider, {"host": "video.test"}, **options).status_code == 200
    assert may(provider, {"host": "video.test:8443"}, **options).status_code == 200
    assert may(provider, {"host": "other.test"}, **options).status_code == 403


def test_a_server_that_others_can_reach_has_control_off_until_it_has_a_token(provider: Provider) -> None:
    told = message(may(provider, {}, enabled=False), 403)
    assert "is off" in told
    assert "--token" in told
    assert may(provider, {"x-mock-token": GOOD}, enabled=False, token=GOOD).status_code == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"x-mock-token": "t-12345"}, 200),
        ({"authorization": "Bearer t-12345"}, 200),
        ({"authorization": "bearer  t-12345"}, 200),
        ({"authorization": "Bearer sk-api-key", "x-mock-token": "t-12345"}, 200),
        ({"authorization": "Bearer t-12345", "x-mock-token": "wrong"}, 200),
        ({"x-mock-token": "t-1234"}, 401),
        ({"x-mock-token": "t-123456"}, 401),
        ({"x-mock-token": "T-12345"}, 401),
        ({"x-mock-token": ""}, 401),
        ({"x-mock-token": "Bearer t-12345"}, 401),
        ({"authorization": "t-12345"}, 401),
        ({"authorization": "Basic t-12345"}, 401),
        ({"authorization": "Bearer"}, 401),
        ({"x-mock-token": "t-12345\xe9"}, 401),
        ({"cookie": "x-mock-token=t-12345"}, 401),
    ],
)
def test_with_a_token_each_request_needs_it(provider: Provider, headers: dict[str, str], status: int) -> None:
    sent = [(name, value.encode("latin-1")) for name, value in headers.items()]
    answer = may(provider, sent, token=GOOD, base_url="http://video.test")  # type: ignore[arg-type]
    assert answer.status_code == status
    if status == 401:
        assert answer.headers["www-authenticate"] == "Bearer"
        assert GOOD not in answer.text
    assert may(provider, sent, path="/nowhere", token=GOOD).status_code == (404 if status == 200 else 401)  # type: ignore[arg-type]
    assert may(provider, sent, "POST", "/reset", token=GOOD).status_code == status  # type: ignore[arg-type]


@pytest.mark.parametrize("token", ["", " ", "a b", "a\n", "é", "a\x7f"])
def test_a_token_that_no_header_can_carry_is_refused(provider: Provider, token: str) -> None:
    with pytest.raises(ValueError, match="token: must be visible ASCII"):
        control_app(provider, token=token)


@pytest.mark.parametrize("path", ["/health", "/ready"])
@pytest.mark.parametrize("options", [{"token": GOOD}, {"enabled": False}, {}])
def test_health_and_ready_are_always_on(provider: Provider, path: str, options: dict[str, Any]) -> None:
    assert may(provider, {"host": "mock:8080"}, path=path, **options).status_code == 200
    assert may(provider, {"host": "mock:8080"}, "HEAD", path, **options).status_code == 200


@pytest.mark.parametrize("options", [{}, {"token": GOOD}])
@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": "https://127.0.0.1:8080"},
        {"origin": "http://127.0.0.1:9090"},
        {"origin": "http://localhost:8080"},
        {"origin": "http://127.0.0.1:8080.evil.example"},
        {"origin": ""},
        {"origin": "://"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "Cross-Site"},
        {"origin": HERE, "sec-fetch-site": "cross-site"},
    ],
)
def test_a_page_of_another_origin_may_not(provider: Provider, headers: dict[str, str], options: dict[str, Any]) -> None:
    provider.held["default"].task()
    for method, path in (("GET", "/tasks"), ("POST", "/reset"), ("DELETE", "/journal")):
        answer = may(provider, {**headers, "x-mock-token": GOOD}, method, path, **options)
        assert "may not use the control API" in message(answer, 403)
    assert len(provider.held["default"].tasks) == 1


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": HERE},
        {"origin": HERE, "sec-fetch-site": "same-origin"},
        {"sec-fetch-site": "none"},
        {"origin": "https://video.test"},
    ],
)
def test_the_servers_own_pages_and_the_address_bar_may(provider: Provider, headers: dict[str, str]) -> None:
    assert may(provider, headers, public_url="https://video.test/base").status_code == 200


def test_a_preflight_is_not_answered(provider: Provider) -> None:
    headers = {"origin": "http://evil.example", "access-control-request-method": "POST"}
    assert may(provider, headers, "OPTIONS", "/reset").status_code == 403
    assert may(provider, {"access-control-request-method": "POST"}, "OPTIONS", "/reset").status_code == 405
