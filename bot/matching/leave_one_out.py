"""How many example questions would find their topic if they were not there themselves: a measure of the examples.

One at a time would mean one fit for each example, or a matrix of all pairs (half a gigabyte for seven thousand). So a tenth
is left out at a time: each example is judged by a fit that saw neither it nor the others of its tenth. That is a little
stricter; halving the tenths changes the share by less than half a percent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bot.matching.audiences import Audiences
from bot.matching.features import Lexicon, said_words
from bot.matching.index import Phrase
from bot.matching.ridge import fit
from bot.matching.space import Vectors
from bot.matching.topic import visible_to

PARTS = 10


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An example, and the topic that it would find without itself."""

    phrase: Phrase
    found: str

    @property
    def right(self) -> bool:
        """Whether that is its own topic."""
        return self.found == self.phrase.topic


def leave_one_out(phrases: Sequence[Phrase], lexicon: Lexicon, outside: Sequence[str] = ()) -> list[LeftOut]:
    """One row for each positive example, in their order. Takes as long as building the index five times."""
    positive = [phrase for phrase in phrases if phrase.positive]
    if not positive:
        return []
    topics = list(dict.fromkeys(phrase.topic for phrase in positive))
    number = {topic: at for at, topic in enumerate(topics)}
    space, vectors = Vectors.of([said_words(text) for text in (*(p.text for p in positive), *outside)], lexicon)
    labels = np.array([number[phrase.topic] for phrase in positive] + [len(topics)] * len(outside), dtype=np.int64)
    audiences: dict[str, frozenset[str]] = {}
    for phrase in positive:
        audiences[phrase.topic] = audiences.get(phrase.topic, frozenset()) | phrase.audiences
    seen = {
        who: np.array([any(visible_to(tuple(audiences[topic]), one) for one in who) for topic in topics])
        for who in {phrase.audiences for phrase in positive}
    }
    beside = Audiences.of([audiences[topic] for topic in topics]).together()
    rows = vectors.cut()
    part = np.random.default_rng(1).permutation(len(vectors)) % min(
        PARTS, len(vectors)
    )  # a fixed order without pattern
    found: dict[int, str] = {}
    for left_out in np.unique(part).tolist():
        others = np.flatnonzero(part != left_out)
        weights = fit(vectors.chosen(others), labels[others], len(space.numbers), len(topics) + 1, beside=beside)
        for row in np.flatnonzero(part[: len(positive)] == left_out).tolist():
            at, values = rows[row]
            scores = np.where(seen[positive[row].audiences], (values @ weights[at])[:-1], -np.inf)
            found[row] = topics[int(np.argmax(scores))]
    return [LeftOut(phrase, found[row]) for row, phrase in enumerate(positive)]
