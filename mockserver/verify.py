"""`fake.verify()`: judge what a test did anyway."""

from __future__ import annotations

from dataclasses import replace

from mockserver.cases import case_of, expected
from mockserver.evidence import Outcome
from mockserver.fake import Fake
from mockserver.judge import ContractBroken, Report, Terms, judge, new_report

__all__ = ["verify"]


def verify(fake: Fake, *, clip: bytes | None, failed: bool, terms: Terms) -> Report:
    """Judge what a client did at a fake, each task for itself.

    `clip` is what the client delivered, `failed` whether it reported a failure; without either only what went over the
    wire is judged. Raises `ContractBroken` when a promise was broken, ValueError for both.
    """
    outcome = Outcome("unknown", "nobody said")
    if clip is not None and failed:
        raise ValueError("a client delivers a clip, or reports a failure; not both")
    if clip is not None:
        outcome = Outcome("delivered", "as the test says", bytes(clip))
    elif failed:
        outcome = Outcome("reported", "as the test says")
    report = new_report(
        "the client of this test", terms, {}, fake.clock.now(),
        flow="poll", seed=fake.settings.seed, timeout=0.0, speed=fake.clock.per_client_second() or 1.0,
    )  # fmt: skip
    if outcome.ended != "unknown" and not len(fake.journal):
        raise ContractBroken("no request came in: the client asked somebody else than this fake")
    # A client that found no task has asked for something, too.
    tasks = fake.tasks or ([fake.task()] if len(fake.journal) else [])
    for task in tasks:
        given = None if task.billed else task.id
        case = case_of(fake, task.scenario, expected(task.scenario, terms.order), outcome, terms=terms, given=given)
        own = [exchange for exchange in case.exchanges if exchange.task_id in (task.id, None)]
        # One outcome is one wish; without any the test may have had several.
        bill = case.bill if outcome.ended != "unknown" else int(task.billed)
        report.verdicts.append(judge(replace(case, exchanges=own, bill=bill), terms))
    report.raise_for_broken()
    return report
