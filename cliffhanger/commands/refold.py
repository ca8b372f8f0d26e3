"""`cliffhanger refold`: a range of the log, folded once more beside the true tables."""

# ruff: noqa: PLC0415 -- what is heavy is imported when the command runs

from typing import Annotated

import typer

EXAMPLES = """\
  cliffhanger refold --dry-run
  cliffhanger refold --partition 3 --from-offset 120000 --to-offset 180000
  cliffhanger refold --partition 3 --swap
"""


def run(
    partition: Annotated[
        list[int] | None, typer.Option(help="Which; may be given again. All without it.", min=0)
    ] = None,
    from_offset: Annotated[
        int | None,
        typer.Option(help="Rows from here on come out whole. Without it: as early as can be.", min=0),
    ] = None,
    to_offset: Annotated[
        int | None, typer.Option(help="Fold up to here. Without it: the end of the log.", min=0)
    ] = None,
    swap: Annotated[bool, typer.Option("--swap", help="Put rows in place that differ.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be folded.")] = False,
    wait: Annotated[float, typer.Option(help="Seconds to wait for Kafka, and for ClickHouse.")] = 60,
) -> None:
    """Count a range of the log once more into shadow tables, and compare them with the true ones.

    Needs no worker and disturbs none. Called again it goes on where it died. Rows of the generation that is
    open at the end of the range are not compared: they still change. Exit code 1 when tables differ.
    """
    from cliffhanger.refold import run_refold
    from cliffhanger.world import need_migrations, wait_for_topics, wait_for_warehouse
    from runtime.settings import load

    settings = load()
    wait_for_topics(settings.kafka, within_s=wait)
    wait_for_warehouse(settings.clickhouse, within_s=wait)
    need_migrations(settings.clickhouse)
    right = run_refold(
        settings, partition or [], begin=from_offset, end=to_offset, swap=swap, dry_run=dry_run
    )
    raise typer.Exit(0 if right else 1)
