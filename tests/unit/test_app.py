"""From settings to running parts: what is joined, what is refused in a sentence, and what is left alone."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot import app
from bot.app.content import refuse_unsigned
from bot.app.program import claim_folder
from bot.config import Settings, settings_of
from bot.dialogue import Session
from bot.dialogue.content import Content
from bot.dialogue.session import Part
from bot.errors import ConfigError
from bot.messengers.terminal import address_of
from bot.ports import Inbound
from bot.storage.memory import MemoryStore

NOON = datetime(2026, 11, 24, 11, 0, tzinfo=UTC)
TOKEN = "1:" + "a" * 35


def test_a_safety_answer_that_nobody_signed_is_refused_unless_it_is_allowed() -> None:
    unsigned = Content(unsigned=("knowledge/data/helplines.yaml:4", "knowledge/data/helplines.yaml:5"))
    with pytest.raises(ConfigError) as refused:
        refuse_unsigned(unsigned, Settings())
    assert str(refused.value).startswith(
        "2 Sicherheits-Antworten oder Hilfe-Nummern hat noch niemand vom Fach unterschrieben"
    )
    assert "(die erste: knowledge/data/helplines.yaml:4)" in str(refused.value)
    assert refused.value.exit_code == 2
    refuse_unsigned(unsigned, Settings(allow_unreviewed=True))
    refuse_unsigned(Content(), Settings())


# ------------------------------------------------------------------ one folder, one name


def test_a_restart_takes_over_the_name_and_a_second_process_gets_its_own(tmp_path: Path) -> None:
    first = claim_folder(tmp_path / "data")
    second = claim_folder(tmp_path / "data")
    assert second != first, "the first still lives"
    assert claim_folder(tmp_path / "data") not in (first, second)
    (held,) = [fd for fd in map(int, os.listdir("/proc/self/fd")) if _file(fd) == str(tmp_path / "data/process.lock")]
    os.close(held)  # as the system does when a process ends
    assert claim_folder(tmp_path / "data") == first


def _file(descriptor: int) -> str:
    try:
        return os.readlink(f"/proc/self/fd/{descriptor}")
    except FileNotFoundError:  # it was only open to list the others
        return ""


# ------------------------------------------------------------------ messengers


def test_each_configured_messenger_speaks_at_its_own_rate(tmp_path: Path) -> None:
    settings = settings_of({
        "data_dir": str(tmp_path),
        "telegram": {"token": TOKEN, "rate": 20, "chat_rate": 0.5},
        "matrix": {"homeserver": "https://m.example", "user_id": "@kavi:m.example", "password": "p", "rate": 0.1},
    })  # fmt: skip
    telegram, matrix = app.make_speakers(settings, MemoryStore())
    assert (telegram.messenger.name, telegram.rate, telegram.chat_rate) == ("telegram", 20.0, 0.5)
    assert telegram.messenger.account == "telegram:1"
    assert (matrix.messenger.name, matrix.rate, matrix.chat_rate) == ("matrix", 0.1, 0.0)


def test_half_a_matrix_account_and_none_at_all_are_refused(tmp_path: Path) -> None:
    half = settings_of({"data_dir": str(tmp_path), "matrix": {"homeserver": "https://m.example"}})
    with pytest.raises(ConfigError):
        app.make_speakers(half, MemoryStore())
    with pytest.raises(ConfigError, match=r"Es ist kein Messenger eingestellt\. Setzen Sie KAVI_TELEGRAM__TOKEN"):
        app.make_speakers(Settings(data_dir=tmp_path), MemoryStore())


# ------------------------------------------------------------------ what is sent along


async def test_attachments_come_from_the_content_or_the_store_and_from_nowhere_else(tmp_path: Path) -> None:
    (tmp_path / "content" / "dialogues" / "pictures").mkdir(parents=True)
    (tmp_path / "content" / "dialogues" / "pictures" / "star.png").write_bytes(b"star")
    (tmp_path / "secret").write_bytes(b"key")
    open_source = app.open_source_for(Settings(data_dir=tmp_path, content_dir=tmp_path / "content"), MemoryStore())
    assert await open_source("content:pictures/star.png") == b"star"
    assert await open_source("content:pictures/moon.png") is None
    assert await open_source("content:pictures") is None
    assert await open_source("content:../../secret") is None
    assert await open_source(f"content:{tmp_path / 'secret'}") is None
    assert await open_source("blob:unknown") is None


# ------------------------------------------------------------------ the store


def test_a_store_of_no_known_kind_or_without_its_driver_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(url: str) -> str:
        with pytest.raises(ConfigError) as told:
            app.make_store(settings_of({"data_dir": str(tmp_path), "store": {"url": url}}))
        return str(told.value)

    assert refused("mysql://x") == "KAVI_STORE__URL=mysql://…: möglich sind sqlite:///pfad und postgresql://…."
    monkeypatch.delitem(sys.modules, "bot.storage.postgres", raising=False)
    monkeypatch.setitem(sys.modules, "asyncpg", None)  # as where the extra is not installed
    for name in [name for name in sys.modules if name.startswith("bot.storage.postgres")]:
        monkeypatch.delitem(sys.modules, name)
    assert refused("postgresql://kavi@127.0.0.1/kavi") == (
        "Für PostgreSQL fehlt der Treiber: pip install 'kavi-bot[postgres]'."
    )


async def test_a_talk_that_begins_with_a_role_leaves_what_others_wrote_waiting() -> None:
    store, begun = MemoryStore(), Session(consent="1", parts={"adult": Part(audience="caregiver")})
    await store.receive([Inbound(address=address_of("ben"), external_id="1", kind="text", at=NOON, text="?")], None)
    await app.begin_with(store, address_of("anna"), begun)
    told = await store.session_of(store.conversation_id(address_of("anna")))
    assert told is not None
    assert Session.from_text(told) == begun
    (lane,) = await store.claim("w", datetime.now(UTC), 10)
    assert [row.inbound.text for row in lane.inbox] == ["?"]
    assert lane.address == address_of("ben")
