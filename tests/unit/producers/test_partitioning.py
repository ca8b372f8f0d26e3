from itertools import product

import pytest
from kafka.partitioner.default import DefaultPartitioner

from producers.partitioning import partition_of

# org.apache.kafka.common.utils.UtilsTest.testMurmur2, as signed 32-bit hashes of the Java client
JAVA = {
    "21": -973932308,
    "foobar": -790332482,
    "a-little-bit-long-string": -985981536,
    "a-little-bit-longer-string": -1486304829,
    "lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": -58897971,
    "abc": 479470107,
}


@pytest.mark.parametrize(("key", "partitions"), [*product(JAVA, (1, 4, 12, 1000))])
def test_a_viewer_goes_where_the_java_client_would_send_the_key(key, partitions):
    assert partition_of(key, partitions) == (JAVA[key] & 0x7FFF_FFFF) % partitions


@pytest.mark.parametrize("key", ["", "v-1", "зритель", "視聴者", "a" * 128])
def test_a_viewer_goes_where_kafka_python_would_send_the_key(key):
    class Cluster:
        def topics(self):
            return {"t"}

        def partitions_for_topic(self, _):
            return set(range(12))

        available_partitions_for_topic = partitions_for_topic

    sent_to = DefaultPartitioner().partition("t", None, key.encode(), None, None, Cluster())
    assert partition_of(key, 12) == sent_to


def test_a_lone_surrogate_has_a_partition():
    assert 0 <= partition_of("v-\ud83d", 12) < 12
