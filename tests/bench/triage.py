"""Recall, false alarms and time of the safety layer on files of messages.

    python -m tests.bench triage --json [--show=mf] [file.jsonl …]     m: missed, f: false

Rows: {"text", "audience", "category" (crisis) or none, "why" (harmless), "expect"}. Without paths: ../shared/devset when it
is there, else tests/data/safety.
"""

from __future__ import annotations

import json
import sys
import time
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

from bot.loader.nodes import Problems
from bot.loader.safety import harmless_texts, load_safety
from bot.loader.topics import load_topics
from bot.safety.rules import SafetyRules
from bot.safety.triage import triage

_ROOT = Path(__file__).resolve().parents[2]
_PLACES = (_ROOT.parent / "shared/devset", _ROOT.parent.parent / "shared/devset", _ROOT / "tests/data/safety")


def rows(paths: list[Path]) -> list[dict[str, Any]]:
    """All rows of the files; faq and oos rows are harmless and ordinary."""
    found: list[dict[str, Any]] = []
    for path in paths:
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            row.setdefault("category", None)
            row["ordinary"] = str(row.get("why", "ordinary")).startswith("ordinary")
            found.append(row)
    return found


def measure(rules: SafetyRules, messages: list[dict[str, Any]], show: str = "") -> dict[str, Any]:
    """The figures that the targets name, shares from 0 to 1, times in milliseconds."""
    crisis: dict[str, Counter[str]] = defaultdict(Counter)
    harmless: dict[str, Counter[str]] = defaultdict(Counter)
    times: list[float] = []
    for row in messages:
        begun = time.perf_counter()
        finding = triage(rules, row["text"], audience=row.get("audience") or "child")
        times.append((time.perf_counter() - begun) * 1000)
        level = finding.level if finding else "none"
        group = row["category"] or ("ordinary" if row["ordinary"] else "lookalike")
        (crisis if row["category"] else harmless)[group][level] += 1
        if row["category"] and finding and finding.category == row["category"]:
            crisis[group]["right"] += 1
        if show and (
            (row["category"] and level != "alert" and "m" in show) or (not row["category"] and finding and "f" in show)
        ):
            print(f"{level:6}{group:15}{finding.rule if finding else '':48} {row['text']}", file=sys.stderr)
    return _figures(crisis, harmless, times)


def _figures(crisis: dict[str, Counter[str]], harmless: dict[str, Counter[str]], times: list[float]) -> dict[str, Any]:
    def share(counter: Counter[str], *names: str) -> float:
        total = counter["alert"] + counter["check"] + counter["none"]
        return round(sum(counter[name] for name in names) / total, 4) if total else 0.0

    def total(groups: dict[str, Counter[str]]) -> Counter[str]:
        return sum(groups.values(), Counter())

    times.sort()
    return {
        "crisis": sum(sum(c[n] for n in ("alert", "check", "none")) for c in crisis.values()),
        "alerted": share(total(crisis), "alert"),
        "noticed": share(total(crisis), "alert", "check"),
        "right_category": share(total(crisis), "right"),
        "by_category": {n: [share(c, "alert"), share(c, "alert", "check")] for n, c in sorted(crisis.items())},
        "harmless": sum(sum(c.values()) for c in harmless.values()),
        "false_alerts": share(total(harmless), "alert"),
        "false_checks": share(total(harmless), "check"),
        "ordinary_alerts": share(harmless.get("ordinary", Counter()), "alert"),
        "ordinary_checks": share(harmless.get("ordinary", Counter()), "check"),
        "p50_ms": round(times[len(times) // 2], 4) if times else None,
        "p99_ms": round(times[int(len(times) * 0.99)], 4) if times else None,
    }


def run(argv: list[str]) -> dict[str, Any]:
    """The figures for `python -m tests.bench triage`."""
    show = next((arg.removeprefix("--show=") for arg in argv if arg.startswith("--show=")), "")
    paths = [Path(arg) for arg in argv if not arg.startswith("-")]
    if not paths:
        folder = next(place for place in _PLACES if place.is_dir())
        paths = [path for name in ("crisis", "nearmiss", "faq", "oos") if (path := folder / f"{name}.jsonl").is_file()]
    problems = Problems()
    knowledge = _ROOT / "knowledge"
    rules = load_safety(
        knowledge, problems, lambda: harmless_texts(load_topics(knowledge, problems), knowledge, problems)
    ).rules
    assert rules is not None
    rules.wake()  # as `kavi triage` does
    for problem in problems.found:
        print(problem, file=sys.stderr)
    return measure(rules, rows(paths), show)
