"""Asks Kafka what it still holds: it deletes by retention, never a single message. It owns IO."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType
from kafka.errors import KafkaError

from producers.broker import BOOTSTRAP_MS, connect
from runtime.brokers import Brokers
from runtime.clock import Clock
from runtime.errors import BrokerAwayError
from schemas.topics import PLAYER_EVENTS, QUARANTINE, Topic


class Held(NamedTuple):
    """What the two topics still hold.

    Attributes:
        begins: the first offset that each partition of the events still has.
        set_aside_since: of the times that were asked for, those before which the quarantine topic still
            has messages.
        events_ms: for how long the events are kept; None: for ever. `set_aside_ms` is the same of the other.
    """

    begins: dict[int, int]
    set_aside_since: frozenset[int]
    events_ms: int | None
    set_aside_ms: int | None


def held(brokers: Brokers, times_ms: Iterable[int], *, within_s: float, clock: Clock) -> Held:
    """Return what Kafka holds; raise BrokerAwayError when it does not answer in time."""
    consumer = connect(
        lambda: KafkaConsumer(**brokers.client_options(), bootstrap_timeout_ms=BOOTSTRAP_MS),
        brokers,
        within_s=within_s,
        clock=clock,
    )
    try:
        events = consumer.beginning_offsets(_partitions(consumer, PLAYER_EVENTS))
        aside = _partitions(consumer, QUARANTINE)
        since = frozenset(at_ms for at_ms in set(times_ms) if _holds_before(consumer, aside, at_ms))
        begins = {tp.partition: offset for tp, offset in events.items()}
        return Held(begins, since, *_retention(brokers))
    except KafkaError as error:
        raise BrokerAwayError(f"Kafka at {brokers.bootstrap} does not say what it holds: {error}") from error
    finally:
        consumer.close()


def _partitions(consumer: Any, topic: Topic) -> list[TopicPartition]:
    return [TopicPartition(topic.name, number) for number in consumer.partitions_for_topic(topic.name) or ()]


def _holds_before(consumer: Any, partitions: list[TopicPartition], at_ms: int) -> bool:
    """Whether a message with an earlier timestamp is still there."""
    begins, ends = consumer.beginning_offsets(partitions), consumer.end_offsets(partitions)
    firsts = consumer.offsets_for_times(dict.fromkeys(partitions, at_ms))
    return any(
        begins[each] < (firsts[each].offset if firsts.get(each) else ends[each]) for each in partitions
    )


def _retention(brokers: Brokers) -> tuple[int | None, int | None]:
    admin = KafkaAdminClient(**brokers.client_options(), bootstrap_timeout_ms=BOOTSTRAP_MS)
    try:
        topics = (PLAYER_EVENTS, QUARANTINE)
        asked = [ConfigResource(ConfigResourceType.TOPIC, topic.name) for topic in topics]
        told = admin.describe_configs(asked, config_filter="all")["topic"]
        events, aside = (int(told[topic.name]["retention.ms"]["value"]) for topic in topics)
    finally:
        admin.close()
    return events if events >= 0 else None, aside if aside >= 0 else None
