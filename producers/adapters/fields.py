"""Find the fields of the contract in messages of other vocabularies, of whatever types. Pure.

A vocabulary is a table: for each field of the contract the paths where it may stand, the first that is
filled counts. A property of the platform that bears the name of a field *is* that field and goes first.
A value that cannot be converted is handed on as it is: the contract says what is wrong with it.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple, get_args

from producers.adapters.translation import Event
from schemas import events as contract
from schemas.fields import SCHEMA_VERSION

_MAX_NUMBER = 1e15  # a length or a time beyond it is none; far below where a float turns infinite
_MAX_DIGITS = 19
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MODELS = get_args(get_args(contract.Event)[0])
_TYPE_OF = {model: get_args(model.model_fields["event_type"].annotation)[0] for model in _MODELS}

FIELDS_OF: dict[str, frozenset[str]] = {
    event_type: frozenset(model.model_fields) - {"schema_version", "event_type"}
    for model, event_type in _TYPE_OF.items()
}
"""The names of all fields of each type of event."""

ENVELOPE = frozenset(contract.Envelope.model_fields)
"""Fields that no property may name: who, when and which message is for the vocabulary to say."""

PLATFORM_EVENTS = ("paywall_impression", "paywall_dismiss", "checkout_start")
"""Events that no vocabulary has. A platform sends them by these names, with the contract's fields."""


class Field(NamedTuple):
    """Where a field stands in a message.

    Attributes:
        paths: names with dots between them; the first that is filled counts.
        read: converts what stands there.
    """

    paths: tuple[str, ...]
    read: Callable[[Any], Any]

    def of(self, message: object) -> Any:
        """Return the value in the message, or None."""
        for path in self.paths:
            value = at(message, path)
            if value is not None and value != "":
                return self.read(value)
        return None


def canonical(event_type: str, message: object, fields: Mapping[str, Field], properties: object) -> Event:
    """Return the event that a message tells, with every field of that type which is found."""
    wanted = FIELDS_OF[event_type]
    event: Event = {"schema_version": SCHEMA_VERSION, "event_type": event_type}
    for name, field in fields.items():
        value = field.of(message) if name in wanted else None
        if value is not None:
            event[name] = value
    own = mapping(properties)
    event |= {name: own[name] for name in wanted - ENVELOPE if own.get(name) is not None}
    return event


def default(event: Event, **values: object) -> None:
    """Fill fields that the type has and the message lacks. None fills nothing."""
    wanted = FIELDS_OF[event["event_type"]]
    for name, value in values.items():
        if name in wanted and value is not None:
            event.setdefault(name, value)


def at(message: object, path: str) -> Any:
    """Return what stands at the path; None when there is nothing."""
    for step in path.split("."):
        if not isinstance(message, dict):
            return None
        message = message.get(step)
    return message


def mapping(value: object) -> dict[str, Any]:
    """Return the value if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def joined(*parts: object) -> object:
    """Return ids as one id, with colons between them. An absent one leaves no gap; an unreadable one wins."""
    texts = [as_text(part) for part in parts if part is not None and part != ""]
    wrong = [text for text in texts if not isinstance(text, str)]
    return wrong[0] if wrong else ":".join(map(str, texts)) or None


def as_is(value: object) -> object:
    """Return the value."""
    return value


def as_text(value: object) -> object:
    """Return an id as text: some senders write numbers."""
    return str(value) if type(value) is int and abs(value) < 10**_MAX_DIGITS else value


def as_whole(value: object) -> object:
    """Return the nearest whole number."""
    if type(value) is int:
        return value
    amount = number(value)
    return value if amount is None else round(amount)


def as_milliseconds(value: object) -> object:
    """Return seconds as milliseconds."""
    converted = milliseconds(value)
    return value if converted is None else converted


def as_time(value: object) -> object:
    """Return an ISO 8601 time, or milliseconds since the epoch that may be text, as milliseconds."""
    if type(value) is int:
        return value
    if isinstance(value, str) and not value.isdecimal():
        converted = moment_ms(value)
        return value if converted is None else converted
    return as_whole(value)


def as_country(value: object) -> object:
    """Return a country in capitals."""
    return value.upper() if isinstance(value, str) else value


def moment_ms(text: str) -> int | None:
    """Milliseconds since the epoch of an ISO 8601 time; one without a zone is UTC. None if it is none."""
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return round((moment - _EPOCH).total_seconds() * 1000)
    except (ValueError, OverflowError):
        return None


def milliseconds(seconds: object) -> int | None:
    """Milliseconds of a number of seconds that may be text; None when there is none."""
    amount = number(seconds)
    return None if amount is None else round(amount * 1000)


def number(value: object) -> float | None:
    """The number in a field that may be text, empty or null; None when there is none."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return None
    try:
        amount = float(value)
    except (ValueError, OverflowError):
        return None
    return amount if abs(amount) < _MAX_NUMBER else None
