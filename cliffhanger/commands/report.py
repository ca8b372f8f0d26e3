"""`cliffhanger report`: binge depth, drop-off and paywall conversion."""

# ruff: noqa: PLC0415 -- what is heavy is imported when the command runs

from datetime import datetime
from typing import Annotated

import typer

EXAMPLES = """\
  cliffhanger report binge
  cliffhanger report dropoff --series series-0001
  cliffhanger report dropoff --series series-0001 --episode 3
  cliffhanger report paywall --since 2026-01-01 --until 2026-01-02 --json
"""


def run(
    subject: Annotated[str, typer.Argument(help="binge, dropoff or paywall.")],
    series: Annotated[str | None, typer.Option(help="One series; all without it.")] = None,
    episode: Annotated[
        int | None, typer.Option(help="With dropoff and --series: the curve inside this episode.", min=1)
    ] = None,
    since: Annotated[datetime | None, typer.Option(help="Hours that start at or after this, UTC.")] = None,
    until: Annotated[datetime | None, typer.Option(help="Hours that start before this, UTC.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON instead of tables.")] = False,
    wait: Annotated[float, typer.Option(help="Seconds to wait for a warehouse that does not answer.")] = 10,
) -> None:
    """Show what the warehouse has counted, of one series or of all."""
    from cliffhanger.reports import REPORTS, Question, as_text, show
    from cliffhanger.terminal import answer
    from cliffhanger.world import need_migrations, wait_for_warehouse
    from runtime.errors import SettingsError
    from runtime.settings import load
    from warehouse.reader import Reader

    if subject not in REPORTS:
        raise SettingsError(f"report {subject}: say {', '.join(REPORTS)}")
    if episode is not None and (subject != "dropoff" or series is None):
        raise SettingsError("--episode goes with dropoff and --series: the curve is of one episode")
    settings = load()
    wait_for_warehouse(settings.clickhouse, within_s=wait)
    need_migrations(settings.clickhouse)
    reader = Reader(settings.clickhouse)
    try:
        found = REPORTS[subject](reader, Question.of(series, episode, since, until))
    finally:
        reader.close()
    if as_json:
        answer(as_text(found))
    else:
        show(found)
