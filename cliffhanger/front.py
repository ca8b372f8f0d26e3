"""The collector that the settings describe: its address, and a write key of servers to send with."""

import json
from pathlib import Path
from typing import NamedTuple

from pydantic import SecretStr, ValidationError

from producers.collector.development import KEYS
from producers.collector.keys import WriteKey
from runtime.errors import SettingsError
from runtime.settings import Settings


class Front(NamedTuple):
    """A collector, and how to send to it as a server."""

    url: str
    token: str
    secret: SecretStr
    wait_s: float


def front(settings: Settings, url: str | None, wait_s: float) -> Front:
    """Return the collector at an address, by default that of the settings.

    Raises SettingsError when the keys file, or that of the development stack, has no key for servers.
    """
    address = url or f"http://{settings.collector.bind}:{settings.collector.port}"
    for path in (settings.collector.keys_file, settings.devstack_home / KEYS):
        key = _server_key(path)
        if key is not None:
            return Front(address, key.token, key.secrets[0], wait_s)
    raise SettingsError(
        f"no write key to send with in {settings.collector.keys_file} or {settings.devstack_home / KEYS}: "
        "start `cliffhanger collector --dev`, or name the keys file in CLIFFHANGER_COLLECTOR__KEYS_FILE"
    )


def _server_key(path: Path) -> WriteKey | None:
    """The first key for servers that is in force."""
    if not path.is_file():
        return None
    try:
        keys = [WriteKey.model_validate(entry) for entry in json.loads(path.read_bytes())["keys"]]
    except (ValueError, KeyError, TypeError, ValidationError):
        raise SettingsError(
            f"the keys file {path} is not understood: `cliffhanger collector` says why"
        ) from None
    return next((key for key in keys if key.kind == "server" and not key.revoked), None)
