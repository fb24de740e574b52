"""Plain drawings of rectangles, lines and words: as SVG for pages, and on paper by `bot.documents`. No unit of their own.

Drawn by ourselves, because what is needed is small and the same picture must stand on a phone and on paper.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Literal, assert_never

INK = "#212529"
SOFT = "#5c656c"  # 5.9 : 1 against white
ACCENT = "#005f6b"  # 7.3 : 1
BAR = "#4b929b"  # 3.5 : 1
PALE = "#e8f2f3"
LINE = "#c3ccd1"
WHITE = "#ffffff"

Anchor = Literal["start", "middle", "end"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A rectangle, filled or only with an edge."""

    x: float
    y: float
    width: float
    height: float
    fill: str = ""
    edge: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stroke:
    """A line through points."""

    points: tuple[tuple[float, float], ...]
    colour: str = INK
    width: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """A filled shape with corners at the points."""

    points: tuple[tuple[float, float], ...]
    fill: str = PALE


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """One line of text; `y` is its base line."""

    x: float
    y: float
    text: str
    size: float = 12.0
    anchor: Anchor = "start"
    bold: bool = False
    colour: str = INK

    @property
    def left(self) -> float:
        """Where it begins."""
        return self.x - {"start": 0.0, "middle": 0.5, "end": 1.0}[self.anchor] * width_of(self.text, self.size)


Shape = Box | Stroke | Area | Words


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """Shapes, later ones on top; `about` is what somebody hears who cannot see it."""

    width: float
    height: float
    shapes: tuple[Shape, ...]
    about: str


_NARROW, _WIDE = frozenset("fijlrtI.,:;|!()'· - "), frozenset("mwMW%@—OQÖ")


def width_of(text: str, size: float) -> float:
    """About how wide a text is, rather too wide than too narrow."""
    return size * sum(
        0.42 if char in _NARROW else 0.96 if char in _WIDE else 0.76 if char.isupper() else 0.63 for char in text
    )


def wrapped(text: str, size: float, width: float) -> list[str]:
    """The text in lines of at most that width; a word that is longer is broken."""
    lines = [""]
    for word in text.split():
        while width_of(word, size) > width:
            fits = next(n for n in range(len(word), 0, -1) if n == 1 or width_of(word[:n], size) <= width)
            lines += [word[:fits]] if lines[-1] else []
            lines[-1], word = word[:fits], word[fits:]
            lines.append("")
        longer = f"{lines[-1]} {word}".strip()
        if width_of(longer, size) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return [line for line in lines if line]


def svg(drawing: Drawing) -> str:
    """The drawing as an SVG element that may stand inside a page; it takes the width it is given."""
    inside = "".join(_element(shape) for shape in drawing.shapes)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_n(drawing.width)} {_n(drawing.height)}" role="img" '
        f'aria-label="{escape(drawing.about)}" font-family="system-ui, \'Noto Sans\', sans-serif">{inside}</svg>'
    )


def _element(shape: Shape) -> str:
    match shape:
        case Box():
            edge = f' stroke="{shape.edge}" stroke-dasharray="3 2"' if shape.edge else ""
            place = f'x="{_n(shape.x)}" y="{_n(shape.y)}" width="{_n(shape.width)}" height="{_n(shape.height)}"'
            return f'<rect {place} fill="{shape.fill or "none"}"{edge}/>'
        case Stroke():
            return (
                f'<polyline points="{_points(shape.points)}" fill="none" stroke="{shape.colour}" '
                f'stroke-width="{_n(shape.width)}" stroke-linejoin="round"/>'
            )
        case Area():
            return f'<polygon points="{_points(shape.points)}" fill="{shape.fill}"/>'
        case Words():
            weight = ' font-weight="600"' if shape.bold else ""
            return (
                f'<text x="{_n(shape.x)}" y="{_n(shape.y)}" font-size="{_n(shape.size)}" text-anchor="{shape.anchor}" '
                f'fill="{shape.colour}"{weight}>{escape(shape.text)}</text>'
            )
        case _:
            assert_never(shape)


def _points(points: tuple[tuple[float, float], ...]) -> str:
    return " ".join(f"{_n(x)},{_n(y)}" for x, y in points)


def _n(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
