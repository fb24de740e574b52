"""One transaction of several jobs on the store's connection: all of them together, or each kept apart from the others' faults.

It is carried out in two steps, because only the second one waits for the disk: `written` runs the jobs' statements,
`committed` ends the transaction.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from bot.errors import KaviError, StoreError, StoreUnavailable
from bot.storage.sqlite_files import faults
from bot.storage.sqlite_hands import LONGEST, Held, all_down
from bot.storage.sqlite_intake import lay_down
from bot.storage.sqlite_transaction import Transaction

Weight = Literal["reads", "light", "soon", "durable"]
"""How much of a job must be on the disk before its caller hears of it.

`reads` changes nothing; `light` changes only what a crash may undo (a claim); `soon` is durable when it is told, but seen by
others at once, so that what they make of it lies on the disk with the same sync; `durable` is both at once.
"""

Work = Callable[[Transaction, Sequence[Any]], Sequence[Any]]
"""What is done for an item and others that wait together; one value for each."""

PATIENCE = 5.0  # seconds that another program may keep the database locked
PAGES = 2000  # of the write-ahead log, after which what they hold is brought into the database
QUICK = 0.002  # seconds that a commit on a quick disk takes
CALMING = 0.8  # of what the slowest took counts still after each further commit
MOST_ROWS = 8000  # changed in the meantime, however few pages they took last time


@dataclass(slots=True, eq=False)
class Job:
    """Something to do for somebody who waits for `future`."""

    work: Work
    item: Any
    future: asyncio.Future[Any]
    loop: asyncio.AbstractEventLoop
    weight: Weight
    brief: bool  # a few statements: they cost less than waking a thread for them
    patient: bool = False  # finding nothing, it is tried again whenever others have written
    limit: int = 0  # of what a patient one may find


Result = tuple[Job, Any, BaseException | None]


@dataclass(slots=True)
class Group:
    """The store's connection, one transaction at a time. Whoever uses it has it for himself."""

    t: Transaction
    patient: list[Job] = field(default_factory=list)  # those who have found nothing so far
    untold: list[tuple[Result, Sequence[Held]]] = field(
        default_factory=list
    )  # until these events, too, are on the disk
    closing: bool = False  # nobody will commit any more what workers hold
    behind: bool = False  # something that will be told of is not on the disk yet
    _searched: bool = False  # the patient have seen everything that was written, and left nothing to be found
    _writes: bool = False
    _durable: bool = False
    _changes: int = 0
    _rows: int = 0  # changed since the last checkpoint
    _enough: int = PAGES  # such rows for the next one
    _slowest: float = 0.0  # seconds that a commit took lately

    def __post_init__(self) -> None:
        self.t.db.execute("PRAGMA busy_timeout=0")
        self.t.db.execute("PRAGMA wal_autocheckpoint=0")  # it could come where nobody expects to wait for the disk

    @property
    def waits_for_the_disk(self) -> bool:
        """Whether `committed` takes time."""
        syncs = self._durable and (self.behind or self.t.db.total_changes != self._changes)
        return self.t.db.in_transaction and (syncs or self.t.keys.pending)

    @property
    def late(self) -> bool:
        """Whether somebody has waited long enough for a sync, or for what a worker keeps in his hands."""
        return self.behind or bool(self._kept())

    @property
    def quick(self) -> bool:
        """Whether the disk has lately taken no longer than it takes to wake a thread that waits for it."""
        return self._slowest < QUICK

    def written(self, batch: Sequence[Job], *, wait: bool, sync: bool = False) -> list[Result] | None:
        """Begins a transaction and runs the jobs in it; with `sync` it will be durable whatever they are.

        None when another program keeps the database locked, unless that is to be waited for.
        """
        self.patient += [job for job in batch if job.patient]
        jobs = [job for job in batch if not job.patient]
        idle = not self.late if sync else self._searched
        if not jobs and idle:
            return []
        try:
            results = self._run(jobs, {job.weight for job in batch}, sync=sync, wait=wait)
        except KaviError:  # one job failed: all are undone and done again, this time each on its own
            results = self._one_by_one(jobs)
        except Exception as error:
            if not wait and is_locked(error):
                self._roll_back()
                self.patient = [job for job in self.patient if job not in batch]
                return None
            results = self._undone(jobs, error)
        return results

    def committed(self, results: list[Result]) -> list[Result]:
        """Ends the transaction; what everybody is to be told now."""
        if self.t.db.in_transaction:
            try:
                self._commit(results)
            except Exception as error:
                results = self._undone([job for job, _, _ in results], error)
        told = {id(job) for job, _, _ in results}
        self.patient = [job for job in self.patient if id(job) not in told]
        return self._told(results) + self._given_up()

    def closed(self) -> list[Result]:
        """Closes the connection; the patient go with nothing."""
        self.t.db.close()
        return [(job, [], None) for job in self.patient]

    # ------------------------------------------------------------------ in it

    def _run(self, jobs: Sequence[Job], weights: set[Weight], *, sync: bool, wait: bool) -> list[Result]:
        self._writes = sync or weights != {"reads"}
        shared = self.patient and not self._durable  # somebody makes something of it now whose sync does for both
        self._begin(sync or "durable" in weights or ("soon" in weights and not shared), wait=wait)
        if not self._writes:
            return _alone(self.t, jobs)
        if sync:
            lay_down(self.t, self._kept())
        return _all(self.t, jobs) + self._found()

    def _kept(self) -> list[Held]:
        return self.t.hands.kept(0.0 if self.closing else LONGEST)

    def _begin(self, durable: bool, *, wait: bool) -> None:
        db = self.t.db
        if durable != self._durable and self._writes:
            db.execute(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")
            self._durable = durable
        if wait:
            db.execute(f"PRAGMA busy_timeout={int(PATIENCE * 1000)}")
        try:
            db.execute("BEGIN IMMEDIATE" if self._writes else "BEGIN")
        finally:
            if wait:
                db.execute("PRAGMA busy_timeout=0")
        self._changes = db.total_changes
        self.t.hands.begin(sum(job.limit for job in self.patient if not job.future.cancelled()))

    def _commit(self, results: Sequence[Result]) -> None:
        db = self.t.db
        changed = db.total_changes - self._changes
        if self._writes and self._durable and self.behind and not changed:  # SQLite would not sync anything
            db.execute("UPDATE meta SET value = value WHERE name = 'keys'")
        begun = time.perf_counter()
        self.t.keys.flush_new()
        db.execute("COMMIT")
        self.t.keys.flush_doomed()
        self._slowest = max(time.perf_counter() - begun, self._slowest * CALMING)
        if self._writes:
            soon = changed > 0 and (self.t.hands.ends or any(job.weight == "soon" for job, _, _ in results))
            self.behind = not self._durable and (self.behind or soon)
            self._rows += changed
            if self._durable and self._rows >= self._enough:
                self._checkpoint()
        self.t.hands.committed()

    def _checkpoint(self) -> None:
        """Brings the write-ahead log into the database, now that the disk is waited for anyway."""
        with contextlib.suppress(*faults()):  # another time: what was committed lies safely in the log
            _, pages, _ = self.t.db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
            self._enough = min(MOST_ROWS, self._rows * PAGES // max(1, pages))  # as many as filled so many this time
        self._rows = 0

    def _told(self, results: list[Result]) -> list[Result]:
        """Who is to be told now, also of those who have waited: what they brought is on the disk."""
        told: list[Result] = []
        waiting, self.untold = self.untold, []
        for one in results:
            if one[0].weight == "soon" and one[2] is None:
                waiting.append((one, self.t.hands.awaited))
            else:
                told.append(one)
        for one, helds in waiting:
            if self.behind or not all_down(helds):
                self.untold.append((one, helds))
            else:
                told.append(one)
        return told

    def _given_up(self) -> list[Result]:
        """Those who have waited long enough, or in vain, go with nothing."""
        gone = [job for job in self.patient if not job.patient or job.future.cancelled()]
        if gone:
            self.patient = [job for job in self.patient if job not in gone]
            self._searched = (
                False  # time has passed, and other programs may have written: the next one looks for himself
            )
        return [(job, [], None) for job in gone]

    def _found(self) -> list[Result]:
        """What the patient find; where one finds less than he may, those behind him would find nothing."""
        found: list[Result] = []
        self._searched = False
        for job in self.patient:
            if job.future.cancelled():
                continue
            (value,) = job.work(self.t, [job.item])
            if value:
                found.append((job, value, None))
            if len(value) < job.limit:
                self._searched = True
                break
        lay_down(self.t, self.t.hands.left())
        return found

    def _one_by_one(self, jobs: Sequence[Job]) -> list[Result]:
        """The slow way after a failure: savepoints keep the jobs apart."""
        try:
            self._roll_back()
            self._begin(self._durable, wait=True)
            return _alone(self.t, jobs) + self._found()
        except Exception as error:
            return self._undone(jobs, error)

    def _roll_back(self) -> None:
        self._searched = False
        if self.t.db.in_transaction:
            self.t.db.execute("ROLLBACK")
        self.t.keys.abandon()
        self.t.hands.abandoned()

    def _undone(self, jobs: Sequence[Job], error: Exception) -> list[Result]:
        """All of it failed: nobody may believe otherwise, nor may those who wait for the same sync."""
        self._roll_back()
        fault = translate(error)
        waiting = [job for (job, _, _), _ in self.untold]
        self.untold = []
        self.t.hands.dropped()
        failed = {id(job): job for job in (*jobs, *self.patient, *waiting)}
        return [(job, None, fault) for job in failed.values()]


def _all(t: Transaction, batch: Sequence[Job]) -> list[Result]:
    """Each job's result, those of the same work by one call of it."""
    alike: dict[Work, list[Job]] = {}
    for job in batch:
        alike.setdefault(job.work, []).append(job)
    results: list[Result] = []
    for work, jobs in alike.items():
        values = work(t, [job.item for job in jobs])
        results += [(job, value, None) for job, value in zip(jobs, values, strict=True)]
    return results


def _alone(t: Transaction, batch: Sequence[Job]) -> list[Result]:
    return [(job, *_attempt(t, job)) for job in batch]


def _attempt(t: Transaction, job: Job) -> tuple[Any, BaseException | None]:
    t.db.execute("SAVEPOINT job")
    mark = t.hands.mark()
    try:
        (value,) = job.work(t, [job.item])
    except faults():
        raise  # the disk or the database is at fault, not the job
    except Exception as error:
        t.db.execute("ROLLBACK TO job")
        t.db.execute("RELEASE job")
        t.hands.back_to(mark)
        return None, error
    t.db.execute("RELEASE job")
    return value, None


def is_locked(error: Exception) -> bool:
    """Whether another program keeps the database locked."""
    return isinstance(error, faults()) and ("locked" in str(error) or "busy" in str(error))


def translate(error: Exception) -> Exception:
    """A driver's error as one sentence with the remedy."""
    if not isinstance(error, faults()):
        return error
    text = str(error)
    if "locked" in text or "busy" in text:
        return StoreUnavailable(
            "Ein anderes Programm hält die Datenbank fest. Halten Sie das andere Kavi (oder die Sicherung) an, dann noch einmal."
        )
    if "full" in text:
        return StoreUnavailable(
            "Der Datenträger ist voll. Schaffen Sie Platz; nichts ist verloren, was wartet, geht danach weiter."
        )
    if "malformed" in text or "not a database" in text or "corrupt" in text:
        return StoreError(
            "Die Datenbank ist beschädigt. Halten Sie Kavi an und holen Sie die letzte Sicherung: kavi restore ORDNER."
        )
    if "readonly" in text or "unable to open" in text or "disk I/O" in text:
        return StoreUnavailable(
            f"In die Datenbank lässt sich nicht schreiben ({text}). Prüfen Sie Rechte und Platz im Datenordner."
        )
    return StoreError(f"Die Datenbank lehnt eine Anweisung ab: {text}.")
