"""docs/vocabularies.md says what the adapters' tables say, field by field."""

import re
from pathlib import Path

import pytest

from producers.adapters import ga4, revenuecat, segment
from producers.adapters import snowplow_media_v2 as v2
from producers.adapters import snowplow_tp2 as tp2
from producers.collector.vocabularies import VOCABULARIES

PAGE = (Path(__file__).parents[4] / "docs" / "vocabularies.md").read_text()
SECTIONS = {section.split("\n")[0]: section for section in PAGE.split("\n## ")[1:]}
ADAPTERS = {"Segment and RudderStack": segment, "Snowplow": v2, "GA4": ga4, "RevenueCat": revenuecat}
PARTS = list(ADAPTERS.items())


def rows(section, head):
    """The rows of a table: the name in the first column, and the cells of the others."""
    (table,) = re.findall(rf"^\| {head} \|.*\n\|[-| ]+\n((?:\|.*\n)+)", section, re.MULTILINE)
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()]
    return {name.strip("`"): rest for name, *rest in cells}


@pytest.mark.parametrize(("heading", "adapter"), PARTS)
def test_the_page_names_every_event_and_what_it_becomes(heading, adapter):
    told = {name: cells[0].strip("`") for name, cells in rows(SECTIONS[heading], "event").items()}
    assert told == adapter.EVENTS


@pytest.mark.parametrize(("heading", "adapter"), PARTS)
def test_the_page_names_every_field_and_where_it_stands(heading, adapter):
    told = {name: cells[0] for name, cells in rows(SECTIONS[heading], "field").items()}
    assert told == {
        name: ", else ".join(f"`{path}`" for path in field.paths) for name, field in adapter.FIELDS.items()
    }


@pytest.mark.parametrize(("heading", "adapter"), PARTS)
def test_the_page_names_every_platform(heading, adapter):
    (sentence,) = re.findall(r"^Platforms: .*?(?=\n\n|\Z)", SECTIONS[heading], re.MULTILINE | re.DOTALL)
    clauses = re.split(r"[;.]", sentence.removeprefix("Platforms: "))
    told = {}
    for clause in clauses:
        names = re.findall(r"`([^`]+)`", clause)
        stated = re.search(r"\b(?:is|are)\s+(ios|android|tv|web)\b", clause)
        if stated or len(names) == 1:
            told |= dict.fromkeys(names, stated[1] if stated else names[0])
    assert {name: told.get(name) for name in adapter.PLATFORMS} == adapter.PLATFORMS


def test_the_page_names_every_reason_to_end():
    told = {
        name: cells[1].strip("`")
        for name, cells in rows(SECTIONS["Segment and RudderStack"], "event").items()
        if cells[0] == "`play_end`"
    }
    assert told == segment.END_REASONS


def test_the_page_names_every_entity():
    told = {name: cells[0].strip("`") for name, cells in rows(SECTIONS["Snowplow"], "entity").items()}
    assert told.pop("episode`, of any vendor").startswith("episode")
    assert told == {f"{vendor}/{name}": here for (vendor, name), here in tp2.ENTITIES.items()}


@pytest.mark.parametrize("vocabulary", VOCABULARIES, ids=lambda vocabulary: vocabulary.path)
def test_the_page_names_every_path(vocabulary):
    assert f"`{vocabulary.path}`" in PAGE or f"`POST {vocabulary.path}`" in PAGE
