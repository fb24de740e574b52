"""Group commit: one thread owns the connections; whatever waits together is committed together.

Callers hand over a function of the connection and await its result. A failing function undoes only itself (savepoint);
nobody hears "done" before the whole batch lies on the disk. Waking a thread costs as much as twenty statements, and two
threads that are both awake take the interpreter from each other at each statement. So a batch is handed over when the
event loop has nothing more to add, and comes back whole.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from bot.errors import KaviError, StoreError, StoreUnavailable
from bot.storage.sqlite_transaction import Transaction

T = TypeVar("T")
Item = TypeVar("Item")
MAX_BATCH = 256

Weight = Literal["reads", "light", "durable"]


@dataclass(slots=True, eq=False)
class _Job:
    work: Callable[[Transaction, Sequence[Any]], Sequence[Any]]  # of this and other items that wait together
    item: Any
    future: asyncio.Future[Any]
    loop: asyncio.AbstractEventLoop
    weight: Weight
    patient: bool = False  # finding nothing, it is tried again whenever others have written


_Result = tuple[_Job, Any, BaseException | None]


class Batcher:
    """Runs jobs on the store's thread. `before` and `after` wrap each commit (the key store writes there), `failed` follows one undone."""

    def __init__(
        self,
        connect: Callable[[], Transaction],
        before: Callable[[], None],
        after: Callable[[], None],
        failed: Callable[[], None],
    ) -> None:
        self._connect = connect
        self._before = before
        self._after = after
        self._failed = failed
        self._durable = True
        self._jobs: deque[_Job] = deque()
        self._patient: list[_Job] = []
        self._wake = threading.Condition()
        self._gathering: asyncio.AbstractEventLoop | None = None  # will hand over by itself
        self._ready = False  # handed over
        self._stopping = False
        self._thread: threading.Thread | None = None

    async def start(self) -> None:
        """Opens the connection on the store's own thread. Raises what opening raises."""
        loop = asyncio.get_running_loop()
        opened: asyncio.Future[None] = loop.create_future()
        self._thread = threading.Thread(target=self._run, args=(loop, opened), name="kavi-store", daemon=True)
        self._thread.start()
        await opened

    async def stop(self) -> None:
        """Finishes what waits and closes."""
        with self._wake:
            self._stopping = True
            self._wake.notify()
        if self._thread is not None:
            await asyncio.to_thread(self._thread.join)
            self._thread = None

    async def run(self, work: Callable[[Transaction], T], *, weight: Weight = "durable") -> T:
        """Runs `work` on the store's thread inside a transaction.

        `reads` changes nothing; `light` changes only what a crash may undo (a claim), so that nothing has to be synced.
        """
        future: asyncio.Future[T] = self._add(_one_after_another, work, weight).future
        return await future

    async def together(self, work: Callable[[Transaction, Sequence[Item]], Sequence[T]], item: Item) -> T:
        """The same for a job that is done for all items that wait at the same time; when it fails, for each by itself."""
        future: asyncio.Future[T] = self._add(work, item, "durable").future
        return await future

    async def find(self, work: Callable[[Transaction], T], patience: float) -> T:
        """The same for a `light` job that may find nothing (an empty result) and then waits, at most `patience` seconds.

        It is tried again in each transaction that others write, so that it finds what is new before they have heard of it.
        """
        job = self._add(_one_after_another, work, "light", patient=patience > 0)
        timer = job.loop.call_later(patience, self._give_up, job) if job.patient else None
        try:
            found: T = await job.future
            return found
        finally:
            if timer is not None:
                timer.cancel()

    def _add(
        self,
        work: Callable[[Transaction, Sequence[Any]], Sequence[Any]],
        item: Any,
        weight: Weight,
        *,
        patient: bool = False,
    ) -> _Job:
        loop = asyncio.get_running_loop()
        job = _Job(work, item, loop.create_future(), loop, weight, patient)
        with self._wake:
            if self._stopping or self._thread is None:
                raise StoreUnavailable("The store is closed.")
            self._jobs.append(job)
            begins = self._gathering is None or self._gathering.is_closed()
            if begins:
                self._gathering = loop
        if begins:
            loop.call_soon(self._hand_over, loop, 0)
        return job

    def _hand_over(self, loop: asyncio.AbstractEventLoop, counted: int) -> None:
        """Wakes the thread once a round of the loop has added nothing."""
        count = len(self._jobs)
        if counted < count < MAX_BATCH:
            loop.call_soon(self._hand_over, loop, count)
            return
        with self._wake:
            self._gathering = None
            self._ready = True
            self._wake.notify()

    def _give_up(self, job: _Job) -> None:
        """Its patience has run out; only the thread knows whether it has found something just now."""
        with self._wake:
            job.patient = False
            self._ready = True
            self._wake.notify()

    # ------------------------------------------------------------------ on the store's thread

    def _run(self, loop: asyncio.AbstractEventLoop, opened: asyncio.Future[None]) -> None:
        try:
            t = self._connect()
        except Exception as error:
            loop.call_soon_threadsafe(opened.set_exception, error)
            return
        loop.call_soon_threadsafe(opened.set_result, None)
        while True:
            with self._wake:
                while not self._ready and not self._stopping:
                    self._wake.wait()
                batch = [self._jobs.popleft() for _ in range(min(len(self._jobs), MAX_BATCH))]
                self._ready = bool(self._jobs)
                last = self._stopping and not batch
            if batch:
                self._commit_batch(t, batch)
            self._send_away(everybody=last)
            if last:
                break
        t.db.close()

    def _send_away(self, *, everybody: bool) -> None:
        """Those who have waited long enough, or in vain, go with nothing."""
        gone = [job for job in self._patient if everybody or not job.patient or job.future.cancelled()]
        if gone:
            self._patient = [job for job in self._patient if job not in gone]
            _tell((job, [], None) for job in gone)

    def _sync(self, t: Transaction, durable: bool) -> None:
        """Switches between waiting for the disk at each commit and not waiting."""
        if durable != self._durable:
            t.db.execute(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")
            self._durable = durable

    def _commit_batch(self, t: Transaction, batch: list[_Job]) -> None:
        self._patient += [job for job in batch if job.patient]
        jobs = [job for job in batch if not job.patient]
        writes = any(job.weight != "reads" for job in batch)
        try:
            self._sync(t, any(job.weight == "durable" for job in batch))
            t.db.execute("BEGIN IMMEDIATE" if writes else "BEGIN")
            results = _all(t, jobs) if writes else _alone(t, jobs)
            self._end(t, results, look_again=writes)
        except KaviError:  # one job failed: all are undone and done again, this time each on its own
            results = self._one_by_one(t, jobs)
        except Exception as error:
            results = self._undone(t, jobs, error)
        found = {id(job) for job, _, _ in results}
        self._patient = [job for job in self._patient if id(job) not in found]
        _tell(results)

    def _one_by_one(self, t: Transaction, jobs: list[_Job]) -> list[_Result]:
        """The slow way after a failure: savepoints keep the jobs apart."""
        t.db.execute("ROLLBACK")
        self._failed()
        try:
            t.db.execute("BEGIN IMMEDIATE")
            results = _alone(t, jobs)
            self._end(t, results, look_again=True)
        except Exception as error:
            return self._undone(t, jobs, error)
        return results

    def _end(self, t: Transaction, results: list[_Result], *, look_again: bool) -> None:
        """Commits, after the patient have looked at what was written."""
        if look_again:
            results += self._found(t)
        self._before()
        t.db.execute("COMMIT")
        self._after()

    def _found(self, t: Transaction) -> list[_Result]:
        """What the patient find; where one finds nothing, those behind it would not either."""
        found: list[_Result] = []
        for job in self._patient:
            if job.future.cancelled():
                continue
            (value,) = job.work(t, [job.item])
            if not value:
                break
            found.append((job, value, None))
        return found

    def _undone(self, t: Transaction, jobs: list[_Job], error: Exception) -> list[_Result]:
        """The whole batch failed: nobody may believe otherwise."""
        if t.db.in_transaction:
            t.db.execute("ROLLBACK")
        self._failed()
        fault = translate(error)
        return [(job, None, fault) for job in (*jobs, *self._patient)]


def _tell(results: Iterable[_Result]) -> None:
    """Hands each its result, all of one loop at once."""
    by_loop: dict[asyncio.AbstractEventLoop, list[_Result]] = {}
    for result in results:
        by_loop.setdefault(result[0].loop, []).append(result)
    for loop, done in by_loop.items():
        if not loop.is_closed():
            loop.call_soon_threadsafe(_resolve, done)


def _all(t: Transaction, batch: list[_Job]) -> list[_Result]:
    """Each job's result, those of the same work by one call of it."""
    alike: dict[Callable[[Transaction, Sequence[Any]], Sequence[Any]], list[_Job]] = {}
    for job in batch:
        alike.setdefault(job.work, []).append(job)
    results: list[_Result] = []
    for work, jobs in alike.items():
        values = work(t, [job.item for job in jobs])
        results += [(job, value, None) for job, value in zip(jobs, values, strict=True)]
    return results


def _one_after_another(t: Transaction, works: Sequence[Callable[[Transaction], Any]]) -> Sequence[Any]:
    return [work(t) for work in works]


def _alone(t: Transaction, batch: list[_Job]) -> list[_Result]:
    return [(job, *_attempt(t, job)) for job in batch]


def _attempt(t: Transaction, job: _Job) -> tuple[Any, BaseException | None]:
    t.db.execute("SAVEPOINT job")
    try:
        (value,) = job.work(t, [job.item])
    except sqlite3.Error:
        raise  # the disk or the database is at fault, not the job
    except Exception as error:
        t.db.execute("ROLLBACK TO job")
        t.db.execute("RELEASE job")
        return None, error
    t.db.execute("RELEASE job")
    return value, None


def _resolve(done: list[_Result]) -> None:
    for job, value, failure in done:
        if job.future.done():
            continue  # cancelled
        if failure is None:
            job.future.set_result(value)
        else:
            job.future.set_exception(failure)


def translate(error: Exception) -> Exception:
    """A driver's error as one sentence with the remedy."""
    if not isinstance(error, sqlite3.Error):
        return error
    text = str(error)
    if "locked" in text or "busy" in text:
        return StoreUnavailable(
            "The database is locked by another program. Stop the other kavi (or backup) and try again."
        )
    if "full" in text:
        return StoreUnavailable(
            "The disk is full. Make room; nothing was lost, waiting messages are handled afterwards."
        )
    if "malformed" in text or "not a database" in text or "corrupt" in text:
        return StoreError(
            "The database is damaged. Stop kavi and run: kavi restore (the last backup), or sqlite3 .recover."
        )
    if "readonly" in text or "unable to open" in text or "disk I/O" in text:
        return StoreUnavailable(
            f"The database cannot be written ({text}). Check the rights and the disk of the data folder."
        )
    return StoreError(f"The database refused a statement: {text}.")
