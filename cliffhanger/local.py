"""The development stack as the settings describe it: their addresses, on this machine."""

from pathlib import Path

from cliffhanger.terminal import say
from devstack import DevStack, DevStackError, PortTakenError, StackPorts
from runtime.errors import SettingsError
from runtime.settings import Settings

LOOPBACK = ("127.0.0.1", "localhost")
HTTP_BELOW_NATIVE = 877
"""As far apart as ClickHouse's own 9000 and 8123."""

SETTING_OF = {
    "kafka": "CLIFFHANGER_KAFKA__BOOTSTRAP",
    "kafka_controller": "CLIFFHANGER_KAFKA__BOOTSTRAP (the controller listens one port above)",
    "clickhouse": "CLIFFHANGER_CLICKHOUSE__PORT",
    "clickhouse_http": f"CLIFFHANGER_CLICKHOUSE__PORT (HTTP listens {HTTP_BELOW_NATIVE} ports below)",
}


def dev_stack(settings: Settings, home: Path | None = None) -> DevStack:
    """Return the stack at the addresses of the settings, with its data in `home`.

    Raises SettingsError when the settings name other machines than this one.
    """
    return DevStack(
        home or settings.devstack_home,
        ports(settings),
        jars=settings.devstack_home.resolve() / "jars",
        say=say,
    )


def ports(settings: Settings) -> StackPorts:
    """Return the ports of the stack; two follow from the two that the settings name."""
    host, _, kafka = settings.kafka.bootstrap.rpartition(":")
    if host not in LOOPBACK:
        raise SettingsError(
            f"CLIFFHANGER_KAFKA__BOOTSTRAP is {settings.kafka.bootstrap}: "
            "the development stack listens on 127.0.0.1 only"
        )
    if settings.clickhouse.host not in LOOPBACK:
        raise SettingsError(
            f"CLIFFHANGER_CLICKHOUSE__HOST is {settings.clickhouse.host}: "
            "the development stack listens on 127.0.0.1 only"
        )
    native = settings.clickhouse.port
    if native <= HTTP_BELOW_NATIVE + 1024:
        raise SettingsError(f"CLIFFHANGER_CLICKHOUSE__PORT is {native}: too low for the development stack")
    return StackPorts(int(kafka), int(kafka) + 1, native, native - HTTP_BELOW_NATIVE)


def start(stack: DevStack, *, timeout_s: float) -> None:
    """Start the stack; a port in use is told by the setting that moves it."""
    try:
        stack.up(timeout_s=timeout_s)
    except PortTakenError as error:
        raise DevStackError(
            f"port {error.port} is in use by another program, perhaps another stack or demo: "
            f"stop it, or set {SETTING_OF[error.setting]}"
        ) from error
