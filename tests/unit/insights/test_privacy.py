"""What is published: estimates hold their intervals, the budget is what it says, nothing under ten is told by any detour.

Counts are a twentieth of the full ones; `python -m tests.bench insights` runs those.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from math import exp, sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import StoreUnavailable
from bot.insights.estimates import share_of
from bot.insights.noise import LEAK, leak, limit_for, noise, variance
from bot.insights.release import Frame, Release, last_full_week, make_release, publish, releases, weeks_between
from bot.insights.suppression import LEAST, enough, hidden
from bot.insights.tables import ANSWER_BUDGET, Plan, plans, protect, spending
from bot.ports import NewFact, Tally
from bot.storage.memory import MemoryStore
from tests.bench.insights import coverage, guesses, probabilities
from tests.contracts.stores import commit_for, inbound

FRAME = Frame(laender=("BY", "NW", "SL"), groups=("visit", "money"), prisons=("by-jva-x", "nw-jva-y"))
NOW = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
PLAN = Plan(name="needs", rows=("BY", "NW", "SL"), columns=("a", "b", "c"), epsilon=Fraction("0.7"), unit="asked")


# ------------------------------------------------------------------ noise


def test_the_noise_has_the_distribution_it_claims() -> None:
    draw, rate, runs = random.Random(7).randrange, Fraction(1, 2), 20_000
    seen = Counter(noise(rate, limit_for(0.5), draw) for _ in range(runs))
    a = exp(-0.5)
    for value in range(-6, 7):
        expected = (1 - a) / (1 + a) * a ** abs(value)
        assert abs(seen[value] / runs - expected) < 5 * sqrt(expected / runs), value
    spread = sum(value * value * n for value, n in seen.items()) / runs
    assert abs(spread - variance(0.5)) < 0.05 * variance(0.5)


@pytest.mark.parametrize("rate", [0.05, 0.15, 0.3, 1.0])
def test_the_cut_gives_no_more_away_than_it_may(rate: float) -> None:
    limit = limit_for(rate)
    assert leak(rate, limit) <= LEAK * 1.001 < leak(rate, limit - 1) * 1.01


def test_the_noise_is_that_of_opendp() -> None:
    opendp = pytest.importorskip("opendp.prelude", reason="the extra opendp is not installed")
    opendp.enable_features("contrib")
    space = opendp.atom_domain(T="i64"), opendp.absolute_distance(T="i64")
    theirs = opendp.m.make_laplace(*space, scale=2.0)
    assert theirs.map(1) == pytest.approx(0.5)
    runs, draw = 20_000, random.Random(3).randrange
    one, other = Counter(theirs(0) for _ in range(runs)), Counter(noise(Fraction(1, 2), 200, draw) for _ in range(runs))
    for value in range(-5, 6):
        assert abs(one[value] - other[value]) < 6 * sqrt(max(one[value], 25)), value


# ------------------------------------------------------------------ the budget


def test_every_budget_is_kept() -> None:
    spent = spending(plans(("BY",), ("visit",), ("2026-W01",), ()))
    assert spent["questionnaire"] == ANSWER_BUDGET == 4
    assert {unit: total for unit, total in spent.items() if unit != "questionnaire"} == {
        "asked": 1, "unanswered": 1, "wait": 1, "came": 1,
    }  # fmt: skip


@pytest.mark.parametrize("truth", [0, 9, 10, 35, 60])
@pytest.mark.parametrize("rate", [0.25, 0.7])
def test_who_knows_all_but_one_learns_no_more_than_the_budget(truth: int, rate: float) -> None:
    """Exactly: every published value, or its being hidden, is at most exp(rate) times likelier with the one than without."""
    with_one, without = probabilities(truth + 1, rate), probabilities(truth, rate)
    for p, q in ((with_one, without), (without, with_one)):
        beyond = sum(max(0.0, chance - exp(rate) * q.get(seen, 0.0)) for seen, chance in p.items())
        assert beyond <= 2 * LEAK
        assert all(chance <= exp(rate) * q[seen] * 1.000001 for seen, chance in p.items() if chance > 1e-5)


def test_an_attacker_guesses_one_answer_no_better_than_the_budget_allows() -> None:
    runs = 400
    right = guesses(runs, epsilon=1.0, seed=5)
    best = exp(1.0) / (1 + exp(1.0))
    assert right / runs <= best + 3 * sqrt(best * (1 - best) / runs)
    assert right / runs > 0.5, "an attack that finds nothing proves nothing"


# ------------------------------------------------------------------ estimates


@pytest.mark.parametrize("question", ["knows", "arrest", "obstacles", "way"])
def test_estimates_lie_in_their_intervals(question: str) -> None:
    inside, runs = coverage(question, runs=100, people=10_000, seed=11)
    assert inside / runs >= 0.95 - 2.5 * sqrt(0.95 * 0.05 / runs)


def test_randomised_answers_are_estimated_without_bias() -> None:
    draw, people, shares = random.Random(2), 20_000, []
    for _ in range(20):
        yes = sum(draw.random() < 0.2 for _ in range(people))
        seen = sum(draw.random() < 2 / 3 for _ in range(yes)) + sum(draw.random() < 1 / 6 for _ in range(people - yes))
        found = share_of(seen, people, replaced=0.5, answers=3)
        assert found is not None
        shares.append(found.share)
    assert abs(sum(shares) / len(shares) - 0.2) < 0.004


def test_no_answers_no_share() -> None:
    assert share_of(0, 0) is None
    few = share_of(0, 5)
    assert few is not None
    assert few.low == 0
    assert few.high > 0.3, "from five answers nothing is certain"


# ------------------------------------------------------------------ suppression


ROWS = st.lists(st.one_of(st.integers(-20, 12), st.integers(0, 400)), min_size=1, max_size=12)


@given(ROWS, st.integers(0, 30))
def test_no_subtraction_tells_of_fewer_than_ten(row: list[int], limit: int) -> None:
    """All that can be derived of a row is what is left of its sum: rows share no cell, other totals are tables of their own."""
    secret, sum_secret = hidden(row, limit, summed=True)
    assert all(value >= LEAST + limit for at, value in enumerate(row) if at not in secret)
    if not sum_secret and secret:
        assert len(secret) > 1
        assert sum(row[at] for at in secret) >= enough(secret, limit)


@pytest.mark.parametrize(
    ("row", "secret", "sum_secret"),
    [
        ([300, 0, 1], {1, 2}, True),  # one large number is told, and the sum is not, because it would tell the rest
        ([300, 200, 250, 12, 3], {3, 4}, False),  # a further small one goes along, so that nothing follows
        ([300, 200, 250, 90, 3], {4}, True),  # … but not a large one: the sum is missed less
        ([5, 5, 5], {0, 1, 2}, False),  # together they are fifteen
        ([2, 2, 2], {0, 1, 2}, True),
        ([40, 50], set(), False),
    ],
)
def test_what_is_hidden_beside_a_small_number(row: list[int], secret: set[int], sum_secret: bool) -> None:
    assert hidden(row, 0, summed=True) == (secret, sum_secret)


def test_no_table_has_a_sum_but_those_of_its_rows() -> None:
    table = protect(PLAN, {}, random.Random(1).randrange)
    assert set(table.to_json()) == {"name", "rate", "limit", "cells", "row_sums"}
    names = {plan.name for plan in plans(("BY",), ("visit",), ("2026-W01",), ())}
    assert {"themes", "needs", "survey.way", "land.way"} <= names, (
        "totals of Germany are counted with noise of their own"
    )


@pytest.mark.parametrize("seed", range(5))
def test_what_is_published_is_truly_ten_or_more(seed: int) -> None:
    draw = random.Random(seed)
    counts = {(row, column): draw.choice([0, 1, 4, 9, 10, 30, 80, 400]) for row in PLAN.rows for column in PLAN.columns}
    table = protect(PLAN, counts, draw.randrange)
    shown = [(row, column) for row in PLAN.rows for column in PLAN.columns if table.cells[row][column] is not None]
    assert all(counts[place] >= LEAST for place in shown)
    for row in PLAN.rows:
        out = [column for column in PLAN.columns if table.cells[row][column] is None]
        if out and table.row_sums[row] is not None:
            assert len(out) > 1
            assert sum(counts[row, column] for column in out) >= LEAST


# ------------------------------------------------------------------ releases


def answers(week: str, number: int, answer: str = "long") -> list[Tally]:
    values = (("answer", answer), ("land", "BY"), ("question", "way"))
    return [Tally(name="survey", week=week, values=values, number=number)]


async def count(store: MemoryStore, tallies: list[Tally]) -> None:
    await store.receive([inbound("1")], None)
    (lane,) = await store.claim("w", NOW, 1)
    await store.commit(commit_for(lane, tallies=tuple(tallies)))


async def test_each_week_is_published_once_and_never_again() -> None:
    store = MemoryStore()
    await count(store, answers("2026-W40", 500))
    first = await publish(store, FRAME, NOW, random.Random(1).randrange)
    assert first is not None
    assert (first.since, first.until) == ("2026-W40", "2026-W47")
    assert await publish(store, FRAME, NOW, random.Random(2).randrange) is None, "the same weeks cannot be had twice"
    await count(
        store, [*answers("2026-W45", 7), *answers("2026-W48", 3)]
    )  # a late one in a published week stays unpublished
    second = await publish(store, FRAME, NOW + timedelta(days=14), random.Random(3).randrange)
    assert second is not None
    assert (second.since, second.until) == ("2026-W48", "2026-W49")
    assert second.tables["land.way"].cells["BY"]["long"] is None
    assert [one.until for one in await releases(store)] == ["2026-W47", "2026-W49"]


async def test_differencing_two_releases_reveals_no_small_number() -> None:
    """Whoever subtracts everything that was published of two releases never isolates fewer than ten people."""
    draw = random.Random(4)
    weeks = [f"2026-W{week}" for week in range(30, 44)]
    truth = {
        week: {a: draw.choice([0, 1, 2, 9, 15, 60, 300]) for a in ("short", "hour", "two_hours", "long")}
        for week in weeks
    }
    spans = (weeks[:7], weeks[7:])
    found = []
    for span in spans:
        counts = {"land.way": Counter({("BY", a): sum(truth[week][a] for week in span) for a in truth[span[0]]})}
        found.append((counts, make_release(counts, FRAME, span[0], span[-1], date(2026, 11, 25), draw.randrange)))
    for counts, release in found:
        table, real = release.tables["land.way"], counts["land.way"]
        for answer, value in table.cells["BY"].items():
            assert value is None or real["BY", answer] >= LEAST
        out = [answer for answer, value in table.cells["BY"].items() if value is None]
        if table.row_sums["BY"] is not None and out:
            assert sum(real["BY", answer] for answer in out) >= LEAST
    one, other = (set(weeks_between(release.since, release.until)) for _, release in found)
    assert not one & other, "two releases share no week: their difference is what the later one says itself"


async def test_the_ledger_keeps_what_was_published_and_nothing_else() -> None:
    store = MemoryStore()
    await count(store, answers("2026-W40", 500) + answers("2026-W41", 3, "short"))
    release = await publish(store, FRAME, NOW, random.Random(1).randrange)
    (document,) = await store.documents("release")
    assert release == Release.of(document)
    assert json.loads(document.body or "")["spent"]["questionnaire"] == 4.0
    assert release.leaks < 3e-6
    assert document.expires is None


async def test_two_processes_do_not_publish_at_once() -> None:
    store = MemoryStore()
    await store.lease("release", "another", 60.0, NOW)
    with pytest.raises(StoreUnavailable):
        await publish(store, FRAME, NOW, random.Random(1).randrange)


async def test_an_empty_store_publishes_nothing() -> None:
    assert await publish(MemoryStore(), FRAME, NOW, random.Random(1).randrange) is None


def test_weeks_over_the_turn_of_the_year() -> None:
    assert weeks_between("2026-W52", "2027-W02") == ["2026-W52", "2026-W53", "2027-W01", "2027-W02"]
    assert last_full_week(date(2027, 1, 4)) == "2026-W53"


async def test_usage_facts_become_tables_of_their_week_and_land() -> None:
    store = MemoryStore()
    await store.receive([inbound("1")], None)
    (lane,) = await store.claim("w", NOW, 1)
    week = datetime(2026, 11, 11, 9, 0, tzinfo=UTC)
    told = [
        *(("answered", {"topic": "visit.apply", "land": "BY"}) for _ in range(300)),
        *(("answered", {"topic": "bot.cost", "land": "XX"}) for _ in range(2)),
        *(("not_understood", {"audience": "caregiver"}) for _ in range(200)),
        *(("not_helpful", {"topic": "money.rent"}) for _ in range(150)),
        *(("desk_taken", {"urgency": "normal", "minutes": "12"}) for _ in range(90)),
    ]
    facts = tuple(NewFact(name=name, at=week, values=tuple(values.items())) for name, values in told)
    prison = FRAME.prisons[0]
    came = Tally(
        name="came_by", week="2026-W46", values=(("land", "BY"), ("prison", prison), ("source", "poster")), number=400
    )
    await store.commit(commit_for(lane, facts=facts, tallies=(came,)))
    release = await publish(store, FRAME, NOW, random.Random(6).randrange)
    assert release is not None
    assert release.since == "2026-W46"
    shown = {name: table.cells for name, table in release.tables.items()}
    assert abs((shown["came"]["DE"]["poster"] or 0) - 400) <= release.tables["came"].limit
    assert shown["came"]["DE"]["card"] is None
    assert abs((shown["prisons"]["DE"][prison] or 0) - 400) <= release.tables["prisons"].limit
    assert abs((shown["needs"]["BY"]["visit"] or 0) - 300) <= release.tables["needs"].limit
    assert abs((shown["themes"]["DE"]["visit"] or 0) - 300) <= release.tables["themes"].limit
    assert shown["needs"]["NW"]["visit"] is None
    assert abs((shown["gaps"]["DE"]["none"] or 0) - 200) <= release.tables["gaps"].limit
    assert abs((shown["gaps"]["DE"]["money"] or 0) - 150) <= release.tables["gaps"].limit
    assert abs((shown["waits"]["DE"]["1"] or 0) - 90) <= release.tables["waits"].limit
    assert shown["weeks"]["DE"]["2026-W47"] is None
