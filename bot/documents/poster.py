"""Posters (A4) and cards (A6) with a code that opens the chat at the right place. Measures are millimetres."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from fpdf import FPDF

from bot.documents.look import ACCENT, INK, SOFT
from bot.documents.paper import draw_code, prepare

Colour = tuple[int, int, int]
WHITE: Colour = (255, 255, 255)
WARM: Colour = (150, 60, 5)  # for children; 7.5 : 1 against white
SIZES = {"a4": (210.0, 297.0), "a6": (105.0, 148.0)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """Where a code leads, and the address that one can type instead."""

    link: str
    typed: str
    messenger: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Poster:
    """All words of a poster; `child` chooses the colour."""

    headline: str
    lead: str
    points: Sequence[str]
    scan: str
    promise: str
    robot: str
    emergency: str
    place: str = ""
    codes: Sequence[Code] = ()
    child: bool = False


def poster_file(poster: Poster, size: str, at: datetime) -> bytes:
    """One page. Nothing is cut off: words that do not fit are set smaller."""
    width, height = SIZES[size]
    return _Sheet(poster, width, height, at).draw()


class _Sheet:
    """Draws from top to bottom; `u` is a hundredth of the width, so that a card is a small poster."""

    def __init__(self, poster: Poster, width: float, height: float, at: datetime) -> None:
        self.poster, self.width, self.height, self.u = poster, width, height, width / 100
        self.colour = WARM if poster.child else ACCENT
        self.pdf = pdf = FPDF(format=(width, height))
        prepare(pdf, at, poster.headline)
        pdf.set_auto_page_break(auto=False)
        pdf.set_margin(0)
        pdf.c_margin = 0
        pdf.add_page()

    def draw(self) -> bytes:
        """The finished page."""
        u, poster = self.u, self.poster
        self._band()
        y = self._fit(poster.headline, 8 * u, 8 * u, 84 * u, 22 * u, 9.2, colour=WHITE, bold=True)
        y = self._fit(poster.lead, 8 * u, y + 1.5 * u, 84 * u, 8 * u, 4.6, colour=WHITE)
        y = self._bubble(max(37 * u, y + 3.5 * u)) + 5 * u
        foot = self.height - 21 * u
        size = self._size_for(poster.points, foot - y)
        for point in poster.points:
            y = self._point(point, y, size)
        self._foot(foot)
        return bytes(self.pdf.output())

    def _band(self) -> None:
        self.pdf.set_fill_color(*self.colour)
        self.pdf.rect(0, 0, self.width, 60 * self.u, style="F")

    def _bubble(self, top: float) -> float:
        """A speech bubble with the codes in it; returns where it ends."""
        u, pdf, codes = self.u, self.pdf, self.poster.codes
        side = 38 * u if len(codes) == 1 else 30 * u
        height = side + 15 * u
        left, width = 14 * u, 72 * u
        pdf.set_fill_color(*WHITE)
        pdf.set_draw_color(*self.colour)
        pdf.set_line_width(0.7 * u)
        pdf.rect(left, top, width, height, style="DF", round_corners=True, corner_radius=5 * u)
        self._fit(self.poster.scan, left + 4 * u, top + 2.4 * u, width - 8 * u, 5 * u, 3.3, bold=True, centred=True)
        room = width / len(codes)
        for at, code in enumerate(codes):
            x = left + at * room
            draw_code(pdf, code.link, x + (room - side) / 2, top + 7 * u, side)
            words = f"{code.messenger}: {code.typed}"
            self._fit(words, x + 2 * u, top + side + 8 * u, room - 4 * u, 6 * u, 2.7, colour=SOFT, centred=True)
        return top + height

    def _point(self, text: str, y: float, size: float) -> float:
        u = self.u
        self.pdf.set_fill_color(*self.colour)
        self.pdf.ellipse(14 * u, y + size * u * 0.36, 2 * u, 2 * u, style="F")
        return self._fit(text, 19 * u, y, 67 * u, 14 * u, size) + 1.6 * u

    def _size_for(self, points: Sequence[str], room: float) -> float:
        """The largest size at which all points have room."""
        for tenths in range(44, 11, -1):
            size = tenths / 10
            lines = sum(len(self._lines(point, 67 * self.u, size, bold=False)) for point in points)
            if lines * 1.35 * size * self.u + len(points) * 1.6 * self.u <= room:
                return size
        return 1.1

    def _foot(self, top: float) -> None:
        u, poster = self.u, self.poster
        self.pdf.set_draw_color(*self.colour)
        self.pdf.set_line_width(0.35 * u)
        self.pdf.line(8 * u, top, 92 * u, top)
        y = self._fit(poster.place, 8 * u, top + 1.6 * u, 84 * u, 4.6 * u, 3.2, colour=self.colour, bold=True)
        y = self._fit(f"{poster.promise} {poster.robot}", 8 * u, y + 0.4 * u, 84 * u, 7 * u, 2.5)
        self._fit(poster.emergency, 8 * u, y + 0.8 * u, 84 * u, 4.5 * u, 2.8, bold=True)

    def _fit(
        self, text: str, x: float, y: float, width: float, height: float, size: float, *, colour: Colour = INK,
        bold: bool = False, centred: bool = False,
    ) -> float:  # fmt: skip
        """Words in a field, as large as `size` (in u) or smaller until they fit; returns where they end."""
        if not text:
            return y
        while (
            (lines := self._lines(text, width, size, bold)) and len(lines) * 1.3 * size * self.u > height and size > 0.6
        ):
            size *= 0.94
        self.pdf.set_text_color(*colour)
        step = 1.3 * size * self.u
        for line in lines:
            self.pdf.set_xy(x, y)
            self.pdf.cell(w=width, h=step, text=line, align="C" if centred else "L")
            y += step
        return y

    def _lines(self, text: str, width: float, size: float, bold: bool) -> list[str]:
        """The text in lines of that width; the font is set."""
        self.pdf.set_font("Noto", style="B" if bold else "", size=size * self.u * 72 / 25.4)
        lines = [""]
        for word in text.split():
            longer = f"{lines[-1]} {word}".strip()
            if not lines[-1] or self.pdf.get_string_width(longer) <= width:
                lines[-1] = longer
            else:
                lines.append(word)
        if any(self.pdf.get_string_width(line) > width for line in lines):
            return lines * 99  # a word is too wide at this size: never fits
        return lines
