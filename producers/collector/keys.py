"""The write keys: who may send, from where, how much, and which events. It owns IO: one small file.

The file is JSON, `{"keys": [...]}`. It is read again when it changes, so a key is revoked without a restart.
"""

import hashlib
import hmac
import logging
import re
import secrets
from pathlib import Path
from typing import Annotated, Any, Final, Literal, NamedTuple, get_args

import pydantic
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, model_validator

from producers.collector.answers import Refused
from runtime.clock import Clock
from runtime.errors import SettingsError
from schemas.events import Event
from schemas.fields import Environment

log = logging.getLogger(__name__)

LOOK_AGAIN_S: Final = 1.0
"""How long a revoked key may go on, at most: the file is looked at as often as this."""
MAX_PRESENTED_CHARS: Final = 256
_ORIGIN = re.compile(r"https?://(\[[0-9a-f:.]+\]|[a-z0-9.-]+)(:[1-9][0-9]{0,4})?")

Kind = Literal["player", "server", "privacy", "webhook"]

_MONEY: Final = frozenset({"purchase", "purchase_failed", "refund", "unlock", "ad_reward"})
_DELETION: Final = frozenset({"viewer_deletion"})
_ALL: Final = frozenset(
    get_args(model.model_fields["event_type"].annotation)[0] for model in get_args(get_args(Event)[0])
)
MAY_SEND: Final[dict[Kind, frozenset[str]]] = {
    "player": _ALL - _MONEY - _DELETION,
    "server": _ALL - _DELETION,
    "webhook": _MONEY,
    "privacy": _DELETION,
}
"""The event types that each kind of key may send. What a viewer's device says about money is hearsay."""


def _origin(value: str) -> str:
    """Return an origin as browsers write it; raise ValueError for anything else."""
    if not _ORIGIN.fullmatch(value) or value.endswith((":80", ":443")):
        raise ValueError("an origin is scheme://host or scheme://host:port, in small letters, without a path")
    return value


Origin = Annotated[str, AfterValidator(_origin)]
Secret = Annotated[SecretStr, Field(min_length=32, max_length=256)]


class WriteKey(BaseModel):
    """One entry of the keys file.

    Attributes:
        token: what a sender presents. Public for players: it is in every app; it identifies and nothing else.
        secrets: what the sender signs with, requests (server, privacy) or session tokens (player). Two at
            most, both good: that is how one is replaced.
        origins: pages whose scripts may send. Exact. None: no browser may.
        requires_session: a player without a signed session token is refused.
        environment: what the events count as, whatever they say.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(pattern=r"^[A-Za-z0-9_.-]{1,64}$")
    kind: Kind
    token: str = Field(pattern=r"^[A-Za-z0-9_.~-]{16,128}$", repr=False)
    secrets: tuple[Secret, ...] = Field((), max_length=2)
    origins: tuple[Origin, ...] = ()
    events_per_s: float = Field(1_000.0, gt=0, le=10_000_000)
    burst: int = Field(10_000, ge=1, le=100_000_000)
    requires_session: bool = False
    revoked: bool = False
    environment: Environment | None = None

    @property
    def signs(self) -> bool:
        """Whether every request with this key must be signed."""
        return self.kind in {"server", "privacy"}

    def may_send(self, event_type: str) -> bool:
        """Whether events of a type may come with this key."""
        return event_type in MAY_SEND[self.kind]

    @model_validator(mode="after")
    def _is_whole(self) -> "WriteKey":
        if (self.signs or self.requires_session) and not self.secrets:
            raise ValueError(f"the key {self.id} needs a secret to sign with")
        if self.requires_session and self.kind != "player":
            raise ValueError(f"the key {self.id}: only a player has a session")
        if self.origins and self.kind != "player":
            raise ValueError(f"the key {self.id}: only a player's key may be in a browser")
        return self


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    keys: tuple[WriteKey, ...]

    @model_validator(mode="after")
    def _are_distinct(self) -> "_File":
        for field in ("id", "token"):
            values = [getattr(key, field) for key in self.keys]
            if len(set(values)) < len(values):
                raise ValueError(f"two keys have the same {field}")
        return self


class Keyring:
    """The keys of one version of the file. Pure.

    A presented key is looked up by its HMAC under a key of this process and then compared in constant time:
    how long it takes says nothing about the keys that exist.
    """

    def __init__(self, keys: tuple[WriteKey, ...]) -> None:
        self._salt = secrets.token_bytes(32)
        self._by_digest = {self._digest(key.token): key for key in keys}
        self.origins = frozenset(origin for key in keys if not key.revoked for origin in key.origins)

    def __len__(self) -> int:
        return len(self._by_digest)

    def find(self, presented: str) -> WriteKey:
        """Return the key that was presented; raise Refused (401) when there is none or it was revoked."""
        if not presented:
            raise Refused(401, "missing_key")
        key = self._by_digest.get(self._digest(presented[: MAX_PRESENTED_CHARS + 1]))
        if key is None or not hmac.compare_digest(key.token.encode(), _bytes(presented)):
            raise Refused(401, "unknown_key")
        if key.revoked:
            raise Refused(401, "revoked_key")
        return key

    def _digest(self, token: str) -> bytes:
        return hmac.digest(self._salt, _bytes(token), hashlib.sha256)


class _Version(NamedTuple):
    """What tells one version of a file from another without reading it."""

    inode: int
    size: int
    changed_ns: int


class KeysFile:
    """The keyring of a file, read again when the file changes.

    A file that turns unreadable or wrong keeps the keys that were read last, says so in the log, and
    sets `broken`. At the start it raises SettingsError.
    """

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path = path
        self._clock = clock
        self._version = self._look()
        self._looked_at = clock.monotonic_s()
        self._ring = read_keys(path)
        self.broken = ""

    def ring(self) -> Keyring:
        """Return the keys of the file as it was at most a second ago."""
        now = self._clock.monotonic_s()
        if now - self._looked_at >= LOOK_AGAIN_S:
            self._looked_at = now
            version = self._look()
            if version != self._version:
                self._version = version
                self._read()
        return self._ring

    def find(self, presented: str) -> WriteKey:
        """Return the key that was presented; raise Refused (401) when there is none or it was revoked."""
        return self.ring().find(presented)

    @property
    def origins(self) -> frozenset[str]:
        """The origins that any key in force allows."""
        return self.ring().origins

    @property
    def is_broken(self) -> bool:
        """Whether the file as it is cannot be read, so that what was changed in it is not in force."""
        self.ring()
        return bool(self.broken)

    def _read(self) -> None:
        try:
            self._ring = read_keys(self._path)
        except SettingsError as error:
            self.broken = str(error)
            log.error("the keys read before stay in force: %s", error)
        else:
            self.broken = ""
            log.info("%s: %d keys", self._path, len(self._ring))

    def _look(self) -> _Version | None:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return _Version(found.st_ino, found.st_size, found.st_mtime_ns)


def read_keys(path: Path) -> Keyring:
    """Read a keys file; raise SettingsError that names the file and the fault and quotes no secret."""
    try:
        return Keyring(_File.model_validate_json(path.read_bytes()).keys)
    except OSError as error:
        raise SettingsError(f"the keys file {path}: {error.strerror}") from None
    except pydantic.ValidationError as error:
        raise SettingsError(f"the keys file {path}: {'; '.join(_complaints(error))}") from None


def _complaints(error: pydantic.ValidationError) -> list[str]:
    problems: list[Any] = error.errors(include_input=False, include_url=False, include_context=False)
    return [".".join(map(str, p["loc"])) + (": " if p["loc"] else "") + p["msg"] for p in problems]


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
