"""To which side the examples lean that share most telling words with a text.

A sum over words knows what is said, not what is said together: "messer" and "küche" in one example tell more than both by
themselves. So the few nearest examples, dangerous and harmless ones, are asked as well.

Method: k nearest neighbours by the cosine of the rare words (inverse document frequency), through an inverted index.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from bot.text.packed import Flat, Names, stored, whole

_ASKED: Final = 5  # neighbours
_RARE: Final = 2  # what stands in fewer examples finds none
_COMMON: Final = 3000  # what stands in more of them tells nothing


@dataclass(frozen=True, slots=True)
class Taught:
    """The words of an example and its danger from 0 to 1."""

    words: tuple[str, ...]
    danger: float


class Neighbours:
    """All examples by their words; iterating gives them in their order, with the words that count, sorted."""

    __slots__ = ("_dangers", "_ends", "_ready", "_texts", "words")

    def __init__(self, words: Names, ends: Flat, texts: Flat, dangers: Flat) -> None:
        self.words = words
        self._ends = whole(ends)  # of each word in `texts`
        self._texts = whole(texts)  # the numbers of the examples of each word
        self._dangers = whole(dangers)  # of each example, in hundredths
        self._ready: tuple[Any, Any, list[float]] | None = None

    @classmethod
    def of(cls, taught: Iterable[Taught]) -> Neighbours:
        """The index of these examples."""
        kept = list(taught)
        seen = Counter(word for one in kept for word in set(one.words))
        found: dict[str, list[int]] = {word: [] for word in sorted(seen) if _RARE <= seen[word] <= _COMMON}
        for number, one in enumerate(kept):
            for word in set(one.words) & found.keys():
                found[word].append(number)
        ends, texts = array("I", [0]), array("I")
        for numbers in found.values():
            texts.extend(numbers)
            ends.append(len(texts))
        return cls(Names.of(found), ends, texts, array("I", (round(100 * one.danger) for one in kept)))

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        flat = (stored(numbers, protocol) for numbers in (self._ends, self._texts, self._dangers))
        return Neighbours, (self.words, *flat)

    def __iter__(self) -> Iterator[Taught]:
        words: list[list[str]] = [[] for _ in self._dangers]
        for word, (begin, end) in zip(self.words, pairwise(self._ends), strict=True):
            for number in self._texts[begin:end]:
                words[number].append(word)
        for said, danger in zip(words, self._dangers, strict=True):
            yield Taught(tuple(said), danger / 100)

    def __len__(self) -> int:
        return len(self._dangers)

    def commonest(self, many: int) -> list[str]:
        """So many of the words that stand in most examples."""
        numbers = sorted(range(len(self.words)), key=lambda number: self._ends[number] - self._ends[number + 1])[:many]
        names = list(self.words)
        return [names[number] for number in numbers]

    def wake(self) -> None:
        """Makes ready what `lean` needs."""
        self._prepared()

    def lean(self, words: Iterable[int]) -> float:
        """From -1, all examples near to the words of these numbers are harmless, to 1, all are dangers; 0 where none is near."""
        numbers = sorted({number for number in words if number >= 0})
        if not numbers:
            return 0.0
        import numpy as np

        texts, shares, sides = self._ready or self._prepared()
        near = np.zeros(len(self), np.float32)
        for number in numbers:
            those = slice(self._ends[number], self._ends[number + 1])
            np.add.at(near, texts[those], shares[those])
        total = leaning = 0.0
        for _ in range(min(_ASKED, len(near))):
            at = int(near.argmax())
            share = near.item(at) ** 2
            total += share
            leaning += share * sides[at]
            near[at] = 0.0
        return leaning / total if total else 0.0

    def _prepared(self) -> tuple[Any, Any, list[float]]:
        """The examples of the words as numpy looks them up, what each word adds to the likeness of each of its examples,
        and the sides of all examples; made at the first need.

        Nothing is left to multiply or to put together: what takes time is how much memory a look touches.
        """
        import numpy as np

        ends = np.frombuffer(self._ends, np.uint32).astype(np.int64)
        counts = ends[1:] - ends[:-1]
        texts = np.frombuffer(self._texts, np.uint32).astype(np.intp)
        telling = np.repeat((np.log(max(len(self), 2) / counts) ** 2).astype(np.float32), counts)
        sizes = np.bincount(texts, weights=telling, minlength=len(self))
        shares = telling * (1.0 / np.sqrt(np.maximum(sizes, 1.0))).astype(np.float32)[texts]
        sides = np.frombuffer(self._dangers, np.uint32).astype(np.float32) / 50.0 - 1.0
        self._ready = (texts, shares, sides.tolist())
        return self._ready
