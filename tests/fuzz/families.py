"""What is read together: a source of inputs, its readers, and the share of all bytes that goes through them."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from bot.dialogue.content import Content
from bot.storage.archive import ArchiveWriter
from bot.testing.script import onboarded
from bot.vault.sealing import Sealer
from tests.fuzz import inputs, readers
from tests.fuzz.readers import ROOT
from tests.fuzz.watch import ROOM, Watch

CHAT = {"id": 7, "type": "private"}
PERSON = {"id": 7, "is_bot": False, "language_code": "de"}
HEAD = {"message_id": 1, "date": 1, "chat": CHAT, "from": PERSON}
KEYS = {"reply_markup": {"inline_keyboard": [[{"text": "Ja", "callback_data": "q1.0:0"}]]}}
UPDATES = (
    {"update_id": 1, "message": HEAD | {"text": "/start x", "reply_to_message": {"message_id": 3}}},
    {"update_id": 1, "message": HEAD | {"photo": [{"file_id": "a", "width": 9, "height": 9, "file_size": 3}], "caption": "c"}},
    {"update_id": 1, "message": HEAD | {"voice": {"file_id": "a", "file_size": 3, "mime_type": "x"}, "media_group_id": "g"}},
    {"update_id": 1, "message": HEAD | {"migrate_to_chat_id": -100, "location": {"x": 1}}},
    {"update_id": 1, "edited_message": HEAD | {"text": "x", "edit_date": 2}},
    {"update_id": 1, "callback_query": {"id": "1", "from": PERSON, "message": HEAD | KEYS, "data": "q1.0:0"}},
    {"update_id": 1, "my_chat_member": {"chat": CHAT, "from": PERSON, "new_chat_member": {"status": "kicked"}}},
    {"update_id": 1, "message_reaction": {
        "chat": CHAT, "user": PERSON, "message_id": 1, "old_reaction": [{"type": "emoji", "emoji": "👍"}], "new_reaction": [{"type": "x"}],
    }},
    {"update_id": 1, "message": HEAD | {
        "chat": {"id": -100, "type": "supergroup"}, "is_topic_message": True, "message_thread_id": 5, "text": "/da@kavi x",
    }},
)  # fmt: skip
EVENT = {"type": "m.room.message", "sender": "@a:x", "event_id": "$1"}
ANSWERED = {"m.relates_to": {"m.in_reply_to": {"event_id": "$0"}}}
EVENTS = (
    EVENT | {"content": {"msgtype": "m.text", "body": "> <@a:x> b\n> c\n\nd"} | ANSWERED},
    EVENT | {"content": {"msgtype": "m.audio", "body": "x", "url": "mxc://x/y", "org.matrix.msc3245.voice": {}, "info": {"size": 3}}},
    EVENT | {"content": {"msgtype": "m.image", "body": "x", "file": {"url": "mxc://x/y", "key": {"k": "x"}}, "info": {"size": 3}}},
    EVENT | {"content": {"m.new_content": {"msgtype": "m.text", "body": "x"}, "m.relates_to": {"rel_type": "m.replace", "event_id": "$0"}}},
    EVENT | {"type": "m.reaction", "content": {"m.relates_to": {"rel_type": "m.annotation", "event_id": "$0", "key": "1\u20e3"}}},
    EVENT | {"type": "m.room.redaction", "redacts": "$0", "content": {"redacts": "$0"}},
    EVENT | {"type": "m.sticker", "content": {"body": "x", "url": "mxc://x/y", "info": {}}},
    EVENT | {"type": "m.poll.start", "content": {"x": 1}},
)  # fmt: skip
LINES = (
    {"text": "Wie oft darf ich besuchen?", "audience": "caregiver"}, {"text": "ich will nicht mehr", "audience": "child"},
    {"say": "Hallo"}, {"press": "1"}, {"press": "Ja", "advance": "10m"}, {"advance": "2 days", "say": "x"},
)  # fmt: skip
SHIPPED = {
    "dialogues/flows/life-arrest.yaml": 0, "dialogues/flows/find-prison.yaml": 0, "dialogues/flows/tools.yaml": 0,
    "dialogues/flows/my-dates.yaml": 60, "dialogues/exchange/refer.yaml": 0, "dialogues/commands.yaml": 30,
    "dialogues/texts.yaml": 40, "dialogues/translations/topics.yaml": 0,
    "dialogues/courses/kinder-von-inhaftierten.yaml": 70, "dialogues/courses/frame.yaml": 0,
    "dialogues/templates/visit-checklist.yaml": 0, "dialogues/templates/visit-date.yaml": 0,
    "dialogues/templates/law-compare.yaml": 0, "dialogues/translations/tr.po": 60,
    "knowledge/data/amounts-child1.yaml": 0, "knowledge/data/laender.yaml": 30, "knowledge/data/helplines.yaml": 12,
    "knowledge/data/prisons.yaml": 9, "knowledge/data/centres.yaml": 9, "knowledge/data/matching.yaml": 0,
    "knowledge/smalltalk.yaml": 20, "knowledge/synonyms.yaml": 20, "knowledge/outside.yaml": 20,
    "knowledge/leicht.yaml": 0, "tests/conversations/tell-the-truth.yaml": 60, "knowledge/desk/canned.yaml": 0,
    "knowledge/desk/child_protection.yaml": 0, "knowledge/safety/levels.yaml": 0, "knowledge/safety/concepts.yaml": 14,
    "knowledge/safety/de/runaway.yaml": 12, "knowledge/safety/answers/answers.yaml": 0,
}  # fmt: skip
WORDS = (
    "flow", "steps", "step", "say", "ask", "kind", "slot", "keep", "options", "label", "branch", "when", "goto", "else",
    "set", "call", "with", "remind", "count", "fact", "wait", "for", "forget", "file", "send", "do", "study", "handoff",
    "retry", "why", "timeout", "after", "min", "max", "most", "id", "title", "answers", "asked", "sources", "lines",
    "hours", "days", "from", "to", "category", "alert", "check", "unless", "units", "unit", "questions", "read",
    "cases", "choices", "right", "template", "blocks", "events", "takes", "name", "text", "default", "child", "leicht",
    "x", "",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Family:
    """`share` of the bytes asked for go through its readers; `size` tells the bytes of one input."""

    name: str
    source: Callable[[Random], Iterator[Any]]
    readers: readers.Readers
    share: float = 0.1
    size: Callable[[Any], int] = inputs.size_of
    room: float = ROOM  # see `Watch`


def families(content: Content) -> list[Family]:
    """All of them. What people write gets as many bytes as were asked for, each other family a part more."""
    pictures = (*_pictures(), b"%PDF-", b"")
    sealed = (Sealer(readers.MASTER).seal(b"x" * 40, b"x"), readers.RING.new_data_key()[0], _archive(), b"")
    samples = _samples()
    sessions = tuple(onboarded(role).to_text() for role in ("caregiver", "child"))
    return [
        Family("texts", inputs.texts, readers.of_text(content), 1.0),
        Family("answers", inputs.answers, readers.of_answer(content), 0.2),
        Family("telegram", lambda chance: _changed(chance, UPDATES), readers.of_update(), 0.2, inputs.size_of_json),
        Family("matrix", lambda chance: _changed(chance, EVENTS), readers.of_event(), 0.2, inputs.size_of_json),
        Family("lines", lambda chance: inputs.lines(chance, LINES), readers.of_line(content), 0.2),
        Family("chat", lambda chance: inputs.lines(chance, LINES), readers.of_chat(content), 0.1),
        Family("content", lambda chance: inputs.files(chance, samples, WORDS), readers.of_file(), 1.0, _size_of_file),
        Family("sessions", lambda chance: _sessions(chance, sessions), {"session": readers.session_of}, 0.1),
        Family("records", lambda chance: inputs.records(chance, sealed), readers.of_record(), 0.1, len),
        Family("pictures", lambda chance: inputs.records(chance, pictures), readers.of_picture(), 0.1, len, room=1.0),
    ]  # fmt: skip


def run(family: Family, wanted: int, chance: Random) -> Watch:
    """Reads inputs of the family until `wanted` bytes went through."""
    watch = Watch(family.room)
    for given in family.source(chance):
        watch.case(family.readers, given, family.size(given))
        if watch.bytes >= wanted:
            break
    return watch


def told(name: str, watch: Watch) -> str:
    """What a family's run was, and each fault with its input."""
    head = (
        f"{name:10} {watch.bytes / 1e6:7.2f} MB {watch.cases:8} cases  slowest {1000 * watch.slowest:6.1f} ms ({watch.slowest_of})"
        f"  {100 * watch.tightest:.0f} % of what is allowed  faults {len(watch.faults)}"
    )
    return "\n".join(
        [head, *(f"    {one.reader}: {one.what}\n        {one.given!r}"[:600] for one in watch.faults.values())]
    )


def summary(watches: Iterable[Watch]) -> dict[str, float]:
    """The last line of a run."""
    ran = list(watches)
    return {
        "megabytes": round(sum(watch.bytes for watch in ran) / 1e6, 2),
        "cases": sum(watch.cases for watch in ran),
        "faults": sum(len(watch.faults) for watch in ran),
        "slowest_ms": round(1000 * max((watch.slowest for watch in ran), default=0.0), 1),
    }


def _size_of_file(given: tuple[str, str]) -> int:
    return inputs.size_of(given[1])


def _changed(chance: Random, samples: tuple[Any, ...]) -> Iterator[Any]:
    while True:
        yield inputs.changed(chance, chance.choice(samples))


def _sessions(chance: Random, samples: tuple[str, ...]) -> Iterator[str]:
    for data in inputs.records(chance, [one.encode() for one in samples]):
        yield data.decode("utf-8", "replace")


def _samples() -> tuple[tuple[str, str], ...]:
    rows = [(name, (ROOT / name).read_text(encoding="utf-8"), count) for name, count in SHIPPED.items()]
    rows += [
        (str(path.relative_to(ROOT)), path.read_text(encoding="utf-8"), 0)
        for path in sorted((ROOT / "knowledge/topics/money").glob("*.yaml"))[:2]
    ]
    return tuple((name, _beginning(text, count) if count else text) for name, text, count in rows)


def _beginning(text: str, count: int) -> str:
    """Its first lines, at least so many, up to where an entry ends."""
    rows = text.split("\n")
    while count < len(rows) and rows[count].startswith((" ", "-")):
        count += 1
    return "\n".join(rows[:count])


def _pictures() -> Iterator[bytes]:
    from PIL import Image

    for kind in ("PNG", "JPEG", "GIF", "WEBP"):
        target = io.BytesIO()
        Image.new("RGB", (8, 8), "red").save(target, kind)
        yield target.getvalue()


def _archive() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x"
        with ArchiveWriter(path, readers.MASTER, {"format": 1}) as archive:
            archive.add(b"a piece")
            archive.finish({"bytes": 7})
        return path.read_bytes()
