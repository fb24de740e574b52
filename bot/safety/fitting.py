"""Learns the likeness from the examples. The same examples give the same model.

Method: L2-regularised logistic regression (truncated Newton, Lin, Weng & Keerthi 2008), the category by naive Bayes.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from bot.safety.examples import Example
from bot.safety.likeness import Ids, Likeness, telling, word_features
from bot.safety.neighbours import Taught

_RARE: Final = 2  # what stands in fewer examples says nothing
_SMOOTH: Final = 4.0  # texts of average wording that each category is given in addition


@dataclass(frozen=True, slots=True)
class Sample:
    """One text to learn from: its words (sounds), the rules that fired as `category/level`, danger from 0 to 1."""

    words: tuple[str, ...]
    fired: tuple[str, ...]
    danger: float
    category: str = ""
    place: str = ""


def fit(samples: Sequence[Sample], ids: Ids, *, alert: float, check: float, penalty: float = 0.003) -> Likeness:
    """Learns from the samples. The same samples give the same model."""
    rows = [_features(sample, ids) for sample in samples]
    seen = Counter(name for found, _ in rows for name in found)
    names = {name: number for number, name in enumerate(name for name, count in seen.items() if count >= _RARE)}
    weights, bias = _logistic(rows, [sample.danger for sample in samples], _told(names, seen, len(rows)), penalty)
    kept = {name: weights[number] for name, number in names.items() if abs(weights[number]) > 1e-4}
    dangers = [sample for sample in samples if sample.category]
    categories, prior = _bayes(dangers)
    examples = (Example(frozenset(one.words), one.category, one.place) for one in dangers)
    taught = (Taught(one.words, one.danger) for one in samples)
    return Likeness.of(kept, bias, categories, prior, examples, taught, alert=alert, check=check)


def _features(sample: Sample, ids: Ids) -> tuple[dict[str, float], float]:
    """The features of a sample and the square of its length, exactly as `Likeness.danger` counts them."""
    found: dict[str, float] = defaultdict(float)
    size = 0.0
    before, second = "", ""
    for word in sample.words:
        for value, names in word_features(word, ids):
            for name in names:
                found[name] += value
                size += value * value
        found[f"{before} {word}"] += 1.0
        found[f"{second}~{word}"] += 1.0
        size += 2.0
        before, second = word, before
    for rule in sample.fired:
        found[f"!{rule}"] += 1.0
        size += 1.0
    return found, size


def _told(names: Mapping[str, int], seen: Mapping[str, int], texts: int) -> dict[str, tuple[int, float]]:
    """Each feature's number and how much it tells, 1 on average: the rarer, the more.

    A feature that tells much is punished less for its weight. What stands in every other text ("ich", "en>") would
    otherwise carry most of what is learned, and rare words, which say what happens, too little of it.
    """
    told = {name: math.log(texts / seen[name]) for name in names}
    mean = sum(told.values()) / len(told) if told else 1.0
    return {name: (number, told[name] / (mean or 1.0)) for name, number in names.items()}


def _bayes(samples: Sequence[Sample]) -> tuple[dict[str, dict[str, float]], dict[str, float]]:
    """How much more often each word stands in the examples of one category than in all, as logarithms."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    texts: Counter[str] = Counter()
    for sample in samples:
        texts[sample.category] += 1
        told = {name for word in sample.words for name in telling(word)}
        for name in (*told, *(f"!{rule}" for rule in set(sample.fired))):
            counts[name][sample.category] += 1
    total = sum(texts.values())
    tables: dict[str, dict[str, float]] = {}
    for name, count in counts.items():
        mean = sum(count.values()) / total
        tables[name] = {
            category: math.log((count[category] + _SMOOTH * mean) / (texts[category] + _SMOOTH) / mean)
            for category in texts
        }
    return tables, {category: math.log(count / total) for category, count in texts.items()}


def _logistic(
    rows: Sequence[tuple[Mapping[str, float], float]],
    target: Sequence[float],
    names: Mapping[str, tuple[int, float]],
    penalty: float,
) -> tuple[list[float], float]:
    """Weights by name's number, and the bias. `names` gives each number with how much it tells."""
    import numpy as np

    columns: list[int] = []
    values: list[float] = []
    ends = [0]
    for found, size in rows:
        scale = 1.0 / math.sqrt(size or 1.0)
        known = [(*names[name], value * scale) for name, value in found.items() if name in names]
        columns += [number for number, _, _ in known]
        values += [value * told for _, told, value in known]
        columns.append(len(names))  # the bias
        values.append(1.0)
        ends.append(len(columns))
    matrix = _Sparse.of(np.array(columns, np.int64), np.array(values), np.array(ends), len(names) + 1)
    weights = _newton(matrix, np.array(target), penalty)
    told = sorted(names.values())
    return [float(weight) * by for weight, (_, by) in zip(weights[:-1], told, strict=True)], float(weights[-1])


@dataclass(frozen=True, slots=True)
class _Half:
    """The entries of a sparse matrix in the order of its lines: where each line begins, across which it lies, its values.

    Sums of neighbours are three times as fast as sums by number. No line is empty.
    """

    begins: Any
    across: Any
    values: Any

    def times(self, vector: Any) -> Any:
        import numpy as np

        return np.add.reduceat(self.values * np.take(vector, self.across), self.begins)


@dataclass(frozen=True, slots=True)
class _Sparse:
    """A matrix by its rows and, for the products with its transpose, by its columns."""

    by_row: _Half
    by_column: _Half
    width: int

    @classmethod
    def of(cls, columns: Any, values: Any, ends: Any, width: int) -> _Sparse:
        """`ends[i]` to `ends[i + 1]` are the entries of row i; each row and each column has at least one."""
        import numpy as np

        rows = np.repeat(np.arange(len(ends) - 1), np.diff(ends))
        order = np.argsort(columns, kind="stable")
        begins = np.searchsorted(columns[order], np.arange(width))
        return cls(_Half(ends[:-1], columns, values), _Half(begins, rows[order], values[order]), width)

    def times(self, vector: Any) -> Any:
        return self.by_row.times(vector)

    def transposed_times(self, vector: Any) -> Any:
        return self.by_column.times(vector)


def _newton(matrix: _Sparse, target: Any, penalty: float, steps: int = 5, inner: int = 25) -> Any:
    """Minimises the logistic loss plus `penalty`/2 times the squared weights (the bias is hardly punished)."""
    import numpy as np

    weights = np.zeros(matrix.width)
    punished = np.full(matrix.width, penalty)
    punished[-1] = 1e-6
    for _ in range(steps):
        chance = 1.0 / (1.0 + np.exp(-np.clip(matrix.times(weights), -30.0, 30.0)))
        gradient = matrix.transposed_times(chance - target) + punished * weights
        curve = np.maximum(chance * (1.0 - chance), 1e-4)
        weights = weights + _conjugate(partial(_curved, matrix, curve, punished), -gradient, inner)
    return weights


def _curved(matrix: _Sparse, curve: Any, punished: Any, vector: Any) -> Any:
    """The second derivative of the loss times a vector."""
    return matrix.transposed_times(curve * matrix.times(vector)) + punished * vector


def _conjugate(product: Callable[[Any], Any], right: Any, steps: int) -> Any:
    """Solves `product(x) = right` by conjugate gradients, roughly."""
    solution = right * 0.0
    rest = right.copy()
    direction = rest.copy()
    length = _inner(rest, rest)
    for _ in range(steps):
        if length < 1e-10:
            break
        image = product(direction)
        far = length / _inner(direction, image)
        solution += far * direction
        rest -= far * image
        longer = _inner(rest, rest)
        direction = rest + (longer / length) * direction
        length = longer
    return solution


def _inner(left: Any, right: Any) -> float:
    """The inner product, summed in one order: `@` sums by as many threads as there are processors, and the last digits,
    which a search that stops early blows up, would differ from machine to machine."""
    return float((left * right).sum())
