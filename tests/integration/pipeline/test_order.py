"""The same events shuffled, doubled, packed otherwise and over other partitions give the same rows."""

import random

from producers.driver import drive
from producers.packing import PackLimits
from producers.simulator import Dirt, SimulationSettings, simulate
from runtime.clock import SystemClock
from tests.support.pipeline import renew_topics

EVENTS = 30_000


def test_order_copies_packs_and_partitions_change_no_row(make_pipeline, stack):
    dirt = Dirt(late=0, malformed=0)
    settings = SimulationSettings(seed=3, max_events=EVENTS, live_viewers=200, eagerness=3, dirt=dirt)
    deliveries = list(simulate(settings))
    hurried = {"stop_deadline_s": 0.05}  # who drains writes all there is, however little time a stop may take
    pipeline = make_pipeline(partitions=12, worker=hurried)
    with pipeline.sender() as sender:
        drive(deliveries, sender, SystemClock())
    pipeline.drain(workers=1)
    in_order = pipeline.rows()

    renew_topics(stack.bootstrap, partitions=5)
    for table in pipeline.query("SELECT name FROM system.tables WHERE database = currentDatabase() "
                                "AND engine LIKE '%MergeTree' AND name != 'schema_migrations'"):  # fmt: skip
        pipeline.query(f"TRUNCATE TABLE {table[0]}")
    shuffled = deliveries + deliveries[::7]
    random.Random(3).shuffle(shuffled)
    with pipeline.sender(pack=PackLimits(events=7)) as sender:
        drive(shuffled, sender, SystemClock())
    pipeline.drain(workers=2)

    assert in_order["episode_minutes"]
    assert pipeline.rows() == in_order
    pipeline.assert_conserved(len(shuffled))
