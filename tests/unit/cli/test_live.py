"""`kavi check --live`: who stands on a step that is gone, also where lanes of the desk and the exchange lie beside."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot import app
from bot.cli.live import show_people_on_changed_steps
from bot.config import read_settings
from bot.dialogue import Session
from bot.dialogue.content import Content
from bot.dialogue.session import Frame, Part
from bot.messengers.terminal import address_of
from bot.service.conversations import Conversations
from bot.service.exchange import set_institution

NOW = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)


async def someone_stands_there(content: Content) -> None:
    first = content.flows["first-visit"]
    frames = [
        Frame(flow="long-gone", version="1", step="question"),
        Frame(flow="first-visit", version="1", step="long-gone"),
        *(Frame(flow="first-visit", version="1", step=first.steps[0].name) for _ in range(2)),
        Frame(flow="first-visit", version=first.version, step=first.steps[0].name),
    ]
    async with app.open_store(read_settings()) as store:
        for who, frame in enumerate(frames):
            session = Session(consent="1", parts={"adult": Part(audience="caregiver", frames=(frame,))})
            await app.begin_with(store, address_of(str(who)), session)
        await set_institution(store, "A1", NOW, name="Treff")
        for lane in await store.claim("w", NOW, 10):
            await store.commit(await Conversations(content, store).decide(lane, NOW))


def test_it_names_the_step_and_how_many_stand_there(
    content: Content, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KAVI_DATA_DIR", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    asyncio.run(someone_stands_there(content))
    show_people_on_changed_steps(content)
    first = content.flows["first-visit"].steps[0].name
    told = [line for line in capsys.readouterr().out.splitlines() if "stehen dort" in line]
    assert told == [
        f"first-visit.{first}: Ablauf geändert, 2 Menschen stehen dort",
        "first-visit.long-gone: Schritt entfernt, 1 Menschen stehen dort",
        "long-gone.question: Ablauf entfernt, 1 Menschen stehen dort",
    ]
