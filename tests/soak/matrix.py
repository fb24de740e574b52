"""`kavi run` on a real homeserver under SIGKILLs, with a network that answers 429 and 502 and drops connections.

One person talks to an undisturbed bot first; what all others get under kills must be the same, message for message.
"""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Protocol

import aiohttp

from tests.servers import free_port
from tests.servers.faulty_proxy import FaultyProxy
from tests.servers.strict_client import StrictClient
from tests.servers.synapse import Account, Synapse
from tests.soak import Outcome
from tests.soak.compare import count
from tests.soak.program import Program

PEOPLE = 8
STRICT_PEOPLE = 1  # with encryption
QUIET = 3.2  # seconds of silence after which the undisturbed bot has said all: some replies wait two seconds; more than PAUSE
PATIENCE = 150.0  # seconds for an answer under kills
PAUSE = 2.2  # seconds between two messages of one person: what comes faster is read together
KILL_SECONDS = 6.0  # from kill to kill, half of it the start: people talk all the while
OPENING = ("2", "1", "1")  # a caregiver, in normal language, who agrees
LINES = (
    "Menü", "Besuch anmelden", "Wie viel Geld darf ich schicken?", "danke", "xyzzy plugh", "Hilfe",
    "Was darf ich mitbringen?", "nein", "Telefonieren mit Papa",
)  # fmt: skip


class Person(Protocol):
    """Somebody in a direct room with the bot."""

    async def say(self, text: str) -> None: ...

    def heard(self) -> list[str]:
        """What the bot has written so far, in the order of the room."""


class PlainPerson:
    """Without encryption, over plain requests; a sync loop of its own collects what the bot writes."""

    def __init__(self, account: Account, bot: str) -> None:
        self._account, self._bot = account, bot
        self._seen: dict[str, str] = {}
        self.room = ""

    async def enter(self) -> None:
        self.room = await asyncio.to_thread(self._account.create_room, self._bot)
        self._listener = asyncio.create_task(self._listen())

    async def leave(self) -> None:
        self._listener.cancel()
        await asyncio.gather(self._listener, return_exceptions=True)

    async def say(self, text: str) -> None:
        await asyncio.to_thread(self._account.say, self.room, text)

    def heard(self) -> list[str]:
        return list(self._seen.values())

    async def _listen(self) -> None:
        url = f"{self._account.server.url}/_matrix/client/v3/sync"
        headers = {"Authorization": f"Bearer {self._account.token}"}
        since: dict[str, str] = {}
        async with aiohttp.ClientSession(headers=headers) as session:
            while True:
                async with session.get(url, params={"timeout": "20000"} | since) as response:
                    answer = await response.json()
                since = {"since": answer["next_batch"]}
                room = answer.get("rooms", {}).get("join", {}).get(self.room, {})
                for event in room.get("timeline", {}).get("events", []):
                    if event["type"] == "m.room.message" and event["sender"] == self._bot:
                        self._seen.setdefault(event["event_id"], event["content"].get("body", ""))


class StrictPerson:
    """With encryption and today's rules, through matrix-js-sdk."""

    def __init__(self, client: StrictClient, bot: str) -> None:
        self._client, self._bot = client, bot
        self.room = ""

    async def enter(self) -> None:
        await self._client.start()
        made = await self._client.do("create", invite=[self._bot], direct=True, encrypted=True)
        self.room = made["room"]

    async def leave(self) -> None:
        await self._client.stop()

    async def say(self, text: str) -> None:
        await self._client.do("send", room=self.room, body=text)

    def heard(self) -> list[str]:
        seen = {
            event["id"]: event["content"].get("body", "")
            for event in self._client.events
            if event["sender"] == self._bot and event["event"] == "m.room.message" and not event["failed"]
        }
        return list(seen.values())


async def _settled(person: Person) -> int:
    """How many messages the person has once the undisturbed bot has said all."""
    known, quiet = len(person.heard()), 0.0
    while quiet < QUIET or known == 0:
        await asyncio.sleep(0.1)
        quiet += 0.1
        if len(person.heard()) != known:
            known, quiet = len(person.heard()), 0.0
    return known


async def _reference(person: Person, lines: list[str]) -> list[int]:
    """Plays the script undisturbed; how many messages there are after the start and after each line."""
    steps = [await _settled(person)]
    for line in lines:
        await person.say(line)
        steps.append(await _settled(person))
    return steps


async def _play(person: Person, lines: list[str], steps: list[int], pause: float, outcome: Outcome) -> None:
    """Plays the script under kills, each line after the answer to the one before."""
    await _wait(person, steps[0], outcome)
    for line, wanted in zip(lines, steps[1:], strict=True):
        await asyncio.sleep(pause)
        await person.say(line)
        outcome.events += 1
        await _wait(person, wanted, outcome)


async def _wait(person: Person, wanted: int, outcome: Outcome) -> None:
    try:
        async with asyncio.timeout(PATIENCE):
            while len(person.heard()) < wanted:
                await asyncio.sleep(0.2)
    except TimeoutError:
        outcome.silent += 1


def environment(account: Account, homeserver: str, folder: Path) -> dict[str, str]:
    """The settings of `kavi run` for this account."""
    return {
        "KAVI_DATA_DIR": str(folder / "data"), "KAVI_MATRIX__HOMESERVER": homeserver,
        "KAVI_MATRIX__USER_ID": account.user_id, "KAVI_MATRIX__PASSWORD": account.password, "KAVI_MATRIX__RATE": "0",
        "KAVI_ALLOW_UNREVIEWED": "true", "KAVI_LIMITS__PER_PERSON": "0", "KAVI_MATCHING__SEMANTIC": "off",
        "KAVI_LOG__FORMAT": "json",
    }  # fmt: skip


@contextlib.asynccontextmanager
async def _world(folder: Path) -> AsyncIterator[tuple[Synapse, FaultyProxy]]:
    server = Synapse(folder / "synapse", port=free_port())
    await asyncio.to_thread(server.start)
    proxy = FaultyProxy(server.url)
    await proxy.start()
    try:
        yield server, proxy
    finally:
        await proxy.stop()
        await asyncio.to_thread(server.remove)


async def run(kills: int, events: int, *, adapter_only: bool = False) -> Outcome:
    """Plays all people at once while the bot is killed `kills` times.

    `adapter_only` puts the smallest durable bot around the adapter in the place of `kavi run`.
    """
    outcome = Outcome()
    people = PEOPLE + STRICT_PEOPLE
    rounds = max(1, -(-events // (people * len(LINES))))
    lines = [*OPENING, *(list(LINES) * rounds)]
    with tempfile.TemporaryDirectory(prefix="kavi-soak-") as name:
        folder = Path(name)
        async with _world(folder) as (server, proxy):
            account = await asyncio.to_thread(server.register, "kavi")
            echo = ("-m", "tests.soak.echo_program", proxy.url, account.user_id, account.password, str(folder))
            command = echo if adapter_only else ("-m", "bot", "run")
            program = Program(environment(account, proxy.url, folder), folder / "kavi.log", command)
            await program.start()
            try:
                await _scenario(server, proxy, account.user_id, program, lines, kills, outcome)
            except Exception:
                print((folder / "kavi.log").read_text(errors="replace")[-4000:], flush=True)
                raise
            finally:
                await program.stop()
    return outcome


async def _scenario(
    server: Synapse, proxy: FaultyProxy, bot: str, program: Program, lines: list[str], kills: int, outcome: Outcome
) -> None:
    model = PlainPerson(await asyncio.to_thread(server.register, "model"), bot)
    await model.enter()
    steps = await _reference(model, lines)
    wanted = model.heard()
    await model.leave()
    proxy.share = 0.05
    crowd: list[Any] = [PlainPerson(server.register(f"p{number}"), bot) for number in range(PEOPLE)]
    for number in range(STRICT_PEOPLE):
        person = server.register(f"s{number}")
        crowd.append(StrictPerson(StrictClient(server.url, person.user_id, person.password), bot))
    for person in crowd:
        await person.enter()
    pause = max(PAUSE, kills * KILL_SECONDS / len(lines))
    try:
        async with asyncio.TaskGroup() as tasks:  # a program that ends by itself ends the run
            killing = tasks.create_task(program.kill_at_random(kills))
            for person in crowd:
                tasks.create_task(_play(person, lines, steps, pause, outcome))
        outcome.kills = killing.result()
        await asyncio.sleep(QUIET)
        for person in crowd:
            count(outcome, wanted, person.heard())
    finally:
        for person in crowd:
            await person.leave()
