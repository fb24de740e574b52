"""What speaks for a topic, as numbers, and the probability that they make."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz, process

from bot.matching.features import stem
from bot.matching.linear import Floats, Ints, Known, Vectors
from bot.matching.meaning import Looked

NAMES = ("score", "lead", "share", "nearest", "nearest_three", "fuzzy", "known", "covered", "outside", "own", "length",
         "whole", "parts")  # fmt: skip
MEANT = ("meant", "meant_lead", "meant_nearest", "meant_outside")  # behind them, when there is an encoder
_SHARPNESS = 12.0  # of the share among all topics
_COMPARED = 300  # characters that rapidfuzz compares
_NEAREST = 4  # examples that it compares with, the nearest by cosine

_DEFAULT_WEIGHTS = (3.0, 3.0, 0.5, 2.0, 1.0, 1.5, 0.5, 1.5, 2.0, 0.3, 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """Calibration: the logistic model (`weights` in the order of `with_products`) and the probabilities from which a topic is
    answered (by risk class) or offered."""

    bias: float = -4.5
    weights: tuple[float, ...] = _DEFAULT_WEIGHTS
    answer: Mapping[str, float] = field(
        default_factory=lambda: {"harmless": 0.5, "money": 0.55, "legal": 0.55, "safety": 0.7}
    )
    clarify: float = 0.16
    with_meaning: Thresholds | None = None  # the same when there is an encoder: `NAMES` and `MEANT`

    def like(self, clue: Sequence[float]) -> Thresholds:
        """The calibration that fits this evidence."""
        return self.with_meaning if self.with_meaning is not None and len(clue) > len(NAMES) else self


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
        """The likeness of a question (as a dense vector) to each example."""
        products = dense.take(self.at, mode="clip")  # no number is out of range; "clip" does not ask
        products *= self.values
        return np.add.reduceat(products, self.starts)


class Said(NamedTuple):
    """A message or a part of it, prepared once for all candidates."""

    text: str
    words: int
    dense: Floats
    stems: tuple[tuple[str, float], ...]  # of the telling words, with their weight
    known: float  # share of the telling words, by weight, that any example has

    @classmethod
    def of(cls, words: Sequence[str], read: Mapping[str, Known], vector: tuple[Ints, Floats], space: Vectors) -> Said:
        """From folded words, what the space makes of them, and their vector."""
        dense = np.zeros(len(space.idf), dtype=np.float32)
        dense[vector[0]] = vector[1]
        weighed: dict[str, float] = {}
        known = 0.0
        for word in dict.fromkeys(words):
            found = read[word]
            if not found.stem or len(word) < 2:
                continue
            known += found.weight
            weighed[found.stem] = weighed.get(found.stem, 0.0) + (found.weight or space.rarest)
        total = sum(weighed.values()) or 1.0
        stems = tuple((name, weight / total) for name, weight in weighed.items())
        return cls(" ".join(words)[:_COMPARED], len(words), dense, stems, known / total)


class Field(NamedTuple):
    """All topics' scores for a message, as far as a single candidate is measured against them."""

    scores: Floats
    whole: Floats  # of the whole message without its parts, for any audience; the last is that of the outside
    named: tuple[int, ...]  # the topic that the message, and each of its parts, names best
    first: float
    second: float
    sum: float  # of the sharpened scores, relative to the first

    @classmethod
    def of(cls, scores: Floats, table: Floats, best: Sequence[float]) -> Field:
        """From the scores as the person's audience sees them, the `best` of them first, and the table of the message and its
        parts."""
        first, second = (*best, 0.0)[:2]
        named = tuple(table[:, :-1].argmax(axis=1).tolist())
        sharpened = scores - np.float32(first)
        sharpened *= np.float32(_SHARPNESS)
        return cls(scores, table[0], named, first, second, float(np.exp(sharpened, sharpened).sum()))


def evidence(
    some: Sequence[int], standing: Field, said: Said, examples: Sequence[Examples], own: Sequence[float]
) -> list[tuple[float, ...]]:
    """The numbers of `NAMES` for each of some topics; `said` is the part of the message that names them best.

    `examples` and `own` are those of the same topics. All are compared in one call: a call for each example costs more
    than the comparison.
    """
    cosines = [one.cosines(said.dense) for one in examples]
    orders = [one.argsort()[: -_NEAREST - 1 : -1] for one in cosines]
    texts = [one.folded[place] for one, order in zip(examples, orders, strict=True) for place in order.tolist()]
    alike = process.cdist((said.text,), texts, scorer=fuzz.token_set_ratio)[0].tolist() if texts else []
    scores, wholes = standing.scores.take(some).tolist(), standing.whole.take(some).tolist()
    outside, parts = float(standing.whole[-1]), len(standing.named)
    length = min(3.0, math.log1p(said.words)) / 3.0
    clues: list[tuple[float, ...]] = []
    begin = 0
    for number, (at, one) in enumerate(zip(some, examples, strict=True)):
        score, end = scores[number], begin + len(orders[number])
        three = cosines[number].take(orders[number][:3]).tolist() or [0.0]
        clues.append(
            (
                score,
                max(-0.5, min(0.5, score - (standing.second if score >= standing.first else standing.first))),
                math.exp(_SHARPNESS * (score - standing.first)) / standing.sum,
                three[0],
                sum(three) / len(three),
                max(alike[begin:end], default=0.0) / 100.0,
                said.known,
                sum([weight for name, weight in said.stems if name in one.stems]),
                min(1.0, score - outside),
                own[number],
                length,
                wholes[number],
                standing.named.count(at) / parts,
            )
        )
        begin = end
    return clues


def meant(at: int, looked: Looked) -> tuple[float, ...]:
    """The numbers of `MEANT` for topic `at`."""
    score = float(looked.scores[at])
    rivals = float(np.delete(looked.scores, at).max(initial=0.0))
    return (score, max(-0.5, min(0.5, score - rivals)), float(looked.nearest[at]), score - looked.outside)


def with_products(names: Sequence[str]) -> tuple[str, ...]:
    """What the logistic model weighs: each kind of evidence alone, then two of them together ("score*lead")."""
    return (*names, *(f"{one}*{other}" for one, other in itertools.combinations_with_replacement(names, 2)))


def named(clue: Sequence[float]) -> str:
    """The evidence for a reader: "score 0.86 lead 0.50 …"."""
    return " ".join(f"{name} {value:.2f}" for name, value in zip((*NAMES, *MEANT), clue, strict=False))


def probabilities(thresholds: Thresholds, clues: Sequence[Sequence[float]]) -> list[float]:
    """The logistic model for several candidates; evidence without weights for it is passed over."""
    fitting = thresholds.like(clues[0])
    alone, together = _form(fitting.weights, len(clues[0]))
    table = np.array(clues)
    weighed = ((table @ together + alone) * table).sum(axis=1).tolist()
    return [1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, fitting.bias + one)))) for one in weighed]


@lru_cache(maxsize=8)
def _form(weights: tuple[float, ...], width: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Weights in the order of `with_products` as those of each kind of evidence alone and of two together."""
    pairs = width * (width + 1) // 2
    flat = np.zeros(width + pairs)
    flat[: min(len(flat), len(weights))] = weights[: len(flat)]
    together = np.zeros((width, width))
    together[np.triu_indices(width)] = flat[width:]
    return flat[:width], together
