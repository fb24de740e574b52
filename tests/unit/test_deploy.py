"""The files for operators say what the program really knows."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import get_type_hints

import pytest
import yaml
from msgspec import Struct

from bot.config import Secret, Settings, settings_of
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


def _flat(settings: Struct, prefix: str = "") -> dict[str, object]:
    found: dict[str, object] = {}
    for name in settings.__struct_fields__:
        value = getattr(settings, name)
        found |= _flat(value, f"{prefix}{name}.") if isinstance(value, Struct) else {f"{prefix}{name}": value}
    return found


def test_what_stands_behind_a_setting_is_its_default_or_called_an_example() -> None:
    lines = (DEPLOY / "kavi.toml").read_text().splitlines()
    switched_on = [re.sub(r"^# (?=\w+ = )", "", line) for line in lines]
    shown, known = _flat(settings_of(tomllib.loads("\n".join(switched_on)))), _flat(Settings())
    assert shown.keys() == known.keys()
    examples = {line.split()[1] for line in lines if "# z. B." in line}
    differing = {name for name, value in shown.items() if value != known[name] and not isinstance(value, Secret)}
    assert {name.rpartition(".")[2] for name in differing} == examples
    for line in lines:
        if re.match(r"# \w+ = ", line):
            assert re.search(r" # \S.{10,}$", line), f"unexplained: {line}"


def test_alerts_ask_for_metrics_that_exist() -> None:
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
    for name in ("kavi", "kavi-postgres", "sicherung", "sicherung-postgres"):
        assert services[name]["read_only"] is True
        assert services[name]["cap_drop"] == ["ALL"]
    made = {one["kind"]: one for one in yaml.safe_load_all((DEPLOY / "kubernetes" / "kavi.yaml").read_text())}
    for pod in (made["Deployment"]["spec"]["template"], made["CronJob"]["spec"]["jobTemplate"]["spec"]["template"]):
        (container,) = pod["spec"]["containers"]
        assert container["securityContext"]["readOnlyRootFilesystem"] is True
        assert pod["spec"]["securityContext"]["runAsNonRoot"] is True
    assert re.search(r"^USER 10001$", (DEPLOY / "Dockerfile").read_text(), re.MULTILINE)


def test_every_way_of_running_it_is_backed_up() -> None:
    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]
    for profile in ("allein", "postgres"):
        commands = [one.get("command", []) for one in services.values() if profile in one["profiles"]]
        assert [command for command in commands if command[:2] == ["backup", "/backup"]], profile
    assert "args: [backup, /backup]" in (DEPLOY / "kubernetes" / "kavi.yaml").read_text()


def test_what_is_typed_names_the_files_that_lie_here() -> None:
    page = (DEPLOY / "in-15-minuten.md").read_text()
    for name in re.findall(r"\b[a-z-]+\.(?:service|sh)\b", page):
        assert (DEPLOY / name).is_file(), name
    units = [(DEPLOY / name).read_text() for name in ("kavi.service", "kavi-backup.service")]
    assert "useradd --system" in page
    for unit in units:
        assert "User=kavi\nGroup=kavi\n" in unit, "the account that the page makes"
        assert "LoadCredential=kavi-master-key:/etc/kavi/master.key" in unit
        assert "EnvironmentFile=-/etc/kavi/kavi.env" in unit
    assert "install -d -m 0700 -o kavi -g kavi /var/backups/kavi" in page
    assert "ReadWritePaths=/var/backups/kavi" in units[1]


def test_the_command_for_operators_hands_everything_on_to_the_service_s_kavi(tmp_path: Path) -> None:
    fake = tmp_path / "systemd-run"
    fake.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    fake.chmod(0o755)
    env = {"PATH": f"{tmp_path}:/usr/bin:/bin", "TERM": "vt100"}
    said = subprocess.run(
        ["sh", DEPLOY / "kavi.sh", "restore", "/var/backups/mit leer"],
        capture_output=True,
        text=True,
        check=True,
        env=env,
    ).stdout.splitlines()
    assert said[-3:] == ["/opt/kavi/bin/kavi", "restore", "/var/backups/mit leer"]
    assert {"--uid=kavi", "EnvironmentFile=-/etc/kavi/kavi.env", "KAVI_DATA_DIR=/var/lib/kavi"} <= set(said)


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
def test_prometheus_finds_the_numbers_well_named() -> None:
    metrics = Metrics(MemoryStore(), lambda: datetime.now(UTC), lambda: "v")
    for hop in ("intake", "turn"):
        metrics.took(hop, 0.1)
    metrics.matched("answer")
    text = asyncio.run(metrics.collect())
    tool = [linters.promtool(), "check", "metrics"]
    done = subprocess.run(tool, input=text, capture_output=True, check=False, timeout=60)
    assert (done.returncode, done.stdout + done.stderr) == (0, b"")


@pytest.mark.server
def test_prometheus_reads_what_the_panels_ask_for(tmp_path: Path) -> None:
    panels = json.loads((DEPLOY / "monitoring" / "grafana.json").read_text())["panels"]
    asked = [target["expr"].replace("$__rate_interval", "5m") for panel in panels for target in panel["targets"]]
    rules = [{"record": f"panel:{number}", "expr": expression} for number, expression in enumerate(asked)]
    file = tmp_path / "panels.yaml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}))
    assert f"{len(asked)} rules found" in _passes(linters.promtool(), "check", "rules", file)


@pytest.mark.server
def test_the_alerts_fire_when_they_should_and_not_before(tmp_path: Path) -> None:
    """(series with its values minute by minute, the alert, the minute before it fires, the minute in which it does)."""
    cases = [
        ("kavi_store_up", "1 0 0 0 0", "KaviStoreAway", 2, 4),
        ("kavi_alert_oldest_open_seconds", "0 900 901", "KaviAlertUnacknowledged", 1, 2),
        ("kavi_inbox_oldest_seconds", "0 61 121 181 241", "KaviInboxWaits", 2, 4),
        ("kavi_undecryptable_total", "0 5 5 11", "KaviUndecryptable", 2, 3),
        ("kavi_backup_last_timestamp_seconds", "0x2300", "KaviBackupOld", 2159, 2221),
    ]
    tests = [
        {
            "interval": "1m",
            "input_series": [{"series": series, "values": values}],
            "promql_expr_test": [
                {
                    "expr": f'ALERTS{{alertname="{alert}",alertstate="firing"}} > bool 0',
                    "eval_time": f"{minute}m",
                    "exp_samples": []
                    if minute == before
                    else [{"labels": f'{{alertname="{alert}",alertstate="firing",severity="{_severity(alert)}"}}', "value": 1}],
                }
                for minute in (before, fires)
            ],
        }
        for series, values, alert, before, fires in cases
    ]  # fmt: skip
    file = tmp_path / "tests.yaml"
    file.write_text(
        yaml.safe_dump({"rule_files": [str(DEPLOY / "monitoring" / "alerts.yaml")], "evaluation_interval": "1m", "tests": tests})
    )  # fmt: skip
    _passes(linters.promtool(), "test", "rules", file)


def _severity(alert: str) -> str:
    rules = yaml.safe_load((DEPLOY / "monitoring" / "alerts.yaml").read_text())["groups"][0]["rules"]
    return str(next(rule["labels"]["severity"] for rule in rules if rule["alert"] == alert))


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
