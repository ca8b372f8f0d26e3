"""The command line. An error on purpose is one line and an exit code, never a traceback."""

import sys

import typer

from cliffhanger.commands import (
    checkpoints,
    collector,
    deletions,
    demo,
    down,
    epoch,
    migrate,
    quarantine,
    refold,
    replay,
    report,
    settings,
    simulate,
    status,
    topics,
    up,
    wipe,
    worker,
)
from cliffhanger.terminal import quiet_libraries
from runtime.errors import CliffhangerError, SettingsError

FAILED, WRONG_SETTINGS = 1, 2

app = typer.Typer(
    name="cliffhanger",
    help="Real-time engagement analytics for micro-drama platforms. Settings: `cliffhanger settings`.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
COMMANDS = (
    up, down, status, wipe, topics, migrate, worker, collector, simulate, replay, report, demo, refold,
    deletions, settings,
)  # fmt: skip
GROUPS = (checkpoints, epoch, quarantine)
for module in COMMANDS:
    app.command(module.__name__.rpartition(".")[2], epilog=f"\b\nExamples:\n{module.EXAMPLES}")(module.run)
for group in GROUPS:
    app.add_typer(group.app, name=group.__name__.rpartition(".")[2])


def main() -> None:
    """Run the command that the arguments name, and exit."""
    quiet_libraries()
    try:
        app()
    except SettingsError as error:
        fail(error, WRONG_SETTINGS)
    except CliffhangerError as error:
        fail(error, FAILED)
    except OSError as error:
        if error.filename is None:
            raise
        fail(f"{error.filename}: {error.strerror}", FAILED)


def fail(error: CliffhangerError | str, code: int) -> None:
    """Say what is wrong and exit."""
    sys.stderr.write(f"cliffhanger: {error}\n")
    sys.exit(code)


if __name__ == "__main__":
    main()
