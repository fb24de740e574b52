"""Connections to PostgreSQL: one transaction at a time on each, group commit over them, and an ear for wake-ups.

Every transaction stands on its own, so that a connection pooler in transaction mode may lie between; only the ear needs
a way past it. Whether one lies there is found out on each new connection. A transaction whose process vanished (network
cut, frozen machine) is ended by the server after `PATIENCE` seconds, so that its locks hold up nobody.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable, Hashable, Sequence
from typing import Any, Generic, TypeVar

import asyncpg

from bot.errors import ConfigError, KaviError, StoreError, StoreUnavailable
from bot.log import Log

T = TypeVar("T")
R = TypeVar("R")

log = Log("kavi.store")

PATIENCE = 8.0  # seconds for one transaction; shorter than the lease of a lane and its taking over together
STATEMENTS = 200  # prepared ones that a connection remembers
MAX_BATCH = 256
REPEATS = 5  # of a transaction that PostgreSQL broke up in favour of another one
HEARD_AGAIN = 1.0  # seconds between attempts to listen again

_PATIENT = (
    f"SET {{local}} lock_timeout='{PATIENCE:.0f}s'; SET {{local}} idle_in_transaction_session_timeout='{PATIENCE:.0f}s'"
)
_SESSION = _PATIENT.format(local="")
_BEGIN = "BEGIN"
_BEGIN_POOLED = f"BEGIN; {_PATIENT.format(local='LOCAL')}"
_LIGHT = "; SET LOCAL synchronous_commit=off"


async def connect(url: str, cache: int) -> Any:
    """A connection that remembers `cache` prepared statements. Cancelled, it is finished and closed first: no leak."""
    opening = asyncio.create_task(
        asyncpg.connect(url, timeout=PATIENCE, command_timeout=PATIENCE, statement_cache_size=cache)
    )
    try:
        return await asyncio.shield(opening)
    except asyncio.CancelledError:
        with contextlib.suppress(Exception):
            (await opening).terminate()
        raise


async def leads_through_pooler(connection: Any) -> bool:
    """Whether a connection pooler lies between: it tells a number of its own as that of the server's process."""
    async with connection.transaction():  # what belongs together goes to one server
        asking = await connection.prepare("SELECT pg_backend_pid()", name="")  # another one may know the usual name
        return bool(await asking.fetchval() != connection.get_server_pid())


class Link:
    """One connection, opened when it is needed and again when it broke.

    A pooler between may give each transaction to another server, which knows no statements and no settings of the last one.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._pooled = False  # as far as the last connection showed
        self._lock = asyncio.Lock()
        self._connection: Any = None

    async def run(
        self,
        work: Callable[[Any], Awaitable[T]],
        *,
        light: bool = False,
        alone: bool = False,
        last: Callable[[], str] = str,
    ) -> T:
        """Runs `work` in a transaction; `light` ones need not survive a crash of the server.

        `alone`: each of its statements stands for itself and needs no transaction around it. `last` gives SQL that goes
        to the server with the commit. Raises what `work` raises after undoing it, StoreUnavailable when the server does
        not answer.
        """
        async with self._lock:
            for left in reversed(range(REPEATS)):
                try:
                    return await self._once(work, light, alone, last)
                except (asyncpg.DeadlockDetectedError, asyncpg.SerializationError) as error:
                    if not left:
                        raise translate(error) from error
            raise AssertionError("unreachable")

    async def _once(self, work: Callable[[Any], Awaitable[T]], light: bool, alone: bool, last: Callable[[], str]) -> T:
        begin = ""
        try:
            connection = await self._connected()
            begin = self._begin(light, alone)
            async with asyncio.timeout(PATIENCE):
                if not begin:
                    return await work(connection)
                await connection.execute(begin)
                result = await work(connection)
                await connection.execute(last() + "COMMIT")
                return result
        except (KaviError, asyncpg.DeadlockDetectedError, asyncpg.SerializationError):
            if begin:
                await self._undo()
            raise
        except BaseException as error:  # also when cancelled: nobody knows in which state the connection is
            self._drop()
            if isinstance(error, Exception):
                raise translate(error) from error
            raise

    def _begin(self, light: bool, alone: bool) -> str:
        if alone and not self._pooled:
            return ""
        return (_BEGIN_POOLED if self._pooled else _BEGIN) + (_LIGHT if light else "")

    async def _connected(self) -> Any:
        if self._connection is None or self._connection.is_closed():
            await self._connect()
            if not self._pooled:
                await self._connection.execute(_SESSION)
        return self._connection

    async def _connect(self) -> None:
        remembers = not self._pooled
        self._connection = await connect(self._url, STATEMENTS if remembers else 0)
        self._pooled = await leads_through_pooler(self._connection)
        if self._pooled and remembers:
            self._drop()
            self._connection = await connect(self._url, 0)

    async def _undo(self) -> None:
        try:
            await self._connection.execute("ROLLBACK")
        except Exception:  # the server ends the transaction with the connection
            self._drop()

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None

    async def close(self) -> None:
        """Closes the connection once its transaction has ended."""
        async with self._lock:
            if self._connection is not None:
                with contextlib.suppress(Exception):
                    await self._connection.close(timeout=2.0)
                self._connection = None


class Gatherer(Generic[T, R]):
    """Group commit: what comes while a transaction is under way shares the next one.

    When one of a batch fails, all are undone and done again, each on its own. No two of a batch have the same `key`.
    """

    def __init__(
        self,
        work: Callable[[Sequence[T]], Awaitable[Sequence[R]]],
        key: Callable[[T], Hashable] | None = None,
    ) -> None:
        self._work = work
        self._key = key
        self._jobs: deque[tuple[T, asyncio.Future[R]]] = deque()
        self._task: asyncio.Task[None] | None = None

    async def add(self, job: T) -> R:
        """The result of `job`, once it lies on the disk. Raises what the work raises for it."""
        future: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._jobs.append((job, future))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())
        return await future

    async def finished(self) -> None:
        """Waits for what is under way."""
        if self._task is not None:
            await asyncio.wait([self._task])

    async def _run(self) -> None:
        while self._jobs:
            batch = self._next()
            try:
                await self._attempt(batch)
            except StoreUnavailable as error:
                _fail(batch, error)
            except Exception as error:
                if len(batch) == 1:
                    _fail(batch, error)
                    continue
                for one in batch:
                    try:
                        await self._attempt([one])
                    except Exception as alone:
                        _fail([one], alone)
            except BaseException as error:
                _fail(batch, error)
                raise

    async def _attempt(self, batch: Sequence[tuple[T, asyncio.Future[R]]]) -> None:
        results = await self._work([job for job, _ in batch])
        for (_, future), result in zip(batch, results, strict=True):
            if not future.cancelled():
                future.set_result(result)

    def _next(self) -> list[tuple[T, asyncio.Future[R]]]:
        batch: list[tuple[T, asyncio.Future[R]]] = []
        later: list[tuple[T, asyncio.Future[R]]] = []
        taken: set[Hashable] = set()
        while self._jobs and len(batch) < MAX_BATCH:
            one = self._jobs.popleft()
            key = self._key(one[0]) if self._key is not None else None
            if key is not None and key in taken:
                later.append(one)
                continue
            taken.add(key)
            batch.append(one)
        self._jobs.extendleft(reversed(later))
        return batch


def _fail(batch: Sequence[tuple[Any, asyncio.Future[Any]]], error: BaseException) -> None:
    for _, future in batch:
        if not future.done():
            future.set_exception(error)


class Ear:
    """LISTEN on a connection past any pooler for as long as it is open; polling is the net while it is not."""

    def __init__(self, url: str, channel: str, heard: Callable[[str], None]) -> None:
        self._url = url
        self._channel = channel
        self._heard = heard
        self._task: asyncio.Task[None] | None = None
        self.pooled = False  # it listens to a pooler, which in transaction mode passes nothing on
        self.lost = ""  # why it does not listen at this moment

    def start(self) -> None:
        """Begins to listen, and again whenever the connection breaks."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Ends listening."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    def fault(self) -> str:
        """Why nothing is heard, in a sentence with the remedy."""
        if self.pooled:
            why = (
                "der Weg führt durch einen Pooler, der LISTEN nicht weitergibt. KAVI_STORE__DIRECT_URL muss dorthin führen, "
                "wo PostgreSQL selbst zu erreichen ist."
            )
        elif self.lost:
            why = f"dort antwortet kein PostgreSQL ({self.lost}). Stimmt KAVI_STORE__DIRECT_URL?"
        else:
            why = "KAVI_STORE__DIRECT_URL führt zu einer anderen Datenbank als KAVI_STORE__URL."
        return f"Weckrufe kommen nicht an: {why} Bis dahin merkt Kavi nur durch Nachsehen, was ein anderer Prozess tut."

    async def _run(self) -> None:
        while True:
            try:
                await self._listen()
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, ValueError) as error:
                self.lost = type(error).__name__
                log.warning("ear_lost", reason=self.lost)
            await asyncio.sleep(HEARD_AGAIN)

    async def _listen(self) -> None:
        connection = await connect(self._url, 0)
        lost = asyncio.Event()
        connection.add_termination_listener(lambda _: lost.set())
        try:
            self.pooled = await leads_through_pooler(connection)
            if self.pooled:
                log.warning("ear_through_pooler", remedy="KAVI_STORE__DIRECT_URL; kavi doctor")
            await connection.add_listener(self._channel, lambda _c, _p, _n, payload: self._heard(payload))
            self.lost = ""
            self._heard("")  # what was said meanwhile was not heard
            while not lost.is_set():
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(lost.wait(), 5.0)
                if not lost.is_set():
                    await connection.execute("SELECT 1")  # a cut cable tells nobody
        finally:
            connection.terminate()


def translate(error: Exception) -> Exception:
    """A driver's error as one sentence with the remedy."""
    if isinstance(error, asyncpg.InvalidPasswordError | asyncpg.InvalidAuthorizationSpecificationError):
        return StoreError("PostgreSQL nimmt Name oder Passwort aus KAVI_STORE__URL nicht an.")
    if isinstance(error, asyncpg.InvalidCatalogNameError):
        return StoreError("Die Datenbank aus KAVI_STORE__URL gibt es nicht. Legen Sie sie an: createdb NAME.")
    if isinstance(error, asyncpg.InsufficientPrivilegeError):
        return StoreError(
            "Der Name aus KAVI_STORE__URL darf das nicht. Machen Sie ihn zum Eigentümer seiner Datenbank."
        )
    if isinstance(error, asyncpg.DiskFullError):
        return StoreUnavailable("Der Datenträger von PostgreSQL ist voll. Schaffen Sie Platz; nichts ist verloren.")
    if isinstance(error, asyncpg.ClientConfigurationError | ValueError):
        return ConfigError("KAVI_STORE__URL muss aussehen wie postgresql://name:passwort@rechner:5432/datenbank.")
    away = (
        OSError, TimeoutError, asyncpg.InterfaceError, asyncpg.PostgresConnectionError, asyncpg.OperatorInterventionError,
        asyncpg.InsufficientResourcesError, asyncpg.LockNotAvailableError, asyncpg.ReadOnlySQLTransactionError,
        asyncpg.DeadlockDetectedError, asyncpg.SerializationError, asyncpg.IdleInTransactionSessionTimeoutError,
    )  # fmt: skip
    if isinstance(error, away):
        return StoreUnavailable(
            f"PostgreSQL antwortet nicht ({type(error).__name__}). Läuft es, stimmen Rechner und Anschluss in KAVI_STORE__URL?"
        )
    if isinstance(error, asyncpg.PostgresError):
        return StoreError(f"PostgreSQL lehnt eine Anweisung ab: {type(error).__name__}.")  # its text may quote a row
    return error
