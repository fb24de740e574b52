"""Which Land a text names: official name, abbreviation, everyday name, small slips of the pen."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass

from rapidfuzz import fuzz, process

from bot.text.normalise import fold

FUZZY = 88  # rapidfuzz ratio; names shorter than six letters must be exact

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
        """The code of the only Land named, else None."""
        said = fold(text[:2000])
        if said in self.names:
            return self.names[said]
        found = self._whole_names(said, text)
        if len(found) > 1:
            # "Sachsen-Anhalt" holds "Sachsen": the longer name wins when the shorter one is part of it
            longest = max(found, key=len)
            found = {name for name in found if name == longest or name not in longest}
        codes = {self.names[name] for name in found}
        if len(codes) == 1:
            return codes.pop()
        return self._close(said) if not codes and len(said) <= 40 else None

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
        best: tuple[float, str] | None = None
        long_names = [name for name in self.names if len(name) >= 6]
        for candidate in candidates:
            if len(candidate) < 6:
                continue
            hit = process.extractOne(candidate, long_names, scorer=fuzz.ratio, score_cutoff=FUZZY)
            if hit is not None and (best is None or hit[1] > best[0]):
                best = (hit[1], hit[0])
        return self.names[best[1]] if best is not None else None
