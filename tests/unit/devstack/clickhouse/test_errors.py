"""Errors as clients see them."""

import pytest

from devstack.clickhouse.errors import Code, QueryError


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        (
            "Code: 60. DB::Exception: No table. (UNKNOWN_TABLE)",
            60,
            "DB::Exception: No table. (UNKNOWN_TABLE)",
        ),
        ("Query failed: Code: 36. DB::Exception: Code: 62. DB::Exception: Bad", 62, "DB::Exception: Bad"),
        ("Code: 1. Two\nlines", 1, "Two\nlines"),
        ("something else", 1001, "DB::Exception: something else"),
    ],
)
def test_the_number_is_read_out_of_the_text_of_the_engine(text, code, message):
    error = QueryError.told_by_engine(RuntimeError(text))
    assert (error.code, error.message) == (code, message)


def test_an_error_of_our_own_is_worded_as_the_engine_words_it():
    error = QueryError.of(Code.NOT_IMPLEMENTED, "No")
    assert (error.code, error.message) == (48, "DB::Exception: No. (NOT_IMPLEMENTED)")
