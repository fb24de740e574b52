"""The vector space of the examples: a text as TF-IDF values of its features, a misspelt word as the one it resembles."""

from __future__ import annotations

import itertools
import math
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from rapidfuzz import fuzz, process

from bot.matching.features import KINDS, Lexicon, Word, pair_features, pair_name, take_apart
from bot.matching.rows import Floats, Ints, Row, Rows, segments
from bot.text.sound import key

_FIRST = np.ones(1, dtype=bool)
_SPELT = 4  # letters from which a word is compared with the known ones
RESEMBLES = 85.0  # rapidfuzz ratio from which it counts as the same word, misspelt
# The shorter of two words against the longer, that the ratio can be reached.
_SHORTEST = RESEMBLES / (200.0 - RESEMBLES)
# Letters that begin a word with nearly the same sound: children write "fata" and "kefengnis".
_SOUNDS = {"v": "f", "w": "f", "g": "k", "c": "k", "q": "k", "t": "d", "p": "b", "z": "s"}


class Known(NamedTuple):
    """A word with the numbers of its features that examples have; `stem` is empty for a stop word, `weight` zero where no
    example has the word."""

    numbers: Ints
    stem: str
    meant: str
    weight: float


@dataclass(frozen=True, slots=True)
class Words:
    """All words of the examples. Their features lie one behind the other: thousands of small arrays would load slowly."""

    places: Mapping[str, int]
    numbers: Ints
    ends: tuple[int, ...]
    stems: tuple[str, ...]
    meant: tuple[str, ...]
    weights: tuple[float, ...]

    @classmethod
    def of(cls, words: Mapping[str, Word], flat: Ints, lengths: Ints, renumbered: Ints, idf: Floats) -> Words:
        """From the words taken apart and all their features, each word itself first; `renumbered` has -1 for a feature
        that is left out, `idf` the weights of the others."""
        own = renumbered[flat[np.cumsum(lengths) - lengths]]
        flat = renumbered[flat]
        stays = flat >= 0
        ends = np.concatenate([[0], np.cumsum(stays)])[np.concatenate([[0], np.cumsum(lengths)])]
        return cls(
            {said: place for place, said in enumerate(words)},
            flat[stays],
            tuple(ends.tolist()),
            tuple(word.stem for word in words.values()),
            tuple(word.meant for word in words.values()),
            tuple(idf[own].tolist()),
        )

    def get(self, said: str) -> Known | None:
        """The word, if an example has it."""
        place = self.places.get(said)
        if place is None:
            return None
        numbers = self.numbers[self.ends[place] : self.ends[place + 1]]
        return Known(numbers, self.stems[place], self.meant[place], self.weights[place])


@dataclass(frozen=True, slots=True)
class Spelt:
    """Known words that begin with the same sound, the short ones first; `starts[n]` is where those of n letters begin."""

    words: tuple[str, ...]
    starts: tuple[int, ...]

    @classmethod
    def of(cls, words: Sequence[str]) -> Spelt:
        """From such words in any order."""
        ordered = sorted(words, key=len)
        return cls(tuple(ordered), tuple(bisect_left(ordered, n, key=len) for n in range(len(ordered[-1]) + 2)))

    def near(self, letters: int) -> Sequence[str]:
        """The words that are not too long or too short to resemble one of so many letters."""
        last = len(self.starts) - 1
        shortest, longest = math.ceil(letters * _SHORTEST), int(letters / _SHORTEST)
        return self.words[self.starts[min(shortest, last)] : self.starts[min(longest + 1, last)]]


@dataclass(frozen=True, slots=True)
class Vectors:
    """The vector space of the examples: feature -> number, weight of each; `words` are the words of the examples."""

    numbers: Mapping[str, int]
    idf: Floats
    lexicon: Lexicon
    words: Words
    rarest: float = 1.0  # weight of a word that no example has
    alike: Mapping[str, Spelt] = field(default_factory=dict)  # known words by the sound they begin with
    heard: Mapping[str, str] = field(default_factory=dict)  # known words by their whole sound

    @classmethod
    def of(cls, texts: Sequence[Sequence[str]], lexicon: Lexicon) -> tuple[Vectors, Rows]:
        """Learns the space from folded texts and gives their vectors. N-grams and pairs seen once are left out."""
        places: defaultdict[str, int] = defaultdict(itertools.count().__next__)
        said = np.array([places[word] for word in itertools.chain.from_iterable(texts)], dtype=np.int64)
        rows = np.repeat(np.arange(len(texts), dtype=np.int64), [len(text) for text in texts])
        words = {word: take_apart(word, lexicon) for word in places}
        raw: defaultdict[str, int] = defaultdict(itertools.count().__next__)
        flat = np.array([raw[name] for word in words.values() for name in word.features], dtype=np.int64)
        lengths = np.array([len(word.features) for word in words.values()], dtype=np.int64)
        least = 2 if len(texts) > 200 else 1
        found = [
            (np.repeat(rows, lengths[said]), flat[segments(lengths, said)]),
            *(_pairs(kind, raw, said, rows, list(words.values()), least) for kind in ("p", "k")),
        ]
        rows, columns, counts = _counted(
            np.concatenate([one[0] for one in found]), np.concatenate([one[1] for one in found]), len(raw)
        )
        frequency = np.bincount(columns, minlength=len(raw))
        letters = np.array([name[0] for name in raw], dtype="U1")
        stays = (frequency >= least) | (letters == "w") | (letters == "s")
        renumbered = np.where(stays, np.cumsum(stays) - 1, -1)
        kinds = np.array([KINDS.get(letter, 1.0) for letter in letters[stays].tolist()])
        total = len(texts) + 1
        idf = ((np.log(total / (1 + frequency[stays])) + 0.3) * kinds).astype(np.float32)
        space = cls(
            {name: at for at, name in enumerate(itertools.compress(raw, stays.tolist()))},
            idf,
            lexicon,
            Words.of(words, flat, lengths, renumbered, idf),
            (math.log(total / 2) + 0.3) * KINDS["w"],
            _by_sound(words),
            _by_whole_sound([word for word in reversed(words) if len(word) >= _SPELT]),
        )
        kept = stays[columns]
        return space, _rows(rows[kept], renumbered[columns[kept]], counts[kept], idf, len(texts))

    def read(self, said: str) -> Known:
        """A folded word in this space. One that no example has is read as itself and as the known word it resembles."""
        known = self.words.get(said)
        if known is not None:
            return known
        word, numbers = take_apart(said, self.lexicon), self.numbers
        at = np.array([numbers[name] for name in word.features if name in numbers], dtype=np.int64)
        if len(said) >= _SPELT and word.stem == word.meant:
            meant = self.words.get(self.heard.get(_heard(said)) or self._resembling(said))
            if meant is not None:
                return Known(np.concatenate([at, meant.numbers]), meant.stem, meant.meant, 0.0)
        return Known(at, word.stem, word.meant, 0.0)

    def _resembling(self, said: str) -> str:
        """The known word that a misspelt one resembles; "" when there is none."""
        spelt = self.alike.get(_sound(said))
        likely = spelt.near(len(said)) if spelt is not None else ()
        near = process.extractOne(said, likely, scorer=fuzz.ratio, score_cutoff=RESEMBLES)
        return near[0] if near is not None else ""

    def vectors(self, texts: Sequence[Sequence[Known]]) -> list[Row]:
        """For each text feature numbers and values of length one; empty when nothing in it is known.

        A message and its parts go through each step together: what such short arrays cost is the calls.
        """
        found = [[*[word.numbers for word in words], self._pairs(words)] for words in texts]
        flat = np.concatenate([one for some in found for one in some])
        width = len(self.idf)
        if len(texts) > 1:
            flat += np.repeat(np.arange(len(texts)) * width, [sum(map(len, some)) for some in found])
        flat.sort()
        begins = np.concatenate((_FIRST[: len(flat)], flat[1:] != flat[:-1])).nonzero()[0]
        numbers = flat.take(begins)
        rows, at = np.divmod(numbers, width) if len(texts) > 1 else (None, numbers)
        values = self.idf.take(at)
        if len(begins) < len(flat):  # something occurs more than once
            counts = np.diff(begins, append=len(flat)).astype(np.float32)
            values *= np.log(counts) + 1.0
        if rows is None:
            return [(at, _unit(values))]
        starts = [0, *np.searchsorted(rows, np.arange(1, len(texts))).tolist(), len(at)]
        return [(at[start:end], _unit(values[start:end])) for start, end in itertools.pairwise(starts)]

    def _pairs(self, words: Sequence[Known]) -> Ints:
        """The numbers of the pairs of neighbours in a text that examples have."""
        names = pair_features([(word.stem, word.meant) for word in words if word.stem])
        numbers = [at for at in map(self.numbers.get, names) if at is not None]
        return np.array(numbers, dtype=np.int64)


def _unit(values: Floats) -> Floats:
    """The values, brought to length one where they lie."""
    values /= np.float32(math.sqrt(values @ values) or 1.0)
    return values


def _sound(word: str) -> str:
    return _SOUNDS.get(word[0], word[0])


def _heard(word: str) -> str:
    """How a folded word sounds: "fergist" and "vergisst" are one."""
    return key(word.replace("ae", "a").replace("oe", "o").replace("ue", "u")) if word.isascii() else word


def _by_whole_sound(words: Sequence[str]) -> dict[str, str]:
    """Words by how they sound. All ASCII ones are heard as one text: word by word would take ten times as long."""
    plain = [word for word in words if word.isascii()]
    sounds = dict(zip(plain, _heard("\n".join(plain)).split("\n"), strict=True)) if plain else {}
    return {sounds.get(word, word): word for word in words}


def _by_sound(words: Iterable[str]) -> dict[str, Spelt]:
    found: dict[str, list[str]] = {}
    for word in words:
        if len(word) >= _SPELT:
            found.setdefault(_sound(word), []).append(word)
    return {sound: Spelt.of(some) for sound, some in found.items()}


def _pairs(
    kind: str, raw: dict[str, int], said: Ints, rows: Ints, words: Sequence[Word], least: int
) -> tuple[Ints, Ints]:
    """Row and feature number of each pair of neighbours that occurs at least `least` times; new ones get a number in `raw`.

    By numbers, not by names: most pairs occur once, and a hundred thousand names would take longer than all the rest.
    """
    parts: defaultdict[str, int] = defaultdict(itertools.count().__next__)
    part = np.array([parts[word.stem if kind == "p" else word.meant] for word in words], dtype=np.int64)
    kept = np.array([bool(word.stem) for word in words], dtype=bool)[said] if len(words) else np.zeros(0, dtype=bool)
    ids, rows = part[said[kept]], rows[kept]
    beside = rows[1:] == rows[:-1]
    keys = (ids[:-1] * len(parts) + ids[1:])[beside]
    distinct, inverse, counts = np.unique(keys, return_inverse=True, return_counts=True)
    names = list(parts)
    often = counts >= least
    numbers = np.full(len(distinct), -1, dtype=np.int64)
    numbers[often] = [
        raw[pair_name(kind, names[key // len(names)], names[key % len(names)])] for key in distinct[often].tolist()
    ]
    stays = often[inverse]
    return rows[1:][beside][stays], numbers[inverse][stays]


def _counted(rows: Ints, columns: Ints, width: int) -> tuple[Ints, Ints, Ints]:
    """How often each text has each of its features: text, feature and count, sorted."""
    places, counts = np.unique(rows * max(1, width) + columns, return_counts=True)
    rows, columns = np.divmod(places, max(1, width))
    return rows, columns, counts


def _rows(rows: Ints, columns: Ints, counts: Ints, idf: Floats, height: int) -> Rows:
    """Each text's features and their values, of length one."""
    raw = (1.0 + np.log(counts.astype(np.float32))) * idf[columns]
    norms = np.sqrt(np.bincount(rows, weights=raw * raw, minlength=height))
    values: Floats = (raw / np.maximum(norms, 1e-9)[rows]).astype(np.float32)
    return Rows(columns, values, np.searchsorted(rows, np.arange(height + 1)))
