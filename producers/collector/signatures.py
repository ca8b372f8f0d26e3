r"""Check the signature of a server's request, and that it comes once. Pure: time is an argument.

What is signed, with HMAC-SHA256 under a secret of the write key, is this text:

    cliffhanger-1\nMETHOD\ntarget\ntime\nnonce\nSHA-256 of the body in hexadecimal

The target is the path with its query, the body is what was sent, compressed if it was. Three headers carry
it: `X-Signature` (hexadecimal), `X-Signature-Time` (seconds since the epoch) and `X-Signature-Nonce`.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from typing import Final

from producers.collector.answers import Refused
from producers.collector.keys import WriteKey

SIGNATURE: Final = "x-signature"
TIME: Final = "x-signature-time"
NONCE: Final = "x-signature-nonce"
WINDOW_S: Final = 300
"""How far the clock of a sender may be off, and how old a request may be."""
MAX_NONCES: Final = 200_000
BUCKET_S: Final = 30

_SIGNATURE = re.compile(r"[0-9a-f]{64}")
_TIME = re.compile(r"[0-9]{1,12}")
_NONCE = re.compile(r"[A-Za-z0-9_.~-]{16,64}")


class NonceCache:
    """The nonces of the requests of the last ten minutes, in this process.

    A nonce is kept for as long as its request could be sent again, and no longer: the time that was signed
    with it says for how long that is. When there are too many, nothing is forgotten early: requests are
    refused.
    """

    def __init__(self, window_s: int = WINDOW_S, most: int = MAX_NONCES) -> None:
        self._window_s = window_s
        self._most = most
        self._buckets: dict[int, set[tuple[str, str]]] = {}
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, key_id: str, nonce: str, signed_at_s: int, now_s: float) -> None:
        """Remember a nonce; raise Refused when it was used before (401), or when there are too many (429)."""
        self._forget(now_s)
        bucket = self._buckets.setdefault(signed_at_s // BUCKET_S, set())
        if (key_id, nonce) in bucket:
            raise Refused(401, "replayed_nonce")
        if self._count >= self._most:
            raise Refused(429, "rate_limited", retry_after_s=BUCKET_S)
        bucket.add((key_id, nonce))
        self._count += 1

    def _forget(self, now_s: float) -> None:
        gone = int(now_s - self._window_s) // BUCKET_S
        for at in [at for at in self._buckets if at < gone]:
            self._count -= len(self._buckets.pop(at))


def verify(
    key: WriteKey,
    method: str,
    target: str,
    headers: Mapping[str, str],
    body: bytes,
    *,
    now_s: float,
    nonces: NonceCache,
) -> None:
    """Return when the request was signed with a secret of the key, lately, and never came before.

    Raises Refused (401): `missing_signature`, `stale_signature` (the clocks differ by more than five
    minutes), `wrong_signature`, `replayed_nonce`. The nonce is remembered only of a request that is genuine.
    """
    signature, time, nonce = (headers.get(name, "") for name in (SIGNATURE, TIME, NONCE))
    if not (signature and time and nonce):
        raise Refused(401, "missing_signature")
    if not (_SIGNATURE.fullmatch(signature) and _TIME.fullmatch(time) and _NONCE.fullmatch(nonce)):
        raise Refused(401, "wrong_signature")
    if abs(now_s - int(time)) > WINDOW_S:
        raise Refused(401, "stale_signature")
    text = text_to_sign(method, target, time, nonce, body)
    signed = False
    for secret in key.secrets:
        signed |= hmac.compare_digest(sign(secret.get_secret_value(), text), signature)
    if not signed:
        raise Refused(401, "wrong_signature")
    nonces.add(key.id, nonce, int(time), now_s)


def text_to_sign(method: str, target: str, time: str, nonce: str, body: bytes) -> str:
    """What a sender signs."""
    return "\n".join(("cliffhanger-1", method, target, time, nonce, hashlib.sha256(body).hexdigest()))


def sign(secret: str, text: str) -> str:
    """Return the signature of a text: 64 hexadecimal characters."""
    return hmac.digest(secret.encode(), text.encode("utf-8", "surrogateescape"), "sha256").hex()
