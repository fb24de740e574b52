"""The desk between families and counsellors: how long a word takes each way, and 200 open cases at once.

`python -m tests.bench desk [telegram|matrix|latency|many] [COUNT]`. Latency is set against the bare messenger, taken in
turns: on Telegram a relay that does nothing but getUpdates and sendMessage; on Matrix two people in one encrypted room, one
trip, and two trips, as any message that is passed on needs (Synapse and the JavaScript client are needed, else "not run").
The 200 cases share ten forums whose server takes 20 messages a minute.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import re
import statistics
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp

from bot import app
from bot.config import Settings
from bot.desk.state import Case, Member, to_text
from bot.dialogue import Session
from bot.dialogue.session import Part
from bot.machines import Place
from bot.ports import Address, Document
from bot.service.desk_records import CASE, MEMBER
from bot.testing.telegram import Group, Person, TelegramServer
from bot.testing.telegram.people import _Writer as Writer
from tests.desk.office import Office, office

ROUNDS = 40
CASES, FORUMS, BURST, MINUTES = 200, 10, 3, 3.0
PATIENCE = 600.0

Say = Callable[[str], Awaitable[None]]
"""Writes the words on one side and returns when they can be read on the other."""


async def _times(ways: dict[str, Say], rounds: int, pause: float) -> dict[str, list[float]]:
    """Milliseconds of each way, taken in turns, after a warm-up; `pause` seconds between two."""
    found: dict[str, list[float]] = defaultdict(list)
    for number in range(rounds + 3):
        for name, say in ways.items():
            begun = time.perf_counter()
            await say(f"wort {name} {number}.")
            if number >= 3:
                found[name].append((time.perf_counter() - begun) * 1000)
            await asyncio.sleep(pause)
    return found


def _told(messenger: str, times: dict[str, list[float]]) -> dict[str, float]:
    """p50 and p95 of each way in ms, and what the desk adds to the messenger's own time."""
    figures: dict[str, float] = {}
    for name, values in times.items():
        figures[f"{messenger}: {name}, p50 ms"] = round(statistics.median(values), 1)
        figures[f"{messenger}: {name}, p95 ms"] = round(sorted(values)[int(len(values) * 0.95) - 1], 1)
    for bare in (name for name in times if name.startswith("bare")):
        for name in ("to the counsellor", "to the family"):
            more = statistics.median(times[name]) - statistics.median(times[bare])
            figures[f"{messenger}: {name}, more than {bare} at p50, ms"] = round(more, 1)
    return figures


# ------------------------------------------------------------------ Telegram


async def _relay(server: TelegramServer, group: int) -> None:
    """The least a relay can do: what arrives in a private chat is sent to the group."""
    base, offset = f"{server.url}/bot{server.token}", 0
    async with aiohttp.ClientSession() as session:
        while True:
            async with session.post(f"{base}/getUpdates", json={"offset": offset, "timeout": 30}) as answer:
                updates = (await answer.json())["result"]
            for update in updates:
                offset = update["update_id"] + 1
                words = {"chat_id": group, "text": update["message"]["text"]}
                async with session.post(f"{base}/sendMessage", json=words) as answer:
                    await answer.read()


def _way(server: TelegramServer, writer: Writer, reader: Writer, sign: str = "") -> Say:
    async def say(text: str) -> None:
        writer.says(f"{sign}{text}")
        await server.until(lambda: any(text in one for one in reader.texts[-3:]), 30)

    return say


@contextlib.asynccontextmanager
async def _bare() -> AsyncIterator[Say]:
    async with TelegramServer() as server:
        group = server.group("Gruppe")
        task = asyncio.create_task(_relay(server, group.id))
        yield _way(server, server.person("A"), group.member("B"))
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def telegram_latency(rounds: int) -> dict[str, float]:
    """A family on Telegram and a counsellor in a forum, paced so that its 20 messages a minute are not used up."""
    with tempfile.TemporaryDirectory(prefix="kavi-bench-") as folder:
        async with office(Path(folder), desk={"group_budget": 20}) as made, _bare() as bare:
            berta = await made.counsellor("Frau Berg")
            anna = await made.family()
            anna.says("Mensch")
            case = await made.owned("queue")
            berta.says(f"nehmen {case.code}")
            _, room = await made.room_of(berta)
            ways = {
                "bare": bare, "to the counsellor": _way(made.server, anna, room),
                "to the family": _way(made.server, room, anna, ">> "),
            }  # fmt: skip
            return _told("telegram", await _times(ways, rounds, 1.1))


# ------------------------------------------------------------------ Matrix


async def matrix_latency(rounds: int) -> dict[str, Any]:
    """A family and a counsellor on Matrix; bare: the same two clients in a room of their own."""
    import pytest

    from tests.desk.house import SECONDS, OnMatrix, family_on, open_house
    from tests.servers.synapse import Synapse

    with tempfile.TemporaryDirectory(prefix="kavi-bench-") as name:
        folder = Path(name)
        async with contextlib.AsyncExitStack() as stack:
            try:
                synapse = Synapse(folder / "synapse")
                synapse.start()
            except pytest.skip.Exception:
                return {"matrix": "not run: no Synapse"}
            stack.callback(synapse.remove)
            house = await stack.enter_async_context(open_house(synapse, folder / "kavi"))
            anna = await family_on(house, "matrix", synapse, stack)
            assert isinstance(anna, OnMatrix)
            case = await house.office.owned("queue", SECONDS)
            await house.matrix.says(f"nehmen {case.code}")
            _, room = await house.room("matrix")
            assert isinstance(room, OnMatrix)
            invite = [anna.client.user_id]
            own = (await room.client.do("create", invite=invite, direct=False, encrypted=True))["room"]
            await anna.client.do("join", room=own)
            here = OnMatrix(anna.client, own, room.client.user_id)
            there = OnMatrix(room.client, own, anna.client.user_id)
            ways = {
                "bare": _between(there, here), "bare, passed on": _passed_on(there, here),
                "to the counsellor": _between(anna, room),
                "to the family": _between(room, anna, ">> "),
            }  # fmt: skip
            return _told("matrix", await _times(ways, rounds, 0.2))


def _between(writer: Any, reader: Any, sign: str = "") -> Say:
    async def say(text: str) -> None:
        await writer.says(f"{sign}{text}")
        await reader.reads(text)

    return say


def _passed_on(writer: Any, reader: Any) -> Say:
    async def say(text: str) -> None:
        await writer.says(text)
        await reader.reads(text)
        await reader.says(f"weiter: {text}")
        await writer.reads(f"weiter: {text}")

    return say


# ------------------------------------------------------------------ many


async def _seed(made: Office, forums: list[Group], account: str) -> list[tuple[Person, Writer, int]]:
    """Cases that are open already: family, counsellor in the topic, number of the forum."""
    store = app.open_store(made.settings)
    rows: list[tuple[Person, Writer, int]] = []
    async with store as opened:
        berta = forums[0].member("Frau Berg")
        member = Member(
            id="s-berg", alias="Frau Berg", cap=1000, presence="da", identities=(("telegram", str(berta.user["id"])),)
        )
        documents = [Document(kind=MEMBER, key=member.id, body=to_text(member))]
        for number in range(CASES):
            person = made.server.person(f"P{number}")
            person.chat.started = True
            address = Address(messenger="telegram", account=account, chat=str(person.id))
            session = Session(
                consent="1", owner="counsellor", alias="Frau Berg", parts={"adult": Part(audience="caregiver")}
            )
            await app.begin_with(opened, address, session)
            at = number % len(forums)
            topic = forums[at].opens_topic(f"Fall {number}")
            writer = Writer(forums[at].world, forums[at].chat, berta.user, topic)
            now = time.time()
            case = Case(
                code=f"C{number:05}", conversation=opened.conversation_id(address), owner="counsellor", counsellor="s-berg",
                alias=f"Ahorn {number}", opened=now, taken=now, room=1,
                place=Place("telegram", account, str(forums[at].id), str(topic)),
            )  # fmt: skip
            documents.append(
                Document(kind=CASE, key=case.code, body=to_text(case), conversation=opened.conversation_id(address))
            )
            rows.append((person, writer, at))
        await opened.put_documents(documents)
    return rows


async def many(cases: int = CASES) -> dict[str, Any]:
    """Each family writes bursts of three, each is answered once; nothing may be refused, lost or doubled."""
    with tempfile.TemporaryDirectory(prefix="kavi-bench-") as folder:
        async with TelegramServer() as server:
            forums = [server.group(f"Team {number}", forum=True, admin=True) for number in range(FORUMS)]
            ids = tuple(str(one.id) for one in forums)
            made = Office(Path(folder), server, forums[0], {"staff_chats": ids, "rate": 30.0, "chat_rate": 1.0})
            account = f"telegram:{server.token.partition(':')[0]}"
            app.load_content_for(made.settings)
            rows = (await _seed(made, forums, account))[:cases]
            await made.start()
            try:
                return await _traffic(server, rows)
            finally:
                await made.stop()


async def _traffic(server: TelegramServer, rows: list[tuple[Person, Writer, int]]) -> dict[str, Any]:
    server.limits.on = True
    posted: dict[int, list[float]] = defaultdict(list)
    chats = {writer.chat.id for _, writer, _ in rows}
    watching = asyncio.create_task(_watch(server, chats, posted))
    begun = time.perf_counter()
    chance = random.Random(5)
    talks = [_talk(server, person, writer, chance.uniform(0, MINUTES * 60)) for person, writer, _ in rows]
    delays = await asyncio.gather(*talks)
    spent = time.perf_counter() - begun
    await asyncio.sleep(1.0)
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
    there, back = [one for one, _ in delays], [one for _, one in delays]
    shown = Counter(
        line for person, writer, _ in rows for text in writer.texts for line in _words(text) if f" {person.id} " in line
    )  # fmt: skip
    all_words = sum(len(_words(text)) for _, writer, _ in rows for text in writer.texts)
    return {
        "cases": len(rows), "words of families": len(rows) * BURST, "minutes": round(spent / 60, 1),
        "messages into forums": sum(map(len, posted.values())), "most in a minute in one forum": _most(posted),
        "refused (429)": server.limits.refused, "lost": len(rows) * BURST - len(shown),
        "doubled": sum(count - 1 for count in shown.values()), "in a wrong topic": all_words - sum(shown.values()),
        "family to counsellor, p50 s": round(statistics.median(there), 2),
        "family to counsellor, longest s": round(max(there), 1),
        "counsellor to family, p50 s": round(statistics.median(back), 2),
    }  # fmt: skip


def _words(text: str) -> list[str]:
    """The families' words in a message of a topic, which may be merged ones."""
    return re.findall(r"wort \d+ \d+\.", text)


async def _talk(server: TelegramServer, person: Person, writer: Writer, after: float) -> tuple[float, float]:
    """A burst and its answer; seconds from the last word until all can be read, and from the answer until it can."""
    await asyncio.sleep(after)
    for number in range(BURST):
        person.says(f"wort {person.id} {number}.")
        begun = time.perf_counter()
        await asyncio.sleep(1.0 if number < BURST - 1 else 0)
    wanted = {f"wort {person.id} {number}." for number in range(BURST)}
    await server.until(lambda: wanted <= {line for text in writer.texts for line in _words(text)}, PATIENCE)
    there = time.perf_counter() - begun
    begun = time.perf_counter()
    writer.says(f">> antwort {person.id}.")
    await server.until(lambda: f"antwort {person.id}." in person.texts, PATIENCE)
    return there, time.perf_counter() - begun


async def _watch(server: TelegramServer, chats: set[int], posted: dict[int, list[float]]) -> None:
    """Notes when the bot's messages appear in the forums."""
    seen = {chat: set(server.world.chats[chat].messages) for chat in chats}
    own = server.world.me["id"]
    while True:
        for chat in chats:
            for number, message in list(server.world.chats[chat].messages.items()):
                if number not in seen[chat]:
                    seen[chat].add(number)
                    if message["from"]["id"] == own:
                        posted[chat].append(time.monotonic())
        await server.world.news.wait()


def _most(posted: dict[int, list[float]]) -> int:
    """The most messages that any minute of any forum held."""
    return max((sum(at <= other < at + 60 for other in times) for times in posted.values() for at in times), default=0)


async def _all(what: str, count: int) -> dict[str, Any]:
    figures: dict[str, Any] = {"at": datetime.now(UTC).isoformat(timespec="minutes")}
    if what in ("", "latency", "telegram"):
        figures |= await telegram_latency(count or ROUNDS)
    if what in ("", "latency", "matrix"):
        figures |= await matrix_latency(count or ROUNDS)
    if what in ("", "many"):
        figures |= await many(count if what == "many" and count else CASES)
    return figures


def run(rest: list[str]) -> dict[str, Any]:
    """The figures; see the module's text for the arguments."""
    app.quiet_logs(Settings())
    return asyncio.run(_all(rest[0] if rest else "", int(rest[1]) if len(rest) > 1 else 0))
