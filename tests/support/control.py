"""Control without sockets, and every answer held against its schema in the OpenAPI document."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Protocol

import httpx
from jsonschema import Draft202012Validator
from starlette.types import Scope

from support import asking
from support.fakes import make_fake
from video_mockserver.api.messages import Origins
from video_mockserver.edges.server.control.routes import FAKE_NAME
from video_mockserver.fake.fake import Fake

HERE = "http://127.0.0.1:8080"
YAML = {"content-type": "application/yaml"}
GOOD = "t-12345"  # a token
OWN = """\
summary: Done at once.
start: completed
states:
  completed:
    video: {status: completed, video_url: "{download_url}"}
expect: {outcome: clip, from: video_url}
"""


class Provider:
    """The fakes of a server that has no sockets: one default, the others below `/t/<name>`."""

    def __init__(self) -> None:
        self.held = {"default": make_fake(name="default")}

    def fake_of(self, scope: Scope) -> Fake:
        found = re.match(r"/t/([^/]*)/", scope["path"])
        if found is None:
            return self.held["default"]
        if not re.fullmatch(FAKE_NAME, found[1]):
            raise LookupError(f"{found[1]!r} is no name of a fake")
        return self.open(found[1])

    def fakes(self) -> Mapping[str, Fake]:
        return dict(self.held)

    def open(self, name: str) -> Fake:
        if name == "..":
            raise ValueError("a path swallows it")
        if name not in self.held:
            self.held[name] = make_fake(name=name)
        return self.held[name]

    def close(self, name: str) -> None:
        if name == "default":
            raise ValueError("the server cannot do without its default fake")
        del self.held[name]

    def addresses(self, name: str) -> Mapping[str, str]:
        prefix = "" if name == "default" else f"/t/{name}"
        self.held[name]
        return {
            "origin": HERE + prefix, "base_url": f"{HERE}{prefix}/v1", "download_origin": f"{HERE}{prefix}/_download",
        }  # fmt: skip

    def origins(self, scope: Scope) -> Origins:
        return asking.ORIGINS


class Control(Protocol):
    """Asks the control API; `path` follows `/_mock`."""

    def __call__(self, method: str, path: str, *, prefix: str = "", **options: Any) -> httpx.Response: ...


def asked_through(client: httpx.Client, document: dict[str, Any]) -> Control:
    def ask(method: str, path: str, *, prefix: str = "", **options: Any) -> httpx.Response:
        answer = client.request(method, f"{prefix}/_mock{path}", **options)
        check(document, method, path, answer)
        return answer

    return ask


def check(document: dict[str, Any], method: str, path: str, answer: httpx.Response) -> None:
    """Hold an answer against the document: its status is named for its route, and its body fits."""
    assert answer.status_code < 500, answer.text
    assert not [name for name in answer.headers if name.startswith("access-control-")]
    operation = operation_of(document, "GET" if method == "HEAD" else method, path.partition("?")[0])
    if operation is None:
        assert answer.status_code in (401, 403, 404, 405)
        schema = {"$ref": "#/components/schemas/ControlError"}
    else:
        assert str(answer.status_code) in operation["responses"], (method, path, answer.text)
        content = operation["responses"][str(answer.status_code)]["content"]
        schema = content[answer.headers["content-type"].partition(";")[0]]["schema"]
    if answer.headers["content-type"].startswith("application/json") and method != "HEAD":
        Draft202012Validator({**schema, "components": document["components"]}).validate(answer.json())


def operation_of(document: dict[str, Any], method: str, path: str) -> dict[str, Any] | None:
    full_path = f"/_mock{path}".removesuffix("/")
    for template, operations in sorted(document["paths"].items(), key=lambda item: item[0].count("{")):
        pattern = template.replace(".", r"\.").replace("{id}", "[^/]+").replace("{name}", ".+").removesuffix("/")
        if re.fullmatch(pattern, full_path) and method.lower() in operations:
            operation: dict[str, Any] = operations[method.lower()]
            return operation
    return None


def message(answer: httpx.Response, status: int) -> str:
    assert answer.status_code == status, answer.text
    return str(answer.json()["error"]["message"])
