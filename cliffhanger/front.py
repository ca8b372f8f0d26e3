"""The collector that the settings describe: its address, and the write keys of backends to send with."""

import json
from pathlib import Path
from typing import NamedTuple

from pydantic import SecretStr, ValidationError

from producers.collector.development import KEYS
from producers.collector.keys import WriteKey
from runtime.errors import SettingsError
from runtime.settings import Settings


class Access(NamedTuple):
    """A write key's token, and what it signs with."""

    token: str
    secret: SecretStr


class Front(NamedTuple):
    """A collector, and how to send to it: as a server, and as the privacy backend if there is a key."""

    url: str
    server: Access
    privacy: Access | None
    wait_s: float


def front(settings: Settings, url: str | None, wait_s: float) -> Front:
    """Return the collector at an address, by default that of the settings.

    Raises SettingsError when the keys file, or that of the development stack, has no key for servers.
    """
    address = url or f"http://{settings.collector.bind}:{settings.collector.port}"
    for path in (settings.collector.keys_file, settings.devstack_home / KEYS):
        keys = _keys(path)
        if "server" in keys:
            return Front(address, keys["server"], keys.get("privacy"), wait_s)
    raise SettingsError(
        f"no write key to send with in {settings.collector.keys_file} or {settings.devstack_home / KEYS}: "
        "start `cliffhanger collector --dev`, or name the keys file in CLIFFHANGER_COLLECTOR__KEYS_FILE"
    )


def _keys(path: Path) -> dict[str, Access]:
    """The first key in force of each kind that signs."""
    if not path.is_file():
        return {}
    try:
        keys = [WriteKey.model_validate(entry) for entry in json.loads(path.read_bytes())["keys"]]
    except (ValueError, KeyError, TypeError, ValidationError):
        raise SettingsError(
            f"the keys file {path} is not understood: `cliffhanger collector` says why"
        ) from None
    in_force = [key for key in keys if not key.revoked and key.secrets]
    return {key.kind: Access(key.token, key.secrets[0]) for key in reversed(in_force)}
