"""Files in and out; in encrypted rooms the media repository only ever sees ciphertext."""

from __future__ import annotations

import asyncio
import json
from io import BytesIO
from typing import Any

from bot.dialogue.effects import Attachment
from bot.messengers.matrix.homeserver import ApiError, Homeserver, Json, Unreachable
from bot.messengers.media import OpenSource, cleaned, mime_of, no_source
from bot.ports import MediaFile

__all__ = ["OpenSource", "attachment_content", "fetch", "no_source"]

MSGTYPES = {"picture": "m.image", "voice": "m.audio", "file": "m.file"}
CALENDAR_SUFFIX = ".ics"


def _unsealed(data: bytes, file: Json) -> bytes | None:
    from nio.crypto.attachments import decrypt_attachment
    from nio.exceptions import EncryptionError

    try:
        plain: bytes = decrypt_attachment(data, file["key"]["k"], file["hashes"]["sha256"], file["iv"])
    except (EncryptionError, KeyError, TypeError, ValueError):
        return None
    return plain


async def fetch(server: Homeserver, media: MediaFile, cap: int) -> bytes | None:
    """Downloads, decrypts and cleans a file; None when it is larger than `cap`, gone, forged or no real picture."""
    if media.size > cap or not media.reference:
        return None
    file: Json = json.loads(media.reference)
    try:
        data = await server.download(str(file["url"]), cap)
    except (ApiError, Unreachable):
        return None
    if data is not None and "key" in file:
        data = await asyncio.to_thread(_unsealed, data, file)
    if data is None:
        return None
    bare = await cleaned(data)
    return bare.data if bare is not None else None


async def attachment_content(server: Homeserver, attachment: Attachment, data: bytes, *, encrypted: bool) -> Json:
    """Uploads a file and returns the content of the message that shows it. Raises ApiError, Unreachable."""
    mime = "text/calendar" if attachment.name.endswith(CALENDAR_SUFFIX) else mime_of(data)
    info: dict[str, Any] = {"mimetype": mime, "size": len(data)}
    if attachment.kind == "picture":
        info |= await asyncio.to_thread(_size_of_picture, data)
    content: Json = {
        "msgtype": MSGTYPES[attachment.kind],
        "body": attachment.description or attachment.name,
        "filename": attachment.name,
        "info": info,
        "m.mentions": {},
    }
    if attachment.kind == "voice":
        content["org.matrix.msc3245.voice"] = {}
    if not encrypted:
        content["url"] = await server.upload(data, mime)
        return content
    from nio.crypto.attachments import encrypt_attachment

    sealed, keys = await asyncio.to_thread(encrypt_attachment, data)
    content["file"] = keys | {"url": await server.upload(sealed, "application/octet-stream")}
    return content


def _size_of_picture(data: bytes) -> dict[str, int]:
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(BytesIO(data)) as picture:
            return {"w": picture.width, "h": picture.height}
    except (UnidentifiedImageError, OSError):
        return {}
