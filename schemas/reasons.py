"""The closed list of reasons for which a line is set aside. A reason is here or it does not exist."""

from enum import StrEnum


class Reason(StrEnum):
    """Why a line went to quarantine.

    When several hold, the first in this order is given; of faults in several fields (missing, of a wrong
    type, of an invalid value) the one that is met first.
    """

    TOO_LARGE = "too_large"
    """The line is longer than 32 KB, or it stands in a message of more than 1 MB."""
    NOT_JSON = "not_json"
    """Not UTF-8, or not JSON: cut off, NaN, a lone surrogate, brackets without end."""
    NOT_AN_OBJECT = "not_an_object"
    """JSON, but not an object."""
    UNKNOWN_SCHEMA_VERSION = "unknown_schema_version"
    """`schema_version` is an integer that this contract does not know."""
    UNKNOWN_EVENT_TYPE = "unknown_event_type"
    """`event_type` is text that names no event of the contract."""
    MISSING_FIELD = "missing_field"
    """A required field is absent or null."""
    WRONG_TYPE = "wrong_type"
    """A field holds another JSON type than the contract says."""
    INVALID_VALUE = "invalid_value"
    """A field has the right type and a value outside of its range or list."""
    CLOCK_UNUSABLE = "clock_unusable"
    """`sent_at` is before `occurred_at`, or the corrected time falls before 1970."""
    NOT_ALLOWED = "not_allowed"
    """The write key it came with may not send this event: a player reports a purchase."""
    OTHER_SESSION = "other_session"
    """The event names another viewer or session than the token of its sender."""
    LATE = "late"
    """The event is older than the partition's watermark less the lateness."""


AT_THE_DOOR = frozenset({Reason.NOT_ALLOWED, Reason.OTHER_SESSION})
"""What only the collector finds: it knows who sends."""
