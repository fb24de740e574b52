"""Every reader of what comes from outside, as a function of one input. Whatever it raises is a fault."""

from __future__ import annotations

import asyncio
import contextlib
import io
import tempfile
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot.cli.chat import Chat, answer_lines
from bot.cli.understand import ask_one, respond, triage_one
from bot.desk.commands import order_in
from bot.dialogue import Session, events, turn, understand
from bot.dialogue.commands import command_in, correction_in, flow_in
from bot.dialogue.content import Content
from bot.dialogue.flow import Ask
from bot.dialogue.questions import KINDS, in_passing, read
from bot.dialogue.reading import Asking, Narrow, Parsed, Rejected, Shown
from bot.dialogue.yes_no import yes_or_no
from bot.errors import KaviError
from bot.loader.content import read_content
from bot.loader.nodes import Problems
from bot.loader.plain import load_plain
from bot.messengers.matrix.translate import Arrival, Place, strip_reply_fallback
from bot.messengers.matrix.translate import translate as from_matrix
from bot.messengers.media import clean, mime_of
from bot.messengers.telegram.adapter import ODD
from bot.messengers.telegram.render import pressed, texts
from bot.messengers.telegram.translate import Desk
from bot.messengers.telegram.translate import translate as from_telegram
from bot.ports import Address, Inbound, Outbound
from bot.safety.triage import triage
from bot.service.conversations import Conversations
from bot.storage.archive import ArchiveReader
from bot.storage.memory import MemoryStore
from bot.storage.rows import inbound_from_bytes, inbound_to_bytes
from bot.testing.script import load_scripts
from bot.text.language import language_of
from bot.text.normalise import fold, tokens
from bot.text.spans import html, parse, plain, split, strip
from bot.vault.certificates import certified
from bot.vault.codes import hash_of
from bot.vault.keys import Keyring
from bot.vault.sealing import SealBroken, Sealer

NOON = datetime(2026, 11, 24, 11, 0, tzinfo=UTC)
HOME = Address(messenger="telegram", account="telegram:1", chat="1")
DESK = Desk(account="telegram:1", username="kavi", staff=frozenset({"-100"}), now=NOON)
ROOM = Place(address=HOME, own="@kavi:x", private=True, encrypted=False)
MASTER = bytes(32)
ROOT = Path(__file__).parents[2]
COMPANY = {  # the least that lets the loaders look at everything else
    "dialogues/courses/frame.yaml": "- {flow: course.COURSE, steps: [{step: intro, say: x}]}",
    "knowledge/topics/x.yaml": "{id: x, title: X, audiences: [staff], risk: harmless, scope: bund, as_of: 2026-11-26, confidence: high, "
    "sources: [{name: q}], answers: {staff: Antwort}, asked: [Was ist x?, Wo ist x?]}",
    "knowledge/safety/concepts.yaml": 'concepts: {ich: "ich", papa: "papa vater"}\nguards: {film: "film"}\n',
    "knowledge/safety/levels.yaml": "alert: 0.6\ncheck: 0.2\n",
    "knowledge/safety/de/x.yaml": "category: runaway\nlanguage: de\nalert: |\n  ich .. weg\nexamples: |\n  ich laufe weg\n",
}
RING = Keyring(MASTER)
OPTIONS = (
    Shown("mother", "Mutter", ("mama",)),
    Shown("6-9", "6 bis 9 Jahre", ("8",)),
    Shown("other", "=Jemand anderes"),
)
QUESTIONS = tuple(Ask(kind=kind, slot="x", keep="turn") for kind in KINDS)
MORE_QUESTIONS = (
    Ask(kind="date", slot="x", keep="turn", past=True), Ask(kind="date", slot="x", keep="turn", past=True, future=False),
    Ask(kind="date", slot="x", keep="turn", minimum=-30, maximum=400), Ask(kind="number", slot="x", keep="turn", minimum=1, maximum=9),
    Ask(kind="number", slot="x", keep="turn", several="least"), Ask(kind="choose_many", slot="x", keep="turn", most=2),
    Ask(kind="choose", slot="x", keep="turn", prefill_named=True), Ask(kind="prison", slot="x", keep="turn"),
)  # fmt: skip

Readers = dict[str, Callable[[Any], object]]


def of_text(content: Content) -> Readers:
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
        "index, with reasons": lambda text: index.find(text[:200], audience="staff", explain=True),
        "language": language_of,
        "command": lambda text: (command_in(text, commands), correction_in(text, commands), flow_in(text, content, "child")),
        "order": lambda text: order_in("/" + text),
        "fold": lambda text: (fold(text), tokens(text), strip(text)),
        "markup": lambda text: [html(one) + plain(one) for one in split(parse(text), 300)],
        "code": lambda text: (certified(MASTER, text), hash_of(_as_stored(text))),
        "telegram text": lambda text: texts(Outbound(address=HOME, key="k", text=_as_stored(text), markup=len(text) % 2 == 1)),
        "telegram button": pressed,
        "matrix reply": strip_reply_fallback,
        "session": session_of,
    }  # fmt: skip


def _as_stored(text: str) -> str:
    """Half a surrogate pair ends when a message is stored: readers behind the store never see one."""
    return text.encode("utf-8", "replace").decode()


def of_answer(content: Content) -> Readers:
    """The readers of answers, each kind of question with its limits."""
    asks = (*QUESTIONS, *MORE_QUESTIONS)
    askings = [
        Asking(ask, OPTIONS, NOON.date(), content, "BY" if number % 2 else "") for number, ask in enumerate(asks)
    ]

    def reader(asking: Asking) -> Callable[[str], object]:
        def one(text: str) -> object:
            found = read(text, asking)
            assert isinstance(found, Parsed | Rejected | Narrow)
            return found, in_passing(text, asking)

        return one

    named = {f"{asking.ask.kind} {number}": reader(asking) for number, asking in enumerate(askings)}
    return {**named, "yes or no": yes_or_no}


# ------------------------------------------------------------------ the wire


def of_update() -> Readers:
    """A Bot API update, as far as into the store's form; what its adapter counts as odd is passed over."""
    return {"telegram update": _telegram}


def _telegram(update: dict[str, Any]) -> object:
    with contextlib.suppress(*ODD):
        found = from_telegram(update, DESK)
        return _stored(found) if isinstance(found, Inbound) else found
    return None


def of_event() -> Readers:
    """A Matrix event in clear and encrypted rooms."""
    hidden = replace(ROOM, encrypted=True)
    return {
        "matrix event": lambda event: _stored(from_matrix(Arrival(event=event, encrypted=False), ROOM, NOON)),
        "matrix event, secret room": lambda event: _stored(
            from_matrix(Arrival(event=event, encrypted=True), hidden, NOON)
        ),
        "matrix event in clear": lambda event: _stored(
            from_matrix(Arrival(event=event, encrypted=False), hidden, NOON)
        ),
    }


def _stored(inbound: Inbound | None) -> object:
    return inbound_from_bytes(inbound_to_bytes(inbound)) if inbound is not None else None


# ------------------------------------------------------------------ lines of JSON


def of_line(content: Content) -> Readers:
    """`kavi ask`, `kavi triage` and `kavi chat` with --jsonl: each line gets one line, whatever it is."""

    def one_answer(out: str) -> None:
        assert out.encode().count(b"\n") == 0

    return {
        "ask": lambda line: one_answer(respond(line, lambda row: ask_one(content, str(row["text"]), row.get("audience")), jsonl=True)),
        "triage": lambda line: one_answer(respond(line, lambda row: triage_one(content, str(row["text"]), "child"), jsonl=True)),
    }  # fmt: skip


def of_chat(content: Content) -> Readers:
    """A conversation of its own for each line."""

    def chat(line: str) -> None:
        asyncio.run(_one_line(content, line))

    return {"chat": chat}


async def _one_line(content: Content, line: str) -> None:
    store = MemoryStore()
    target = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    talk = Chat(store, Conversations(content, store), "x", NOON)
    await answer_lines(talk, io.StringIO(line), target, None)
    target.flush()


# ------------------------------------------------------------------ files of editors


def of_file() -> Readers:
    """All content of a folder that holds one file: findings with a place, never an exception."""
    root = Path(tempfile.mkdtemp(prefix="kavi-fuzz-"))
    return {"content": lambda given: _loaded(root, *given)}


def _loaded(root: Path, name: str, text: str) -> None:
    path = root / name
    for beside, written in (COMPANY | {name: text}).items():
        (root / beside).parent.mkdir(parents=True, exist_ok=True)
        (root / beside).write_bytes(written.encode("utf-8", "surrogatepass"))
    problems = Problems()
    try:
        if name.startswith("tests"):
            load_scripts(path, problems)
        elif path.name == "leicht.yaml":
            load_plain(path.parent, problems)
        else:
            problems.found += read_content(root)[1]
        assert all(one.file and one.line >= 0 and one.column >= 0 and one.message for one in problems.found)
    finally:
        path.unlink()


# ------------------------------------------------------------------ what lies sealed


def session_of(text: str) -> object:
    """A stored session; what is none is a ValueError, what is one can be written down again."""
    with contextlib.suppress(ValueError):
        return Session.from_text(text).to_text()
    return None


def of_picture() -> Readers:
    """Files that people send; a picture may take a second, in a thread."""
    return {"mime": mime_of, "picture": clean}


def of_record() -> Readers:
    """Sealed values, wrapped keys, archives."""
    sealer = Sealer(MASTER)
    folder = Path(tempfile.mkdtemp(prefix="kavi-fuzz-"))
    return {
        "seal": lambda data: _opened(lambda: sealer.open(data, b"x")),
        "data key": lambda data: _opened(lambda: RING.data_key(data)),
        "archive": lambda data: _archive(folder / "x", data),
    }  # fmt: skip


def _opened(read: Callable[[], object]) -> object:
    with contextlib.suppress(SealBroken):
        return read()
    return None


def _archive(path: Path, data: bytes) -> None:
    path.write_bytes(data)
    with contextlib.suppress(KaviError), ArchiveReader(path, MASTER) as archive:
        for _ in archive.pieces():
            pass
