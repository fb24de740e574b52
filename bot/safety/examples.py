"""The examples of danger that a finding may point to, in flat arrays: thousands of sets of words would weigh more than all rules."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeAlias

from bot.text.packed import Flat, Names, Texts, stored, whole

_ByWord: TypeAlias = "tuple[Any, memoryview[int], Any]"
"""Of a category: the numbers of the examples of each word, where those of each word end, the root of the length of each example."""


@dataclass(frozen=True, slots=True)
class Example:
    """What a finding may point to."""

    words: frozenset[str]
    category: str
    place: str


class Examples:
    """All examples, those of one category one behind the other; iterating gives them in that order."""

    __slots__ = ("_by_word", "_categories", "_ends", "_places", "_said", "words")

    def __init__(self, words: Names, said: Flat, ends: Flat, places: Texts, categories: dict[str, range]) -> None:
        self.words = words
        self._said = whole(said)  # numbers of the words of all examples
        self._ends = whole(ends)  # of each example in `said`
        self._places = places
        self._categories = categories
        self._by_word: dict[str, _ByWord] = {}

    @classmethod
    def of(cls, examples: Iterable[Example]) -> Examples:
        """The same examples, sorted by category."""
        kept = sorted(examples, key=lambda one: one.category)
        words = Names.of(sorted({word for one in kept for word in one.words}))
        said, ends = array("I"), array("I", [0])
        categories: dict[str, range] = {}
        for at, one in enumerate(kept):
            said.extend(map(words.number, sorted(one.words)))
            ends.append(len(said))
            categories[one.category] = range(categories.get(one.category, range(at, at)).start, at + 1)
        return cls(words, said, ends, Texts.of(one.place for one in kept), categories)

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        flat = stored(self._said, protocol), stored(self._ends, protocol)
        return Examples, (self.words, *flat, self._places, self._categories)

    def __iter__(self) -> Iterator[Example]:
        texts = list(self.words)
        for category, rows in self._categories.items():
            for at, (begin, end) in enumerate(pairwise(self._ends[rows.start : rows.stop + 1]), rows.start):
                words = frozenset(texts[number] for number in self._said[begin:end])
                yield Example(words, category, self._places[at])

    def nearest(self, words: Sequence[str], category: str) -> str:
        """The place of the example of this category that shares most words with the text, by its own length; else ""."""
        rows = self._categories.get(category)
        if not rows:
            return ""
        import numpy as np

        told, ends, lengths = self._by_word.get(category) or self._sort(category, rows)
        numbers = {number for number in map(self.words.number, words) if number >= 0}
        if not numbers:
            return str(self._places[rows.start])
        shared = np.bincount(
            np.concatenate([told[ends[number] : ends[number + 1]] for number in numbers]), None, len(rows)
        )
        return str(self._places[rows.start + int(np.argmax(shared / lengths))])

    def wake(self) -> None:
        """Makes ready what `nearest` needs."""
        for category, rows in self._categories.items():
            self._sort(category, rows)

    def _sort(self, category: str, rows: range) -> _ByWord:
        """The examples of a category by their words, kept for the next time."""
        import numpy as np

        ends = np.frombuffer(self._ends, np.uint32)[rows.start : rows.stop + 1].astype(np.int64)
        said, counts = np.frombuffer(self._said, np.uint32)[ends[0] : ends[-1]], np.diff(ends)
        told = np.repeat(np.arange(len(rows)), counts)[np.argsort(said, kind="stable")]
        of_words = np.cumsum(np.bincount(said + 1, minlength=len(self.words) + 1)).astype(np.uint32)
        lengths = np.where(counts > 0, np.sqrt(counts), np.inf)  # an example without words is like nothing
        found = self._by_word[category] = (told, whole(of_words.tobytes()), lengths)
        return found
