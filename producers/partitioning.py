"""Which partition a viewer's events belong to: Kafka's default for a key, shared by all producers. Pure."""

from functools import lru_cache

from kafka.partitioner.default import murmur2

REMEMBERED_VIEWERS = 200_000


@lru_cache(maxsize=REMEMBERED_VIEWERS)
def partition_of(viewer_id: str, partitions: int) -> int:
    """Return `toPositive(murmur2(utf8(viewer_id))) % partitions`, as the Java client does for a key.

    A lone surrogate, which no UTF-8 has, is hashed as the three bytes that would encode it: a line
    that cannot be used still has a place to go to.
    """
    key = viewer_id.encode("utf-8", "surrogatepass")
    return int(murmur2(key) & 0x7FFF_FFFF) % partitions
