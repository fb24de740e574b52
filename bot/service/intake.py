"""What happens to inbound events on the way into the store: files are fetched while the messenger still has them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from msgspec.structs import replace

from bot.errors import Revoked
from bot.log import Log
from bot.ports import Inbound, MediaFile, Messenger

log = Log("kavi.intake")

FETCHED = ("photo", "voice", "audio", "video", "file", "sticker")
CAP = 5_000_000  # bytes of one file; larger ones are told of, not kept
PATIENCE = 15.0  # seconds for all files of a batch: what others wrote waits that long
AT_ONCE = 8


async def with_files(messenger: Messenger, batch: Sequence[Inbound], patience: float = PATIENCE) -> list[Inbound]:
    """The batch with the bytes of its files, as far as they can be had within `patience` seconds. Raises Revoked.

    Links to files end (Telegram's after an hour), so they are fetched now and not when a counsellor looks. A file that
    is too large, gone, slow or broken leaves its message behind without it.
    """
    turnstile = asyncio.Semaphore(AT_ONCE)

    async def fetch(media: MediaFile) -> bytes | None:
        async with turnstile:
            try:
                return await messenger.download(media, CAP)
            except Revoked:
                raise
            except Exception as error:  # also what no decoder is meant to raise: one file must not stop all messages
                log.warning("file_not_fetched", messenger=messenger.name, kind=media.kind, reason=type(error).__name__)
                return None

    wanted = {number: one.media for number, one in enumerate(batch) if one.media is not None and _is_wanted(one.media)}
    if not wanted:
        return list(batch)
    tasks = {number: asyncio.create_task(fetch(media)) for number, media in wanted.items()}
    try:
        _, late = await asyncio.wait(tasks.values(), timeout=patience)
    finally:
        for task in tasks.values():
            task.cancel()
    if late:
        log.warning("files_too_slow", messenger=messenger.name, count=len(late))
    return [
        _with(one, tasks[number].result()) if number in tasks and tasks[number] not in late else one
        for number, one in enumerate(batch)
    ]


def _is_wanted(media: MediaFile) -> bool:
    return media.kind in FETCHED and bool(media.reference) and media.data is None


def _with(inbound: Inbound, data: bytes | None) -> Inbound:
    if inbound.media is None or data is None:
        return inbound
    return replace(inbound, media=replace(inbound.media, data=data, size=len(data)))
