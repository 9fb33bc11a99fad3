"""What a project says of itself in the `[tool.video-mockserver]` table of its pyproject.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..api.suggest import close_matches
from ..judge.verdict import Terms

__all__ = ["ConfigError", "Project", "find_config", "read_config"]

_TABLE = "tool.video-mockserver"
_KEYS = ("level", "url-order", "levels", "ignore", "scenarios")


class ConfigError(ValueError):
    """The table is wrong: which key, and what would be right."""


@dataclass(frozen=True, slots=True)
class Project:
    """A project's terms, and the folders of its own scenarios.

    Keys of the table: `level`, `url-order`, `levels` (rule = level), `ignore` (rule = reason) and `scenarios` (folders,
    relative to the file).
    """

    level: str = "should"
    url_order: str = "output.url"
    levels: Mapping[str, str] = field(default_factory=dict)
    ignore: Mapping[str, str] = field(default_factory=dict)
    scenarios: tuple[Path, ...] = ()

    @property
    def terms(self) -> Terms:
        """What the project holds its client to."""
        return Terms(self.level, self.url_order, self.levels, self.ignore)


def find_config(folder: Path) -> Path | None:
    """The pyproject.toml of a folder, or of the nearest one above."""
    for place in (folder, *folder.parents):
        if (place / "pyproject.toml").is_file():
            return place / "pyproject.toml"
    return None


def read_config(path: Path) -> Project:
    """A pyproject.toml's table; all defaults where there is none. Raises `ConfigError`."""
    try:
        data = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: it cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not TOML: {error}") from None
    tool = data.get("tool")
    table = tool.get("video-mockserver", {}) if isinstance(tool, dict) else {}
    try:
        return _project(table, path.parent)
    except ValueError as error:
        raise ConfigError(f"{path}: {_TABLE}: {error}") from None


def _project(table: Any, folder: Path) -> Project:
    if not isinstance(table, dict):
        raise ValueError("this is a table")
    for key in table:
        if key not in _KEYS:
            close = close_matches(key, _KEYS)
            raise ValueError(f"unknown key {key!r} ({f'did you mean {close[0]!r}?' if close else ', '.join(_KEYS)})")
    for key in ("levels", "ignore"):
        if not isinstance(table.get(key, {}), dict):
            raise ValueError(f"{key}: a table of rules")
    folders = table.get("scenarios", [])
    if not isinstance(folders, list) or not all(isinstance(each, str) for each in folders):
        raise ValueError("scenarios: a list of folders")
    project = Project(
        table.get("level", "should"),
        table.get("url-order", "output.url"),
        table.get("levels", {}),
        table.get("ignore", {}),
        tuple(folder / each for each in folders),
    )
    _ = project.terms  # is it right?
    return project
