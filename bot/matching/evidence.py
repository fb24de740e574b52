"""What speaks for a topic, as numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from rapidfuzz import fuzz, process

from bot.matching.examples import Examples
from bot.matching.meaning import Looked
from bot.matching.rows import Floats, Row
from bot.matching.space import Known, Vectors

NAMES = ("score", "lead", "share", "nearest", "nearest_three", "fuzzy", "known", "covered", "outside", "own", "length",
         "whole", "parts")  # fmt: skip
MEANT = ("meant", "meant_lead", "meant_nearest", "meant_outside")  # behind them, when there is an encoder
_SHARPNESS = 12.0  # of the share among all topics
_COMPARED = 300  # characters that rapidfuzz compares


class Said(NamedTuple):
    """A message or a part of it, prepared once for all candidates."""

    text: str
    words: int
    dense: Floats
    stems: tuple[tuple[str, float], ...]  # of the telling words, with their weight
    known: float  # share of the telling words, by weight, that any example has

    @classmethod
    def of(cls, words: Sequence[str], read: Mapping[str, Known], vector: Row, space: Vectors) -> Said:
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
    whole: Floats  # of the whole message without its parts, for any audience
    outside: float  # the same for what belongs to no topic
    named: tuple[int, ...]  # the topic that the message, and each of its parts, names best
    first: float
    second: float
    sum: float  # of the sharpened scores, relative to the first

    @classmethod
    def of(cls, scores: Floats, table: Floats, best: Sequence[float]) -> Field:
        """From the scores as the person's audience sees them, the `best` of them first, and the table of the message and its
        parts; the last column of the table is what belongs to no topic."""
        first, second = (*best, 0.0)[:2]
        named = tuple(table[:, :-1].argmax(axis=1).tolist())
        sharpened = scores - np.float32(first)
        sharpened *= np.float32(_SHARPNESS)
        np.exp(sharpened, sharpened)
        return cls(scores, table[0], float(table[0, -1]), named, first, second, float(sharpened.sum()))


def evidence(
    topics: Sequence[int], standing: Field, said: Said, examples: Examples, own: Sequence[float]
) -> list[tuple[float, ...]]:
    """The numbers of `NAMES` for each of some topics; `said` is the part of the message that names them best, `own` how far
    each was written for who asks.

    All examples are compared in one call: a call for each costs more than the comparison.
    """
    nearest = [examples.nearest(topic, said.dense) for topic in topics]
    texts = [text for _, some in nearest for text in some]
    alike = process.cdist((said.text,), texts, scorer=fuzz.token_set_ratio)[0].tolist() if texts else []
    scores, wholes = standing.scores.take(topics).tolist(), standing.whole.take(topics).tolist()
    first, second, parts = standing.first, standing.second, len(standing.named)
    length = min(3.0, math.log1p(said.words)) / 3.0
    clues: list[tuple[float, ...]] = []
    begin = 0
    for number, topic in enumerate(topics):
        cosines, some = nearest[number]
        score, three, stems = scores[number], cosines[:3] or (0.0,), examples.stems[topic]
        lead = score - (second if score >= first else first)
        end = begin + len(some)
        clues.append(
            (
                score,
                0.5 if lead > 0.5 else -0.5 if lead < -0.5 else lead,
                math.exp(_SHARPNESS * (score - first)) / standing.sum,
                three[0],
                sum(three) / len(three),
                max(alike[begin:end], default=0.0) / 100.0,
                said.known,
                sum([weight for name, weight in said.stems if name in stems]),
                min(1.0, score - standing.outside),
                own[number],
                length,
                wholes[number],
                standing.named.count(topic) / parts,
            )
        )
        begin = end
    return clues


def meant(topic: int, looked: Looked, nearest: float) -> tuple[float, ...]:
    """The numbers of `MEANT` for a topic; `nearest` is the cosine to its nearest example."""
    score = float(looked.scores[topic])
    rivals = float(np.delete(looked.scores, topic).max(initial=0.0))
    return (score, max(-0.5, min(0.5, score - rivals)), nearest, score - looked.outside)


def named(clue: Sequence[float]) -> str:
    """The evidence for a reader: "score 0.86 lead 0.50 …"."""
    return " ".join(f"{name} {value:.2f}" for name, value in zip((*NAMES, *MEANT), clue, strict=False))
