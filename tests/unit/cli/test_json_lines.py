"""Lines of JSON that nobody means: each gets a line with the fault, and the next one is read."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime

import pytest

from bot.cli.chat import Chat, answer_lines
from bot.cli.understand import respond
from bot.dialogue.content import Content
from bot.service.conversations import Conversations
from bot.storage.memory import MemoryStore

BAD = [
    "[" * 100_000,
    '{"text": ' + "9" * 5000 + "}",
    "[]",
    "null",
    "{",
    '{"say"',
    '{"advance": "99999999999999999999 days"}',
]


@pytest.mark.parametrize("line", BAD)
def test_a_question_that_cannot_be_read_gets_an_error(line: str) -> None:
    out = respond(line, lambda row: {"said": row["text"]}, jsonl=True)
    assert json.loads(out)["error"].startswith("a line is ")


@pytest.mark.parametrize("line", BAD)
async def test_a_talk_goes_on_after_a_line_that_cannot_be_read(content: Content, line: str) -> None:
    store, target = MemoryStore(), io.StringIO()
    chat = Chat(store, Conversations(content, store), "x", datetime(2026, 11, 26, 9, 0, tzinfo=UTC))
    await answer_lines(chat, io.StringIO(f'{line}\n\n{{"say": "Hallo"}}\n'), target, None)
    bad, good = map(json.loads, target.getvalue().splitlines())
    assert bad["error"].startswith("not a line of kavi chat")
    assert good["messages"]
