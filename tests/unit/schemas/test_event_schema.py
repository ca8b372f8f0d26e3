"""docs/event.schema.json says what the models say."""

from pathlib import Path

import jsonschema
import pytest

from schemas.__main__ import DEFAULT_PATH, DIALECT, event_schema, main
from tests.unit.streams.contract import EXAMPLES

FILE = Path(__file__).parents[3] / DEFAULT_PATH
SCHEMA = event_schema()
ALWAYS = ("schema_version", "event_id", "event_type", "viewer_id", "occurred_at", "sent_at")
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
BRANCHES = {
    name: jsonschema.Draft202012Validator({"$ref": ref, "$defs": SCHEMA["$defs"]})
    for name, ref in SCHEMA["discriminator"]["mapping"].items()
}
"""A validator for each type of event: trying all branches for every fault would take half a minute."""


def test_the_file_is_current():
    assert main(["--check", str(FILE)]) == 0


def test_it_is_a_schema_of_its_dialect():
    assert event_schema()["$schema"] == DIALECT == VALIDATOR.META_SCHEMA["$id"]
    VALIDATOR.check_schema(event_schema())


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_an_example_of_every_event_validates(name):
    VALIDATOR.validate(EXAMPLES[name])
    BRANCHES[name].validate(EXAMPLES[name] | {"new": {"in": "the next version"}})


@pytest.mark.parametrize("name", sorted(EXAMPLES))
@pytest.mark.parametrize(
    "fault",
    [
        {"event_type": "coffee"}, {"schema_version": 2}, {"viewer_id": ""},
        {"viewer_id": "a" * 129}, {"viewer_id": 1},
        {"event_id": "1"}, {"occurred_at": -1}, {"sent_at": 1.5}, {"sent_at": "1"},
    ],
)  # fmt: skip
def test_a_fault_does_not_validate(name, fault):
    assert not BRANCHES[name].is_valid(EXAMPLES[name] | fault)


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_each_event_lists_its_required_fields(name):
    optional = {field for field in EXAMPLES[name] if BRANCHES[name].is_valid(without(EXAMPLES[name], field))}
    assert "received_at" in optional
    assert optional.isdisjoint(ALWAYS)


def without(event, field):
    return {name: value for name, value in event.items() if name != field}


def test_an_event_of_an_unknown_type_does_not_validate():
    assert not VALIDATOR.is_valid(EXAMPLES["pause"] | {"event_type": "coffee"})


def test_a_stale_file_fails_the_check_and_is_mended_by_writing(tmp_path, capsys):
    path = tmp_path / "event.schema.json"
    assert main(["--check", str(path)]) == 1
    path.write_text("{}", encoding="utf-8")
    assert main(["--check", str(path)]) == 1
    assert "python -m schemas" in capsys.readouterr().err
    assert main([str(path)]) == 0
    assert main(["--check", str(path)]) == 0
