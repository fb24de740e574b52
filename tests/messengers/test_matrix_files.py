"""Files in both directions, encrypted and plain."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image

from bot.dialogue.effects import Attachment
from bot.messengers.matrix import MatrixMessenger
from bot.messengers.media import mime_of
from bot.ports import Refused
from tests.messengers.echo import EchoBot
from tests.messengers.test_matrix_dialogue import open_direct
from tests.servers.strict_client import StrictClient
from tests.servers.synapse import Account

pytestmark = pytest.mark.server

CALENDAR = b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n"


def photo() -> bytes:
    """A picture that says where it was taken."""
    exif = Image.Exif()
    exif[0x010E] = "Wohnung von Anna"
    target = io.BytesIO()
    Image.new("RGB", (64, 48), (200, 30, 30)).save(target, "JPEG", exif=exif)
    return target.getvalue()


async def source(name: str) -> bytes | None:
    return {"content:termin.ics": CALENDAR, "content:bild.jpg": photo(), "blob:big": b"x" * 2000}.get(name)


async def test_encrypted_picture_comes_in_without_its_metadata(bot: EchoBot, strict: StrictClient) -> None:
    room = await open_direct(bot, strict)
    assert b"Wohnung" in photo()
    await strict.do("file", room=room, name="IMG_1.jpg", type="image/jpeg", data=photo().hex(), msgtype="m.image")
    got = await bot.gets(lambda inbound: inbound.kind == "media")
    assert got.media is not None
    assert (got.media.kind, got.media.name, got.text) == ("photo", "", "")
    data = await bot.matrix.download(got.media, 1_000_000)
    assert data is not None
    assert mime_of(data) == "image/jpeg"
    assert b"Wohnung" not in data
    assert await bot.matrix.download(got.media, 100) is None, "larger than the cap"


async def test_plain_file_comes_in_and_a_forged_one_does_not(bot: EchoBot, strict: StrictClient, anna: Account) -> None:
    room = await open_direct(bot, strict)
    await strict.do(
        "file", room=room, name="brief.pdf", type="application/pdf", data=b"%PDF-1.4 x".hex(), msgtype="m.file"
    )
    got = await bot.gets(lambda inbound: inbound.kind == "media")
    assert got.media is not None
    assert await bot.matrix.download(got.media, 1000) == b"%PDF-1.4 x"
    from msgspec.structs import replace

    forged = replace(got.media, reference=got.media.reference.replace('"sha256":"', '"sha256":"AAAA'))
    assert await bot.matrix.download(forged, 1000) is None
    gone = replace(got.media, reference='{"url":"mxc://localhost/nothing"}')
    assert await bot.matrix.download(gone, 1000) is None


@pytest.mark.parametrize("encrypted", [True, False])
async def test_calendar_entry_and_picture_go_out(bot: EchoBot, strict: StrictClient, encrypted: bool) -> None:
    room = await open_direct(bot, strict, encrypted=encrypted)
    await bot.stop()
    bot.open_source = source
    await bot.start()
    attachments = (
        Attachment(source="content:termin.ics", kind="file", name="Besuch.ics"),
        Attachment(source="content:bild.jpg", kind="picture", name="Tor.jpg", description="Das Tor"),
    )
    receipt = await bot.say(bot.at(room), "Ihr Termin", key="t-1", attachments=attachments)
    assert len(receipt.external_ids) == 3
    await strict.reads("Ihr Termin")
    picture = await strict.reads("Das Tor")
    assert picture["content"]["info"]["w"] == 64
    entry = await strict.reads("Besuch.ics")
    assert ("file" in entry["content"]) == encrypted
    assert bytes.fromhex((await strict.do("fetch", content=entry["content"]))["data"]) == CALENDAR
    assert await bot.say(bot.at(room), "Ihr Termin", key="t-1", attachments=attachments) == receipt


async def test_missing_or_too_large_attachment_is_refused(account: Account, anna: Account, store_dir: Path) -> None:
    bot = EchoBot(account, store_dir, upload_cap=1000)
    bot.open_source = source
    await bot.start()
    try:
        room = await open_direct(bot, anna)
        for name in ("blob:gone", "blob:big"):
            lost = (Attachment(source=name, kind="file", name="x.bin"),)
            assert isinstance(await bot.send(bot.at(room), "Datei", f"f-{name}", attachments=lost), Refused)
    finally:
        await bot.stop()
    assert isinstance(bot.matrix, MatrixMessenger)
