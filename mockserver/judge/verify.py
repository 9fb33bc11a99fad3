"""`fake.verify()`: judge what a test did anyway."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from ..fake.fake import Fake

if TYPE_CHECKING:
    from .verdict import Report

__all__ = ["JudgedFake"]


class JudgedFake(Fake):
    """A fake that can say which promises a client broke at it. The judge is imported when it is asked for."""

    def verify(
        self,
        *,
        clip: bytes | None = None,
        failed: bool = False,
        level: str = "should",
        url_order: str = "output.url",
        levels: Mapping[str, str] | None = None,
        ignore: Mapping[str, str] | None = None,
    ) -> Report:
        """Judge what the client did so far, each task for itself.

        `clip` is what it delivered, `failed` whether it reported a failure; without either only what went over the wire
        is judged. `level`, `url_order`, `levels` and `ignore` are what it is held to (see `judge.Terms`). Raises
        `ContractBroken` when a promise was broken, ValueError for a clip and a failure at once, or wrong terms,
        TypeError for a clip that is not bytes.
        """
        __tracebackhide__ = True  # of pytest: the message says it all
        from .expectation import case_of, expected
        from .observations import Outcome
        from .verdict import ContractBroken, Terms, judge, new_report

        terms = Terms(level, url_order, levels or {}, ignore or {})
        outcome = Outcome("unknown", "nobody said")
        if clip is not None and not isinstance(clip, (bytes, bytearray, memoryview)):
            raise TypeError(f"clip: {type(clip).__name__} is not the bytes that the client delivered")
        if clip is not None and failed:
            raise ValueError("a client delivers a clip, or reports a failure; not both")
        if clip is not None:
            outcome = Outcome("delivered", "as the test says", bytes(clip))
        elif failed:
            outcome = Outcome("reported", "as the test says")
        report = new_report(
            "the client of this test", terms, {}, self.clock.now(),
            flow="poll", seed=self.settings.seed, timeout=None, speed=self.clock.per_client_second() or 1.0,
        )  # fmt: skip
        if outcome.ended != "unknown" and not len(self.journal):
            raise ContractBroken("no request came in: the client asked somebody else than this fake")
        # A client that found no task has asked for something, too.
        tasks = self.tasks or ([self.task()] if len(self.journal) else [])
        for task in tasks:
            given = None if task.billed else task.id
            case = case_of(self, task.scenario, expected(task.scenario, terms.order), outcome, terms=terms, given=given)
            own = [exchange for exchange in case.exchanges if exchange.task_id in (task.id, None)]
            # One outcome is one wish; without any the test may have had several.
            bill = case.bill if outcome.ended != "unknown" else int(task.billed)
            report.verdicts.append(judge(replace(case, exchanges=own, bill=bill), terms))
        report.raise_for_violations()
        return report
