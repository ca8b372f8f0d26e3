"""What a text may hold is a property of the contract: the same on every Python, whatever Unicode it knows."""

import hashlib

import pytest

from schemas.printable import REFUSED, is_printable
from tests.unit.streams.field_values import NOT_PRINTABLE

EVERY_ANSWER = "91549304354cc2459b57213381757c2051f94599e5be940b222cf172de48c842"
"""SHA-256 of a byte for every code point, 1 if it is printable. Another one needs another `logic_epoch`."""


def test_the_answers_are_frozen():
    """An id with an emoji of Unicode 15 was refused by Python 3.11 and counted by 3.13."""
    answers = bytes(map(is_printable, map(chr, range(0x110000))))
    assert hashlib.sha256(answers).hexdigest() == EVERY_ANSWER


def test_of_ascii_it_says_what_python_says():
    for char in map(chr, range(128)):
        assert is_printable(char) == is_printable(f"{char}\xe9") == char.isprintable()


@pytest.mark.parametrize(
    "char", ["\U0001fae8", "\U0001f600", "\u0378", "\u2065", "\U000e0080", "\xe9\u4e2d\u0661"]
)
def test_letters_and_emoji_pass_and_so_does_what_is_not_assigned(char):
    assert is_printable(char)
    assert is_printable(f"a {char} b")


@pytest.mark.parametrize("text", NOT_PRINTABLE.values(), ids=NOT_PRINTABLE)
def test_one_character_that_is_refused_refuses_the_text(text):
    assert not is_printable(text)
    assert not is_printable("\xe9" * 100 + text)


@pytest.mark.parametrize(("first", "last"), REFUSED)
def test_what_is_refused_is_refused_to_its_edges(first, last):
    assert not is_printable(chr(first))
    assert not is_printable(chr(last))
