"""A simulated platform with seeded dirt, through the real broker and two workers: every row is right."""

from producers.driver import drive
from producers.simulator import Dirt, SimulationSettings, TruthFile, simulate
from runtime.clock import SystemClock
from tests.oracle.oracle import diff, from_truth, tables
from tests.support.pipeline import bad_lines
from tests.support.rollups import COMPARED, actual_rollups, expected_rollups

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
OF_THE_LOG = {"completeness", "conservation", "quarantine_by_hour", "epoch_spans"}
"""Views of how far the log was read and of its lines: quarantine and tallies are compared by themselves."""


def views_of(pipeline):
    sql = "SELECT name FROM system.tables WHERE database = currentDatabase() AND engine = 'View'"
    return {name for (name,) in pipeline.query(sql)}


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
    expected = tables(events, rules=pipeline.settings.fold)
    assert diff(expected, pipeline.rows()) == []
    assert diff(expected_rollups(expected), actual_rollups(pipeline)) == []
    assert views_of(pipeline) == COMPARED | OF_THE_LOG
    assert pipeline.quarantined() == bad_lines(truth)
    pipeline.assert_conserved(sent)
