"""All rules, in their order."""

from __future__ import annotations

from support.broken_clients import BROKEN_CLIENTS
from video_mockserver.judge.rules.rule import LEVELS
from video_mockserver.judge.rules.table import RULES
from video_mockserver.judge.rules.thresholds import EXPLAINED


def test_ids_are_unique_and_must_comes_before_should() -> None:
    levels = [rule.level for rule in RULES.values()]
    assert (levels.count("must"), levels.count("should")) == (14, 20)
    assert levels == sorted(levels, key=LEVELS.index)
    assert [rule.id for rule in RULES.values()] == list(RULES)


def test_every_rule_is_a_sentence_with_a_source() -> None:
    for rule in RULES.values():
        assert rule.sentence[0].isupper(), rule.id
        assert rule.sentence.endswith("."), rule.id
        assert rule.source, rule.id


def test_every_rule_has_a_client_that_breaks_it() -> None:
    of_programs = {"no-partial-file"}
    assert {client.rule for client in BROKEN_CLIENTS.values()} | of_programs == set(RULES)


def test_every_limit_is_that_of_a_rule() -> None:
    assert {id for id in EXPLAINED if not id.endswith("*")} <= set(RULES)
