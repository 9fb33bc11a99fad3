"""docs/contract.md, which is made from the rules."""

from __future__ import annotations

import pytest

from support import ROOT
from video_mockserver.cli.contract_page import markdown
from video_mockserver.cli.main import main
from video_mockserver.judge.rules.rule import Rule
from video_mockserver.judge.rules.table import RULES


def test_the_page_is_that_of_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "--markdown"]) == 0
    assert capsys.readouterr().out == (ROOT / "docs" / "contract.md").read_text("utf-8")


def test_every_rule_is_on_the_page_under_its_level() -> None:
    must, _, should = markdown(RULES.values()).partition("## should: ")
    for rule in RULES.values():
        assert f"| `{rule.id}` | {rule.sentence} | {rule.source} |" in (must if rule.level == "must" else should)


def test_a_bar_does_not_end_a_cell() -> None:
    page = markdown([Rule("a", "must", "One | two.", "here", lambda case: iter(()))])
    assert "| `a` | One \\| two. | here |" in page
