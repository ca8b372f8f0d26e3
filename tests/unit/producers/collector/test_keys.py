"""Write keys: which exist, what they may send, and that a key is revoked without a restart."""

import json
import os
import stat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producers.collector.answers import Refused
from producers.collector.keys import MAY_SEND, Keyring, KeysFile, read_keys
from runtime.errors import SettingsError
from tests.unit.producers.collector.senders import TOKEN, a_key, refusal
from tests.unit.streams.contract import MODELS

PLAYER = {"id": "web", "kind": "player", "token": TOKEN}


class Clock:
    """A clock that stands until it is moved."""

    at_s = 100.0

    def monotonic_s(self):
        return self.at_s


@pytest.fixture
def file(tmp_path):
    def written(*keys, text=None):
        path = tmp_path / "keys.json"
        fresh = tmp_path / "keys.json.new"
        fresh.write_text(text if text is not None else json.dumps({"keys": keys}))
        fresh.replace(path)
        return path

    return written


def test_a_presented_key_is_found():
    assert Keyring((a_key(),)).find(TOKEN) == a_key()


@pytest.mark.parametrize(
    ("presented", "code"),
    [
        ("", "missing_key"),
        ("pk_of_a_player_2", "unknown_key"),
        (TOKEN[:-1], "unknown_key"),
        (TOKEN + "x", "unknown_key"),
        (TOKEN * 100, "unknown_key"),
    ],
)
def test_a_key_that_does_not_exist_is_refused(presented, code):
    with pytest.raises(Refused) as refused:
        Keyring((a_key(),)).find(presented)
    assert refusal(refused) == (401, code)


def test_a_revoked_key_is_refused_as_revoked():
    with pytest.raises(Refused) as refused:
        Keyring((a_key(revoked=True),)).find(TOKEN)
    assert refusal(refused) == (401, "revoked_key")


@given(st.text())
def test_whatever_is_presented_is_found_or_refused(presented):
    ring = Keyring((a_key(),))
    if presented != TOKEN:
        with pytest.raises(Refused):
            ring.find(presented)


def test_the_origins_of_a_ring_are_those_of_keys_in_force():
    web, gone = (
        a_key(origins=["https://a.example"]),
        a_key(id="b", origins=["https://b.example"], revoked=True),
    )
    assert Keyring((web, gone)).origins == {"https://a.example"}


def test_a_key_is_revoked_without_a_restart(file):
    clock = Clock()
    keys = KeysFile(file(PLAYER), clock)
    assert keys.find(TOKEN).id == "web"
    file(PLAYER | {"revoked": True})
    assert keys.find(TOKEN).id == "web"  # it was looked at less than a second ago
    clock.at_s += 1
    with pytest.raises(Refused) as refused:
        keys.find(TOKEN)
    assert refusal(refused) == (401, "revoked_key")


def test_a_change_in_place_of_the_same_length_is_seen(file):
    clock = Clock()
    path = file(PLAYER)
    keys = KeysFile(path, clock)
    path.write_text(path.read_text().replace("web", "app"))
    os.utime(path, ns=(0, path.stat().st_mtime_ns + 1))
    clock.at_s += 1
    assert keys.find(TOKEN).id == "app"


@pytest.mark.parametrize("text", ["", "{", "[]", '{"keys": [{}]}', '{"keys": 1}', '{"key": []}'])
def test_a_file_that_turns_wrong_keeps_the_keys_in_force_and_says_so(file, caplog, text):
    clock = Clock()
    keys = KeysFile(file(PLAYER), clock)
    file(text=text)
    clock.at_s += 1
    assert keys.find(TOKEN).id == "web"
    assert keys.is_broken
    assert "keys.json" in keys.broken
    assert "stay in force" in caplog.text
    file(PLAYER | {"id": "again"})
    clock.at_s += 1
    assert not keys.is_broken
    assert keys.find(TOKEN).id == "again"


def test_a_file_that_is_deleted_keeps_the_keys_in_force(file):
    clock = Clock()
    path = file(PLAYER)
    keys = KeysFile(path, clock)
    path.unlink()
    clock.at_s += 1
    assert keys.find(TOKEN).id == "web"
    assert keys.broken


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"kind": "admin"}, "kind"), ({"token": "short"}, "token"), ({"token": "a b" * 10}, "token"),
        ({"origins": ["*"]}, "origins"), ({"origins": ["https://*.a.example"]}, "origins"),
        ({"origins": ["https://a.example/"]}, "origins"), ({"origins": ["a.example"]}, "origins"),
        ({"origins": ["https://A.example"]}, "origins"), ({"origins": ["null"]}, "origins"),
        ({"origins": ["https://a.example:443"]}, "origins"), ({"origins": ["https://a@b"]}, "origins"),
        ({"secrets": ["short"]}, "secrets"), ({"secrets": ["s" * 32, "t" * 32, "u" * 32]}, "secrets"),
        ({"requires_session": True}, "secret to sign"), ({"kind": "server"}, "secret to sign"),
        ({"kind": "privacy"}, "secret to sign"),
        ({"kind": "webhook", "origins": ["https://a.example"]}, "browser"),
        ({"kind": "server", "secrets": ["s" * 32], "requires_session": True}, "session"),
        ({"events_per_s": 0}, "events_per_s"), ({"burst": 0}, "burst"), ({"colour": 1}, "colour"),
        ({"environment": "prod"}, "environment"),
    ],
)  # fmt: skip
def test_a_wrong_key_is_refused_by_name_and_shows_no_secret(file, wrong, named):
    with pytest.raises(SettingsError, match=named) as refused:
        read_keys(file(PLAYER | wrong))
    assert "s" * 32 not in str(refused.value)
    assert TOKEN not in str(refused.value)


@pytest.mark.parametrize("same", ["id", "token"])
def test_two_keys_that_are_alike_are_refused(file, same):
    another = {"id": "tv", "kind": "player", "token": "another_token_123"} | {same: PLAYER[same]}
    with pytest.raises(SettingsError, match=f"same {same}"):
        read_keys(file(PLAYER, another))


def test_a_file_that_is_not_there_is_refused_at_the_start(tmp_path):
    with pytest.raises(SettingsError, match=r"nowhere\.json"):
        KeysFile(tmp_path / "nowhere.json", Clock())


def test_a_file_that_may_not_be_read_is_named(file):
    path = file(PLAYER)
    path.chmod(stat.S_IWUSR)
    if not os.access(path, os.R_OK):
        with pytest.raises(SettingsError, match=r"keys\.json"):
            read_keys(path)


def test_the_repr_of_a_key_shows_neither_token_nor_secret():
    shown = repr(a_key("server"))
    assert TOKEN not in shown
    assert "s" * 32 not in shown


@pytest.mark.parametrize("event_type", sorted(MODELS))
def test_money_comes_from_servers_and_deletions_from_the_privacy_backend(event_type):
    senders = {kind for kind, may in MAY_SEND.items() if event_type in may}
    if event_type == "viewer_deletion":
        assert senders == {"privacy"}
    elif event_type in {"purchase", "purchase_failed", "refund", "unlock", "ad_reward"}:
        assert senders == {"server", "webhook"}
    else:
        assert senders == {"player", "server"}
