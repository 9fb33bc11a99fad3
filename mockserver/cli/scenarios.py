"""`video-mockserver scenarios`: list, show and validate scenarios."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .common import UsageError, add_folders, open_library

if TYPE_CHECKING:
    pass

__all__ = ["add_scenarios"]


def add_scenarios(commands: Any) -> None:
    scenarios = commands.add_parser(
        "scenarios",
        allow_abbrev=False,
        help="list, show or validate scenarios",
        description="List and show the shipped scenarios, or validate your own.",
    )
    actions = scenarios.add_subparsers(required=True, metavar="ACTION")

    listing = actions.add_parser(
        "list", allow_abbrev=False, help="names and summaries", description="List scenarios by name, with a summary."
    )
    listing.add_argument(
        "pattern", nargs="?", default="*", metavar="GLOB",
        help="a name, a folder or a pattern: truncated, download, 'download/*_once' (default: all)",
    )  # fmt: skip
    listing.add_argument("--json", action="store_true", help="as JSON: name, summary, source")
    add_folders(listing)
    listing.set_defaults(run=_list)

    show = actions.add_parser(
        "show", allow_abbrev=False, help="one scenario, as its file or as a diagram", description="Show one scenario."
    )
    show.add_argument("name", metavar="NAME", help="such as download/truncated, or just the last part: truncated")
    form = show.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="as JSON instead of the original file")
    form.add_argument("--mermaid", action="store_true", help="the states as a Mermaid diagram")
    add_folders(show)
    show.set_defaults(run=_show)

    validate = actions.add_parser(
        "validate", allow_abbrev=False, help="check scenario files or folders",
        description="Check scenario files. All errors are reported, each with its line and what is expected. "
        "Exit code 0: all files are valid, 1: a file is not valid, 2: a path does not exist.",
    )  # fmt: skip
    validate.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="a scenario file, or a folder of them")
    validate.set_defaults(run=_validate)


def _list(arguments: argparse.Namespace) -> int:
    from ..api.suggest import close_matches
    from ..scenario.problems import ScenarioError
    from ..scenario.sources import matching_names

    library = open_library(arguments.scenario_dirs)
    asked = arguments.pattern.rstrip("/")
    names = matching_names(asked, library.names())
    if not names:
        close = ", ".join(map(repr, close_matches(asked, library.names())))
        hint = f"did you mean {close}?" if close else f"'video-mockserver scenarios list' shows all {len(library)}"
        raise UsageError(f"no scenario matches {arguments.pattern!r} ({hint})")
    wrong = 0
    told = []
    for name in names:
        try:
            scenario = library.find(name)
        except ScenarioError as error:
            print(error, file=sys.stderr)
            wrong += 1
            continue
        told.append({"name": name, "summary": scenario.summary, "source": scenario.source})
    if arguments.json:
        print(json.dumps(told, indent=1, ensure_ascii=False))
    else:
        width = max((len(entry["name"]) for entry in told), default=0)
        for entry in told:
            print(f"{entry['name']:{width}}  {entry['summary']}")
    return 1 if wrong else 0


def _show(arguments: argparse.Namespace) -> int:
    from ..scenario.problems import ScenarioError
    from ..scenario.sources import UnknownScenario

    library = open_library(arguments.scenario_dirs)
    try:
        scenario = library.find(arguments.name)
    except UnknownScenario as error:
        raise UsageError(f"{error}; 'video-mockserver scenarios list' shows all {len(library)}") from None
    except ScenarioError as error:
        print(error, file=sys.stderr)
        return 1
    if arguments.mermaid:
        from ..scenario.mermaid import diagram

        print(diagram(scenario))
    elif arguments.json:
        from ..scenario.writer import write_scenario

        print(write_scenario(scenario, format="json"), end="")
    else:
        print(library.files[scenario.name].read_text("utf-8"), end="")
    return 0


def _validate(arguments: argparse.Namespace) -> int:
    from ..judge.expectation import contradiction
    from ..scenario.library import scenario_files
    from ..scenario.problems import ScenarioError
    from ..scenario.reader import read_scenario

    files: list[Path] = []
    for path in arguments.paths:
        if not path.exists():
            raise UsageError(f"no such file or folder: {str(path)!r}")
        found = list(scenario_files(path).values()) if path.is_dir() else [path]
        if not found:
            raise UsageError(
                f"no scenarios in the folder {str(path)!r}: expected files that end in .yaml, .yml or .json"
            )
        files += found
    wrong = 0
    for file in files:
        try:
            problem = contradiction(read_scenario(file.read_text("utf-8"), name=file.stem, file=str(file)))
            if problem is None:
                continue
            print(ScenarioError([problem], str(file)), file=sys.stderr)
        except ScenarioError as error:
            print(error, file=sys.stderr)
        except UnicodeDecodeError as error:
            print(f"{file}: not UTF-8 text: {error.reason} at byte {error.start}", file=sys.stderr)
        except OSError as error:
            print(f"{file}: cannot be read: {error.strerror}", file=sys.stderr)
        wrong += 1
    checked = f"{len(files)} scenario{'' if len(files) == 1 else 's'} checked"
    print(f"{checked}, {wrong} not valid" if wrong else f"{checked}, all valid")
    return 1 if wrong else 0
