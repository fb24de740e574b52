"""Counts by week, which know no person and no moment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from msgspec import Struct

from bot.dialogue.rendering import berlin_day


class Tally(Struct, frozen=True, kw_only=True):
    """How often something happened in an ISO week ("2026-W48"): one number and no row for each time.

    Nothing tells which counts came together, in which order or at which hour, so no person can be put together again.
    """

    name: str
    week: str
    values: tuple[tuple[str, str], ...] = ()
    number: int = 1

    @classmethod
    def of(cls, name: str, at: datetime, values: Mapping[str, str]) -> Tally:
        """One more in the week of `at` (Berlin)."""
        return cls(name=name, week=week_of(at), values=tuple(sorted(values.items())))


def week_of(at: datetime) -> str:
    """The ISO week of a moment in Berlin, in a form that sorts."""
    year, week, _ = berlin_day(at).isocalendar()
    return f"{year:04}-W{week:02}"


def together(tallies: Iterable[Tally]) -> list[Tally]:
    """The same weeks and values added up, in a fixed order."""
    sums: dict[tuple[str, str, tuple[tuple[str, str], ...]], int] = {}
    for one in tallies:
        place = (one.week, one.name, one.values)
        sums[place] = sums.get(place, 0) + one.number
    return [Tally(name=name, week=week, values=values, number=n) for (week, name, values), n in sorted(sums.items())]
