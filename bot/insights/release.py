"""Releases: what was published, once and for all, and the ledger of what it cost.

Each week is published in exactly one release. So two releases never overlap, taking one from the other shows nothing new,
and what a reader can learn about one event or questionnaire is what its one release allows. What was hidden is not kept.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from bot.errors import StoreUnavailable
from bot.insights.questions import TAKEN, TALLY, UNKNOWN_LAND, Draw
from bot.insights.tables import GERMANY, LAND, NO_TOPIC, SURVEY, WAITS, Plan, Table, leaks, plans, protect, spending
from bot.ports import Document, Store, week_of

FACTS_KEPT = timedelta(days=1100)  # a little more than the store keeps them
KIND = "release"  # of the documents that are the ledger
Counts = Mapping[str, Counter[tuple[str, str]]]
"""Table -> (row, column) -> how often."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """The published tables of the weeks from `since` to `until`, with what each kind of unit spent."""

    since: str
    until: str
    made: str
    tables: Mapping[str, Table]
    spent: Mapping[str, float]
    leaks: float  # of a questionnaire, over all its tables
    invented: bool = False  # numbers made up for a look at the pages

    def to_document(self) -> Document:
        """The line of the ledger; it never expires."""
        body = {
            "since": self.since, "until": self.until, "made": self.made, "spent": self.spent, "leaks": self.leaks,
            "tables": [table.to_json() for table in self.tables.values()],
        }  # fmt: skip
        return Document(kind=KIND, key=self.until, body=json.dumps(body, ensure_ascii=False, sort_keys=True))

    @classmethod
    def of(cls, document: Document) -> Release:
        """The release of such a line."""
        body: dict[str, Any] = json.loads(document.body or "{}")
        tables = {one["name"]: Table(**one) for one in body.pop("tables")}
        return cls(**body, tables=tables)


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """The fixed names that tables are laid out with: what may be counted is known before anybody says anything."""

    laender: tuple[str, ...]
    groups: tuple[str, ...]  # beginnings of topic ids
    prisons: tuple[str, ...]


def weeks_between(since: str, until: str) -> list[str]:
    """All ISO weeks of a span, both ends included."""
    day, last = monday(since), monday(until)
    return [week_of(_noon(day + timedelta(weeks=n))) for n in range((last - day).days // 7 + 1)]


def monday(week: str) -> date:
    """The first day of an ISO week."""
    return date.fromisocalendar(int(week[:4]), int(week[6:]), 1)


def last_full_week(today: date) -> str:
    """The newest week that is over."""
    return week_of(_noon(today - timedelta(days=7)))


def _noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


async def releases(store: Store) -> list[Release]:
    """All releases, oldest first."""
    return sorted((Release.of(one) for one in await store.documents(KIND)), key=lambda one: one.until)


async def gather(store: Store, frame: Frame, since: str, until: str) -> dict[str, Counter[tuple[str, str]]]:
    """What happened in a span of weeks, as counts. These numbers are not for anybody's eyes."""
    counts: dict[str, Counter[tuple[str, str]]] = {}

    def add(table: str, row: str, column: str, number: int = 1) -> None:
        counts.setdefault(table, Counter())[row, column] += number

    for week in weeks_between(since, until):  # one week in memory at a time
        begin = _noon(monday(week)) - timedelta(days=1)
        async for fact in await store.facts(begin, begin + timedelta(days=9)):
            if week_of(fact.at) == week:
                _usage(add, frame, fact.name, dict(fact.values), week)
    for tally in await store.tallies(since, until):
        values = dict(tally.values)
        if tally.name == TALLY:
            land = values["land"] if values["land"] in frame.laender else UNKNOWN_LAND
            answer = values["answer"] if values["question"] != TAKEN else TAKEN
            add(SURVEY + values["question"], GERMANY, answer, tally.number)
            add(LAND + values["question"], land, answer, tally.number)
        elif tally.name == "came_by":
            add("came", GERMANY, values["source"], tally.number)
            add("prisons", GERMANY, values["prison"], tally.number)
    return counts


def _usage(add: Any, frame: Frame, name: str, values: Mapping[str, str], week: str) -> None:
    group = values.get("topic", "").partition(".")[0]
    match name:
        case "answered" if group in frame.groups:
            land = values.get("land", "")
            add("needs", land if land in frame.laender else UNKNOWN_LAND, group)
            add("themes", GERMANY, group)
            add("weeks", GERMANY, week)
        case "not_understood" | "rejected" | "not_helpful":
            add("gaps", GERMANY, group if group in frame.groups else NO_TOPIC)
            add("gap_weeks", GERMANY, week)
        case "desk_taken":
            minutes = int(values.get("minutes", "0"))
            add("waits", GERMANY, str(sum(minutes >= end for end in WAITS)))


def make_release(counts: Counts, frame: Frame, since: str, until: str, made: date, draw: Draw) -> Release:
    """Protects every table of the span. The counts are not needed any more after that."""
    found: Sequence[Plan] = plans(frame.laender, frame.groups, weeks_between(since, until), frame.prisons)
    tables = {plan.name: protect(plan, counts.get(plan.name, {}), draw) for plan in found}
    return Release(
        since=since,
        until=until,
        made=made.isoformat(),
        tables=tables,
        spent={unit: float(spent) for unit, spent in spending(found).items()},
        leaks=sum(leaks(plan) for plan in found if plan.unit == "questionnaire"),
    )


async def publish(store: Store, frame: Frame, now: datetime, draw: Draw) -> Release | None:
    """Publishes all full weeks that no release holds yet; None when there is none, or nothing at all was counted before.

    Of two processes that try at once only one does it: the ledger is written under a lease. Raises StoreUnavailable for
    the other one.
    """
    holder = f"release-{draw(2**62)}"
    if await store.lease(KIND, holder, 600.0, now) is None:
        raise StoreUnavailable("Gerade veröffentlicht ein anderer Prozess. Bitte in einigen Minuten noch einmal.")
    try:
        return await _publish(store, frame, now, draw)
    finally:
        await store.lease(KIND, holder, 0.0, now)


async def _publish(store: Store, frame: Frame, now: datetime, draw: Draw) -> Release | None:
    today = now.date()
    known = await releases(store)
    until = last_full_week(today)
    since = week_of(_noon(monday(known[-1].until) + timedelta(days=7))) if known else await _first_week(store, now)
    if since is None or since > until:
        return None
    release = make_release(await gather(store, frame, since, until), frame, since, until, today, draw)
    await store.put_documents([release.to_document()])
    return release


async def _first_week(store: Store, now: datetime) -> str | None:
    """When counting began: the week of the oldest number."""
    found = [tally.week for tally in (await store.tallies("2000-W01", week_of(now)))[:1]]
    begin = now - FACTS_KEPT
    while begin < now:
        async for fact in await store.facts(begin, begin + timedelta(days=28)):
            return min([*found, week_of(fact.at)])
        begin += timedelta(days=28)
    return min(found, default=None)
