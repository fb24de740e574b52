"""Quick, sourced answers for professionals, asked from any chat: no conversation, nothing stored."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime

from bot.dialogue.content import Content
from bot.dialogue.rendering import Lookup, Reader, berlin_day, escape, topic_text
from bot.dialogue.session import Part, Session
from bot.dialogue.whereabouts import land_in
from bot.matching.topic import Topic
from bot.ports import QuickAnswer, QuickAnswers

MOST = 3
DESCRIPTION = 100  # characters of the preview
STAFF = Reader("staff", "", "plain", "de")


def quick_answers(content: Callable[[], Content], clock: Callable[[], datetime]) -> QuickAnswers:
    """Answers from the content as it is at that moment, also after a reload."""

    async def answers(user: str, text: str, language: str) -> Sequence[QuickAnswer]:
        return await asyncio.to_thread(find, content(), text, clock())

    return answers


def find(content: Content, text: str, now: datetime) -> list[QuickAnswer]:
    """The best topics for professionals, best first; a topic that differs by Land only when the text names one."""
    if content.index is None:
        return []
    result = content.index.find(text, audience="staff")
    if result.outcome == "none":
        return []
    land = land_in(text, content) or ""
    found: list[QuickAnswer] = []
    for candidate in result.candidates:
        topic = content.topics.get(candidate.topic)
        answer = _answer(content, topic, land, now) if topic is not None else None
        if answer is not None:
            found.append(answer)
    return found[:MOST]


def _answer(content: Content, topic: Topic, land: str, now: datetime) -> QuickAnswer | None:
    if topic.needs == "land" and not land:
        hint = "Bitte das Bundesland dazuschreiben, zum Beispiel „Bayern“."
        return QuickAnswer(
            id=topic.id, title=topic.title, text=f"**{escape(topic.title)}**\n\n{hint}", description=hint
        )
    session = Session(language="de", consent="1", parts={"adult": Part(audience="staff", register="plain")})
    lookup = Lookup(content, session, {"land": land} if land else {}, berlin_day(now))
    body = topic_text(content, topic, lookup, STAFF)
    if body is None:
        return None
    sources = "; ".join(escape(str(source.name)) for source in topic.sources[:3])
    tail = "" if sources and sources in body else f"\n\nQuelle: {sources}" if sources else ""
    first = body.split("\n", 1)[0].replace("*", "")
    return QuickAnswer(
        id=topic.id,
        title=topic.title,
        text=f"**{escape(topic.title)}**\n\n{body}{tail}",
        description=first[:DESCRIPTION],
    )
