"""The addresses of a fake, as several resources show them."""

from __future__ import annotations

from .errors import ControlError
from .requests import ControlRequest

__all__ = ["addresses"]


def addresses(request: ControlRequest, name: str) -> dict[str, str]:
    """A fake's addresses. Raises `ControlError` when it has been closed."""
    try:
        found = request.fakes.addresses(name)
    except KeyError:
        raise ControlError(404, f"the fake {name!r} has been closed") from None
    return {key: found[key] for key in ("origin", "base_url", "download_origin")}
