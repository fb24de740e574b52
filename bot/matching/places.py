"""Where a postal code lies: its middle, its Land, its town; and how far two of them are apart."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from msgspec import Struct, field

from bot.text.normalise import fold

EARTH = 6371.0  # km, mean radius
ONE_TOWN = 30.0  # km; postal codes of one name that lie further apart are several towns
REGION = 3  # leading digits that postal codes of one region share


class Point(Struct, frozen=True):
    """The middle of a postal code's area in degrees, with the Land that it mostly lies in and its (first) town."""

    lat: float
    lon: float
    land: str
    town: str = ""


class Places(Struct, frozen=True):
    """All postal codes; `towns` maps a folded name to the postal codes of that name."""

    points: Mapping[str, Point] = field(default_factory=dict)
    towns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, rows: Iterable[tuple[str, Point]]) -> Places:
        """From postal code and point."""
        points = dict(rows)
        towns: dict[str, tuple[str, ...]] = {}
        for plz, point in points.items():
            if point.town:
                name = fold(point.town)
                towns[name] = (*towns.get(name, ()), plz)
        return cls(points, towns)

    def at(self, plz: str) -> Point | None:
        """Where it lies. One without an area (post boxes, large recipients) lies in the middle of its region; beyond the
        lowest and the highest that have one, none is in use."""
        point = self.points.get(plz)
        if point is not None or len(plz) != 5 or not self.points or not min(self.points) <= plz <= max(self.points):
            return point
        region = [point for known, point in self.points.items() if known[:REGION] == plz[:REGION]]
        return _middle(region) if region else None

    def named(self, text: str) -> str | None:
        """The postal code that a text is, or that of the town that it names."""
        if text.isdecimal():
            return text if self.at(text) is not None else None
        return self.town(text)

    def town(self, text: str) -> str | None:
        """A postal code in the middle of the only town of that name, else None; "Frankfurt am Main" may be "Frankfurt"."""
        said = fold(text)
        if len(said) < 3:
            return None
        names = [name for name in self.towns if name == said or name.startswith(f"{said} ")]
        found = [plz for name in names for plz in self.towns[name]]
        if not found:
            return None
        middle = _middle([self.points[plz] for plz in found])
        away = {plz: apart(middle, self.points[plz]) for plz in found}
        return min(found, key=lambda plz: away[plz]) if max(away.values()) <= ONE_TOWN else None


def apart(one: Point, other: Point) -> float:
    """Kilometres between two points as the crow flies (haversine)."""
    first, second = math.radians(one.lat), math.radians(other.lat)
    across = math.sin((second - first) / 2) ** 2
    along = math.cos(first) * math.cos(second) * math.sin(math.radians(other.lon - one.lon) / 2) ** 2
    return 2 * EARTH * math.asin(math.sqrt(across + along))


def _middle(points: list[Point]) -> Point:
    lands = [point.land for point in points]
    return Point(
        sum(point.lat for point in points) / len(points),
        sum(point.lon for point in points) / len(points),
        max(set(lands), key=lambda land: (lands.count(land), land)),
    )
