"""A word about what somebody tells beside the point, before their question is answered or they are led back.

Who asks for something in the same message is answered after it; who only tells is offered what may be on their mind.
"""

from __future__ import annotations

from bot.dialogue.answering import topic_offers
from bot.dialogue.draft import Draft
from bot.dialogue.session import Offer
from bot.dialogue.told import Heard, Told
from bot.matching.result import MatchResult
from bot.text.telling import tells

LATELY = 2  # turns within which somebody may be telling more of it
LAST = "told_last"  # slot: the mood of what was told last, and in which turn
MOST = 3  # topics that are offered


def takes_up(draft: Draft, heard: Heard | None, match: MatchResult | None) -> bool:
    """Says a word about what was told; True when nothing else is to be answered."""
    told = _told(draft, heard)
    if heard is None or told is None:
        return False
    text, source = draft.text(f"told.{heard.kind}"), f"text:told.{heard.kind}"
    _remember(draft, told.mood)
    outcome = match.outcome if match is not None else "none"
    if (outcome == "answer" and (heard.asks or heard.more)) or (outcome == "clarify" and heard.asks):
        if told.mood == "grief" or (told.mood == "joy" and heard.asks):
            draft.say(text, source=source)
        return False
    draft.change_part(misses=0)
    draft.offer(f"{text}\n\n{draft.text(f'told.then.{told.mood}')}", _offers(draft, told), source)
    draft.waiting = True
    return True


def nods(draft: Draft, heard: Heard | None) -> bool:
    """A word about what was told while a question waits, which comes again after it."""
    told = _told(draft, heard)
    if heard is None or told is None:
        return False
    _remember(draft, told.mood)
    draft.say_key(f"told.{heard.kind}")
    return True


def hears_more(draft: Draft, text: str) -> bool:
    """Hears who tells more of what was told a moment ago, and asks for nothing."""
    last = str(draft.value(LAST) or "")
    mood, _, turn = last.partition(" ")
    if not turn or draft.session.fence - int(turn, 16) > LATELY or not tells(text):
        return False
    _remember(draft, mood)
    draft.offer(draft.text(f"told.more.{mood}"), way_out(draft), f"text:told.more.{mood}")
    draft.waiting = True
    return True


def _told(draft: Draft, heard: Heard | None) -> Told | None:
    """The kind, where it is heard from this person, who writes German; who waits for a human writes for them."""
    told = draft.content.hearing.kinds.get(heard.kind) if heard is not None else None
    talks = draft.session.owner == "bot" and draft.session.language == "de"
    return told if talks and told is not None and draft.part.audience in told.audiences else None


def _remember(draft: Draft, mood: str) -> None:
    draft.set_slot(LAST, f"{mood} {draft.session.fence:x}", "session")


def _offers(draft: Draft, told: Told) -> tuple[Offer, ...]:
    """The topics that speak to who reads, then a human and the menu."""
    return (*topic_offers(draft, told.offers)[:MOST], *way_out(draft))


def way_out(draft: Draft) -> tuple[Offer, ...]:
    """A human and the menu, for who was not answered."""
    return (
        Offer(draft.text("label.human"), "command", "human"),
        Offer(draft.text("label.menu"), "command", "menu"),
    )
