"""How much a text is like the examples of danger, beyond what the rules say word for word.

A linear model over words, pairs of words, pieces of words, word classes of the rules and the rules that fired, fitted by
`bot.safety.fitting` from the examples in knowledge/safety and the ordinary questions of knowledge/topics; there is nothing in
it that is not written there. A finding names the example that it is most like, with file and line.

Where that leaves it open, the nearest examples are asked (`bot.safety.neighbours`).
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Final

from bot.safety.examples import Example, Examples
from bot.safety.neighbours import Neighbours, Taught
from bot.safety.pairs import APART, Pairs, is_pair
from bot.safety.pieces import Pieces, is_piece, many_pieces, pieces_of
from bot.text.packed import Names, Numbers, Table

_PIECE: Final = 0.5
_CLASS: Final = 0.7
_FLOOD: Final = 25  # words; in a longer message what repeats counts once
_MOST_WORDS: Final = 20_000  # words whose sums are kept
_LIKELY: Final = 2.0  # what the writer being an adult or a child adds, as a logarithm
NEAR: Final = 2.0  # what the nearest examples add at most, as a logarithm
_UNSURE: Final = (-3.3, 2.7)  # logarithms of the odds between which they may decide

Ids = Callable[[str], tuple[int, ...]]
WordSums = tuple[float, float, int, Mapping[int, float], int]
"""What a word adds to the sum and to the square of the length; its mark as the first of pairs, the pairs that it ends; its
number among the neighbours."""

_RECKONED: Final = ("total", "size", "mark", "second", "near")


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """The fitted model. `alert` and `check` are the probabilities from which a text is one."""

    weights: Numbers  # of everything but pieces and pairs of words
    pieces: Pieces
    pairs: Pairs
    bias: float
    categories: Table
    prior: Mapping[str, float]
    examples: Examples
    neighbours: Neighbours
    alert: float
    check: float
    reckoned: Table = field(default_factory=lambda: Table.of({}, _RECKONED))  # of words that are known beforehand
    _sums: dict[str, WordSums] = field(default_factory=dict, compare=False, repr=False)
    _known: dict[str, bool] = field(default_factory=dict, compare=False, repr=False)
    _rows: dict[str, tuple[int, int]] = field(default_factory=dict, compare=False, repr=False)
    _fired: dict[str, float] = field(default_factory=dict, compare=False, repr=False)  # a few dozen names

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
        return cls(
            weights=Numbers.of(
                {name: weight for name, weight in weights.items() if not is_pair(name) and not is_piece(name)}
            ),
            pieces=Pieces.of({name: weight for name, weight in weights.items() if is_piece(name)}),
            pairs=Pairs.of({name: weight for name, weight in weights.items() if is_pair(name)}),
            bias=bias,
            categories=Table.of(categories, prior),
            prior=prior,
            examples=Examples.of(examples),
            neighbours=Neighbours.of(taught),
            alert=alert,
            check=check,
        )

    def reckon(self, words: Iterable[str], ids: Ids) -> Likeness:
        """The same with the sums of these words, and of all that the examples say anything of, reckoned now, so that no message
        has to wait for them."""
        weights = self.weights.in_memory()
        told = {name[1:] for name in weights if name[0] == "="}.union(self.examples.words, self.neighbours.words, words)
        rows = {word: self._reckon(word, ids, lambda name: weights.get(name, 0.0)) for word in sorted(told)}
        return replace(self, reckoned=Table(Names.of(rows), _RECKONED, array("d", chain.from_iterable(rows.values()))))

    def all_weights(self) -> Iterator[tuple[str, float]]:
        """Everything that was learned, by name."""
        return chain(self.weights.items(), self.pieces, self.pairs)

    def wake(self, words: Iterable[str], ids: Ids) -> None:
        """Brings to mind what is known of these words, and makes ready what only some messages need."""
        for word in words:
            self._look_up(word, ids)
            self._rows_of(word)
            self.knows(word)
        self.examples.wake()
        self.neighbours.wake()

    def knows(self, word: str) -> bool:
        """Whether the examples say anything of this word as a whole; kept for the next time."""
        known = self._known.get(word)
        if known is None:
            if len(self._known) >= _MOST_WORDS:
                self._known.clear()
            known = self._known[word] = self.weights.weight(f"={word}") != 0.0
        return known

    def danger(self, words: Sequence[str], fired: Iterable[str], ids: Ids) -> float:
        """The probability of danger in these words, 0 to 1; a `bot.safety.weighing.Weighing` reckons only what it needs of it."""
        return self.settled(self.odds(words, fired, ids), words)

    def settled(self, odds: float, words: Sequence[str]) -> float:
        """The probability of danger at these odds; where they leave it open, the examples nearest to the words are asked."""
        return chance(odds + NEAR * self._lean(words) if _UNSURE[0] < odds < _UNSURE[1] else odds)

    def _lean(self, words: Sequence[str]) -> float:
        """To which side the nearest examples lean; the odds of the words have just been asked for."""
        known = self._sums
        number = self.neighbours.words.number
        return self.neighbours.lean([known[word][-1] if word in known else number(word) for word in words])

    def odds(self, words: Sequence[str], fired: Iterable[str], ids: Ids) -> float:
        """The logarithm of the odds of danger, before the nearest examples are asked."""
        total, size = 0.0, 0.0
        known = self._sums.get
        before = second = self.pairs.beginning
        for word in words if len(words) <= _FLOOD else _said_once(words):
            added, own, mark, pairs, _ = known(word) or self._look_up(word, ids)
            if pairs:  # many words end no pair that says anything
                added += pairs.get(before, 0.0)
                added += pairs.get(second + APART, 0.0)
            total += added
            size += own
            before, second = mark, before
        for rule in fired:
            total += self._fired.get(rule) or self._of_rule(rule)
            size += 1.0
        return self.bias + total / math.sqrt(size or 1.0)

    def _of_rule(self, rule: str) -> float:
        """What a rule that fired adds to the sum, kept for the next time."""
        found = self._fired[rule] = self.weights.weight(f"!{rule}")
        return found

    def _look_up(self, word: str, ids: Ids) -> WordSums:
        """What is known of a word, kept for the next time."""
        if len(self._sums) >= _MOST_WORDS:
            self._sums.clear()
        total, size, mark, second, near = self.reckoned.row(word) or self._reckon(word, ids, self.weights.weight)
        found = self._sums[word] = (total, size, int(mark), self.pairs.ending_in(int(second)), int(near))
        return found

    def _reckon(self, word: str, ids: Ids, weight: Callable[[str], float]) -> tuple[float, ...]:
        """What is known of a word, as `word_features` counts, but its pairs; the two that it ends are counted to the length."""
        classes = ids(word)
        total = weight(f"={word}") + _PIECE * self.pieces.total(word)
        for number in classes:
            total += _CLASS * weight(f"@{number}")
        size = 1.0 + _CLASS * _CLASS * len(classes) + _PIECE * _PIECE * many_pieces(word)
        numbers = self.pairs.mark(word), self.pairs.second(word), self.neighbours.words.number(word)
        return total, size + 2.0, *map(float, numbers)

    def category(
        self, words: Sequence[str], fired: Iterable[str], *, among: Iterable[str] = (), likely: str = ""
    ) -> str:
        """Which danger it most likely is, `among` these if any are named; `likely` is what such writers mostly mean."""
        known = [category for category in among if category in self.prior] or list(self.prior)
        if len(known) == 1:
            return known[0]
        rows = {row for word in words for row in self._rows.get(word) or self._rows_of(word)}
        rows.update(self.categories.number(f"!{rule}") for rule in fired)
        rows.discard(-1)
        told = self.categories.sums(sorted(rows))
        scores = {category: prior + more for (category, prior), more in zip(self.prior.items(), told, strict=True)}
        if likely in scores:
            scores[likely] += _LIKELY
        return max(known, key=lambda category: (scores[category], category))

    def _rows_of(self, word: str) -> tuple[int, int]:
        """The rows of what a word tells of the categories, -1 for none; kept for the next time."""
        if len(self._rows) >= _MOST_WORDS:
            self._rows.clear()
        whole, beginning = map(self.categories.number, telling(word))
        found = self._rows[word] = (whole, beginning)
        return found


def chance(odds: float) -> float:
    """The probability at these odds, given as a logarithm."""
    return 1.0 / (1.0 + math.exp(min(60.0, -odds)))


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


def word_features(word: str, ids: Ids) -> tuple[tuple[float, list[str]], ...]:
    """What a word counts for by itself, and how much each of it: the word, its classes, its pieces."""
    return (1.0, [f"={word}"]), (_CLASS, [f"@{number}" for number in ids(word)]), (_PIECE, pieces_of(word))


def telling(word: str) -> tuple[str, str]:
    """What tells categories apart: a word and how it begins. The word classes of the rules count one thing many times."""
    return f"={word}", f"^{word[:5]}"
