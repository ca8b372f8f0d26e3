"""Settings: where they come from, which are refused, and that no secret is ever shown."""

import os

import pytest
from pydantic import SecretStr

from runtime.errors import SettingsError
from runtime.settings import CONFIG_VARIABLE, PREFIX, as_environment, load
from schemas.rules import FoldRules


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch):
    """Whoever runs the tests may have settings of their own."""
    for name in [name for name in os.environ if name.upper().startswith(PREFIX)]:
        monkeypatch.delenv(name)


@pytest.fixture
def config(monkeypatch, tmp_path):
    """Write a TOML file and let it be the configuration."""

    def written(text: str):
        path = tmp_path / "cliffhanger.toml"
        path.write_text(text, encoding="utf-8")
        monkeypatch.setenv(CONFIG_VARIABLE, str(path))

    return written


def test_nothing_set_means_the_defaults():
    settings = load()
    assert settings.fold == FoldRules()
    assert settings.kafka.bootstrap == "127.0.0.1:19092"
    assert settings.clickhouse.port == 19000


def test_two_underscores_step_into_a_section(monkeypatch):
    monkeypatch.setenv("CLIFFHANGER_CLICKHOUSE__HOST", "warehouse")
    monkeypatch.setenv("CLIFFHANGER_FOLD__LATENESS_MS", "3600000")
    settings = load()
    assert (settings.clickhouse.host, settings.fold.lateness_ms) == ("warehouse", 3_600_000)


def test_the_environment_wins_over_the_file_and_arguments_over_both(monkeypatch, config):
    config('[clickhouse]\nhost = "of the file"\ndatabase = "of_the_file"\n[worker]\nname = "of-the-file"\n')
    monkeypatch.setenv("CLIFFHANGER_CLICKHOUSE__HOST", "of the environment")
    settings = load(worker={"name": "of-the-arguments"})
    assert settings.clickhouse.host == "of the environment"
    assert settings.clickhouse.database == "of_the_file"
    assert settings.worker.name == "of-the-arguments"


def test_an_unknown_setting_is_refused_by_name(monkeypatch):
    monkeypatch.setenv("CLIFFHANGER_KAFKA__BOOTSTARP", "x:1")
    with pytest.raises(SettingsError, match="CLIFFHANGER_KAFKA__BOOTSTARP"):
        load()


@pytest.mark.parametrize("text", ["[kafka]\nbootstarp = 'x:1'\n", "[kafak]\n", "colour = 1\n"])
def test_an_unknown_setting_in_the_file_is_refused_by_name(config, text):
    config(text)
    with pytest.raises(SettingsError, match=r"CLIFFHANGER_(KAFKA__BOOTSTARP|KAFAK|COLOUR)"):
        load()


def test_a_file_that_is_not_there_is_refused(monkeypatch, tmp_path):
    monkeypatch.setenv(CONFIG_VARIABLE, str(tmp_path / "nowhere.toml"))
    with pytest.raises(SettingsError, match=r"nowhere\.toml"):
        load()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CLICKHOUSE__PORT", "0"), ("CLICKHOUSE__PORT", "many"), ("CLICKHOUSE__DATABASE", "a; DROP"),
        ("KAFKA__BOOTSTRAP", "no port"), ("WORKER__SOURCE_EPOCH", "-1"), ("WORKER__CHECKPOINT_SHARE", "0"),
        ("WORKER__NAME", ""), ("CLICKHOUSE__SECURE", "perhaps"),
    ],
)  # fmt: skip
def test_a_wrong_setting_is_refused_by_name(monkeypatch, name, value):
    monkeypatch.setenv(PREFIX + name, value)
    with pytest.raises(SettingsError, match=PREFIX + name):
        load()


def test_rules_that_cannot_hold_together_are_refused(monkeypatch):
    monkeypatch.setenv("CLIFFHANGER_FOLD__LATENESS_MS", "-1")
    with pytest.raises(SettingsError, match="lateness_ms"):
        load()


def test_every_wrong_setting_is_named_at_once(monkeypatch):
    monkeypatch.setenv("CLIFFHANGER_CLICKHOUSE__PORT", "0")
    monkeypatch.setenv("CLIFFHANGER_WORKER__WEB_PORT", "70000")
    with pytest.raises(SettingsError) as refused:
        load()
    assert "CLICKHOUSE__PORT" in str(refused.value)
    assert "WORKER__WEB_PORT" in str(refused.value)


def test_a_password_is_never_shown(monkeypatch):
    monkeypatch.setenv("CLIFFHANGER_CLICKHOUSE__PASSWORD", "hush")
    settings = load()
    assert settings.clickhouse.password.get_secret_value() == "hush"
    assert "hush" not in repr(settings) + str(settings) + settings.model_dump_json()


def test_a_wrong_setting_beside_a_password_does_not_show_it(monkeypatch):
    monkeypatch.setenv("CLIFFHANGER_CLICKHOUSE__PASSWORD", "hush")
    monkeypatch.setenv("CLIFFHANGER_CLICKHOUSE__PORT", "0")
    with pytest.raises(SettingsError) as refused:
        load()
    assert "hush" not in str(refused.value)


def test_settings_come_back_from_the_environment_they_are_handed_on_in(monkeypatch):
    handed = load(
        kafka={"bootstrap": "a:1,b:2", "instance_id": "w1"},
        clickhouse={"password": SecretStr("hush"), "secure": True, "connect_timeout_s": 0.5},
        worker={"name": "w-1", "source_epoch": 7},
        fold=FoldRules(experiment="x", lateness_ms=3_600_000),
        devstack_home="elsewhere",
    )
    for name, value in as_environment(handed).items():
        monkeypatch.setenv(name, value)
    assert load() == handed


def test_what_is_handed_on_holds_every_default_too(monkeypatch):
    for name, value in as_environment(load()).items():
        monkeypatch.setenv(name, value)
    assert load() == load()
    assert "CLIFFHANGER_KAFKA__INSTANCE_ID" not in as_environment(load())


def test_settings_are_frozen():
    with pytest.raises(ValueError, match="frozen"):
        load().worker.name = "another"
