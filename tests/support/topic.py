"""Reads a topic to its end."""

from kafka import KafkaConsumer, TopicPartition


def read_lines(bootstrap, topic, partitions):
    """The lines of each partition that has any, in the order of the log."""
    consumer = KafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="earliest")
    try:
        assigned = [TopicPartition(topic, number) for number in range(partitions)]
        consumer.assign(assigned)
        ends = consumer.end_offsets(assigned)
        lines = {}
        while any(consumer.position(partition) < ends[partition] for partition in assigned):
            for partition, messages in consumer.poll(timeout_ms=1000).items():
                for message in messages:
                    lines.setdefault(partition.partition, []).extend(message.value.split(b"\n"))
        return lines
    finally:
        consumer.close()
