"""The topic index: which topic a question means, and how sure that is.

A linear model over character n-grams, stems and concepts ranks the topics (`linear`); the question is compared with the
examples of the best ones by rapidfuzz and by cosine (`evidence`); a logistic model, calibrated on labelled questions,
turns all of that into the probability of being right. Nothing is guessed: weights and thresholds come from
`knowledge/data/matching.yaml`, which `tests/bench/calibrate.py` writes.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from rapidfuzz import fuzz, process

from bot.matching.evidence import Examples, Field, Said, Thresholds, evidence, meant, named, probabilities
from bot.matching.features import Lexicon, said_words
from bot.matching.linear import Floats, Ints, Vectors, fit, key_of
from bot.matching.meaning import Looked, Meaning
from bot.matching.parts import follow_up, joined, parts_of
from bot.matching.result import Candidate, MatchResult, Outcome
from bot.matching.topic import visible_to
from bot.text.closeness import Near
from bot.text.normalise import fold

LONGEST_TALK = 200  # characters
_LEAD_IN = re.compile(r"^(?:(?:ok|okay|oki|na|also|gut|jo|dann|alles klar) )+")  # before small talk: "ok dann tschüss"
OUTSIDE = ""  # the class of everyday questions that are none of ours
SHORTLIST = 5
OFFERED = 3
STAND_IN = 0.85  # factor for topics written for another audience that this one may see too
# A parent in prison asks what caregivers ask as well: their topics come after the own ones, yet count more than half as own.
STAND_IN_FOR_PARENT, HALF_OWN = 0.7, 0.6
PART = 0.95  # factor for a part of a message against the whole
SAME_GROUP = 1.06  # factor for topics of the same group as the one before
BARE = 0.9  # the least probability from which a single word is answered
SLIP = 90  # rapidfuzz ratio from which a text is small talk with a slip of the pen
_near_smalltalk = Near(SLIP)
SURE = 0.95  # the probability of an answer by its words from which what the text means is not asked for as well
EXACT, LIKELY, NEAR_MISS = 0.995, 0.99, 0.01  # an example itself; the most that evidence alone may say; a near miss


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrase:
    """An example question of a topic; `positive` False marks a near miss."""

    topic: str
    text: str
    audiences: frozenset[str]
    positive: bool = True


class Ranked(NamedTuple):
    """A candidate before the decision: number of the topic, probability, evidence in the order of `evidence.NAMES`."""

    at: int
    probability: float
    evidence: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicIndex:
    """The built index; immutable and picklable."""

    topics: tuple[str, ...]
    audiences: tuple[frozenset[str], ...]
    risks: tuple[str, ...]
    titles: tuple[str, ...]
    space: Vectors
    weights: Floats  # features x (topics and, last, the outside)
    examples: tuple[Examples, ...]  # by topic
    near_misses: frozenset[tuple[str, int]]
    exact: Mapping[str, tuple[int, ...]]
    smalltalk: Mapping[str, str]
    thresholds: Thresholds
    views: Mapping[str, Floats] = field(default_factory=dict)  # audience -> factor of each topic
    meaning: Meaning | None = None

    @classmethod
    def build(
        cls,
        phrases: Iterable[Phrase],
        risks: Mapping[str, str],
        thresholds: Thresholds | None = None,
        smalltalk: Mapping[str, str] | None = None,
        titles: Mapping[str, str] | None = None,
        *,
        lexicon: Lexicon | None = None,
        outside: Sequence[str] = (),
    ) -> TopicIndex:
        """Builds the index from example questions.

        `smalltalk` maps folded phrases to their kind; `outside` are everyday questions that belong to no topic.
        """
        rows = list(phrases)
        positive = [row for row in rows if row.positive]
        topics = tuple(dict.fromkeys(row.topic for row in positive))
        number = {topic: at for at, topic in enumerate(topics)}
        words = [said_words(row.text) for row in positive] + [said_words(text) for text in outside]
        space, vectors = Vectors.of(words, lexicon or Lexicon())
        labels = np.array([number[row.topic] for row in positive] + [len(topics)] * len(outside), dtype=np.int64)
        audiences: dict[str, frozenset[str]] = {}
        members: dict[int, list[int]] = defaultdict(list)
        exact: dict[str, tuple[int, ...]] = {}
        for place, row in enumerate(positive):
            at = number[row.topic]
            audiences[row.topic] = audiences.get(row.topic, frozenset()) | row.audiences
            members[at].append(place)
            said = " ".join(words[place])
            exact[said] = tuple(dict.fromkeys((*exact.get(said, ()), at)))
        who = tuple(audiences[topic] for topic in topics)
        return cls(
            topics=topics,
            audiences=who,
            risks=tuple(risks.get(topic, "harmless") for topic in topics),
            titles=tuple((titles or {}).get(topic, topic) for topic in topics),
            space=space,
            weights=fit(
                vectors, labels, len(space.numbers), len(topics) + 1, keys=np.array([key_of(one) for one in words])
            ),
            examples=tuple(
                Examples.of([words[place] for place in members[at]], [vectors[place] for place in members[at]])
                for at in range(len(topics))
            ),
            near_misses=frozenset(
                (fold(row.text), number[row.topic]) for row in rows if not row.positive and row.topic in number
            ),
            exact=exact,
            smalltalk=smalltalk or {},
            thresholds=thresholds or Thresholds(),
            views={name: _view(who, name) for name in sorted({one for some in who for one in some} | {"parent"})},
        )

    def find(
        self,
        text: str,
        *,
        audience: str | None,
        land: str | None = None,
        previous_topic: str | None = None,
        explain: bool = False,
    ) -> MatchResult:
        """What the text asks. `audience` None = unknown; `previous_topic` lets "und für Babys?" make sense.

        `land` is no evidence: every topic answers for every Land; it is taken so that callers need not know that.
        `explain` also puts the evidence for each candidate into `why`, for readers.
        """
        words = said_words(text)
        if not words:
            return MatchResult(outcome="none", why=("no words",))
        talk = self._smalltalk(fold(text)) if len(text) <= LONGEST_TALK else None
        if talk is not None:
            return MatchResult(outcome="smalltalk", smalltalk=talk, why=(f"small talk: {talk}",))
        found = self._find(text, words, None, audience, previous_topic, explain=explain)
        if found.outcome == "answer" and found.candidates[0].score >= SURE:
            return found
        understood = self._look(text)
        if understood is None:
            return found
        return self._find(text, words, understood, audience, previous_topic, explain=explain)

    def _find(
        self,
        text: str,
        words: tuple[str, ...],
        understood: Looked | None,
        audience: str | None,
        previous_topic: str | None,
        *,
        explain: bool,
    ) -> MatchResult:
        if previous_topic and follow_up(words):
            alone = self._rank(text, words, understood, audience, None)
            clear = self._decide(alone, words, audience, explain=explain) if alone else None
            if clear is not None and clear.outcome == "answer":
                near = clear.candidates[0].topic.startswith(_group(previous_topic))
                if near or not joined(words):  # "und per Video?" names another topic about visits
                    return clear
        ranked = self._rank(text, words, understood, audience, previous_topic)
        if not ranked:
            return MatchResult(outcome="none", why=("no topic shares a word",))
        return self._decide(ranked, words, audience, explain=explain)

    def _smalltalk(self, said: str) -> str | None:
        kind = self.smalltalk.get(said) or self.smalltalk.get(_LEAD_IN.sub("", said))
        if kind is not None or len(said) > 40 or len(said) < 4:
            return kind
        near = _near_smalltalk(self.smalltalk, said)
        best = process.extractOne(said, near, scorer=fuzz.ratio, score_cutoff=SLIP) if near else None
        return self.smalltalk[best[0]] if best else None

    def _own(self, at: int, audience: str | None) -> float:
        """How far a topic was written for whom it would answer: 1 or 0, between them for a parent and a caregivers' topic."""
        if not audience or audience in self.audiences[at]:
            return 1.0
        return HALF_OWN if audience == "parent" else 0.0

    def _for_others(self, ranked: list[Ranked], needed: float, audience: str | None) -> bool:
        """Whether nobody knows who asks, and somebody else would be answered something else just as surely."""
        return not audience and any(
            one.probability >= needed and not self.audiences[one.at] & self.audiences[ranked[0].at]
            for one in ranked[1:]
        )

    def _decide(
        self, ranked: list[Ranked], words: Sequence[str], audience: str | None, *, explain: bool
    ) -> MatchResult:
        best = ranked[0]
        candidates = tuple(Candidate(topic=self.topics[one.at], score=round(one.probability, 4)) for one in ranked[:5])
        thresholds = self.thresholds.like(best.evidence)
        needed = thresholds.answer.get(self.risks[best.at], 0.6)
        least = thresholds.clarify
        if len(words) == 1:
            needed = max(needed, BARE)  # "Anwalt" is a question, "Oma" may be anything
            if self.space.lexicon.concepts(words[0]):
                # "Besuch" says too little for any topic, yet is not beside the point
                least = min(least, best.probability)
        outcome: Outcome = "none"
        risk = self.risks[best.at]
        why = f"{best.probability:.2f} < {least:.2f}: not understood"
        if best.probability >= needed and not self._for_others(ranked, needed, audience):
            outcome, why = "answer", f"{best.probability:.2f} >= {needed:.2f} for {risk}"
        elif best.probability >= least:
            short = f"< {needed:.2f} for {risk}" if best.probability < needed else "but who asks is not known"
            outcome, why = "clarify", f"{best.probability:.2f} {short}: asks back"
            candidates = tuple(one for one in candidates[:OFFERED] if one.score >= least / 6 or one is candidates[0])
        reasons = (
            [f"{self.topics[one.at]}: {one.probability:.2f} ({named(one.evidence)})" for one in ranked[:OFFERED]]
            if explain
            else ()
        )
        return MatchResult(outcome=outcome, candidates=candidates, why=(why, *reasons))

    def rank(self, text: str, *, audience: str | None, previous_topic: str | None = None) -> list[Ranked]:
        """The most probable topics, best first; at most `SHORTLIST`."""
        return self._rank(text, said_words(text), self._look(text), audience, previous_topic)

    def _rank(
        self,
        text: str,
        words: tuple[str, ...],
        understood: Looked | None,
        audience: str | None,
        previous_topic: str | None,
    ) -> list[Ranked]:
        """`words` are those of the text: to fold a long text twice would be dear."""
        spoken = [words, *parts_of(text)]
        if previous_topic and previous_topic in self.topics and follow_up(words) and all(map(self._knows, words)):
            spoken.insert(0, (*said_words(self.titles[self.topics.index(previous_topic)]), *words))
        read = {word: self.space.read(word) for word in {word for one in spoken for word in one}}
        vectors = self.space.vectors([[read[word] for word in one] for one in spoken])
        looked = None
        if understood is not None:
            as_seen = self._seen(understood.scores, audience, previous_topic)
            looked = Looked(as_seen, understood.outside, understood.nearest)
        if looked is None and not any(len(at) for at, _ in vectors):
            return []
        table = self._scores(vectors)
        best = table[0]
        if len(table) > 1:
            table[1:] *= np.float32(PART)
            best = table.max(axis=0)
        scores = self._seen(best[:-1], audience, previous_topic)
        ranking = (-scores).argsort()[:SHORTLIST].tolist()
        standing = Field.of(scores, table, scores.take(ranking[:2]).tolist())
        order = [at for at in ranking if scores[at] > 0.0]
        if looked is not None:
            order += [
                int(at) for at in np.argsort(-looked.scores)[:OFFERED] if at not in order and looked.scores[at] > 0.0
            ]
        whole = " ".join(words)
        view = self.views.get(audience or "")
        order += [at for at in self.exact.get(whole, ()) if at not in order and (view is None or view[at] > 0.0)]
        clues: dict[int, tuple[float, ...]] = {}
        sources = table.argmax(axis=0).take(order).tolist() if len(table) > 1 else [0] * len(order)
        for source in set(sources):
            said = Said.of(spoken[source], read, vectors[source], self.space)
            some = [at for at, best_in in zip(order, sources, strict=True) if best_in == source]
            own = [self._own(at, audience) for at in some]
            clues |= zip(some, evidence(some, standing, said, [self.examples[at] for at in some], own), strict=True)
        if looked is not None:
            clues = {at: (*clue, *meant(at, looked)) for at, clue in clues.items()}
        return self._ranked(clues, whole)

    def _ranked(self, clues: Mapping[int, tuple[float, ...]], said: str) -> list[Ranked]:
        """The candidates with their probabilities, the best first."""
        weighed = probabilities(self.thresholds, list(clues.values())) if clues else []
        ranked = []
        for (at, clue), likely in zip(clues.items(), weighed, strict=True):
            if at in self.exact.get(said, ()):
                likely = EXACT
            elif (said, at) in self.near_misses:
                likely = NEAR_MISS
            else:
                likely = min(LIKELY, likely)
            ranked.append(Ranked(at, likely, clue))
        ranked.sort(key=lambda one: -one.probability)
        return ranked

    def _scores(self, vectors: Sequence[tuple[Ints, Floats]]) -> Floats:
        """The scores of all topics for a message (first) and its parts. The weights, far apart in memory, are fetched once."""
        if len(vectors) == 1:
            at, values = vectors[0]
            return (values @ self.weights.take(at, axis=0))[None, :]
        every = np.unique(np.concatenate([at for at, _ in vectors]))
        parts = np.zeros((len(vectors), len(every)), dtype=np.float32)
        for part, (at, values) in zip(parts, vectors, strict=True):
            part[np.searchsorted(every, at)] = values
        return parts @ self.weights.take(every, axis=0)

    def _knows(self, word: str) -> bool:
        """Whether some example has the word or its stem, or one that it resembles; gibberish leads on from nothing."""
        base = self.space.read(word).stem
        return not base or base.isdecimal() or f"s:{base}" in self.space.numbers

    def _look(self, text: str) -> Looked | None:
        """What the text means, for any audience. The dearest step by far: at most once a message."""
        return self.meaning.look(text) if self.meaning is not None else None

    def _seen(self, scores: Floats, audience: str | None, previous_topic: str | None) -> Floats:
        """The scores of the topics as this audience sees them."""
        view = self.views.get(audience or "")
        if view is not None:
            scores = np.multiply(scores, view)
        if previous_topic:
            group = _group(previous_topic)
            near = np.array([SAME_GROUP if topic.startswith(group) else 1.0 for topic in self.topics], dtype=np.float32)
            scores = scores * near
        return scores


def _group(topic: str) -> str:
    """What the ids of a group begin with: `visit.` of `visit.video`."""
    return topic.partition(".")[0] + "."


def _view(audiences: Sequence[frozenset[str]], audience: str) -> Floats:
    factor = STAND_IN_FOR_PARENT if audience == "parent" else STAND_IN
    return np.array(
        [1.0 if audience in who else factor if visible_to(tuple(who), audience) else 0.0 for who in audiences],
        dtype=np.float32,
    )
