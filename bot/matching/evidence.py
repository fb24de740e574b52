"""What speaks for a topic, as numbers, and the probability that they make."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from rapidfuzz import fuzz, process

from bot.matching.features import informative, stem
from bot.matching.linear import Floats, Ints, Vectors

NAMES = ("score", "lead", "share", "nearest", "nearest_three", "fuzzy", "known", "covered", "outside", "own", "length")
_SHARPNESS = 12.0  # of the share among all topics
_COMPARED = 300  # characters that rapidfuzz compares

_DEFAULT_WEIGHTS = (3.0, 3.0, 0.5, 2.0, 1.0, 1.5, 0.5, 1.5, 2.0, 0.3, 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """Calibration: the logistic model (`weights` in the order of `NAMES`) and the probabilities from which a topic is
    answered (by risk class) or offered."""

    bias: float = -4.5
    weights: tuple[float, ...] = _DEFAULT_WEIGHTS
    answer: Mapping[str, float] = field(
        default_factory=lambda: {"harmless": 0.5, "money": 0.55, "legal": 0.55, "safety": 0.7}
    )
    clarify: float = 0.16


@dataclass(frozen=True, slots=True)
class Examples:
    """The examples of one topic: folded texts, their vectors one behind the other, and all their word stems."""

    folded: tuple[str, ...]
    at: Ints
    values: Floats
    starts: Ints
    stems: frozenset[str]

    @classmethod
    def of(cls, texts: Sequence[Sequence[str]], vectors: Sequence[tuple[Ints, Floats]]) -> Examples:
        """From folded words and vectors of the same texts; texts without any word are left out."""
        kept = [(words, vector) for words, vector in zip(texts, vectors, strict=True) if len(vector[0])]
        lengths = [len(vector[0]) for _, vector in kept]
        return cls(
            tuple(" ".join(words) for words, _ in kept),
            np.concatenate([vector[0] for _, vector in kept]) if kept else np.zeros(0, dtype=np.int64),
            np.concatenate([vector[1] for _, vector in kept]) if kept else np.zeros(0, dtype=np.float32),
            np.cumsum([0, *lengths[:-1]]).astype(np.int64) if kept else np.zeros(0, dtype=np.int64),
            frozenset(stem(word) for words, _ in kept for word in words),
        )

    def cosines(self, dense: Floats) -> Floats:
        """The likeness of a question (as a dense vector) to each example, smallest first."""
        if not len(self.starts):
            return np.zeros(1, dtype=np.float32)
        return np.sort(np.add.reduceat(dense[self.at] * self.values, self.starts))


def evidence(
    *,
    at: int,
    scores: Floats,
    outside: float,
    examples: Examples,
    words: Sequence[str],
    vector: tuple[Ints, Floats],
    space: Vectors,
    own: bool,
) -> tuple[float, ...]:
    """The numbers of `NAMES` for topic `at`. `words` and `vector` are of the part of the message that names it best."""
    score = float(scores[at])
    rivals = np.delete(scores, at)
    lead = score - float(rivals.max()) if len(rivals) else score
    top = float(scores.max())
    share = math.exp(_SHARPNESS * (score - top)) / float(np.exp(_SHARPNESS * (scores - top)).sum())
    dense = np.zeros(len(space.numbers), dtype=np.float32)
    dense[vector[0]] = vector[1]
    cosines = examples.cosines(dense)
    said = " ".join(words)[:_COMPARED]
    best = process.extractOne(said, examples.folded, scorer=fuzz.token_set_ratio)
    telling = informative(words)
    weight = {word: _weight(space, word) for word in telling}
    total = sum(weight.values()) or 1.0
    return (
        score,
        max(-0.5, min(0.5, lead)),
        share,
        float(cosines[-1]),
        float(cosines[-3:].mean()),
        (best[1] if best else 0.0) / 100.0,
        sum(weight[word] for word in weight if f"w:{word}" in space.numbers) / total,
        sum(weight[word] for word in weight if stem(word) in examples.stems) / total,
        min(1.0, score - outside),
        float(own),
        min(3.0, math.log1p(len(words))) / 3.0,
    )


def _weight(space: Vectors, word: str) -> float:
    number = space.numbers.get(f"w:{word}")
    return float(space.idf[number]) if number is not None else space.rarest


def probability(thresholds: Thresholds, clue: Sequence[float]) -> float:
    """The logistic model."""
    z = thresholds.bias + sum(weight * value for weight, value in zip(thresholds.weights, clue, strict=True))
    return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, z))))
