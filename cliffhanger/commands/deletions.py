"""`cliffhanger deletions`: who asked to be forgotten, what is left of them, and its deletion."""

# ruff: noqa: PLC0415 -- what is heavy is imported when the command runs

from typing import Annotated

import typer

EXAMPLES = """\
  cliffhanger deletions
  cliffhanger deletions --json
  cliffhanger deletions --apply
"""


def run(
    apply: Annotated[bool, typer.Option("--apply", help="Delete; without it nothing is changed.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="JSON instead of a table.")] = False,
    wait: Annotated[
        float, typer.Option(help="Seconds to wait for a warehouse or a broker that does not answer.")
    ] = 10,
) -> None:
    """Show every request to be forgotten: complete, or what is left of the viewer, and until when.

    With --apply, delete what can be deleted: checkpoints from before the request that a newer one replaces,
    and quarantined lines that name the viewer (sealed lines need CLIFFHANGER_QUARANTINE_KEY; those of the
    collector CLIFFHANGER_COLLECTOR__PSEUDONYM_KEY too). Kafka deletes by its retention alone. A request is
    complete when a run with --apply finds nothing: run it every day.
    """
    from rich.console import Console

    from cliffhanger import forgetting
    from cliffhanger.reports import WIDTH_OF_A_PIPE
    from cliffhanger.terminal import answer
    from cliffhanger.world import need_migrations, wait_for_warehouse
    from runtime.clock import SystemClock
    from runtime.settings import load
    from warehouse.deletions import Deletions

    settings, clock = load(), SystemClock()
    wait_for_warehouse(settings.clickhouse, within_s=wait)
    need_migrations(settings.clickhouse)
    store = Deletions(settings.clickhouse)
    try:
        found = forgetting.survey(store, settings, clock, within_s=wait)
        if apply:
            found = forgetting.apply(store, found, clock.now_ms())
    finally:
        store.close()
    if as_json:
        answer(forgetting.as_json(found))
    else:
        console = Console()
        console = console if console.is_terminal else Console(width=WIDTH_OF_A_PIPE)
        console.print(forgetting.as_table(found, applied=apply))
