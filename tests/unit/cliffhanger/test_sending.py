"""Where a person says that events go, and with which key."""

import json
from pathlib import Path

import pytest

from cliffhanger.front import Front
from cliffhanger.sending import Doors, Topic, target
from producers.collector.development import development_settings
from runtime.errors import SettingsError
from runtime.settings import load


@pytest.fixture
def settings(tmp_path):
    """Of a machine on which a collector for development was started once."""
    made = development_settings(tmp_path)
    keys_file = tmp_path / "not-there.json"
    return load(devstack_home=tmp_path, collector={**made["collector"], "keys_file": keys_file, "port": 8123})


def keys(path):
    return {key["kind"]: key for key in json.loads(Path(path).read_bytes())["keys"]}


def test_the_topic_is_what_the_settings_say(settings):
    assert target(settings, "topic", 5) == Topic(settings.kafka, 5)


def test_http_is_the_collector_of_the_settings_with_the_key_of_development(settings, tmp_path):
    known = keys(tmp_path / "write-keys.json")
    found = target(settings, "http", 5)
    assert isinstance(found, Front)
    assert found.url == "http://127.0.0.1:8123"
    for access, kind in ((found.server, "server"), (found.privacy, "privacy")):
        assert access.token == known[kind]["token"]
        assert access.secret.get_secret_value() == known[kind]["secrets"][0]


def test_an_address_is_taken_as_it_is(settings):
    assert target(settings, "https://events.example:8443", 5).url == "https://events.example:8443"


def test_a_keys_file_that_is_named_comes_first_and_a_revoked_key_is_passed_over(settings, tmp_path):
    revoked = {
        "id": "old",
        "kind": "server",
        "token": "old_old_old_old_old",
        "secrets": ["o" * 32],
        "revoked": True,
    }
    mine = {"id": "new", "kind": "server", "token": "new_new_new_new_new", "secrets": ["n" * 32]}
    (tmp_path / "not-there.json").write_text(json.dumps({"keys": [revoked, mine]}))
    found = target(settings, "http", 5)
    assert (found.server.token, found.privacy) == (mine["token"], None)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"keys": [1]}', '{"keys": [{"id": "x"}]}'])
def test_a_keys_file_that_is_not_understood_is_named(settings, tmp_path, content):
    (tmp_path / "not-there.json").write_text(content)
    with pytest.raises(SettingsError, match=r"not-there\.json is not understood"):
        target(settings, "http", 5)


def test_without_a_key_it_says_how_to_get_one(tmp_path):
    with pytest.raises(SettingsError, match="cliffhanger collector --dev"):
        target(load(devstack_home=tmp_path, collector={"keys_file": tmp_path / "none.json"}), "http", 5)


@pytest.mark.parametrize("via", ["", "kafka", "ftp://x", "127.0.0.1:19080"])
def test_anything_else_is_named(settings, via):
    with pytest.raises(SettingsError, match="--via"):
        target(settings, via, 5)


class Recorded:
    """What a sender was told, in the order of all senders."""

    def __init__(self, name, told):
        self.name, self.told = name, told

    def send(self, viewer_id, line):
        self.told.append((self.name, "send", line[:20]))

    def flush(self, timeout_s=None):
        self.told.append((self.name, "flush", b""))


def test_a_deletion_goes_through_its_own_door_and_overtakes_nothing():
    told = []
    doors = Doors(Recorded("server", told), Recorded("privacy", told))
    doors.send("v", b'{"event_type":"heartbeat"}')
    doors.send("v", b'{"event_type":"viewer_deletion"}')
    assert [(name, what) for name, what, _ in told] == [
        ("server", "send"), ("server", "flush"), ("privacy", "send"),
    ]  # fmt: skip
