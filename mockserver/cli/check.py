"""`video-mockserver check` and `rules`: any client through the scenarios, and what it is held to."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shlex
import signal
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from .common import UsageError, add_folders, positive, turn_stdout_away

if TYPE_CHECKING:
    from ..checking.config import Project
    from ..checking.programs import Program
    from ..judge.verdict import Report, Terms, Verdict
    from ..strategies.search import Case

__all__ = ["add_check", "add_rules"]

_CHECK = """\
Run a client, a program in any language, through the scenarios, and say which promise of the contract it broke.

CMD is run once a case, with a fake of its own. In its arguments {base_url} (ends in /v1), {origin} (without),
{api_key}, {task_id} and {output} are replaced; the environment holds the same as VIDEO_BASE_URL, VIDEO_ORIGIN,
VIDEO_API_KEY, VIDEO_TASK_ID and VIDEO_OUTPUT, and as OPENAI_BASE_URL and OPENAI_API_KEY.

The client succeeds with exit code 0 and the clip at {output}. It reports a failure with any other exit code and no file
there."""

_EXITS = """\
Exit codes: 0 nothing broken, 1 something broken (or a case that could not be judged), 2 it could not run, 130 ended by
Ctrl-C; what was judged until then is reported.
A project's own terms stand in [tool.video-mockserver] of its pyproject.toml: level, url-order, levels, ignore and
scenarios.
"""


def add_check(commands: Any) -> None:
    """Add the command `check`."""
    check = commands.add_parser(
        "check",
        allow_abbrev=False,
        help="run a client through the scenarios and judge it",
        usage="video-mockserver check [options] -- CMD ARG...",
        description=_CHECK,
        epilog=_EXITS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    what = check.add_argument_group("what is run")
    what.add_argument(
        "command", nargs=argparse.REMAINDER, metavar="-- CMD ARG...", help="the client, and its arguments"
    )
    what.add_argument(
        "--scenario", action="append", metavar="GLOB", dest="patterns",
        help="only the scenarios of this name, folder or pattern: truncated, download, 'urls/*_null' (repeatable)",
    )  # fmt: skip
    add_folders(what)
    what.add_argument(
        "--flow", choices=("poll", "create"), default="poll",
        help="poll: the client is given a task; create: it makes one, and gets no {task_id} (default: %(default)s)",
    )  # fmt: skip
    what.add_argument("--jobs", type=_count, metavar="N", help="cases at a time (default: six for each processor)")
    what.add_argument(
        "--timeout", type=positive, default=40.0, metavar="SECONDS",
        help="a client that has not ended by then is stopped (default: 40)",
    )  # fmt: skip
    what.add_argument(
        "--speed", type=positive, default=60.0, metavar="N",
        help="how many times faster the fake's time passes (default: 60: a minute a second)",
    )  # fmt: skip
    what.add_argument(
        "--seed", type=int, default=0, metavar="N",
        help="what ids and chance follow from, and generated scenarios (default: %(default)s)",
    )  # fmt: skip
    what.add_argument(
        "-x", "--exitfirst", action="store_true", dest="exit_first", help="end with the first case that does not pass"
    )
    generated = check.add_argument_group("generated scenarios, instead of files")
    generated.add_argument(
        "--random", type=_count, metavar="N",
        help="N scenarios that Hypothesis draws; what breaks a rule is made as small as can be",
    )  # fmt: skip
    generated.add_argument(
        "--explore", action="append", metavar="ASPECT",
        help="only this: polling, urls, download, content or failure (repeatable; default: all)",
    )  # fmt: skip
    generated.add_argument("--save", type=Path, metavar="DIR", help="write the smallest scenarios there, as files")
    terms = check.add_argument_group("what it is held to")
    terms.add_argument("--level", choices=("must", "should"), help="must: only what is documented (default: should)")
    terms.add_argument(
        "--url-order", choices=("output.url", "video_url"),
        help="which of the two fields is read first; the documentation says both (default: output.url)",
    )  # fmt: skip
    terms.add_argument(
        "--rule-level", action="append", default=[], type=_pair, metavar="RULE=LEVEL",
        help="another level for a rule (repeatable); 'video-mockserver rules' lists them",
    )  # fmt: skip
    terms.add_argument(
        "--ignore", action="append", default=[], type=_pair, metavar="RULE=REASON",
        help="leave a rule out, and say why (repeatable)",
    )  # fmt: skip
    terms.add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        help="the pyproject.toml to read (default: the nearest one, here or above)",
    )
    reports = check.add_argument_group("reports")
    reports.add_argument("--json", type=Path, metavar="FILE", help="write everything as JSON")
    reports.add_argument("--junit", type=Path, metavar="FILE", help="write a JUnit report, for CI")
    reports.add_argument("--html", type=Path, metavar="FILE", help="write one page for people")
    reports.add_argument("-v", "--verbose", action="store_true", help="tell every case that failed in full")
    check.set_defaults(run=_check)


def add_rules(commands: Any) -> None:
    """Add the command `rules`."""
    rules = commands.add_parser(
        "rules",
        allow_abbrev=False,
        help="list what a client is held to",
        description="List the rules of the client contract: level, id, sentence and source.",
    )
    form = rules.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="as JSON")
    form.add_argument("--markdown", action="store_true", help="as docs/contract.md")
    rules.set_defaults(run=_rules)


def _count(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or not 0 < int(text) <= 1000:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 to 1000")
    return int(text)


def _pair(text: str) -> tuple[str, str]:
    rule, is_there, value = text.partition("=")
    if not rule.strip() or not is_there:
        raise argparse.ArgumentTypeError(f"{text!r} is not RULE=...")
    return rule.strip(), value.strip()


# --- check ------------------------------------------------------------------------------------------------------------


def _check(arguments: argparse.Namespace) -> int:
    from ..checking.programs import INTERRUPTED, Program
    from ..checking.subprocesses import NotRunnable

    command = _command(arguments)
    project = _project(arguments)
    terms = _terms(arguments, project)
    for path in (arguments.json, arguments.junit, arguments.html):
        if path is not None and (path.is_dir() or not path.absolute().parent.is_dir()):
            raise UsageError(f"{path}: {'a folder' if path.is_dir() else 'its folder is not there'}")
    reports = [path.absolute() for path in (arguments.json, arguments.junit, arguments.html) if path is not None]
    if len(set(reports)) < len(reports):
        raise UsageError(f"{reports[-1]}: two reports cannot be the same file")
    program = Program(
        command, arguments.flow, arguments.seed, arguments.timeout, arguments.speed,
        ("video-mockserver", "check", *_again(arguments)),
    )  # fmt: skip
    run = _check_random if arguments.random is not None else _check_files
    try:
        with _ended_by_signals():
            report = run(arguments, project, terms, program)
    except NotRunnable as error:
        raise UsageError(str(error)) from None
    code = 130 if report.ended_early == INTERRUPTED else 0 if report.ok else 1
    try:
        _write(arguments, report)
        if sys.stdout is not None:
            sys.stdout.flush()
    except BrokenPipeError:
        turn_stdout_away()  # as `| head` does: what was found stays found
    return code


def _check_files(arguments: argparse.Namespace, project: Project, terms: Terms, program: Program) -> Report:
    from ..checking.programs import check_program
    from ..judge.expectation import chosen, judgeable
    from ..scenario.library import Library
    from ..scenario.problems import ScenarioError
    from ..scenario.sources import UnknownScenario

    for option, value in (("--explore", arguments.explore), ("--save", arguments.save)):
        if value is not None:
            raise UsageError(f"{option} is for generated scenarios: --random N")
    try:
        library = Library([*(arguments.scenarios or ()), *project.scenarios])
        cases, left_out = judgeable(chosen(library, arguments.patterns or "*"), arguments.flow, terms)
    except NotADirectoryError as error:
        raise UsageError(f"--scenarios: {error}") from None
    except UnknownScenario as error:
        raise UsageError(f"--scenario: {error}") from None
    except ScenarioError as error:
        raise UsageError(str(error)) from None
    if not cases:
        raise UsageError(f"nothing to check: {'; '.join(f'{name}: {why}' for name, why in left_out.items())}")
    with _Progress(len(cases), sys.stdout) as progress:
        return check_program(
            program, cases, library=library, terms=terms, jobs=_jobs(arguments, cases), left_out=left_out,
            exit_first=arguments.exit_first, on_verdict=progress.step,
        )  # fmt: skip


def _check_random(arguments: argparse.Namespace, project: Project, terms: Terms, program: Program) -> Report:
    from ..checking.programs import INTERRUPTED, check_program
    from ..scenario.library import Library

    try:
        from ..strategies.search import ASPECTS, Result, check_random
    except ImportError as error:
        raise UsageError(f"--random: {error}") from None
    for option, value in (
        ("--scenario", arguments.patterns), ("--scenarios", arguments.scenarios), ("--exitfirst", arguments.exit_first)
    ):  # fmt: skip
        if value:
            raise UsageError(f"{option} is for scenarios in files, --random for generated ones")
    if arguments.save is not None and arguments.save.exists() and not arguments.save.is_dir():
        raise UsageError(f"--save: {str(arguments.save)!r} is not a folder")
    for aspect in arguments.explore or ():
        if aspect not in ASPECTS:
            raise UsageError(f"--explore: no {aspect!r}, there are {', '.join(ASPECTS)}")
    library = Library()
    reports: list[Report] = []
    with _Progress(arguments.random, sys.stdout) as progress:

        def run(cases: Sequence[Case]) -> list[Verdict]:
            report = check_program(
                program, cases, library=library, terms=terms, jobs=_jobs(arguments, cases),
                on_verdict=progress.step if not reports else progress.try_smaller,
            )  # fmt: skip
            reports.append(report)
            if report.ended_early:
                raise KeyboardInterrupt
            return report.verdicts

        try:
            result = check_random(
                run, examples=arguments.random, seed=arguments.seed, terms=terms,
                explore=arguments.explore or ASPECTS, on_rule=progress.shrink,
            )  # fmt: skip
        except KeyboardInterrupt:
            if not reports:
                raise
            result = Result(reports[0].verdicts, interrupted=True)
    report = reports[0]
    report.ended_early = INTERRUPTED if result.interrupted else ""
    broke = sum(bool(verdict.violations) for verdict in report.verdicts)
    print(f"{len(report.verdicts)} scenarios were generated, {broke} of them broke a promise")
    report.seconds = sum(each.seconds for each in reports)
    again = (*program.rerun, "--random", str(arguments.random))
    again += tuple(word for aspect in arguments.explore or () for word in ("--explore", aspect))
    report.verdicts = result.verdicts
    for verdict in report.verdicts:
        verdict.rerun = shlex.join([*again, "--", *program.arguments])
    for each in result.found:
        print(f"\nThe smallest scenario that was found to break {each.rule}:\n")
        print("".join(f"  {line}\n" for line in each.text.splitlines()))
        if arguments.save is not None:
            try:
                path = each.save(arguments.save)
            except OSError as error:
                raise UsageError(f"--save: {error}") from None
            print(f"written: {path}")
            words = ("--scenarios", str(arguments.save), "--scenario", each.verdict.scenario.name)
            each.verdict.rerun = shlex.join([*program.rerun, *words, "--", *program.arguments])
    return report


def _jobs(arguments: argparse.Namespace, cases: Sequence[Case]) -> int:
    # A client waits more than it works.
    jobs: int = arguments.jobs or 6 * (os.cpu_count() or 1)
    return max(1, min(jobs, len(cases)))


@contextlib.contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Programs run in sessions of their own: whoever ends us must end them, too."""

    def end(number: int, frame: object) -> None:
        sys.exit(128 + number)

    numbers = [signal.SIGTERM] + ([signal.SIGHUP] if hasattr(signal, "SIGHUP") else [])
    before = {number: signal.signal(number, end) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _command(arguments: argparse.Namespace) -> list[str]:
    command: list[str] = arguments.command
    if command[:1] == ["--"]:
        command = command[1:]
    if not command:
        raise UsageError("which program? video-mockserver check [options] -- CMD ARG...")
    if arguments.flow == "create" and any("{task_id}" in argument for argument in command):
        raise UsageError("{task_id}: with --flow create the client makes the task itself, there is no id to give")
    return command


def _project(arguments: argparse.Namespace) -> Project:
    from ..checking.config import ConfigError, Project, find_config, read_config

    path = arguments.config if arguments.config is not None else find_config(Path.cwd())
    if path is None:
        return Project()
    try:
        return read_config(path)
    except ConfigError as error:
        raise UsageError(str(error)) from None


def _terms(arguments: argparse.Namespace, project: Project) -> Terms:
    from ..judge.verdict import Terms

    try:
        return Terms(
            arguments.level or project.level,
            arguments.url_order or project.url_order,
            {**project.levels, **dict(arguments.rule_level)},
            {**project.ignore, **dict(arguments.ignore)},
        )
    except ValueError as error:
        raise UsageError(f"{error}".replace("levels", "--rule-level", 1)) from None


def _again(arguments: argparse.Namespace) -> list[str]:
    """The options that make a case the same when it is run again."""
    options: list[str] = []
    for folder in arguments.scenarios or ():
        options += ["--scenarios", str(folder)]
    for name, value, usual in (
        ("--flow", arguments.flow, "poll"), ("--timeout", arguments.timeout, 40.0), ("--speed", arguments.speed, 60.0),
        ("--seed", arguments.seed, 0), ("--level", arguments.level, None), ("--url-order", arguments.url_order, None),
        ("--config", arguments.config, None),
    ):  # fmt: skip
        if value != usual:
            options += [name, f"{value:g}" if isinstance(value, float) else str(value)]
    for name, pairs in (("--rule-level", arguments.rule_level), ("--ignore", arguments.ignore)):
        for rule, value in pairs:
            options += [name, f"{rule}={value}"]
    return options


class _Progress:
    """How far it is: a bar on a terminal, elsewhere a line for each case that is no pass."""

    def __init__(self, cases: int, out: TextIO | None) -> None:
        self._cases = cases
        self._out = out
        self._bar = out is not None and out.isatty()
        self._done = self._bad = self._tried = 0
        self._rule = ""

    def __enter__(self) -> _Progress:
        self._draw()
        return self

    def __exit__(self, *error: object) -> None:
        if self._bar:
            self._print("\r\x1b[K", end="")

    def _print(self, text: str, end: str = "\n") -> None:
        try:
            print(text, end=end, file=self._out, flush=True)
        except BrokenPipeError:
            turn_stdout_away()  # nobody reads it; the check goes on, and so do its reports

    def step(self, verdict: Verdict) -> None:
        self._done += 1
        if verdict.status != "pass":
            self._bad += 1
            if not self._bar:
                rules = ", ".join(broken.rule.id for broken in verdict.violations) or verdict.outcome.description
                self._print(f"{verdict.status} {verdict.scenario.name}: {rules}")
        self._draw()

    def shrink(self, rule: str) -> None:
        """The scenario of a rule is made smaller from now on."""
        self._tried = 0
        self._rule = rule
        if not self._bar:
            self._print(f"looking for the smallest scenario that breaks {rule}")

    def try_smaller(self, verdict: Verdict) -> None:
        """A smaller scenario was tried."""
        self._tried += 1
        if self._bar:
            told = f"\r\x1b[Klooking for the smallest scenario that breaks {self._rule}: {self._tried} tried"
            self._print(told, end="")

    def _draw(self) -> None:
        if self._bar:
            full = 30 * self._done // self._cases
            bad = f", {self._bad} not passed" if self._bad else ""
            bar = f"\r\x1b[K[{'#' * full}{'.' * (30 - full)}] {self._done} of {self._cases}{bad}"
            self._print(bar, end="")


def _write(arguments: argparse.Namespace, report: Report) -> None:
    from ..judge.reports.terminal import render

    data = report.to_data()
    texts: list[tuple[Path, str]] = []
    if arguments.json is not None:
        texts.append((arguments.json, json.dumps(data, indent=1) + "\n"))
    if arguments.junit is not None:
        from ..judge.reports.junit import document

        texts.append((arguments.junit, document(data)))
    if arguments.html is not None:
        from ..judge.reports.html import page

        texts.append((arguments.html, page(data)))
    for path, text in texts:
        try:
            path.write_text(text, "utf-8")
        except OSError as error:
            raise UsageError(f"{path}: {error.strerror}") from None
    if not report.ok:
        print()
    print(render(data, everything=arguments.verbose))
    for path, _ in texts:
        print(f"written: {path}")


# --- rules ------------------------------------------------------------------------------------------------------------


def _rules(arguments: argparse.Namespace) -> int:
    from ..judge.rules.table import RULES
    from .contract_page import markdown

    rules = RULES.values()
    if arguments.json:
        told = [
            {"rule": rule.id, "level": rule.level, "sentence": rule.sentence, "source": rule.source} for rule in rules
        ]
        print(json.dumps(told, indent=1, ensure_ascii=False))
    elif arguments.markdown:
        print(markdown(rules), end="")
    else:
        print("\n".join(_lines(rules)))
    return 0


def _lines(rules: Iterable[Any]) -> Iterable[str]:
    for rule in rules:
        yield f"{rule.level:6} {rule.id:25} {rule.sentence}"
        yield f"{'':33}{rule.source}"
