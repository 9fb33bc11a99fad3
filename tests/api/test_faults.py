"""Faults as steps on the wire: each row of the table says truly what its steps do."""

from __future__ import annotations

from itertools import islice

import pytest

from video_mockserver.api.faults import FAULTS, NO_REPLY, Close, Data, Head, Hold, Reset, Wait, describe, steps
from video_mockserver.api.messages import Fault

BODY = bytes(range(256)) * 20


def sample(kind: str) -> Fault:
    """A fault of this kind, with the numbers that it needs."""
    row = FAULTS[kind]
    return Fault(kind, at=100 if row.at == "must" else None, amount=100 if row.amount == "must" else None)


@pytest.mark.parametrize("kind", FAULTS)
def test_what_arrives_of_a_reply_is_what_the_row_says(kind: str) -> None:
    taken = list(islice(steps(sample(kind), BODY), 2000))
    heads = [step.length for step in taken if isinstance(step, Head)]
    sent = b"".join(step.data for step in taken if isinstance(step, Data))
    row = FAULTS[kind]
    match row.arrives:
        case "whole":
            assert (heads, sent) == ([len(BODY)], BODY)
        case "without body":
            assert (heads, sent) == ([0], b"")
        case "by length":
            assert (heads, sent) == ([len(BODY) + 100], BODY)
        case "not":
            # Nothing at all, or a body that is cut short or whose end never comes.
            assert not heads or heads == [None] or len(sent) < heads[0]  # type: ignore[operator]
    ends = isinstance(taken[-1], Close | Reset)
    assert row.never_ends == (not ends)
    assert row.is_silent == isinstance(taken[-1], Hold)


@pytest.mark.parametrize("at", [0, 1, 0.0, 0.5, 1.0, len(BODY), 10 * len(BODY)])
@pytest.mark.parametrize("kind", [kind for kind, row in FAULTS.items() if row.at != "no"])
def test_a_cut_leaves_out_one_byte_at_least(kind: str, at: float) -> None:
    sent = b"".join(step.data for step in steps(Fault(kind, at=at), BODY) if isinstance(step, Data))
    wanted = int(len(BODY) * at) if isinstance(at, float) else at
    assert sent == BODY[: min(wanted, len(BODY) - 1)]


def test_a_drip_takes_as_long_as_its_rate_says() -> None:
    waits = [step.seconds for step in steps(Fault("drip", amount=1000), b"x" * 2000) if isinstance(step, Wait)]
    assert sum(waits) == pytest.approx(1.9)  # nothing is waited for before the first piece


@pytest.mark.parametrize(
    ("fault", "text"),
    [
        (Fault("reset"), "reset"), (Fault("reset", at=0), "reset after 0 bytes"),
        (Fault("truncate", at=0.5), "truncate after 50% of the body"), (Fault("drip", amount=20), "drip at 20 bytes/s"),
        (Fault("wrong_length", amount=-5), "wrong length of -5 bytes"),
        (Fault("wrong_length", amount=5), "wrong length of +5 bytes"),
    ],
)  # fmt: skip
def test_a_fault_in_words(fault: Fault, text: str) -> None:
    assert describe(fault) == text


def test_faults_before_the_status_line() -> None:
    assert {"reset", "close", "stall", "garbage"} == NO_REPLY
