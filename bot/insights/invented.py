"""An invented population, to look at the pages before anybody has been counted. Everything made from it says so."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from datetime import date

from bot.insights.questions import ANSWERED, QUESTIONS, TAKEN, randomised
from bot.insights.release import Frame, Release, make_release, weeks_between
from bot.insights.tables import GERMANY, LAND, NO_TOPIC, SURVEY


def invented(frame: Frame, people: int = 10_000, seed: int = 1) -> Release:
    """A release of the year 2025 with made-up answers. Never touches a store."""
    chance = random.Random(seed)
    counts: dict[str, Counter[tuple[str, str]]] = {}
    weight = {land: chance.uniform(0.2, 1) ** 2 for land in frame.laender}
    weeks = weeks_between("2025-W01", "2025-W52")

    def add(table: str, row: str, column: str) -> None:
        counts.setdefault(table, Counter())[row, column] += 1

    laender, weights = list(weight), list(weight.values())
    for at in range(6 * people):
        land = chance.choices(laender, weights)[0]
        group = chance.choices(frame.groups, [1 / (n + 1.5) for n in range(len(frame.groups))])[0]
        week = weeks[int(52 * chance.triangular(0, 1, 0.9))]
        add("needs", land, group)
        add("themes", GERMANY, group)
        add("weeks", GERMANY, week)
        if at % 12 == 0:
            add("gaps", GERMANY, chance.choice([*frame.groups, NO_TOPIC, NO_TOPIC]))
            add("gap_weeks", GERMANY, week)
        if at % 20 == 0:
            add("waits", GERMANY, str(chance.choices(range(6), [3, 5, 4, 4, 3, 1])[0]))
        if at % 8 == 0:
            add("came", GERMANY, chance.choices(["poster", "card", "school", "office", "web"], [5, 4, 1, 2, 6])[0])
            add("prisons", GERMANY, chance.choice(frame.prisons[:40] or ("",)))
    for _ in range(people):
        _answer(chance, chance.choices(laender, weights)[0], add)
    return replace(make_release(counts, frame, weeks[0], weeks[-1], date(2026, 1, 5), chance.randrange), invented=True)


def _answer(chance: random.Random, land: str, add) -> None:  # type: ignore[no-untyped-def]  # (table, row, column)
    add(SURVEY + TAKEN, GERMANY, TAKEN)
    add(LAND + TAKEN, land, TAKEN)
    for question in QUESTIONS:
        if chance.random() < 0.1:
            continue
        likely = [1 / (n + 1) for n in range(len(question.answers))]
        chosen = {chance.choices(question.answers, likely)[0] for _ in range(min(question.most, 2))}
        if question.sensitive:
            chosen = {randomised(one, question.answers, chance.randrange) for one in chosen}
        for name, row in ((SURVEY + question.id, GERMANY), (LAND + question.id, land)):
            if question.most > 1:
                add(name, row, ANSWERED)
            for answer in chosen - set(question.alone) or chosen:
                add(name, row, answer)
