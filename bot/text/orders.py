"""Orders that staff type: a sign, a name, the rest; a name that is none gets suggestions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rapidfuzz import fuzz, process

from bot.text.normalise import fold

NEAR = 60  # rapidfuzz ratio from which a name is suggested
SIGNS = ("/", "!")


@dataclass(frozen=True, slots=True)
class Typed:
    """What was typed after a sign: `word` is the known one, "" when there is none; `near` are then those that may be meant."""

    word: str
    rest: str
    said: str
    near: tuple[str, ...] = ()


def is_order(text: str) -> bool:
    """Whether the text begins with a sign and something after it."""
    return text[:1] in SIGNS and bool(text[1:2].strip())


def typed(text: str, words: Iterable[str]) -> Typed:
    """Reads what follows the sign; `words` are the known names, folded, of one or two words."""
    known = tuple(words)
    for count in (2, 1):
        parts = text.split(maxsplit=count)
        word = fold(" ".join(parts[:count]))
        if len(parts) >= count and word in known:
            return Typed(word, parts[count].strip() if len(parts) > count else "", parts[0])
    said = text.split(maxsplit=1)[0][:30]
    close = process.extract(fold(said), known, scorer=fuzz.ratio, limit=3, score_cutoff=NEAR)
    return Typed("", "", said, tuple(found[0] for found in close))
