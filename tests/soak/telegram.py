"""`kavi run` on a Bot API server under SIGKILLs, with a server that answers 429 and 502 and drops connections.

One person talks to an undisturbed bot first; all others must get the same under kills. Telegram knows no key that makes
a repeat harmless: a message may come twice when the bot was killed, or the connection dropped, between acceptance and
answer. So in each chat as many repeats are allowed as there were kills and dropped answers; every further one is counted.
"""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from bot.testing.telegram import Person, TelegramServer
from tests.soak import Outcome
from tests.soak.program import Program

PEOPLE = 10
FAULTS = 0.05  # the share of calls that go wrong
QUIET = 1.2  # seconds without a further message after which the undisturbed bot has said all
PATIENCE = 150.0  # seconds for an answer under kills
PAUSE = 2.2  # seconds between two messages of one person: what comes faster is read together
KILL_SECONDS = 6.0  # from kill to kill, half of it the start
OPENING = ("Ich kümmere mich um ein Kind", "Normale Sprache", "Ja")
LINES = (
    "Menü", "Besuch anmelden", "Wie viel Geld darf ich schicken?", "danke", "xyzzy plugh", "Hilfe",
    "Was darf ich mitbringen?", "nein", "Telefonieren mit Papa",
)  # fmt: skip


def environment(server: TelegramServer, folder: Path) -> dict[str, str]:
    """The settings of `kavi run` for this bot."""
    return {
        "KAVI_DATA_DIR": str(folder / "data"), "KAVI_TELEGRAM__TOKEN": server.token,
        "KAVI_TELEGRAM__API_URL": server.url, "KAVI_TELEGRAM__RATE": "0", "KAVI_TELEGRAM__CHAT_RATE": "0",
        "KAVI_ALLOW_UNREVIEWED": "true", "KAVI_LIMITS__PER_PERSON": "0", "KAVI_MATCHING__SEMANTIC": "off",
        "KAVI_LOG__FORMAT": "json",
    }  # fmt: skip


async def run(kills: int, events: int) -> Outcome:
    """Plays all people at once while the bot is killed `kills` times."""
    outcome = Outcome()
    rounds = max(1, -(-events // (PEOPLE * len(LINES))))
    lines = list(LINES) * rounds
    with tempfile.TemporaryDirectory(prefix="kavi-soak-") as name:
        folder = Path(name)
        async with TelegramServer() as server:
            program = Program(environment(server, folder), folder / "kavi.log")
            await program.start()
            try:
                await _scenario(server, program, lines, kills, outcome)
            finally:
                await program.stop()
    return outcome


async def _scenario(server: TelegramServer, program: Program, lines: list[str], kills: int, outcome: Outcome) -> None:
    model = server.person("Model")
    steps = [await _said_all(model, None)]
    for line in (*OPENING, *lines):
        steps.append(await _said_all(model, line))
    server.faults.chaos(FAULTS, ("429", "502", "drop_after"))
    crowd = [server.person(f"P{number}") for number in range(PEOPLE)]
    pause = max(PAUSE, kills * KILL_SECONDS / len(lines))
    async with asyncio.TaskGroup() as tasks:
        killing = tasks.create_task(program.kill_at_random(kills))
        for person in crowd:
            tasks.create_task(_play(server, person, lines, model.texts, steps, pause, outcome))
    outcome.kills = killing.result()
    server.faults.calm()
    await asyncio.sleep(QUIET)
    repeated = [align(model.texts, person.texts)[1] for person in crowd]
    print({"faults": dict(server.faults.happened), "repeats in each chat": repeated}, flush=True)
    for person in crowd:
        count(outcome, model.texts, person.texts, outcome.kills + server.unanswered[person.id])


async def _said_all(person: Person, line: str | None) -> int:
    """Says the line to the undisturbed bot; how many messages the person has when it has said all."""
    before = len(person.texts)
    say(person, line)
    known, quiet = before, 0.0
    while quiet < QUIET or known == before:
        await asyncio.sleep(0.1)
        quiet += 0.1
        if len(person.texts) != known:
            known, quiet = len(person.texts), 0.0
    return known


def say(person: Person, line: str | None) -> None:
    """Starts, presses the button with these words if the last message has it, or writes them."""
    if line is None:
        person.starts()
        return
    last = person.received[-1] if person.received else {}
    rows = last.get("reply_markup", {}).get("inline_keyboard", [])
    if line in [button["text"] for row in rows for button in row]:
        person.presses(last, line)
    else:
        person.says(line)


async def _play(
    server: TelegramServer, person: Person, lines: list[str], model: list[str], steps: list[int], pause: float,
    outcome: Outcome,
) -> None:  # fmt: skip
    """Plays the script under kills, each line after the answer to the one before."""
    for number, line in enumerate((None, *OPENING, *lines)):
        if number:
            await asyncio.sleep(PAUSE if number <= len(OPENING) else pause)
            outcome.events += 1
        say(person, line)
        wanted = steps[number]
        try:
            await server.until(lambda: align(model, person.texts)[0] >= wanted, PATIENCE)  # noqa: B023  # awaited here
        except TimeoutError:
            outcome.silent += 1


def align(wanted: list[str], got: list[str]) -> tuple[int, int, int]:
    """How far `got` follows `wanted`, how often a text came again directly, and how many texts have no place there."""
    at = repeats = strays = 0
    for text in got:
        if at < len(wanted) and text == wanted[at]:
            at += 1
        elif at and text == wanted[at - 1]:
            repeats += 1
        else:
            strays += 1
    return at, repeats, strays


def count(outcome: Outcome, wanted: list[str], got: list[str], allowed: int) -> None:
    """Adds what is missing, what is there without a reason, and repeats beyond the allowed."""
    at, repeats, strays = align(wanted, got)
    outcome.lost += len(wanted) - at
    outcome.processed_twice += strays
    outcome.sent_twice += max(0, repeats - allowed)
