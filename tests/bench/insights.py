"""Sound data at full counts: do intervals hold, what does an attacker learn, is anything under ten ever told?

`uv run python -m tests.bench insights --json` runs 1,000 simulated populations of 10,000 answers for each kind of question.
"""

from __future__ import annotations

import argparse
import random
from collections import Counter
from fractions import Fraction
from math import exp

import numpy as np

from bot.insights.estimates import share_of
from bot.insights.noise import leak, limit_for, noise, variance
from bot.insights.questions import QUESTIONS, REPLACED, Question
from bot.insights.suppression import LEAST
from bot.insights.tables import Plan, protect

EPSILON = 1.0  # of the attacked table
SHARES = (0.42, 0.23, 0.12, 0.08, 0.05, 0.04, 0.02, 0.02, 0.01, 0.01)


def coverage(question_id: str, runs: int, people: int, seed: int) -> tuple[int, int]:
    """(intervals that hold the true share, intervals looked at) over simulated populations, noise and chance included."""
    question = next(one for one in QUESTIONS if one.id == question_id)
    draw, chance = random.Random(seed), np.random.default_rng(seed)
    true = [share / sum(SHARES[: len(question.answers)]) for share in SHARES[: len(question.answers)]]
    inside = looked = 0
    for _ in range(runs):
        estimates = _one_population(question, true, people, draw, chance)
        looked += 1
        at = draw.randrange(len(true))
        inside += estimates[at] is None or estimates[at][0] <= true[at] <= estimates[at][1]
    return inside, looked


def _one_population(
    question: Question, true: list[float], people: int, draw: random.Random, chance: np.random.Generator
) -> list[tuple[float, float] | None]:
    """What would be published about each answer, as (low, high); None where it would be hidden."""
    several = question.most > 1
    seen = [_binomial(people, share, chance) for share in true] if several else _multinomial(people, true, chance)
    if question.sensitive:
        seen = _exchanged(seen, chance)
    rate = Fraction(question.epsilon) / question.reach
    limit, spread = limit_for(float(rate)), variance(float(rate))
    noisy = [value + noise(rate, limit, draw.randrange) for value in seen]
    whole = people + noise(rate, limit, draw.randrange) if several else sum(noisy)
    found: list[tuple[float, float] | None] = []
    for value in noisy:
        estimate = share_of(
            value, whole, noise=spread, whole_noise=spread if several else None,
            replaced=REPLACED if question.sensitive else 0.0, answers=len(true), cells=len(true),
        )  # fmt: skip
        found.append((estimate.low, estimate.high) if estimate is not None and value >= LEAST + limit else None)
    return found


def _binomial(n: int, p: float, chance: np.random.Generator) -> int:
    return int(chance.binomial(n, p))


def _multinomial(n: int, shares: list[float], chance: np.random.Generator) -> list[int]:
    return [int(one) for one in chance.multinomial(n, shares)]


def _exchanged(seen: list[int], chance: np.random.Generator) -> list[int]:
    """Each answer replaced with probability REPLACED by one drawn from all."""
    replaced = [_binomial(value, REPLACED, chance) for value in seen]
    drawn = _multinomial(sum(replaced), [1 / len(seen)] * len(seen), chance)
    return [value - gone + new for value, gone, new in zip(seen, replaced, drawn, strict=True)]


def probabilities(truth: int, rate: float) -> dict[int | None, float]:
    """What a reader may see of one number, with its probability; None = hidden."""
    limit, a = limit_for(rate), exp(-rate)
    whole = sum(a ** abs(x) for x in range(-limit, limit + 1))
    found: dict[int | None, float] = {}
    for x in range(-limit, limit + 1):
        seen = truth + x if truth + x >= LEAST + limit else None
        found[seen] = found.get(seen, 0.0) + a ** abs(x) / whole
    return found


def guesses(runs: int, epsilon: float, seed: int) -> int:
    """How often an attacker who knows all answers but one tells from the published table whether that one was given.

    In half of the runs it was; who guesses blindly is right in half of them.
    """
    draw = random.Random(seed)
    plan = Plan(name="x", rows=("DE",), columns=("yes", "no"), epsilon=Fraction(str(epsilon)), unit="u")
    right = 0
    for _ in range(runs):
        given = draw.randrange(2)
        cells = protect(plan, {("DE", "yes"): 100 + given, ("DE", "no"): 100}, draw.randrange).cells["DE"]
        seen = cells["yes"] if cells["yes"] is not None else 0
        right += (seen > 100) == bool(given)
    return right


def best_guess(epsilon: float) -> float:
    """How often the best possible attacker is right: exactly, from the two distributions of what can be read."""
    without, given = probabilities(100, epsilon), probabilities(101, epsilon)
    return sum(max(without.get(seen, 0.0), given.get(seen, 0.0)) for seen in without.keys() | given.keys()) / 2


def allowed_guess(epsilon: float) -> float:
    """How often anybody may be right who knows all but one answer: e^ε / (1 + e^ε), and half of the leak more."""
    return exp(epsilon) / (1 + exp(epsilon)) + leak(epsilon, limit_for(epsilon)) / 2


def small_numbers(runs: int, seed: int) -> tuple[int, int]:
    """(published numbers that are truly under ten, published numbers) over random tables."""
    draw = random.Random(seed)
    plan = Plan(
        name="x", rows=tuple("ABCDEFGH"), columns=tuple("abcde"), epsilon=Fraction("0.7"), unit="u"
    )  # fmt: skip
    bad = shown = 0
    for _ in range(runs):
        counts = Counter({(r, c): draw.choice([0, 1, 5, 9, 10, 20, 50, 200]) for r in plan.rows for c in plan.columns})
        table = protect(plan, counts, draw.randrange)
        for row in plan.rows:
            for column in plan.columns:
                if table.cells[row][column] is not None:
                    shown += 1
                    bad += counts[row, column] < LEAST
            out = [column for column in plan.columns if table.cells[row][column] is None]
            if out and table.row_sums[row] is not None:
                bad += len(out) < 2 or sum(counts[row, column] for column in out) < LEAST
    return bad, shown


def run(rest: list[str]) -> dict[str, object]:
    """All figures; `--factor 0.1` makes a tenth of the runs."""
    parser = argparse.ArgumentParser(prog="tests.bench insights")
    parser.add_argument("--factor", type=float, default=1.0)
    factor: float = parser.parse_args(rest).factor
    runs = max(20, int(1000 * factor))
    held = {}
    for question in ("knows", "arrest", "obstacles", "way", "custody"):
        inside, looked = coverage(question, runs=runs, people=10_000, seed=1)
        held[question] = round(inside / looked, 4)
    attacks = max(100, int(200_000 * factor))
    bad, shown = small_numbers(max(20, int(500 * factor)), seed=2)
    return {
        "populations": runs, "people": 10_000, "held_95": held, "attack_runs": attacks,
        "attack_right": round(guesses(attacks, EPSILON, 3) / attacks, 4),
        "attack_right_at_best": round(best_guess(EPSILON), 8), "attack_allowed": round(allowed_guess(EPSILON), 8),
        "published": shown, "under_ten": bad,
    }  # fmt: skip
