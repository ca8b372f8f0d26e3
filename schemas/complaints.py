"""Which reason it is that a line decodes as JSON and not as an event. Pure.

The workers and the collector decode with msgspec, each into types of its own; what msgspec complains of
means the same to both.
"""

import re
from collections.abc import Container

import msgspec

from schemas.fields import SCHEMA_VERSION
from schemas.reasons import Reason

# How complaints begin. What follows may quote the sender, who does not choose the reason.
_MISSING = "Object missing required field"
_GOT_NULL = re.compile(r"Expected `[^`]*`, got `null`")
_GOT_OTHER = re.compile(r"Expected `[^`]*`, got `")


def reason_of(line: bytes, complaint: str, event_types: Container[str]) -> Reason:  # noqa: PLR0911
    """Return the reason for a line that is no event of these types, by what the decoder complained of."""
    try:
        value = msgspec.json.decode(line)
    except msgspec.ValidationError:  # a number that no float can hold
        return Reason.INVALID_VALUE
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Reason.NOT_JSON
    if not isinstance(value, dict):
        return Reason.NOT_AN_OBJECT
    version, event_type = value.get("schema_version"), value.get("event_type")
    if type(version) is int and version != SCHEMA_VERSION:
        return Reason.UNKNOWN_SCHEMA_VERSION
    if isinstance(event_type, str) and event_type not in event_types:
        return Reason.UNKNOWN_EVENT_TYPE
    if event_type is None or complaint.startswith(_MISSING) or _GOT_NULL.match(complaint):
        return Reason.MISSING_FIELD
    if not isinstance(event_type, str) or _GOT_OTHER.match(complaint):
        return Reason.WRONG_TYPE
    return Reason.INVALID_VALUE
