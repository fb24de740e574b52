"""From which probability a message is an alert or a second look: `python -m tests.bench.safety_levels [--write]`.

Cross-validated on the examples of knowledge/safety and the ordinary questions of knowledge/topics: no text judges with a
model it has itself taught. Only the two numbers are kept, in knowledge/safety/levels.yaml.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from bot.loader.nodes import Problems
from bot.loader.safety import harmless_texts, load_rules, load_samples
from bot.loader.topics import load_topics
from bot.safety import SafetyRules
from bot.safety.likeness import Sample, fit

ROOT = Path(__file__).resolve().parents[2]
FOLDS = 5
# What is allowed, with a margin to what is demanded: alerts and second looks on look-alikes and on ordinary questions.
ALERTS = {"lookalike": 0.06, "ordinary": 0.003}
CHECKS = {"lookalike": 0.14, "ordinary": 0.015}

Judged = tuple[Sample, float]


def judged(rules: SafetyRules, samples: Sequence[Sample]) -> list[Judged]:
    """Each sample with the probability that a model without its fold gives it."""
    ids = rules.ids
    out: list[Judged] = []
    for fold in range(FOLDS):
        taught = [one for at, one in enumerate(samples) if at % FOLDS != fold]
        model = fit(taught, ids, alert=1.0, check=1.0)
        out += [(one, model.danger(one.words, one.fired, ids)) for at, one in enumerate(samples) if at % FOLDS == fold]
    return out


def kind_of(sample: Sample) -> str:
    """danger, unclear, lookalike (a harmless example beside a rule) or ordinary (a question to a topic)."""
    if sample.danger:
        return "danger" if sample.danger > 0.5 else "unclear"
    return "lookalike" if sample.place else "ordinary"


def share(rows: Sequence[Judged], kind: str, level: float) -> float:
    """How many of a kind reach the level."""
    found = [danger for sample, danger in rows if kind_of(sample) == kind]
    return sum(danger >= level for danger in found) / len(found) if found else 0.0


def lowest(rows: Sequence[Judged], allowed: dict[str, float]) -> float:
    """The lowest level at which no kind of harmless text passes more often than allowed."""
    return next(
        level
        for level in (step / 200 for step in range(4, 200))
        if all(share(rows, kind, level) <= most for kind, most in allowed.items())
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="tests.bench.safety_levels")
    parser.add_argument("--write", action="store_true")
    chosen = parser.parse_args()
    problems = Problems()
    knowledge = ROOT / "knowledge"
    rules = load_rules(knowledge / "safety", problems)
    topics = load_topics(knowledge, problems)
    samples = load_samples(rules, knowledge / "safety", harmless_texts(topics, knowledge, problems), problems)
    rows = judged(rules, samples)
    alert, check = lowest(rows, ALERTS), lowest(rows, CHECKS)
    about = ", ".join(
        f"{kind} {share(rows, kind, alert):.1%} / {share(rows, kind, check):.1%}"
        for kind in ("danger", "unclear", "lookalike", "ordinary")
    )
    print(f"alert {alert}, check {check}; alerts / noticed: {about}; {len(samples)} texts", file=sys.stderr)
    if chosen.write:
        (knowledge / "safety" / "levels.yaml").write_text(
            "# Ab welcher Wahrscheinlichkeit eine Nachricht ein Alarm (alert) oder eine sanfte Nachfrage (check) ist.\n"
            "# Geschrieben von `python -m tests.bench.safety_levels --write` aus den Beispielen; nicht von Hand ändern.\n"
            f'about: "{datetime.now(UTC):%Y-%m-%d}, {len(samples)} texts, cross-validated, alerts / noticed: {about}"\n'
            f"alert: {alert}\ncheck: {check}\n",
            encoding="utf-8",
        )


if __name__ == "__main__":
    main()
