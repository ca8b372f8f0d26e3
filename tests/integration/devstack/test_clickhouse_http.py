"""The development ClickHouse over HTTP, as curl and BI tools see it."""

import json
import urllib.error
import urllib.parse
import urllib.request

import pytest

from devstack.process import wait_until


@pytest.fixture
def ask(stack, database):
    def ask(query=None, body=None, headers=None, **parameters):
        address = urllib.parse.urlencode({"query": query or "", "database": database, **parameters})
        request = urllib.request.Request(
            f"{stack.clickhouse_http_url}?{address}", data=body, headers=headers or {}
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.read()

    return ask


@pytest.fixture
def table(ask):
    ask(body=b"CREATE TABLE t (a UInt64, b String) ENGINE = MergeTree ORDER BY a")
    return "t"


def refusal(ask, *args, **kwargs):
    with pytest.raises(urllib.error.HTTPError) as caught:
        ask(*args, **kwargs)
    with caught.value as error:
        return error.code, int(error.headers["X-ClickHouse-Exception-Code"]), error.read().decode()


def test_a_query_in_the_address_is_answered_as_json(ask):
    answer = json.loads(ask("SELECT 1 AS a, 'x' AS b FORMAT JSON"))
    assert answer["meta"] == [{"name": "a", "type": "UInt8"}, {"name": "b", "type": "String"}]
    assert answer["data"] == [{"a": 1, "b": "x"}]


def test_a_query_in_the_body_is_answered_in_the_default_format(ask):
    assert ask(body=b"SELECT 1, 'x'") == b"1\tx\n"
    assert ask(body=b"SELECT 1, 'x'", default_format="CSV") == b'1,"x"\n'


def test_parameters_and_settings_are_taken_from_the_address(ask):
    assert ask("SELECT {n:UInt64} + 1", param_n="41") == b"42\n"
    assert ask("SELECT getSetting('max_threads')", max_threads="3") == b"3\n"


def test_rows_are_inserted_from_the_body(ask, table):
    ask(f"INSERT INTO {table} FORMAT JSONEachRow", body=b'{"a":1,"b":"x"}\n\n{"a":2,"b":"y"}\n')
    ask(f"INSERT INTO {table} (b, a) VALUES", body=b"('z', 3)")
    ask(body=f"INSERT INTO {table} FORMAT CSV\n4,v\n5,w\n".encode())
    ask(body=f"INSERT INTO {table} VALUES (6, 'u')".encode())
    assert ask(f"SELECT groupArray(a), groupArray(b) FROM (SELECT * FROM {table} ORDER BY a)") == (
        b"[1,2,3,4,5,6]\t['x','y','z','v','w','u']\n"
    )


def test_blocks_are_written_for_clients_that_ask_for_them(ask):
    query = "SELECT toDateTime(0, 'UTC') AS a FORMAT Native"
    plain = ask(query)
    assert plain == b"\x01\x01\x01a\x08DateTime\x00\x00\x00\x00"
    block = ask(query, client_protocol_version="54405")
    assert block == b"\x01\x00\x02\xff\xff\xff\xff\x00\x01\x01\x01a\x0fDateTime('UTC')\x00\x00\x00\x00"


def test_an_error_has_a_status_and_the_code_of_clickhouse(ask):
    status, code, text = refusal(ask, "SELECT * FROM nowhere")
    assert (status, code) == (404, 60)
    assert text.startswith("Code: 60. DB::Exception: ")


def test_an_insert_that_violates_a_constraint_is_reported(ask):
    ask(body=b"CREATE TABLE c (a UInt8, CONSTRAINT small CHECK a < 5) ENGINE = MergeTree ORDER BY a")
    assert refusal(ask, "INSERT INTO c VALUES", body=b"(7)")[1] == 469
    assert ask("SELECT count() FROM c") == b"0\n"


def test_a_client_that_goes_away_takes_its_query_with_it(stack, ask):
    slow = "SELECT count() FROM numbers(1000000000000) WHERE NOT ignore(sipHash64(number), 'http')"
    address = f"{stack.clickhouse_http_url}?{urllib.parse.urlencode({'query': slow})}"
    with pytest.raises(TimeoutError):
        urllib.request.urlopen(address, timeout=0.5)
    running = "SELECT count() FROM system.processes WHERE query LIKE '%ignore(sipHash64(number), ''http'')'"
    assert wait_until(lambda: ask(running) == b"0\n", timeout_s=10)


def test_a_get_does_not_write(ask, table):
    assert refusal(ask, f"DROP TABLE {table}")[1] == 164


@pytest.mark.parametrize(
    ("query", "body", "code"),
    [
        ("SELECT 1 INTO OUTFILE '/tmp/no'", None, 48),
        ("SELECT file('/etc/hostname')", None, 497),
        ("INSERT INTO t VALUES", b"(1, file('/etc/hostname'))", 497),
        ("SELECT 1; SELECT 2", None, 62),
    ],
)
def test_nothing_outside_the_database_is_read_or_written(ask, table, query, body, code):
    assert refusal(ask, query, body=body)[1] == code


def test_an_unknown_setting_is_refused(ask):
    assert refusal(ask, "SELECT 1", no_such_setting="1")[1] == 115


@pytest.mark.parametrize(
    "headers",
    [
        {"X-ClickHouse-User": "default", "X-ClickHouse-Key": "wrong"},
        {"Authorization": "Basic ZGVmYXVsdDp3cm9uZw=="},
        {"Authorization": "Basic %%%"},
    ],
)
def test_a_wrong_login_is_refused(ask, headers):
    assert refusal(ask, "SELECT 1", headers=headers)[:2] == (403, 516)


@pytest.mark.parametrize("headers", [{"Origin": "https://example.org"}, {"Host": "example.org:80"}])
def test_a_web_page_gets_nothing(ask, headers):
    assert refusal(ask, "SELECT 1", headers=headers)[:2] == (403, 497)


def test_the_server_answers_pings(stack):
    with urllib.request.urlopen(f"{stack.clickhouse_http_url}ping") as answer:
        assert answer.read() == b"Ok.\n"
