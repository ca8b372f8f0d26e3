"""A genuine Apache Kafka: one node that is broker and controller, straight from its jars."""
