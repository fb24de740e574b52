"""TF-IDF vectors of texts and a linear classifier over them, in plain numpy.

The classifier is ridge regression (one-against-all least squares), solved by dual coordinate ascent: example after
example, its own part of the solution is set right while the others stand still (Shalev-Shwartz & Zhang, "Stochastic dual
coordinate ascent methods", 2013). Three rounds are as good as the exact solution and need no matrix of all pairs.
"""

from __future__ import annotations

import itertools
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
class Words:
    """All words of the examples. Their features lie one behind the other: thousands of small arrays would load slowly."""

    places: Mapping[str, int]
    numbers: Ints
    ends: tuple[int, ...]
    stems: tuple[str, ...]
    meant: tuple[str, ...]

    @classmethod
    def of(cls, words: Mapping[str, tuple[list[int], str, str]], renumbered: Ints) -> Words:
        """From each word's features, stem and meaning; `renumbered` has -1 for a feature that is left out."""
        raw = [numbers for numbers, _, _ in words.values()]
        flat = renumbered[np.array(list(itertools.chain.from_iterable(raw)), dtype=np.int64)]
        stays = flat >= 0
        ends = np.concatenate([[0], np.cumsum(stays)])[np.cumsum([0, *(len(numbers) for numbers in raw)])]
        return cls(
            {said: place for place, said in enumerate(words)},
            flat[stays],
            tuple(ends.tolist()),
            tuple(base for _, base, _ in words.values()),
            tuple(meant for _, _, meant in words.values()),
        )

    def get(self, said: str) -> Known | None:
        """The word, if an example has it."""
        place = self.places.get(said)
        if place is None:
            return None
        return Known(self.numbers[self.ends[place] : self.ends[place + 1]], self.stems[place], self.meant[place])


@dataclass(frozen=True, slots=True)
class Vectors:
    """The vector space of the examples: feature -> number, weight of each; `words` are the words of the examples."""

    numbers: Mapping[str, int]
    idf: Floats
    lexicon: Lexicon
    words: Words
    rarest: float = 1.0  # weight of a word that no example has
    alike: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # known words by the sound they begin with

    @classmethod
    def of(cls, texts: Sequence[Sequence[str]], lexicon: Lexicon) -> tuple[Vectors, list[tuple[Ints, Floats]]]:
        """Learns the space from folded texts and gives their vectors. N-grams and pairs seen once are left out."""
        raw: dict[str, int] = {}
        words: dict[str, tuple[list[int], str, str]] = {}
        flat: list[int] = []
        ends = [0]
        for text in texts:
            pairs: list[tuple[str, str]] = []
            for said in text:
                known = words.get(said)
                if known is None:
                    word = take_apart(said, lexicon)
                    numbers = [raw.setdefault(name, len(raw)) for name in word.features]
                    known = words[said] = (numbers, word.stem, word.meant)
                flat += known[0]
                if known[1]:
                    pairs.append(known[1:])
            flat += [raw.setdefault(name, len(raw)) for name in pair_features(pairs)]
            ends.append(len(flat))
        rows, columns, counts = _counted(np.array(flat, dtype=np.int64), np.diff(ends), len(raw))
        frequency = np.bincount(columns, minlength=len(raw))
        letters = np.array([name[0] for name in raw], dtype="U1")
        stays = (frequency >= (2 if len(texts) > 200 else 1)) | (letters == "w") | (letters == "s")
        renumbered = np.where(stays, np.cumsum(stays) - 1, -1)
        kinds = np.array([KINDS.get(letter, 1.0) for letter in letters[stays].tolist()])
        total = len(texts) + 1
        idf = ((np.log(total / (1 + frequency[stays])) + 0.3) * kinds).astype(np.float32)
        space = cls(
            {name: at for at, name in enumerate(itertools.compress(raw, stays.tolist()))},
            idf,
            lexicon,
            Words.of(words, renumbered),
            (math.log(total / 2) + 0.3) * KINDS["w"],
            _by_sound(words),
        )
        kept = stays[columns]
        return space, _vectors(rows[kept], renumbered[columns[kept]], counts[kept], idf, len(texts))

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
            meant = self.words.get(near[0]) if near is not None else None
            if meant is not None:
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


def _counted(flat: Ints, lengths: Ints, width: int) -> tuple[Ints, Ints, Ints]:
    """How often each text has each of its features: text, feature and count, sorted. `flat` holds text behind text."""
    rows = np.repeat(np.arange(len(lengths), dtype=np.int64), lengths)
    places, counts = np.unique(rows * max(1, width) + flat, return_counts=True)
    rows, columns = np.divmod(places, max(1, width))
    return rows, columns, counts


def _vectors(rows: Ints, columns: Ints, counts: Ints, idf: Floats, height: int) -> list[tuple[Ints, Floats]]:
    """Each text's features and their values, of length one."""
    raw = (1.0 + np.log(counts.astype(np.float32))) * idf[columns]
    norms = np.sqrt(np.bincount(rows, weights=raw * raw, minlength=height))
    values: Floats = (raw / np.maximum(norms, 1e-9)[rows]).astype(np.float32)
    ends = np.searchsorted(rows, np.arange(height + 1)).tolist()
    return [(columns[start:end], values[start:end]) for start, end in itertools.pairwise(ends)]


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
    # Every step works in the same few buffers: fresh memory for each would cost as much as the arithmetic.
    near, moves = np.empty((2, max(len(at) for at, _ in vectors), classes), dtype=np.float32)
    change, share = np.empty((2, classes), dtype=np.float32)
    across = change[None, :]
    rows = [
        (at, values, values[:, None], part, label, near[: len(at)], moves[: len(at)])
        for (at, values), part, label in zip(vectors, parts, labels.tolist(), strict=True)
    ]
    chance = np.random.default_rng(1)  # a fixed order without pattern: the same content gives the same weights
    for _ in range(rounds):
        for row in chance.permutation(n).tolist():
            at, values, column, part, label, own, move = rows[row]
            weights.take(at, 0, own, "clip")
            np.dot(values, own, change)
            np.multiply(part, ridge, share)
            change += share
            change[label] -= 1.0
            change *= -whole
            part += change
            np.dot(column, across, move)
            own += move
            weights[at] = own
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
