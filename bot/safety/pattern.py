"""The little language in which rules say what they look for.

    ich & will|möchte .. sterb*|@tot & !film

* `word`, `stem*`, `@concept`; `|` between alternatives
* a space: the next word follows within 3 other words; ` .. `: within 8; `=`: at once
* `=` binds looser than `|`: what is meant by `in=dem|das=spiel` is written `in = dem|das = spiel`, the other reading on two lines
* ` & `: both, in any order, within 14 words; ` && `: both, anywhere in the message
* `!…`: not within 12 words of what was found
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

NEAR: Final = 4  # a step of at most so many words from one element to the next
FAR: Final = 9
WINDOW: Final = 14
ANYWHERE: Final = 10_000
SHUN: Final = 12

_WORD = re.compile(r"@[a-z_]+|[^\W_]+\*?", re.UNICODE)
_AMBIGUOUS = re.compile(r"[^\s=]+=([^\s=]*\|[^\s=]*)=\S+")


@dataclass(frozen=True, slots=True)
class Part:
    """Elements in order; `steps[i]` is the greatest step from element i to element i + 1."""

    elements: tuple[int, ...]
    steps: tuple[int, ...]
    window: int = WINDOW
    forbidden: bool = False


@dataclass(frozen=True, slots=True)
class Pattern:
    """All parts must be there, the forbidden ones not. `anchor` is the part that is looked for first."""

    parts: tuple[Part, ...]
    anchor: int

    @property
    def needed(self) -> frozenset[int]:
        """The elements without any of which the pattern cannot be there."""
        return frozenset(element for part in self.parts if not part.forbidden for element in part.elements)


class PatternError(ValueError):
    """A pattern cannot be read; the text says why. `column` is where in the pattern, from 0."""

    def __init__(self, message: str, column: int = 0) -> None:
        super().__init__(message)
        self.column = column


class Elements:
    """Numbers the elements of all patterns; equal ones share a number."""

    def __init__(self, concepts: Mapping[str, tuple[str, ...]]) -> None:
        self._concepts = concepts
        self._numbers: dict[str, int] = {}
        self.words: dict[int, tuple[str, ...]] = {}

    def number(self, written: str) -> int:
        """The number of `a|b*|@c`."""
        if written not in self._numbers:
            words = tuple(word for choice in written.split("|") for word in self._expand(choice))
            self._numbers[written] = len(self._numbers)
            self.words[self._numbers[written]] = words
        return self._numbers[written]

    def _expand(self, choice: str) -> tuple[str, ...]:
        if not _WORD.fullmatch(choice):
            raise PatternError(f"{choice!r} is neither a word, a stem* nor a @concept")
        if not choice.startswith("@"):
            return (choice,)
        if choice[1:] not in self._concepts:
            raise PatternError(f"there is no concept {choice}")
        return tuple(word for inner in self._concepts[choice[1:]] for word in self._expand(inner))


def parse(written: str, elements: Elements) -> Pattern:
    """Reads one pattern. Raises PatternError."""
    unclear = _AMBIGUOUS.search(written)
    if unclear:
        meant = f"if that is meant, write ` = {unclear[1]} = `; two phrases stand on two lines"
        raise PatternError(f"{unclear[0]!r} reads as `=({unclear[1]})=`: {meant}", unclear.start())
    parts: list[Part] = []
    window = WINDOW
    for piece in re.split(r"\s(&&?)\s", written):
        if piece in ("&", "&&"):
            window = WINDOW if piece == "&" else ANYWHERE
        else:
            parts.append(_part(piece.strip(), window, elements))
    wanted = [index for index, part in enumerate(parts) if not part.forbidden]
    if not wanted:
        raise PatternError("a pattern needs something that it looks for")
    anchor = min(wanted, key=lambda index: _commonness(parts[index], elements))
    return Pattern(tuple(parts), anchor)


def _part(piece: str, window: int, elements: Elements) -> Part:
    forbidden = piece.startswith("!")
    numbers: list[int] = []
    steps: list[int] = []
    step = NEAR
    for token in piece.lstrip("!").replace("=", " = ").split():
        if token == "..":
            step = FAR
        elif token == "=":
            step = 1
        else:
            if numbers:
                steps.append(step)
            numbers.append(elements.number(token))
            step = NEAR
    if not numbers:
        raise PatternError("a part without words")
    return Part(tuple(numbers), tuple(steps), window, forbidden)


_COMMON: Final = frozenset(
    (
        *(
            "ich",
            "mich",
            "mir",
            "er",
            "sie",
            "es",
            "wir",
            "uns",
            "ihr",
            "ihm",
            "ihn",
            "der",
            "die",
            "das",
            "den",
            "dem",
        ),
        *(
            "ein",
            "eine",
            "und",
            "nicht",
            "nich",
            "nix",
            "kein",
            "keine",
            "mehr",
            "mama",
            "papa",
            "mein",
            "meine",
            "will",
        ),
        *("hat", "hab", "habe", "ist", "is", "bin", "war", "in", "im", "an", "auf", "zu", "mit", "von", "wenn", "so"),
        *("i", "my", "me", "he", "she", "to", "the", "a", "not", "no", "и", "я", "не", "в", "мне", "меня", "on", "da"),
    )
)


def _commonness(part: Part, elements: Elements) -> float:
    words = elements.words[part.elements[0]]
    return sum(8.0 if word in _COMMON else 0.4 if len(word) <= 3 else 0.1 for word in words)
