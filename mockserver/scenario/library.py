"""Scenarios in files, by name. Beside `fake/clip_files` and `edges/` nothing else opens any."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib.resources import files
from pathlib import Path

from .model import Scenario
from .problems import Problem, ScenarioError
from .reader import read_scenario
from .sources import UnknownScenario

__all__ = ["Library", "scenario_files"]

_ENDINGS = (".yaml", ".yml", ".json")
_SCHEMA = "scenario.schema.json"


def scenario_files(folder: Path) -> dict[str, Path]:
    """The scenario files below a folder by name: the path below it without the ending."""
    return {
        path.relative_to(folder).with_suffix("").as_posix(): path
        for path in sorted(folder.rglob("*"))
        if path.suffix in _ENDINGS and path.name != _SCHEMA and path.is_file()
    }


class Library:
    """The scenarios in folders, each read when it is first asked for.

    `folders` come before the shipped library: a file there takes the place of a shipped scenario of the same name.
    A name is a path below its folder without the ending (`download/url_404`); its last part alone is enough where only
    one scenario has it. Raises NotADirectoryError for a folder that is not there.
    """

    def __init__(self, folders: Iterable[str | Path] = (), *, shipped: bool = True) -> None:
        self.folders = [Path(folder) for folder in folders]
        for folder in self.folders:
            if not folder.is_dir():
                raise NotADirectoryError(f"no scenarios folder {str(folder)!r}")
        if shipped:
            self.folders.append(_shipped_scenarios())
        self._files: dict[str, Path] | None = None
        self._scenarios: dict[str, Scenario] = {}

    @property
    def files(self) -> dict[str, Path]:
        """The file of each scenario by full name."""
        if self._files is None:
            found: dict[str, Path] = {}
            for folder in reversed(self.folders):
                found.update(scenario_files(folder))
            self._files = dict(sorted(found.items()))
        return self._files

    def names(self) -> list[str]:
        """Every full name, sorted."""
        return list(self.files)

    def is_shipped(self, name: str) -> bool:
        """Whether a scenario of this full name comes with the package, and not from one of the folders."""
        return self.files[name].is_relative_to(_shipped_scenarios())

    def full_name(self, name: str) -> str:
        """The full name for a name or its last part. Raises `UnknownScenario`, also when several have that part."""
        if name in self.files:
            return name
        ends = [known for known in self.files if known.rpartition("/")[2] == name]
        if len(ends) != 1:
            raise UnknownScenario(name, ends or self.files)
        return ends[0]

    def find(self, name: str) -> Scenario:
        """A scenario by its name or the last part of it.

        Raises `UnknownScenario`, and `ScenarioError` when the file is wrong or cannot be read.
        """
        name = self.full_name(name)
        if name not in self._scenarios:
            path = self.files[name]
            self._scenarios[name] = read_scenario(_text(path), name=name, file=str(path))
        return self._scenarios[name]

    def __iter__(self) -> Iterator[Scenario]:
        return (self.find(name) for name in self.names())

    def __len__(self) -> int:
        return len(self.files)


def _shipped_scenarios() -> Path:
    return Path(str(files("video_mockserver.scenarios")))


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except UnicodeDecodeError as error:
        problem = f"not UTF-8 text: {error.reason} at byte {error.start}"
    except OSError as error:
        problem = f"cannot be read: {error.strerror}"
    raise ScenarioError([Problem((), problem)], str(path))
