"""/metrics, /healthz and /readyz: numbers for operators. No label carries an identifier."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, generate_latest

from bot.dialogue import Turn
from bot.dialogue import effects as fx
from bot.errors import StoreError
from bot.ports import Store
from bot.service.translation import Turned

ACTIVE = ("waiting", "retry", "sending")


class Metrics:
    """Counts turns as they are decided; counts what the store holds when it is asked."""

    def __init__(self, store: Store, clock: Callable[[], datetime], version: Callable[[], str]) -> None:
        """`version` tells the content version in force."""
        self._store = store
        self._clock = clock
        self._version = version
        self.registry = CollectorRegistry()
        self._turns = Counter(
            "kavi_turns", "Decided events by kind and owner.", ("kind", "owner"), registry=self.registry
        )
        self._raised = Counter(
            "kavi_alerts_raised", "Alerts by category and urgency.", ("category", "urgency"), registry=self.registry
        )
        self._held = Gauge("kavi_store_rows", "Rows that wait or are kept, by kind.", ("kind",), registry=self.registry)
        self._open = Gauge("kavi_alerts_open", "Alerts that nobody has acknowledged.", registry=self.registry)
        self._oldest = Gauge(
            "kavi_alert_oldest_open_seconds", "Age of the oldest alert not acknowledged.", registry=self.registry
        )
        self._content = Gauge("kavi_content_info", "The content in force.", ("version",), registry=self.registry)
        self._up = Gauge("kavi_store_up", "1 while the store answers.", registry=self.registry)
        self._scrape = Gauge("kavi_store_answer_seconds", "How long the store took to count.", registry=self.registry)

    def watch(self, turned: Turned, turn: Turn) -> None:
        """Sees each decided event."""
        self._turns.labels(turned.row.inbound.kind, turn.session.owner).inc()
        for effect in turn.effects:
            if isinstance(effect, fx.RaiseAlert):
                self._raised.labels(effect.category, effect.urgency).inc()

    async def collect(self) -> bytes:
        """Everything in Prometheus' text format; without the store's counts while it is away."""
        begun = time.monotonic()
        try:
            counts = await self._store.status()
            alerts = await self._store.alerts()
        except StoreError:
            self._up.set(0)
            return generate_latest(self.registry)
        self._up.set(1)
        self._scrape.set(time.monotonic() - begun)
        for state in ACTIVE:  # states without rows are told as 0, not left at their last value
            self._held.labels(f"outbox_{state}").set(0)
        for kind, count in counts.items():
            if kind not in ("schema", "alerts_open"):
                self._held.labels(kind).set(count)
        self._open.set(len(alerts))
        self._oldest.set(max(0.0, (self._clock() - alerts[0].at).total_seconds()) if alerts else 0.0)
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


@asynccontextmanager
async def serve_metrics(metrics: Metrics, listen: str) -> AsyncIterator[int]:
    """Answers on `host:port` for as long as it is entered; yields the port."""

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
        await web.TCPSite(runner, host or "127.0.0.1", int(port)).start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()
