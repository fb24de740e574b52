"""Group commit: whatever waits together is committed together.

Callers hand over a function of the connection and await its result. A failing function undoes only itself (savepoint);
nobody hears "done" before what it did lies on the disk. Statements cost microseconds, waking a thread costs as much as
twenty of them, and two threads that are both awake take the interpreter from each other at each statement. So the
statements run on the event loop's own thread once it has nothing more to add, or enough; the store's thread does what
takes time: it waits for the disk, runs long jobs, and waits while another program keeps the database locked. Of a disk that
is as quick as the waking of a thread, the loop waits itself when hardly anybody else is there.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from queue import SimpleQueue
from typing import Any, TypeVar

from bot.errors import StoreUnavailable
from bot.storage.group import Group, Job, Result, Weight, Work
from bot.storage.sqlite_hands import LONGEST
from bot.storage.sqlite_transaction import Transaction

T = TypeVar("T")
Item = TypeVar("Item")
MAX_BATCH = 256
ENOUGH = 32  # jobs that wait for no further company: while the disk takes them, the loop makes the next ones
FEW = 4  # jobs after which the loop itself waits for a quick disk
COMPANY = 0.003  # seconds that what is to be durable `soon` waits for the sync of what others make of it


class Batcher:
    """Runs jobs on the connection that `connect` opens, a batch at a time."""

    def __init__(self, connect: Callable[[], Transaction]) -> None:
        self._connect = connect
        self._group: Group
        self._jobs: deque[Job] = deque()
        self._lock = threading.Lock()  # of the fields here
        self._owned = threading.Lock()  # held by the batch under way, which may begin and end on different threads
        self._gathering: asyncio.AbstractEventLoop | None = None  # will hand over by itself
        self._hurrying: tuple[asyncio.AbstractEventLoop, asyncio.TimerHandle] | None = (
            None  # will see to it that those who are `untold` are told
        )
        self._stopping = False
        self._errands: SimpleQueue[Callable[[], bool | None]] = SimpleQueue()  # for the thread, until one says True
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
        with self._lock:
            self._stopping = True
        if self._thread is not None:
            self._errands.put(self._finish)
            await asyncio.to_thread(self._thread.join)
            self._thread = None

    async def run(self, work: Callable[[Transaction], T], *, weight: Weight = "durable", brief: bool = False) -> T:
        """Runs `work` inside a transaction, `brief` work on the loop's own thread."""
        future: asyncio.Future[T] = self._add(_one_after_another, work, weight, brief=brief).future
        return await future

    async def together(
        self,
        work: Callable[[Transaction, Sequence[Item]], Sequence[T]],
        item: Item,
        *,
        weight: Weight = "durable",
        brief: bool = True,
    ) -> T:
        """The same for a job that is done for all items that wait at the same time; when it fails, for each by itself."""
        future: asyncio.Future[T] = self._add(work, item, weight, brief=brief).future
        return await future

    async def find(self, work: Callable[[Transaction], list[T]], limit: int, patience: float) -> list[T]:
        """The same for a `light` job that finds at most `limit`, or nothing and then waits, at most `patience` seconds.

        It is tried again in each transaction that others write, so that it finds what is new before they have heard of it.
        """
        job = self._add(_one_after_another, work, "light", brief=True, patient=patience > 0, limit=limit)
        timer = job.loop.call_later(patience, self._give_up, job) if job.patient else None
        try:
            found: list[T] = await job.future
            return found
        finally:
            if timer is not None:
                timer.cancel()

    # ------------------------------------------------------------------ on the loop's thread

    def _add(self, work: Work, item: Any, weight: Weight, *, brief: bool, patient: bool = False, limit: int = 0) -> Job:
        loop = asyncio.get_running_loop()
        job = Job(work, item, loop.create_future(), loop, weight, brief, patient, limit)
        with self._lock:
            if self._stopping or self._thread is None:
                raise StoreUnavailable("Der Speicher ist geschlossen.")
            self._jobs.append(job)
            enough = len(self._jobs) >= ENOUGH and self._owned.acquire(blocking=False)
            begins = not enough and (self._gathering is None or self._gathering.is_closed())
            if begins:
                self._gathering = loop
        if enough:
            self._begin(loop, self._next())
        elif begins:
            loop.call_soon(self._hand_over, loop, len(self._jobs))
        return job

    def _hand_over(self, loop: asyncio.AbstractEventLoop, counted: int) -> None:
        """Begins a batch once a round of the loop has added nothing."""
        count = len(self._jobs)
        if counted < count < MAX_BATCH:
            loop.call_soon(self._hand_over, loop, count)
            return
        with self._lock:
            self._gathering = None
            if not self._jobs or self._stopping or not self._owned.acquire(blocking=False):
                return  # they are taken already, or whoever has the connection looks again when he is done
        self._begin(loop, self._next())

    def _begin(self, loop: asyncio.AbstractEventLoop, batch: list[Job], *, sync: bool = False) -> None:
        """The statements here, what takes time on the store's thread."""
        brief = all(job.brief for job in batch)
        results = self._group.written(batch, wait=False, sync=sync) if brief else None
        if results is None:
            self._errands.put(partial(self._do, batch, sync))
        elif self._group.waits_for_the_disk and not (len(batch) <= FEW and self._group.quick):
            self._errands.put(partial(self._end, results))
        else:
            self._end(results, loop)

    def _give_up(self, job: Job) -> None:
        """Its patience has run out; whoever has the connection now may have found something for it."""
        job.patient = False
        if self._owned.acquire(blocking=False):
            self._end([], job.loop)
        elif not job.future.done():
            job.loop.call_later(COMPANY, self._give_up, job)

    def _hurry(self, loop: asyncio.AbstractEventLoop) -> None:
        """Nobody came along whose sync would have done, or a worker takes too long: a transaction just for those who wait."""
        self._hurrying = None
        if not self._group.untold or self._stopping:
            return
        if self._owned.acquire(blocking=False):
            self._begin(loop, [], sync=True)
        else:
            self._hurry_later(loop)

    def _hurry_later(self, loop: asyncio.AbstractEventLoop) -> None:
        due = loop.time() + (COMPANY if self._group.behind else LONGEST)
        on, handle = self._hurrying or (None, None)
        if handle is not None and on is loop:
            if handle.when() <= due:
                return
            handle.cancel()
        self._hurrying = (loop, loop.call_at(due, self._hurry, loop))

    # ------------------------------------------------------------------ on any thread

    def _next(self) -> list[Job]:
        with self._lock:
            return [self._jobs.popleft() for _ in range(min(len(self._jobs), MAX_BATCH))]

    def _end(self, results: list[Result], here: asyncio.AbstractEventLoop | None = None) -> None:
        """Commits, tells, and gives the connection away. `here` is the loop on whose thread this runs, if any."""
        told = self._group.committed(results)
        waiting = self._group.untold[0][0][0].loop if self._group.untold else None
        self._owned.release()
        if waiting is not None:
            _on(waiting, here, self._hurry_later, waiting)
        _tell(told, here)
        self._look_again()

    def _look_again(self) -> None:
        """Jobs came while the connection was taken."""
        with self._lock:
            waiting = (job.loop for job in self._jobs if not job.loop.is_closed())
            loop = next(waiting, None)
            if loop is None or self._stopping or (self._gathering is not None and not self._gathering.is_closed()):
                return
            self._gathering = loop
        loop.call_soon_threadsafe(self._hand_over, loop, 0)

    # ------------------------------------------------------------------ on the store's thread

    def _run(self, loop: asyncio.AbstractEventLoop, opened: asyncio.Future[None]) -> None:
        try:
            self._group = Group(self._connect())
        except Exception as error:
            loop.call_soon_threadsafe(opened.set_exception, error)
            return
        loop.call_soon_threadsafe(opened.set_result, None)
        while not self._errands.get()():
            pass

    def _do(self, batch: list[Job], sync: bool) -> None:
        """A whole batch, however long it takes."""
        self._end(self._group.written(batch, wait=True, sync=sync) or [])

    def _finish(self) -> bool:
        """The last errand: what waits is done and synced, the patient go with nothing."""
        if not self._owned.acquire(blocking=False):
            self._errands.put(self._finish)  # a batch is about to be ended here
            return False
        while batch := self._next():
            _tell(self._group.committed(self._group.written(batch, wait=True) or []))
        self._group.closing = True
        _tell(self._group.committed(self._group.written([], wait=True, sync=True) or []))
        _tell(self._group.closed())
        return True


def _tell(results: Iterable[Result], here: asyncio.AbstractEventLoop | None = None) -> None:
    """Hands each its result, all of one loop at once."""
    by_loop: dict[asyncio.AbstractEventLoop, list[Result]] = {}
    for result in results:
        by_loop.setdefault(result[0].loop, []).append(result)
    for loop, done in by_loop.items():
        _on(loop, here, _resolve, done)


def _on(
    loop: asyncio.AbstractEventLoop, here: asyncio.AbstractEventLoop | None, call: Callable[[T], None], value: T
) -> None:
    """Calls it on that loop's thread, at once if that is `here`."""
    if loop is here:
        call(value)
    elif not loop.is_closed():
        loop.call_soon_threadsafe(call, value)


def _resolve(done: list[Result]) -> None:
    for job, value, failure in done:
        if job.future.done():
            continue  # cancelled
        if failure is None:
            job.future.set_result(value)
        else:
            job.future.set_exception(failure)


def _one_after_another(t: Transaction, works: Sequence[Callable[[Transaction], Any]]) -> Sequence[Any]:
    return [work(t) for work in works]
