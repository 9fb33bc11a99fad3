"""What control needs of the server that holds the fakes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from starlette.types import Scope

from ....api.messages import Origins
from ....fake.fake import Fake

__all__ = ["FakeProvider"]


class FakeProvider(Protocol):
    """Holds the fakes that control acts on.

    `fake_of` and `origins` are called on the event loop and must not block; the rest is called in worker threads,
    several at a time, and may wait for the event loop.
    """

    def fake_of(self, scope: Scope) -> Fake:
        """The fake that this request addresses, by its port or its `/t/<name>` prefix; one of a prefix is made on first
        use. `scope` is as the server gave it. Raises LookupError, with a sentence, when there is none."""

    def fakes(self) -> Mapping[str, Fake]:
        """Every fake that is open, by name: a snapshot."""

    def open(self, name: str) -> Fake:
        """The fake of this name, made on first use. Raises ValueError for a name that cannot be one's."""

    def close(self, name: str) -> None:
        """Close a fake, its connections and its ports, and forget it. Raises KeyError when there is none, ValueError
        for one that the server cannot do without."""

    def addresses(self, name: str) -> Mapping[str, str]:
        """A fake's `origin`, `base_url` and `download_origin`. Raises KeyError when there is none of this name."""

    def origins(self, scope: Scope) -> Origins:
        """The bases of URLs as this request's sender can reach them."""
