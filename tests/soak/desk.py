"""`kavi run` under SIGKILLs while families and a counsellor write to each other on Telegram.

Each family has a case. It writes, the counsellor answers what arrives and leaves a note, over and over; every few rounds
she writes a draft and lets it out a while later, and sets a reminder. One more person is in danger and waits in the queue
all the time: somebody has to be called again and again, and at the end the case is taken from the queue as it stands.
Everything must arrive on the other side; Telegram knows no key for repeats, so in each chat as many repeats as kills are
allowed. A note at a family, or a word of the bot while the counsellor has the case, counts as a second voice.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from bot.testing.telegram import Group, Person, TelegramServer
from bot.testing.telegram.people import _Writer as Writer
from tests.soak import Outcome
from tests.soak.program import Program
from tests.soak.telegram import KILL_SECONDS, OPENING, PATIENCE, PAUSE, environment, say

FAMILIES = 4
CODE = re.compile(r"/anmelden (\w+)")
CASE = re.compile(r"Fall (\w{6})")
URGENT_MINUTES = 0.5  # until the next one is called
DRAFT_EVERY = 3  # rounds
REMIND_EVERY = 4


async def run(kills: int, events: int) -> Outcome:
    """Plays `events` messages of families while the bot is killed `kills` times."""
    outcome = Outcome()
    with tempfile.TemporaryDirectory(prefix="kavi-soak-") as name:
        folder = Path(name)
        async with TelegramServer() as server:
            forum = server.group("Beratung", forum=True, admin=True)
            settings = environment(server, folder) | {
                "KAVI_TELEGRAM__STAFF_CHATS": f'["{forum.id}"]',
                "KAVI_DESK__URGENT_MINUTES": str(URGENT_MINUTES), "KAVI_DESK__ANSWER_MINUTES": "1000",
            }  # fmt: skip
            program = Program(settings, folder / "kavi.log")
            await program.start()
            try:
                await _scenario(server, forum, program, settings, kills, events, outcome)
            finally:
                await program.stop()
    return outcome


async def _scenario(
    server: TelegramServer, forum: Group, program: Program, settings: dict[str, str], kills: int, events: int,
    outcome: Outcome,
) -> None:  # fmt: skip
    await program.working()
    berta = await _counsellor(server, forum, settings)
    families = [server.person(f"P{number}") for number in range(FAMILIES)]
    rooms = [await _case(server, forum, berta, person) for person in families]
    waiting = server.person("Q")
    code = await _in_danger(server, berta, waiting)
    rounds = max(1, events // FAMILIES)
    pause = max(0.5, kills * KILL_SECONDS / rounds)
    heard = [len(person.texts) for person in families]
    before, began = _calls(berta, code), asyncio.get_running_loop().time()
    async with asyncio.TaskGroup() as tasks:
        killing = tasks.create_task(program.kill_at_random(kills))
        for person, room in zip(families, rooms, strict=True):
            tasks.create_task(_talk(server, person, room, rounds, pause, outcome))
    outcome.kills = killing.result()
    seconds = asyncio.get_running_loop().time() - began
    await _end_of_waiting(server, berta, waiting, code, outcome)
    possible = seconds / (URGENT_MINUTES * 60 + KILL_SECONDS)  # each kill holds a call back by so much at most
    outcome.silent += max(0, int(possible / 2) - (_calls(berta, code) - before))
    await asyncio.sleep(3.0)
    for number, (person, room) in enumerate(zip(families, rooms, strict=True)):
        _count(outcome, person.texts[heard[number] :], room.texts, rounds)


async def _counsellor(server: TelegramServer, forum: Group, settings: dict[str, str]) -> Writer:
    """Adds somebody with the program's own command and links her account."""
    command = [sys.executable, "-m", "bot", "staff", "add", "Frau Berg", "--cap", "100"]
    done = await asyncio.to_thread(
        subprocess.run, command, env=os.environ | settings, capture_output=True, text=True, check=True
    )
    found = CODE.search(done.stdout)
    assert found is not None
    berta = forum.member("Berta")
    berta.says(found[0])
    await server.until(lambda: any("Willkommen" in text for text in berta.texts), PATIENCE)
    return berta


async def _begin(server: TelegramServer, person: Person, *lines: str) -> None:
    """Takes the person through the opening, then says these lines, each after the answer to the one before."""
    say(person, None)
    for line in (*OPENING, *lines):
        known = len(person.texts)
        await server.until(lambda known=known: len(person.texts) > known or known > 1, PATIENCE)  # type: ignore[misc]
        await asyncio.sleep(PAUSE)
        say(person, line)


async def _case(server: TelegramServer, forum: Group, berta: Writer, person: Person) -> Writer:
    """Takes the person through the opening into a case; the counsellor in its room."""
    before = set(forum.chat.topics)
    await _begin(server, person, "Mensch")
    await server.until(lambda: any("Bescheid" in text for text in person.texts), PATIENCE)
    berta.says("nehmen")
    await server.until(lambda: any("Frau Berg" in text for text in person.texts), PATIENCE)
    await server.until(lambda: len(forum.chat.topics) > len(before), PATIENCE)
    (topic,) = set(forum.chat.topics) - before
    room = forum.member("Berta", topic)
    await server.until(lambda: any("Bisher" in text for text in room.texts), PATIENCE)
    return room


async def _in_danger(server: TelegramServer, berta: Writer, person: Person) -> str:
    """Takes a person through the opening and into the queue after an alert; the case's code."""
    await _begin(server, person, "Ich will nicht mehr leben", "Mensch")
    await server.until(lambda: any("Alarm" in text for text in berta.texts), PATIENCE)
    found = CASE.search(next(text for text in reversed(berta.texts) if "Alarm" in text))
    assert found is not None
    return found[1]


def _calls(berta: Writer, code: str) -> int:
    return sum("🔔" in text and code in text for text in berta.texts)


async def _end_of_waiting(server: TelegramServer, berta: Writer, person: Person, code: str, outcome: Outcome) -> None:
    """The case still stands in the queue and can be taken."""
    before = len(person.texts)
    berta.says(f"nehmen {code}")
    try:
        await server.until(lambda: any("Frau Berg" in text for text in person.texts[before:]), PATIENCE)
    except TimeoutError:
        outcome.silent += 1


async def _draft(server: TelegramServer, person: Person, room: Writer, number: int) -> None:
    """A draft that lies there for a while and is then let out."""
    words = f"antwort {person.id} {number}."
    room.says(f"/entwurf {words}")
    await server.until(lambda: any("Entwurf" in text and words in text for text in room.texts), PATIENCE)
    await asyncio.sleep(KILL_SECONDS / 2)
    lies = next(one for one in reversed(room.received) if words in str(one.get("text")))
    room.presses(lies, "Senden")


async def _press_if_asked(server: TelegramServer, person: Person, room: Writer, words: str) -> None:
    """Who answers the copy of a message that was shown twice is asked whether it is for the family."""

    def asked() -> list[dict[str, object]]:
        return [
            one
            for one in room.received
            if "Soll das an die Familie" in str(one.get("text")) and words in str(one["text"])
        ]

    await server.until(lambda: words in person.texts or asked(), PATIENCE)
    if words not in person.texts:
        room.presses(asked()[-1], "Senden")


async def _talk(
    server: TelegramServer, person: Person, room: Writer, rounds: int, pause: float, outcome: Outcome
) -> None:
    for number in range(rounds):
        outcome.events += 1
        person.says(f"wort {person.id} {number}.")
        try:
            await server.until(lambda n=number: any(f"wort {person.id} {n}." in text for text in room.texts), PATIENCE)  # type: ignore[misc]
            shown = next(one for one in room.received if f"wort {person.id} {number}." in str(one.get("text")))
            room.says(f"notiz {number}")
            if number % REMIND_EVERY == 1:
                room.says(f"/erinnere 1m Erinnerung {number}.")
            if number % DRAFT_EVERY == 2:
                await _draft(server, person, room, number)
            else:
                room.says(f"antwort {person.id} {number}.", answering=shown)
                await _press_if_asked(server, person, room, f"antwort {person.id} {number}.")
            await server.until(lambda n=number: f"antwort {person.id} {n}." in person.texts, PATIENCE)  # type: ignore[misc]
        except TimeoutError:
            outcome.silent += 1
        await asyncio.sleep(pause)
    wanted = {f"⏰ Erinnerung: Erinnerung {number}." for number in range(rounds) if number % REMIND_EVERY == 1}
    with contextlib.suppress(TimeoutError):
        await server.until(lambda: wanted <= set(room.texts), PATIENCE)
    outcome.lost += len(wanted - set(room.texts))


def _count(outcome: Outcome, family: list[str], staff: list[str], rounds: int) -> None:
    answers = [text for text in family if text.startswith("antwort ")]
    words = [text for text in staff if "wort " in text and "antwort" not in text]
    outcome.two_voices += len(family) - len(answers)
    outcome.lost += rounds - len(set(answers))
    allowed = outcome.kills
    outcome.sent_twice += max(0, len(answers) - len(set(answers)) - allowed)
    outcome.processed_twice += max(0, len(words) - rounds - allowed)
