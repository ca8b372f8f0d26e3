"""Every question on the page for BI people is asked as it is written there."""

import re
from pathlib import Path

import pytest

PAGE = (Path(__file__).parents[3] / "docs" / "querying.md").read_text()
QUESTIONS = re.findall(r"```sql\n(.+?)```", PAGE, re.DOTALL)


def test_there_are_eight_questions():
    assert len(QUESTIONS) == 8


@pytest.mark.parametrize("number", range(len(QUESTIONS)))
def test_a_question_on_the_page_is_answered(full, connection, number):
    rows = connection.query(QUESTIONS[number])
    assert rows or "HAVING finished >= 20" in QUESTIONS[number]
