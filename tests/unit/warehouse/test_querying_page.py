"""The page for BI people against the views as they are."""

import re
from pathlib import Path

import pytest

from warehouse.migrate import read_migrations

PAGE = (Path(__file__).parents[3] / "docs" / "querying.md").read_text()
COLUMN = re.compile(r"^    (\w+) (.+?) COMMENT '(.+?)'", re.MULTILINE)
VIEWS = {
    migration.name[5:-4]: COLUMN.findall(migration.sql)
    for migration in read_migrations()
    if re.search(r"CREATE (OR REPLACE )?VIEW", migration.sql)
}


@pytest.mark.parametrize("view", VIEWS)
def test_the_page_describes_every_column_of_every_view(view):
    (section,) = (part for part in PAGE.split("\n### ")[1:] if f"`{view}`" in part.split("\n\n")[1])
    told = re.findall(r"^\| `(\w+)` \| (.+) \| (.+) \|$", section, re.MULTILINE)
    expected = [column for column in VIEWS[view] if column[0] != "window_start"]
    assert [column for column in told if column[0] != "window_start"] == expected
