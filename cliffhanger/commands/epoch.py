"""`cliffhanger epoch`: begin a logic epoch, and see those that there are."""

# ruff: noqa: PLC0415 -- what is heavy is imported when the command runs

from typing import Annotated

import typer

EXAMPLES = """\
  CLIFFHANGER_WORKER__LOGIC_EPOCH=2 cliffhanger epoch new --continue --dry-run
  CLIFFHANGER_WORKER__LOGIC_EPOCH=2 cliffhanger epoch new --recount
  cliffhanger epoch list
"""

app = typer.Typer(
    help="Logic epochs: another meaning of the numbers takes over.",
    no_args_is_help=True,
    rich_markup_mode=None,
    epilog=f"\b\nExamples:\n{EXAMPLES}",
)


@app.command("new")
def new(
    goes_on: Annotated[
        bool, typer.Option("--continue", help="Go on from the states: what they hold counts anew.")
    ] = False,
    recount: Annotated[bool, typer.Option("--recount", help="Count the log from its beginning.")] = False,
    abandon: Annotated[
        bool,
        typer.Option("--abandon", help="Give up an epoch that has not caught up. Stop its workers first."),
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
    wait: Annotated[float, typer.Option(help="Seconds to wait for Kafka, and for ClickHouse.")] = 60,
) -> None:
    """Begin the logic epoch of the settings: note it, and leave what its workers start from.

    Run it with the settings of the new workers (LOGIC_EPOCH, and FOLD where it changes) before the first
    of them starts. Old workers may go on. Nothing of the new epoch is shown until a worker of it has come
    as far. If it fails half way, run it again.
    """
    from cliffhanger.epochs import begin_epoch
    from cliffhanger.world import need_migrations, wait_for_topics, wait_for_warehouse
    from runtime.errors import SettingsError
    from runtime.settings import load
    from warehouse.epochs import EpochKind

    if goes_on == recount:
        raise SettingsError("epoch new: say --continue or --recount")
    settings = load()
    wait_for_topics(settings.kafka, within_s=wait)
    wait_for_warehouse(settings.clickhouse, within_s=wait)
    need_migrations(settings.clickhouse)
    kind = EpochKind.CONTINUED if goes_on else EpochKind.RECOUNTED
    begin_epoch(settings, kind, abandons=abandon, dry_run=dry_run)


@app.command("list")
def list_epochs(
    as_json: Annotated[bool, typer.Option("--json", help="JSON instead of a table.")] = False,
    wait: Annotated[float, typer.Option(help="Seconds to wait for a warehouse that does not answer.")] = 10,
) -> None:
    """Show where each logic epoch begins, by partition, and which of them count."""
    from cliffhanger.epochs import show_epochs
    from cliffhanger.world import need_migrations, wait_for_warehouse
    from runtime.settings import load

    settings = load()
    wait_for_warehouse(settings.clickhouse, within_s=wait)
    need_migrations(settings.clickhouse)
    show_epochs(settings, as_json=as_json)
