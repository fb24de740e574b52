"""Greetings, thanks and other small talk, also several of them in one message and with a slip of the pen."""

from __future__ import annotations

import re
from collections.abc import Mapping

from rapidfuzz import fuzz, process

from bot.text.closeness import Near

LONGEST = 200  # characters of a text that may be small talk
_SHORTEST_SLIP, _LONGEST_SLIP = 4, 40  # characters of a folded text that is compared with the known ones
SLIP = 90  # rapidfuzz ratio from which a text is small talk with a slip of the pen
_LEAD_IN = re.compile(r"^(?:(?:ok|okay|oki|na|also|gut|jo|dann|alles klar) )+")  # before small talk: "ok dann tschüss"
_MOST_WORDS = 12  # of a message that is put together from known ones
_LONGEST_PHRASE = 7  # words of a known one in it
_CALLED = frozenset({
    "kavi", "bro", "bruder", "digga", "digger", "diggah", "alter", "alda", "mann", "leute", "dir", "ihnen", "euch", "sehr", "ganz",
    "wirklich", "echt", "erstmal", "nochmal", "mal", "dann", "und", "aber", "liebe", "lieber", "liebes", "voll", "auch", "ey", "eh",
})  # fmt: skip  # words around small talk that say nothing of their own
_WEAK = ("yes", "greeting")  # kinds that count only where nothing else is said
_near = Near(SLIP)


def kind_of(said: str, known: Mapping[str, str]) -> str | None:
    """The kind of small talk that a folded text is; `known` maps folded texts to kinds. None for anything else."""
    kind = known.get(said) or known.get(_LEAD_IN.sub("", said)) or _put_together(said.split(), known)
    if kind is not None or not _SHORTEST_SLIP <= len(said) <= _LONGEST_SLIP:
        return kind
    near = _near(known, said)
    best = process.extractOne(said, near, scorer=fuzz.ratio, score_cutoff=SLIP) if near else None
    return known[best[0]] if best else None


def _put_together(words: list[str], known: Mapping[str, str]) -> str | None:
    """The kind that counts of "ok danke bro tschüss": nothing but known phrases and words of address, else None.

    A yes beside a no says neither.
    """
    if not 1 < len(words) <= _MOST_WORDS:
        return None
    kinds: list[str] = []
    at = 0
    while at < len(words):
        lengths = range(min(_LONGEST_PHRASE, len(words) - at), 0, -1)
        length = next((one for one in lengths if " ".join(words[at : at + one]) in known), 0)
        if length:
            kinds.append(known[" ".join(words[at : at + length])])
        elif words[at] not in _CALLED:
            return None
        at += length or 1
    if words[-1] in ("und", "aber", "dann") or {"yes", "no"} <= set(kinds):
        return None  # there is more to come
    telling = [kind for kind in kinds if kind not in _WEAK]
    return telling[0] if telling else kinds[0] if kinds else None
