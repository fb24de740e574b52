"""Somebody names a prison and asks for nothing ("jva landshut", "mein sohn sitzt in straubing"): what is known of it is told.

The words for it are the flow `place`, or `place-<audience>`, which offers what people want to know then.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.dialogue.draft import Draft
from bot.dialogue.lookup import names_of
from bot.matching.result import MatchResult
from bot.text.normalise import fold

if TYPE_CHECKING:  # loaded with the directories
    from bot.matching.directory import Entry

FLOW = "place"
MOST = 4  # prisons between which somebody can choose by reading
_ALSO_WORDS = frozenset({"hof", "laufen", "singen", "essen", "weiden"})  # towns that are ordinary words


def names_prison(draft: Draft, text: str, match: MatchResult | None) -> bool:
    """Tells what is known of the prison that a text names; False when it names none, or asks for something."""
    directory = draft.content.prisons
    if directory is None or not draft.part.audience or draft.session.owner != "bot" or "?" in text:
        return False
    from bot.matching.directory import speaks_of_prison

    named = speaks_of_prison(text) or fold(text).startswith("in ")
    if not named and (_means_something(match) or fold(text) in _ALSO_WORDS):
        return False
    entries = directory.alone(text)
    if not 0 < len(entries) <= MOST or not draft.push(_flow(draft), _told_of(draft, entries)):
        return False
    _remember(draft, entries)
    return True


def _flow(draft: Draft) -> str:
    """The flow for who reads: children and professionals have their own."""
    own = f"{FLOW}-{draft.part.audience}"
    return own if own in draft.content.flows else FLOW


def _means_something(match: MatchResult | None) -> bool:
    """Whether the text is understood without a place: answered, or small talk."""
    return match is not None and match.outcome in ("answer", "smalltalk")


def _told_of(draft: Draft, entries: tuple[Entry, ...]) -> dict[str, str]:
    names = " / ".join(entry.name for entry in entries)
    return {"place": names, "found_text": names_of(draft, entries)}


def _remember(draft: Draft, entries: tuple[Entry, ...]) -> None:
    """The prison, or the Land of all that it may be, for the answers that differ by Land."""
    laender = {entry.land for entry in entries}
    if len(entries) == 1:
        draft.set_slot("prison", entries[0].id, "30d")
    elif len(laender) == 1:
        draft.set_slot("land", laender.pop(), "30d")
    else:
        draft.drop_slot("land")
