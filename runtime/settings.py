"""Every setting of every process, on one page.

Read from the environment (`CLIFFHANGER_CLICKHOUSE__HOST=...`: two underscores step into a section)
and, below it, from the TOML file that `CLIFFHANGER_CONFIG` names. An unknown or wrong setting refuses
to start and says which. Passwords are never printed.
"""

import json
import os
from collections.abc import Iterator
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from runtime.brokers import Brokers
from runtime.errors import SettingsError
from schemas.fields import MAX_LINE_BYTES, MAX_MESSAGE_BYTES
from schemas.rules import FoldRules

PREFIX = "CLIFFHANGER_"
CONFIG_VARIABLE = PREFIX + "CONFIG"


class Section(BaseModel):
    """A group of settings: frozen, and closed to names it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class KafkaSettings(Brokers):
    """Where Kafka is, as whom to log in, and how a consumer group behaves."""

    session_timeout_s: float = Field(10.0, ge=1, le=300)
    heartbeat_interval_s: float = Field(0.5, gt=0, le=60, description="so soon a worker hears of a rebalance")
    instance_id: str | None = Field(
        None,
        description="stable name of this worker: a restart keeps its partitions; never two alike",
    )


class ClickHouseSettings(Section):
    """Where ClickHouse is (native protocol), and as whom to log in."""

    host: str = "127.0.0.1"
    port: int = Field(19000, ge=1, le=65535)
    database: str = Field("cliffhanger", pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,62}$")
    user: str = "default"
    password: SecretStr = SecretStr("")
    secure: bool = False
    connect_timeout_s: float = Field(5.0, gt=0, le=300)
    send_receive_timeout_s: float = Field(30.0, gt=0, le=3600)


class WorkerSettings(Section):
    """How a worker batches, flushes and checkpoints. None of these changes a number."""

    name: str = Field("worker", pattern=r"^[A-Za-z0-9_.-]{1,64}$")
    source_epoch: int = Field(1, ge=0, le=65535, description="raise it when the topic is replaced")
    logic_epoch: int = Field(1, ge=0, le=65535, description="raise it when the meaning of a number changes")
    take_messages: int = Field(400, ge=1, le=10_000, description="in one fetch, at most")
    take_within_s: float = Field(0.02, gt=0, le=10, description="between fetches that are not full")
    paywall_flush_s: float = Field(1.0, gt=0, le=60)
    playback_flush_s: float = Field(5.0, gt=0, le=300)
    checkpoint_s: float = Field(30.0, gt=0, le=600, description="at the latest this long apart")
    checkpoint_share: float = Field(0.05, gt=0, le=1, description="of the worker's time, at most")
    huge_pages: bool = Field(True, description="have the state on huge pages; Linux only")
    web_port: int = Field(0, ge=0, le=65535, description="health and metrics on loopback; 0: any free port")
    web_bind: str = "127.0.0.1"
    stop_deadline_s: float = Field(8.0, gt=0, le=300)
    stuck_after_s: float = Field(
        60.0,
        ge=5,
        le=3600,
        description="a hung event loop, or a rebalance in which nothing is loaded, ends the worker after it",
    )


def _networks(value: str) -> str:
    """Return the text; raise ValueError for a part of it that is no network."""
    for text in filter(None, value.split(",")):
        ip_network(text.strip())
    return value


class CollectorSettings(Section):
    """Where the collector listens, how much it takes, and how long it waits."""

    bind: str = "127.0.0.1"
    port: int = Field(19080, ge=0, le=65535, description="0: any free port")
    ops_bind: str = "127.0.0.1"
    ops_port: int = Field(19081, ge=0, le=65535, description="health and metrics; 0: any free port")
    max_events: int = Field(500, ge=1, le=10_000, description="of one request")
    max_event_bytes: int = Field(MAX_LINE_BYTES, ge=256, le=MAX_LINE_BYTES)
    max_body_bytes: int = Field(
        MAX_MESSAGE_BYTES,
        ge=1024,
        le=MAX_MESSAGE_BYTES,
        description="unpacked; all of it sealed fits a message",
    )
    max_connections: int = Field(4096, ge=1, le=65_536, description="at once; any more are closed")
    read_timeout_s: float = Field(10.0, gt=0, le=300, description="for a whole request, head and body")
    keep_alive_s: int = Field(65, ge=1, le=3600, description="an idle connection is closed after it")
    ack_timeout_s: float = Field(
        10.0, gt=0, le=300, description="no acknowledgement within it: 503, and the sender sends again"
    )
    retry_after_s: int = Field(2, ge=1, le=3600, description="what a 503 tells the sender to wait")
    pack_age_ms: int = Field(20, ge=0, le=1000, description="how long a lone event waits for company")
    buffer_mb: float = Field(32, gt=0, le=4096, description="taken and not acknowledged, at most")
    stop_deadline_s: float = Field(8.0, gt=0, le=300, description="for requests under way at a SIGTERM")
    keys_file: Path = Field(Path("keys.json"), description="the write keys; read again when it changes")
    pseudonym_key: SecretStr = Field(SecretStr(""), description="32 to 64 bytes; never changes")
    trusted_proxies: Annotated[str, AfterValidator(_networks)] = Field(
        "", description="networks whose X-Forwarded-For is believed, comma-separated"
    )
    network_events_per_s: float = Field(
        5_000.0, gt=0, le=10_000_000, description="of the players of one network: a /24, or in IPv6 a /48"
    )
    network_burst: int = Field(50_000, ge=1, le=100_000_000)


class Settings(BaseSettings):
    """All settings. Take a section and hand it to what needs it."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter="__", frozen=True, extra="forbid"
    )

    kafka: KafkaSettings = KafkaSettings()
    clickhouse: ClickHouseSettings = ClickHouseSettings()
    worker: WorkerSettings = WorkerSettings()
    collector: CollectorSettings = CollectorSettings()
    fold: FoldRules = FoldRules()
    quarantine_key: SecretStr = Field(
        SecretStr(""),
        description="seals what is set aside; several: comma-separated, the one to seal with first",
    )
    devstack_home: Path = Path(".devstack")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments win over the environment, the environment over the file."""
        del dotenv_settings, file_secret_settings
        path = os.environ.get(CONFIG_VARIABLE)
        file = TomlConfigSettingsSource(settings_cls, Path(path)) if path else None
        return (init_settings, env_settings, *([file] if file else []))


def load(**overrides: Any) -> Settings:
    """Read the settings; raise SettingsError that names each unknown or wrong one."""
    path = os.environ.get(CONFIG_VARIABLE)
    if path and not Path(path).is_file():
        raise SettingsError(f"{CONFIG_VARIABLE} names {path}, which is no file")
    unknown = sorted(_unknown_variables(os.environ))
    if unknown:
        raise SettingsError(f"unknown setting {', '.join(unknown)}: runtime/settings.py lists all that exist")
    try:
        return Settings(**overrides)
    except ValidationError as error:
        raise SettingsError("; ".join(_complaints(error))) from None


def as_environment(settings: Settings, *, stars: bool = False) -> dict[str, str]:
    """The settings as environment variables, secrets included: how one process starts another.

    With `stars` a secret that is set is only shown to be set.
    """
    return dict(_variables(PREFIX, settings.model_dump(exclude_none=True), stars=stars))


def _variables(prefix: str, values: dict[str, Any], *, stars: bool) -> Iterator[tuple[str, str]]:
    for name, value in values.items():
        if isinstance(value, dict):
            yield from _variables(f"{prefix}{name.upper()}__", value, stars=stars)
        else:
            yield prefix + name.upper(), _as_text(value, stars=stars)


def _as_text(value: Any, *, stars: bool) -> str:
    if isinstance(value, SecretStr):
        return str(value) if stars else value.get_secret_value()
    if isinstance(value, tuple | list):
        return json.dumps(value)
    return str(value)


def _unknown_variables(environment: os._Environ[str]) -> Iterator[str]:
    known = {name for name, _ in _variables(PREFIX, Settings.model_construct().model_dump(), stars=True)}
    known.add(CONFIG_VARIABLE)
    for name in environment:
        if name.upper().startswith(PREFIX) and name.upper() not in known:
            yield name


def _complaints(error: ValidationError) -> Iterator[str]:
    for problem in error.errors(include_input=False, include_url=False):
        name = PREFIX + "__".join(str(part).upper() for part in problem["loc"])
        yield f"{name}: {problem['msg']}"
