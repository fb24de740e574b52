"""TF-IDF vectors of texts and a linear classifier over them, in plain numpy.

The classifier is ridge regression (one-against-all least squares), solved by dual coordinate ascent: example after
example, its own part of the solution is set right while the others stand still (Shalev-Shwartz & Zhang, "Stochastic dual
coordinate ascent methods", 2013). Three rounds are as good as the exact solution and need no matrix of all pairs.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz, process

from bot.matching.features import KINDS, Lexicon, pair_features, take_apart

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

RIDGE = 0.7  # regularisation; larger = smoother
ROUNDS = 3  # over all examples; more do not change the ranking
MAX_SOLVED = 10_000  # phrases up to which ridge regression is solved; above, the centroids of the topics serve
_FEW, _MANY = 16, 270  # examples of a feature: up to which, and from which, the Gram matrix is summed in another way
_SPELT = 4  # letters from which a word is compared with the known ones
_RESEMBLES = 85.0  # rapidfuzz ratio from which it counts as the same word, misspelt
# Letters that begin a word with nearly the same sound: children write "fata" and "kefengnis".
_SOUNDS = {"v": "f", "w": "f", "g": "k", "c": "k", "q": "k", "t": "d", "p": "b", "z": "s"}


@dataclass(frozen=True, slots=True)
class Known:
    """A word with the numbers of its features that examples have; `stem` is empty for a stop word."""

    numbers: Ints
    stem: str
    meant: str


@dataclass(frozen=True, slots=True)
class Vectors:
    """The vector space of the examples: feature -> number, weight of each; `words` are the words of the examples."""

    numbers: Mapping[str, int]
    idf: Floats
    lexicon: Lexicon
    words: Mapping[str, Known]
    rarest: float = 1.0  # weight of a word that no example has
    alike: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # known words by the sound they begin with

    @classmethod
    def of(cls, texts: Sequence[Sequence[str]], lexicon: Lexicon) -> tuple[Vectors, list[tuple[Ints, Floats]]]:
        """Learns the space from folded texts and gives their vectors. N-grams and pairs seen once are left out."""
        raw: dict[str, int] = {}
        words: dict[str, tuple[list[int], str, str]] = {}
        bags: list[tuple[Ints, Ints]] = []
        for text in texts:
            ids: list[int] = []
            pairs: list[tuple[str, str]] = []
            for said in text:
                known = words.get(said)
                if known is None:
                    word = take_apart(said, lexicon)
                    numbers = [raw.setdefault(name, len(raw)) for name in word.features]
                    known = words[said] = (numbers, word.stem, word.meant)
                ids += known[0]
                if known[1]:
                    pairs.append(known[1:])
            ids += [raw.setdefault(name, len(raw)) for name in pair_features(pairs)]
            bags.append(np.unique(np.array(ids, dtype=np.int64), return_counts=True))
        seen = np.concatenate([at for at, _ in bags]) if bags else np.zeros(0, dtype=np.int64)
        frequency = np.bincount(seen, minlength=len(raw))
        least = 2 if len(bags) > 200 else 1
        kept = {name: at for name, at in raw.items() if frequency[at] >= least or name[0] in "ws"}
        renumbered = np.full(len(raw) + 1, -1, dtype=np.int64)
        renumbered[list(kept.values())] = np.arange(len(kept))
        kinds = np.array([KINDS.get(name[0], 1.0) for name in kept])
        total = len(bags) + 1
        idf = ((np.log(total / (1 + frequency[list(kept.values())])) + 0.3) * kinds).astype(np.float32)
        space = cls(
            {name: at for at, name in enumerate(kept)},
            idf,
            lexicon,
            {said: Known(_only_known(renumbered[ids]), base, meant) for said, (ids, base, meant) in words.items()},
            (math.log(total / 2) + 0.3) * KINDS["w"],
            _by_sound(words),
        )
        return space, [space._weighed(*_renumber(bag, renumbered)) for bag in bags]

    def read(self, said: str) -> Known:
        """A folded word in this space. One that no example has is read as itself and as the known word it resembles."""
        known = self.words.get(said)
        if known is not None:
            return known
        word, numbers = take_apart(said, self.lexicon), self.numbers
        at = np.array([numbers[name] for name in word.features if name in numbers], dtype=np.int64)
        if len(said) >= _SPELT and word.stem == word.meant:
            near = process.extractOne(
                said, self.alike.get(_sound(said), ()), scorer=fuzz.ratio, score_cutoff=_RESEMBLES
            )
            if near is not None:
                meant = self.words[near[0]]
                return Known(np.concatenate([at, meant.numbers]), meant.stem, meant.meant)
        return Known(at, word.stem, word.meant)

    def vector(self, words: Sequence[Known]) -> tuple[Ints, Floats]:
        """Feature numbers and values of a text; the values have length one. Empty when nothing is known."""
        numbers = self.numbers
        pairs = pair_features([(word.stem, word.meant) for word in words if word.stem])
        found = np.array([numbers[name] for name in pairs if name in numbers], dtype=np.int64)
        at, counts = np.unique(np.concatenate([*(word.numbers for word in words), found]), return_counts=True)
        return self._weighed(at, counts)

    def _weighed(self, at: Ints, counts: Ints) -> tuple[Ints, Floats]:
        values = (1.0 + np.log(counts.astype(np.float32))) * self.idf[at]
        norm = float(np.sqrt(values @ values)) or 1.0
        return at, (values / np.float32(norm)).astype(np.float32)


def _sound(word: str) -> str:
    return _SOUNDS.get(word[0], word[0])


def _by_sound(words: Iterable[str]) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for word in words:
        if len(word) >= _SPELT:
            found.setdefault(_sound(word), []).append(word)
    return {sound: tuple(some) for sound, some in found.items()}


def _only_known(numbers: Ints) -> Ints:
    return numbers[numbers >= 0]


def _renumber(bag: tuple[Ints, Ints], renumbered: Ints) -> tuple[Ints, Ints]:
    at = renumbered[bag[0]]
    kept = at >= 0
    return at[kept], bag[1][kept]


def fit(vectors: Sequence[tuple[Ints, Floats]], labels: Ints, width: int, classes: int, rounds: int = ROUNDS) -> Floats:
    """Weights (features x classes): ridge regression, nearer to its exact solution with each round, or centroids for
    very many examples."""
    n = len(vectors)
    weights = np.zeros((width, classes), dtype=np.float32)
    if n == 0:
        return weights
    if n > MAX_SOLVED:
        share = 1.0 / np.maximum(1, np.bincount(labels, minlength=classes)).astype(np.float32)
        for (at, values), label in zip(vectors, labels, strict=True):
            weights[at, label] += values * share[label]
        return weights
    ridge, whole = np.float32(RIDGE), np.float32(1.0 / (1.0 + RIDGE))
    parts = np.zeros((n, classes), dtype=np.float32)
    chance = np.random.default_rng(1)  # a fixed order without pattern: the same content gives the same weights
    for _ in range(rounds):
        for row in chance.permutation(n).tolist():
            at, values = vectors[row]
            part = parts[row]
            change = values @ weights.take(at, axis=0) + ridge * part
            change[labels[row]] -= 1.0
            change *= -whole
            part += change
            weights[at] += values[:, None] * change
    return weights


def gram_of(vectors: Sequence[tuple[Ints, Floats]], width: int) -> Floats:
    """All inner products, summed feature by feature.

    Three ways, by how many examples have the feature: few -> all pairs at once, many -> one dense product, else one by one.
    """
    n = len(vectors)
    rows = np.concatenate([np.full(len(at), row, dtype=np.int64) for row, (at, _) in enumerate(vectors)])
    columns = np.concatenate([at for at, _ in vectors])
    values = np.concatenate([value for _, value in vectors])
    order = np.argsort(columns, kind="stable")
    rows, values = rows[order], values[order]
    counts = np.bincount(columns, minlength=width)
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    dense = np.zeros((n, int((counts > _MANY).sum())), dtype=np.float32)
    for place, feature in enumerate(np.flatnonzero(counts > _MANY)):
        part = slice(starts[feature], starts[feature] + counts[feature])
        dense[rows[part], place] = values[part]
    gram = dense @ dense.T
    for feature in np.flatnonzero((counts > _FEW) & (counts <= _MANY)):
        part = slice(starts[feature], starts[feature] + counts[feature])
        who, value = rows[part], values[part]
        gram[who[:, None], who[None, :]] += value[:, None] * value[None, :]
    return gram + _pairs(rows, values, starts, counts, n)


def _pairs(rows: Ints, values: Floats, starts: Ints, counts: Ints, n: int) -> Floats:
    """The part of the Gram matrix that rare features make."""
    places: list[Ints] = []
    products: list[Floats] = []
    for size in range(1, _FEW + 1):
        first = starts[counts == size]
        if not len(first):
            continue
        block = first[:, None] + np.arange(size)[None, :]
        who, value = rows[block], values[block]
        places.append((who[:, :, None] * n + who[:, None, :]).ravel())
        products.append((value[:, :, None] * value[:, None, :]).ravel())
    if not places:
        return np.zeros((n, n), dtype=np.float32)
    total = np.bincount(np.concatenate(places), weights=np.concatenate(products), minlength=n * n)
    return total.reshape(n, n).astype(np.float32)
