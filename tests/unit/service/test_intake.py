"""Files are fetched before their message is stored, and never keep a message out."""

from __future__ import annotations

import asyncio
import struct
from datetime import UTC, datetime

import pytest

from bot.errors import MessengerError, Revoked
from bot.messengers.terminal import TerminalMessenger
from bot.ports import Address, Inbound, MediaFile
from bot.service.intake import with_files

PLACE = Address(messenger="terminal", account="terminal:kavi", chat="1")


class Library(TerminalMessenger):
    """A messenger with one good file, one that is gone, and one that cannot be had now."""

    async def download(self, media: MediaFile, cap: int) -> bytes | None:
        if media.reference == "later":
            raise MessengerError("not now")
        if media.reference == "revoked":
            raise Revoked("the token is no longer valid")
        if media.reference == "malicious":
            raise struct.error("what a decoder raises that was never meant to")
        if media.reference == "never":
            await asyncio.Event().wait()
        return b"content" if media.reference == "good" else None


def message(reference: str, kind: str = "photo") -> Inbound:
    media = MediaFile(kind=kind, mime="", name="", size=0, reference=reference)
    return Inbound(
        address=PLACE, external_id=reference, kind="media", at=datetime(2026, 11, 24, tzinfo=UTC), text="x", media=media
    )


async def test_files_come_with_their_messages_in_order_as_far_as_they_can() -> None:
    batch = [
        message("good"),
        message("gone"),
        message("later"),
        message("malicious"),
        message("good", "location"),
        message(""),
    ]
    fetched = await with_files(Library(lambda _: None), batch)
    assert [one.external_id for one in fetched] == [one.external_id for one in batch]
    assert [one.media.data for one in fetched if one.media is not None] == [b"content", None, None, None, None, None]


async def test_a_batch_without_files_is_left_as_it_is() -> None:
    batch = [message("")]
    assert await with_files(Library(lambda _: None), batch) == batch


async def test_an_account_that_was_revoked_is_no_missing_file() -> None:
    with pytest.raises(Revoked):
        await with_files(Library(lambda _: None), [message("good"), message("revoked")])


async def test_slow_files_keep_nobody_waiting() -> None:
    batch = [message("never") for _ in range(30)] + [message("good")]
    fetched = await asyncio.wait_for(with_files(Library(lambda _: None), batch, patience=0.1), 2.0)
    assert [one.external_id for one in fetched] == [one.external_id for one in batch]
    assert not [one for one in fetched[:30] if one.media is not None and one.media.data is not None]
