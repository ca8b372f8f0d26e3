"""Seal lines that could not be used with AES-256-GCM, and open them again. Pure.

The nonce is a keyed hash of the line and what is said about it, so whoever seals a line again writes the
same bytes: what a worker writes twice after a kill is one row, and no failing source of randomness can ever
use one nonce for two lines. What it gives away: that two sealed lines are the same.
"""

import binascii
import hashlib
import hmac
from base64 import b64decode, b64encode
from typing import NamedTuple, Self

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import SecretStr

from runtime.errors import SealError, SettingsError
from schemas.reasons import Reason
from schemas.sealed import SEALED, SEALED_START, Sealer

KEY_BYTES = 32
NONCE_BYTES = 12
HOW_TO_MAKE_A_KEY = "openssl rand -base64 32"


class SealedLine(msgspec.Struct, frozen=True, tag_field="event_type", tag=SEALED, kw_only=True):
    """The fields of a sealed line. `reason` is one of the closed list: another is no sealed line."""

    schema_version: int
    reason: Reason
    sealed_by: Sealer
    key_id: str
    sealed: str


class Opened(NamedTuple):
    """What was sealed: the line byte for byte, why it could not be used, and who said so."""

    line: bytes
    reason: Reason
    sealed_by: Sealer


class _Key(NamedTuple):
    id: str
    cipher: AESGCM
    nonces: bytes


_READER = msgspec.json.Decoder(SealedLine)


class Seal:
    """Seals with the first of its keys and opens with any of them: that is how a key is replaced.

    Guarantee: `open(line(x, r)) == (x, r, sealed_by)`; a sealed line of which any bit that says something
    was changed, the reason included, raises SealError.
    """

    def __init__(self, keys: tuple[bytes, ...], sealed_by: Sealer = "worker") -> None:
        if not keys or any(len(key) != KEY_BYTES for key in keys):
            raise SettingsError(f"a quarantine key has {KEY_BYTES} bytes in base64: {HOW_TO_MAKE_A_KEY}")
        self._keys = {key.id: key for key in map(_derive, keys)}
        self._first = _derive(keys[0])
        self._sealed_by: Sealer = sealed_by

    @classmethod
    def of(cls, setting: SecretStr, sealed_by: Sealer = "worker") -> Self:
        """Read keys from a setting: base64, comma-separated, the one to seal with first."""
        try:
            keys = tuple(b64decode(text.strip(), validate=True) for text in _texts(setting))
        except binascii.Error:
            keys = ()
        return cls(keys, sealed_by)

    @property
    def key_id(self) -> str:
        """The name of the key that seals. It says nothing about the key."""
        return self._first.id

    def line(self, line: bytes, reason: Reason) -> bytes:
        """Return the sealed line that stands for a line."""
        key, said = self._first, _said(reason, self._sealed_by)
        nonce = hmac.digest(key.nonces, said + line, "sha256")[:NONCE_BYTES]
        text = b64encode(nonce + key.cipher.encrypt(nonce, line, said))
        return b'%b"reason":"%b","sealed_by":"%b","key_id":"%b","sealed":"%b"}' % (
            SEALED_START,
            reason.encode(),
            self._sealed_by.encode(),
            key.id.encode(),
            text,
        )

    def open(self, sealed: bytes) -> Opened:
        """Return what a sealed line holds; raise SealError when it is none, or no key here opens it."""
        found = read(sealed)
        if found is None:
            raise SealError("this is no sealed line")
        key = self._keys.get(found.key_id)
        if key is None:
            raise SealError(f"sealed with the key {found.key_id!r}, which is not among those given")
        try:
            box = b64decode(found.sealed, validate=True)
            said = _said(found.reason, found.sealed_by)
            line = key.cipher.decrypt(box[:NONCE_BYTES], box[NONCE_BYTES:], said)
        except (binascii.Error, InvalidTag, ValueError):
            raise SealError("the sealed line was changed since it was sealed") from None
        return Opened(line, found.reason, found.sealed_by)


def read(line: bytes) -> SealedLine | None:
    """Return the fields of a sealed line, or None when the line is none. No key is needed."""
    try:
        return _READER.decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def _texts(setting: SecretStr) -> list[str]:
    return [text for text in setting.get_secret_value().split(",") if text.strip()]


def _derive(key: bytes) -> _Key:
    """One key for encryption, another for nonces, and a name: none of them tells about the others."""
    encryption, nonces, name = (
        hmac.digest(key, b"cliffhanger quarantine " + purpose, hashlib.sha256)
        for purpose in (b"encryption", b"nonces", b"name")
    )
    return _Key(name.hex()[:8], AESGCM(encryption), nonces)


def _said(reason: Reason, sealed_by: Sealer) -> bytes:
    """What is not secret and must not change: it is authenticated with the line."""
    return f"{SEALED} {reason} {sealed_by} ".encode()
