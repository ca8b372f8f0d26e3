"""The secrets of a development stack: random, made once, readable by their owner alone."""

import stat

import pytest
from pydantic import SecretStr

from producers.collector.development import development_settings
from producers.collector.keys import read_keys
from producers.collector.pseudonyms import Pseudonyms
from runtime.sealing import Seal
from runtime.settings import load


def test_a_collector_starts_with_them(tmp_path):
    settings = load(**development_settings(tmp_path / "home"))
    ring = read_keys(settings.collector.keys_file)
    assert len(ring) == 4
    assert "http://127.0.0.1:19080" in ring.origins
    assert Pseudonyms(settings.collector.pseudonym_key).of("viewer-1")
    assert Seal.of(settings.quarantine_key).key_id


def test_they_are_made_once_and_differ_from_home_to_home(tmp_path):
    first, again = development_settings(tmp_path / "a"), development_settings(tmp_path / "a")
    assert first == again
    assert first["quarantine_key"] != development_settings(tmp_path / "b")["quarantine_key"]


def test_only_their_owner_may_read_them_and_nothing_else_is_left(tmp_path):
    development_settings(tmp_path)
    files = sorted(tmp_path.iterdir())
    assert [file.name for file in files] == ["secrets.json", "write-keys.json"]
    assert [stat.S_IMODE(file.stat().st_mode) for file in files] == [0o600, 0o600]


def test_what_is_set_elsewhere_stays(tmp_path, monkeypatch):
    monkeypatch.setenv("CLIFFHANGER_COLLECTOR__PORT", "12345")
    settings = load(**development_settings(tmp_path))
    assert settings.collector.port == 12345
    assert isinstance(settings.collector.pseudonym_key, SecretStr)


def test_they_are_no_default():
    with pytest.raises(Exception, match="PSEUDONYM_KEY"):
        Pseudonyms(load().collector.pseudonym_key)
