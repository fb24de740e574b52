"""Tables for publication: which there are, what each costs of the privacy budget, and how a table of counts is protected."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from bot.insights.noise import leak, limit_for, noise, variance
from bot.insights.questions import ANSWERED, QUESTIONS, TAKEN, UNKNOWN_LAND, Draw, Question
from bot.insights.suppression import hidden

GERMANY = "DE"
SURVEY = "survey."
LAND = "land."  # the same for each Land
WAITS = (10, 30, 60, 240, 1440)  # minutes: the upper ends of the classes, the last is open
EVENT_BUDGET = Fraction(1)  # what may be learnt of one event (a question asked, a wait)
ANSWER_BUDGET = Fraction(4)  # what may be learnt of one person's whole questionnaire
NO_TOPIC = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A table before it is filled. `reach`: how many of its numbers one unit (event or questionnaire) changes by one.

    `across`: its numbers add up along a row (one answer each). `unit` names the budget.
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

    @property
    def variance(self) -> float:
        """Of the noise on one number."""
        return variance(self.rate)

    def to_json(self) -> dict[str, Any]:
        """As it is kept and published."""
        return {
            "name": self.name, "rate": self.rate, "limit": self.limit, "cells": self.cells, "row_sums": self.row_sums,
        }  # fmt: skip


def plans(laender: Sequence[str], groups: Sequence[str], weeks: Sequence[str], prisons: Sequence[str]) -> list[Plan]:
    """Every table of a release. Which there are depends on nothing that anybody said."""
    everywhere = (*laender, UNKNOWN_LAND)
    waits = tuple(map(str, range(len(WAITS) + 1)))
    found = [
        _plan("themes", (GERMANY,), groups, "0.3", "asked"),
        _plan("needs", everywhere, groups, "0.4", "asked"),
        _plan("weeks", (GERMANY,), weeks, "0.3", "asked"),
        _plan("gaps", (GERMANY,), (*groups, NO_TOPIC), "0.7", "unanswered"),
        _plan("gap_weeks", (GERMANY,), weeks, "0.3", "unanswered"),
        _plan("waits", (GERMANY,), waits, "1", "wait"),
        _plan("came", (GERMANY,), ("poster", "card", "school", "office", "brief", "web"), "0.5", "came"),
        _plan("prisons", (GERMANY,), prisons, "0.5", "came"),
        _plan(SURVEY + TAKEN, (GERMANY,), (TAKEN,), "0.1", "questionnaire"),
        _plan(LAND + TAKEN, everywhere, (TAKEN,), "0.1", "questionnaire"),
    ]
    for question in QUESTIONS:
        found.append(_of_question(SURVEY, question, (GERMANY,), question.epsilon))
        if question.land_epsilon != "0":
            found.append(_of_question(LAND, question, everywhere, question.land_epsilon))
    for unit, spent in spending(found).items():
        if spent > (ANSWER_BUDGET if unit == "questionnaire" else EVENT_BUDGET):
            raise ValueError(f"the tables about each {unit} spend {spent}, more than its budget")
    return found


def _plan(name: str, rows: Sequence[str], columns: Sequence[str], epsilon: str, unit: str) -> Plan:
    return Plan(name=name, rows=tuple(rows), columns=tuple(columns), epsilon=Fraction(epsilon), unit=unit)


def _of_question(prefix: str, question: Question, rows: Sequence[str], epsilon: str) -> Plan:
    return Plan(
        name=prefix + question.id, rows=tuple(rows), unit="questionnaire", epsilon=Fraction(epsilon), reach=question.reach,
        across=question.most == 1, columns=question.answers if question.most == 1 else (*question.answers, ANSWERED),
    )  # fmt: skip


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
    cells: dict[str, dict[str, int | None]] = {}
    sums: dict[str, int | None] = {}
    for row in plan.rows:
        noisy = [counts.get((row, column), 0) + noise(plan.rate, limit, draw) for column in plan.columns]
        secret, sum_secret = hidden(noisy, limit, plan.across and len(noisy) > 1)
        cells[row] = {column: None if at in secret else noisy[at] for at, column in enumerate(plan.columns)}
        if plan.across:
            sums[row] = None if sum_secret else sum(noisy)
    return Table(name=plan.name, rate=rate, limit=limit, cells=cells, row_sums=sums)
