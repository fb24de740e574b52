"""The files for operators say what the program really knows."""

from __future__ import annotations

import json
import re
from pathlib import Path

import yaml
from pydantic import BaseModel

from bot.config import Settings
from bot.service.metrics import Metrics
from bot.storage.memory import MemoryStore

DEPLOY = Path(__file__).parents[2] / "deploy"


def _settings(model: type[BaseModel], prefix: str = "") -> set[str]:
    names: set[str] = set()
    for name, field in model.model_fields.items():
        kind = field.annotation
        nested = isinstance(kind, type) and issubclass(kind, BaseModel)
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
