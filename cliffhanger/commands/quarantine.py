"""`cliffhanger quarantine`: the lines that were set aside, and their replay after a mend."""

# ruff: noqa: PLC0415 -- what is heavy is imported when the command runs

from datetime import datetime
from typing import Annotated

import typer

EXAMPLES = """\
  export CLIFFHANGER_QUARANTINE_KEY="$(cat quarantine.key)"
  cliffhanger quarantine open --reason unknown_event_type --since 2026-01-01 --limit 1000
  cliffhanger quarantine open --lines collector > refused.ndjson
  cliffhanger quarantine replay --dry-run
  cliffhanger quarantine replay --reason unknown_event_type --max 1000
  cliffhanger quarantine replay --policy drop
"""

app = typer.Typer(
    help="The lines that were set aside: open them with the key, replay them after a mend.",
    no_args_is_help=True,
    rich_markup_mode=None,
    epilog=f"\b\nExamples:\n{EXAMPLES}",
)


@app.command("open")
def open_lines(
    reason: Annotated[str, typer.Option(help="One reason; all without it.")] = "",
    since: Annotated[datetime | None, typer.Option(help="Taken by Kafka at or after this, UTC.")] = None,
    until: Annotated[datetime | None, typer.Option(help="Taken by Kafka before this, UTC.")] = None,
    limit: Annotated[
        int, typer.Option(help="So many at most, the newest first.", min=1, max=1_000_000)
    ] = 100,
    lines: Annotated[
        str,
        typer.Option(
            help="Only the lines themselves, byte for byte: those that the worker set aside, to be replayed, "
            "or those that the collector refused, to be sent to the collector again."
        ),
    ] = "",
    wait: Annotated[float, typer.Option(help="Seconds to wait for a warehouse that does not answer.")] = 10,
) -> None:
    """Open what was set aside: one JSON object a line, with place, reason and text. Needs the key.

    What the collector refused is shown as it was sent, with the viewer's own id: mind who sees it.
    """
    from cliffhanger.opening import opened, show
    from cliffhanger.reports import utc
    from cliffhanger.world import need_migrations, wait_for_warehouse
    from runtime.errors import SettingsError
    from runtime.sealing import Seal
    from runtime.settings import load
    from schemas.reasons import Reason
    from warehouse.reader import EVER, FOR_EVER, Reader

    if reason and reason not in list(Reason):
        raise SettingsError(f"--reason {reason}: say one of {', '.join(Reason)}")
    if lines not in {"", "worker", "collector"}:
        raise SettingsError(f"--lines {lines}: say worker or collector")
    settings = load()
    if not settings.quarantine_key.get_secret_value():
        raise SettingsError("set CLIFFHANGER_QUARANTINE_KEY to the key that the lines were sealed with")
    seal = Seal.of(settings.quarantine_key)
    wait_for_warehouse(settings.clickhouse, within_s=wait)
    need_migrations(settings.clickhouse)
    reader = Reader(settings.clickhouse)
    try:
        kept = reader.quarantined(reason, utc(since) or EVER, utc(until) or FOR_EVER, limit)
    finally:
        reader.close()
    show([opened(line, seal) for line in kept], lines)


@app.command("replay")
def replay(
    reason: Annotated[
        list[str] | None, typer.Option(help="Only lines set aside for it; may be given again.")
    ] = None,
    policy: Annotated[
        str, typer.Option(help="For a line that would be set aside again: stop, requeue or drop.")
    ] = "stop",
    most: Annotated[int | None, typer.Option("--max", help="Lines at most.", min=1)] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would become of them.")] = False,
    wait: Annotated[float, typer.Option(help="Seconds to wait for Kafka, and for ClickHouse.")] = 60,
) -> None:
    """Send quarantined lines to the topic once more, with their event ids, each once.

    Lines are judged by this version and these settings first. Exit code 1 when it stopped before the end.
    """
    from cliffhanger.quarantine import Policy, replay_quarantine
    from cliffhanger.world import need_migrations, wait_for_topics, wait_for_warehouse
    from runtime.errors import SettingsError
    from runtime.settings import load
    from schemas.reasons import Reason

    if policy not in list(Policy):
        raise SettingsError(f"--policy {policy}: say {', '.join(Policy)}")
    unknown = sorted(set(reason or []) - set(Reason))
    if unknown:
        raise SettingsError(f"--reason {unknown[0]}: say {', '.join(Reason)}")
    settings = load()
    wait_for_topics(settings.kafka, within_s=wait)
    wait_for_warehouse(settings.clickhouse, within_s=wait)
    need_migrations(settings.clickhouse)
    done = replay_quarantine(
        settings,
        [Reason(one) for one in reason or []],
        Policy(policy),
        most=most,
        dry_run=dry_run,
        wait_s=wait,
    )
    raise typer.Exit(0 if done else 1)
