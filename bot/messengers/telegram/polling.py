"""Our own getUpdates loop: what came is stored before it is acknowledged, and the offset is kept nowhere.

The library's Updater acknowledges what it only holds in memory. A stored offset can swallow messages: after a week
without updates Telegram draws the next number at random. So the first request names no offset, the one after a stored
batch acknowledges it, and after an empty answer the number is forgotten again.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from telegram.error import Conflict, InvalidToken, TelegramError

from bot.errors import MessengerError, Revoked, StoreUnavailable
from bot.messengers.telegram.receipts import REVOKED
from bot.messengers.telegram.transport import AiohttpRequest, TooMany

BATCH = 100
GRACE = 10.0  # seconds that an answer may take beyond the long poll
LONGEST_PAUSE = 60.0
SILENCE = 180.0  # seconds without an answer after which all connections are thrown away
CONFLICTS = 3
CONFLICT = (
    "Ein anderes Programm holt die Nachrichten dieses Bots ab (409). Nur eines darf laufen: Halten Sie das andere an, "
    "oder geben Sie der Testfassung ein eigenes Token."
)

Take = Callable[[Sequence[Mapping[str, Any]]], Awaitable[None]]
"""Stores a batch durably, then returns."""


class Poller:
    """Reads updates until cancelled."""

    def __init__(
        self, transport: AiohttpRequest, url: str, allowed: Sequence[str], seconds: float, *, grace: float = GRACE,
        silence: float = SILENCE,
    ) -> None:  # fmt: skip
        self._transport = transport
        self._url = f"{url}/getUpdates"
        self._allowed = list(allowed)
        self._seconds = seconds
        self._grace = grace
        self._silence = silence
        self.last_success: float | None = None  # monotonic
        self.failures = 0
        self._conflicts = 0
        self._renewed = time.monotonic()

    async def run(self, take: Take) -> None:
        """Raises Revoked, MessengerError for a rival, and what `take` raises except StoreUnavailable."""
        offset: int | None = None
        while True:
            try:
                batch = await self._poll(offset)
            except TelegramError as error:
                await self._endure(error)
                offset = None  # perhaps it was not heard: what comes twice is stored once
                continue
            self.failures = self._conflicts = 0
            self.last_success = time.monotonic()
            if batch:
                await _stored(take, batch)
            offset = batch[-1]["update_id"] + 1 if batch else None

    async def _poll(self, offset: int | None) -> list[dict[str, Any]]:
        values: dict[str, Any] = {"timeout": int(self._seconds), "limit": BATCH, "allowed_updates": self._allowed}
        if offset is not None:
            values["offset"] = offset
        found: list[dict[str, Any]] = await self._transport.call(self._url, values, self._seconds + self._grace)
        return found

    async def _endure(self, error: TelegramError) -> None:
        """Waits before the next try. Raises when another try is pointless."""
        if isinstance(error, InvalidToken):
            raise Revoked(REVOKED) from None
        self.failures += 1
        if isinstance(error, Conflict):
            self._conflicts += 1
            if self._conflicts >= CONFLICTS:
                raise MessengerError(CONFLICT) from None
        since = max(self.last_success or 0.0, self._renewed)
        if time.monotonic() - since > self._silence:
            self._renewed = time.monotonic()
            await self._transport.renew()
        pause = error.seconds if isinstance(error, TooMany) else min(LONGEST_PAUSE, 0.2 * 2 ** min(self.failures, 9))
        await asyncio.sleep(pause)


async def _stored(take: Take, batch: Sequence[Mapping[str, Any]]) -> None:
    """Waits for a store that is away: Telegram keeps what is not acknowledged for a day."""
    pause = 0.5
    while True:
        try:
            return await take(batch)
        except StoreUnavailable:
            await asyncio.sleep(pause)
            pause = min(LONGEST_PAUSE, pause * 2)
