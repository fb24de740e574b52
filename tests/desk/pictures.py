"""Small pictures to send, and what they show on the other side."""

from __future__ import annotations

from io import BytesIO

from PIL import Image


def picture(colour: str) -> bytes:
    """A small picture."""
    target = BytesIO()
    Image.new("RGB", (24, 24), colour).save(target, "PNG")
    return target.getvalue()


def colour_of(data: bytes) -> tuple[int, ...]:
    """What colour the picture shows; both messengers may have encoded it anew."""
    with Image.open(BytesIO(data)) as found:
        return tuple(round(value / 64) for value in found.convert("RGB").getpixel((12, 12)))  # type: ignore[union-attr]
