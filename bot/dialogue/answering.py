"""Answering a topic: for the Land it depends on, with what may be asked next, and choosing between topics."""

from __future__ import annotations

import re
from collections.abc import Iterable

from bot.dialogue import alerts
from bot.dialogue.draft import Draft, asked_at, digest
from bot.dialogue.flow import Ask, End
from bot.dialogue.rendering import Reader, next_steps, topic_text
from bot.dialogue.session import Offer
from bot.dialogue.whereabouts import land_in_passing, land_of_prison
from bot.matching.result import Candidate, MatchResult
from bot.text.telling import asks_what_now, goes_on_telling, tells

MAX_CHOICES = 3
CLEARLY = 0.8  # probability from which what somebody tells is about the answer before rather than about something else
JUST_ANSWERED = 2  # turns within which somebody who tells something may be telling more about an answer
_WHEN = re.compile(
    r"^\W*(?:(?:und|aber|ja|also|ab|bis) )*(?:wann|wie ?lange?|dauert|when|how long|ne zaman|ne kadar|когда|коли|kiedy|jak długo|متى|كم)\b",
    re.IGNORECASE,
)
# The same and nothing else: "wann denn?", "wie lange dauert das noch?"
_WHEN_ONLY = re.compile(
    _WHEN.pattern
    + r"(?:\W+(?:es|das|denn|noch|jetzt|so|etwa|ungefähr|dann|da|dauert|dauert's|dauerts|geht|ist|kommt|kommen|meldet|antwortet|"
    r"schreibt|liest|hat|sich|wer|jemand|einer|mir|zeit))*\W*$",
    re.IGNORECASE,
)
SHORT = 6  # words of a question about the wait
ABOUT_WAITING = frozenset({"bot.hours", "bot.human"})  # topics that tell when a human reads
ALSO = "also_asked"  # slot: the topic of a second question, until the first is answered
LAND_TOPIC = "land_topic"  # slot: the topic last asked about whose answer differs by Land


def answer_question(draft: Draft, topic_id: str, also: str = "") -> None:
    """Answers what somebody asked in words of their own; the topic of a second question, `also`, is offered after it.

    What was said a moment ago is not said again; who waits for a human and asks when hears that.
    """
    draft.set_slot(ALSO, also, "session") if also else draft.drop_slot(ALSO)
    if not _asks_about_waiting(draft, (topic_id,), bare=_WHEN_ONLY):
        answer_topic(draft, topic_id, asked=True)


def _asks_about_waiting(draft: Draft, topics: tuple[str, ...], *, bare: re.Pattern[str]) -> bool:
    """Tells who waits for a human when somebody reads, if one of the topics is about that, or a `bare` "wann?" is.

    Who asks for the times of visits is told those: what a question names counts more than that it begins with "wann".
    """
    if draft.session.owner != "queue":
        return False
    said = draft.trigger
    about = draft.part.topic in ABOUT_WAITING and len(said.split()) <= SHORT and bare.search(said) is not None
    return (about or not ABOUT_WAITING.isdisjoint(topics)) and draft.push("repair.human")


def answer_topic(draft: Draft, topic_id: str, *, asked: bool = False) -> None:
    """Says a topic's answer; asks for the Land first when the answer differs by Land and none is known.

    `asked`: in somebody's own words, so that the same answer twice in a row would be no help.
    """
    topic = draft.content.topics.get(topic_id)
    if topic is None:
        draft.trouble("?", f"topic {topic_id!r} does not exist")
        draft.say_key("not_understood")
        return
    _take_land(draft)
    if topic.needs == "land":
        _take_land_of_prison(draft)
        draft.set_slot(LAND_TOPIC, topic_id, "session")
        if not draft.value("land") and draft.push("repair.land", {"topic": topic_id}):
            return
    lookup = draft.lookup()
    text = topic_text(draft.content, topic, lookup, draft.reader)
    if text is None:
        text = draft.text("answer.not_for_you")
    source = f"topic:{topic_id}"
    offers = _related(draft, topic_id)
    idle = _is_idle(draft)
    steps = next_steps(draft.content, topic, lookup, draft.reader)
    if asked and idle and _just_said(draft, topic_id, (text, steps), offers):
        draft.offer(_no_more(draft, steps), offers, source)
        return
    if asked and not idle and topic_id == draft.part.topic and _turns_since_answer(draft) <= 1:
        draft.say(_no_more(draft, steps), source=source)  # a question waits, and the answer stands just above it
        return
    draft.record(
        "answered", topic=topic_id, audience=draft.part.audience or "unknown", land=str(draft.value("land") or "")
    )
    draft.change_part(topic=topic_id, misses=0)
    draft.drop_slot(alerts.SAID)
    if idle and not _offers_second(draft, topic_id, text, offers):
        draft.offer(text, offers, source)
    elif not idle:
        draft.say(text, source=source)
        draft.change_part(offers=(), offers_question=draft.question_id())  # when it was answered; nothing is offered


def _offers_second(draft: Draft, topic_id: str, text: str, offers: tuple[Offer, ...]) -> bool:
    """Says the answer and offers that to a second question after it; False when none was asked."""
    found = topic_offers(draft, (str(draft.value(ALSO) or ""),))
    draft.drop_slot(ALSO)
    if not found or found[0].value == topic_id:
        return False
    (second,) = found
    draft.say(text, source=f"topic:{topic_id}")
    rest = tuple(offer for offer in offers if offer.value != second.value)
    draft.offer(draft.text("answer.also", {"title": second.label}), (second, *rest), "text:answer.also")
    return True


def _just_said(draft: Draft, topic_id: str, texts: tuple[str, ...], offers: tuple[Offer, ...]) -> bool:
    """Whether the turn before said nothing but this answer, or already that there is no more to it."""
    labels = tuple(offer.label for offer in offers)
    texts = (*texts, draft.text("answer.same"), draft.text("answer.same.told"))
    return draft.part.topic == topic_id and draft.part.echo[0] in {digest((one, *labels)) for one in texts}


def _no_more(draft: Draft, steps: str) -> str:
    """What is said instead of the same answer: who tells more is heard, who asks what to do hears the next step again."""
    if steps and asks_what_now(draft.trigger):
        return steps
    return draft.text("answer.same.told" if goes_on_telling(draft.trigger) else "answer.same")


def _turns_since_answer(draft: Draft) -> int:
    return draft.session.fence - asked_at(draft.part.offers_question)[0]


def goes_on_with(draft: Draft, match: MatchResult | None) -> bool:
    """Whether a text asks for a topic that the answer just given leads to: "hab Angst" after how a visit is, is about the visit."""
    if match is None or match.outcome != "answer" or _turns_since_answer(draft) > JUST_ANSWERED:
        return False
    before = draft.content.topics.get(draft.part.topic)
    return before is not None and match.candidates[0].topic in before.related


def _hears_more(draft: Draft, topic_id: str) -> bool:
    """Hears what somebody tells about the answer just given: to offer it again, beside other topics, would be no answer."""
    if topic_id != draft.part.topic or _turns_since_answer(draft) > JUST_ANSWERED or not _is_idle(draft):
        return False
    draft.offer(draft.text("answer.same.told"), _related(draft, topic_id), f"topic:{topic_id}")
    return True


def _take_land(draft: Draft) -> None:
    """Remembers the Land that the question names; where the prison is known, its Land counts."""
    code = land_in_passing(draft.trigger, draft.content) if draft.trigger else None
    if code is not None and not draft.value("prison"):
        draft.set_slot("land", code, "30d")


def _take_land_of_prison(draft: Draft) -> None:
    """Remembers the Land of a prison that the question names, where no Land is known."""
    if draft.value("land") or not draft.trigger:
        return
    code = land_of_prison(draft.trigger, draft.content)
    if code is not None:
        draft.set_slot("land", code, "30d")


def answer_for_land(draft: Draft, code: str, offered: tuple[str, ...], asked: str) -> None:
    """Somebody names nothing but a Land: what was asked last is answered for it.

    That is the only one of the topics just `offered` that depends on the Land, else they are offered again; without an
    offer the last such topic.
    """
    draft.set_slot("land", code, "30d")
    topics = draft.content.topics
    dependent = [name for name in offered if name in topics and topics[name].needs == "land"]
    last = str(draft.value(LAND_TOPIC) or "")
    if len(dependent) == 1:
        answer_topic(draft, dependent[0])
    elif offered and draft.push("repair.clarify", {"candidates": offered, "asked": asked}):
        draft.say_key("land.kept")
    elif last in topics:
        answer_topic(draft, last)
    else:
        draft.say_key("land.noted")


def _is_idle(draft: Draft) -> bool:
    """No flow waits for an answer that an offer would compete with, and none has more to say."""
    for frame in reversed(draft.part.frames):
        flow = draft.flow_of(frame)
        step = flow.step(frame.step) if flow is not None else None
        if step is None or isinstance(step.action, End):
            continue  # this flow has just said its last
        return bool(frame.question) and isinstance(step.action, Ask) and step.action.quiet
    return True


def _related(draft: Draft, topic_id: str) -> tuple[Offer, ...]:
    rows = topic_offers(draft, draft.content.topics[topic_id].related)
    aloud = draft.content.can_speak and draft.part.audience != "staff"
    return (
        *rows[:MAX_CHOICES],
        *((Offer(draft.text("label.aloud"), "command", "aloud"),) if aloud else ()),
        Offer(draft.text("label.not_helpful"), "command", "not_helpful"),
        Offer(draft.text("label.menu"), "command", "menu"),
    )


def topic_offers(draft: Draft, names: Iterable[str]) -> list[Offer]:
    """Those of these topics that speak to who reads, by their titles in the reader's language."""
    fitting = [name for name in names if _is_for(draft, name)]
    titles = [draft.content.topics[name].title for name in fitting]
    spoken = [draft.content.translate(title, draft.session.language) or title for title in titles]
    return [Offer(title, "topic", name) for title, name in zip(spoken, fitting, strict=True)]


def speaks_to(reader: Reader, audiences: tuple[str, ...] | frozenset[str]) -> bool:
    """Whether a topic for these audiences is meant for this reader too."""
    if not reader.audience or reader.audience in audiences:
        return True
    return reader.audience in ("parent", "staff") and "caregiver" in audiences


def clarify(draft: Draft, candidates: tuple[Candidate, ...]) -> None:
    """Asks which of up to three topics is meant; who tells more about the answer just given is heard instead."""
    told = bool(draft.part.audience) and tells(draft.trigger)  # who has not said who writes, is not thanked with Sie
    if told and candidates and candidates[0].score >= CLEARLY and _hears_more(draft, candidates[0].topic):
        return
    _take_land(draft)
    topics = tuple(candidate.topic for candidate in candidates[:MAX_CHOICES])
    if any(draft.content.topics[topic].needs == "land" for topic in topics if topic in draft.content.topics):
        _take_land_of_prison(draft)
    if not _asks_about_waiting(draft, topics, bare=_WHEN):
        draft.push("repair.clarify", {"candidates": topics, "asked": draft.trigger[:500], "told": told})


def answer_or_clarify(draft: Draft, topics: tuple[str, ...]) -> None:
    """Answers the only one of these topics that speaks to the reader, or asks which of several is meant."""
    fitting = tuple(name for name in topics if _is_for(draft, name)) or topics[:1]
    if len(fitting) == 1 or not draft.push("repair.clarify", {"candidates": fitting[:MAX_CHOICES]}):
        answer_topic(draft, fitting[0])


def _is_for(draft: Draft, topic_id: str) -> bool:
    topic = draft.content.topics.get(topic_id)
    return topic is not None and speaks_to(draft.reader, topic.audiences)


def answer_deferred(draft: Draft) -> bool:
    """Answers what was put off until the flow ended; False when nothing was."""
    topic = draft.part.deferred
    if not topic:
        return False
    draft.change_part(deferred="")
    draft.say_key("digress.now")
    answer_topic(draft, topic)
    return True
