"""Which Land a text names: official name, abbreviation, everyday name, small slips of the pen."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass

from rapidfuzz import fuzz, process

from bot.text.closeness import Near
from bot.text.normalise import fold

FUZZY = 88  # rapidfuzz ratio
_near_names = Near(FUZZY)
SHORT = 6  # letters; shorter names must be exact

# Ordinary words that look like a misspelt Land; only an answer to "which Land?" may mean it.
_ORDINARY = frozenset({"sachen", "sache", "hesse", "berliner"})
# Words around a Land that stands alone: "und in Bayern?", "Bundesland Bremen".
_AROUND = frozenset({
    "und", "in", "im", "fuer", "bei", "aus", "ist", "es", "das", "er", "sie", "wie", "war", "dann", "bundesland", "land", "also",
    "ich", "wir", "meine", "meinte", "bitte", "and", "for",
})  # fmt: skip
# Abbreviations that are also ordinary words or syllables count only when they are written in capitals or stand alone.
_WORDLIKE = frozenset({"be", "he", "by", "sh", "sl", "st", "sn", "th", "ni", "hb", "hh", "bb", "bw", "mv", "nw", "rp"})


@dataclass(frozen=True, slots=True)
class LandFinder:
    """Finds the Land in a text; `names` maps folded name -> code."""

    names: Mapping[str, str]

    @classmethod
    def of(cls, laender: Mapping[str, tuple[str, ...]]) -> LandFinder:
        """From code -> all names."""
        names: dict[str, str] = {}
        for code, known in laender.items():
            names[code.casefold()] = code
            names.update({fold(name): code for name in known})
        return cls(names)

    def find(self, text: str) -> str | None:
        """The code of the only Land named or nearly named, else None: for an answer to "which Land?"."""
        said = fold(text[:2000])
        if said in self.names:
            return self.names[said]
        codes = self._codes(said, text)
        if len(codes) == 1:
            return codes.pop()
        return self._close(said) if not codes and len(said) <= 40 else None

    def in_passing(self, text: str) -> str | None:
        """The code of the only Land that a question names by the way, else None; a misspelt one does not count."""
        codes = self._codes(fold(text[:2000]), text[:2000])
        return codes.pop() if len(codes) == 1 else None

    def alone(self, text: str) -> str | None:
        """The code of the Land when the message names one and nothing else ("und in Bayern?"), else None."""
        if len(text) > 60:
            return None
        words = fold(text).split()
        rest = " ".join(word for word in words if word not in _AROUND)
        if rest in _ORDINARY or (rest in _WORDLIKE and rest.upper() not in text):
            return None
        if rest in self.names:
            return self.names[rest]
        near = self._near(rest)
        return self.names[near[0]] if near is not None else None

    def _codes(self, said: str, text: str) -> set[str]:
        found = self._whole_names(said, text)
        if len(found) > 1:
            # "Sachsen-Anhalt" holds "Sachsen": the longer name wins when the shorter one is part of it
            longest = max(found, key=len)
            found = {name for name in found if name == longest or name not in longest}
        return {self.names[name] for name in found}

    def _whole_names(self, said: str, text: str) -> set[str]:
        padded = f" {said} "
        return {
            name
            for name in self.names
            if f" {name} " in padded and (name not in _WORDLIKE or f" {name.upper()} " in f" {text} ")
        }

    def _close(self, said: str) -> str | None:
        words = said.split()
        candidates = [said, *words, *(" ".join(pair) for pair in itertools.pairwise(words))]
        near = [hit for candidate in candidates if (hit := self._near(candidate)) is not None]
        return self.names[max(near, key=lambda hit: hit[1])[0]] if near else None

    def _near(self, said: str) -> tuple[str, float] | None:
        """The name that the whole text nearly is, with its score."""
        if len(said) < SHORT:
            return None
        names = _near_names(self.names, said)
        long_names = [name for name in names.values() if len(name) >= SHORT]
        hit = process.extractOne(said, long_names, scorer=fuzz.ratio, score_cutoff=FUZZY)
        return (hit[0], hit[1]) if hit is not None else None
