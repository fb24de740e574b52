"""`kavi run` on Matrix: a real homeserver, a real process, a client nobody here wrote."""

from __future__ import annotations

import asyncio
import itertools
import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.servers.strict_client import StrictClient
from tests.servers.synapse import Account, Synapse
from tests.soak.matrix import PlainPerson, environment
from tests.soak.program import Program

pytestmark = [pytest.mark.server, pytest.mark.slow]
numbers = itertools.count(1)


@dataclass(slots=True)
class Running:
    """A started program with its account and its log."""

    program: Program
    account: Account
    log: Path
    environment: dict[str, str]

    async def kavi(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Another `kavi` command with the same settings."""
        command = [sys.executable, "-m", "bot", *arguments]
        return await asyncio.to_thread(
            subprocess.run, command, env=os.environ | self.environment, capture_output=True, text=True, check=False
        )


@pytest.fixture
async def kavi(synapse: Synapse, tmp_path: Path) -> AsyncIterator[Running]:
    account = synapse.register(f"kavi{next(numbers)}")
    settings = environment(account, synapse.url, tmp_path)
    program = Program(settings, tmp_path / "kavi.log")
    await program.start()
    await program.working(1)
    yield Running(program, account, tmp_path / "kavi.log", settings)
    await program.stop()


async def test_encrypted_opening_goes_on_after_a_crash(kavi: Running, synapse: Synapse) -> None:
    person = synapse.register(f"berta{next(numbers)}")
    client = StrictClient(synapse.url, person.user_id, person.password)
    await client.start()
    try:
        room = (await client.do("create", invite=[kavi.account.user_id], direct=True, encrypted=True))["room"]
        question = await client.wait_for(lambda event: "Wer schreibt" in event["content"].get("body", ""), 40)
        assert question["wire"] == "m.room.encrypted"
        assert "\n2. Ich kümmere mich um ein Kind\n" in question["content"]["body"]
        await client.do("react", room=room, target=question["id"], key="2\ufe0f\u20e3")
        await client.wait_for(lambda event: "Einfacher Sprache" in event["content"].get("body", ""), 40)

        await kavi.program.kill()
        await client.do("send", room=room, body="normale sprache")  # the label, typed, while nobody is there
        await kavi.program.start()
        await client.wait_for(lambda event: "Darf ich mir merken" in event["content"].get("body", ""), 90)
    finally:
        await client.stop()


async def test_three_hundred_messages_while_down_are_all_answered(kavi: Running, synapse: Synapse) -> None:
    person = PlainPerson(synapse.register(f"anna{next(numbers)}"), kavi.account.user_id)
    await person.enter()
    try:
        async with asyncio.timeout(40):
            while len(person.heard()) < 2:
                await asyncio.sleep(0.2)
        assert await kavi.program.stop() == 0
        for number in range(300):
            await person.say(f"Frage {number}")
        await kavi.program.start()
        async with asyncio.timeout(90):
            while len(person.heard()) < 302:
                await asyncio.sleep(0.5)
        await asyncio.sleep(1.0)
        assert len(person.heard()) == 302
    finally:
        await person.leave()


async def test_nothing_secret_and_nobody_s_name_stands_in_the_log(kavi: Running, synapse: Synapse) -> None:
    person = PlainPerson(synapse.register(f"carla{next(numbers)}"), kavi.account.user_id)
    await person.enter()
    try:
        async with asyncio.timeout(40):
            while len(person.heard()) < 2:
                await asyncio.sleep(0.2)
        await person.say("Ein ganz geheimer Satz")
        async with asyncio.timeout(40):
            while len(person.heard()) < 3:
                await asyncio.sleep(0.2)
    finally:
        await person.leave()
    log = kavi.log.read_text()
    assert "messenger_started" in log
    for secret in ("geheimer", person.room, "carla", "@", "syt_", kavi.account.password, kavi.account.token):
        assert secret not in log, secret
    assert not re.search(r"[!$#][\w-]{20,}", log), "no room and no event is named"


async def test_ended_session_stops_the_program_with_its_own_code(kavi: Running) -> None:
    kavi.account.call("POST", "/logout/all")
    assert await asyncio.wait_for(kavi.program.ended(), 60) == 5
    assert kavi.log.read_text().count("account_revoked") == 1


async def test_doctor_finds_the_account_well(kavi: Running) -> None:
    busy = await kavi.kavi("doctor")
    assert "Another process" in busy.stdout
    await kavi.program.stop()
    found = await kavi.kavi("doctor")
    assert re.search(r"matrix: account\W+ok", found.stdout), found.stdout
    assert re.search(r"matrix: encryption\W+ok", found.stdout), found.stdout
