"""Understanding a text before its turn: danger first, then topics. Pure; may run in a worker thread."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from bot.dialogue import commands
from bot.dialogue.content import Content
from bot.dialogue.draft import asked_at
from bot.dialogue.events import Understanding
from bot.dialogue.introducing import role_told
from bot.dialogue.session import Session
from bot.dialogue.told import heard_in
from bot.matching.result import Candidate, MatchResult
from bot.safety import Finding
from bot.text.normalise import clean, fold
from bot.text.several import questions_in
from bot.text.telling import asks_what_now, tells, tells_age, tells_since
from bot.text.variants import AUDIENCES

if TYPE_CHECKING:
    from bot.matching.index import TopicIndex

LONGEST_TITLE = 100  # characters
BURST = 2.0  # seconds of event time within which texts belong together
LIKELY = 0.5  # probability of a topic above which a message needs no topic before it
GONE = 3  # turns after which an answer is no longer what people go on about
ASKS_BACK = "repair.clarify"
HOME = "menu"
FEW_SIGNS = 24  # characters; more emoji than that say nothing
TELLING = 8  # letters of a word that can make a message clear without the one before
LEAST_TOLD = 0.25  # probability from which a topic is offered to somebody who asks for nothing
FAR_BEHIND = 0.25  # of the best: what is less likely is not offered beside it then
SHORT = 6  # words that may go on from what was asked before instead of meaning something of their own
MAX_TEXT = 20_000  # characters in which a topic is looked for; a longer text is a flood, not a question
MAX_LETTER = 65_536  # characters in which danger is looked for: no messenger brings more


def _speaks_for_itself(match: MatchResult) -> bool:
    likely = match.outcome == "clarify" and match.candidates[0].score >= LIKELY
    return match.outcome == "answer" or likely


def _context(session: Session) -> str | None:
    """The topic that a bare "und wie lange?" goes on about: answered just now, or the wait for a human; else None."""
    part = session.part
    top = part.frames[-1] if part.frames else None
    if top is not None and top.flow == ASKS_BACK:
        return None
    recent = session.fence - asked_at(part.offers_question)[0] < GONE
    return part.topic or None if recent or session.owner == "queue" else None


def _emoji(smalltalk: Mapping[str, str], text: str) -> str | None:
    """What a message of nothing but emoji says, by the first that is known; None for words or unknown ones."""
    if len(text) > FEW_SIGNS or fold(text):
        return None
    return next((smalltalk[sign] for sign in clean(text) if sign in smalltalk), None)


def _pictured(text: str) -> str:
    """What a few pictures without a word show, by the names that Unicode gives them: "christmas tree father christmas"."""
    if len(text) > FEW_SIGNS or fold(text):
        return ""
    return " ".join(unicodedata.name(sign, "").lower() for sign in clean(text) if unicodedata.category(sign) == "So")


def _repeats(match: MatchResult, topic: str) -> bool:
    return match.outcome == "answer" and match.candidates[0].topic == topic


def _corrected(
    content: Content, text: str, match: MatchResult, audience: str | None, land: str | None, topic: str | None
) -> MatchResult:
    """ "nein, ich meinte WhatsApp" asks about WhatsApp: what stands behind, where it says more than the whole.

    Where it says little by itself ("nein, ich meinte vier Kinder"), it goes on from the topic before.
    """
    rest = commands.correction_in(text, content.commands) if match.outcome in ("none", "clarify") else None
    if rest is None or content.index is None:
        return match
    alone = content.index.find(rest, audience=audience, land=land)
    if alone.outcome != "answer" and topic:
        goes_on = content.index.find(f"und {rest}", audience=audience, land=land, previous_topic=topic)
        alone = goes_on if goes_on.outcome == "answer" else alone
    better = alone.outcome == "answer" or (alone.outcome == "clarify" and match.outcome == "none")
    return alone if better else match


def _asked_back(session: Session) -> tuple[str, tuple[str, ...]]:
    """What "Was davon meinen Sie?" was asked about, and the topics that it offers; empty when nothing of the kind is open."""
    top = session.part.frames[-1] if session.part.frames else None
    if top is None or top.flow != ASKS_BACK or not top.question:
        return "", ()
    asked, offered = top.local.get("asked"), top.local.get("candidates")
    return (asked if isinstance(asked, str) else ""), (offered if isinstance(offered, tuple) else ())


def _what_now(session: Session, text: str) -> MatchResult | None:
    """ "Was soll ich machen?" asks about what was told or answered just before: its likeliest topic. None for any other text."""
    top = session.part.frames[-1] if session.part.frames else None
    elsewhere = top is not None and top.flow not in (ASKS_BACK, HOME)
    if elsewhere or not asks_what_now(text):
        return None
    topic = (*_asked_back(session)[1], _context(session))[0]
    return MatchResult(outcome="answer", candidates=(Candidate(topic=topic, score=LIKELY),)) if topic else None


def _with_asked(
    index: TopicIndex, session: Session, text: str, match: MatchResult, audience: str | None
) -> MatchResult:
    """What a few words mean together with what was asked just before, where that makes them clearer.

    "Mit drei Kindern geht das?" - "Was davon meinen Sie?" - "nein, 4 Kinder".
    """
    asked, _ = _asked_back(session)
    if not asked or match.outcome not in ("none", "clarify") or len(text.split()) > SHORT or tells(text):
        return match
    both = index.find(f"{asked} {text}", audience=audience)
    best = match.candidates[0].score if match.candidates else 0.0
    clearer = both.outcome in ("answer", "clarify") and both.candidates[0].score >= max(best, LIKELY)
    return both if clearer else match


def _worth_offering(content: Content, text: str, match: MatchResult) -> MatchResult:
    """Who tells something and asks for nothing is offered only what is likely: a wrong neighbour hurts more than an open ear."""
    if match.outcome != "clarify" or not (tells(text) or commands.is_heavy(text, content.commands)):
        return match
    least = max(LEAST_TOLD, FAR_BEHIND * match.candidates[0].score)
    likely = tuple(one for one in match.candidates if one.score >= least)
    return msgspec.structs.replace(match, outcome="clarify" if likely else "none", candidates=likely)


def _several(
    index: TopicIndex, text: str, match: MatchResult, audience: str | None, land: str | None
) -> tuple[MatchResult, str]:
    """Of several questions in one message the one that was asked first, and the topic of the next one; "" for a single one."""
    found = [index.find(part, audience=audience, land=land) for part in questions_in(text)]
    meant = {one.candidates[0].topic: one for one in found if _speaks_for_itself(one)}
    if len(meant) < 2:
        return match, ""
    first, second = list(meant)[:2]
    answers = meant[first].outcome == "answer"
    return (meant[first], second) if answers else (match, "")


def burst(session: Session, at: datetime) -> tuple[str, ...]:
    """The texts of the last two seconds before `at`, oldest first."""
    stamp = at.timestamp()
    return tuple(text for when, text in session.part.recent if 0 <= stamp - when <= BURST)


def look_for_danger(content: Content, session: Session, text: str, at: datetime) -> Finding | None:
    """The safety layer alone: works when everything else is broken."""
    if content.rules is None or not text:
        return None
    from bot.safety.triage import triage  # with the first words: no talk waits for it to begin

    if len(text) > MAX_LETTER:  # what matters most may stand at the end of a long letter
        text = f"{text[: MAX_LETTER // 2]}\n{text[-MAX_LETTER // 2 :]}"
    return triage(content.rules, text, audience=session.part.audience or "child", earlier=burst(session, at))


def _is_title(content: Content, text: str) -> bool:
    """Whether these are our own words: the title of a topic, as it stands on a button, in any language.

    Whoever presses "Wenn alles zu viel wird" asks for that answer, and nobody is to be alarmed. Not looked at by
    `look_for_danger`, which needs no topics.
    """
    return len(text) <= LONGEST_TITLE and fold(text) in content.titles


def understand(content: Content, session: Session, text: str, at: datetime) -> Understanding:
    """What a text of this person means, as far as the text alone can tell."""
    finding = look_for_danger(content, session, text, at)
    if finding is not None and _is_title(content, text):
        finding = None
    text = text[:MAX_TEXT]
    if finding is not None or content.index is None or not text.strip():
        return Understanding(finding=finding)
    emoji = _emoji(content.index.smalltalk, text)
    if emoji is not None:
        return Understanding(match=MatchResult(outcome="smalltalk", smalltalk=emoji))
    if (what_now := _what_now(session, text)) is not None:
        return Understanding(match=what_now)
    role = role_told(content, text) if not session.part.audience else ""
    audience, topic = session.part.audience or role or None, _context(session)
    if pictured := _pictured(text):
        match = content.index.find(pictured, audience=audience)
        asks = match.outcome == "answer"  # pictures leave open what is asked
        return Understanding(match=msgspec.structs.replace(match, outcome="clarify") if asks else match)
    slot = session.part.slots.get("land")
    land = str(slot.value) if slot is not None else None
    match = content.index.find(text, audience=audience, land=land, previous_topic=topic)
    if topic and _repeats(match, topic) and any(len(word) >= TELLING for word in text.split()):
        alone = content.index.find(text, audience=audience, land=land)
        match = alone if _speaks_for_itself(alone) else match  # "Wie viel Besuchszeit?" is no question about parcels
    match = _corrected(content, text, match, audience, land, topic)
    if not (tells_age(text) or tells_since(text)):  # "die Kinder sind 3 und 6" asks nothing anew
        rest = commands.correction_in(text, content.commands) or text
        match = _with_asked(content.index, session, rest, match, audience)
    also = ""
    if audience:
        match, also = _several(content.index, text, match, audience, land)
        match = _worth_offering(content, text, match)
    if match.outcome == "none" and asks_what_now(text):
        match = MatchResult(
            outcome="smalltalk", smalltalk="unsure"
        )  # nothing before it: somebody does not know where to begin
    joined = None
    earlier = burst(session, at)
    if earlier and match.outcome != "answer":
        joined = content.index.find(" ".join((*earlier, text)), audience=audience, land=land, previous_topic=topic)
    tells_only = match.outcome == "clarify" and tells(
        text
    )  # "mein Papa ist im Knast und ich bin 9" is no question put off
    by_role = _by_role(content.index, text, role, match) if _is_new(session) and not tells_only else ()
    heard = heard_in(content.hearing, text)
    return Understanding(match=match, joined_match=joined, role=role, by_role=by_role, heard=heard, also=also)


def _is_new(session: Session) -> bool:
    """Whether these are the very first words of somebody, of whom nothing is known."""
    return not session.part.audience and not session.part.frames


def _by_role(index: TopicIndex, text: str, role: str, match: MatchResult) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The topics that a text means from the audience that it tells, else from each; none where it means none at all."""
    if match.outcome not in ("answer", "clarify"):
        return ()
    if role:
        return ((role, _meant(match)),)
    meant = ((one, _meant(index.find(text, audience=one))) for one in AUDIENCES)
    return tuple((one, topics) for one, topics in meant if topics)


def _meant(match: MatchResult) -> tuple[str, ...]:
    """The one topic, or those between which it would be asked."""
    topics = tuple(candidate.topic for candidate in match.candidates)
    return topics[:1] if match.outcome == "answer" else topics if match.outcome == "clarify" else ()
