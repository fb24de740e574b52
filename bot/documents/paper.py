"""A4 paper to write on: headings, texts in any script, lists, boxes to draw in, tables, codes. Measures are millimetres."""

from __future__ import annotations

import re
import unicodedata
import weakref
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import pairwise
from pathlib import Path

from fpdf import FPDF
from fpdf.enums import TableBordersLayout
from fpdf.fonts import CoreFont, FontFace, TTFFont

from bot.documents.look import ACCENT, FONTS, INK, PALE, SOFT
from bot.text.drawing import Area, Box, Drawing, Shape, Stroke, Words
from bot.text.spans import Styled, parse
from bot.text.ties import tied

SIZE = 11.5  # points
LINE = 6.2
MARGIN = 20.0
LEAST_LINES = 2  # to write on, under a heading
SCENE = (122.0, 91.5)  # millimetres of a picture of a story; two fit on a page with their words
SCENE_WORDS = 26.0  # room for three lines below it
_DOUBLED = re.compile(r"(\*\*|__|--|~~)")  # fpdf2 would read them as styles


def prepare(pdf: FPDF, at: datetime, title: str = "") -> None:
    """What all our PDFs have: day, language, title, and fonts for Latin, Cyrillic and Arabic letters."""
    pdf.set_creation_date(at)
    pdf.set_producer("Kavi")
    pdf.set_lang("de")
    if title:
        pdf.set_title(title)
    for style, name in (("", "Regular"), ("B", "Bold"), ("I", "Italic")):
        pdf.add_font("Noto", style, FONTS / f"NotoSans-{name}.ttf")
    for style, name in (("", "Regular"), ("B", "Bold")):
        pdf.add_font("NotoArabic", style, FONTS / f"NotoSansArabic-{name}.ttf")
    pdf.set_fallback_fonts(["NotoArabic"], exact_match=False)
    pdf.set_text_shaping(True)
    # fpdf2 closes the files of its fonts only when the paper is put out, and some papers are given up before that
    weakref.finalize(pdf, _close, tuple(pdf.fonts.values()))


def _close(fonts: Sequence[CoreFont | TTFFont]) -> None:
    for font in fonts:
        if isinstance(font, TTFFont):
            font.close()


def draw_code(pdf: FPDF, text: str, left: float, top: float, side: float) -> None:
    """A QR code (error correction M) with its quiet zone, as squares, so that it prints sharply at any size."""
    import segno

    rows = [list(row) for row in segno.make(text, error="m", micro=False).matrix_iter(border=4)]
    step = side / len(rows)
    pdf.set_fill_color(0, 0, 0)
    for y, row in enumerate(rows):
        for x, dark in enumerate(row):
            if dark:
                pdf.rect(left + x * step, top + y * step, step + 0.02, step + 0.02, style="F")


class _Sheet(FPDF):
    """The PDF itself with our footer."""

    footer_text = ""

    def footer(self) -> None:
        """Small words and, from the second page on, the number."""
        self.set_y(-14)
        self.set_font("Noto", size=8)
        self.set_text_color(*SOFT)
        if self.footer_text:
            self.cell(w=self.epw - 20, h=5, text=self.footer_text)
        if self.page_no() > 1:
            self.set_x(-MARGIN - 20)
            self.cell(w=20, h=5, text=str(self.page_no()), align="R")


class Paper:
    """Writes from top to bottom. Nothing is cut off: what does not fit goes to the next page."""

    def __init__(self, at: datetime, *, footer: str = "", pictures: Path | None = None, title: str = "") -> None:
        self._pdf = pdf = _Sheet(format="A4")
        self._pictures = pictures
        self._known: frozenset[int] | None = None
        prepare(pdf, at, title)
        pdf.set_margin(MARGIN)
        pdf.set_auto_page_break(auto=True, margin=MARGIN)
        pdf.footer_text = self._clean(footer)
        pdf.add_page()

    def to_bytes(self) -> bytes:
        """The finished file."""
        return bytes(self._pdf.output())

    # ------------------------------------------------------------------ words

    def title(self, text: str) -> None:
        """The one big line on top."""
        self._write(text, size=22, line=10, colour=ACCENT, style="B", after=4)

    def heading(self, text: str) -> None:
        """A heading; it never stands alone at the foot of a page."""
        if self._left() < 30:
            self._pdf.add_page()
        self._pdf.ln(2)
        self._write(text, size=14, line=7.5, colour=ACCENT, style="B", after=1.5)

    def text(self, text: str) -> None:
        """Paragraphs; an empty line divides them."""
        for paragraph in text.split("\n\n"):
            if paragraph.strip():
                self._write(paragraph.strip(), after=3)

    def small(self, text: str) -> None:
        """Sources and notes."""
        self._write(text, size=8.5, line=4.6, colour=SOFT, after=2)

    def bullets(self, items: Iterable[str]) -> None:
        """A list with dots."""
        for item in items:
            y = self._line_for(item)
            self._pdf.set_fill_color(*ACCENT)
            self._pdf.ellipse(MARGIN + 1.5, y + LINE / 2 - 0.8, 1.6, 1.6, style="F")
            self._write(item, indent=7, after=1.2)
        self._pdf.ln(1.5)

    def checks(self, items: Iterable[str]) -> None:
        """A list with boxes to tick."""
        for item in items:
            y = self._line_for(item)
            self._pdf.set_draw_color(*ACCENT)
            self._pdf.set_line_width(0.35)
            self._pdf.rect(MARGIN + 0.5, y + LINE / 2 - 2.1, 4.2, 4.2)
            self._write(item, indent=9, after=2)
        self._pdf.ln(1.5)

    def table(self, rows: Sequence[Sequence[str]], widths: Sequence[float] | None = None) -> None:
        """A table; the first row is its head, repeated on each page. Short rows are filled up."""
        if not rows:
            return
        columns = max(len(row) for row in rows)
        self._font(10 if columns < 7 else 8)
        self._pdf.set_fill_color(255, 255, 255)
        head = FontFace(emphasis="BOLD", color=ACCENT, fill_color=PALE)
        with self._pdf.table(
            col_widths=tuple(widths) if widths else None,
            headings_style=head,
            borders_layout=TableBordersLayout.HORIZONTAL_LINES,
            line_height=5.4,
            padding=1.2,
            text_align="LEFT",
        ) as table:
            for row in rows:
                line = table.row()
                for cell in (*row, *("" for _ in range(columns - len(row)))):
                    line.cell(self._clean(parse(cell).text))
        self._pdf.ln(3)

    def bars(self, rows: Sequence[tuple[str, float, float]]) -> None:
        """Horizontal bars of (label, part, whole): the words left, the bar and its numbers right. Whole 0 means no answer."""
        label, left, wide, high = 62.0, MARGIN + 64.0, self._pdf.epw - 64.0 - 24.0, 5.0
        for text, part, whole in rows:
            y = self._line_for(text)
            self._font(10)
            self._pdf.set_xy(MARGIN, y)
            self._pdf.multi_cell(w=label, h=5, text=self._clean(text), align="L", new_x="LMARGIN", new_y="NEXT")
            end = self._pdf.get_y()
            middle = y + (end - y - high) / 2
            self._pdf.set_fill_color(*PALE)
            self._pdf.rect(left, middle, wide, high, style="F")
            if whole:
                self._pdf.set_fill_color(*ACCENT)
                self._pdf.rect(left, middle, wide * min(1.0, part / whole), high, style="F")
            self._pdf.set_xy(left + wide + 2, middle)
            said = f"{100 * part / whole:.0f} %" if whole else "keine Angabe"
            self._pdf.cell(w=24, h=high, text=said)
            self._pdf.set_y(end + 2.2)
        self._pdf.ln(2)

    # ------------------------------------------------------------------ room to fill

    def writing_lines(self, count: int) -> None:
        """Lines to write on by hand, wide enough for a child; not so many that the last ones stand on a page of their own."""
        room = int((self._left() - 1) / 10)
        if LEAST_LINES <= room < count < room + LEAST_LINES + 2:
            count = room
        self._pdf.set_draw_color(*SOFT)
        self._pdf.set_line_width(0.15)
        for _ in range(count):
            if self._left() < 11:
                self._pdf.add_page()
            self._pdf.ln(10)
            y = self._pdf.get_y()
            self._pdf.line(MARGIN, y, self._pdf.w - MARGIN, y)
        self._pdf.ln(4)

    def box(self, caption: str, height: float) -> None:
        """An empty box to draw in."""
        height = min(height, self._pdf.eph - 8)
        if self._left() < height + 8:
            self._pdf.add_page()
        if caption:
            self._write(caption, size=10, line=5.5, colour=SOFT, after=1)
        y = self._pdf.get_y()
        self._pdf.set_draw_color(*ACCENT)
        self._pdf.set_line_width(0.4)
        self._pdf.rect(MARGIN, y, self._pdf.epw, height, round_corners=True, corner_radius=3)
        self._pdf.set_y(y + height + 4)

    # ------------------------------------------------------------------ pictures

    def picture(self, name: str, width: float) -> None:
        """A picture from below dialogues/, centred."""
        if self._pictures is None:
            raise ValueError("this paper has no folder of pictures")
        self.image(str(self._pictures / name), width)

    def scene(self, name: str, description: str, words: str) -> None:
        """A picture from below dialogues/ with its words in large letters below, both on one page."""
        if self._pictures is None:
            raise ValueError("this paper has no folder of pictures")
        width, height = SCENE
        if self._left() < height + SCENE_WORDS:
            self._pdf.add_page()
        left = (self._pdf.w - width) / 2
        self._pdf.image(str(self._pictures / name), x=left, w=width, h=height, alt_text=description)
        self._pdf.ln(2)
        self._write(words, size=13.5, line=7, after=6)

    def image(self, source: object, width: float) -> None:
        """A picture from a path or from PIL, centred, on one page."""
        self._pdf.image(source, x=(self._pdf.w - width) / 2, w=width)  # type: ignore[arg-type]  # path or PIL image
        self._pdf.ln(4)

    def code(self, text: str, width: float) -> None:
        """A QR code, centred, on one page."""
        if self._left() < width:
            self._pdf.add_page()
        top = self._pdf.get_y()
        draw_code(self._pdf, text, (self._pdf.w - width) / 2, top, width)
        self._pdf.set_y(top + width + 2)

    def keep(self, height: float) -> None:
        """Goes to the next page unless so much room is left, so that what belongs together stays together."""
        if self._left() < min(height, self._pdf.eph):
            self._pdf.add_page()

    def drawing(self, drawing: Drawing, width: float) -> None:
        """A drawing across `width` millimetres, never over two pages."""
        scale = width / drawing.width
        self.keep(drawing.height * scale)
        left, top = MARGIN, self._pdf.get_y()
        with self._pdf.local_context():
            for shape in drawing.shapes:
                self._shape(shape, left, top, scale)
        self._pdf.set_xy(MARGIN, top + drawing.height * scale + 1)

    def _shape(self, shape: Shape, left: float, top: float, scale: float) -> None:
        match shape:
            case Box():
                place = (left + shape.x * scale, top + shape.y * scale, shape.width * scale, shape.height * scale)
                if shape.fill:
                    self._pdf.set_fill_color(shape.fill)
                if shape.edge:
                    self._pdf.set_draw_color(shape.edge)
                    self._pdf.set_line_width(0.2)
                    self._pdf.set_dash_pattern(dash=0.8, gap=0.6)
                self._pdf.rect(*place, style=("F" if shape.fill else "") + ("D" if shape.edge else ""))
                self._pdf.set_dash_pattern()
            case Stroke():
                self._pdf.set_draw_color(shape.colour)
                self._pdf.set_line_width(shape.width * scale)
                self._pdf.polyline([(left + x * scale, top + y * scale) for x, y in shape.points])
            case Area():
                self._pdf.set_fill_color(shape.fill)
                self._pdf.polygon([(left + x * scale, top + y * scale) for x, y in shape.points], style="F")
            case Words():
                self._pdf.set_font("Noto", style="B" if shape.bold else "", size=shape.size * scale * 72 / 25.4)
                self._pdf.set_text_color(shape.colour)
                text = self._clean(shape.text)
                back = {"start": 0.0, "middle": 0.5, "end": 1.0}[shape.anchor] * self._pdf.get_string_width(text)
                self._pdf.text(left + shape.x * scale - back, top + shape.y * scale, text)

    def label(self, text: str) -> None:
        """The title of a drawing."""
        self._write(text, line=5.5, style="B", before=3)

    def note(self, text: str) -> None:
        """A paragraph in a pale box, for what must not be passed over."""
        self._pdf.set_fill_color(*PALE)
        self._write(text, before=2, after=3, boxed=True)

    def rule(self) -> None:
        """A thin line across."""
        self._pdf.set_draw_color(*ACCENT)
        self._pdf.set_line_width(0.3)
        y = self._pdf.get_y() + 2
        self._pdf.line(MARGIN, y, self._pdf.w - MARGIN, y)
        self._pdf.set_y(y + 4)

    def space(self, height: float) -> None:
        """Empty room."""
        self._pdf.ln(height)

    def new_page(self) -> None:
        """What follows begins on a new page."""
        self._pdf.add_page()

    # ------------------------------------------------------------------ inside

    def _left(self) -> float:
        """How much room the page still has."""
        return float(self._pdf.page_break_trigger - self._pdf.get_y())

    def _line_for(self, item: str) -> float:
        """Where the line of a list item begins, on a page that has room for it."""
        if self._left() < 2 * LINE:
            self._pdf.add_page()
        return float(self._pdf.get_y())

    def _font(self, size: float, style: str = "", colour: tuple[int, int, int] = INK) -> None:
        self._pdf.set_font("Noto", style=style, size=size)
        self._pdf.set_text_color(*colour)

    def _write(
        self,
        markup: str,
        *,
        size: float = SIZE,
        line: float = LINE,
        colour: tuple[int, int, int] = INK,
        style: str = "",
        indent: float = 0.0,
        before: float = 0.0,
        after: float = 0.0,
        boxed: bool = False,
    ) -> None:
        """Words with bold and italic parts; lines that begin in Arabic run from the right."""
        if before:
            self._pdf.ln(before)
        styled = parse(markup)
        self._font(size, style, colour)
        align = "R" if _from_right(styled.text) else "L"
        self._pdf.set_x(MARGIN + indent)
        text = self._clean(styled.text) if style else self._runs(styled)
        self._pdf.multi_cell(
            w=self._pdf.epw - indent, h=line, text=text, align=align, markdown=not style, new_x="LMARGIN", new_y="NEXT",
            fill=boxed,
            padding=3 if boxed else 0,
        )  # fmt: skip
        if after:
            self._pdf.ln(after)

    def _runs(self, styled: Styled) -> str:
        """The styles in fpdf2's own notation; what a person typed is escaped, so that it stays as it was typed."""
        marks = {"bold": "**", "italic": "__"}
        opened: dict[int, list[str]] = {}
        for span in styled.spans:
            if span.style in marks:
                opened.setdefault(span.start, []).append(marks[span.style])
                opened.setdefault(span.end, []).insert(0, marks[span.style])
        parts: list[str] = []
        for at, end in pairwise(sorted({0, len(styled.text), *opened})):
            parts += [*opened.get(at, []), _DOUBLED.sub(r"\\\1", styled.text[at:end])]
        return self._clean("".join([*parts, *opened.get(len(styled.text), [])]))

    def _clean(self, text: str) -> str:
        """Without characters that no font here has (emoji), which would print as boxes; what belongs together is tied."""
        known = self._characters()
        return "".join(char for char in tied(text) if char == "\n" or ord(char) in known)

    def _characters(self) -> frozenset[int]:
        if self._known is None:
            self._known = frozenset(
                code
                for font in self._pdf.fonts.values()
                for code in font.cmap  # type: ignore[union-attr]  # only TrueType here
            )
        return self._known


def _from_right(text: str) -> bool:
    """Whether the first letter with a direction runs from right to left."""
    for char in text:
        direction = unicodedata.bidirectional(char)
        if direction in ("L", "R", "AL"):
            return direction != "L"
    return False
