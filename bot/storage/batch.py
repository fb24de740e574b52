"""Group commit: one thread owns the connections; whatever waits together is committed together.

Callers hand over a function of the connection and await its result. A failing function undoes only itself (savepoint);
nobody hears "done" before the whole batch lies on the disk.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections import deque
from collections.abc import Callable
from typing import Any, Literal, TypeVar

from bot.errors import KaviError, StoreError, StoreUnavailable
from bot.storage.sqlite_transaction import Transaction

T = TypeVar("T")
MAX_BATCH = 256

Weight = Literal["reads", "light", "durable"]
_Job = tuple[Callable[[Transaction], Any], asyncio.Future[Any], asyncio.AbstractEventLoop, Weight]


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
        self._wake = threading.Condition()
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
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        with self._wake:
            if self._stopping or self._thread is None:
                raise StoreUnavailable("The store is closed.")
            self._jobs.append((work, future, loop, weight))
            self._wake.notify()
        return await future

    def _run(self, loop: asyncio.AbstractEventLoop, opened: asyncio.Future[None]) -> None:
        try:
            t = self._connect()
        except Exception as error:
            loop.call_soon_threadsafe(opened.set_exception, error)
            return
        loop.call_soon_threadsafe(opened.set_result, None)
        while True:
            with self._wake:
                while not self._jobs and not self._stopping:
                    self._wake.wait()
                batch = [self._jobs.popleft() for _ in range(min(len(self._jobs), MAX_BATCH))]
            if not batch:
                break
            self._commit_batch(t, batch)
        t.db.close()

    def _sync(self, t: Transaction, durable: bool) -> None:
        """Switches between waiting for the disk at each commit and not waiting."""
        if durable != self._durable:
            t.db.execute(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")
            self._durable = durable

    def _one_by_one(self, t: Transaction, batch: list[_Job]) -> list[tuple[_Job, Any, BaseException | None]]:
        """The slow way after a failure: savepoints keep the jobs apart."""
        t.db.execute("ROLLBACK")
        self._failed()
        try:
            t.db.execute("BEGIN IMMEDIATE")
            results = _alone(t, batch)
            self._before()
            t.db.execute("COMMIT")
            self._after()
        except Exception as error:
            if t.db.in_transaction:
                t.db.execute("ROLLBACK")
            self._failed()
            fault = translate(error)
            return [(job, None, fault) for job in batch]
        return results

    def _commit_batch(self, t: Transaction, batch: list[_Job]) -> None:
        results: list[tuple[_Job, Any, BaseException | None]] = []
        writes = any(job[3] != "reads" for job in batch)
        try:
            self._sync(t, any(job[3] == "durable" for job in batch))
            t.db.execute("BEGIN IMMEDIATE" if writes else "BEGIN")
            results = [(job, job[0](t), None) for job in batch] if writes else _alone(t, batch)
            self._before()
            t.db.execute("COMMIT")
            self._after()
        except KaviError:  # one job failed: all are undone and done again, this time each on its own
            results = self._one_by_one(t, batch)
        except Exception as error:  # the whole batch failed: nobody may believe otherwise
            if t.db.in_transaction:
                t.db.execute("ROLLBACK")
            self._failed()
            fault = translate(error)
            results = [(job, None, fault) for job in batch]
        by_loop: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[Any], Any, BaseException | None]]] = {}
        for job, value, failure in results:
            by_loop.setdefault(job[2], []).append((job[1], value, failure))
        for loop, done in by_loop.items():
            if not loop.is_closed():
                loop.call_soon_threadsafe(_resolve, done)


def _alone(t: Transaction, batch: list[_Job]) -> list[tuple[_Job, Any, BaseException | None]]:
    return [(job, *_attempt(t, job[0])) for job in batch]


def _attempt(t: Transaction, work: Callable[[Transaction], Any]) -> tuple[Any, BaseException | None]:
    t.db.execute("SAVEPOINT job")
    try:
        value = work(t)
    except sqlite3.Error:
        raise  # the disk or the database is at fault, not the job
    except Exception as error:
        t.db.execute("ROLLBACK TO job")
        t.db.execute("RELEASE job")
        return None, error
    t.db.execute("RELEASE job")
    return value, None


def _resolve(done: list[tuple[asyncio.Future[Any], Any, BaseException | None]]) -> None:
    for future, value, failure in done:
        if future.cancelled():
            continue
        if failure is None:
            future.set_result(value)
        else:
            future.set_exception(failure)


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
