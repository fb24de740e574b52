"""/metrics, /healthz and /readyz: numbers for operators. No label carries an identifier."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from bot.dialogue import Turn
from bot.dialogue import effects as fx
from bot.errors import ConfigError, StoreError, in_words
from bot.ports import Store
from bot.service.translation import Turned

ACTIVE = ("waiting", "retry", "sending")
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)


async def _never(_: Store) -> float:
    return 0.0


class Metrics:
    """Counts turns as they are decided and times hops; tells what the store holds when it is asked."""

    def __init__(
        self,
        store: Store,
        clock: Callable[[], datetime],
        version: Callable[[], str],
        backup: Callable[[Store], Awaitable[float]] = _never,
        queue: Callable[[Store], Awaitable[Sequence[datetime]]] | None = None,
    ) -> None:
        """`version` tells the content in force, `backup` when (stamp) the last one was made, `queue` since when people wait."""
        self._store = store
        self._clock = clock
        self._version = version
        self._backup = backup
        self._queue = queue
        self.registry = registry = CollectorRegistry()
        self._turns = Counter("kavi_turns", "Decided events by kind and owner.", ("kind", "owner"), registry=registry)
        self._matches = Counter("kavi_matches", "What the matcher made of texts.", ("outcome",), registry=registry)
        self._facts = Counter("kavi_facts", "Facts without text, by name.", ("name",), registry=registry)
        self._troubles = Counter("kavi_troubles", "Faults in content that people met.", registry=registry)
        self._undecryptable = Counter(
            "kavi_undecryptable", "Events that could not be decrypted (Matrix).", registry=registry
        )
        self._hops = Histogram(
            "kavi_hop_seconds", "How long each hop of a message took.", ("hop",), buckets=BUCKETS, registry=registry
        )
        self._raised = Counter(
            "kavi_alerts_raised", "Alerts by category and urgency.", ("category", "urgency"), registry=registry
        )
        gauges = {
            "inbox": ("kavi_inbox_oldest_seconds", "Age of the oldest event that waits."),
            "outbox": ("kavi_outbox_oldest_seconds", "How long the message that is due longest has been due."),
            "open": ("kavi_alerts_open", "Alerts that nobody has acknowledged."),
            "seen": ("kavi_alerts_acknowledged", "Alerts on the list that somebody has acknowledged."),
            "oldest": ("kavi_alert_oldest_open_seconds", "Age of the oldest alert not acknowledged."),
            "queue": ("kavi_queue_waiting", "People who wait for a human."),
            "queue_age": ("kavi_queue_oldest_seconds", "How long the first of them has been waiting."),
            "backup": ("kavi_backup_last_timestamp_seconds", "When the last backup was made; 0 before the first."),
            "up": ("kavi_store_up", "1 while the store answers."),
            "answer": ("kavi_store_answer_seconds", "How long the store took to count."),
        }
        self._gauges = {key: Gauge(name, text, registry=registry) for key, (name, text) in gauges.items()}
        self._held = Gauge("kavi_store_rows", "Rows that wait or are kept, by kind.", ("kind",), registry=registry)
        self._content = Gauge("kavi_content_info", "The content in force.", ("version",), registry=registry)

    def watch(self, turned: Turned, turn: Turn) -> None:
        """Sees each decided event."""
        kind = turned.row.inbound.kind
        self._turns.labels(kind, turn.session.owner).inc()
        if kind == "undecryptable":
            self._undecryptable.inc()
        for effect in turn.effects:
            if isinstance(effect, fx.RaiseAlert):
                self._raised.labels(effect.category, effect.urgency).inc()
            elif isinstance(effect, fx.Record):
                self._facts.labels(effect.name).inc()
            elif isinstance(effect, fx.ReportTrouble):
                self._troubles.inc()

    def matched(self, outcome: str) -> None:
        """Hears what the matcher made of a text."""
        self._matches.labels(outcome).inc()

    def took(self, hop: str, seconds: float) -> None:
        """Hears how long a hop took."""
        self._hops.labels(hop).observe(seconds)

    async def collect(self) -> bytes:
        """Everything in Prometheus' text format; without the store's counts while it is away."""
        begun = time.monotonic()
        now = self._clock()
        try:
            counts, ages, alerts = await self._store.status(), await self._store.ages(now), await self._store.alerts()
            waiting = sorted(await self._queue(self._store)) if self._queue is not None else []
            backed_up = await self._backup(self._store)
        except StoreError:
            self._gauges["up"].set(0)
            return generate_latest(self.registry)
        values = {
            "up": 1.0,
            "answer": time.monotonic() - begun,
            "inbox": ages["inbox"],
            "outbox": ages["outbox"],
            "open": len(alerts),
            "seen": counts["alerts_seen"],
            "oldest": _age(now, alerts[0].at) if alerts else 0.0,
            "backup": backed_up,
            "queue": len(waiting),
            "queue_age": _age(now, waiting[0]) if waiting else 0.0,
        }
        for name, value in values.items():
            self._gauges[name].set(value)
        for state in ACTIVE:  # states without rows are told as 0, not left at their last value
            self._held.labels(f"outbox_{state}").set(0)
        for kind, count in counts.items():
            if kind not in ("schema", "alerts_open", "alerts_seen"):
                self._held.labels(kind).set(count)
        self._content.clear()
        self._content.labels(self._version()).set(1)
        return generate_latest(self.registry)

    async def ready(self) -> bool:
        """Whether the store answers: without it nothing can be taken in."""
        try:
            await self._store.next_due()
        except StoreError:
            return False
        return True


def _age(now: datetime, at: datetime) -> float:
    return max(0.0, (now - at).total_seconds())


@asynccontextmanager
async def serve_metrics(metrics: Metrics, listen: str) -> AsyncIterator[int]:
    """Answers on `host:port` for as long as it is entered; yields the port. Raises ConfigError for one that cannot be had."""

    async def numbers(_: web.Request) -> web.Response:
        return web.Response(body=await metrics.collect(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def alive(_: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def ready(_: web.Request) -> web.Response:
        fine = await metrics.ready()
        return web.Response(text="ok\n" if fine else "store\n", status=200 if fine else 503)

    served = web.Application()
    served.add_routes([web.get("/metrics", numbers), web.get("/healthz", alive), web.get("/readyz", ready)])
    runner = web.AppRunner(served, access_log=None)
    await runner.setup()
    host, _, port = listen.rpartition(":")
    try:
        try:
            await web.TCPSite(runner, host or "127.0.0.1", int(port)).start()
        except ValueError:
            raise ConfigError(f"metrics.listen muss aussehen wie 127.0.0.1:9464, nicht {listen!r}.") from None
        except OSError as error:
            raise ConfigError(f"metrics.listen {listen} ist nicht zu haben: {in_words(error)}.") from None
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()
