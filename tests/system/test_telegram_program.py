"""`kavi run` on Telegram: a real process against a Bot API server."""

from __future__ import annotations

import asyncio
import contextlib
import re
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.dialogue.content import Content
from bot.messengers.telegram.render import texts
from bot.ports import Address
from bot.testing.script import Script
from bot.testing.telegram import TelegramServer
from tests.servers import free_port
from tests.soak.program import Program
from tests.soak.telegram import OPENING, environment, say
from tests.system.rehearsal import in_letters, outbound, rehearse, scripts

pytestmark = pytest.mark.slow
ANYWHERE = Address(messenger="telegram", account="", chat="1")


@dataclass(slots=True)
class Running:
    """A started program with its server and its log."""

    server: TelegramServer
    program: Program
    log: Path
    environment: dict[str, str]


@pytest.fixture
async def kavi(tmp_path: Path) -> AsyncIterator[Running]:
    async with TelegramServer() as server:
        settings = environment(server, tmp_path)
        program = Program(settings, tmp_path / "kavi.log")
        await program.start()
        await program.working()
        yield Running(server, program, tmp_path / "kavi.log", settings)
        await program.stop()


@pytest.mark.parametrize("script", scripts(), ids=lambda script: script.name)
async def test_same_script_as_on_the_core_passes(kavi: Running, content: Content, script: Script) -> None:
    anna = kavi.server.person()
    heard = 0
    for step in rehearse(content, script):
        if step.kind == "start":
            anna.starts()
        else:
            await asyncio.sleep(2.2)  # what comes faster is read together with what came before
            say(anna, step.words)
        wanted = [part.text for reply in step.replies for part in texts(outbound(reply, ANYWHERE))]
        await kavi.server.until(lambda: len(anna.texts) >= heard + len(wanted), 20)  # noqa: B023  # awaited right here
        assert anna.texts[heard:] == wanted
        heard += len(wanted)


async def test_what_was_written_while_down_is_answered_in_order(kavi: Running) -> None:
    anna = kavi.server.person()
    anna.starts()
    await kavi.server.until(lambda: len(anna.texts) == 2, 20)
    assert await kavi.program.stop() == 0
    for number in range(300):
        anna.says(f"Frage {in_letters(number)}")
    await kavi.program.start()
    await kavi.server.until(lambda: len(anna.texts) == 302, 60)
    await asyncio.sleep(0.5)
    assert len(anna.texts) == 302


async def test_press_on_a_killed_bot_is_answered_after_its_restart(kavi: Running) -> None:
    anna = kavi.server.person()
    anna.starts()
    await kavi.server.until(lambda: len(anna.texts) == 2, 20)
    await kavi.program.kill()
    anna.presses(anna.received[-1], "Ich kümmere mich um ein Kind")
    await kavi.program.start()
    await kavi.server.until(lambda: "Einfacher Sprache" in anna.texts[-1], 40)
    assert anna.texts.count("Wer schreibt gerade?") in (1, 2)  # killed before the answer was written down: once more


async def test_nothing_secret_and_nobody_s_name_stands_in_the_log(kavi: Running) -> None:
    carla = kavi.server.person("Carla-Marie")
    carla.starts()
    await kavi.server.until(lambda: len(carla.texts) == 2, 20)
    carla.says("Ein ganz geheimer Satz")
    await kavi.server.until(lambda: len(carla.texts) >= 3, 20)
    log = kavi.log.read_text()
    assert "messenger_started" in log
    for secret in ("geheimer", "Carla", str(carla.id), kavi.server.token, kavi.server.token.partition(":")[2]):
        assert secret not in log, secret


async def test_revoked_token_stops_the_program_with_its_own_code(kavi: Running) -> None:
    kavi.server.revoke()
    assert await asyncio.wait_for(kavi.program.ended(), 30) == 5
    assert kavi.log.read_text().count("account_revoked") == 1
    assert kavi.server.token not in kavi.log.read_text()


async def test_doctor_finds_the_account_well(kavi: Running) -> None:
    await kavi.program.stop()
    found = await kavi.program.command("doctor")
    assert re.search(r"telegram: Konto\W+ok", found.stdout), found.stdout
    assert kavi.server.token not in found.stdout + found.stderr


async def test_picture_is_kept_only_with_consent(kavi: Running) -> None:
    anna = kavi.server.person()
    anna.starts()
    await kavi.server.until(lambda: len(anna.texts) == 2, 20)
    await asyncio.sleep(2.2)
    anna.sends("document", b"%PDF-1.4 ein Brief", "brief.pdf")
    await kavi.server.until(lambda: len(anna.texts) >= 3, 20)
    assert _blobs(kavi) == 0
    for words in OPENING:
        await asyncio.sleep(2.2)
        before = len(anna.texts)
        say(anna, words)
        await kavi.server.until(lambda: len(anna.texts) > before, 20)  # noqa: B023  # awaited right here
    await asyncio.sleep(2.2)
    before = len(anna.texts)
    anna.sends("document", b"%PDF-1.4 ein Brief", "brief.pdf")
    await kavi.server.until(lambda: len(anna.texts) > before, 20)
    assert _blobs(kavi) == 1


def _blobs(kavi: Running) -> int:
    path = next(Path(kavi.environment["KAVI_DATA_DIR"]).glob("*.sqlite"))
    with contextlib.closing(sqlite3.connect(path)) as database:
        rows = database.execute("select body from blob").fetchall()
    assert not [body for (body,) in rows if b"Brief" in body]
    return len(rows)


async def test_webhook_serves_the_whole_program(tmp_path: Path) -> None:
    port = free_port()
    hook = {
        "KAVI_TELEGRAM__WEBHOOK_URL": f"http://127.0.0.1:{port}/hook",
        "KAVI_TELEGRAM__WEBHOOK_SECRET": "geheim",
        "KAVI_TELEGRAM__WEBHOOK_LISTEN": f"127.0.0.1:{port}",
    }
    async with TelegramServer() as server:
        program = Program(environment(server, tmp_path) | hook, tmp_path / "kavi.log")
        await program.start()
        await program.working()
        anna = server.person()
        anna.starts()
        await server.until(lambda: len(anna.texts) == 2, 20)
        await program.kill()
        anna.presses(anna.received[-1], "Ich kümmere mich um ein Kind")
        await program.start()
        await server.until(lambda: "Einfacher Sprache" in anna.texts[-1], 40)
        assert await program.stop() == 0
        assert "getUpdates" not in server.calls
