"""The development ClickHouse as clickhouse-driver, our driver, sees it."""

import socket
import threading
import uuid
from datetime import UTC, datetime
from pathlib import Path

import pytest
from clickhouse_driver import Client
from clickhouse_driver.errors import ErrorCodes

from devstack.process import wait_until
from tests.support.refused import refusal

MANY = 300_000
GOLDEN = Path(__file__).parents[2] / "unit" / "devstack" / "golden" / "native.txt"


TYPED_VALUES = [
    ("UInt8", [0, 255]),
    ("UInt16", [0, 65_535]),
    ("UInt32", [0, 2**32 - 1]),
    ("UInt64", [0, 2**64 - 1]),
    ("Int64", [-(2**63), 2**63 - 1]),
    ("Float64", [-1.5, 1e300]),
    ("Bool", [True, False]),
    ("String", ["", "ünïcode \0 and a long one " + "x" * 1000]),
    ("FixedString(3)", ["abc", "xyz"]),
    ("LowCardinality(String)", ["phone", "tv"]),
    ("LowCardinality(Nullable(String))", ["phone", None]),
    ("Nullable(UInt32)", [None, 7]),
    ("DateTime('UTC')", [datetime(1970, 1, 1, tzinfo=UTC), datetime(2106, 2, 7, tzinfo=UTC)]),
    ("DateTime64(3, 'UTC')", [datetime(2026, 1, 2, 3, 4, 5, 678_000, UTC), datetime(1970, 1, 1, tzinfo=UTC)]),
    ("Map(UInt16, Int64)", [{}, {1: -5, 65_535: 2**40}]),
    ("Map(LowCardinality(String), UInt64)", [{"a": 1}, {"a": 2, "b": 3}]),
    ("Array(UInt64)", [[], [1, 2, 3]]),
    ("Array(Array(String))", [[["a"], []], []]),
    ("Tuple(UInt8, String)", [(1, "a"), (2, "b")]),
    ("UUID", [uuid.UUID(int=0), uuid.UUID("6ba7b810-9dad-11d1-80b4-00c04fd430c8")]),
    ("Enum8('stop' = -2, 'play' = 1)", ["play", "stop"]),
    ("SimpleAggregateFunction(max, UInt64)", [1, 2]),
]


def test_every_type_survives_the_round_trip(client):
    columns = [f"c{index}" for index in range(len(TYPED_VALUES))]
    types = [kind for kind, _ in TYPED_VALUES]
    rows = list(zip(*(values for _, values in TYPED_VALUES), strict=True))
    declared = ", ".join(f"{name} {kind}" for name, kind in zip(columns, types, strict=True))
    client.execute(f"CREATE TABLE t (row UInt8, {declared}) ENGINE = MergeTree ORDER BY row")
    client.execute("INSERT INTO t VALUES", [(number, *row) for number, row in enumerate(rows)])
    found, described = client.execute(
        f"SELECT {', '.join(columns)} FROM t ORDER BY row", with_column_types=True
    )
    assert found == rows
    assert described == list(zip(columns, types, strict=True))


def test_binary_strings_survive_the_round_trip(client):
    every_byte = bytes(range(256)) * 300  # with the blank line that ends inline data
    client.execute("CREATE TABLE t (a String) ENGINE = MergeTree ORDER BY ()")
    client.execute("INSERT INTO t VALUES", [(every_byte,)], settings={"strings_as_bytes": True})
    assert client.execute("SELECT a FROM t", settings={"strings_as_bytes": True}) == [(every_byte,)]


def test_columns_that_are_not_inserted_get_their_defaults(client):
    columns = "a UInt8, b UInt8 DEFAULT 7, c UInt16 MATERIALIZED a + b"
    client.execute(f"CREATE TABLE t ({columns}) ENGINE = MergeTree ORDER BY a")
    client.execute("INSERT INTO t (a) VALUES", [(1,)])
    assert client.execute("SELECT a, b, c FROM t") == [(1, 7, 8)]


def test_many_rows_go_in_and_come_out(client):
    client.execute("CREATE TABLE t (a UInt64, b LowCardinality(String)) ENGINE = MergeTree ORDER BY a")
    sent = client.execute(
        "INSERT INTO t VALUES",
        [list(range(MANY)), ["phone"] * MANY],
        columnar=True,
        settings={"async_insert": 0},
    )
    assert sent == MANY
    assert client.execute("SELECT count(), sum(a), uniqExact(b) FROM t") == [
        (MANY, MANY * (MANY - 1) // 2, 1)
    ]
    assert sum(a for a, _ in client.execute_iter("SELECT a, b FROM t")) == MANY * (MANY - 1) // 2


def test_an_insert_of_several_blocks_is_one_statement(client):
    client.execute("CREATE TABLE t (a UInt64, CONSTRAINT small CHECK a < 2000) ENGINE = MergeTree ORDER BY a")
    rows = [(number,) for number in range(2001)]
    error = refusal(client, "INSERT INTO t VALUES", rows, settings={"insert_block_size": 500})
    assert error.code == 469
    assert client.execute("SELECT count() FROM t") == [(0,)]


def test_an_insert_into_too_many_partitions_is_reported(client):
    client.execute("CREATE TABLE t (a UInt64) ENGINE = MergeTree PARTITION BY a ORDER BY a")
    assert refusal(client, "INSERT INTO t VALUES", [(number,) for number in range(200)]).code == 252


def test_an_insert_of_nothing_is_fine(client):
    client.execute("CREATE TABLE t (a UInt64) ENGINE = MergeTree ORDER BY a")
    assert client.execute("INSERT INTO t VALUES", []) == 0
    assert client.execute("INSERT INTO t (a) SELECT number FROM numbers(3)") == []
    client.execute("INSERT INTO t VALUES (7), (8)")
    assert client.execute("SELECT count() FROM t") == [(5,)]


@pytest.mark.parametrize(
    ("sql", "code"),
    [
        ("SELECT nope FROM system.one", ErrorCodes.UNKNOWN_IDENTIFIER),
        ("SELECT * FROM nowhere", ErrorCodes.UNKNOWN_TABLE),
        ("words that mean nothing", ErrorCodes.SYNTAX_ERROR),
        ("SELECT throwIf(number = 100000) FROM numbers(200000)", 395),
        ("SELECT 1; SELECT 2", ErrorCodes.SYNTAX_ERROR),
        ("CREATE TABLE", ErrorCodes.SYNTAX_ERROR),
    ],
)
def test_errors_have_the_codes_of_clickhouse(plain_client, sql, code):
    error = refusal(plain_client, sql)
    assert error.code == code
    assert error.message.startswith("DB::Exception: ")


@pytest.mark.parametrize(
    ("sql", "code"), [("INSERT INTO nowhere VALUES", 60), ("INSERT INTO t (a, nope) VALUES", 16)]
)
def test_an_insert_into_what_does_not_exist_fails_before_the_data(plain_client, sql, code):
    plain_client.execute("CREATE TABLE t (a UInt64) ENGINE = MergeTree ORDER BY a")
    assert refusal(plain_client, sql, [(1, 2)]).code == code


def test_parameters_are_values_and_never_sql(client):
    tricky = "it's \\ a\n\ttab'; DROP TABLE t --"
    assert client.execute("SELECT %(n)s AS n, %(s)s AS s", {"n": 7, "s": tricky}) == [(7, tricky)]


def test_parameters_of_the_server_are_values_and_never_sql(stack):
    tricky = "it's \\ a\n\ttab'; DROP TABLE t --"
    with Client(
        stack.clickhouse_host, port=stack.clickhouse_port, settings={"server_side_params": True}
    ) as client:
        found = client.execute("SELECT {n:UInt64}, {s:String}", {"n": 2**64 - 1, "s": tricky})
    assert found == [(2**64 - 1, tricky)]


def test_settings_belong_to_one_statement(client):
    ask = "SELECT value FROM system.settings WHERE name = 'max_threads'"
    assert client.execute(ask, settings={"max_threads": 3}) == [("3",)]
    assert client.execute(ask) != [("3",)]


def test_an_empty_result_still_has_columns(client):
    query = "SELECT toUInt8(1) AS a, toDateTime(0, 'UTC') AS b FROM system.one WHERE 0"
    assert client.execute(query, with_column_types=True) == ([], [("a", "UInt8"), ("b", "DateTime('UTC')")])
    assert client.execute("SHOW TABLES", with_column_types=True) == ([], [("name", "String")])


def test_statements_that_the_engine_does_not_stream_have_results_too(client):
    client.execute("CREATE TABLE t (a UInt64) ENGINE = MergeTree ORDER BY a")
    assert client.execute("SHOW TABLES") == [("t",)]
    assert client.execute("EXISTS TABLE t") == [(1,)]
    assert client.execute("DESCRIBE TABLE t")[0][:2] == ("a", "UInt64")
    assert client.execute("WITH 1 AS x SELECT x /* c */ ; ") == [(1,)]


def test_a_cancelled_query_ends_and_the_connection_goes_on(stack):
    with Client(stack.clickhouse_host, port=stack.clickhouse_port) as client:
        progress = client.execute_with_progress(
            "SELECT count() FROM numbers(1000000000000) WHERE NOT ignore(sipHash64(number))"
        )
        client.cancel()
        assert progress is not None
        assert client.execute("SELECT 1") == [(1,)]


def test_a_client_that_goes_away_takes_its_query_with_it(stack):
    with Client(stack.clickhouse_host, port=stack.clickhouse_port) as watcher:
        mark = uuid.uuid4().hex
        running = (
            f"SELECT countIf(query NOT LIKE '%processes%') FROM system.processes WHERE query LIKE '%{mark}%'"
        )
        slow = f"SELECT count() FROM numbers(1000000000000) WHERE NOT ignore(sipHash64(number), '{mark}')"
        client = Client(stack.clickhouse_host, port=stack.clickhouse_port, send_receive_timeout=1)
        with pytest.raises(OSError, match="timed out"):
            client.execute(slow)
        assert wait_until(lambda: watcher.execute(running) == [(0,)], timeout_s=10)


def test_a_slow_query_does_not_hold_up_another_client(stack):
    slow = Client(stack.clickhouse_host, port=stack.clickhouse_port)
    done = threading.Event()

    def wait_for_slow():
        slow.execute("SELECT sleep(1)")
        done.set()

    thread = threading.Thread(target=wait_for_slow)
    thread.start()
    with Client(stack.clickhouse_host, port=stack.clickhouse_port) as client:
        assert client.execute("SELECT 1") == [(1,)]
        assert not done.is_set()
    thread.join()
    slow.disconnect()


def test_the_server_says_what_it_is(plain_client):
    plain_client.execute("SELECT 1")
    assert plain_client.connection.server_info.display_name == "development engine (not a ClickHouse server)"
    assert plain_client.execute("SELECT timezone()") == [("UTC",)]


def test_the_real_engine_says_what_was_recorded_byte_for_byte(stack):
    """The recording that the front is tested with on canned answers is true."""
    with Client(stack.clickhouse_host, port=stack.clickhouse_port) as client:
        client.execute("CREATE DATABASE golden ENGINE = Atomic")
        try:
            with socket.create_connection((stack.clickhouse_host, stack.clickhouse_port), timeout=10) as raw:
                for who, spoken in (
                    line.split() for line in GOLDEN.read_text().splitlines() if line[0] != "="
                ):
                    if who == "C":
                        raw.sendall(bytes.fromhex(spoken))
                    else:
                        assert read_exactly(raw, len(spoken) // 2).hex() == spoken
        finally:
            client.execute("DROP DATABASE golden SYNC")


def read_exactly(raw, count):
    received = b""
    while len(received) < count:
        received += raw.recv(count - len(received)) or pytest.fail("the server hung up")
    return received
