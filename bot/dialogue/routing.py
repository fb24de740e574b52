"""What a text of the person means, in this order: danger, command, button words, correction, answer, question, fallback.

Danger is handled before routing (see engine). At an open question a text that is clearly a question of the person's
own goes to the topics first; a text that answers goes to the question.
"""

from __future__ import annotations

import re
from typing import assert_never

from bot.dialogue import alerts, answering, asking, commands, naming, tongue
from bot.dialogue.at_question import at_question, denies_asked, passed_over
from bot.dialogue.choices import choice_of
from bot.dialogue.draft import Draft, asked_at
from bot.dialogue.effects import Withdraw
from bot.dialogue.events import Understanding
from bot.dialogue.flow import Ask, Wait
from bot.dialogue.open_talk import MISS_KEY, freely
from bot.dialogue.reading import Rejected, Shown
from bot.dialogue.session import Offer
from bot.text.normalise import fold
from bot.text.telling import names_oneself, tells_age, tells_since

_PUZZLED = re.compile(r"[?؟]+")  # nothing but question marks
_PLZ_ALONE = re.compile(r"^\W*+(?:plz|postleitzahl)?\W*+(\d{5})\W*+$", re.IGNORECASE)  # possessive: linear in emoji too
TAKING_NOTE = frozenset({"ok", "okay", "gut", "bitte", "gern", "gerne"})
FIND_HELP = "find-help"
PLZ_DIGITS = 5


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
    chosen = offer is None and ask is not None and (_names_option(draft, ask, text) or denies_asked(draft, ask, text))
    if not chosen and _steer(draft, text, ask, offer):
        return
    if _names_land(draft, text, ask, offered, asked) or _names_plz(draft, text, ask) or _introduces(draft, text, ask):
        return
    if _nothing_waits(draft, ask) and naming.names_prison(draft, text, understanding.match):
        return
    if ask is not None and not (_takes_note(text) and _shown_last(draft, ask)):
        at_question(draft, text, understanding, ask, chosen=chosen)
    elif draft.top is not None and _waits_for_anything(draft, text):
        return
    else:
        freely(draft, text, understanding, in_burst)


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
        if looks and not passed_over(draft, frame):
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
    rest = commands.correction_in(text, draft.content.commands)  # "nein, Bayern"
    code = finder.alone(text) or (finder.alone(rest) if rest else None)
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
    """Who writes, how old the children are or since when, with no question: that is heard, not "not understood"."""
    if names_oneself(text) and draft.part.audience and _nothing_waits(draft, ask):
        draft.say_key("smalltalk.greeting")
        draft.waiting = True
        return True
    if (
        not (tells_age(text) or tells_since(text))
        or draft.part.audience not in ("caregiver", "parent", "child", "staff")
        or not _nothing_waits(draft, ask)
    ):
        return False
    draft.say_key("not_understood.told" if draft.part.audience == "child" else "smalltalk.told")
    draft.waiting = True
    return True


def _nothing_waits(draft: Draft, ask: Ask | None) -> bool:
    """No flow waits for an answer, at most the menu."""
    return draft.top is None or (ask is not None and ask.quiet)


def _takes_note(text: str) -> bool:
    """Whether a text is a yes to what was asked just now, but takes note of anything else: "ok" after an answer calls no human."""
    return fold(text) in TAKING_NOTE


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
