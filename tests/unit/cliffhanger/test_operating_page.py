"""docs/operating.md says what is: every setting with its default, every metric, every reason."""

import re
from pathlib import Path

import pytest

from cliffhanger.__main__ import app
from runtime.metrics import CollectorMetrics, WorkerMetrics
from runtime.settings import Settings, as_environment
from schemas.reasons import Reason

PAGE = (Path(__file__).parents[3] / "docs" / "operating.md").read_text()


def rows(pattern):
    return dict(re.findall(rf"^\| `({pattern})` \| (.*?) \|", PAGE, flags=re.MULTILINE))


def test_every_setting_stands_there_with_its_default():
    defaults = as_environment(Settings.model_construct())
    expected = {name: f"`{value}`" if value else "none" for name, value in defaults.items()}
    for absent in ("INSTANCE_ID", "CA_FILE", "CERT_FILE", "KEY_FILE"):
        expected[f"CLIFFHANGER_KAFKA__{absent}"] = "none"
    assert rows("CLIFFHANGER_[A-Z_]+") == expected


def test_every_metric_stands_there():
    metrics = [*WorkerMetrics().registry.collect(), *CollectorMetrics().registry.collect()]
    expected = {m.name + ("_total" if m.type == "counter" else "") for m in metrics}
    assert set(rows("cliffhanger_[a-z_]+")) == expected


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_of_quarantine_has_a_cause(reason):
    assert f"`{reason}`" in PAGE


@pytest.mark.parametrize(
    "page", ["README.md", "docs/operating.md", "docs/development.md", "docs/architecture.md"]
)
def test_every_command_that_a_page_names_exists(page):
    text = (Path(__file__).parents[3] / page).read_text()
    commands = {one.name for one in (*app.registered_commands, *app.registered_groups)}
    assert set(re.findall(r"`cliffhanger ([a-z]+)", text)) <= commands


@pytest.mark.parametrize(
    "page", ["README.md", "docs/operating.md", "docs/development.md", "docs/architecture.md"]
)
def test_every_link_of_a_page_leads_somewhere(page):
    path = Path(__file__).parents[3] / page
    for link in re.findall(r"\]\(([^)#]+)[^)]*\)", path.read_text()):
        assert link.startswith("http") or (path.parent / link).exists(), link
