"""Weights and thresholds of the matcher from labelled questions: `python -m tests.bench.calibrate FILES… [--write]`.

The logistic model is fitted on the evidence of the first candidates; thresholds are chosen on cross-validated
probabilities, so that no question judges with weights it has itself taught. Nothing of the questions is stored, only the
numbers in knowledge/data/matching.yaml.
"""

from __future__ import annotations

import argparse
import itertools
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bot.loader.content import read_content, with_meaning
from bot.matching.evidence import MEANT, NAMES
from bot.matching.index import TopicIndex
from bot.matching.weighing import with_products
from tests.bench.questions import Question, answerable, read_questions, with_finer

Floats = NDArray[np.float64]
FOLDS = 10
TAUGHT = 5  # candidates of a question that teach
SMOOTHING = 0.3
# What is allowed, with a margin to what is demanded (4 % wrong, 4 % false answers, 35 % false offers).
MAX_WRONG, MAX_FALSE, MAX_OFFERED = 0.022, 0.020, 0.18
STRICTER = {"harmless": 0.0, "money": 0.03, "legal": 0.03, "safety": 0.12}


@dataclass(frozen=True, slots=True)
class Row:
    """A question with its candidates: (topic, evidence with products), before any probability."""

    question: Question
    candidates: tuple[tuple[str, tuple[float, ...]], ...]


@dataclass(frozen=True, slots=True)
class Judged:
    """A question with its candidates' probabilities, best first."""

    question: Question
    candidates: tuple[tuple[str, float], ...]


def products(clue: Sequence[float]) -> tuple[float, ...]:
    """The evidence in the order of `with_products`: what speaks for a topic only when something else does too."""
    return (*clue, *(one * other for one, other in itertools.combinations_with_replacement(clue, 2)))


def collect(index: TopicIndex, questions: list[Question]) -> list[Row]:
    """The evidence for each question."""
    return [
        Row(q, tuple((index.topics[one.at], products(one.evidence)) for one in index.rank(q.text, audience=q.audience)))
        for q in questions
    ]


def fit(rows: list[Row]) -> Floats:
    """Weights and, last, the bias: logistic regression by Newton's method."""
    lines = [(clue, topic in row.question.topics) for row in rows for topic, clue in row.candidates[:TAUGHT]]
    table = np.array([[*clue, 1.0] for clue, _ in lines])
    right = np.array([float(good) for _, good in lines])
    weights = np.zeros(table.shape[1])
    smooth = np.eye(table.shape[1]) * SMOOTHING
    smooth[-1, -1] = 1e-3
    for _ in range(30):
        p = 1.0 / (1.0 + np.exp(-table @ weights))
        slope = table.T @ (right - p) - smooth @ weights
        curve = (table.T * (p * (1 - p))) @ table + smooth
        step = np.linalg.solve(curve, slope)
        weights = weights + step
        if np.abs(step).max() < 1e-4:
            break
    return weights


def judge(weights: Floats, row: Row) -> Judged:
    """The candidates with their probabilities."""
    p = [
        (topic, float(1 / (1 + np.exp(-(np.dot(clue, weights[:-1]) + weights[-1]))))) for topic, clue in row.candidates
    ]
    return Judged(row.question, tuple(sorted(p, key=lambda one: -one[1])))


def cross_validated(rows: list[Row]) -> list[Judged]:
    """Each question judged by weights that others taught."""
    judged: list[Judged] = []
    for fold in range(FOLDS):
        weights = fit([row for number, row in enumerate(rows) if number % FOLDS != fold])
        judged += [judge(weights, row) for number, row in enumerate(rows) if number % FOLDS == fold]
    return judged


def choose(judged: list[Judged], risks: dict[str, str]) -> tuple[dict[str, float], float]:
    """The lowest thresholds that keep within what is allowed: by risk class, and for asking back."""
    ours = [one for one in judged if one.question.topics and one.candidates]
    others = [one for one in judged if not one.question.topics]

    def answered(one: Judged, base: float) -> bool:
        return (
            bool(one.candidates) and one.candidates[0][1] >= base + STRICTER[risks.get(one.candidates[0][0], "legal")]
        )

    base = 0.3
    while base < 0.95:
        wrong = sum(answered(one, base) and one.candidates[0][0] not in one.question.topics for one in ours)
        false = sum(answered(one, base) for one in others)
        if wrong <= MAX_WRONG * len(ours) and false <= MAX_FALSE * max(1, len(others)):
            break
        base += 0.01
    safety = max(
        (one.candidates[0][1] for one in judged if one.candidates and risks.get(one.candidates[0][0]) == "safety"
         and one.candidates[0][0] not in one.question.topics), default=0.0)  # fmt: skip
    answer = {name: round(base + more, 3) for name, more in STRICTER.items()}
    answer["safety"] = round(min(0.97, max(answer["safety"], safety + 0.03)), 3)
    clarify = 0.06
    while sum(bool(o.candidates) and o.candidates[0][1] >= clarify and not answered(o, base) for o in others) > (
        MAX_OFFERED * max(1, len(others))
    ):
        clarify += 0.005
    return answer, round(clarify, 3)


def report(judged: list[Judged], answer: dict[str, float], clarify: float, risks: dict[str, str]) -> str:
    """One line: what these thresholds would have done to the cross-validated questions."""
    kinds: list[str] = []
    for one in judged:
        first, p = one.candidates[0] if one.candidates else ("", 0.0)
        known = bool({topic for topic, _ in one.candidates[:3]} & set(one.question.topics))
        side = "" if one.question.topics else "outside "
        if p >= answer[risks.get(first, "legal")]:
            kinds.append(side + ("right" if first in one.question.topics else "wrong"))
        elif p >= clarify:
            kinds.append(side + ("offered" if known or side else "offered in vain"))
        else:
            kinds.append(side + "none")
    ours, others = sum(not k.startswith("outside") for k in kinds), sum(k.startswith("outside") for k in kinds)
    share = {
        kind: kinds.count(kind) / ((others if kind.startswith("outside") else ours) or 1) for kind in sorted(set(kinds))
    }
    return ", ".join(f"{kind} {100 * value:.1f} %" for kind, value in share.items())


def calibrated(index: TopicIndex, questions: list[Question], risks: dict[str, str], names: Sequence[str]) -> list[str]:
    """Weights and thresholds as lines of YAML."""
    rows = collect(index, questions)
    judged = cross_validated(rows)
    answer, clarify = choose(judged, risks)
    weights = fit(rows)
    return [
        "about:",
        f"  day: {datetime.now(UTC).date().isoformat()}",
        f"  topics: {len(index.topics)}",
        f"  questions: {len(questions)}",
        f'  cross_validated: "{report(judged, answer, clarify, risks)}"',
        f"bias: {weights[-1]:.4f}",
        "weights:",
        *(f"  {name}: {value:.4f}" for name, value in zip(with_products(names), weights[:-1], strict=True)),
        "# the probability from which a topic is answered, by risk class; below, it is offered down to `clarify`",
        "answer:",
        *(f"  {name}: {value}" for name, value in answer.items()),
        f"clarify: {clarify}",
    ]


def main() -> int:
    """Prints the calibration, and writes it when asked to."""
    parser = argparse.ArgumentParser(prog="tests.bench.calibrate")
    parser.add_argument("paths", nargs="+")
    parser.add_argument("--content", default=".")
    parser.add_argument("--semantic", choices=("auto", "on", "off"), default="auto")
    parser.add_argument("--write", action="store_true", help="into knowledge/data/matching.yaml")
    parser.add_argument(
        "--vectors", default="kavi-data/meaning.npz", help="where the examples' sentence vectors are kept"
    )
    chosen = parser.parse_args()
    root = Path(chosen.content)
    content, _ = read_content(root)
    if content.index is None:
        print("no topics")
        return 1
    risks = {topic.id: topic.risk for topic in content.topics.values()}
    questions = with_finer(answerable(read_questions(chosen.paths), content.topics), content.topics)
    lines = ["# Written by `python -m tests.bench.calibrate` from labelled questions; do not edit by hand."]
    lines += calibrated(content.index, questions, dict(risks), NAMES)
    index = with_meaning(content, root, chosen.semantic, Path(chosen.vectors)).index
    if index is not None and index.meaning is not None:
        lines += [
            "with_meaning:",
            *("  " + line for line in calibrated(index, questions, dict(risks), (*NAMES, *MEANT))),
        ]
    text = "\n".join([*lines, ""])
    print(text)
    if chosen.write:
        (root / "knowledge" / "data" / "matching.yaml").write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
