"""The truth file is read, and differences are told."""

import json
from collections import Counter

from schemas.tables import COUNTER_TABLES
from tests.oracle.oracle import COLUMNS, diff, from_truth, tables
from tests.unit.oracle.events import shown, start, watch

ROW = {"a": 1, "bins": {0: 2}}


def test_the_oracle_knows_every_table_by_its_own_names():
    theirs = {t.name: (t.counters, t.histograms) for t in COUNTER_TABLES}
    assert {name: (tuple(c.split()), tuple(h.split())) for name, (c, h) in COLUMNS.items()} == theirs


def test_a_truth_file_gives_events_and_counts_of_bad_lines(tmp_path):
    first, second = start(country="\u2028"), shown()
    lines = [{"event": first}, {"bad": "not_json", "line_sha256": "0"}, {"event": second}]
    lines += [{"bad": "late", "line_sha256": "1"}, {"bad": "late", "line_sha256": "2"}]
    path = tmp_path / "truth.jsonl"
    path.write_text("".join(json.dumps(x, ensure_ascii=False) + "\n" for x in lines), encoding="utf-8")
    assert from_truth(path) == ([first, second], Counter(late=2, not_json=1))


def test_equal_tables_differ_in_nothing():
    events = [*watch(), shown()]
    assert diff(tables(events), tables(events)) == []


def test_what_is_absent_equals_what_is_zero():
    assert diff({"t": {}}, {"t": {(0,): {"a": 0, "bins": {3: 0}}}, "u": {}}) == []
    assert diff({"t": {(0,): ROW}}, {"t": {(0,): ROW | {"b": 0}}}) == []


def test_a_difference_names_table_key_counter_and_both_values():
    actual = {"t": {(0, "x"): {"a": 3, "bins": {1: 2}}}}
    assert diff({"t": {(0, "x"): ROW}}, actual) == [
        "t (0, 'x') a: expected 1, got 3",
        "t (0, 'x') bins[0]: expected 2, got 0",
        "t (0, 'x') bins[1]: expected 0, got 2",
    ]


def test_a_row_too_many_and_a_row_missing_are_told():
    assert diff({"t": {(1,): {"a": 1}}}, {"t": {(2,): {"a": 1}}}) == [
        "t (1,) a: expected 1, got 0",
        "t (2,) a: expected 0, got 1",
    ]


def test_only_the_first_differences_are_told():
    many = {"t": {(n,): {"a": 1} for n in range(5)}}
    assert diff(many, {}, limit=2)[2:] == ["... and 3 more"]
    assert len(diff(many, {}, limit=5)) == 5
