"""The limits of a server."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest

from video_mockserver.edges.server.limits import ServerLimits


@pytest.mark.parametrize("name", [field.name for field in fields(ServerLimits)])
@pytest.mark.parametrize("value", [0, -1, float("nan")])
def test_a_limit_is_above_zero(name: str, value: float) -> None:
    limits: dict[str, Any] = {name: value}
    with pytest.raises(ValueError, match=f"{name}: {value} must be above 0"):
        ServerLimits(**limits)


def test_every_limit_is_documented() -> None:
    assert ServerLimits.__doc__ is not None
    assert [field.name for field in fields(ServerLimits) if f"`{field.name}`" not in ServerLimits.__doc__] == []
