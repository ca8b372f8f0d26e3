"""`cliffhanger quarantine`: the lines that were set aside, and their replay after a mend."""

# ruff: noqa: PLC0415 -- what is heavy is imported when the command runs

from typing import Annotated

import typer

EXAMPLES = """\
  cliffhanger quarantine replay --dry-run
  cliffhanger quarantine replay --reason unknown_event_type --max 1000
  cliffhanger quarantine replay --policy drop
"""

app = typer.Typer(
    help="The lines that were set aside: replay them after a mend.",
    no_args_is_help=True,
    rich_markup_mode=None,
    epilog=f"\b\nExamples:\n{EXAMPLES}",
)


@app.callback()
def group() -> None:
    """Keep `replay` a command of its own."""


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
