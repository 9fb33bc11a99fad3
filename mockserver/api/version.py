"""The version of this tool, as it is installed."""

from __future__ import annotations

__all__ = ["tool_version"]


def tool_version() -> str:
    """The installed version; `"unknown"` where the package is used without being installed."""
    from importlib.metadata import PackageNotFoundError, version  # takes some milliseconds to import

    try:
        return version("video-mockserver")
    except PackageNotFoundError:
        return "unknown"
