"""`cliffhanger checkpoints`: the states that are stored, and whether they can be trusted."""

# ruff: noqa: PLC0415 -- what is heavy is imported when the command runs

from typing import Annotated

import typer

EXAMPLES = """\
  cliffhanger checkpoints list
  cliffhanger checkpoints list --all --json
  cliffhanger checkpoints verify
"""

app = typer.Typer(
    help="The stored states of the partitions: list them, look into them.",
    no_args_is_help=True,
    rich_markup_mode=None,
    epilog=f"\b\nExamples:\n{EXAMPLES}",
)
AllOfThem = Annotated[bool, typer.Option("--all", help="All that are stored, not only the newest.")]
AsJson = Annotated[bool, typer.Option("--json", help="JSON instead of a table.")]
Wait = Annotated[float, typer.Option(help="Seconds to wait for what does not answer.")]


@app.command("list")
def list_checkpoints(all_of_them: AllOfThem = False, as_json: AsJson = False, wait: Wait = 10) -> None:
    """Show partition, logic epoch, offset, age, size and viewers of the stored states."""
    from cliffhanger.checkpoints import show_checkpoints
    from cliffhanger.world import need_migrations, wait_for_warehouse
    from runtime.settings import load

    settings = load()
    wait_for_warehouse(settings.clickhouse, within_s=wait)
    need_migrations(settings.clickhouse)
    show_checkpoints(settings, all_of_them=all_of_them, as_json=as_json)


@app.command("verify")
def verify(all_of_them: AllOfThem = False, as_json: AsJson = False, wait: Wait = 10) -> None:
    """Decode the stored states, hold hash, row and conservation law against them. Changes nothing.

    Exit code 1 when something speaks against one of them.
    """
    from cliffhanger.checkpoints import verify_checkpoints
    from cliffhanger.world import need_migrations, wait_for_topics, wait_for_warehouse
    from runtime.settings import load

    settings = load()
    wait_for_topics(settings.kafka, within_s=wait)
    wait_for_warehouse(settings.clickhouse, within_s=wait)
    need_migrations(settings.clickhouse)
    well = verify_checkpoints(settings, all_of_them=all_of_them, as_json=as_json)
    raise typer.Exit(0 if well else 1)
