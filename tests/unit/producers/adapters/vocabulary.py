"""What the tests of the adapters share: fixtures, and the judgement of the contract."""

import json
from pathlib import Path

from pydantic import ValidationError

from producers.adapters.translation import Context
from schemas.events import EVENT

FIXTURES = Path(__file__).parents[3] / "fixtures" / "vocabularies"
RECEIVED_AT = 1_772_395_500_000
CONTEXT = Context(received_at_ms=RECEIVED_AT)


def fixture(name):
    return json.loads((FIXTURES / name).read_text())


def keeps_the_contract(event):
    try:
        EVENT.validate_json(json.dumps(event))
    except (ValidationError, TypeError):
        return False
    return True


def complaints(event):
    """The fields that the contract finds fault with."""
    try:
        EVENT.validate_json(json.dumps(event))
    except ValidationError as error:
        return {str(fault["loc"][-1]) for fault in error.errors()}
    return set()
