"""Which elements of the patterns a word belongs to.

An element is a set of words, written `word` or `stem*`. Words are compared by their sound (`bot.text.sound`); a long word
that nothing else knows is tried again in a wider sound and with one letter missing. Everything is a dictionary look-up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from bot.text.sound import fold, key, soft

_MOST: Final = 14  # letters of a stem that count
_ARABIC_PREFIX: Final = ("و", "ف", "ب", "ل", "ك", "ا")

Ids = tuple[int, ...]


def spellings(word: str) -> tuple[str, ...]:
    """The folded spellings of a written stem: ä may be read as a or as e."""
    return (fold(word), fold(word.replace("ä", "e"))) if "ä" in word else (fold(word),)


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Compiled words. `whole` and `stems` by sound; `wide` and `gaps` are only asked when those know nothing."""

    whole: Mapping[str, Ids]
    stems: Mapping[str, Ids]
    wide: Mapping[str, Ids]
    gaps: Mapping[str, Ids]
    breadth: Mapping[int, float] = field(default_factory=dict)  # element -> how often it is met, roughly

    def ids(self, token: str) -> Ids:
        """The elements of one token (already in its sound), sorted; `SafetyRules.about` keeps what was found."""
        found = self._plain(token)
        if token[:1] in _ARABIC_PREFIX:
            for cut in (1, 2, 3):
                if len(token) - cut >= 2:
                    found |= self._plain(token[cut:])
        if not found and len(token) >= 5:
            found = _prefixes(self.wide, soft(token), 4)
        if not found and len(token) >= 6:
            found = _prefixes(self.gaps, token, 5)
        return tuple(sorted(found))

    def _plain(self, token: str) -> set[int]:
        return set(self.whole.get(token, ())) | _prefixes(self.stems, token, 2)


def _prefixes(table: Mapping[str, Ids], token: str, least: int) -> set[int]:
    found: set[int] = set()
    for end in range(least, min(len(token), _MOST) + 1):
        if ids := table.get(token[:end]):  # few are there
            found.update(ids)
    return found


def compile_lexicon(elements: Mapping[int, Sequence[str]]) -> Lexicon:
    """Builds the tables from element id -> written words and stems."""
    whole: dict[str, set[int]] = {}
    stems: dict[str, set[int]] = {}
    wide: dict[str, set[int]] = {}
    gaps: dict[str, set[int]] = {}
    for word, numbers in _by_word(elements).items():
        for spelling in spellings(word.rstrip("*")):
            _enter(whole, stems, spelling, numbers, stem=word.endswith("*"))
            _enter_wide(wide, gaps, spelling, numbers)
    same: dict[Ids, Ids] = {}  # thousands of words belong to the same elements
    tables = (
        {word: same.setdefault(found := tuple(sorted(ids)), found) for word, ids in table.items()}
        for table in (whole, stems, wide, gaps)
    )
    whole_ids, stem_ids, wide_ids, gap_ids = tables
    breadth = {number: sum(map(_frequency, words)) for number, words in elements.items()}
    return Lexicon(whole_ids, stem_ids, wide_ids, gap_ids, breadth)


def _by_word(elements: Mapping[int, Sequence[str]]) -> dict[str, list[int]]:
    """The elements of each written word: most words stand in many of them and are folded only once."""
    found: dict[str, list[int]] = {}
    for number, words in elements.items():
        for word in words:
            found.setdefault(word, []).append(number)
    return found


def _frequency(word: str) -> float:
    """Short words are met often, stems more often than words; a guess that only orders the look-ups."""
    plain = word.rstrip("*")
    return (20.0 if len(plain) <= 3 else 3.0 if len(plain) <= 5 else 1.0) * (2.0 if word.endswith("*") else 1.0)


def _enter(
    whole: dict[str, set[int]], stems: dict[str, set[int]], spelling: str, numbers: Sequence[int], *, stem: bool
) -> None:
    whole.setdefault(key(spelling), set()).update(numbers)
    if not stem:
        return
    if (
        len(spelling) > 2 and spelling[-1] == "h" and spelling[-2] in "aeiou"
    ):  # a silent h: "geh*" must not become "ge*"
        for end in ("t", "st", "n"):
            whole.setdefault(key(spelling + end), set()).update(numbers)
        stems.setdefault(key(spelling[:-1]) + "h", set()).update(numbers)
        return
    stems.setdefault(key(spelling + "x")[:-1][:_MOST], set()).update(numbers)


def _enter_wide(wide: dict[str, set[int]], gaps: dict[str, set[int]], spelling: str, numbers: Sequence[int]) -> None:
    sound = key(spelling + "x")[:-1][:_MOST]
    if len(sound) >= 5 and sound.isascii():
        wide.setdefault(soft(sound), set()).update(numbers)
    if len(sound) >= 7:
        for gap in range(1, len(sound) - 1):
            gaps.setdefault(sound[:gap] + sound[gap + 1 :], set()).update(numbers)
