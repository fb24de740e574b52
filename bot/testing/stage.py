"""A messenger on a stage: the smallest store on one side, a person of the platform on the other."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from bot.errors import StoreUnavailable
from bot.ports import Address, Cursor, Inbound, Messenger, Outbound, Receipt, Retry, Sent

Feature = Literal["edit", "delete", "reply", "react", "photo", "voice", "album", "press", "leave"]

SECONDS = 20.0  # the most that a check waits for one thing
OPEN_SOURCES = {"content:visit.ics": b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n"}


class Breach(AssertionError):
    """The adapter breaks the contract; the text says how."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """A message of the bot as the person's client shows it now. `text` is without styles."""

    id: str
    text: str
    buttons: tuple[str, ...] = ()
    file: bytes | None = None
    replies_to: str = ""


class Person(Protocol):
    """Somebody in a private chat with the bot, on the platform's side. `features` names what the platform lets one do."""

    features: frozenset[Feature]

    async def say(self, text: str, reply_to: str = "") -> str:
        """Writes a message, as an answer to one of the bot's if `reply_to` names it; its id."""

    async def edit(self, message: str, text: str) -> None:
        """Changes an own message."""

    async def delete(self, message: str) -> None:
        """Deletes an own message."""

    async def react(self, message: str, emoji: str) -> None:
        """Puts an emoji under a message of the bot."""

    async def press(self, message: str, index: int) -> None:
        """Presses a button under a message of the bot, counted from 0."""

    async def send_photos(self, pictures: Sequence[bytes], caption: str = "") -> None:
        """Sends pictures, several as one album."""

    async def send_voice(self, data: bytes) -> None:
        """Sends a voice message (Ogg Opus)."""

    async def leave(self) -> None:
        """Blocks the bot or leaves the chat."""

    async def heard(self) -> list[Heard]:
        """All messages of the bot that are still there, oldest first, edits applied."""


class Bench(Protocol):
    """One account and one person who has opened a chat with it. `cursor` is where the stream stands after that."""

    person: Person
    cursor: str | None

    async def messenger(self) -> Messenger:
        """A new, not yet started adapter of the same account; its attachments come from `open_source`."""


async def open_source(source: str) -> bytes | None:
    """The attachments that the checks send."""
    return OPEN_SOURCES.get(source)


@dataclass(slots=True)
class Stage:
    """A started messenger with the smallest store: what came in, once each, and the cursor."""

    bench: Bench
    inbox: list[Inbound] = field(default_factory=list)
    cursor: str | None = None
    failing: int = 0  # so many times the store is away
    _news: asyncio.Event = field(default_factory=asyncio.Event)
    _messenger: Messenger | None = None
    _ingest: asyncio.Task[None] | None = None

    @property
    def messenger(self) -> Messenger:
        assert self._messenger is not None
        return self._messenger

    @property
    def person(self) -> Person:
        return self.bench.person

    async def start(self) -> None:
        self._messenger = await self.bench.messenger()
        await self._messenger.start(self.cursor)
        self._ingest = asyncio.create_task(self._messenger.ingest(self._sink))

    async def stop(self) -> None:
        if self._ingest is not None:
            self._ingest.cancel()
            await asyncio.gather(self._ingest, return_exceptions=True)
        if self._messenger is not None:
            await self._messenger.close()

    async def _sink(self, batch: Sequence[Inbound], cursor: Cursor | None) -> None:
        if self.failing:
            self.failing -= 1
            raise StoreUnavailable("the store is away")
        known = {inbound.external_id for inbound in self.inbox}
        self.inbox += [inbound for inbound in batch if inbound.external_id not in known]
        if cursor is not None:
            self.cursor = cursor.value
        self._news.set()

    async def gets(self, what: str, matches: Callable[[Inbound], bool]) -> Inbound:
        """The first inbound that matches, there already or yet to come."""
        try:
            async with asyncio.timeout(SECONDS):
                while True:
                    for inbound in self.inbox:
                        if matches(inbound):
                            return inbound
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            kinds = [inbound.kind for inbound in self.inbox]
            raise Breach(f"no inbound event: {what}; there were {kinds}") from None

    async def chat(self) -> Address:
        """The chat's address, learned from a message of the person."""
        words = f"Guten Tag {len(self.inbox)}"
        await self.person.say(words)
        return (await self.gets("text", lambda inbound: inbound.text == words)).address

    async def sends(self, address: Address, text: str = "", key: str = "k-1", **values: Any) -> tuple[str, ...]:
        """Sends until it is settled, waiting as the receipt asks; the external ids."""
        receipt = await self.receipt(address, text, key, **values)
        if not isinstance(receipt, Sent):
            raise Breach(f"expected Sent, got {receipt}")
        return receipt.external_ids

    async def receipt(self, address: Address, text: str = "", key: str = "k-1", **values: Any) -> Receipt:
        async with asyncio.timeout(SECONDS):
            while True:
                receipt = await self.messenger.send(Outbound(address=address, key=key, text=text, **values))
                if not isinstance(receipt, Retry):
                    return receipt
                await asyncio.sleep(receipt.after)

    async def shows(self, what: str, matches: Callable[[Heard], bool]) -> Heard:
        """The first message of the bot that the person sees and that matches."""
        try:
            async with asyncio.timeout(SECONDS):
                while True:
                    for heard in await self.person.heard():
                        if matches(heard):
                            return heard
                    await asyncio.sleep(0.1)
        except TimeoutError:
            raise Breach(f"the person does not see: {what}") from None

    async def hides(self, message: str) -> None:
        """Waits until the person does not see that message any more."""
        for _ in range(int(SECONDS / 0.1)):
            if message not in [heard.id for heard in await self.person.heard()]:
                return
            await asyncio.sleep(0.1)
        raise Breach("a deleted message is still there")
