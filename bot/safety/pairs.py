"""What two words of a text say together: neighbours ("a b"), and those with one word between them ("a~b").

In flat arrays by the second word, whose pairs become a dictionary when it is first met.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any, Final

from bot.text.packed import Flat, Names, floats, stored, whole

_NO_PAIRS: Final[Mapping[int, float]] = {}
APART: Final = 1  # what the mark of a first word is more where a word stands between it and the second


def is_pair(name: str) -> bool:
    """Whether a weight of this name is that of a pair: those of words, classes and rules begin with a sign, pieces are of one word."""
    return name[0] not in "=@!" and (" " in name or "~" in name)


class Pairs:
    """The weights of all pairs; iterating gives them with their names.

    Each word that comes first in pairs has a mark, an even number from 2 on; a word that does not has the mark 0.
    """

    __slots__ = ("_ends", "_firsts", "_marks", "_seconds", "_weights", "beginning")

    def __init__(self, firsts: Names, seconds: Names, ends: Flat, marks: Flat, weights: Flat) -> None:
        self._firsts = firsts
        self._seconds = seconds
        self._ends = whole(ends)  # of each second word in the two others
        self._marks = whole(marks)
        self._weights = floats(weights)
        self.beginning = self.mark("")  # of a text, which pairs with its first words

    @classmethod
    def of(cls, weights: Mapping[str, float]) -> Pairs:
        """The pairs of these names."""
        found: dict[str, list[tuple[str, bool, float]]] = {}
        for name, weight in weights.items():
            first, between, second = name.partition("~" if "~" in name else " ")
            found.setdefault(second, []).append((first, between == "~", weight))
        firsts = Names.of(dict.fromkeys(first for pairs in found.values() for first, _, _ in pairs))
        ends, marks, flat = array("I", [0]), array("I"), array("d")
        for pairs in found.values():
            marks.extend(2 * firsts.number(first) + 2 + apart * APART for first, apart, _ in pairs)
            flat.extend(weight for _, _, weight in pairs)
            ends.append(len(marks))
        return cls(firsts, Names.of(found), ends, marks, flat)

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        flat = (stored(numbers, protocol) for numbers in (self._ends, self._marks, self._weights))
        return Pairs, (self._firsts, self._seconds, *flat)

    def __iter__(self) -> Iterator[tuple[str, float]]:
        firsts = list(self._firsts)
        for second, (begin, end) in zip(self._seconds, pairwise(self._ends), strict=True):
            for mark, weight in zip(self._marks[begin:end], self._weights[begin:end], strict=True):
                yield f"{firsts[mark // 2 - 1]}{'~' if mark % 2 == APART else ' '}{second}", weight

    def many(self) -> Iterator[tuple[str, int]]:
        """How many pairs each word ends that ends any."""
        return zip(self._seconds, (end - begin for begin, end in pairwise(self._ends)), strict=True)

    def mark(self, word: str) -> int:
        """The mark of a word as the first of a pair."""
        return 2 * self._firsts.number(word) + 2

    def second(self, word: str) -> int:
        """The number of a word as the second of pairs, -1 where it is that in none."""
        return self._seconds.number(word)

    def ending_in(self, second: int) -> Mapping[int, float]:
        """The weights of the pairs that the word of this number ends, by the marks of their first words."""
        if second < 0:
            return _NO_PAIRS
        begin, end = self._ends[second], self._ends[second + 1]
        return dict(zip(self._marks[begin:end], self._weights[begin:end], strict=True))
