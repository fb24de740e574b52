"""From which probability a message is an alert or a second look: `python -m tests.bench.safety_levels [--write]`.

Cross-validated with the whole layer (rules, guards, sentences, likeness) on the examples of knowledge/safety and the
ordinary questions of knowledge/topics: no text judges with a model that it, or its neighbours in the file, have taught.
Neighbours were written in one sitting and are of one voice. Only the two numbers are kept, in knowledge/safety/levels.yaml.
It takes as long as two `kavi learn`.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from bot.loader.nodes import Problems
from bot.loader.safety import Example, harmless_texts, load_examples, load_rules, samples_of
from bot.loader.topics import load_topics
from bot.safety.fitting import fit
from bot.safety.rules import SafetyRules
from bot.safety.triage import triage

ROOT = Path(__file__).resolve().parents[2]
FOLDS = 2
SITTING = 25  # neighbouring lines that judge together
EACH = 5  # every so many lines of a fold are judged
LEVELS = tuple((alert, check) for alert in (0.6, 0.66, 0.72) for check in (0.18, 0.22, 0.26) if alert > check)
# What is allowed: alerts and second looks on look-alikes (written to be mistaken, harder than what people write) and on
# ordinary questions.
ALERTS = {"lookalike": 0.07, "ordinary": 0.005}
CHECKS = {"lookalike": 0.12, "ordinary": 0.02}

Levels = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Counted:
    """What the layer made of the examples at one pair of levels: how many alerts, looks and silences per kind."""

    made: Mapping[str, Counter[str]]

    def share(self, kind: str, *outcomes: str) -> float:
        """How many of a kind ended so, 0 to 1; 0 where there are none."""
        counts = self.made.get(kind, Counter())
        return sum(counts[outcome] for outcome in outcomes) / (counts.total() or 1)

    @property
    def allowed(self) -> bool:
        """Whether harmless texts are taken for danger no more often than allowed."""
        return all(self.share(kind, "alert") <= most for kind, most in ALERTS.items()) and all(
            self.share(kind, "check") <= most for kind, most in CHECKS.items()
        )

    @property
    def recall(self) -> float:
        """What is to be great: alerts and, as much, anything noticed among dangers."""
        return self.share("danger", "alert") + self.share("danger", "alert", "check")

    def __str__(self) -> str:
        shares = (
            f"{kind} {self.share(kind, 'alert'):.1%} / {self.share(kind, 'alert', 'check'):.1%}"
            for kind in ("danger", "unclear", "lookalike", "ordinary")
        )
        return ", ".join(shares)


def folds_of(rows: Sequence[Example]) -> list[int]:
    """The fold of each row; neighbours of a file share one."""
    numbers: list[int] = []
    plain = 0
    for row in rows:
        file, _, line = row.place.rpartition(":")
        plain += not file
        sitting = int(line) // SITTING if file else plain // SITTING
        numbers.append((sum(map(ord, file)) + sitting) % FOLDS)
    return numbers


def kind_of(row: Example) -> str:
    """danger, unclear, lookalike (a harmless example beside a rule) or ordinary (a question to a topic)."""
    if row.expected == "alert":
        return "danger"
    if row.expected == "check":
        return "unclear"
    return "lookalike" if row.place and not row.place.rpartition(":")[0].endswith("ordinary.yaml") else "ordinary"


def judged(rules: SafetyRules, rows: Sequence[Example], levels: Sequence[Levels]) -> dict[Levels, Counted]:
    """What the layer makes of each row at each pair of levels, with a model that its fold has not taught."""
    found: dict[Levels, dict[str, Counter[str]]] = {pair: defaultdict(Counter) for pair in levels}
    folds = folds_of(rows)
    for fold in range(FOLDS):
        taught = [one for row, at in zip(rows, folds, strict=True) if at != fold for one in samples_of(rules, row)]
        model = fit(taught, rules.ids, alert=1.0, check=1.0)
        for alert, check in levels:
            layer = replace(rules, likeness=replace(model, alert=alert, check=check))
            for row in [row for row, at in zip(rows, folds, strict=True) if at == fold][::EACH]:
                finding = triage(layer, row.text, audience="unknown")
                outcome = finding.level if finding else "none"
                found[alert, check][kind_of(row)][outcome] += 1
                if row.expected == "alert":
                    found[alert, check][row.category][outcome] += 1
    return {pair: Counted(made) for pair, made in found.items()}


def main() -> None:
    parser = argparse.ArgumentParser(prog="tests.bench.safety_levels")
    parser.add_argument("--write", action="store_true")
    chosen = parser.parse_args()
    problems = Problems()
    knowledge = ROOT / "knowledge"
    rules = load_rules(knowledge / "safety", problems)
    harmless = harmless_texts(load_topics(knowledge, problems), knowledge, problems)
    rows = load_examples(knowledge / "safety", harmless, problems)
    counted = judged(rules, rows, LEVELS)
    for (alert, check), one in counted.items():
        print(f"alert {alert}, check {check}: {one}{' (allowed)' if one.allowed else ''}", file=sys.stderr)
    good = [pair for pair, one in counted.items() if one.allowed] or [max(LEVELS)]
    alert, check = max(good, key=lambda pair: (counted[pair].recall, pair))
    best = counted[alert, check]
    for category in sorted({row.category for row in rows if row.expected == "alert"}):
        alerts, noticed = best.share(category, "alert"), best.share(category, "alert", "check")
        print(f"{category:16} {alerts:.1%} / {noticed:.1%}", file=sys.stderr)
    print(f"alert {alert}, check {check}; alerts / noticed: {best}; {len(rows)} texts", file=sys.stderr)
    if chosen.write:
        (knowledge / "safety" / "levels.yaml").write_text(
            "# Ab welcher Wahrscheinlichkeit eine Nachricht ein Alarm (alert) oder eine sanfte Nachfrage (check) ist.\n"
            "# Geschrieben von `python -m tests.bench.safety_levels --write` aus den Beispielen; nicht von Hand ändern.\n"
            f'about: "{datetime.now(UTC):%Y-%m-%d}, {len(rows)} texts, cross-validated, alerts / noticed: {best}"\n'
            f"alert: {alert}\ncheck: {check}\n",
            encoding="utf-8",
        )


if __name__ == "__main__":
    main()
