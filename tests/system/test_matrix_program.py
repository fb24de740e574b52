"""`kavi run` on Matrix: a real homeserver, a real process, a client nobody here wrote."""

from __future__ import annotations

import asyncio
import itertools
import re
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.dialogue import effects as fx
from bot.dialogue.content import Content
from bot.messengers.matrix.render import text_contents
from bot.ports import Address
from bot.testing.script import Script
from tests.crisis import CRISIS, SPLIT
from tests.servers.strict_client import StrictClient
from tests.servers.synapse import Account, Synapse
from tests.soak.matrix import PlainPerson, environment
from tests.soak.program import Program
from tests.system.rehearsal import Step, in_letters, outbound, rehearse, scripts

pytestmark = [pytest.mark.server, pytest.mark.slow]
numbers = itertools.count(1)


@dataclass(slots=True)
class Running:
    """A started program with its account and its log."""

    program: Program
    account: Account
    log: Path
    environment: dict[str, str]


@pytest.fixture
async def kavi(synapse: Synapse, tmp_path: Path) -> AsyncIterator[Running]:
    account = synapse.register(f"kavi{next(numbers)}")
    settings = environment(account, synapse.url, tmp_path)
    program = Program(settings, tmp_path / "kavi.log")
    await program.start()
    await program.working()
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


@pytest.mark.parametrize("script", scripts(), ids=lambda script: script.name)
async def test_same_script_as_on_the_core_passes_in_an_encrypted_room(
    kavi: Running, synapse: Synapse, content: Content, script: Script
) -> None:
    steps = rehearse(content, script)
    person = synapse.register(f"dora{next(numbers)}")
    client = StrictClient(synapse.url, person.user_id, person.password)
    await client.start()
    answering = itertools.cycle(["number", "label", "reaction"])
    heard = 0
    try:
        room = (await client.do("create", invite=[kavi.account.user_id], direct=True, encrypted=True))["room"]
        for step in steps:
            if step.kind != "start":
                await asyncio.sleep(2.2)  # what comes faster is read together with what came before
                await answer(client, room, step, next(answering), kavi.account.user_id)
            wanted = [body for reply in step.replies for body in bodies(reply)]
            async with asyncio.timeout(40):
                while len(got := said(client, kavi.account.user_id)[heard:]) < len(wanted):
                    await asyncio.sleep(0.1)
            assert got == wanted
            heard += len(wanted)
    finally:
        await client.stop()


def bodies(reply: fx.Reply) -> list[str]:
    """What a person without HTML reads."""
    room = Address(messenger="matrix", account="", chat="")
    return [content["body"] for content in text_contents(outbound(reply, room))]


def said(client: StrictClient, bot: str) -> list[str]:
    ours = (event for event in client.events if event["sender"] == bot and event["event"] == "m.room.message")
    return list({event["id"]: event["content"].get("body", "") for event in ours if not event["failed"]}.values())


async def answer(client: StrictClient, room: str, step: Step, way: str, bot: str) -> None:
    """Types the words, or chooses in one of the three ways that Matrix offers."""
    if step.kind == "user" or way == "label":
        await client.do("send", room=room, body=step.words)
        return
    number = step.choices.index(step.words) + 1
    if way == "number":
        await client.do("send", room=room, body=f"{number}.")
        return
    lists = [event["id"] for event in client.events if event["sender"] == bot and not event["failed"]]
    await client.do("react", room=room, target=lists[-1], key=f"{number}\ufe0f\u20e3")


async def test_three_hundred_messages_while_down_are_all_answered(kavi: Running, synapse: Synapse) -> None:
    person = PlainPerson(synapse.register(f"anna{next(numbers)}"), kavi.account.user_id)
    await person.enter()
    try:
        async with asyncio.timeout(40):
            while len(person.heard()) < 2:
                await asyncio.sleep(0.2)
        assert await kavi.program.stop() == 0
        for number in range(300):
            await person.say(f"Frage {in_letters(number)}")
        await kavi.program.start()
        await asyncio.wait_for(kavi.program.working(), 8)  # a graceful end gave the account's lease back
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


async def test_danger_is_heard_in_every_kind_of_message_also_after_a_crash(kavi: Running, synapse: Synapse) -> None:
    """From the first word of a stranger on; each message raises one alert."""
    person = synapse.register(f"emma{next(numbers)}")
    room = await asyncio.to_thread(person.create_room, kavi.account.user_id)

    async def send(**content: object) -> str:
        return await asyncio.to_thread(person.event, room, "m.room.message", {"msgtype": "m.text", **content})

    async def raised(count: int) -> None:
        async with asyncio.timeout(60):
            while (found := _alerts(kavi)) < count:
                await asyncio.sleep(0.1)
        await asyncio.sleep(2.2)  # what comes faster is read together with what came before
        assert _alerts(kavi) == found == count

    await send(body=CRISIS["de"][0])
    await raised(1)
    await kavi.program.kill()
    said = await send(body=CRISIS["ru"][0])
    await kavi.program.start()
    await raised(2)
    fresh = {"msgtype": "m.text", "body": CRISIS["ar"][0]}
    await send(**{"body": "* x", "m.new_content": fresh, "m.relates_to": {"rel_type": "m.replace", "event_id": said}})
    await raised(3)
    await send(msgtype="m.image", url="mxc://localhost/none", filename="x.jpg", body=CRISIS["tr"][0])
    await raised(4)
    await send(**{"body": f"> <@x> Was?\n\n{CRISIS['uk'][0]}", "m.relates_to": {"m.in_reply_to": {"event_id": said}}})
    await raised(5)
    for words in SPLIT["en"]:
        await send(body=words)
    await raised(6)


def _alerts(kavi: Running) -> int:
    with sqlite3.connect(Path(kavi.environment["KAVI_DATA_DIR"]) / "kavi.sqlite") as db:
        count: int = db.execute("SELECT count(*) FROM alert WHERE level = 'alert'").fetchone()[0]
    db.close()
    return count


async def test_ended_session_stops_the_program_with_its_own_code(kavi: Running) -> None:
    kavi.account.call("POST", "/logout/all")
    assert await asyncio.wait_for(kavi.program.ended(), 60) == 5
    assert kavi.log.read_text().count("account_revoked") == 1


async def test_doctor_finds_the_account_well(kavi: Running) -> None:
    busy = await kavi.program.command("doctor")
    assert "Mit diesem Konto" in busy.stdout
    await kavi.program.stop()
    found = await kavi.program.command("doctor")
    assert re.search(r"matrix: Konto\W+ok", found.stdout), found.stdout
    assert re.search(r"matrix: Server\W+ok", found.stdout), found.stdout
    assert re.search(r"matrix: Verschlüsselung\W+ok", found.stdout), found.stdout
