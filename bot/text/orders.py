"""Orders that staff type: a sign, a name, the rest; a name that is none gets suggestions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

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


@dataclass(frozen=True, slots=True)
class Command:
    """One order that can be given; `takes` is what follows it, as the help shows it."""

    name: str
    help: str
    also: tuple[str, ...] = ()
    takes: str = ""


Known = TypeVar("Known", bound=Command)


@dataclass(frozen=True)  # without slots: Python 3.11 cannot make such a frozen one by the name of `Order[…]`
class Order(Generic[Known]):
    """An order as it was given; `command` is None when there is none of that name, `near` then names what may be meant."""

    command: Known | None
    rest: str = ""
    said: str = ""
    near: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Orders(Generic[Known]):
    """The orders of one kind of room. `words` is every word for each of them, folded."""

    table: tuple[Known, ...]
    words: Mapping[str, Known] = field(init=False)

    def __post_init__(self) -> None:
        words = {fold(word): one for one in self.table for word in (one.name, *one.also)}
        object.__setattr__(self, "words", words)

    def read(self, text: str) -> Order[Known] | None:
        """The order that a text with a sign is; None for any other text."""
        text = text.strip()
        if not is_order(text):
            return None
        found = typed(text[1:], self.words)
        if found.word:
            return Order(self.words[found.word], found.rest, found.said)
        return Order(None, "", found.said, tuple(dict.fromkeys(self.words[word].name for word in found.near)))

    def help(self, name: str = "", among: Sequence[Known] | None = None) -> str:
        """All orders, or those `among` them, one a line; with `name` only that one."""
        known = self.words.get(fold(name)) if name else None
        rows = (known,) if known is not None else self.table if among is None else among
        return "\n".join(f"`/{f'{one.name} {one.takes}'.strip()}` {one.help}" for one in rows)
