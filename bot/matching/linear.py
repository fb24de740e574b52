"""TF-IDF vectors of texts and a linear classifier over them, in plain numpy.

The classifier is kernel ridge regression (one-against-all least squares), solved in the space of the examples by
conjugate gradients: some thousand examples are solved in a fraction of a second, without any further package.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bot.matching.features import KINDS, Lexicon, pair_features, word_features

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

RIDGE = 1.0  # regularisation; larger = smoother
STEPS = 14  # of conjugate gradients; the ranking no longer changes after ten
MAX_EXACT = 6000  # phrases up to which ridge regression is solved; above, the centroids of the topics serve


@dataclass(frozen=True, slots=True)
class Vectors:
    """The vector space of the examples: feature -> number, weight of each."""

    numbers: Mapping[str, int]
    idf: Floats
    lexicon: Lexicon
    rarest: float = 1.0  # weight of a word that no example has

    @classmethod
    def of(cls, texts: Sequence[Sequence[str]], lexicon: Lexicon) -> tuple[Vectors, list[tuple[Ints, Floats]]]:
        """Learns the space from folded texts and gives their vectors. Rare n-grams (seen once) are left out."""
        cache: dict[str, tuple[str, ...]] = {}
        bags: list[Counter[str]] = []
        frequency: Counter[str] = Counter()
        for words in texts:
            bag = _bag(words, lexicon, cache)
            bags.append(bag)
            frequency.update(bag.keys())
        least = 2 if len(bags) > 200 else 1
        names = [name for name, count in frequency.items() if count >= least or name[0] in "ws"]
        total = len(bags) + 1
        idf = np.array(
            [(math.log(total / (1 + frequency[name])) + 0.3) * KINDS.get(name[0], 1.0) for name in names],
            dtype=np.float32,
        )
        rarest = (math.log(total / 2) + 0.3) * KINDS["w"]
        space = cls({name: at for at, name in enumerate(names)}, idf, lexicon, rarest)
        return space, [space.vector_of(bag) for bag in bags]

    def vector(self, words: Sequence[str]) -> tuple[Ints, Floats]:
        """Feature numbers and values of a text; the values have length one. Empty when nothing is known."""
        return self.vector_of(_bag(words, self.lexicon, {}))

    def vector_of(self, bag: Mapping[str, int]) -> tuple[Ints, Floats]:
        """The vector of counted features."""
        numbers = self.numbers
        known = [(numbers[name], count) for name, count in bag.items() if name in numbers]
        at = np.array([row[0] for row in known], dtype=np.int64)
        values = (1.0 + np.log(np.array([row[1] for row in known], dtype=np.float32))) * self.idf[at]
        norm = float(np.sqrt(values @ values)) or 1.0
        return at, (values / np.float32(norm)).astype(np.float32)


def _bag(words: Iterable[str], lexicon: Lexicon, cache: dict[str, tuple[str, ...]]) -> Counter[str]:
    words = list(words)
    bag: Counter[str] = Counter()
    for word in words:
        features = cache.get(word)
        if features is None:
            features = cache[word] = word_features(word, lexicon)
        bag.update(features)
    bag.update(pair_features(words, lexicon))
    return bag


def fit(vectors: Sequence[tuple[Ints, Floats]], labels: Ints, width: int, classes: int) -> Floats:
    """Weights (features x classes): ridge regression, or centroids for very many examples."""
    n = len(vectors)
    if n == 0:
        return np.zeros((width, classes), dtype=np.float32)
    goal = np.zeros((n, classes), dtype=np.float32)
    goal[np.arange(n), labels] = 1.0
    if n <= MAX_EXACT:
        alpha = _solve(_gram(vectors, width), goal)
    else:
        alpha = goal / np.maximum(1.0, np.bincount(labels, minlength=classes)).astype(np.float32)[None, :]
    weights = np.zeros((width, classes), dtype=np.float32)
    for row, (at, values) in enumerate(vectors):
        weights[at] += values[:, None] * alpha[row][None, :]
    return weights


def _solve(gram: Floats, goal: Floats) -> Floats:
    """(gram + RIDGE I) alpha = goal by conjugate gradients, all columns at once."""
    alpha = np.zeros_like(goal)
    rest = goal.copy()
    way = rest.copy()
    size = np.einsum("ij,ij->j", rest, rest)
    for _ in range(STEPS):
        image = gram @ way + np.float32(RIDGE) * way
        step = size / np.maximum(np.einsum("ij,ij->j", way, image), 1e-12)
        alpha += step * way
        rest -= step * image
        smaller = np.einsum("ij,ij->j", rest, rest)
        way = rest + (smaller / np.maximum(size, 1e-12)) * way
        size = smaller
    return alpha


def _gram(vectors: Sequence[tuple[Ints, Floats]], width: int) -> Floats:
    """All inner products, feature by feature: cheap because most features stand in few examples."""
    n = len(vectors)
    gram = np.zeros((n, n), dtype=np.float32)
    rows = np.concatenate([np.full(len(at), row, dtype=np.int64) for row, (at, _) in enumerate(vectors)])
    columns = np.concatenate([at for at, _ in vectors])
    values = np.concatenate([value for _, value in vectors])
    order = np.argsort(columns, kind="stable")
    rows, columns, values = rows[order], columns[order], values[order]
    starts = np.searchsorted(columns, np.arange(width + 1))
    for feature in range(width):
        first, last = int(starts[feature]), int(starts[feature + 1])
        if last > first:
            who, value = rows[first:last], values[first:last]
            gram[who[:, None], who[None, :]] += value[:, None] * value[None, :]
    return gram
