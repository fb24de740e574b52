"""The files for operators say what the program really knows."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import get_type_hints

import pytest
import yaml
from msgspec import Struct

from bot.config import Settings
from bot.service.metrics import Metrics
from bot.storage.memory import MemoryStore
from bot.vault.retention import RETENTION
from tests.servers import linters

DEPLOY = Path(__file__).parents[2] / "deploy"


def _settings(group: type[Struct], prefix: str = "") -> set[str]:
    names: set[str] = set()
    for name, kind in get_type_hints(group).items():
        nested = isinstance(kind, type) and issubclass(kind, Struct)
        names |= _settings(kind, f"{prefix}{name}.") if nested else {f"{prefix}{name}"}  # type: ignore[arg-type]
    return names


def _explained() -> set[str]:
    section, names = "", set()
    for line in (DEPLOY / "kavi.toml").read_text().splitlines():
        if found := re.fullmatch(r"\[(\w+)\]", line):
            section = f"{found[1]}."
        elif found := re.match(r"# (\w+) = \S", line):
            names.add(section + found[1])
    return names


def test_every_setting_is_explained_and_every_explained_one_exists() -> None:
    assert _explained() == _settings(Settings) - {"messengers"}


def test_alerts_ask_for_metrics_that_exist() -> None:
    from datetime import UTC, datetime

    metrics = Metrics(MemoryStore(), lambda: datetime.now(UTC), lambda: "v")
    known = {family.name for family in metrics.registry.collect()}
    rules = yaml.safe_load((DEPLOY / "monitoring" / "alerts.yaml").read_text())["groups"][0]["rules"]
    panels = json.loads((DEPLOY / "monitoring" / "grafana.json").read_text())["panels"]
    asked = [rule["expr"] for rule in rules] + [target["expr"] for panel in panels for target in panel["targets"]]
    for expression in asked:
        used = set(re.findall(r"kavi_\w+", expression))
        assert used
        assert {name.removesuffix("_total").removesuffix("_bucket") for name in used} <= known
    assert all(rule["annotations"]["summary"] for rule in rules)


def test_containers_run_without_rights_on_a_read_only_disk() -> None:
    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]
    for name in ("kavi", "kavi-postgres"):
        assert services[name]["read_only"] is True
        assert services[name]["cap_drop"] == ["ALL"]
    (deployment, _) = yaml.safe_load_all((DEPLOY / "kubernetes" / "kavi.yaml").read_text())
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert deployment["spec"]["template"]["spec"]["securityContext"]["runAsNonRoot"] is True
    assert re.search(r"^USER 10001$", (DEPLOY / "Dockerfile").read_text(), re.MULTILINE)


# ------------------------------------------------------------------ what the tools of others say


def _passes(tool: Path, *arguments: str | Path) -> str:
    done = subprocess.run([tool, *arguments], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.mark.server
def test_hadolint_finds_nothing_in_the_dockerfile() -> None:
    _passes(linters.packaged("hadolint"), DEPLOY / "Dockerfile")


@pytest.mark.server
@pytest.mark.parametrize("version", ["1.30", "1.37"])
def test_the_manifests_are_what_kubernetes_expects(version: str) -> None:
    _passes(linters.packaged("kubernetes-validate"), "--strict", "-k", version, DEPLOY / "kubernetes" / "kavi.yaml")


@pytest.mark.server
def test_prometheus_reads_the_alerts() -> None:
    assert "rules found" in _passes(linters.promtool(), "check", "rules", DEPLOY / "monitoring" / "alerts.yaml")


@pytest.mark.server
@pytest.mark.parametrize("name", ["kavi.service", "kavi-backup.service"])
def test_systemd_reads_the_units_and_finds_them_well_locked(name: str, tmp_path: Path) -> None:
    unit = tmp_path / name
    text = (DEPLOY / name).read_text()
    assert "ExecStart=/opt/kavi/bin/kavi " in text
    unit.write_text(
        text.replace("/opt/kavi/bin/kavi", "/bin/true")
    )  # what is not installed here would be its only finding
    assert _passes(linters.systemd_analyze(), "verify", unit) == ""
    exposed = _passes(linters.systemd_analyze(), "security", "--offline=true", "--threshold=15", unit)  # 1.5 of 10
    assert "OK" in exposed


# ------------------------------------------------------------------ data protection


THREATS = DEPLOY / "datenschutz" / "bedrohungen.md"
RECORD = DEPLOY / "datenschutz" / "verzeichnis.md"
NO_TEST = 3  # threats against which only a rule helps


def test_every_threat_names_a_test_that_exists() -> None:
    rows = [line.strip("|\n ").split(" | ") for line in THREATS.read_text().splitlines() if line.startswith("| ")][1:]
    named = [row[-1].strip() for row in rows]
    assert len(rows) > 30
    assert named.count("ohne Test") == NO_TEST
    for place in named:
        if place != "ohne Test":
            file, _, name = place.partition("::")
            assert re.search(rf"^(async )?def {name}\(", (DEPLOY.parent / file).read_text(), re.MULTILINE), place


def test_the_record_of_processing_shows_the_limits_that_the_program_keeps() -> None:
    head = "| was | wie lange |\n|---|---|\n"
    drawn = head + "".join(f"| {limit.about} | {limit.days:g} Tage |\n" for limit in RETENTION.values())
    text = RECORD.read_text()
    before, mark, _ = text.partition("<!-- fristen -->\n")
    if os.environ.get("KAVI_TEST_DRAW"):
        RECORD.write_text(before + mark + drawn)
    assert before + mark + drawn == RECORD.read_text(), (
        "draw it anew: KAVI_TEST_DRAW=1 pytest tests/unit/test_deploy.py"
    )


def test_the_pages_on_data_protection_lead_somewhere() -> None:
    for page in (DEPLOY / "datenschutz").glob("*.md"):
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
            assert (page.parent / target).is_file(), f"{page.name}: {target}"
