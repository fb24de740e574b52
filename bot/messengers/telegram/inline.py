"""Inline mode: staff type `@bot question` in any chat and get a quick, sourced answer to post there.

Nothing of it is stored: there is no conversation, and Telegram waits only seconds. So it passes the inbox by, through a
function that the program hands in; the function decides who may ask (`user`) and answers from the content alone.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from bot.messengers.telegram.render import MAX_TEXT, utf16, with_entities
from bot.ports import QuickAnswer, QuickAnswers
from bot.text.spans import parse, split

MAX_ANSWERS = 10
LONGEST_QUERY = 256
CACHE = 60  # seconds that Telegram may show the same answers again


Call = Callable[[str, Mapping[str, Any]], Awaitable[Any]]
"""(method, values) -> result."""


async def answer_inline(query: Mapping[str, Any], answers: QuickAnswers, call: Call) -> None:
    """Answers one inline query. Raises TelegramError."""
    person = query.get("from") or {}
    text = str(query.get("query", ""))[:LONGEST_QUERY]
    found = await answers(str(person.get("id", "")), text, str(person.get("language_code", ""))) if text else ()
    results = [_article(answer) for answer in found[:MAX_ANSWERS]]
    values = {"inline_query_id": query["id"], "results": json.dumps(results), "cache_time": CACHE, "is_personal": True}
    await call("answerInlineQuery", values)


def _article(answer: QuickAnswer) -> dict[str, Any]:
    body = with_entities(split(parse(answer.text), MAX_TEXT, utf16)[0])
    content = {"message_text": body.text, "entities": list(body.entities)}
    return {
        "type": "article", "id": answer.id[:64], "title": answer.title, "description": answer.description,
        "input_message_content": content,
    }  # fmt: skip
