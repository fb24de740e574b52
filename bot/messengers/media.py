"""Files that people send: typed by their content, pictures re-encoded so that place, camera and date stay behind."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from io import BytesIO

OpenSource = Callable[[str], Awaitable[bytes | None]]
"""Reads an attachment's `source` (`content:path` or `blob:id`); None when it does not exist."""

MAX_PIXELS = 40_000_000  # a picture beyond that is a mistake or an attack on memory
MAX_PIXELS_UNPACKED = (
    20_000_000  # of what is not JPEG: it is read whole before it shrinks, at four bytes a pixel, twice
)
LONGEST_SIDE = 2560  # pixels; enough to read a photographed letter
JPEG_QUALITY = 85
UNKNOWN = "application/octet-stream"

_MAGIC: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"GIF8", "image/gif"),
    (8, b"WEBP", "image/webp"),
    (0, b"%PDF-", "application/pdf"),
    (0, b"OggS", "audio/ogg"),
    (0, b"ID3", "audio/mpeg"),
    (0, b"\xff\xfb", "audio/mpeg"),
    (8, b"WAVE", "audio/wav"),
    (4, b"ftypM4A", "audio/mp4"),
    (4, b"ftyp", "video/mp4"),
    (0, b"\x1a\x45\xdf\xa3", "video/webm"),
    (0, b"BEGIN:VCALENDAR", "text/calendar"),
)


async def no_source(source: str) -> bytes | None:
    """For a messenger that has nothing to attach, as in tests."""
    return None


@dataclass(frozen=True, slots=True)
class CleanFile:
    """A file that may be kept and passed on."""

    mime: str
    data: bytes


def mime_of(data: bytes) -> str:
    """The type that the content shows; what the sender or a file name claims does not count."""
    for offset, magic, mime in _MAGIC:
        if data.startswith(magic, offset):
            return mime
    return UNKNOWN


_ONE = ThreadPoolExecutor(1, "pictures")
"""A file of 100 kB may unpack to 100 MB: one at a time, and whoever waits for it takes no thread that others need."""


async def cleaned(data: bytes) -> CleanFile | None:
    """`clean` in a thread, one file after another."""
    return await asyncio.get_running_loop().run_in_executor(_ONE, clean, data)


def clean(data: bytes) -> CleanFile | None:
    """Strips a picture of everything but its pixels; other files stay as they are.

    None when it calls itself a picture and cannot be read as one. Takes up to a second of CPU: see `cleaned`.
    """
    mime = mime_of(data)
    if not mime.startswith("image/"):
        return CleanFile(mime, data)
    return _reencoded(data, keep_png=mime == "image/png")


def _reencoded(data: bytes, *, keep_png: bool) -> CleanFile | None:
    from PIL import Image, ImageOps, UnidentifiedImageError

    Image.MAX_IMAGE_PIXELS = None  # our own limit comes first; Pillow's warns on the console
    try:
        with Image.open(BytesIO(data), formats=("JPEG", "PNG", "GIF", "WEBP")) as picture:
            if picture.width * picture.height > (MAX_PIXELS if picture.format == "JPEG" else MAX_PIXELS_UNPACKED):
                return None
            picture.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
            picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE))  # first, so that only the small one is copied
            upright = ImageOps.exif_transpose(picture)
            bare = upright.convert("RGBA" if keep_png else "RGB")
            fresh = Image.frombytes(bare.mode, bare.size, bare.tobytes())
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError):
        return None
    target = BytesIO()
    if keep_png:
        fresh.save(target, "PNG")
        return CleanFile("image/png", target.getvalue())
    fresh.save(target, "JPEG", quality=JPEG_QUALITY)
    return CleanFile("image/jpeg", target.getvalue())
