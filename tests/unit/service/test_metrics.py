"""What operators scrape: right numbers, no identifiers, honest about a store that is away."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import aiohttp

from bot.dialogue import Session, Turn
from bot.dialogue import effects as fx
from bot.errors import StoreUnavailable
from bot.ports import Address, Inbound, InboxRow
from bot.service.metrics import Metrics, serve_metrics
from bot.service.translation import Turned
from bot.storage.memory import MemoryStore

AT = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
EVENT = Inbound(
    address=Address(messenger="telegram", account="t:1", chat="SECRET"),
    external_id="1",
    kind="text",
    at=AT,
    text="SECRET",
)


class AwayStore(MemoryStore):
    """A store that does not answer."""

    async def next_due(self) -> datetime | None:
        raise StoreUnavailable("away")

    async def status(self) -> dict[str, int]:
        raise StoreUnavailable("away")


async def _get(metrics: Metrics, path: str) -> tuple[int, str]:
    async with (
        serve_metrics(metrics, "127.0.0.1:0") as port,
        aiohttp.ClientSession() as client,
        client.get(f"http://127.0.0.1:{port}{path}") as answer,
    ):
        return answer.status, await answer.text()


async def test_turns_alerts_and_what_waits_are_told_without_identifiers() -> None:
    store = MemoryStore()
    metrics = Metrics(store, lambda: AT, lambda: "v7")
    await store.receive([EVENT, replace(EVENT, external_id="2")], None)
    turned = Turned(store.conversation_id(EVENT.address), EVENT.address, InboxRow(number=1, inbound=EVENT), Session())
    alert = fx.RaiseAlert(
        category="self_harm", level="alert", urgency="urgent", audience="child", rule="r:1", text_allowed=False
    )
    metrics.watch(turned, Turn(Session(), (alert,)))
    status, text = await _get(metrics, "/metrics")
    assert status == 200
    assert 'kavi_turns_total{kind="text",owner="bot"} 1.0' in text
    assert 'kavi_alerts_raised_total{category="self_harm",urgency="urgent"} 1.0' in text
    assert 'kavi_store_rows{kind="inbox"} 2.0' in text
    assert 'kavi_content_info{version="v7"} 1.0' in text
    assert "SECRET" not in text
    assert turned.conversation not in text


async def test_health_and_readiness_differ_while_the_store_is_away() -> None:
    here, away = (Metrics(store, lambda: AT, lambda: "v") for store in (MemoryStore(), AwayStore()))
    assert (await _get(here, "/readyz"))[0] == 200
    assert (await _get(away, "/healthz"))[0] == 200
    assert (await _get(away, "/readyz"))[0] == 503
    assert "kavi_store_up 0.0" in (await _get(away, "/metrics"))[1]
