"""Greetings, thanks and other small talk, also with a slip of the pen."""

from __future__ import annotations

import re
from collections.abc import Mapping

from rapidfuzz import fuzz, process

from bot.text.closeness import Near

LONGEST = 200  # characters of a text that may be small talk
_SHORTEST_SLIP, _LONGEST_SLIP = 4, 40  # characters of a folded text that is compared with the known ones
SLIP = 90  # rapidfuzz ratio from which a text is small talk with a slip of the pen
_LEAD_IN = re.compile(r"^(?:(?:ok|okay|oki|na|also|gut|jo|dann|alles klar) )+")  # before small talk: "ok dann tschüss"
_near = Near(SLIP)


def kind_of(said: str, known: Mapping[str, str]) -> str | None:
    """The kind of small talk that a folded text is; `known` maps folded texts to kinds. None for anything else."""
    kind = known.get(said) or known.get(_LEAD_IN.sub("", said))
    if kind is not None or not _SHORTEST_SLIP <= len(said) <= _LONGEST_SLIP:
        return kind
    near = _near(known, said)
    best = process.extractOne(said, near, scorer=fuzz.ratio, score_cutoff=SLIP) if near else None
    return known[best[0]] if best else None
