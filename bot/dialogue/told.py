"""What somebody tells beside the point ("mein hund ist gestorben", "ich hab eine 5 in mathe"), and how it is known.

The words by which it is known and what Kavi says to it stand in `dialogues/told.yaml`; `taking_up` says it.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from msgspec import Struct

from bot.text.mentions import Group, Mentions
from bot.text.telling import asks_inside, asks_whether

SPARE = 3  # other words beside which a question mark asks for nothing more: "hast du mich lieb?"
MOODS = ("grief", "trouble", "joy", "plain")


class Told(Struct, frozen=True, kw_only=True):
    """A kind of thing that people tell: the mood of it, whom it is heard from, the topics that may be on their mind.

    `beside` are words that say that more is told than that ("Papa" beside a birthday): then a topic counts too.
    """

    mood: str
    audiences: tuple[str, ...]
    offers: tuple[str, ...] = ()
    beside: Group = msgspec.field(default_factory=lambda: Group.of(()))


class Hearing(Struct, frozen=True, kw_only=True):
    """All kinds of things that people tell, and by which words they are known."""

    kinds: Mapping[str, Told] = msgspec.field(default_factory=dict)
    mentions: Mentions = msgspec.field(default_factory=lambda: Mentions.of({}))


class Heard(Struct, frozen=True, kw_only=True):
    """What a message tells; `asks`: something is asked in it too, `more`: something else is told as well."""

    kind: str
    asks: bool = False
    more: bool = False


def heard_in(hearing: Hearing, text: str) -> Heard | None:
    """What somebody tells in a text, else None."""
    found = hearing.mentions.find(text) if not asks_whether(text) else None
    if found is None:
        return None
    beside = hearing.kinds[found.kind].beside
    asks = asks_inside(found.rest) or ("?" in text and len(found.rest) > SPARE)
    return Heard(kind=found.kind, asks=asks, more=any(beside.has(word) for word in found.rest))
