"""A simulated platform with seeded dirt, through the real broker and two workers: every row is right."""

from producers.driver import drive
from producers.simulator import Dirt, SimulationSettings, TruthFile, simulate
from runtime.clock import SystemClock
from tests.oracle.oracle import diff, from_truth, tables
from tests.support.pipeline import bad_lines

EVENTS = 300_000
DIRT = Dirt(
    duplicates=0.05,
    disorder=0.05,
    disorder_minutes=10,
    offline=0.01,
    offline_hours=4,
    malformed=0.01,
    late=0.001,
)


def test_every_row_of_every_view_equals_the_oracle(make_pipeline, tmp_path):
    settings = SimulationSettings(seed=20260, max_events=EVENTS, live_viewers=800, eagerness=3, dirt=DIRT)
    pipeline = make_pipeline(fold={"experiment": settings.experiment})
    truth = tmp_path / "truth.jsonl"
    with TruthFile(truth) as file, pipeline.sender() as sender:
        sent = drive(simulate(settings, file), sender, SystemClock()).events

    pipeline.drain(workers=2)

    events, reasons = from_truth(truth)
    assert sent >= EVENTS
    assert len(reasons) == 10, "not every reason was met"
    assert diff(tables(events, rules=pipeline.settings.fold), pipeline.rows()) == []
    assert pipeline.quarantined() == bad_lines(truth)
    pipeline.assert_conserved(sent)
