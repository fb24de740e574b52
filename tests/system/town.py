"""Professionals, services and families, each in a chat of its own on one store; the test moves the clock."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from bot import app
from bot.config import Settings
from bot.dialogue.content import Content
from bot.messengers.terminal import TerminalMessenger, address_of
from bot.ports import Address, Inbound, Outbound, Store
from bot.service.conversations import Conversations
from bot.service.exchange import set_institution
from bot.service.pump import pass_time, pump
from bot.testing.script import onboarded
from bot.testing.talk import START
from bot.vault.codes import hash_of

ROLES = {
    "prison": "staff",
    "office": "staff",
    "service": "staff",
    "other": "staff",
    "stranger2": "staff",
    "mother": "caregiver",
    "stranger": "caregiver",
}
NEED = "Vater seit März in Haft. Die Tochter schläft schlecht und sucht jemanden zum Reden."


@dataclass
class Town:
    """Everybody's chats on one store, with a clock that the test moves."""

    store: Store
    conversations: Conversations
    now: datetime = START
    heard: dict[str, list[Outbound]] = field(default_factory=lambda: defaultdict(list))
    said: int = 0

    @property
    def messenger(self) -> TerminalMessenger:
        return TerminalMessenger(lambda outbound: self.heard[outbound.address.chat].append(outbound))

    def address(self, who: str) -> Address:
        return address_of(who)

    async def say(self, who: str, text: str) -> str:
        """Somebody writes; what that person hears then, in one text."""
        self.said += 1
        self.now += timedelta(minutes=1)
        self.heard[who].clear()
        inbound = Inbound(
            address=self.address(who), external_id=f"{who}-{self.said}", kind="text", at=self.now, sender=who, text=text,
            message=f"m{self.said}",
        )  # fmt: skip
        await self.store.receive([inbound], None)
        await pump(self.store, self.conversations.decide, self.messenger, self.now)
        return self.news(who)

    async def wait(self, **time: float) -> None:
        """Time passes; everything said before is forgotten by the test."""
        self.heard.clear()
        self.now = await pass_time(self.store, self.conversations.decide, self.messenger, self.now, timedelta(**time))

    def news(self, who: str) -> str:
        """What this person has heard since it last wrote."""
        return "\n".join([one.text + "".join(f"\n- {label}" for label in one.choices) for one in self.heard[who]])

    async def institution(self, id: str, name: str, who: str, **values: object) -> None:
        """The operator adds a service, and one of its people joins with the one-time code."""
        code_until = (self.now + timedelta(days=7)).timestamp()
        await set_institution(
            self.store, id, self.now, name=name, code_hash=hash_of(f"CODE{id}"), code_until=code_until, **values
        )
        await self.say(who, "einrichtung anmelden")
        assert f"gehört jetzt zu **{name}**" in await self.say(who, f"code-{id}".lower())
        self.heard.clear()

    async def refer(self, who: str, land: str = "Hessen") -> str:
        """A professional describes a need and chooses the first service; the family's code."""
        for text in ("vermitteln", land, "beratung", "6 bis 9", "in den nächsten Wochen", NEED):
            heard = await self.say(who, text)
        assert "Welche soll es sein?" in heard
        heard = await self.say(who, "1")
        found = re.search(r"Code für die Familie: \*{0,2}([0-9A-Z]{8})", heard)
        assert found, heard
        return found[1]

    async def agree(self, code: str, contact: str = "überspringen") -> str:
        """The family enters the code, reads, agrees."""
        await self.say("mother", "vermittlungscode")
        heard = await self.say("mother", f"{code[:4].lower()} {code[4:]}")
        assert NEED in heard
        await self.say("mother", "ja")
        return await self.say("mother", contact)


@asynccontextmanager
async def open_town(content: Content, folder: Path) -> AsyncIterator[Town]:
    """A town with everybody's chat begun and one service, `Treff am Fluss`, whose person has joined."""
    settings = Settings(data_dir=folder)
    async with app.open_store(settings) as store:
        made = Town(store, Conversations(content, store))
        for who, audience in ROLES.items():
            await app.begin_with(store, made.address(who), onboarded(audience))
        await made.institution("A1", "Treff am Fluss", "service", kinds=["Beratung", "Gruppe"], laender=["HE"])
        yield made
