"""`cliffhanger migrate`: the tables and views of this version."""

# ruff: noqa: PLC0415 -- what is heavy is imported when the command runs

from typing import Annotated

import typer

EXAMPLES = """\
  cliffhanger migrate
  cliffhanger migrate --dry-run
"""


def run(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only name what would be applied.")] = False,
    wait: Annotated[float, typer.Option(help="Seconds to wait for a warehouse that is not up yet.")] = 60,
) -> None:
    """Bring the database to the tables and views of this version. Forward only; twice is harmless."""
    from cliffhanger.terminal import answer, say
    from cliffhanger.world import wait_for_warehouse
    from runtime.settings import load
    from warehouse import migrate

    settings = load()
    wait_for_warehouse(settings.clickhouse, within_s=wait)
    if not migrate.migrate(settings.clickhouse, answer, dry_run=dry_run):
        say("nothing is pending")
