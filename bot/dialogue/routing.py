"""What a text of the person means, in this order: danger, command, button words, correction, answer, question, fallback.

Danger is handled before routing (see engine). At an open question a text that is clearly a question of the person's
own goes to the topics first; a text that answers goes to the question.
"""

from __future__ import annotations

import re
from typing import assert_never

from bot.dialogue import alerts, answering, asking, commands, tongue
from bot.dialogue.choices import choice_of
from bot.dialogue.draft import Draft, asked_at
from bot.dialogue.effects import CollectGap, Withdraw
from bot.dialogue.events import Understanding
from bot.dialogue.flow import Ask, Wait
from bot.dialogue.questions import FREE_TEXT
from bot.dialogue.reading import Parsed, Rejected, Shown
from bot.dialogue.session import Frame, Offer
from bot.dialogue.walk import walk
from bot.dialogue.yes_no import denies, yes_or_no
from bot.matching.result import MatchResult
from bot.text.telling import asks, names_oneself, tells, tells_age

_PUZZLED = re.compile(r"[?؟]+")  # nothing but question marks
_PLZ_ALONE = re.compile(r"^\W*+(?:plz|postleitzahl)?\W*+(\d{5})\W*+$", re.IGNORECASE)  # possessive: linear in emoji too
FIND_HELP = "find-help"
PLZ_DIGITS = 5
MISS_HOLD = 2.0  # seconds that a "not understood" waits for the rest of a burst
MISS_KEY = "miss"
MISSES_BEFORE_HUMAN = 3
DECLINABLE = frozenset({"date", "time", "prison", "land", "plz", "area"})  # kinds whose question a mere no leaves out
HEARD = "heavy_heard"  # slot: that it is too much was answered today
NO_MENU = frozenset({"thanks", "bye", "doubt"})  # small talk that wants no menu after it
FEW_WORDS = 3  # so many words at an open question are an answer that was not understood rather than a new matter


def route(draft: Draft, text: str, understanding: Understanding) -> None:
    """Decides what a text means and acts on it; the walk follows."""
    in_burst = len(draft.part.recent) > 1
    if in_burst:
        draft.effects.append(Withdraw(hold_key=MISS_KEY))
    offered, asked = _offered_topics(draft)
    _drop_passing(draft, text, understanding)
    found = asking.open_question(draft)
    ask = found[2] if found is not None else None
    offer = offer_named(draft, text) if _shown_last(draft, ask) else None
    chosen = offer is None and ask is not None and (_names_option(draft, ask, text) or _denies(draft, ask, text))
    if not chosen and _steer(draft, text, ask, offer):
        return
    if _names_land(draft, text, ask, offered, asked) or _names_plz(draft, text, ask) or _introduces(draft, text, ask):
        return
    if ask is not None:
        _at_question(draft, text, understanding, ask, chosen=chosen)
    elif draft.top is not None and _waits_for_anything(draft, text):
        return
    else:
        _freely(draft, text, understanding, in_burst)


def _drop_passing(draft: Draft, text: str, understanding: Understanding) -> None:
    """A question about the message before ("Was davon meinen Sie?") is gone as soon as somebody writes something else.

    Asking whether there is danger is gone at the second other message: who goes on twice has answered enough.
    """
    while (found := asking.open_question(draft)) is not None and (frame := draft.top) is not None:
        looks = frame.flow == alerts.SECOND_LOOK
        if found[2].digress != "drop" and not looks:
            return
        asked_before = frame.flow == asking.OFFER_HUMAN and len(draft.part.frames) > 1  # "17" answers that
        picks = text.strip().isdecimal() and len(text.strip()) < PLZ_DIGITS and not asked_before
        answered = not isinstance(asking.take_text(draft, text), Rejected)
        if (answered and not _means_something_else(draft, found[2], text, understanding)) or picks:
            return
        if looks and not _passed_over(draft, frame):
            return
        if looks:
            draft.record("second_look_unanswered", category=draft.session.concern.pending)
        draft.pop()


def _means_something_else(draft: Draft, ask: Ask, text: str, understanding: Understanding) -> bool:
    """ "Nein, ich meinte anrufen" to "Meinen Sie das?": what is meant follows, and is known."""
    match = understanding.match
    known = match is not None and match.outcome in ("answer", "clarify")
    rest = commands.correction_in(text, draft.content.commands) if known and ask.digress == "drop" else None
    return rest is not None and not _names_option(draft, ask, rest)


def _passed_over(draft: Draft, frame: Frame) -> bool:
    """Whether somebody wrote something else at this question before; from now on somebody has."""
    before = "passed_over" in frame.local
    if not before:
        draft.change_top(local={**frame.local, "passed_over": True})
    return before


def end_passing(draft: Draft) -> None:
    """Nothing that was asked about the message before comes back after a word of danger."""
    while (found := asking.open_question(draft)) is not None and found[2].digress == "drop":
        draft.pop()


def _offered_topics(draft: Draft) -> tuple[tuple[str, ...], str]:
    """The topics that the open question lets choose from, and what was asked; empty at any other question."""
    topics, asked = draft.value("candidates"), draft.value("asked")
    return (topics if isinstance(topics, tuple) else ()), (asked if isinstance(asked, str) else "")


def _names_land(draft: Draft, text: str, ask: Ask | None, offered: tuple[str, ...], asked: str) -> bool:
    """A Land alone, where no question waits that may want it."""
    finder = draft.content.land_finder
    if finder is None or not _nothing_waits(draft, ask):
        return False
    code = finder.alone(text)
    if code is None:
        return False
    answering.answer_for_land(draft, code, offered, asked)
    return True


def _names_plz(draft: Draft, text: str, ask: Ask | None) -> bool:
    """A postal code alone, where no question waits that may want it: help near there is looked for."""
    found = _PLZ_ALONE.match(text)
    if found is None or draft.content.places.at(found[1]) is None or not _nothing_waits(draft, ask):
        return False
    flow = draft.content.flows.get(FIND_HELP)
    return flow is not None and draft.part.audience in flow.audiences and draft.push(FIND_HELP)


def _introduces(draft: Draft, text: str, ask: Ask | None) -> bool:
    """Who writes or how old the children are, with no question: that is heard, not "not understood"."""
    if names_oneself(text) and draft.part.audience and _nothing_waits(draft, ask):
        draft.say_key("smalltalk.greeting")
        draft.waiting = True
        return True
    told = tells_age(text)
    if not told or draft.part.audience not in ("caregiver", "parent") or not _nothing_waits(draft, ask):
        return False
    draft.say_key("smalltalk.told")
    draft.waiting = True
    return True


def _nothing_waits(draft: Draft, ask: Ask | None) -> bool:
    """No flow waits for an answer, at most the menu."""
    return draft.top is None or (ask is not None and ask.quiet)


def _shown_last(draft: Draft, ask: Ask | None) -> bool:
    """Whether the offered buttons are what the person saw last, so that "1" means the first of them.

    At an open question a number is the answer (a child's age); only the menu stays open behind an answer with offers.
    """
    if ask is None:
        return True
    frame = draft.top
    return ask.quiet and frame is not None and asked_at(draft.part.offers_question) > asked_at(frame.question)


def _steer(draft: Draft, text: str, ask: Ask | None, offer: Offer | None) -> bool:
    """Offered buttons by their words, commands, corrections."""
    asks = ask is not None and not ask.quiet
    if offer is not None:
        take_offer(draft, offer)
        return True
    if _PUZZLED.fullmatch(text.strip()):
        commands.run(draft, "why" if asks else "help")
        return True
    command = commands.command_in(text, draft.content.commands)
    language = tongue.named(draft, text)
    if language is not None:
        return tongue.switch(draft, language)
    about_answer = command == "why" and bool(draft.part.topic) and _shown_last(draft, ask)  # "Warum?" after an answer
    if command is not None and not about_answer:
        draft.record("command", command=command)
        commands.run(draft, command)
        return True
    rest = commands.correction_in(text, draft.content.commands)
    return rest is not None and asking.correct(draft, rest)


def answers_by_name(draft: Draft, text: str) -> bool:
    """Whether a text names one of the answers that the open question offers, in words that we wrote."""
    found = asking.open_question(draft)
    return found is not None and _names_option(draft, found[2], text)


def _names_option(draft: Draft, ask: Ask, text: str) -> bool:
    options = asking.shown_options(draft, ask)
    return bool(options) and choice_of(text, options) is not None


def offer_named(draft: Draft, text: str) -> Offer | None:
    """The offered button that a text names by its number or words."""
    offers = draft.part.offers
    value = choice_of(text, tuple(Shown(str(at), offer.label) for at, offer in enumerate(offers))) if offers else None
    return offers[int(value)] if value is not None else None


def take_offer(draft: Draft, offer: Offer) -> None:
    """Does what an offered button stands for."""
    match offer.kind:
        case "topic":
            answering.answer_topic(draft, offer.value)
        case "command":
            commands.run(draft, offer.value)
        case _:
            assert_never(offer.kind)


def _begin(draft: Draft, flow: str) -> None:
    """Begins what somebody asks for; a question about their message before ("In welchem Bundesland?") is not asked again after it."""
    while draft.top is not None and draft.top.flow == "repair.land":
        draft.pop()
    draft.push(flow)


def _waits_for_anything(draft: Draft, text: str) -> bool:
    frame = draft.top
    flow = draft.flow_of(frame) if frame is not None else None
    step = flow.step(frame.step) if flow is not None and frame is not None else None
    if flow is None or step is None or not isinstance(step.action, Wait):
        return False
    if step.action.slot:
        draft.set_slot(step.action.slot, text, step.action.keep)
    draft.change_top(question="", step=step.goto or flow.after(step.name))
    return True


# ------------------------------------------------------------------ at a question


def _at_question(draft: Draft, text: str, understanding: Understanding, ask: Ask, *, chosen: bool) -> None:
    """`chosen`: the text names one of the question's options."""
    match = understanding.match
    if ask.quiet and not chosen and _is_too_much(draft, text, match):
        return
    free = ask.kind in FREE_TEXT
    # a letter may consist of questions: with `digress: never` a free text is always the answer
    is_answer = chosen or (free and (ask.digress == "never" or len(text) > 120))
    if ask.digress != "drop" and _denies(draft, ask, text):
        _take_denial(draft, text, match)
        return
    if match is not None and match.outcome == "answer" and not is_answer and asks(text):
        _digress(draft, ask, match)
        return
    reading = asking.take_text(draft, text)
    assert reading is not None  # a question is open
    if isinstance(reading, Rejected) and not free and len(draft.part.recent) > 1:
        joined = asking.take_text(draft, " ".join(row[1] for row in draft.part.recent))
        reading = joined if isinstance(joined, Parsed) else reading
    if isinstance(reading, Rejected) and ask.skip and ask.kind in DECLINABLE and yes_or_no(text) is False:
        asking.skip(draft)  # "Steht schon ein Termin fest?" - "Nein"
    elif not isinstance(reading, Rejected) or reading.reason in asking.TELLING:
        asking.apply(draft, reading)
    elif (flow := commands.flow_in(text, draft.content, draft.part.audience)) is not None:
        _begin(draft, flow)
    elif match is not None and match.outcome != "none" and not _tries_to_answer(draft, text, ask, match):
        _digress(draft, ask, match)
    elif ask.quiet:
        _not_understood(draft, text)
    else:
        asking.apply(draft, reading)


def _denies(draft: Draft, ask: Ask, text: str) -> bool:
    """A no with more words to what was asked about the message before, or after danger was heard: no word about an answer
    that did not help."""
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
        return match.smalltalk in ("yes", "no")
    if match.outcome != "clarify" or asks(text):
        return False
    frame = draft.top
    return len(text.split()) <= FEW_WORDS or (frame is not None and frame.flow.startswith("safety."))


def _digress(draft: Draft, ask: Ask, match: MatchResult) -> None:
    """Answers a question in the middle of a flow; the walk repeats the open one afterwards, or with `once` only once."""
    if ask.digress == "once" and (frame := draft.top) is not None and _passed_over(draft, frame):
        draft.pop()
    if match.outcome == "smalltalk":
        _small_talk(draft, match)
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


def _title(draft: Draft) -> str:
    frame = draft.top
    flow = draft.flow_of(frame) if frame is not None else None
    return flow.title.pick(*_who(draft)) or flow.name if flow is not None else ""


def _who(draft: Draft) -> tuple[str, str, str]:
    return draft.part.audience, draft.part.band, draft.part.register


# ------------------------------------------------------------------ without a question


def _freely(draft: Draft, text: str, understanding: Understanding, in_burst: bool) -> None:
    flow = commands.flow_in(text, draft.content, draft.part.audience)
    if flow is not None:
        draft.push(flow)
        return
    match = _best(understanding, in_burst)
    outcome = match.outcome if match is not None else "none"
    if _is_too_much(draft, text, match):
        return
    if match is None or outcome == "none":
        _not_understood(draft, text)
    elif outcome == "smalltalk":
        _small_talk(draft, match)
    elif outcome == "answer":
        answering.answer_question(draft, match.candidates[0].topic)
    else:
        answering.clarify(draft, match.candidates)


def _is_too_much(draft: Draft, text: str, match: MatchResult | None) -> bool:
    """Answers a text in which one hears that it is too much; True when no facts follow."""
    outcome = match.outcome if match is not None else "none"
    return outcome != "smalltalk" and commands.is_heavy(text, draft.content.commands) and _hears(draft, outcome)


def _hears(draft: Draft, outcome: str) -> bool:
    """A word for how it is before the facts, once a day; True when there are no facts to follow."""
    if draft.part.audience == "staff" or draft.session.owner == "queue":
        return False
    if outcome == "none":
        draft.offer(draft.text("heavy"), _way_out(draft), "text:heavy")
        draft.waiting = True
        return True
    if not draft.value(HEARD):
        draft.say_key("heavy")
        draft.set_slot(HEARD, True, "session")
    return False


def _way_out(draft: Draft) -> tuple[Offer, ...]:
    return (
        Offer(draft.text("label.human"), "command", "human"),
        Offer(draft.text("label.menu"), "command", "menu"),
    )


def _best(understanding: Understanding, in_burst: bool) -> MatchResult | None:
    """The text alone, or, when that says nothing, joined with what came a moment before."""
    own = understanding.match
    if own is not None and own.outcome == "answer":
        return own
    joined = understanding.joined_match if in_burst else None
    if joined is not None and joined.outcome in ("answer", "clarify"):
        return joined
    return own


def _small_talk(draft: Draft, match: MatchResult) -> None:
    key = f"smalltalk.{match.smalltalk}"
    draft.say_key(key if key in draft.content.texts else "smalltalk.greeting")
    if draft.top is None and not (match.smalltalk in NO_MENU and draft.part.audience):
        draft.push("menu" if draft.part.audience else "onboarding")


def _not_understood(draft: Draft, text: str) -> None:
    """Honest, held back for the rest of a burst; the third time in a row a human is offered."""
    if draft.session.owner == "queue":
        draft.say_key("queue.noted")
        draft.waiting = True
        return
    misses = draft.part.misses + 1
    key = "not_understood.told" if misses == 1 and tells(text) else "not_understood"
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
    offers = _way_out(draft)
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
