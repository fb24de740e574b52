"""Every reader of what comes from outside, as a function of one text or of bytes: for fuzzing."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from datetime import UTC, datetime

from bot.desk.commands import order_in
from bot.dialogue import Session, events, turn, understand
from bot.dialogue.commands import command_in, correction_in, flow_in
from bot.dialogue.content import Content
from bot.messengers.matrix.translate import Arrival, Place, strip_reply_fallback
from bot.messengers.matrix.translate import translate as from_matrix
from bot.messengers.media import clean, mime_of
from bot.messengers.telegram.render import pressed, texts
from bot.messengers.telegram.translate import Desk
from bot.messengers.telegram.translate import translate as from_telegram
from bot.ports import Address, Outbound
from bot.safety.triage import triage
from bot.text.normalise import fold, tokens
from bot.text.spans import html, parse, plain, split, strip
from bot.vault.sealing import SealBroken, Sealer

NOON = datetime(2026, 11, 24, 11, 0, tzinfo=UTC)
HOME = Address(messenger="telegram", account="telegram:1", chat="1")
DESK = Desk(account="telegram:1", username="kavi", staff=frozenset({"-100"}), now=NOON)
ROOM = Place(address=HOME, own="@kavi:x", private=True, encrypted=False)
ODD = (
    KeyError,
    TypeError,
    ValueError,
    AttributeError,
)  # what the Telegram adapter counts as an odd update and passes over
SEALER = Sealer(bytes(32))


def of_text(content: Content) -> dict[str, Callable[[str], object]]:
    """Readers of what somebody writes."""
    assert content.rules is not None
    assert content.index is not None
    rules, index, commands = content.rules, content.index, content.commands

    def said(text: str) -> object:
        session = Session(consent="1")
        known = understand(content, session, text, NOON)
        return turn(content, session, events.Said(at=NOON, text=text, message="m", understanding=known))

    return {
        "turn": said,
        "triage": lambda text: triage(rules, text[:20_000], audience="child", earlier=(text[:40],)),
        "index": lambda text: index.find(text[:20_000], audience="child"),
        "command": lambda text: (command_in(text, commands), correction_in(text, commands), flow_in(text, content, "child")),
        "order": lambda text: order_in("/" + text),
        "fold": lambda text: (fold(text), tokens(text), strip(text)),
        "markup": lambda text: [html(one) + plain(one) for one in split(parse(text), 300)],
        "telegram text": lambda text: texts(Outbound(address=HOME, key="k", text=text, markup=bool(len(text) % 2))),
        "telegram button": pressed,
        "telegram update": lambda text: _telegram({"message": _message(text)} if len(text) % 2 else _json(text)),
        "matrix reply": strip_reply_fallback,
        "matrix event": lambda text: from_matrix(Arrival(event=_event(text), encrypted=False), ROOM, NOON),
        "session": lambda text: _session(text),
    }  # fmt: skip


def of_bytes() -> dict[str, Callable[[bytes], object]]:
    """Readers of files and sealed values."""
    return {"mime": mime_of, "picture": clean, "seal": _opened}


def _opened(data: bytes) -> object:
    with contextlib.suppress(SealBroken):
        return SEALER.open(data, b"x")
    return None


def _json(text: str) -> dict[str, object]:
    with contextlib.suppress(ValueError, RecursionError):
        found = json.loads(text)
        return found if isinstance(found, dict) else {"message": found}
    return {"message": {"text": text}}


def _telegram(update: dict[str, object]) -> object:
    with contextlib.suppress(*ODD):
        return from_telegram({"update_id": 1} | update, DESK)
    return None


def _message(text: str) -> dict[str, object]:
    chat = {"id": 7, "type": "private"}
    return {"message_id": 1, "date": 1, "chat": chat, "from": {"id": 7, "is_bot": False}, "text": text, "caption": text}


def _event(text: str) -> dict[str, object]:
    content = _json(text)
    kinds = ("m.room.message", "m.reaction", "m.room.redaction", "m.sticker")
    body = {"msgtype": "m.text", "body": text} if "message" in content else content
    return {"type": kinds[len(text) % 4], "sender": "@a:x", "event_id": "$1", "content": body, "redacts": text}


def _session(text: str) -> object:
    with contextlib.suppress(ValueError, KeyError, TypeError, AttributeError, IndexError):
        return Session.from_text(text)  # only ever our own writing, behind a seal
    return None
