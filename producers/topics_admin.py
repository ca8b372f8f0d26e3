"""Create the topics of the contract where they are absent; refuse those of another shape."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType
from kafka.errors import KafkaError, TopicAlreadyExistsError

from producers.broker import BOOTSTRAP_MS, connect
from runtime.brokers import Brokers
from runtime.clock import Clock, SystemClock
from runtime.errors import BrokerAwayError, TopicMismatchError
from schemas.topics import PLAYER_EVENTS, TOPICS, Topic

SHAPE = ("cleanup.policy", "message.timestamp.type", "max.message.bytes")
"""The configs on which the numbers depend. Retention may be set longer: it is not compared."""


@dataclass(frozen=True, slots=True)
class TopicState:
    """A topic as it is after `ensure_topics`."""

    name: str
    partitions: int
    created: bool


def ensure_topics(
    brokers: Brokers,
    partitions: int | None = None,
    *,
    replication: int = -1,
    within_s: float = 60,
    clock: Clock | None = None,
) -> list[TopicState]:
    """Create the topics that are absent and return what is there.

    Args:
        brokers: where Kafka is.
        partitions: of `player.events.v1`, instead of the contract's; the others keep theirs.
        replication: copies of each partition; -1 is the broker's own default.
        within_s: how long to wait for a broker that is not up yet.
        clock: what waits; the machine's by default.

    Raises TopicMismatchError when a topic exists with another number of partitions or with configs
    that would change the numbers; BrokerAwayError when no broker answers. Running it again is safe.
    """
    admin = connect(
        lambda: KafkaAdminClient(**brokers.client_options(), bootstrap_timeout_ms=BOOTSTRAP_MS),
        brokers,
        within_s=within_s,
        clock=clock or SystemClock(),
    )
    try:
        return [_ensure(admin, topic, _count(topic, partitions), replication) for topic in TOPICS]
    except KafkaError as error:
        raise BrokerAwayError(
            f"Kafka at {brokers.bootstrap} did not create or describe the topics: {error}"
        ) from error
    finally:
        admin.close()


def _count(topic: Topic, partitions: int | None) -> int:
    return partitions if partitions is not None and topic is PLAYER_EVENTS else topic.partitions


def _ensure(admin: Any, topic: Topic, partitions: int, replication: int) -> TopicState:
    created = topic.name not in admin.list_topics()
    if created:
        shape = {
            "num_partitions": partitions,
            "replication_factor": replication,
            "configs": topic.config,
        }
        try:
            admin.create_topics({topic.name: shape}, wait_for_metadata=True)
        except TopicAlreadyExistsError:  # somebody was faster
            created = False
    if not created:
        complaints = [*_differences(admin, topic, partitions)]
        if complaints:
            raise TopicMismatchError(
                f"topic {topic.name} exists with {'; '.join(complaints)}. Mend the topic, or take "
                "another one: it is never changed here, because partitions and time decide the numbers"
            )
    return TopicState(topic.name, partitions, created)


def _differences(admin: Any, topic: Topic, partitions: int) -> Iterator[str]:
    (described,) = admin.describe_topics([topic.name])
    found = len(described["partitions"])
    if found != partitions:
        yield f"{found} partitions instead of {partitions}"
    resource = ConfigResource(ConfigResourceType.TOPIC, topic.name)
    configs = admin.describe_configs([resource], config_filter="all")["topic"][topic.name]
    for name in SHAPE:
        wanted = topic.config.get(name)
        value = configs[name]["value"]
        if wanted is not None and value != wanted:
            yield f"{name}={value} instead of {wanted}"
