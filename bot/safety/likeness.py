"""How much a text is like the examples of danger, beyond what the rules say word for word.

A linear model over words, pairs of words, pieces of words, word classes of the rules and the rules that fired, fitted by
`bot.safety.fitting` from the examples in knowledge/safety and the ordinary questions of knowledge/topics; there is nothing in
it that is not written there. A finding names the example that it is most like, with file and line.

Where that leaves it open, the nearest examples are asked (`bot.safety.neighbours`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from bot.safety.examples import Example, Examples
from bot.safety.neighbours import Neighbours, Taught
from bot.text.packed import Names, Numbers, Table

_PIECES: Final = (3, 4)  # lengths of the pieces of words
_PIECE: Final = 0.5
_CLASS: Final = 0.7
_FLOOD: Final = 25  # words; in a longer message what repeats counts once
_MOST_WORDS: Final = 20_000  # words whose sums are kept
_LIKELY: Final = 2.0  # what the writer being an adult or a child adds, as a logarithm
_NEAR: Final = 2.0  # what the nearest examples add at most, as a logarithm
_UNSURE: Final = (-3.3, 2.7)  # logarithms of the odds between which they may decide

Ids = Callable[[str], tuple[int, ...]]
WordSums = tuple[float, float, bool, bool]
"""What a word adds to the sum and to the square of the length; whether it comes second and first in pairs that have a weight."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """The fitted model. `alert` and `check` are the probabilities from which a text is one."""

    weights: Numbers
    leading: Names  # words that come first in a pair with a weight, "" for the beginning of a text
    following: Names  # words that come second
    bias: float
    categories: Table
    prior: Mapping[str, float]
    examples: Examples
    neighbours: Neighbours
    alert: float
    check: float
    _sums: dict[str, WordSums] = field(default_factory=dict, compare=False, repr=False)
    _rows: dict[str, tuple[float, ...]] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def of(
        cls,
        weights: Mapping[str, float],
        bias: float,
        categories: Mapping[str, Mapping[str, float]],
        prior: Mapping[str, float],
        examples: Iterable[Example],
        taught: Iterable[Taught],
        *,
        alert: float,
        check: float,
    ) -> Likeness:
        """The model of these weights, in flat arrays."""
        pairs = [pair for name in weights if (pair := _pair(name)) is not None]
        return cls(
            weights=Numbers.of(weights),
            leading=Names.of(dict.fromkeys(first for first, _ in pairs)),
            following=Names.of(dict.fromkeys(second for _, second in pairs)),
            bias=bias,
            categories=Table.of(categories, prior),
            prior=prior,
            examples=Examples.of(examples),
            neighbours=Neighbours.of(taught),
            alert=alert,
            check=check,
        )

    def knows(self, word: str) -> bool:
        """Whether the examples say anything of this word as a whole."""
        return self.weights.weight(f"={word}") != 0.0

    def danger(self, words: Sequence[str], fired: Iterable[str], ids: Ids) -> float:
        """The probability of danger in these words, 0 to 1."""
        total, size = 0.0, 0.0
        weigh, sums = self.weights.weight, self._sums
        before, second = "", ""
        leads = leads_second = "" in self.leading
        for word in words if len(words) <= _FLOOD else _said_once(words):
            added, own, follows, leads_next = sums.get(word) or self._add(word, ids)
            if follows:  # most words stand in no pair that says anything
                if leads:
                    added += weigh(f"{before} {word}")
                if leads_second:
                    added += weigh(f"{second}~{word}")
            total += added
            size += own
            before, second = word, before
            leads, leads_second = leads_next, leads
        for rule in fired:
            total += weigh(f"!{rule}")
            size += 1.0
        odds = self.bias + total / math.sqrt(size or 1.0)
        if _UNSURE[0] < odds < _UNSURE[1]:
            odds += _NEAR * self.neighbours.lean(words)
        return 1.0 / (1.0 + math.exp(min(60.0, -odds)))

    def _add(self, word: str, ids: Ids) -> WordSums:
        """What is known of a word by itself; kept for the next time."""
        if len(self._sums) >= _MOST_WORDS:
            self._sums.clear()
        total, size = 0.0, 0.0
        for name, value in word_features(word, ids):
            total += self.weights.weight(name) * value
            size += value * value
        size += 2.0  # the two pairs that it ends
        found = self._sums[word] = (total, size, word in self.following, word in self.leading)
        return found

    def category(
        self, words: Sequence[str], fired: Iterable[str], *, among: Iterable[str] = (), likely: str = ""
    ) -> str:
        """Which danger it most likely is, `among` these if any are named; `likely` is what such writers mostly mean."""
        known = [category for category in among if category in self.prior] or list(self.prior)
        if len(known) == 1:
            return known[0]
        rows = [tuple(self.prior.values())]
        rows += [row for name in (*telling(words), *(f"!{rule}" for rule in fired)) if (row := self._telling(name))]
        scores: dict[str, float] = dict(zip(self.prior, map(sum, zip(*rows, strict=True)), strict=True))
        if likely in scores:
            scores[likely] += _LIKELY
        return max(known, key=lambda category: (scores[category], category))

    def _telling(self, name: str) -> tuple[float, ...]:
        """What a name says of each category, in the order of `prior`; kept for the next time."""
        found = self._rows.get(name)
        if found is None:
            if len(self._rows) >= _MOST_WORDS:
                self._rows.clear()
            found = self._rows[name] = self.categories.row(name)
        return found


def _pair(name: str) -> tuple[str, str] | None:
    """The two words of the weight of a pair, neighbours or with one between them; None for another weight."""
    if name[:1] in ("=", "@", "!"):
        return None
    first, between, second = name.partition("~" if "~" in name else " ")
    return (first, second) if between else None


def _said_once(words: Sequence[str]) -> list[str]:
    """The words without what repeats: saying a thing a hundred times is saying it once, in whatever it says."""
    kept: list[str] = []
    seen: set[tuple[str, str, str]] = set()
    before, second = "", ""
    for word in words:
        if (second, before, word) not in seen:
            seen.add((second, before, word))
            kept.append(word)
        before, second = word, before
    return kept


def word_features(word: str, ids: Ids) -> list[tuple[str, float]]:
    """What a word counts for by itself: the word, its classes, its pieces."""
    framed = f"<{word}>"
    pieces = [(framed[at : at + long], _PIECE) for long in _PIECES for at in range(len(framed) - long + 1)]
    return [(f"={word}", 1.0), *((f"@{number}", _CLASS) for number in ids(word)), *pieces]


def telling(words: Iterable[str]) -> set[str]:
    """What tells categories apart: words and how they begin. The word classes of the rules count one thing many times."""
    return {name for word in words for name in (f"={word}", f"^{word[:5]}")}
