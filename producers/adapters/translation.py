"""What adapters of request bodies have in common: what they take, return and refuse. Pure.

An adapter turns the decoded body of one request into events of the contract, and judges none of them:
what it cannot read it leaves out or hands on as it is, and the contract says what is wrong with it. Only a
body that is not of its vocabulary at all is refused.
"""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID, uuid5

import msgspec

from schemas.fields import EVENT_ID_PATTERN

Event = dict[str, Any]

# Never another: a message that is delivered again must get the id that it got the first time.
_NAMESPACE = UUID("5d4c9f0e-51f4-4b0b-9c53-0c1f7a3e8b62")
_EVENT_ID = re.compile(EVENT_ID_PATTERN)
# What a sender may set anew when it repeats a message. A batch may hold one `context` for all its messages.
_NOT_THE_MESSAGE = ("sentAt", "stm", "context")


class UntranslatableError(ValueError):
    """The body as a whole is not what its vocabulary sends: no event of it can be told from another."""


class TooManyMessagesError(ValueError):
    """The body holds more messages than the context allows; none of them was looked at."""


@dataclass(frozen=True, slots=True)
class Context:
    """What an adapter must know of the request besides its body.

    Attributes:
        received_at_ms: the collector's clock, in ms since the epoch. It stands in where a vocabulary
            does not say when a message was sent.
        most_messages: how many messages a body may hold.
    """

    received_at_ms: int
    most_messages: int = 500


class Translation(NamedTuple):
    """What a body says.

    Attributes:
        events: events of the contract, to be judged like any others. What was unreadable is among
            them as it came, so that it is set aside with a reason.
        ignored: how many messages of the vocabulary say nothing that is counted here.
    """

    events: list[Any]
    ignored: int


Translate = Callable[[object, Context], Translation]


def messages_of(value: object, name: str, context: Context) -> list[Any]:
    """Return the messages of a body. Raises UntranslatableError for no list, and TooManyMessagesError."""
    if not isinstance(value, list):
        raise UntranslatableError(f"`{name}` is a list")
    if len(value) > context.most_messages:
        raise TooManyMessagesError(f"more than {context.most_messages} in `{name}`")
    return value


def event_id(vocabulary: str, message_id: object, message: object) -> str:
    """Return the UUID of a message: its own, or one that the same message always gets.

    A message without an id is known by all that it says, but for the time at which it was sent.
    Raises UntranslatableError for a message that no JSON text could hold.
    """
    if isinstance(message_id, str) and _EVENT_ID.match(message_id):
        return message_id
    if isinstance(message_id, str | int) and message_id != "":
        return named_id(vocabulary, str(message_id))
    return named_id(vocabulary, fingerprint(message))


def named_id(vocabulary: str, name: str) -> str:
    """Return the UUID (version 5) of a name within a vocabulary."""
    sayable = f"{vocabulary}:{name}".encode(errors="backslashreplace").decode()
    return str(uuid5(_NAMESPACE, sayable))


def sent_at(said: object, occurred_at: object, received_at_ms: int) -> object:
    """Return when a message was sent: as it says, else when it was received, but not before it occurred.

    With the collector's clock the event time is `occurred_at` itself, however often it is delivered.
    """
    if said is not None:
        return said
    return max(received_at_ms, occurred_at) if type(occurred_at) is int else received_at_ms


def fingerprint(message: object) -> str:
    """Return the SHA-256 of all that a message says, but for when it was sent and what surrounded it.

    Raises UntranslatableError for a message that no JSON text could hold.
    """
    if isinstance(message, dict):
        message = {name: value for name, value in message.items() if name not in _NOT_THE_MESSAGE}
    try:
        return hashlib.sha256(msgspec.json.encode(message, order="sorted")).hexdigest()
    except (msgspec.MsgspecError, RecursionError, OverflowError, TypeError, ValueError) as error:
        raise UntranslatableError(f"a message is no JSON: {type(error).__name__}") from error
