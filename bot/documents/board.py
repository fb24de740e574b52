"""A picture with words and tables for the screen of a phone, drawn from top to bottom. Measures are pixels.

It is 1080 wide, so that the smallest words are still about 9 points high on a phone; its height follows from what it holds.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Sequence
from datetime import date
from functools import lru_cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont
from PIL.PngImagePlugin import PngInfo

from bot.documents.look import ACCENT, FONTS, INK, PALE, SOFT
from bot.text.ties import tied

Colour = tuple[int, int, int]
WIDTH, MARGIN = 1080, 48
TITLE, TEXT, CELL, SMALL = 54, 34, 32, 26
WHITE: Colour = (255, 255, 255)
_PAD = 14
_PARTS = re.compile(r"[^ \t\r-]+-(?=[^ \t\r])|[^ \t\r]+")  # words, divided behind hyphens inside them
FACE, FACES_A_DAY = 124, 4
WEEKDAYS = ("Mo", "Di", "Mi", "Do", "Fr", "Sa", "So")
_LONGEST = 5000  # a picture that is higher is no picture for a phone


@lru_cache(maxsize=16)
def _font(size: int, bold: bool) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(FONTS / f"NotoSans-{'Bold' if bold else 'Regular'}.ttf"), size)


def _path(faces: Path, feeling: str) -> Path:
    return faces / f"face-{feeling}.png"


def _face(faces: Path, feeling: str) -> Image.Image:
    """The face in a circle; what lies outside it is clear."""
    with Image.open(_path(faces, feeling)) as picture:
        face = picture.convert("RGBA").resize((FACE, FACE), Image.Resampling.LANCZOS)
    circle = Image.new("L", (4 * FACE, 4 * FACE), 0)
    ImageDraw.Draw(circle).ellipse((0, 0, 4 * FACE - 1, 4 * FACE - 1), fill=255)
    face.putalpha(circle.resize((FACE, FACE), Image.Resampling.LANCZOS))
    return face


def wrapped(text: str, width: float, size: int, *, bold: bool = False) -> list[str]:
    """The text in lines that fit. Words end at their own hyphens first; one that is still too wide is broken."""
    font = _font(size, bold)
    lines: list[str] = []
    for paragraph in tied(text).split("\n"):
        line, glue = "", ""
        for part in _PARTS.findall(paragraph):
            for piece in _pieces(part, font, width):
                if font.getlength(f"{line}{glue}{piece}") <= width:
                    line = f"{line}{glue}{piece}"
                else:
                    lines, line = [*lines, line], piece
                glue = ""
            glue = "" if part.endswith("-") and len(part) > 1 else " "
        lines.append(line)
    return lines


def _pieces(word: str, font: ImageFont.FreeTypeFont, width: float) -> list[str]:
    """The word, or what a line holds of it, each with a hyphen at the end."""
    pieces = []
    while len(word) > 1 and font.getlength(word) > width:
        cut = next((at for at in range(len(word) - 1, 1, -1) if font.getlength(word[:at] + "-") <= width), 1)
        pieces.append(word[:cut] + "-")
        word = word[cut:]
    return [*pieces, word]


class Board:
    """Collects what is to be drawn, then draws it at once, when the height is known."""

    def __init__(self) -> None:
        self._y = float(MARGIN)
        self._draw: list[Callable[[ImageDraw.ImageDraw], None]] = []
        self._said: list[str] = []
        self._pictures: list[tuple[Image.Image, tuple[int, int]]] = []

    def to_bytes(self) -> bytes:
        """The finished PNG, with all its words as `Description` inside. Raises ValueError when it became too high for a phone."""
        height = int(self._y + MARGIN)
        if height > _LONGEST:
            raise ValueError(f"a picture of {height} pixels is too high")
        image = Image.new("RGB", (WIDTH, height), WHITE)
        canvas = ImageDraw.Draw(image)
        for draw in self._draw:
            draw(canvas)
        for picture, place in self._pictures:
            image.paste(picture, place, picture)
        out = io.BytesIO()
        words = PngInfo()
        words.add_itxt("Description", "\n".join(self._said), lang="de")
        image.quantize(64, dither=Image.Dither.NONE).save(out, "PNG", optimize=True, pnginfo=words)
        return out.getvalue()

    def title(self, text: str) -> None:
        """The one big line on top."""
        self._words(text, TITLE, ACCENT, bold=True)
        self._y += 12

    def heading(self, text: str) -> None:
        """A band across that begins a part."""
        self._y += 16
        self._said.append(text)
        lines = wrapped(text, WIDTH - 2 * MARGIN - 2 * _PAD, TEXT, bold=True)
        height = len(lines) * TEXT * 1.35 + 2 * _PAD
        self._box(MARGIN, self._y, WIDTH - 2 * MARGIN, height, ACCENT)
        self._lines(lines, MARGIN + _PAD, self._y + _PAD, TEXT, WHITE, bold=True)
        self._y += height

    def text(self, text: str) -> None:
        """A paragraph."""
        self._words(text, TEXT, INK)
        self._y += 14

    def small(self, text: str) -> None:
        """Sources and notes."""
        self._y += 10
        self._words(text, SMALL, SOFT)

    def table(self, rows: Sequence[Sequence[str]], widths: Sequence[float], *, head: bool = True) -> None:
        """A table; `widths` are shares of the whole. With `head` the first row is its head. The first column is bold."""
        whole = WIDTH - 2 * MARGIN
        columns = [whole * share / sum(widths) for share in widths]
        for at, row in enumerate(rows):
            is_head = head and at == 0
            self._said.append(" | ".join(row))
            cells = [
                wrapped(cell, width - 2 * _PAD, CELL, bold=is_head or column == 0)
                for column, (cell, width) in enumerate(zip(row, columns, strict=True))
            ]
            height = max(map(len, cells)) * CELL * 1.35 + 2 * _PAD
            fill = ACCENT if is_head else PALE if at % 2 == 0 else WHITE
            self._box(MARGIN, self._y, whole, height, fill)
            x = float(MARGIN)
            for column, (lines, width) in enumerate(zip(cells, columns, strict=True)):
                colour = WHITE if is_head else ACCENT if column == 0 else INK
                self._lines(lines, x + _PAD, self._y + _PAD, CELL, colour, bold=is_head or column == 0)
                x += width
            self._y += height

    def week(self, days: Sequence[tuple[date, Sequence[str]]], faces: Path) -> None:
        """One column a day: its name and the faces of what was felt then, the last `FACES_A_DAY`; `faces` is their folder.

        A feeling that has no face any more is left out.
        """
        column = (WIDTH - 2 * MARGIN) / max(1, len(days))
        drawn = [[_face(faces, one) for one in felt[-FACES_A_DAY:] if _path(faces, one).is_file()] for _, felt in days]
        height = 2.4 * TEXT + max([1, *map(len, drawn)]) * (FACE + 12) + _PAD
        for at, ((day, felt), shown) in enumerate(zip(days, drawn, strict=True)):
            x = MARGIN + at * column
            self._said.append(f"{WEEKDAYS[day.weekday()]} {day.day}.{day.month}. | {', '.join(felt)}")
            self._box(x + 3, self._y, column - 6, height, PALE)
            for line, size in ((WEEKDAYS[day.weekday()], TEXT), (f"{day.day}.{day.month}.", SMALL)):
                left = x + (column - _font(size, True).getlength(line)) / 2
                top = self._y + (_PAD if size == TEXT else _PAD + TEXT * 1.2)
                self._lines([line], left, top, size, ACCENT, bold=size == TEXT)
            for row, face in enumerate(shown):
                place = (int(x + (column - FACE) / 2), int(self._y + 2.4 * TEXT + _PAD + row * (FACE + 12)))
                self._paste(face, place)
        self._y += height + _PAD

    # ------------------------------------------------------------------ inside

    def _paste(self, picture: Image.Image, place: tuple[int, int]) -> None:
        self._pictures.append((picture, place))

    def _words(self, text: str, size: int, colour: Colour, *, bold: bool = False) -> None:
        self._said.append(text)
        lines = wrapped(text, WIDTH - 2 * MARGIN, size, bold=bold)
        self._lines(lines, MARGIN, self._y, size, colour, bold=bold)
        self._y += len(lines) * size * 1.35

    def _lines(
        self, lines: Sequence[str], x: float, y: float, size: int, colour: Colour, *, bold: bool = False
    ) -> None:
        font = _font(size, bold)
        for at, line in enumerate(lines):
            top = y + at * size * 1.35
            self._draw.append(lambda canvas, top=top, line=line: canvas.text((x, top), line, font=font, fill=colour))  # type: ignore[misc]  # mypy cannot type the defaults

    def _box(self, x: float, y: float, width: float, height: float, colour: Colour) -> None:
        self._draw.append(lambda canvas: canvas.rectangle((x, y, x + width, y + height), fill=colour))
