"""`fake.verify()`: judge what a test's client did at a fake."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Unpack

from ..fake.fake import Fake
from ..fake.options import check_option_names
from .observations import Outcome

if TYPE_CHECKING:
    from .verdict import Report, TermsOptions

__all__ = ["JudgedFake"]


class JudgedFake(Fake):
    """A fake that can judge its client. The judge is imported at the first `verify()`."""

    def verify(self, *, clip: bytes | None = None, failed: bool = False, **terms: Unpack[TermsOptions]) -> Report:
        """Judge what the client did so far, each task separately.

        - `clip`: the bytes that the client delivered; `failed`: whether it reported a failure. With neither of them
          only the requests are judged.
        - `level`, `url_order`, `levels`, `ignore`: the rules that are judged, as in `Terms`.

        Raises `ContractBroken` when a rule was violated or no request came in, ValueError for a clip and a failure at
        once or for wrong terms, TypeError for a clip that is not bytes or an unknown option.
        """
        __tracebackhide__ = True  # for pytest: the message is enough
        from .expectation import case_of, expected
        from .verdict import ContractBroken, Terms, TermsOptions, judge, new_report

        check_option_names(terms, TermsOptions.__annotations__)
        chosen = Terms(**terms)
        outcome = _outcome(clip, failed)
        report = new_report(
            "the client of this test", chosen, {}, self.clock.now(),
            flow="poll", seed=self.settings.seed, timeout=None, speed=self.clock.per_client_second() or 1.0,
        )  # fmt: skip
        if outcome.ended != "unknown" and not len(self.journal):
            raise ContractBroken("no request came in: the client did not use this fake's base_url")
        # Requests that name no task are judged too: then with a task that nobody requested.
        tasks = self.tasks or ([self.task()] if len(self.journal) else [])
        for task in tasks:
            given = None if task.billed else task.id
            expect = expected(task.scenario, chosen.order)
            case = case_of(self, task.scenario, expect, outcome, terms=chosen, given=given)
            own = [exchange for exchange in case.exchanges if exchange.task_id in (task.id, None)]
            # A known outcome is that of one clip; without it the test may have asked for several.
            bill = case.bill if outcome.ended != "unknown" else int(task.billed)
            report.verdicts.append(judge(replace(case, exchanges=own, bill=bill), chosen))
        report.raise_for_violations()
        return report


def _outcome(clip: bytes | None, failed: bool) -> Outcome:
    if clip is not None and not isinstance(clip, (bytes, bytearray, memoryview)):
        raise TypeError(f"clip: expected the delivered bytes, not {type(clip).__name__}")
    if clip is not None and failed:
        raise ValueError("pass clip= or failed=, not both")
    if clip is not None:
        return Outcome("delivered", "as passed to verify()", bytes(clip))
    if failed:
        return Outcome("reported", "as passed to verify()")
    return Outcome("unknown", "verify() was not told how the client ended: pass clip= or failed=")
