"""The topic index: which topic a question means, and how sure that is.

A linear model over character n-grams and stems, fitted in closed form (kernel ridge regression on the example
questions) ranks the topics; rapidfuzz compares the question with the examples of the best ones; a small logistic
model, calibrated on labelled questions, turns both into the probability of being right. Nothing is guessed: thresholds
come from `knowledge/data/matching.yaml`, which `tests/bench/calibrate.py` writes.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz

from bot.matching.features import features, informative
from bot.matching.topic import visible_to
from bot.text.normalise import fold

Outcome = Literal["answer", "clarify", "smalltalk", "none"]
Floats = NDArray[np.float32]

RIDGE = 0.35  # regularisation; larger = smoother
MAX_EXACT = 5000  # phrases up to which the exact solution is computed; above, topic centroids serve
SHORTLIST = 6
_SENTENCES = re.compile(r"(?<=[.!?…])\s+|\n+|;\s+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrase:
    """An example question of a topic; `positive` False marks a near miss."""

    topic: str
    text: str
    audiences: frozenset[str]
    positive: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A topic with the calibrated probability (0 to 1) that it is the right one."""

    topic: str
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchResult:
    """What was found. `candidates` best first; `why` explains the decision step by step."""

    outcome: Outcome
    candidates: tuple[Candidate, ...] = ()
    smalltalk: str | None = None
    why: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """Calibration: weights of the logistic model and the probabilities from which an answer or a choice is given.

    `weights` in the order of `_evidence`; `answer` by risk class.
    """

    bias: float = -4.2
    weights: tuple[float, ...] = (5.0, 4.0, 2.4, 1.0, 0.0)
    answer: Mapping[str, float] = field(
        default_factory=lambda: {"harmless": 0.5, "money": 0.55, "legal": 0.55, "safety": 0.7}
    )
    clarify: float = 0.16


@dataclass(frozen=True, slots=True)
class _Row:
    topic: int
    folded: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicIndex:
    """The built index; immutable and picklable."""

    topics: tuple[str, ...]
    audiences: tuple[tuple[str, ...], ...]
    risks: tuple[str, ...]
    titles: tuple[str, ...]
    vocabulary: Mapping[str, int]
    idf: Floats
    weights: Floats  # features x topics
    examples: tuple[tuple[str, ...], ...]  # folded, by topic
    near_misses: frozenset[tuple[str, int]]
    exact: Mapping[str, int]
    smalltalk: Mapping[str, str]
    thresholds: Thresholds

    @classmethod
    def build(
        cls,
        phrases: Iterable[Phrase],
        risks: Mapping[str, str],
        thresholds: Thresholds | None = None,
        smalltalk: Mapping[str, str] | None = None,
        titles: Mapping[str, str] | None = None,
    ) -> TopicIndex:
        """Builds the index from example questions; `smalltalk` maps folded phrases to their kind."""
        rows = list(phrases)
        topics = tuple(dict.fromkeys(row.topic for row in rows))
        number = {topic: at for at, topic in enumerate(topics)}
        positive = [row for row in rows if row.positive]
        bags = [Counter(features(row.text)) for row in positive]
        vocabulary, idf = _vocabulary(bags)
        vectors = [_vector(bag, vocabulary, idf) for bag in bags]
        labels = np.array([number[row.topic] for row in positive], dtype=np.int64)
        audiences: dict[str, frozenset[str]] = {}
        examples: dict[int, list[str]] = defaultdict(list)
        for row in positive:
            audiences[row.topic] = audiences.get(row.topic, frozenset()) | row.audiences
            examples[number[row.topic]].append(fold(row.text))
        exact: dict[str, int] = {}
        for row in positive:
            exact.setdefault(fold(row.text), number[row.topic])
        return cls(
            topics=topics,
            audiences=tuple(tuple(sorted(audiences.get(topic, ()))) for topic in topics),
            risks=tuple(risks.get(topic, "harmless") for topic in topics),
            titles=tuple((titles or {}).get(topic, topic) for topic in topics),
            vocabulary=vocabulary,
            idf=idf,
            weights=_fit(vectors, labels, len(vocabulary), len(topics)),
            examples=tuple(tuple(examples[at]) for at in range(len(topics))),
            near_misses=frozenset((fold(row.text), number[row.topic]) for row in rows if not row.positive),
            exact=exact,
            smalltalk=smalltalk or {},
            thresholds=thresholds or Thresholds(),
        )

    # ------------------------------------------------------------------ finding

    def find(
        self, text: str, *, audience: str | None, land: str | None = None, previous_topic: str | None = None
    ) -> MatchResult:
        """What the text asks. `audience` None = unknown; `previous_topic` lets "und für Babys?" make sense."""
        said = fold(text)
        if not said:
            return MatchResult(outcome="none", why=("no words",))
        talk = self._smalltalk(said)
        if talk is not None:
            return MatchResult(outcome="smalltalk", smalltalk=talk, why=(f"small talk: {talk}",))
        ranked = self.rank(text, audience=audience, previous_topic=previous_topic)
        if not ranked:
            return MatchResult(outcome="none", why=("no topic shares a word",))
        return self._decide(ranked)

    def _smalltalk(self, said: str) -> str | None:
        kind = self.smalltalk.get(said)
        if kind is not None or len(said.split()) > 5 or len(said) < 4:
            return kind
        best = max(((fuzz.ratio(said, phrase), phrase) for phrase in self.smalltalk), default=(0.0, ""))
        return self.smalltalk[best[1]] if best[0] >= 90 else None

    def _decide(self, ranked: list[tuple[int, float, str]]) -> MatchResult:
        best, score, _why = ranked[0]
        candidates = tuple(Candidate(topic=self.topics[at], score=round(p, 4)) for at, p, _ in ranked[:5])
        needed = self.thresholds.answer.get(self.risks[best], 0.55)
        reasons = tuple(f"{self.topics[at]}: {p:.2f} ({reason})" for at, p, reason in ranked[:3])
        if score >= needed:
            return MatchResult(outcome="answer", candidates=candidates, why=(f"{score:.2f} >= {needed:.2f}", *reasons))
        if score >= self.thresholds.clarify:
            offered = tuple(c for c in candidates[:3] if c.score >= self.thresholds.clarify / 4)
            return MatchResult(outcome="clarify", candidates=offered, why=(f"{score:.2f} < {needed:.2f}", *reasons))
        return MatchResult(
            outcome="none", candidates=candidates, why=(f"{score:.2f} < {self.thresholds.clarify}", *reasons)
        )

    def rank(
        self, text: str, *, audience: str | None, previous_topic: str | None = None
    ) -> list[tuple[int, float, str]]:
        """(topic number, probability, evidence in words), best first; at most `SHORTLIST`."""
        scores, coverage = self._scores(text, previous_topic)
        if scores is None:
            return []
        scores = self._for_audience(scores, audience)
        order = np.argsort(-scores)[:SHORTLIST]
        said = fold(text[:600])
        rows = []
        for place, at in enumerate(int(one) for one in order):
            if scores[at] <= 0.02:
                break
            rival = float(scores[int(order[1 if place == 0 else 0])]) if len(order) > 1 else 0.0
            evidence = self._evidence(at, float(scores[at]), rival, said, coverage)
            rows.append((at, self._probability(evidence, said, at), " ".join(f"{value:.2f}" for value in evidence)))
        rows.sort(key=lambda row: -row[1])
        return rows

    def _scores(self, text: str, previous_topic: str | None) -> tuple[Floats | None, float]:
        whole, coverage = self._score_one(text)
        if whole is None:
            return None, 0.0
        parts = [part for part in _SENTENCES.split(text[:4000]) if len(part.split()) >= 3]
        if len(parts) > 1:
            for part in parts[:12]:
                scores, covered = self._score_one(part)
                if scores is not None:
                    whole = np.maximum(whole, scores * np.float32(0.93))
                    coverage = max(coverage, covered)
        if previous_topic in self.topics and len(text.split()) <= 6 and _FOLLOW_UP.match(text.strip()):
            combined, _ = self._score_one(f"{self.titles[self.topics.index(previous_topic)]} {text}")
            if combined is not None:
                whole = np.maximum(whole, combined)
        return whole, coverage

    def _score_one(self, text: str) -> tuple[Floats | None, float]:
        bag = Counter(features(text))
        known = {name: count for name, count in bag.items() if name in self.vocabulary}
        if not known:
            return None, 0.0
        at, values = _vector(known, self.vocabulary, self.idf)
        words = informative(text)
        coverage = sum(f"w:{word}" in self.vocabulary for word in words) / len(words) if words else 0.0
        return (values @ self.weights[at]).astype(np.float32), coverage

    def _for_audience(self, scores: Floats, audience: str | None) -> Floats:
        if not audience:
            return scores
        factor = np.array(
            [(1.0 if audience in who else 0.8) if visible_to(who, audience) else 0.0 for who in self.audiences],
            dtype=np.float32,
        )
        return scores * factor

    def _evidence(self, at: int, score: float, rival: float, said: str, coverage: float) -> tuple[float, ...]:
        """Ridge score, lead over the rival, likeness to the best example, share of known words, length."""
        likeness = max((fuzz.token_set_ratio(said, example) for example in self.examples[at]), default=0.0) / 100.0
        return (min(score, 1.2), max(-0.5, score - rival), likeness, coverage, min(len(said.split()), 30) / 30.0)

    def _probability(self, evidence: Sequence[float], said: str, at: int) -> float:
        if self.exact.get(said) == at:
            return 0.99
        if (said, at) in self.near_misses:
            return 0.01
        z = self.thresholds.bias + sum(w * value for w, value in zip(self.thresholds.weights, evidence, strict=True))
        return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, z))))


_FOLLOW_UP = re.compile(r"^(und|auch|aber|oder|what about|and|ya|а|و)\b", re.IGNORECASE)


def _vocabulary(bags: Sequence[Counter[str]]) -> tuple[dict[str, int], Floats]:
    """Features that at least two examples share (all, when there are few), with their inverse document frequency."""
    frequency: Counter[str] = Counter()
    for bag in bags:
        frequency.update(bag.keys())
    least = 2 if len(bags) > 200 else 1
    names = [name for name, count in frequency.items() if count >= least]
    total = len(bags) + 1
    idf = np.array([math.log(total / (1 + frequency[name])) + 0.3 for name in names], dtype=np.float32)
    return {name: at for at, name in enumerate(names)}, idf


def _vector(bag: Mapping[str, int], vocabulary: Mapping[str, int], idf: Floats) -> tuple[NDArray[np.int64], Floats]:
    """Indices and TF-IDF values, of length one."""
    known = [(vocabulary[name], count) for name, count in bag.items() if name in vocabulary]
    at = np.array([row[0] for row in known], dtype=np.int64)
    values = (1.0 + np.log(np.array([row[1] for row in known], dtype=np.float32))) * idf[at]
    norm = float(np.linalg.norm(values)) or 1.0
    return at, (values / norm).astype(np.float32)


def _fit(
    vectors: Sequence[tuple[NDArray[np.int64], Floats]], labels: NDArray[np.int64], width: int, topics: int
) -> Floats:
    """Weights (features x topics): kernel ridge regression in closed form, or centroids for very many phrases."""
    n = len(vectors)
    if n == 0:
        return np.zeros((width, topics), dtype=np.float32)
    alpha = np.zeros((n, topics), dtype=np.float32)
    alpha[np.arange(n), labels] = 1.0
    if n <= MAX_EXACT:
        gram = _gram(vectors, width)
        gram[np.diag_indices(n)] += RIDGE
        alpha = np.linalg.solve(gram, alpha).astype(np.float32)
    else:
        alpha /= np.maximum(1.0, np.bincount(labels, minlength=topics)).astype(np.float32)[None, :]
    weights = np.zeros((width, topics), dtype=np.float32)
    for row, (at, values) in enumerate(vectors):
        weights[at] += values[:, None] * alpha[row][None, :]
    return weights


def _gram(vectors: Sequence[tuple[NDArray[np.int64], Floats]], width: int) -> Floats:
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
        if last - first < 1:
            continue
        who, value = rows[first:last], values[first:last]
        gram[who[:, None], who[None, :]] += value[:, None] * value[None, :]
    return gram
