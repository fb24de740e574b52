"""The topic index: which topic a question means, and how sure that is.

A linear model over character n-grams, stems and concepts ranks the topics (`space`, `ridge`); the question is compared with
the examples of the best ones by rapidfuzz and by cosine (`evidence`); a logistic model, calibrated on labelled questions,
turns all of that into the probability of being right (`weighing`). Nothing is guessed: weights and thresholds come from
`knowledge/data/matching.yaml`, which `tests/bench/calibrate.py` writes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import msgspec
import numpy as np

from bot.matching.audiences import Audiences
from bot.matching.evidence import NAMES, Field, Said, evidence, meant, named
from bot.matching.examples import Examples
from bot.matching.features import Lexicon, said_words
from bot.matching.meaning import Looked, Meaning
from bot.matching.message import Message
from bot.matching.parts import joined, objects
from bot.matching.result import Candidate, MatchResult, Outcome
from bot.matching.ridge import fit, key_of
from bot.matching.rows import Floats, Row
from bot.matching.smalltalk import LONGEST, kind_of
from bot.matching.space import Vectors
from bot.matching.spelling import Spelling
from bot.matching.weighing import Thresholds, probabilities
from bot.text.normalise import fold

SHORTLIST = 5
FAR = 0.2  # of the best score: what has less was never answered or offered (of 1,300 labelled questions)
OFFERED = 3
PART = np.float32(0.95)  # factor for a part of a message against the whole
SAME_GROUP = 1.06  # factor for topics of the same group as the one before
BARE = 0.9  # the least probability from which a single word is answered
SURE = 0.95  # the probability of an answer by its words from which what the text means is not asked for as well
_COVERED = NAMES.index("covered")
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
    audiences: Audiences
    risks: tuple[str, ...]
    titles: tuple[str, ...]
    space: Vectors
    spelling: Spelling
    weights: Floats  # features x (topics and, last, the outside)
    examples: Examples
    near_misses: frozenset[tuple[str, int]]
    exact: Mapping[str, tuple[int, ...]]
    smalltalk: Mapping[str, str]
    thresholds: Thresholds
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
        audiences: dict[str, frozenset[str]] = {}
        for row in positive:
            known = audiences.get(row.topic, frozenset())
            audiences[row.topic] = known if row.audiences <= known else known | row.audiences
        topics = tuple(audiences)
        number = {topic: at for at, topic in enumerate(topics)}
        spelling = Spelling.of(row.text for row in positive)
        words = [said_words(spelling.own(text)) for text in (*(row.text for row in positive), *outside)]
        said = [" ".join(one) for one in words]
        space, vectors = Vectors.of(words, lexicon or Lexicon())
        labels = np.array([number[row.topic] for row in positive] + [len(topics)] * len(outside), dtype=np.int64)
        exact: dict[str, tuple[int, ...]] = {}
        for text, at in zip(said, labels[: len(positive)].tolist(), strict=False):
            exact[text] = tuple(dict.fromkeys((*exact[text], at))) if text in exact else (at,)
        seen = Audiences.of([audiences[topic] for topic in topics])
        return cls(
            topics=topics,
            audiences=seen,
            risks=tuple(risks.get(topic, "harmless") for topic in topics),
            titles=tuple((titles or {}).get(topic, topic) for topic in topics),
            space=space,
            spelling=spelling,
            weights=fit(
                vectors,
                labels,
                len(space.numbers),
                len(topics) + 1,
                keys=np.array([key_of(text) for text in said]),
                beside=seen.together(),
            ),
            examples=Examples.of(said, vectors, labels, len(topics)),
            near_misses=frozenset(
                (" ".join(said_words(spelling.own(row.text))), number[row.topic])
                for row in rows
                if not row.positive and row.topic in number
            ),
            exact=exact,
            smalltalk=smalltalk or {},
            thresholds=thresholds or Thresholds(),
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
        talk = kind_of(fold(text), self.smalltalk) if len(text) <= LONGEST else None
        if talk is not None and (fold(text) in self.smalltalk or not self._is_example(text, audience)):
            return MatchResult(outcome="smalltalk", smalltalk=talk, why=(f"small talk: {talk}",))
        text = self.spelling.own(text)
        message = Message.of(text, audience, previous_topic)
        if not message.words:
            return MatchResult(outcome="none", why=("no words",))
        found, ranked = self._answer(message)
        if self.meaning is not None and not (found.outcome == "answer" and found.candidates[0].score >= SURE):
            understood = self.meaning.look(text)  # the dearest step by far: at most once a message
            if understood is not None:
                found, ranked = self._answer(message._replace(understood=understood))
        if not explain:
            return found
        reasons = [f"{self.topics[one.at]}: {one.probability:.2f} ({named(one.evidence)})" for one in ranked[:OFFERED]]
        return msgspec.structs.replace(found, why=(*found.why, *reasons))

    def _is_example(self, text: str, audience: str | None) -> bool:
        """Whether a text is an example question that this audience may ask: it is no slip of the pen for small talk."""
        return any(self.audiences.sees(audience, at) for at in self.exact.get(" ".join(said_words(text)), ()))

    def rank(self, text: str, *, audience: str | None, previous_topic: str | None = None) -> list[Ranked]:
        """The most probable topics, best first; at most `SHORTLIST`, more only with what the text means."""
        text = self.spelling.own(text)
        message = Message.of(text, audience, previous_topic)
        return self._ranked(message._replace(understood=self.meaning.look(text) if self.meaning is not None else None))

    def _answer(self, message: Message) -> tuple[MatchResult, list[Ranked]]:
        """The decision and the candidates that it was made of."""
        ranked = self._ranked(message)
        if message.follows:
            alone = self._ranked(message._replace(before=None))
            clear = self._decide(alone, message)
            if clear.outcome == "answer":
                if objects(message.words) and alone[0].at != ranked[0].at and self._tells_of(ranked, message.before):
                    both = [ranked[0], alone[0]]
                    why = (f"goes on from {message.before} or asks something else: asks back",)
                    return MatchResult(outcome="clarify", candidates=self._candidates(both), why=why), both
                near = clear.candidates[0].topic.startswith(_group(message.before or ""))
                if near or not joined(message.words):  # "und per Video?" names another topic about visits
                    return clear, alone
        return self._decide(ranked, message), ranked

    def _candidates(self, ranked: Sequence[Ranked]) -> tuple[Candidate, ...]:
        return tuple(
            [Candidate(topic=self.topics[one.at], score=round(one.probability, 4)) for one in ranked[:SHORTLIST]]
        )

    def _tells_of(self, ranked: list[Ranked], before: str | None) -> bool:
        """Whether the topic before is the likeliest, and all that the message tells of is in its examples too."""
        return bool(ranked) and self.topics[ranked[0].at] == before and ranked[0].evidence[_COVERED] > 0.99

    def _decide(self, ranked: list[Ranked], message: Message) -> MatchResult:
        if not ranked:
            return MatchResult(outcome="none", why=("no topic shares a word",))
        best, words = ranked[0], message.words
        candidates = self._candidates(ranked)
        thresholds = self.thresholds.like(meaning=message.understood is not None)
        risk = self.risks[best.at]
        needed = thresholds.answer.get(risk, 0.6)
        least = thresholds.clarify
        if len(words) == 1:
            needed = max(needed, BARE)  # "Anwalt" is a question, "Oma" may be anything
            if self.space.lexicon.concepts(words[0]):
                # "Besuch" says too little for any topic, yet is not beside the point
                least = min(least, best.probability)
        outcome: Outcome = "none"
        why = f"{best.probability:.2f} < {least:.2f}: not understood"
        if best.probability >= needed and not self._for_others(ranked, needed, message.audience):
            outcome, why = "answer", f"{best.probability:.2f} >= {needed:.2f} for {risk}"
        elif best.probability >= needed:
            outcome, why = "clarify", f"{best.probability:.2f} but who asks is not known: asks back"
            candidates = tuple(one for one in candidates[:OFFERED] if one.score >= needed)
        elif best.probability >= least:
            outcome, why = "clarify", f"{best.probability:.2f} < {needed:.2f} for {risk}: asks back"
            candidates = tuple(one for one in candidates[:OFFERED] if one.score >= least / 6 or one is candidates[0])
        return MatchResult(outcome=outcome, candidates=candidates, why=(why,))

    def _for_others(self, ranked: list[Ranked], needed: float, audience: str | None) -> bool:
        """Whether nobody knows who asks, and somebody else would be answered something else just as surely."""
        return not audience and any(
            one.probability >= needed and self.audiences.apart(one.at, ranked[0].at) for one in ranked[1:OFFERED]
        )

    def _ranked(self, message: Message) -> list[Ranked]:
        """The candidates; when nobody knows who asks, those of everybody who may: scores compare only what one person sees."""
        if message.audience:
            return self._rank(message)
        best: dict[int, Ranked] = {}
        for audience in self.audiences.views:
            for one in self._rank(message._replace(audience=audience)):
                if one.at not in best or one.probability > best[one.at].probability:
                    best[one.at] = one
        return sorted(best.values(), key=lambda one: -one.probability)[:SHORTLIST]

    def _rank(self, message: Message) -> list[Ranked]:
        spoken = self._spoken(message)
        read = {word: self.space.read(word) for word in dict.fromkeys([word for one in spoken for word in one])}
        vectors = self.space.vectors([[read[word] for word in one] for one in spoken])
        looked = self._looked(message)
        if looked is None and not any([len(at) for at, _ in vectors]):
            return []
        table = self._scores(vectors)
        best = table[0]
        if len(table) > 1:
            table[1:] *= PART
            best = table.max(axis=0)
        scores = self._seen(best[:-1], message)
        shortlist = _highest(scores, SHORTLIST)
        heights = scores.take(shortlist).tolist()
        standing = Field.of(scores, table, heights[:2])
        said = " ".join(message.words)
        candidates = [at for at, height in zip(shortlist, heights, strict=True) if height > max(0.0, FAR * heights[0])]
        if looked is not None:
            likely = np.argsort(-looked.scores)[:OFFERED].tolist()
            candidates += [at for at in likely if at not in candidates and looked.scores[at] > 0.0]
        exact = self.exact.get(said, ())
        candidates += [at for at in exact if at not in candidates and self.audiences.sees(message.audience, at)]
        clues: dict[int, tuple[float, ...]] = {}
        sources = table.argmax(axis=0).take(candidates).tolist() if len(table) > 1 else [0] * len(candidates)
        for source in set(sources):
            part = Said.of(spoken[source], read, vectors[source], self.space)
            some = [at for at, best_in in zip(candidates, sources, strict=True) if best_in == source]
            own = [self.audiences.own(message.audience, at) for at in some]
            clues.update(zip(some, evidence(some, standing, part, self.examples, own), strict=True))
        if looked is not None and self.meaning is not None:
            nearest = self.meaning.nearest
            clues = {at: (*clue, *meant(at, looked, nearest(at, looked))) for at, clue in clues.items()}
        return self._weighed(clues, said, meaning=looked is not None)

    def _weighed(self, clues: Mapping[int, tuple[float, ...]], said: str, *, meaning: bool) -> list[Ranked]:
        """The candidates with their probabilities, the best first."""
        if not clues:
            return []
        likely = probabilities(self.thresholds.like(meaning=meaning), list(clues.values()))
        exact, near_misses = self.exact.get(said, ()), self.near_misses
        ranked = [
            Ranked(at, EXACT if at in exact else NEAR_MISS if (said, at) in near_misses else min(LIKELY, chance), clue)
            for (at, clue), chance in zip(clues.items(), likely, strict=True)
        ]
        ranked.sort(key=lambda one: -one.probability)
        return ranked

    def _spoken(self, message: Message) -> list[tuple[str, ...]]:
        """What is looked at: the message, its parts, and what goes on from the topic before together with its title."""
        spoken = [message.words, *message.parts]
        if message.follows and message.before in self.topics and all(map(self._knows, message.words)):
            title = self.titles[self.topics.index(message.before)]
            spoken.insert(0, (*said_words(title), *message.words))
        return spoken

    def _scores(self, vectors: Sequence[Row]) -> Floats:
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

    def _looked(self, message: Message) -> Looked | None:
        """What the message means, as this audience sees the topics."""
        if message.understood is None:
            return None
        return message.understood._replace(scores=self._seen(message.understood.scores, message))

    def _seen(self, scores: Floats, message: Message) -> Floats:
        """The scores of the topics for this audience, after this topic."""
        scores = self.audiences.seen(scores, message.audience)
        if not message.before:
            return scores
        group = _group(message.before)
        near = np.array([SAME_GROUP if topic.startswith(group) else 1.0 for topic in self.topics], dtype=np.float32)
        return scores * near


def _highest(scores: Floats, count: int) -> list[int]:
    """Where the highest scores are, best first."""
    if len(scores) > 16 * count:
        some: list[int] = scores.argpartition(-count)[-count:].tolist()
    else:
        some = list(range(len(scores)))
    some.sort(key=scores.__getitem__, reverse=True)
    return some[:count]


def _group(topic: str) -> str:
    """What the ids of a group begin with: `visit.` of `visit.video`."""
    return topic.partition(".")[0] + "."
