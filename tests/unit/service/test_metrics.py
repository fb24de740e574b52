"""What operators scrape: right numbers, no identifiers, honest about a store that is away."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest
from msgspec.structs import replace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from bot.dialogue import Session, Turn
from bot.dialogue import effects as fx
from bot.errors import ConfigError, StoreUnavailable
from bot.ports import Address, Inbound, InboxRow
from bot.service.hops import Hops
from bot.service.metrics import Metrics, serve_metrics
from bot.service.tracing import traces_to
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


async def test_hops_matches_and_ages_are_told_in_seconds() -> None:
    store = MemoryStore()
    metrics = Metrics(store, lambda: AT + timedelta(seconds=90), lambda: "v7", _backed_up, _waiting)
    await store.receive([EVENT], None)
    hops = Hops([metrics.took])
    with hops.time("turn"):
        pass
    hops.took("wait", -0.5)  # a clock that jumped back is no negative time
    metrics.matched("clarify")
    lost = Turned("c", EVENT.address, InboxRow(number=1, inbound=replace(EVENT, kind="undecryptable")), Session())
    metrics.watch(lost, Turn(Session(), (fx.Record(name="answered"), fx.ReportTrouble(place="SECRET", problem="x"))))
    text = (await metrics.collect()).decode()
    for line in (
        'kavi_hop_seconds_bucket{hop="turn",le="1.0"} 1.0',
        'kavi_hop_seconds_sum{hop="wait"} 0.0',
        'kavi_matches_total{outcome="clarify"} 1.0',
        'kavi_facts_total{name="answered"} 1.0',
        "kavi_undecryptable_total 1.0",
        "kavi_troubles_total 1.0",
        "kavi_inbox_oldest_seconds 90.0",
        "kavi_outbox_oldest_seconds 0.0",
        "kavi_queue_waiting 2.0",
        "kavi_queue_oldest_seconds 150.0",
        "kavi_backup_last_timestamp_seconds 1234.0",
        "kavi_alerts_acknowledged 0.0",
    ):
        assert line in text
    assert "SECRET" not in text


async def _backed_up(store: object) -> float:
    return 1234.0


async def _waiting(store: object) -> list[datetime]:
    return [AT, AT - timedelta(seconds=60)]


def test_spans_are_around_what_they_name_and_carry_nothing_else() -> None:
    spans = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(spans))
    tracer = provider.get_tracer("kavi")
    hops = Hops(spans=[lambda hop: tracer.start_as_current_span(f"kavi.{hop}")])
    with hops.time("turn"), hops.time("commit"):
        pass
    inner, outer = spans.get_finished_spans()
    assert [inner.name, outer.name] == ["kavi.commit", "kavi.turn"]
    assert inner.parent == outer.context
    assert not inner.attributes


def test_traces_without_their_extra_are_refused_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    with (
        pytest.raises(ConfigError, match=r"pip install 'kavi-bot\[tracing\]'"),
        traces_to("http://127.0.0.1:1/v1/traces"),
    ):
        pass


async def test_health_and_readiness_differ_while_the_store_is_away() -> None:
    here, away = (Metrics(store, lambda: AT, lambda: "v") for store in (MemoryStore(), AwayStore()))
    assert (await _get(here, "/readyz"))[0] == 200
    assert (await _get(away, "/healthz"))[0] == 200
    assert (await _get(away, "/readyz"))[0] == 503
    assert "kavi_store_up 0.0" in (await _get(away, "/metrics"))[1]


@pytest.mark.parametrize(
    ("listen", "said"),
    [
        ("überall", "metrics.listen muss aussehen wie 127.0.0.1:9464, nicht 'überall'."),
        ("127.0.0.1:", "metrics.listen muss aussehen wie 127.0.0.1:9464, nicht '127.0.0.1:'."),
        ("127.0.0.1:{taken}", "metrics.listen 127.0.0.1:{taken} ist nicht zu haben: der Anschluss ist schon belegt."),
    ],
)
async def test_a_place_to_listen_that_cannot_be_had_is_told(listen: str, said: str) -> None:
    metrics = Metrics(MemoryStore(), lambda: AT, lambda: "v")
    async with serve_metrics(metrics, "127.0.0.1:0") as taken:
        with pytest.raises(ConfigError) as told:
            async with serve_metrics(metrics, listen.format(taken=taken)):
                pass
    assert str(told.value) == said.format(taken=taken)
