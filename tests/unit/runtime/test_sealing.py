"""Sealing: what is sealed comes back byte for byte with the key, and not at all without it."""

import json
from base64 import b64decode, b64encode

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from runtime.errors import SealError, SettingsError
from runtime.sealing import Seal, read
from schemas.reasons import Reason
from schemas.sealed import MAX_SEALED_LINE_BYTES

KEY, ANOTHER = bytes(range(32)), bytes(range(1, 33))
SEAL = Seal((KEY,), "collector")
REASONS = st.sampled_from(Reason)


@given(line=st.binary(), reason=REASONS)
def test_what_was_sealed_comes_back_byte_for_byte(line, reason):
    assert SEAL.open(SEAL.line(line, reason)) == (line, reason, "collector")


@given(line=st.binary(max_size=40), reason=REASONS)
def test_a_sealed_line_is_one_line_of_json_that_names_the_reason(line, reason):
    sealed = SEAL.line(line, reason)
    assert b"\n" not in sealed
    fields = json.loads(sealed)
    assert fields["schema_version"] == 1
    assert (fields["event_type"], fields["reason"], fields["sealed_by"]) == ("sealed", reason, "collector")
    assert (read(sealed).reason, read(sealed).key_id) == (reason, SEAL.key_id)


@given(line=st.binary(min_size=8), reason=REASONS)
def test_nothing_of_the_line_shows(line, reason):
    assert line not in b64decode(json.loads(SEAL.line(line, reason))["sealed"])


@given(data=st.data(), line=st.binary(max_size=40))
def test_a_sealed_line_that_was_changed_does_not_open(data, line):
    sealed = bytearray(SEAL.line(line, Reason.LATE))
    box = bytearray(b64decode(json.loads(sealed)["sealed"]))
    at = data.draw(st.integers(0, len(box) - 1))
    box[at] ^= data.draw(st.integers(1, 255))
    changed = json.dumps(json.loads(sealed) | {"sealed": b64encode(box).decode()}).encode()
    with pytest.raises(SealError, match="changed"):
        SEAL.open(changed)


@pytest.mark.parametrize(
    "changed", [{"reason": "too_large"}, {"sealed_by": "worker"}, {"sealed": ""}, {"sealed": "?"}]
)
def test_what_is_said_about_a_line_cannot_be_changed(changed):
    fields = json.loads(SEAL.line(b"line", Reason.LATE))
    with pytest.raises(SealError, match="changed"):
        SEAL.open(json.dumps(fields | changed).encode())


def test_the_same_line_seals_to_the_same_bytes_whoever_seals_it():
    """A worker that folds a message again after a kill writes the same row again."""
    assert SEAL.line(b"line", Reason.LATE) == Seal((KEY,), "collector").line(b"line", Reason.LATE)


@given(st.sets(st.tuples(st.binary(max_size=8), REASONS), min_size=2, max_size=2))
def test_two_lines_never_share_a_nonce(lines):
    nonces = {b64decode(json.loads(SEAL.line(*line))["sealed"])[:12] for line in lines}
    assert len(nonces) == 2


def test_it_is_aes_256_gcm_under_a_key_derived_from_the_setting():
    """Anybody with the key and a library can open it, without this project."""
    import hashlib  # noqa: PLC0415
    import hmac  # noqa: PLC0415

    box = b64decode(json.loads(SEAL.line(b"line", Reason.LATE))["sealed"])
    derived = hmac.new(KEY, b"cliffhanger quarantine encryption", hashlib.sha256).digest()
    assert AESGCM(derived).decrypt(box[:12], box[12:], b"sealed late collector ") == b"line"


def test_another_key_does_not_open_it_and_the_error_names_the_key_that_would():
    with pytest.raises(SealError, match=SEAL.key_id):
        Seal((ANOTHER,)).open(SEAL.line(b"line", Reason.LATE))


def test_a_replaced_key_still_opens_what_it_sealed():
    rotated = Seal((ANOTHER, KEY))
    assert rotated.open(SEAL.line(b"line", Reason.LATE)).line == b"line"
    assert rotated.key_id == Seal((ANOTHER,)).key_id != SEAL.key_id


def test_the_largest_line_stays_within_what_is_allowed():
    reason = max(Reason, key=len)
    assert len(SEAL.line(bytes(1024 * 1024), reason)) <= MAX_SEALED_LINE_BYTES


@pytest.mark.parametrize(
    "line",
    [b"", b"{}", b"[]", b"\xff", b"[" * 100_000, b'{"event_type":"sealed"}', b'{"event_type":"heartbeat"}',
     SEAL.line(b"", Reason.LATE).replace(b"late", b"unheard_of"), SEAL.line(b"", Reason.LATE)[:-1]],
)  # fmt: skip
def test_what_is_no_sealed_line_is_none(line):
    assert read(line) is None
    with pytest.raises(SealError, match="no sealed line"):
        SEAL.open(line)


@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_but_a_seal_error(line):
    with pytest.raises(SealError):
        SEAL.open(line)


@pytest.mark.parametrize("setting", ["", ",", "short", b64encode(bytes(16)).decode(), "?" * 44])
def test_a_key_that_is_none_is_refused_and_not_shown(setting):
    with pytest.raises(SettingsError, match="openssl rand") as refused:
        Seal.of(SecretStr(setting))
    assert not setting.strip(",") or setting not in str(refused.value)


def test_a_setting_holds_several_keys_the_one_to_seal_with_first():
    setting = SecretStr(f"{b64encode(ANOTHER).decode()}, {b64encode(KEY).decode()}")
    assert Seal.of(setting).key_id == Seal((ANOTHER,)).key_id
    assert Seal.of(setting).open(SEAL.line(b"line", Reason.LATE)).line == b"line"
