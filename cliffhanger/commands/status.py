"""`cliffhanger status`: what runs, and how workers and collectors are."""

# ruff: noqa: PLC0415 -- what is heavy is imported when the command runs

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from devstack.service import ServiceStatus

EXAMPLES = """\
  cliffhanger status
  cliffhanger status --worker 127.0.0.1:8801 --worker 127.0.0.1:8802
  cliffhanger status --collector 127.0.0.1:19081
"""


def run(
    worker: Annotated[
        list[str] | None, typer.Option(help="host:port of a worker's pages; may be given again.")
    ] = None,
    collector: Annotated[
        list[str] | None, typer.Option(help="host:port of a collector's pages; may be given again.")
    ] = None,
) -> None:
    """Show the services of the development stack, or the health of workers and collectors, on any machine.

    Exit code 1 when a service does not run, or a worker or a collector is not well.
    """
    from rich.console import Console
    from rich.table import Table

    from cliffhanger.health import ask, is_ready

    services, workers = ([], worker or []) if worker or collector else _on_this_machine()
    table = Table("service", "state", "address", "pid", "log", box=None, pad_edge=False)
    well = True
    for service in services:
        state = "[green]runs" if service.running else "[red]died" if service.crashed else "[yellow]stopped"
        well &= service.running
        table.add_row(service.name, state, service.address, str(service.pid or "-"), str(service.log_path))
    for address in workers:
        health = ask(address)
        well &= not health.problems
        state = "[red]" + "; ".join(health.problems) if health.problems else "[green]well"
        table.add_row(health.worker, state, address, "-", f"{len(health.partitions)} partitions")
    for address in collector or []:
        ready = is_ready(address)
        well &= bool(ready)
        state = {True: "[green]ready", False: "[red]not ready", None: "[red]no answer"}[ready]
        table.add_row("collector", state, address, "-", "-")
    Console(soft_wrap=True).print(table)
    raise typer.Exit(0 if well else 1)


def _on_this_machine() -> "tuple[list[ServiceStatus], list[str]]":
    """Return the services of the development stack, and the pages of the worker that the settings name."""
    from cliffhanger.local import dev_stack
    from runtime.settings import load

    settings = load()
    pages = f"{settings.worker.web_bind}:{settings.worker.web_port}"
    return dev_stack(settings).status(), [pages] if settings.worker.web_port else []
