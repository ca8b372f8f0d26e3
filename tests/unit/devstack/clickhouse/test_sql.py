"""What the front reads out of the text of statements, and what it refuses."""

import pytest

from devstack.clickhouse import sql
from devstack.clickhouse.errors import QueryError


@pytest.mark.parametrize("text", ["it's", "back\\slash", "\\'", ""])
def test_a_literal_is_quoted(text):
    quoted = sql.quote(text)
    assert sql.unquote_parameter(quoted) == text


def test_a_parameter_without_quotes_stays_as_it_is():
    assert sql.unquote_parameter("42") == "42"
    assert sql.unquote_parameter("'") == "'"


def test_an_identifier_is_quoted():
    assert sql.backtick("a`b\\c") == "`a\\`b\\\\c`"


@pytest.mark.parametrize(
    "text",
    ["SELECT 1", " -- why\n select 1", "/* a */ WITH 1 AS x SELECT x", "((SELECT 1))", "# x\nSELECT 1"],
)
def test_a_query_is_recognised_behind_comments(text):
    assert sql.begins_as_query(text)
    assert not sql.begins_as_insert(text)


@pytest.mark.parametrize("text", ["insert into t values", "/* a */ INSERT INTO t SELECT 1"])
def test_an_insert_is_recognised(text):
    assert sql.begins_as_insert(text)
    assert not sql.begins_as_query(text)


@pytest.mark.parametrize(
    "normal",
    [
        "SELECT 1 INTO OUTFILE 'x' FORMAT CSV",
        "INSERT INTO t FROM INFILE 'x' FORMAT CSV",
        "SELECT file('/etc/hostname')",
        "SELECT * FROM PYTHON(x)",
        "SELECT `file`('x')",
        "SELECT \"file\"('x')",
        "SELECT `fi\\x6ce`('x')",
        "CREATE TABLE t (a String) ENGINE = Executable('x', 'CSV')",
        "CREATE DICTIONARY d (a UInt8) PRIMARY KEY a SOURCE(FILE(PATH 'x' FORMAT 'CSV')) LAYOUT(FLAT())",
    ],
)
def test_what_reaches_out_of_the_database_is_refused(normal):
    assert sql.may_need_judging(normal)
    with pytest.raises(QueryError):
        sql.judge(normal)


@pytest.mark.parametrize(
    "normal",
    [
        "SELECT 'INTO OUTFILE', 'file(1)'",
        "SELECT file, python FROM `file (x)`",
        "SELECT 1 AS `INTO OUTFILE`",
        "SELECT profile(1)",
        "SELECT 'it''s file(1)'",
    ],
)
def test_text_and_names_are_not_refused(normal):
    sql.judge(normal)


def test_a_format_is_taken_off():
    assert sql.split_format("SELECT 1 FORMAT JSON") == ("SELECT 1", "JSON")
    assert sql.split_format("SELECT 1 FORMAT JSON SETTINGS max_threads = 1") == (
        "SELECT 1 SETTINGS max_threads = 1",
        "JSON",
    )
    assert sql.split_format("SELECT 1") == ("SELECT 1", None)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("INSERT INTO t VALUES", True),
        ("INSERT INTO t (a) values ; ", True),
        ("INSERT INTO t FORMAT JSONEachRow\n", True),
        ("INSERT INTO t VALUES (1)", False),
        ("INSERT INTO t SELECT 1", False),
    ],
)
def test_an_insert_without_data_waits_for_them(text, expected):
    assert sql.data_follows(text) is expected


def test_an_insert_from_a_query_is_recognised():
    assert sql.is_insert_select("INSERT INTO t SELECT 1")
    assert not sql.is_insert_select("INSERT INTO `a SELECT b` FORMAT Values")


@pytest.mark.parametrize(
    ("normal", "sample", "from_file"),
    [
        ("INSERT INTO t", "SELECT * FROM t", "INSERT INTO t FROM INFILE '/x' FORMAT Native"),
        (
            "INSERT INTO app.`odd name` (a, `b)`) SETTINGS async_insert = 0",
            "SELECT a, `b)` FROM app.`odd name`",
            "INSERT INTO app.`odd name` (a, `b)`) FROM INFILE '/x' SETTINGS async_insert = 0 FORMAT Native",
        ),
    ],
)
def test_an_insert_is_rewritten_to_read_a_file(normal, sample, from_file):
    head = sql.InsertHead(normal)
    assert (head.sample, head.from_file("/x", "Native")) == (sample, from_file)


def test_another_form_of_insert_is_refused():
    with pytest.raises(QueryError, match="not supported"):
        sql.InsertHead("INSERT INTO FUNCTION null('a UInt8')")
