"""The pages that list what exists: topics, tables, reasons, rules."""

import dataclasses

import pytest

from schemas import fields
from schemas.reasons import Reason
from schemas.rules import HOUR_MS, FoldRules
from schemas.tables import COUNTER_TABLES, LINEAGE
from schemas.topics import DAY_MS, PLAYER_EVENTS, TOPICS


def test_topics_have_names_of_their_own_and_partitions():
    assert len({topic.name for topic in TOPICS}) == len(TOPICS)
    assert all(topic.partitions > 0 and topic.written_by and topic.read_by for topic in TOPICS)


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
def test_a_message_at_the_limit_fits_the_topic(topic):
    assert int(topic.config["max.message.bytes"]) > fields.MAX_MESSAGE_BYTES >= 2 * fields.MAX_LINE_BYTES


def test_the_clock_of_the_broker_bounds_what_a_sender_may_claim():
    assert PLAYER_EVENTS.config["message.timestamp.type"] == "LogAppendTime"
    assert PLAYER_EVENTS.config["unclean.leader.election.enable"] == "false"


def test_events_are_kept_longer_than_anything_may_be_late():
    assert int(PLAYER_EVENTS.config["retention.ms"]) >= DAY_MS > FoldRules().lateness_ms


@pytest.mark.parametrize("table", COUNTER_TABLES, ids=lambda table: table.name)
def test_the_columns_of_a_table_are_unique(table):
    assert len(set(table.columns)) == len(table.columns)
    assert table.columns[0] == "window_start"
    at = table.columns.index(LINEAGE[0])
    assert table.columns[at : at + len(LINEAGE)] == LINEAGE
    assert table.counters or table.histograms


def test_tables_have_names_of_their_own_and_windows_that_make_up_a_day():
    assert len({table.name for table in COUNTER_TABLES}) == len(COUNTER_TABLES)
    assert all(86_400 % table.window_s == 0 for table in COUNTER_TABLES)


def test_a_reason_is_its_own_name():
    assert [reason.value for reason in Reason] == [reason.name.lower() for reason in Reason]


@pytest.mark.parametrize(
    "wrong",
    [
        {"lateness_ms": -1}, {"sitting_gap_ms": 7 * 24 * HOUR_MS + 1}, {"generation_ms": 999},
        {"generation_ms": 7 * HOUR_MS}, {"played_after_ms": 31 * 60_000}, {"clock_ahead_ms": -1},
        {"valid_play_ms": -1},
    ],
)  # fmt: skip
def test_rules_that_cannot_hold_together_are_refused_by_name(wrong):
    (name,) = wrong
    with pytest.raises(ValueError, match=name):
        FoldRules(**wrong)


def test_rules_at_their_limits_hold():
    FoldRules(generation_ms=1_000, lateness_ms=1_000, played_after_ms=30 * 60_000)
    FoldRules(lateness_ms=7 * 24 * HOUR_MS, generation_ms=7 * 24 * HOUR_MS)


def test_equal_rules_have_one_digest_and_any_change_another():
    digests = {FoldRules().digest()}
    for field in dataclasses.fields(FoldRules):
        changed = "x" if field.name == "experiment" else field.default + 1
        digests.add(FoldRules(**{field.name: changed}).digest())
    assert len(digests) == len(dataclasses.fields(FoldRules)) + 1
    assert FoldRules().digest() == FoldRules().digest()
