"""What somebody writes while no question waits: topics, small talk, how it is, and what was not understood."""

from __future__ import annotations

from bot.dialogue import answering, commands
from bot.dialogue.draft import Draft
from bot.dialogue.effects import CollectGap
from bot.dialogue.events import Understanding
from bot.dialogue.introducing import go_home
from bot.dialogue.taking_up import hears_more, takes_up, way_out
from bot.matching.result import MatchResult
from bot.text.telling import tells

MISS_HOLD = 2.0  # seconds that a "not understood" waits for the rest of a burst
MISS_KEY = "miss"
MISSES_BEFORE_HUMAN = 3
HEARD = "heavy_heard"  # slot: that it is too much was answered today
NO_MENU = frozenset({"thanks", "bye", "doubt", "no", "opinion", "insult"})  # small talk that wants no menu after it


def freely(draft: Draft, text: str, understanding: Understanding, in_burst: bool) -> None:
    """What a text means when no question waits: a flow, a topic, small talk, or nothing that was understood."""
    flow = commands.flow_in(text, draft.content, draft.part.audience)
    match = _best(understanding, in_burst)
    if flow is not None and not answering.goes_on_with(draft, match):
        draft.push(flow)
        return
    outcome = match.outcome if match is not None else "none"
    if takes_up(draft, understanding.heard, match) or is_too_much(draft, text, match):
        return
    if match is None or outcome == "none":
        not_understood(draft, text)
    elif outcome == "smalltalk":
        small_talk(draft, match)
    elif outcome == "answer":
        answering.answer_question(draft, match.candidates[0].topic, understanding.also)
    elif not hears_more(draft, text):
        answering.clarify(draft, match.candidates)


def is_too_much(draft: Draft, text: str, match: MatchResult | None) -> bool:
    """Answers a text in which one hears that it is too much; True when no facts follow."""
    outcome = match.outcome if match is not None else "none"
    return outcome != "smalltalk" and commands.is_heavy(text, draft.content.commands) and _hears(draft, outcome)


def _hears(draft: Draft, outcome: str) -> bool:
    """A word for how it is before the facts, once a day; True when there are no facts to follow."""
    if draft.part.audience == "staff" or draft.session.owner == "queue":
        return False
    if outcome == "none":
        draft.offer(draft.text("heavy"), way_out(draft), "text:heavy")
        draft.waiting = True
        return True
    if not draft.value(HEARD):
        draft.say_key("heavy")
        draft.set_slot(HEARD, True, "session")
    return False


def _best(understanding: Understanding, in_burst: bool) -> MatchResult | None:
    """The text alone, or, when that says nothing, joined with what came a moment before."""
    own = understanding.match
    if own is not None and own.outcome == "answer":
        return own
    joined = understanding.joined_match if in_burst else None
    if joined is not None and joined.outcome in ("answer", "clarify"):
        return joined
    return own


def small_talk(draft: Draft, match: MatchResult) -> None:
    """Its own short answer; the menu after it, unless somebody parts."""
    if draft.session.owner == "queue" and match.smalltalk in ("greeting", "there") and draft.push("repair.human"):
        return  # "hallo?" after two hours of waiting asks whether anybody comes
    if match.smalltalk == "bye" and draft.top is not None:
        draft.unasked = True  # who takes leave is not asked once more; the question stays open
    key = f"smalltalk.{match.smalltalk}"
    draft.say_key(key if key in draft.content.texts else "smalltalk.greeting")
    if draft.top is None and not (match.smalltalk in NO_MENU and draft.part.audience):
        go_home(draft)


def not_understood(draft: Draft, text: str) -> None:
    """Honest, held back for the rest of a burst; the third time in a row a human is offered."""
    if draft.session.owner == "queue":
        draft.say_key("queue.noted")
        draft.waiting = True
        return
    if hears_more(draft, text):
        return
    misses = draft.part.misses + 1
    told = "not_understood.told" if misses == 1 else "not_understood.told_again"
    key = told if tells(text) else "not_understood"
    draft.change_part(misses=misses)
    draft.record("not_understood", audience=draft.part.audience or "unknown")
    if draft.session.consent and text.strip():
        draft.effects.append(CollectGap(text=text[:500], nearest="", reason="none"))
    if not draft.part.audience:
        draft.say_key("not_understood")
        return
    if misses >= MISSES_BEFORE_HUMAN:
        draft.change_part(misses=0)
        draft.push("repair.offer_human")
        return
    offers = way_out(draft)
    question = draft.question_id()
    draft.say(
        draft.text(key),
        choices=tuple(offer.label for offer in offers),
        question=question,
        source=f"text:{key}",
        hold=MISS_HOLD,
        hold_key=MISS_KEY,
    )
    draft.change_part(offers=offers, offers_question=question)
    draft.waiting = True
