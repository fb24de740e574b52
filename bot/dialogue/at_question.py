"""What somebody writes while a question waits: its answer, a no to it, or a question of their own."""

from __future__ import annotations

from bot.dialogue import answering, asking, commands
from bot.dialogue.draft import Draft
from bot.dialogue.events import Understanding
from bot.dialogue.flow import Ask
from bot.dialogue.open_talk import is_too_much, not_understood, small_talk
from bot.dialogue.questions import FREE_TEXT, in_passing
from bot.dialogue.reading import Narrow, Parsed, Rejected
from bot.dialogue.session import PASSED_OVER, Frame, Value
from bot.dialogue.taking_up import nods, takes_up
from bot.dialogue.walk import walk
from bot.dialogue.yes_no import denies, yes_or_no
from bot.matching.result import MatchResult
from bot.text.telling import asks, tells

DECLINABLE = frozenset({"date", "time", "prison", "land", "plz", "area"})  # kinds whose question a mere no leaves out
ANSWERS = ("yes", "no", "unsure")  # small talk that answers a question, or tries to
FEW_WORDS = 3  # so many words at an open question are an answer that was not understood rather than a new matter


def at_question(draft: Draft, text: str, understanding: Understanding, ask: Ask, *, chosen: bool) -> None:
    """What a text means while a question waits; `chosen`: it names one of the question's options."""
    match = understanding.match
    if ask.quiet and not chosen and (takes_up(draft, understanding.heard, match) or is_too_much(draft, text, match)):
        return
    free = ask.kind in FREE_TEXT
    # a letter may consist of questions: with `digress: never` a free text is always the answer
    is_answer = chosen or (free and (ask.digress == "never" or len(text) > 120))
    if ask.digress != "drop" and denies_asked(draft, ask, text):
        _take_denial(draft, text, match)
        return
    told = None if chosen or not ask.prefill_named else in_passing(text, asking.asking(draft, ask))
    if told is not None and _goes_on(draft, text, ask, told, match):
        return
    if match is not None and match.outcome == "answer" and not is_answer and asks(text):
        _digress(draft, ask, match)
        return
    reading = asking.take_text(draft, text)
    assert reading is not None  # a question is open
    if isinstance(reading, Rejected) and told is not None:
        reading = Parsed(told)
    if isinstance(reading, Rejected) and not free and len(draft.part.recent) > 1:
        joined = asking.take_text(draft, " ".join(row[1] for row in draft.part.recent))
        reading = joined if isinstance(joined, Parsed) else reading
    if (
        isinstance(reading, Narrow)
        and match is not None
        and match.outcome == "smalltalk"
        and match.smalltalk not in ANSWERS
    ):
        _digress(draft, ask, match)  # "hallo" after three days is not Halle
    elif isinstance(reading, Rejected) and ask.skip and ask.kind in DECLINABLE and yes_or_no(text) is False:
        asking.skip(draft)  # "Steht schon ein Termin fest?" - "Nein"
    elif isinstance(reading, Rejected) and not ask.quiet and _is_unsure(match) and commands.leave_open(draft):
        return
    elif not isinstance(reading, Rejected) or reading.reason in asking.TELLING:
        asking.apply(draft, reading)
    elif _turns_elsewhere(draft, text, ask, understanding):
        return
    elif ask.quiet:
        not_understood(draft, text)
    else:
        asking.apply(draft, reading)


def _turns_elsewhere(draft: Draft, text: str, ask: Ask, understanding: Understanding) -> bool:
    """Takes up what is no answer: a flow that somebody asks for, something told, a question of their own."""
    match = understanding.match
    if (flow := commands.flow_in(text, draft.content, draft.part.audience)) is not None:
        _begin(draft, flow)
        return True
    if not ask.quiet and nods(draft, understanding.heard):
        return True
    if match is not None and match.outcome != "none" and not _tries_to_answer(draft, text, ask, match):
        _digress(draft, ask, match)
        return True
    return False


def _is_unsure(match: MatchResult | None) -> bool:
    return match is not None and match.outcome == "smalltalk" and match.smalltalk == "unsure"


def _goes_on(draft: Draft, text: str, ask: Ask, told: Value, match: MatchResult | None) -> bool:
    """Takes the answer that a text gives by the way ("bin die Mama, wie kann ich ihn besuchen"), then what it asks."""
    if match is None or match.outcome not in ("answer", "clarify") or tells(text) or len(text.split()) <= FEW_WORDS:
        return False
    if match.outcome == "clarify" and not asks(text):
        return False
    asking.apply(draft, Parsed(told))
    _digress(draft, ask, match)
    return True


def denies_asked(draft: Draft, ask: Ask, text: str) -> bool:
    """A no with more words to what was asked about the message before, or after danger was heard.

    It is no word about an answer that did not help.
    """
    top = draft.top
    of_danger = top is not None and top.flow.startswith("safety.")
    asked = of_danger or ask.digress == "drop"
    return asked and denies(text) is True and isinstance(asking.take_text(draft, text), Parsed)


def _take_denial(draft: Draft, text: str, match: MatchResult | None) -> None:
    """A no with more words to a question about danger: thanks, the numbers, and the answer to what else was asked."""
    reading = asking.take_text(draft, text)
    assert reading is not None  # a question is open
    asking.apply(draft, reading)
    if match is not None and match.outcome == "answer":
        walk(draft)  # the thanks come first
        draft.waiting = False
        answering.answer_question(draft, match.candidates[0].topic)


def _tries_to_answer(draft: Draft, text: str, ask: Ask, match: MatchResult) -> bool:
    """Whether a text that did not answer was meant as the answer all the same: then the question helps, not a topic.

    A yes to "which of these?", and a few words that hardly resemble a topic. A question about danger is not left for a
    guess.
    """
    if ask.quiet:
        return False
    if match.outcome == "smalltalk":
        return match.smalltalk in ANSWERS
    if match.outcome != "clarify" or asks(text):
        return False
    frame = draft.top
    return len(text.split()) <= FEW_WORDS or (frame is not None and frame.flow.startswith("safety."))


def _digress(draft: Draft, ask: Ask, match: MatchResult) -> None:
    """Answers a question in the middle of a flow; the walk repeats the open one afterwards, or with `once` only once."""
    if ask.digress == "once" and (frame := draft.top) is not None and passed_over(draft, frame):
        _leave(draft, ask)
    if match.outcome == "smalltalk":
        small_talk(draft, match)
        return
    draft.record("digression", outcome=match.outcome)
    topic = match.candidates[0].topic if match.candidates else ""
    if ask.digress == "block":
        draft.change_part(deferred=topic)
        draft.say_key("digress.later")
        return
    if ask.digress == "confirm":
        draft.push("repair.continue", {"title": _title(draft)})
    if match.outcome == "answer":
        answering.answer_question(draft, topic)
    else:
        answering.clarify(draft, match.candidates)


def _leave(draft: Draft, ask: Ask) -> None:
    """Asks no more: the flow goes on elsewhere, or ends."""
    if ask.passed_goto:
        draft.change_top(question="", attempts=0, narrow=(), step=ask.passed_goto)
    else:
        draft.pop()


def _title(draft: Draft) -> str:
    frame = draft.top
    flow = draft.flow_of(frame) if frame is not None else None
    return flow.title.pick(*_who(draft)) or flow.name if flow is not None else ""


def _who(draft: Draft) -> tuple[str, str, str]:
    return draft.part.audience, draft.part.band, draft.part.register


def passed_over(draft: Draft, frame: Frame) -> bool:
    """Whether somebody wrote something else at this question before; from now on somebody has."""
    before = frame.local.get(PASSED_OVER) == frame.step
    if not before:
        draft.change_top(local={**frame.local, PASSED_OVER: frame.step})
    return before


def _begin(draft: Draft, flow: str) -> None:
    """Begins what somebody asks for; a question about their message before ("In welchem Bundesland?") is not asked again after it."""
    while draft.top is not None and draft.top.flow == "repair.land":
        draft.pop()
    draft.push(flow)
