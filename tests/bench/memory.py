"""What 10,000 open conversations cost: their sessions in memory, in their stored form, and in the embedded store's file."""

from __future__ import annotations

import asyncio
import gc
import resource
import tempfile
from pathlib import Path
from typing import Any

from bot import app
from bot.config import Settings
from bot.dialogue import Session, events, turn, understand
from bot.dialogue.content import Content
from bot.ports import Address
from bot.testing.talk import MINUTE, START

COUNT = 10_000
SAID = ("2", "1", "ja", "1", "bayern")


def _open_session(content: Content) -> Session:
    """A person in the middle of planning a visit."""
    at = START
    session = turn(content, Session(), events.Started(at=at)).session
    for text in SAID:
        at += MINUTE
        known = understand(content, session, text, at)
        session = turn(content, session, events.Said(at=at, text=text, message="m", understanding=known)).session
    assert session.part.slots, "somebody in the middle of a flow"
    return session


def _resident() -> int:
    """Bytes of this process in memory now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()


async def _stored(settings: Settings, session: Session) -> int:
    async with app.open_store(settings) as store:
        for number in range(COUNT):
            await app.begin_with(store, Address(messenger="bench", account="bench:1", chat=f"c{number}"), session)
    return sum(path.stat().st_size for path in settings.data_dir.rglob("*") if path.is_file())


def run(rest: list[str]) -> dict[str, Any]:
    """Figures in KiB a conversation and MiB for all."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data_dir=Path(folder))
        app.quiet_logs(settings)
        content = app.load_content_for(settings)
        text = _open_session(content).to_text()
        gc.collect()
        before = _resident()
        sessions = [Session.from_text(text) for _ in range(COUNT)]
        held = _resident() - before
        empty = sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file())
        on_disk = asyncio.run(_stored(settings, sessions[0])) - empty
    return {
        f"{COUNT} open conversations in memory MiB": round(held / 2**20, 1),
        "one in memory KiB": round(held / COUNT / 1024, 2),
        "one in its stored form KiB": round(len(text.encode()) / 1024, 2),
        "one in the store's files KiB": round(on_disk / COUNT / 1024, 2),
        "process with the content MiB": round(before / 2**20, 1),
    }
