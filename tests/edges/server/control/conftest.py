"""Fixtures of control: fakes without sockets, and a client that checks each answer against the OpenAPI document."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from support.control import HERE, Control, Provider, asked_through
from video_mockserver.edges.server.control.app import control_app
from video_mockserver.edges.server.openapi.document import openapi_document
from video_mockserver.fake.fake import Fake


@pytest.fixture
def provider() -> Provider:
    return Provider()


@pytest.fixture
def fake(provider: Provider) -> Fake:
    return provider.held["default"]


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return openapi_document()


@pytest.fixture
def control(provider: Provider, document: dict[str, Any]) -> Iterator[Control]:
    with TestClient(control_app(provider), base_url=HERE) as client:
        yield asked_through(client, document)
