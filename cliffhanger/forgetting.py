"""Looks for what is left of viewers who asked to be forgotten, and deletes what it can. It owns IO."""

import json
from datetime import UTC, datetime
from typing import NamedTuple

from rich.table import Table

from cliffhanger.kafka_holds import held
from cliffhanger.layout import table
from cliffhanger.traces import DELETABLE, Lines, Trace, Where, deletable_checkpoints, search, traces
from producers.collector.pseudonyms import Pseudonyms
from runtime.clock import Clock
from runtime.sealing import Seal
from runtime.settings import Settings
from warehouse.deletions import CheckpointName, Deletions, LinePlace, ViewerDeletion

Log = tuple[int, int]
"""source_epoch, partition"""

WHAT_FOR = {
    Where.LAST_CHECKPOINTS: "once a worker has written a newer checkpoint",
    Where.EVENTS_TOPIC: "never: the topic has no retention",
    Where.QUARANTINE_TOPIC: "never: the topic has no retention",
}


class Finding(NamedTuple):
    """A request and what is left of its viewer; of one that is complete nothing is."""

    request: ViewerDeletion
    left: list[Trace]


class Survey(NamedTuple):
    """What is left of everybody, and what of it can be deleted."""

    findings: list[Finding]
    checkpoints: dict[Log, list[CheckpointName]]
    lines: list[LinePlace]


def survey(store: Deletions, settings: Settings, clock: Clock, *, within_s: float) -> Survey:
    """Look for what is left of every viewer whose request is not complete. Changes nothing.

    Raises BrokerAwayError when Kafka does not answer in time, WarehouseAwayError when ClickHouse does not.
    """
    requests = store.all()
    pending = [request for request in requests if not request.completed_at_ms]
    if not pending:
        return Survey([Finding(request, []) for request in requests], {}, [])
    kafka = held(settings.kafka, {r.dropped_at_ms for r in pending}, within_s=within_s, clock=clock)
    lines = _lines(store, settings, frozenset(request.viewer_id for request in pending))
    logs = {(request.source_epoch, request.partition) for request in pending}
    names = {log: (store.checkpoints(*log), store.newest_that_verifies(*log)) for log in logs}
    findings, checkpoints = [], {log: set[CheckpointName]() for log in logs}
    for request in requests:
        left: list[Trace] = []
        if not request.completed_at_ms:
            log = (request.source_epoch, request.partition)
            old = deletable_checkpoints(request.offset, *names[log])
            checkpoints[log].update(old[0])
            left = traces(request, old, lines, kafka, settings.worker.source_epoch)
        findings.append(Finding(request, left))
    named = {place for places in lines.named.values() for place in places}
    return Survey(findings, {log: sorted(found) for log, found in checkpoints.items()}, sorted(named))


def apply(store: Deletions, found: Survey, now_ms: int) -> Survey:
    """Delete what can be deleted, and write down which requests are complete; return what is left.

    Complete is a request of whose viewer nothing was found. What was deleted just now completes none: its
    bytes leave the disk some minutes later, and the next run finds nothing.
    """
    for log, names in found.checkpoints.items():
        store.delete_checkpoints(*log, names)
    store.delete_lines(found.lines)
    complete = [f.request for f in found.findings if not f.left and not f.request.completed_at_ms]
    store.complete(complete, now_ms)
    done = {request.place for request in complete}
    findings = [
        Finding(
            f.request._replace(completed_at_ms=now_ms) if f.request.place in done else f.request,
            [trace for trace in f.left if trace.where not in DELETABLE],
        )
        for f in found.findings
    ]
    return Survey(findings, {}, [])


def as_json(found: Survey) -> str:
    """Every request with what is left of its viewer; times as ISO 8601."""
    return json.dumps([_plain(finding) for finding in found.findings], indent=2)


def as_table(found: Survey, *, applied: bool) -> Table:
    """Every request with what is left of its viewer, for a person."""
    rows = table(
        "viewer", "requested", "dropped", "complete", "what is left", title="Deletions", left=range(5)
    )
    rows.columns[-1].no_wrap = False
    for request, left in found.findings:
        times = (request.requested_at_ms, request.dropped_at_ms, request.completed_at_ms)
        rows.add_row(
            request.viewer_id, *(day(at_ms) for at_ms in times), _said(request, left, applied=applied)
        )
    return rows


def day(at_ms: int | None) -> str:
    """A time to the minute; a dash for none."""
    return f"{datetime.fromtimestamp(at_ms / 1000, UTC):%Y-%m-%d %H:%M}" if at_ms else "-"


def _lines(store: Deletions, settings: Settings, viewer_ids: frozenset[str]) -> Lines:
    seal = Seal.of(settings.quarantine_key) if settings.quarantine_key.get_secret_value() else None
    key = settings.collector.pseudonym_key
    pseudonym = Pseudonyms(key).of if key.get_secret_value() else None
    return search(store.quarantined(), viewer_ids, seal, pseudonym)


def _said(request: ViewerDeletion, left: list[Trace], *, applied: bool) -> str:
    if request.completed_at_ms:
        return ""
    if not left:
        return (
            "nothing: the next run with --apply completes it" if applied else "nothing: --apply completes it"
        )
    return "; ".join(
        f"{trace.where}{f' ({trace.many})' if trace.many else ''}: {_when(trace)}" for trace in left
    )


def _when(trace: Trace) -> str:
    if trace.where in DELETABLE:
        return "--apply deletes them"
    if trace.until_ms is None:
        return WHAT_FOR[trace.where]
    return f"until about {day(trace.until_ms)}"


def _plain(finding: Finding) -> dict[str, object]:
    request = finding.request
    return {
        **request.place._asdict(),
        "viewer_id": request.viewer_id,
        "requested_at": _iso(request.requested_at_ms),
        "message_at": _iso(request.message_at_ms),
        "dropped_at": _iso(request.dropped_at_ms),
        "completed_at": _iso(request.completed_at_ms),
        "left": [
            {"where": trace.where, "count": trace.many, "until": _iso(trace.until_ms)}
            for trace in finding.left
        ],
    }


def _iso(at_ms: int | None) -> str | None:
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat() if at_ms else None
