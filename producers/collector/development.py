"""Keys and secrets for development: random, made once, in the folder of the development stack. It owns IO."""

import json
import os
import secrets
from base64 import b64encode
from pathlib import Path
from typing import Any

KEYS, SECRETS = "write-keys.json", "secrets.json"
ORIGINS = tuple(f"http://{host}:{port}" for host in ("127.0.0.1", "localhost") for port in (19080, 8000))
"""Pages on this machine: those that the collector serves, and those of `python -m http.server`."""


def development_settings(home: Path) -> dict[str, Any]:
    """Return what `load()` takes so that a collector runs without anything set; make the files once.

    The write keys are `dev-player`, `dev-server`, `dev-privacy` and `dev-webhook`; their tokens and secrets
    stand in `write-keys.json`. Not for production: the pseudonyms are lost with the folder.
    """
    home.mkdir(parents=True, exist_ok=True)
    _make(home / KEYS, {"keys": [_key(kind) for kind in ("player", "server", "privacy", "webhook")]})
    key = b64encode(secrets.token_bytes(32)).decode()
    _make(home / SECRETS, {"pseudonym_key": secrets.token_hex(32), "quarantine_key": key})
    found = json.loads((home / SECRETS).read_bytes())
    return {
        "collector": {"keys_file": home / KEYS, "pseudonym_key": found["pseudonym_key"]},
        "quarantine_key": found["quarantine_key"],
    }


def _key(kind: str) -> dict[str, Any]:
    """A write key of a kind, with what its kind needs, and limits that no development meets."""
    key = {"id": f"dev-{kind}", "kind": kind, "token": f"dev_{kind}_{secrets.token_hex(12)}"}
    return key | {
        "secrets": [] if kind == "webhook" else [secrets.token_hex(32)],
        "origins": list(ORIGINS) if kind == "player" else [],
        "events_per_s": 1_000_000,
        "burst": 10_000_000,
    }


def _make(path: Path, content: dict[str, Any]) -> None:
    """Write a file for its owner alone, unless it is there; another process may do the same at once."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(content, file, indent=2)
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
