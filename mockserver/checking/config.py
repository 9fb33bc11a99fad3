"""The `[tool.video-mockserver]` table of a project's pyproject.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..api.suggest import did_you_mean
from ..judge.rules.rule import Level
from ..judge.verdict import Terms, UrlOrder

__all__ = ["Config", "ConfigError", "find_config", "read_config"]

_TABLE = "tool.video-mockserver"
_KEYS = ("level", "url-order", "levels", "ignore", "scenario-dirs")


class ConfigError(ValueError):
    """The table is wrong; the message names the key and what is expected."""


@dataclass(frozen=True, slots=True)
class Config:
    """A project's terms, and the folders of its own scenarios.

    Keys of the table: `level`, `url-order`, `levels` (rule = level), `ignore` (rule = reason) and `scenario-dirs`
    (folders, relative to the file).
    """

    level: Level = "should"
    url_order: UrlOrder = "output.url"
    levels: Mapping[str, Level] = field(default_factory=dict)
    ignore: Mapping[str, str] = field(default_factory=dict)
    scenario_dirs: tuple[Path, ...] = ()

    @property
    def terms(self) -> Terms:
        """The rules that the project holds its client to."""
        return Terms(self.level, self.url_order, self.levels, self.ignore)


def find_config(folder: Path) -> Path | None:
    """The pyproject.toml of a folder, or of the nearest one above."""
    for place in (folder, *folder.parents):
        if (place / "pyproject.toml").is_file():
            return place / "pyproject.toml"
    return None


def read_config(path: Path) -> Config:
    """A pyproject.toml's table; all defaults where there is none. Raises `ConfigError`."""
    try:
        data = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: invalid TOML: {error}") from None
    tool = data.get("tool")
    table = tool.get("video-mockserver", {}) if isinstance(tool, dict) else {}
    try:
        return _config(table, path.parent)
    except ValueError as error:
        raise ConfigError(f"{path}: {_TABLE}: {error}") from None


def _config(table: Any, folder: Path) -> Config:
    if not isinstance(table, dict):
        raise ValueError("must be a table")
    for key in table:
        if key not in _KEYS:
            raise ValueError(f"unknown key {key!r}{did_you_mean(key, _KEYS)}")
    for key in ("levels", "ignore"):
        if not isinstance(table.get(key, {}), dict):
            raise ValueError(f"{key}: must be a table of rules")
    folders = table.get("scenario-dirs", [])
    if not isinstance(folders, list) or not all(isinstance(each, str) for each in folders):
        raise ValueError("scenario-dirs: must be a list of folders")
    config = Config(
        table.get("level", "should"),
        table.get("url-order", "output.url"),
        table.get("levels", {}),
        table.get("ignore", {}),
        tuple(folder / each for each in folders),
    )
    _ = config.terms  # raises ValueError for a wrong rule, level or order
    return config
