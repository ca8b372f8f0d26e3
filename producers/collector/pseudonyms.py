"""Replace a viewer's id by a pseudonym before anything is kept. Pure.

A keyed hash (BLAKE2b, 128 bits): the same viewer always has the same pseudonym, and without the key nobody
finds the viewer of a pseudonym, not even by trying every id there is. With 10^9 viewers the odds that any
two share one are below 2 in 10^21.
"""

import hashlib

from pydantic import SecretStr

from runtime.errors import SettingsError

PSEUDONYM_BYTES = 16
KEY_CHARS = range(32, 65)  # BLAKE2b takes up to 64 bytes of key


class Pseudonyms:
    """Gives viewers their pseudonyms under one key, which never changes.

    Another key makes another viewer of everybody; the loss of the key cuts the tie to the platform's own ids
    for good.
    """

    def __init__(self, key: SecretStr) -> None:
        secret = key.get_secret_value().encode()
        if len(secret) not in KEY_CHARS:
            raise SettingsError(
                "CLIFFHANGER_COLLECTOR__PSEUDONYM_KEY must have 32 to 64 bytes (openssl rand -hex 32), "
                "be the same for every collector, and be kept for ever: see docs/security.md"
            )
        self._keyed = hashlib.blake2b(key=secret, digest_size=PSEUDONYM_BYTES, person=b"viewer_id")

    def of(self, viewer_id: str) -> str:
        """Return the pseudonym of a viewer: 32 hexadecimal characters."""
        keyed = self._keyed.copy()
        keyed.update(viewer_id.encode("utf-8", "surrogatepass"))
        return keyed.hexdigest()
