"""A whole bot in this process with a Bot API server, a forum of staff, and people on both sides."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from bot import app
from bot.config import Settings, content_root, settings_of
from bot.desk.state import Case, Desk
from bot.ports import Store
from bot.service.conversations import Conversations
from bot.service.desk_records import load
from bot.service.honest import Honest
from bot.service.program import Program
from bot.service.staff import new_code, set_member
from bot.testing.telegram import Group, Person, TelegramServer
from bot.testing.telegram.people import _Writer as Writer
from tests.servers.compiled import seed

SECONDS = 20.0
CONTENT = content_root(Settings())


class Office:
    """Everything that runs. `case()` is the newest case in the store."""

    def __init__(
        self, folder: Path, server: TelegramServer, forum: Group, telegram: Mapping[str, object] | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC), **settings: object,
    ) -> None:  # fmt: skip
        self.server, self.forum, self.folder, self.clock = server, forum, folder, clock
        self.settings = settings_of({
            "data_dir": folder, "allow_unreviewed": True, "limits": {"per_person": 0}, "matching": {"semantic": "off"},
            "telegram": {
                "token": server.token, "api_url": server.url, "rate": 0, "chat_rate": 0, "staff_chats": (str(forum.id),),
                **(telegram or {}),
            },
            **settings,
        })  # fmt: skip
        self.store: Store
        self.program: Program
        self._task: asyncio.Task[int] | None = None
        self._stack = contextlib.AsyncExitStack()

    async def start(self) -> None:
        """Starts the program as `kavi run` does."""
        app.quiet_logs(self.settings)
        await asyncio.to_thread(seed, self.folder)
        content = app.load_content_for(self.settings)
        self._stack = contextlib.AsyncExitStack()
        self.store = await self._stack.enter_async_context(app.open_store(self.settings))
        speakers = app.make_speakers(self.settings, self.store)
        for one in speakers:
            one.messenger._now = self.clock  # type: ignore[attr-defined]  # both tell the time of arrival by it
        desk = await app.open_desk(self.settings, content, self.store, speakers)
        assert desk is not None
        conversations = Conversations(content, self.store, desk=True, honest=Honest(self.store, desk.policy).content)
        self.program = Program(self.store, conversations, speakers, self.clock, desk=desk)
        self._task = asyncio.create_task(self.program.run())

    async def stop(self) -> None:
        """Stops it in good order."""
        self.program.stop.set()
        if self._task is not None:
            await self._task
        await self._stack.aclose()

    async def until(self, what: object, seconds: float = SECONDS) -> None:
        """Waits for `what()`; raises TimeoutError."""
        async with asyncio.timeout(seconds):
            while not what():  # type: ignore[operator]  # a function
                await asyncio.sleep(0.02)

    async def desk(self) -> Desk:
        """The desk as it is stored."""
        return await load(self.store)

    async def case(self) -> Case:
        """The newest case."""
        return max((await self.desk()).cases.values(), key=lambda case: case.opened)

    async def owned(self, owner: str, seconds: float = SECONDS) -> Case:
        """Waits until the newest case belongs to that owner."""
        async with asyncio.timeout(seconds):
            while True:
                cases = (await self.desk()).cases
                if cases and (case := await self.case()).owner == owner:
                    return case
                await asyncio.sleep(0.05)

    async def counsellor(self, alias: str, *roles: str, group: Group | None = None) -> Writer:
        """Somebody of the team with a linked Telegram account, writing in General."""
        code = new_code()
        id = f"s-{alias.casefold().replace(' ', '-')}"
        values = {"alias": alias, "roles": list(roles or ("counsellor",)), "active": True}
        await set_member(self.store, id, "test", self.clock(), code=code, **values)
        writer = (group or self.forum).member(alias)
        writer.says(f"/anmelden {code}")
        await self.until(lambda: any(text.startswith(f"Willkommen, {alias}") for text in writer.texts))
        return writer

    async def family(self, name: str = "Anna") -> Person:
        """A caregiver who has agreed and asks for a human."""
        person = self.server.person(name)
        person.starts()
        for wanted, answer in (
            ("Wer schreibt", "Ich kümmere mich um ein Kind"), ("Einfacher Sprache", "Normale Sprache"), ("merken", "Ja"),
        ):  # fmt: skip
            await self.until(lambda wanted=wanted: wanted in (person.texts or [""])[-1])
            person.presses(person.received[-1], answer)
            await asyncio.sleep(0.02)
        await self.until(lambda: len(person.texts) >= 4 and "merken" not in person.texts[-1])
        return person

    def topic(self, case: Case, writer: Writer) -> Writer:
        """The same counsellor, writing in the case's topic."""
        assert case.place is not None
        return self.forum.member(writer.user["first_name"], int(case.place.thread))

    async def room_of(self, writer: Writer) -> tuple[Case, Writer]:
        """Waits for the newest case's room; the case and the counsellor in it."""
        async with asyncio.timeout(SECONDS):
            while (case := await self.case()).place is None:
                await asyncio.sleep(0.05)
        return case, self.topic(case, writer)


@contextlib.asynccontextmanager
async def office(folder: Path, **settings: object) -> AsyncIterator[Office]:
    """A running office."""
    async with TelegramServer() as server:
        made = Office(folder, server, server.group("Beratung", forum=True, admin=True), **settings)
        await made.start()
        try:
            yield made
        finally:
            await made.stop()


def shown(message: dict[str, object]) -> str:
    """The text or caption of a message."""
    return str(message.get("text", message.get("caption", "")))
