"""How much a text is like the examples of danger, beyond what the rules say word for word.

A linear model over words, pairs of words, pieces of words, word classes of the rules and the rules that fired. It is fitted
from the examples in knowledge/safety and the ordinary questions of knowledge/topics whenever the content is compiled;
there is nothing in it that is not written there. A finding names the example that it is most like, with file and line.

Where that leaves it open, the nearest examples are asked (`bot.safety.neighbours`).

Method: L2-regularised logistic regression (truncated Newton, Lin, Weng & Keerthi 2008), the category by naive Bayes.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from bot.safety.examples import Example, Examples
from bot.safety.neighbours import Neighbours, Taught
from bot.text.packed import Names, Numbers, Table

_PIECES: Final = (3, 4)  # lengths of the pieces of words
_PIECE: Final = 0.5
_CLASS: Final = 0.7
_FLOOD: Final = 25  # words; in a longer message what repeats counts once
_MOST_WORDS: Final = 20_000  # words whose sums are kept
_LIKELY: Final = 2.0  # what the writer being an adult or a child adds, as a logarithm
_NEAR: Final = 2.0  # what the nearest examples add at most, as a logarithm
_UNSURE: Final = (-3.3, 2.7)  # logarithms of the odds between which they may decide
_RARE: Final = 2  # what stands in fewer examples says nothing
_SMOOTH: Final = 4.0  # texts of average wording that each category is given in addition

Ids = Callable[[str], tuple[int, ...]]
WordSums = tuple[float, float, bool, bool]
"""What a word adds to the sum and to the square of the length; whether it comes second and first in pairs that have a weight."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One text to learn from: its words (sounds), the rules that fired as `category/level`, danger from 0 to 1."""

    words: tuple[str, ...]
    fired: tuple[str, ...]
    danger: float
    category: str = ""
    place: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """The fitted model. `alert` and `check` are the probabilities from which a text is one."""

    weights: Numbers
    leading: Names  # words that come first in a pair with a weight, "" for the beginning of a text
    following: Names  # words that come second
    bias: float
    categories: Table
    prior: Mapping[str, float]
    examples: Examples
    neighbours: Neighbours
    alert: float
    check: float
    _sums: dict[str, WordSums] = field(default_factory=dict, compare=False, repr=False)
    _rows: dict[str, tuple[float, ...]] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def of(
        cls,
        weights: Mapping[str, float],
        bias: float,
        categories: Mapping[str, Mapping[str, float]],
        prior: Mapping[str, float],
        examples: Iterable[Example],
        taught: Iterable[Taught],
        *,
        alert: float,
        check: float,
    ) -> Likeness:
        """The model of these weights, in flat arrays."""
        pairs = [pair for name in weights if (pair := _pair(name)) is not None]
        return cls(
            weights=Numbers.of(weights),
            leading=Names.of(dict.fromkeys(first for first, _ in pairs)),
            following=Names.of(dict.fromkeys(second for _, second in pairs)),
            bias=bias,
            categories=Table.of(categories, prior),
            prior=prior,
            examples=Examples.of(examples),
            neighbours=Neighbours.of(taught),
            alert=alert,
            check=check,
        )

    def knows(self, word: str) -> bool:
        """Whether the examples say anything of this word as a whole."""
        return self.weights.weight(f"={word}") != 0.0

    def danger(self, words: Sequence[str], fired: Iterable[str], ids: Ids) -> float:
        """The probability of danger in these words, 0 to 1."""
        total, size = 0.0, 0.0
        weigh, sums = self.weights.weight, self._sums
        before, second = "", ""
        leads = leads_second = "" in self.leading
        for word in words if len(words) <= _FLOOD else _said_once(words):
            added, own, follows, leads_next = sums.get(word) or self._add(word, ids)
            if follows:  # most words stand in no pair that says anything
                if leads:
                    added += weigh(f"{before} {word}")
                if leads_second:
                    added += weigh(f"{second}~{word}")
            total += added
            size += own
            before, second = word, before
            leads, leads_second = leads_next, leads
        for rule in fired:
            total += weigh(f"!{rule}")
            size += 1.0
        odds = self.bias + total / math.sqrt(size or 1.0)
        if _UNSURE[0] < odds < _UNSURE[1]:
            odds += _NEAR * self.neighbours.lean(words)
        return 1.0 / (1.0 + math.exp(min(60.0, -odds)))

    def _add(self, word: str, ids: Ids) -> WordSums:
        """What is known of a word by itself; kept for the next time."""
        if len(self._sums) >= _MOST_WORDS:
            self._sums.clear()
        total, size = 0.0, 0.0
        for name, value in _word_features(word, ids):
            total += self.weights.weight(name) * value
            size += value * value
        size += 2.0  # the two pairs that it ends
        found = self._sums[word] = (total, size, word in self.following, word in self.leading)
        return found

    def category(
        self, words: Sequence[str], fired: Iterable[str], *, among: Iterable[str] = (), likely: str = ""
    ) -> str:
        """Which danger it most likely is, `among` these if any are named; `likely` is what such writers mostly mean."""
        known = [category for category in among if category in self.prior] or list(self.prior)
        if len(known) == 1:
            return known[0]
        rows = [tuple(self.prior.values())]
        rows += [row for name in (*_telling(words), *(f"!{rule}" for rule in fired)) if (row := self._telling(name))]
        scores: dict[str, float] = dict(zip(self.prior, map(sum, zip(*rows, strict=True)), strict=True))
        if likely in scores:
            scores[likely] += _LIKELY
        return max(known, key=lambda category: (scores[category], category))

    def _telling(self, name: str) -> tuple[float, ...]:
        """What a name says of each category, in the order of `prior`; kept for the next time."""
        found = self._rows.get(name)
        if found is None:
            if len(self._rows) >= _MOST_WORDS:
                self._rows.clear()
            found = self._rows[name] = self.categories.row(name)
        return found


def _pair(name: str) -> tuple[str, str] | None:
    """The two words of the weight of a pair, neighbours or with one between them; None for another weight."""
    if name[:1] in ("=", "@", "!"):
        return None
    first, between, second = name.partition("~" if "~" in name else " ")
    return (first, second) if between else None


def _said_once(words: Sequence[str]) -> list[str]:
    """The words without what repeats: saying a thing a hundred times is saying it once, in whatever it says."""
    kept: list[str] = []
    seen: set[tuple[str, str, str]] = set()
    before, second = "", ""
    for word in words:
        if (second, before, word) not in seen:
            seen.add((second, before, word))
            kept.append(word)
        before, second = word, before
    return kept


def _word_features(word: str, ids: Ids) -> list[tuple[str, float]]:
    framed = f"<{word}>"
    pieces = [(framed[at : at + long], _PIECE) for long in _PIECES for at in range(len(framed) - long + 1)]
    return [(f"={word}", 1.0), *((f"@{number}", _CLASS) for number in ids(word)), *pieces]


def _features(sample: Sample, ids: Ids) -> tuple[dict[str, float], float]:
    """The features of a sample and the square of its length, exactly as `Likeness.danger` counts them."""
    found: dict[str, float] = defaultdict(float)
    size = 0.0
    before, second = "", ""
    for word in sample.words:
        for name, value in _word_features(word, ids):
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


def _telling(words: Iterable[str]) -> set[str]:
    """What tells categories apart: words and how they begin. The word classes of the rules count one thing many times."""
    return {name for word in words for name in (f"={word}", f"^{word[:5]}")}


def fit(samples: Sequence[Sample], ids: Ids, *, alert: float, check: float, penalty: float = 0.0035) -> Likeness:
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
        for name in (*_telling(sample.words), *(f"!{rule}" for rule in set(sample.fired))):
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
