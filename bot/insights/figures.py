"""From protected tables to numbers with their uncertainty: what plots and files show."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import log, sqrt

from bot.insights.charts import Bar, thousands
from bot.insights.estimates import Estimate, Z, share_of
from bot.insights.questions import ANSWERED, QUESTIONS, REPLACED, Question
from bot.insights.release import Release
from bot.insights.tables import GERMANY, LAND, SURVEY, Table
from bot.insights.wording import Wording

UNORDERED = frozenset({
    "survey.obstacles", "land.obstacles", "survey.help", "survey.contact", "survey.offers", "gaps", "came",
})  # fmt: skip
"""Tables of shares whose answers have no order of their own."""
BY_ID = {question.id: question for question in QUESTIONS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One number of a table. `share` only where a share makes sense; nothing is known of a hidden one."""

    table: str
    row: str
    column: str
    count: int | None
    margin: float = 0.0  # of the count, 95 %, from the protective noise alone
    share: Estimate | None = None


def margin(table: Table, cells: int = 1) -> float:
    """How far the noise may have moved a number in 95 of 100 cases: exact for one cell, a normal curve for a sum."""
    return log(20) / table.rate if cells == 1 else Z * sqrt(cells * table.variance)


def figures(table: Table) -> Iterator[Figure]:
    """All numbers of a table."""
    for row, cells in table.cells.items():
        whole = _whole(table, row)
        for column, count in cells.items():
            yield Figure(
                table=table.name, row=row, column=column, count=count, margin=margin(table),
                share=_share(table, count, whole, column),
            )  # fmt: skip


def _whole(table: Table, row: str) -> int | None:
    return table.row_sums[row] if table.row_sums else table.cells[row].get(ANSWERED)


def _share(table: Table, part: int | None, whole: int | None, column: str) -> Estimate | None:
    if part is None or whole is None or not column or table.name in ("weeks", "gap_weeks", "prisons"):
        return None
    question = _question(table)
    several = question is not None and question.most > 1
    sensitive = question is not None and question.sensitive
    noise = table.variance
    width = len(next(iter(table.cells.values())))
    return share_of(
        part, whole, noise=noise, whole_noise=noise if several else None, replaced=REPLACED if sensitive else 0.0,
        answers=width, cells=width,
    )  # fmt: skip


def _question(table: Table) -> Question | None:
    return BY_ID.get(table.name.removeprefix(SURVEY).removeprefix(LAND))


def share_bars(release: Release, words: Wording, name: str, row: str = GERMANY) -> list[Bar]:
    """Bars of shares for one row of a table, the largest first unless the answers have an order of their own."""
    table = release.tables[name]
    found = [one for one in figures(table) if one.row == row and one.column]
    made = [
        Bar(
            label=words.category(name, one.column),
            value=100 * one.share.share if one.share is not None else None,
            low=100 * one.share.low if one.share is not None else 0.0,
            high=100 * one.share.high if one.share is not None else 0.0,
            shown=percent(one.share) if one.share is not None else "",
        )
        for one in found
    ]
    if name not in UNORDERED:
        return made
    return sorted(made, key=lambda bar: -(bar.value if bar.value is not None else -1.0))


def percent(share: Estimate) -> str:
    """Such as "34 % (31–37)"."""
    return f"{100 * share.share:.0f} % ({100 * share.low:.0f}–{100 * share.high:.0f})"


def number(figure: Figure) -> str:
    """Such as "1.240 ± 9"; a dash when it is not published."""
    return "–" if figure.count is None else f"{thousands(figure.count)} ± {thousands(round(figure.margin))}"


def find(release: Release, name: str, row: str, column: str) -> Figure | None:
    """One number."""
    table = release.tables[name]
    return next((one for one in figures(table) if (one.row, one.column) == (row, column)), None)


def whole_of(release: Release, name: str, row: str = GERMANY) -> Figure | None:
    """How many there are in all in a row of a table; None when that is not published."""
    table = release.tables[name]
    count, cells = _whole(table, row), len(table.cells[row]) if table.row_sums else 1
    return None if count is None else Figure(table=name, row=row, column="", count=count, margin=margin(table, cells))
