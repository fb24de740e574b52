"""Pictures lose everything but their pixels."""

from __future__ import annotations

import asyncio
import io
import time

import pytest
from PIL import Image

from bot.messengers.media import LONGEST_SIDE, MAX_PIXELS, MAX_PIXELS_UNPACKED, clean, cleaned, mime_of


def picture(kind: str, size: tuple[int, int] = (40, 20), **options: object) -> bytes:
    target = io.BytesIO()
    Image.new("RGB", size, (10, 20, 30)).save(target, kind, **options)
    return target.getvalue()


@pytest.mark.parametrize("kind", ["JPEG", "WEBP", "PNG", "GIF"])
def test_pictures_come_out_as_jpeg_or_png(kind: str) -> None:
    cleaned = clean(picture(kind))
    assert cleaned is not None
    assert cleaned.mime == ("image/png" if kind == "PNG" else "image/jpeg")
    assert mime_of(cleaned.data) == cleaned.mime


def test_place_and_orientation_are_applied_and_gone() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # lies on its side
    exif[0x010E] = "bei Oma"
    exif[0x8825] = {1: "N", 2: (52.0, 30.0, 0.0)}
    cleaned = clean(picture("JPEG", exif=exif))
    assert cleaned is not None
    with Image.open(io.BytesIO(cleaned.data)) as fresh:
        assert fresh.size == (20, 40)
        assert not fresh.getexif()
    assert b"Oma" not in cleaned.data


def test_large_pictures_shrink_and_bombs_are_refused() -> None:
    cleaned = clean(picture("JPEG", (4000, 1000)))
    assert cleaned is not None
    with Image.open(io.BytesIO(cleaned.data)) as fresh:
        assert max(fresh.size) == LONGEST_SIDE
    side = int(MAX_PIXELS**0.5) + 10
    target = io.BytesIO()
    Image.new("1", (side, side)).save(target, "PNG")
    assert clean(target.getvalue()) is None


def test_broken_picture_is_refused_and_other_files_stay() -> None:
    assert clean(picture("JPEG")[:60]) is None
    assert clean(b"\x89PNG\r\n\x1a\nnonsense") is None
    letter = b"%PDF-1.7 ..."
    cleaned = clean(letter)
    assert cleaned is not None
    assert (cleaned.mime, cleaned.data) == ("application/pdf", letter)


def test_type_is_read_from_the_content() -> None:
    assert mime_of(b"MZ\x90\x00") == "application/octet-stream"
    assert mime_of(b"") == "application/octet-stream"
    assert mime_of(b"OggS....") == "audio/ogg"


def test_a_head_that_promises_too_many_pixels_is_refused_without_a_warning() -> None:
    huge = bytearray(picture("GIF"))
    huge[6:10] = b"\xff\x2f\xff\x2f"  # 12287 x 12287
    assert clean(bytes(huge)) is None


async def test_pictures_that_unpack_to_much_do_so_one_after_another() -> None:
    """Eight such pictures of an album at once would fill the memory of a small server."""
    at_once: list[int] = []

    class Counted(bytes):
        def startswith(self, *prefix: object) -> bool:  # the first thing that is asked of a file
            at_once.append(1)
            time.sleep(0.01)
            try:
                assert len(at_once) == 1
            finally:
                at_once.pop()
            return False

    files = await asyncio.gather(*(cleaned(Counted(b"letter")) for _ in range(4)))
    assert [one.data for one in files if one is not None] == [b"letter"] * 4


def test_a_picture_that_has_to_be_unpacked_whole_may_have_half_as_many_pixels() -> None:
    side = int(MAX_PIXELS_UNPACKED**0.5) + 10
    target = io.BytesIO()
    Image.new("1", (side, side)).save(target, "PNG")
    assert clean(target.getvalue()) is None
