"""The topics: their names, shapes, who writes them and who reads them."""

from dataclasses import dataclass, field
from typing import Final

DAY_MS: Final = 86_400_000
MAX_KEPT_LINE_BYTES: Final = 2 * 1024 * 1024
"""The longest line that quarantine keeps whole: one that fills a message of `player.events.v1`.

The broker measures what it stores, and a sender may compress: a message can be longer by far once it is
unpacked. Of such a line the beginning is kept (runtime/cutting.py).
"""
MAX_SEALED_MESSAGE_BYTES: Final = 4 * 1024 * 1024
"""The longest line that is kept, in base64, and what stands around it."""


@dataclass(frozen=True, slots=True)
class Topic:
    """A Kafka topic as this project creates it. `config` are the broker's own names of settings."""

    name: str
    partitions: int
    written_by: str
    read_by: str
    config: dict[str, str] = field(default_factory=dict)


PLAYER_EVENTS: Final = Topic(
    name="player.events.v1",
    partitions=12,
    written_by="producers",
    read_by="streams (consumer group cliffhanger.engagement)",
    config={
        "cleanup.policy": "delete",
        "retention.ms": str(7 * DAY_MS),  # the budget for an outage of the warehouse
        "message.timestamp.type": "LogAppendTime",  # bounds what a sender may claim as received_at
        "max.message.bytes": str(MAX_KEPT_LINE_BYTES),  # as stored: compressed, if its sender does
        "unclean.leader.election.enable": "false",
    },
)
"""Events, one or more NDJSON lines a message; all events of a viewer in one partition. In the place of an
event that the collector refused stands a sealed line (schemas/sealed.py)."""

QUARANTINE: Final = Topic(
    name="player.quarantine.v1",
    partitions=4,
    written_by="streams",
    read_by="people, and the replay of quarantine after a mend",
    config={
        "cleanup.policy": "delete",
        "retention.ms": str(14 * DAY_MS),
        "max.message.bytes": str(MAX_SEALED_MESSAGE_BYTES),
    },
)
"""The lines that could not be used, cut where they are too long to be kept, sealed where a key is set: the
line as value; reason, partition, offset and index as headers."""

TOPICS: Final = (PLAYER_EVENTS, QUARANTINE)
CONSUMER_GROUP: Final = "cliffhanger.engagement"
