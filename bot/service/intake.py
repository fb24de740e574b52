"""What happens to inbound events on the way into the store: files are fetched while the messenger still has them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import structlog

from bot.errors import MessengerError, Revoked
from bot.ports import Inbound, Messenger

log = structlog.get_logger("kavi.intake")

FETCHED = ("photo", "voice", "audio", "video", "file", "sticker")
CAP = 5_000_000  # bytes of one file; larger ones are told of, not kept
PATIENCE = 20.0  # seconds for one file: the messages behind it wait that long
AT_ONCE = 4


async def with_files(messenger: Messenger, batch: Sequence[Inbound]) -> list[Inbound]:
    """The batch with the bytes of its files, as far as they can be had. Raises Revoked.

    Links to files end (Telegram's after an hour), so they are fetched now and not when a counsellor looks. A file that
    is too large, gone or slow leaves its message behind without it.
    """
    turnstile = asyncio.Semaphore(AT_ONCE)

    async def fetch(inbound: Inbound) -> Inbound:
        media = inbound.media
        if media is None or media.kind not in FETCHED or not media.reference or media.data is not None:
            return inbound
        async with turnstile:
            try:
                data = await asyncio.wait_for(messenger.download(media, CAP), PATIENCE)
            except Revoked:
                raise
            except (TimeoutError, MessengerError) as error:
                log.warning("file_not_fetched", messenger=messenger.name, kind=media.kind, reason=type(error).__name__)
                return inbound
        return inbound if data is None else replace(inbound, media=replace(media, data=data, size=len(data)))

    return list(await asyncio.gather(*(fetch(one) for one in batch)))
