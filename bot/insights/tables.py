"""Tables for publication: which there are, what each costs of the privacy budget, and how a table of counts is protected."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from bot.insights.noise import leak, limit_for, noise, variance
from bot.insights.questions import ANSWERED, QUESTIONS, TAKEN, UNKNOWN_LAND, Draw
from bot.insights.suppression import Sum, hidden

GERMANY = "DE"
SURVEY = "survey."
WAITS = (10, 30, 60, 240, 1440)  # minutes: the upper ends of the classes, the last is open
EVENT_BUDGET = Fraction(1)  # what may be learnt of one event (a question asked, a wait)
ANSWER_BUDGET = Fraction(4)  # what may be learnt of one person's whole questionnaire
NO_TOPIC = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A table before it is filled. `reach`: how many of its numbers one unit (event or questionnaire) changes by one.

    `across`: its numbers add up along a row as well (one answer each), not only down a column. `unit` names the budget.
    """

    name: str
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    epsilon: Fraction
    unit: str
    reach: int = 1
    across: bool = True

    @property
    def rate(self) -> Fraction:
        """Of the noise on each number."""
        return self.epsilon / self.reach


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A protected table; None stands for what is not published. Sums that do not exist are missing from their mapping."""

    name: str
    rate: float
    limit: int
    cells: Mapping[str, Mapping[str, int | None]]
    row_sums: Mapping[str, int | None] = field(default_factory=dict)
    column_sums: Mapping[str, int | None] = field(default_factory=dict)
    total: int | None = None

    @property
    def variance(self) -> float:
        """Of the noise on one number."""
        return variance(self.rate)

    def to_json(self) -> dict[str, Any]:
        """As it is kept and published."""
        return {
            "name": self.name, "rate": self.rate, "limit": self.limit, "cells": self.cells, "row_sums": self.row_sums,
            "column_sums": self.column_sums, "total": self.total,
        }  # fmt: skip


def plans(laender: Sequence[str], groups: Sequence[str], weeks: Sequence[str], prisons: Sequence[str]) -> list[Plan]:
    """Every table of a release. Which there are depends on nothing that anybody said."""
    everywhere = (*laender, UNKNOWN_LAND)
    waits = tuple(map(str, range(len(WAITS) + 1)))
    found = [
        _plan("needs", everywhere, groups, "0.7", "asked"),
        _plan("weeks", (GERMANY,), weeks, "0.3", "asked"),
        _plan("gaps", (GERMANY,), (*groups, NO_TOPIC), "0.7", "unanswered"),
        _plan("gap_weeks", (GERMANY,), weeks, "0.3", "unanswered"),
        _plan("waits", (GERMANY,), waits, "1", "wait"),
        _plan("came", (GERMANY,), ("poster", "card", "school", "office", "brief", "web"), "0.5", "came"),
        _plan("prisons", (GERMANY,), prisons, "0.5", "came"),
        _plan(SURVEY + TAKEN, everywhere, (TAKEN,), "0.2", "questionnaire"),
    ]
    for question in QUESTIONS:
        found.append(
            Plan(
                name=SURVEY + question.id,
                rows=everywhere if question.by_land else (GERMANY,),
                columns=question.answers if question.most == 1 else (*question.answers, ANSWERED),
                epsilon=Fraction(str(question.epsilon)),
                unit="questionnaire",
                reach=question.reach,
                across=question.most == 1,
            )
        )
    for unit, spent in spending(found).items():
        if spent > (ANSWER_BUDGET if unit == "questionnaire" else EVENT_BUDGET):
            raise ValueError(f"the tables about each {unit} spend {spent}, more than its budget")
    return found


def _plan(name: str, rows: Sequence[str], columns: Sequence[str], epsilon: str, unit: str) -> Plan:
    return Plan(name=name, rows=tuple(rows), columns=tuple(columns), epsilon=Fraction(epsilon), unit=unit)


def spending(found: Sequence[Plan]) -> dict[str, Fraction]:
    """Unit -> what all its tables together let a reader learn about one of its kind."""
    spent: dict[str, Fraction] = {}
    for plan in found:
        spent[plan.unit] = spent.get(plan.unit, Fraction(0)) + plan.epsilon
    return spent


def leaks(plan: Plan) -> float:
    """The probability with which the table tells more than its epsilon about one unit."""
    return plan.reach * leak(float(plan.rate), limit_for(float(plan.rate)))


def protect(plan: Plan, counts: Mapping[tuple[str, str], int], draw: Draw) -> Table:
    """The table with noise on every number (also where nothing was counted), then without what must not be published."""
    rate = float(plan.rate)
    limit = limit_for(rate)
    cells = [counts.get((row, column), 0) + noise(plan.rate, limit, draw) for row, column in _places(plan)]
    values, sums, weights = _with_sums(plan, cells)
    secret = hidden(values, sums, weights, limit)
    shown = iter(None if at in secret else value for at, value in enumerate(values))
    return Table(
        name=plan.name,
        rate=rate,
        limit=limit,
        cells={row: {column: next(shown) for column in plan.columns} for row in plan.rows},
        row_sums={row: next(shown) for row in plan.rows} if plan.across else {},
        column_sums={column: next(shown) for column in plan.columns} if len(plan.rows) > 1 else {},
        total=next(shown, None),
    )


def _places(plan: Plan) -> Iterator[tuple[str, str]]:
    return ((row, column) for row in plan.rows for column in plan.columns)


def _with_sums(plan: Plan, cells: Sequence[int]) -> tuple[list[int], list[Sum], list[int]]:
    """Cells, then sums of rows, of columns, of everything; what adds up to what; how many cells stand behind each."""
    height, width = len(plan.rows), len(plan.columns)
    parts: list[tuple[int, ...]] = []
    if plan.across:
        parts += [tuple(range(row * width, (row + 1) * width)) for row in range(height)]
    if height > 1:
        parts += [tuple(range(column, height * width, width)) for column in range(width)]
    values, weights = list(cells), [1] * len(cells)
    sums = []
    for one in parts:
        sums.append(Sum(one, len(values)))
        values.append(sum(values[at] for at in one))
        weights.append(len(one))
    if plan.across and height > 1:
        first = len(cells)
        sums += [
            Sum(tuple(range(first, first + height)), len(values)),
            Sum(tuple(range(first + height, first + height + width)), len(values)),
        ]
        values.append(sum(cells))
        weights.append(len(cells))
    return values, sums, weights
