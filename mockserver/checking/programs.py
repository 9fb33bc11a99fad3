"""Run any program through scenarios and judge it: `video-mockserver check -- CMD ARG...`.

Each case is a run of its own with a fake of its own, several at a time. Time is real for a program; the fake's passes
faster, so that what the service lets a client wait for does not take long.
"""

from __future__ import annotations

import os
import shlex
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ..edges.server.registry import ServedFake
from ..edges.server.video_server import VideoServer
from ..judge import anomalies
from ..judge.expectation import case_of
from ..judge.observations import Outcome, is_clip
from ..judge.verdict import Report, Terms, Verdict, judge, new_report
from ..scenario.library import Library
from ..scenario.model import Expect, Scenario
from .callables import API_KEY
from .subprocesses import CompletedRun, run_program, stop_all

__all__ = ["EXIT_FIRST", "INTERRUPTED", "PLACEHOLDERS", "Program", "check_program"]

# Why a check ended before all of its cases were run.
INTERRUPTED = "interrupted"
EXIT_FIRST = "the first case that did not pass ended the check"

PLACEHOLDERS = ("base_url", "origin", "api_key", "task_id", "output")
_LARGEST = 64 * 1024 * 1024  # bytes of a delivered file that are read: clips are small here
_TICK = 0.05  # seconds
_QUIET = 2.0  # seconds of silence after which a client that was told to wait for minutes need not be waited for


@dataclass(frozen=True, slots=True)
class Program:
    """A command line, and how it is run.

    - `arguments`: the program and its arguments; `{base_url}`, `{origin}`, `{api_key}`, `{task_id}` and `{output}` are
      replaced in them.
    - `flow`: `"poll"` gives the client a task, `"create"` lets it make one.
    - `timeout`: seconds after which it is stopped.
    - `speed`: how many times faster the fake's time passes.
    - `rerun`: the command that runs just one case again, up to its name and the program.
    """

    arguments: Sequence[str]
    flow: str = "poll"
    seed: int = 0
    timeout: float = 40.0
    speed: float = 60.0
    rerun: Sequence[str] = ("video-mockserver", "check")

    def command(self, values: Mapping[str, str]) -> list[str]:
        """The arguments for one case."""
        made = []
        for argument in self.arguments:
            for name, value in values.items():
                argument = argument.replace(f"{{{name}}}", value)
            made.append(argument)
        return made

    def again(self, scenario: str) -> str:
        """The command that runs just one case again."""
        return shlex.join([*self.rerun, "--scenario", scenario, "--", *self.arguments])


def environment(values: Mapping[str, str]) -> dict[str, str]:
    """The environment of one case: our own, and what the client is to know."""
    made = dict(os.environ)
    for name in PLACEHOLDERS:
        made.pop(f"VIDEO_{name.upper()}", None)
        if name in values:
            made[f"VIDEO_{name.upper()}"] = values[name]
    made["OPENAI_BASE_URL"], made["OPENAI_API_KEY"] = values["base_url"], values["api_key"]
    for name in ("NO_PROXY", "no_proxy"):  # no proxy leads to this machine
        made[name] = ",".join(filter(None, (made.get(name), "127.0.0.1,localhost")))
    return made


def check_program(
    program: Program,
    cases: Sequence[tuple[Scenario, Expect]],
    *,
    library: Library,
    terms: Terms,
    jobs: int,
    left_out: Mapping[str, str] | None = None,
    exit_first: bool = False,
    on_verdict: Callable[[Verdict], None] = lambda verdict: None,
) -> Report:
    """Run a program once for each case, `jobs` at a time; verdicts come as they are ready, the report in order.

    With `exit_first` the first verdict that is no pass ends it, and so does a Ctrl-C: the report has what was judged
    until then, and says so. Raises `NotRunnable` when the program cannot be started.
    """
    began = time.perf_counter()
    report = new_report(
        shlex.join(program.arguments), terms, left_out or {}, time.time(),
        flow=program.flow, seed=program.seed, timeout=program.timeout, speed=program.speed,
    )  # fmt: skip
    found: dict[str, Verdict] = {}
    try:
        with VideoServer(library=library) as server, _pool(jobs) as submit:
            waiting = {submit(_judged, server, program, scenario, expect, terms) for scenario, expect in cases}
            while waiting and not report.ended_early:
                done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                for future in done:
                    verdict = future.result()
                    found[verdict.scenario.name] = verdict
                    on_verdict(verdict)
                    if exit_first and verdict.status != "pass":
                        report.ended_early = EXIT_FIRST
    except KeyboardInterrupt:
        report.ended_early = INTERRUPTED
    report.verdicts = [found[scenario.name] for scenario, _ in cases if scenario.name in found]
    if len(found) == len(cases):
        report.ended_early = ""
    else:
        not_run = (scenario.name for scenario, _ in cases if scenario.name not in found)
        report.skipped = {**report.skipped, **dict.fromkeys(not_run, f"not run: {report.ended_early}")}
    report.seconds = time.perf_counter() - began
    return report


@contextmanager
def _pool(jobs: int) -> Iterator[Callable[..., Future[Verdict]]]:
    """Workers; whatever ends this, every program has ended with it, and what waits has not begun."""
    pool = ThreadPoolExecutor(jobs, thread_name_prefix="video-mockserver-check")
    futures: list[Future[Verdict]] = []

    def submit(work: Callable[..., Verdict], *arguments: object) -> Future[Verdict]:
        futures.append(pool.submit(work, *arguments))
        return futures[-1]

    try:
        yield submit
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        # Not `wait`: it takes no notice of what was cancelled here.
        while not all(future.done() for future in futures):
            stop_all()
            time.sleep(_TICK)


def _judged(server: VideoServer, program: Program, scenario: Scenario, expect: Expect, terms: Terms) -> Verdict:
    began = time.perf_counter()
    with (
        tempfile.TemporaryDirectory(prefix="video-mockserver-", ignore_cleanup_errors=True) as folder,
        server.fake(scenario, keys=[API_KEY], seed=program.seed, speed=program.speed) as fake,
    ):
        output = Path(folder) / "clip.mp4"
        values = {
            "base_url": fake.base_url, "origin": fake.origin, "api_key": fake.api_key, "output": str(output),
        }  # fmt: skip
        if program.flow == "poll":
            values["task_id"] = fake.task(scenario).id
        ran = run_program(
            program.command(values), env=environment(values), timeout=program.timeout,
            enough=lambda: _waits_in_vain(fake, program.timeout, program.speed),
        )  # fmt: skip
        outcome = _outcome(ran, output)
        case = case_of(fake, scenario, expect, outcome, terms=terms, given=values.get("task_id"))
        verdict = judge(case, terms)
    verdict.seconds = time.perf_counter() - began
    verdict.output = ran.output
    verdict.rerun = program.again(scenario.name)
    return verdict


def _waits_in_vain(fake: ServedFake, timeout: float, speed: float) -> bool:
    """Whether the client was told to wait for longer than there is time, and does."""
    if not len(fake.journal):
        return False
    last = fake.journal[-1]
    return (anomalies.retry_after(last) or 0.0) > timeout and (fake.clock.now() - last.at) / speed > _QUIET


def _outcome(ran: CompletedRun, output: Path) -> Outcome:
    clip = None
    if output.is_file():
        with output.open("rb") as file:
            clip = file.read(_LARGEST)
    # Part of a clip may lie beside it, as clip.mp4.part.
    left = sum(path.stat().st_size for path in output.parent.iterdir() if path == output or _holds_film(path))
    if ran.code is None:
        return Outcome("stopped", f"stopped after {ran.seconds:.1f} s")
    if ran.code == 0:
        return Outcome("delivered", "exit 0", clip)
    said = f"exit {ran.code}" if ran.code > 0 else f"ended by signal {-ran.code}"
    return Outcome("reported", said, None, None if clip is None and not left else left)


def _holds_film(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return is_clip(file.read(16))
