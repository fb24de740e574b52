"""The plots of the report. Labels stand above their bars, so that they are whole on a phone as well as on paper."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.text.drawing import (
    ACCENT,
    BAR,
    INK,
    LINE,
    PALE,
    SOFT,
    WHITE,
    Area,
    Box,
    Drawing,
    Shape,
    Stroke,
    Words,
    width_of,
    wrapped,
)

LABEL = 13.0
SMALL = 11.0
TILES: Mapping[str, tuple[int, int]] = {
    "SH": (2, 0), "HB": (1, 1), "HH": (2, 1), "MV": (3, 1), "NW": (0, 2), "NI": (1, 2), "ST": (2, 2), "BB": (3, 2),
    "BE": (4, 2), "RP": (0, 3), "HE": (1, 3), "TH": (2, 3), "SN": (3, 3), "SL": (0, 4), "BW": (1, 4), "BY": (2, 4),
}  # fmt: skip
"""Where each Land lies, roughly: column and row of its tile."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One bar from 0 to `value` with its range of uncertainty; `shown` is the value in words. None: not published."""

    label: str
    value: float | None
    low: float = 0.0
    high: float = 0.0
    shown: str = ""


def bars(rows: Sequence[Bar], about: str, width: float, largest: float | None = None) -> Drawing:
    """Horizontal bars with whiskers for the 95 % range; values that are not published say so."""
    most = largest or max((row.high for row in rows if row.value is not None), default=1.0) or 1.0
    room = max((width_of(row.shown, SMALL) for row in rows), default=0.0) + 8
    scale = (width - 4 - room) / most
    shapes: list[Shape] = []
    y = 2.0
    for row in rows:
        for line in wrapped(row.label, LABEL, width - 4):
            y += 15
            shapes.append(Words(x=2, y=y, text=line, size=LABEL))
        y += 5
        if row.value is None:
            shapes.append(Words(x=2, y=y + 9, text="zu wenige Angaben", size=SMALL, colour=SOFT))
        else:
            shapes += _bar(row, y, scale)
        y += 17
    return Drawing(width=width, height=y + 4, shapes=tuple(shapes), about=about)


def _bar(row: Bar, y: float, scale: float) -> list[Shape]:
    assert row.value is not None
    low, high = max(0.0, row.low) * scale + 2, row.high * scale + 2
    shapes: list[Shape] = [Box(x=2, y=y, width=max(1.0, row.value * scale), height=12, fill=BAR)]
    if row.high > row.low:
        shapes += [
            Stroke(points=((low, y + 6), (high, y + 6)), width=1.4),
            Stroke(points=((low, y + 2), (low, y + 10)), width=1.4),
            Stroke(points=((high, y + 2), (high, y + 10)), width=1.4),
        ]
    end = max(high, row.value * scale + 2)
    return [*shapes, Words(x=end + 6, y=y + 10, text=row.shown, size=SMALL)]


def tiles(values: Mapping[str, int | None], about: str, width: float) -> Drawing:
    """Germany as one tile for each Land, the darker the larger; a dashed tile is not published."""
    side = min(68.0, (width - 4) / 5)
    left = (width - 5 * side) / 2
    most = max((value for value in values.values() if value is not None), default=1) or 1
    shapes: list[Shape] = []
    for land, (column, row) in TILES.items():
        x, y = left + column * side, 2 + row * side
        value = values.get(land)
        fill, ink = _shade(value, most)
        box = Box(x=x + 2, y=y + 2, width=side - 4, height=side - 4, fill=fill, edge=SOFT if value is None else "")
        middle = x + side / 2
        shown = "–" if value is None else thousands(value)
        shapes += [
            box,
            Words(x=middle, y=y + side / 2 - 2, text=land, size=LABEL, anchor="middle", bold=True, colour=ink),
            Words(x=middle, y=y + side / 2 + 14, text=shown, size=SMALL, anchor="middle", colour=ink),
        ]
    return Drawing(width=width, height=5 * side + 4, shapes=tuple(shapes), about=about)


def _shade(value: int | None, most: int) -> tuple[str, str]:
    """Fill and ink: four steps, each with enough contrast between them."""
    if value is None:
        return WHITE, SOFT
    step = min(3, int(4 * value / (most + 1)))
    return (PALE, "#b9d8dc", "#2f7f8a", ACCENT)[step], (INK, INK, WHITE, WHITE)[step]


def trend(points: Sequence[tuple[str, float | None]], margin: float, about: str, width: float) -> Drawing:
    """A line over time with the range of uncertainty (`margin` up and down); gaps where nothing is published."""
    height, left, top, bottom = 190.0, 40.0, 12.0, 26.0
    values = [value for _, value in points if value is not None]
    most = _round_up(max(values, default=1.0) + margin)
    step = (width - left - 14) / max(1, len(points) - 1)

    def x(at: int) -> float:
        return left + at * step

    def y(value: float) -> float:
        return top + (height - top - bottom) * (1 - max(0.0, min(most, value)) / most)

    shapes: list[Shape] = []
    for part in range(5):
        level = most * part / 4
        shapes += [
            Stroke(points=((left, y(level)), (width - 14, y(level))), colour=LINE, width=0.7),
            Words(x=left - 5, y=y(level) + 4, text=thousands(round(level)), size=SMALL, anchor="end", colour=SOFT),
        ]
    for run in _runs(points):
        line = tuple((x(at), y(value)) for at, value in run)
        band = [(x(at), y(value + margin)) for at, value in run] + [
            (x(at), y(value - margin)) for at, value in reversed(run)
        ]
        shapes.append(Area(points=tuple(band), fill="#cfe4e7"))
        if len(line) == 1:
            shapes.append(Box(x=line[0][0] - 2, y=line[0][1] - 2, width=4, height=4, fill=ACCENT))
        else:
            shapes.append(Stroke(points=line, colour=ACCENT, width=2))
    shapes += _under(points, x, height - 8, width)
    return Drawing(width=width, height=height, shapes=tuple(shapes), about=about)


def _under(points: Sequence[tuple[str, float | None]], x, y: float, width: float) -> list[Shape]:  # type: ignore[no-untyped-def]  # x of a point
    """Names of some weeks, as many as fit."""
    shapes: list[Shape] = []
    free = 0.0
    for at, (name, _) in enumerate(points):
        words = Words(
            x=min(x(at), width - width_of(name, SMALL) / 2 - 2),
            y=y,
            text=name,
            size=SMALL,
            anchor="middle",
            colour=SOFT,
        )
        if words.left >= free:
            shapes.append(words)
            free = words.left + width_of(name, SMALL) + 14
    return shapes


def _runs(points: Sequence[tuple[str, float | None]]) -> list[list[tuple[int, float]]]:
    runs: list[list[tuple[int, float]]] = [[]]
    for at, (_, value) in enumerate(points):
        if value is None:
            runs.append([])
        else:
            runs[-1].append((at, value))
    return [run for run in runs if run]


def _round_up(value: float) -> float:
    """The next of 4, 8, 20, 40, 80, 200, …: quarters of it are round."""
    size = 1.0
    while True:
        for step in (4, 8, 20):
            if value <= step * size:
                return step * size
        size *= 10


def thousands(value: int) -> str:
    """A number as it is written in German."""
    return f"{value:,}".replace(",", ".")
