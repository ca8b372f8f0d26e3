"""What the development ClickHouse lets whom do: nothing outside the database, nobody without a login."""

import pytest
from clickhouse_driver import Client

from tests.support.refused import refusal


@pytest.mark.parametrize(
    ("sql", "code"),
    [
        ("SELECT 1 INTO OUTFILE '{path}'", 48),
        ("SELECT 1 /* FORMAT */ INTO /* x */ OUTFILE '{path}'", 48),
        ("INSERT INTO t FROM INFILE '/etc/hostname' FORMAT CSV", 48),
        ("INSERT INTO FUNCTION file('{path}', 'CSV', 'a String') SELECT 'x'", 497),
        ("SELECT * FROM file('/etc/hostname', 'LineAsString')", 497),
        ("SELECT file('/etc/hostname')", 497),
        ("SELECT `file`/**/('/etc/hostname')", 497),
        ("SELECT `fi\\x6ce`('/etc/hostname')", 497),
        ("INSERT INTO t VALUES (file('/etc/hostname'))", 497),
        ("SELECT * FROM `/etc/hostname`", 60),
        ("SELECT * FROM url('http://127.0.0.1:1/', 'CSV', 'a String')", 497),
        ("SELECT * FROM remote('127.0.0.1', system.one)", 497),
        ("SELECT * FROM python(engine)", 497),
        ("SELECT * FROM executable('x', 'CSV', 'a String')", 497),
        ("CREATE TABLE f (a String) ENGINE = File('CSV')", 497),
        ("CREATE TABLE f (a String) ENGINE = URL('http://127.0.0.1:1/')", 497),
    ],
)
def test_nothing_outside_the_database_is_read_or_written(plain_client, tmp_path, sql, code):
    plain_client.execute("CREATE TABLE t (a String) ENGINE = MergeTree ORDER BY a")
    path = tmp_path / "out"
    assert refusal(plain_client, sql.replace("{path}", str(path))).code == code
    assert not path.exists()


def test_words_that_look_dangerous_are_fine_as_text(client):
    query = "SELECT 'INTO OUTFILE file(1)' AS `python (x)` FORMAT Native"
    assert client.execute(query, with_column_types=True) == (
        [("INTO OUTFILE file(1)",)],
        [("python (x)", "String")],
    )


@pytest.mark.parametrize(("user", "password"), [("default", "wrong"), ("stranger", "")])
def test_a_wrong_login_is_refused(stack, user, password):
    client = Client(stack.clickhouse_host, port=stack.clickhouse_port, user=user, password=password)
    assert refusal(client, "SELECT 1").code == 516


def test_a_viewer_reads_and_does_not_write(stack, plain_client, database):
    plain_client.execute("CREATE TABLE t (a UInt64) ENGINE = MergeTree ORDER BY a")
    with Client(
        stack.clickhouse_host, port=stack.clickhouse_port, database=database, user="viewer"
    ) as viewer:
        assert viewer.execute("SELECT count() FROM t") == [(0,)]
        for sql in ("CREATE TABLE u AS t", "DROP TABLE t", "SET readonly = 0"):
            assert refusal(viewer, sql).code == 164
        assert refusal(viewer, "INSERT INTO t VALUES", [(1,)]).code == 164


def test_a_database_that_does_not_exist_is_refused_at_login(stack):
    client = Client(stack.clickhouse_host, port=stack.clickhouse_port, database="nowhere")
    assert refusal(client, "SELECT 1").code == 81
