"""T7, T8, T9: the warehouse goes back in time, the code changes in mid-stream, the topic is replaced."""

import shutil
import time

from schemas.rules import MINUTE_MS, FoldRules
from tests.faults.copies import added
from tests.faults.harness import scenario
from tests.faults.source import Source, simulation
from tests.support.pipeline import renew_topics


def t7(stack, *, seed, cycles=2, events=50_000, say=print):
    """The warehouse is put back to a backup while Kafka went on; the workers were never ended."""
    with scenario(
        stack, "T7", "warehouse put back to a backup", seed, say, events=events, per_s=events / cycles / 60
    ) as run:
        for name in ("one", "two"):
            run.start(name)
        run.begin()
        for _ in run.cycles(cycles):
            run.flowing()
            engine, data = run.stack.clickhouse, run.stack.home / "clickhouse"
            backup = run.folder / "backup"
            engine.stop()
            shutil.copytree(data, backup, symlinks=True)
            engine.start()
            for _ in range(3):  # so far the log goes on: some checkpoints of every partition
                covered = checkpoints(run)
                run.within(
                    lambda covered=covered: all(
                        checkpoints(run).get(p, 0) > covered.get(p, 0) for p in run.partitions
                    ),
                    "checkpointed",
                )
            lost = run.monitor.mark()
            engine.kill()
            shutil.rmtree(data)
            backup.rename(data)
            engine.start()
            if all(checkpoints(run).get(p, 0) < lost[p] for p in run.partitions):
                run.hit()
            since = time.monotonic()  # rows may go on at once, of workers who do not know yet
            run.within(
                lambda lost=lost: all(checkpoints(run).get(p, 0) > lost[p] for p in run.partitions),
                "checkpointed past what was lost",
            )
            run.outcome.recovery_s.append(round(time.monotonic() - since, 2))
            run.within(run.shared_out, "shared out")
        run.settle()
    return run.outcome


def checkpoints(run):
    return dict(run.pipeline.query("SELECT partition, max(next_offset) FROM checkpoints GROUP BY partition"))


NEXT_RULES = (
    {"CLIFFHANGER_FOLD__VALID_PLAY_MS": "20000"},
    {"CLIFFHANGER_FOLD__SITTING_GAP_MS": str(10 * MINUTE_MS), "CLIFFHANGER_FOLD__GENERATION_MS": "60000"},
)
"""Two new versions: one gives the same rows other values, one gives other rows and other generations."""

TAKES_OVER = ("--continue", "--recount")
"""Both ways for a new logic_epoch to take over, by turns; four cycles see each with each change of rules."""


def t8(stack, *, seed, cycles=2, events=50_000, say=print):
    """New workers with another logic_epoch and another format of the state join the old ones, which leave."""
    outcome = None
    for number in range(cycles):
        change = NEXT_RULES[(number + number // 2) % len(NEXT_RULES)]
        how = TAKES_OVER[number % len(TAKES_OVER)]
        with scenario(
            stack, "T8", "new logic_epoch in mid-stream", seed + number, say,
            events=events // cycles, per_s=events / cycles / 60,
        ) as run:  # fmt: skip
            run.outcome.cycles = 1
            for name in ("old-1", "old-2"):
                run.start(name)
            run.begin()
            run.source.allow(0.3)
            run.within(lambda run=run: run.source.sent > 0.25 * run.source.events, "in mid-stream", 120)
            settings = change | {"CLIFFHANGER_WORKER__LOGIC_EPOCH": "2"}
            run.command("tests.faults.next_version", "epoch", "new", how, **settings)
            for name in ("new-1", "new-2"):
                run.start(name, command=("tests.faults.next_version", "worker"), extra=settings)
            run.within(run.shared_out, "shared out over both versions")
            run.hit()
            run.source.allow(0.6)
            run.within(
                lambda run=run: run.pipeline.query(
                    "SELECT count() FROM checkpoints WHERE logic_epoch = 2 AND worker LIKE 'new-%'"
                )[0][0],
                "checkpointed by the new version",
            )
            for name in ("old-1", "old-2"):
                run.stop(name)
            run.within(run.shared_out, "shared out over the new version")
            named = {name.rpartition("__")[2].lower(): int(value) for name, value in change.items()}
            run.rules = FoldRules(experiment=run.pipeline.settings.fold.experiment, **named)
            run.settle()
        outcome = joined(outcome, run.outcome)
    return outcome


def joined(first, second):
    """Two outcomes as one."""
    if first is None:
        return second
    for name in ("cycles", "hits", "events", "rows", "wrong", "took_s"):
        setattr(first, name, getattr(first, name) + getattr(second, name))
    for name in ("differences", "recovery_s", "stop_s", "hangs"):
        getattr(first, name).extend(getattr(second, name))
    for name, value in second.notes.items():
        first.notes.setdefault(name, []).extend(value)
    first.kinds |= second.kinds
    first.error = first.error or second.error
    return first


def t9(stack, *, seed, cycles=1, events=50_000, say=print):
    """The log is read to its end; the topic is replaced by one of 5 partitions; source_epoch is raised."""
    del cycles
    with scenario(
        stack, "T9", "topic replaced, other partitions", seed, say, events=events // 2, per_s=2_000
    ) as run:
        run.outcome.cycles = 1
        for name in ("one", "two"):
            run.start(name)
        run.begin()
        run.settle_counting()
        for name in ("one", "two"):
            run.stop(name)
        first = run.source.expected(run.pipeline.settings.fold)

        renew_topics(run.stack.bootstrap, partitions=5)
        run.hit()
        second_source = Source(
            simulation(run.outcome.seed + 1, events // 2), run.folder / "truth-2.jsonl", run.sender(), 2_000
        )
        run.source, run.partitions = second_source, range(5)
        for name in ("three", "four"):
            run.start(name, extra={"CLIFFHANGER_WORKER__SOURCE_EPOCH": "2"})
        run.source.allow(1)
        run.source.begin()
        run.within(run.shared_out, "shared out")
        run.settle_counting(already=run.outcome.events)
        for name in ("three", "four"):
            run.stop(name)
        second = run.source.expected(run.pipeline.settings.fold)
        run.compare(added(first[0], second[0]), first[1] + second[1])
    return run.outcome
