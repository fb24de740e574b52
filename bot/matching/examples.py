"""The example questions of all topics, and which of them are nearest to what was said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bot.matching.features import stem
from bot.matching.rows import Floats, Ints, Rows

NEAREST = 4  # examples of a topic that are looked at closely


@dataclass(frozen=True, slots=True)
class Examples:
    """Folded texts and their vectors, those of a topic one behind the other, and the word stems of each topic.

    `bounds` holds for each topic where its texts and where its numbers begin, and last where the last ones end; `places` is
    where the numbers of each text begin, counted from the first one of its topic.
    """

    texts: tuple[str, ...]
    rows: Rows
    places: Ints
    bounds: tuple[tuple[int, int], ...]
    stems: tuple[frozenset[str], ...]

    @classmethod
    def of(cls, texts: Sequence[str], rows: Rows, labels: Ints, topics: int) -> Examples:
        """From folded texts, their vectors and the number of the topic of each (`topics` and above: none); texts without any
        word are left out."""
        telling = np.flatnonzero((rows.lengths > 0) & (labels < topics))
        order = telling[np.argsort(labels[telling], kind="stable")]
        chosen = rows.chosen(order)
        firsts = np.searchsorted(labels[order], np.arange(topics + 1))
        begins = chosen.starts[firsts]
        words: list[set[str]] = [set() for _ in range(topics)]
        for row, topic in zip(order.tolist(), labels[order].tolist(), strict=True):
            words[topic].update(texts[row].split())
        return cls(
            tuple([texts[row] for row in order.tolist()]),
            chosen,
            chosen.starts[:-1] - np.repeat(begins[:-1], np.diff(firsts)),
            tuple(zip(firsts.tolist(), begins.tolist(), strict=True)),
            tuple([frozenset(map(stem, some)) for some in words]),
        )

    def nearest(self, topic: int, dense: Floats) -> tuple[list[float], list[str]]:
        """The cosines of a question (as a dense vector) to the `NEAREST` examples of a topic, best first, and their texts."""
        (first, begin), (last, end) = self.bounds[topic : topic + 2]
        if first == last:
            return [], []
        products = dense.take(self.rows.at[begin:end], mode="clip")  # no number is out of range; "clip" does not ask
        products *= self.rows.values[begin:end]
        cosines = np.add.reduceat(products, self.places[first:last])
        order = cosines.argsort()[: -NEAREST - 1 : -1]
        return cosines.take(order).tolist(), [self.texts[first + place] for place in order.tolist()]
