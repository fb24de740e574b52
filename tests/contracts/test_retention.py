"""Nothing is kept longer than the table says, and the report proves it, on both stores."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.cli.operate import _limits
from bot.dialogue import Session
from bot.dialogue.content import Content
from bot.dialogue.flow import Ask, Assign
from bot.dialogue.session import LIFETIMES, Part, Slot, slots_end
from bot.errors import ConfigError
from bot.ports import Alert, Document, Inbound, NewBlob, NewFact, Sent, Store
from bot.service.conversations import Conversations
from bot.storage.postgres import PostgresStore
from bot.storage.sqlite import SqliteStore
from bot.vault.retention import RETENTION, days
from tests.contracts.stores import (
    ACCOUNT,
    MASTER,
    START,
    address,
    commit_for,
    inbound,
    later,
    make_postgres,
    outbox_row,
)

DAY = 86400.0
BOTH = ["sqlite", pytest.param("postgres", marks=pytest.mark.server)]


@pytest.fixture(params=BOTH)
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    made = SqliteStore(tmp_path / "kavi.sqlite", MASTER) if request.param == "sqlite" else await make_postgres(tmp_path)
    if isinstance(made, SqliteStore):
        await made.open()
    yield made
    await made.close()


async def _fill(store: Store) -> None:
    await store.receive([inbound("1")], None)
    (lane,) = await store.claim("w", START, 10)
    alert = Alert(
        id="a", conversation=lane.conversation, at=START, category="self_harm", level="alert", urgency="urgent", audience="child",
        rule="r:1",
    )  # fmt: skip
    await store.commit(
        commit_for(
            lane, outbox=(outbox_row("1", "a"),), blobs=(NewBlob(name="b", data=b"x"),), alerts=(alert,),
            facts=(NewFact(name="f", at=START),), transcript=(("person/adult", "hallo", START),),
            documents=(Document(kind="gap", key="g", body="{}", expires=START + timedelta(days=days("gap"))),),
        )
    )  # fmt: skip
    (row,) = await store.due_outbox(ACCOUNT, START, 10)
    await store.settle(row.number, Sent(external_ids=("1",)), START)


LIMITS = {
    "seen": "seen",
    "outbox": "outbox",
    "blob": "blob",
    "document": "gap",
    "text": "text",
    "alert": "alert",
    "fact": "fact",
}


async def test_each_class_goes_when_its_time_is_over_and_not_before(store: Store) -> None:
    await _fill(store)
    for limit in sorted({days(limit) for limit in LIMITS.values()}):
        names = [name for name, other in LIMITS.items() if days(other) == limit]
        await store.retain(later((limit - 0.5) * DAY))
        kept = await store.kept()
        assert all(kept[name].rows >= 1 for name in names), names
        removed = await store.retain(later((limit + 0.5) * DAY))
        assert [removed[name] for name in names] == [1] * len(names)
        kept = await store.kept()
        assert all(kept[name].rows == 0 for name in names), names


async def test_the_report_says_no_where_the_job_did_not_run(store: Store) -> None:
    await _fill(store)
    for day, word in ((1, "ja"), (4, "NEIN")):
        table = _limits(await store.kept(), later(day * DAY))
        said = dict(zip(table.columns[0].cells, table.columns[4].cells, strict=True))
        assert said[RETENTION["seen"].about] == word
    await store.retain(later(4 * DAY))
    table = _limits(await store.kept(), later(4 * DAY))
    assert "NEIN" not in list(table.columns[4].cells)


async def test_a_timer_is_no_contact(store: Store) -> None:
    await store.receive([inbound("1")], None)
    (lane,) = await store.claim("w", START, 10)
    await store.commit(commit_for(lane))
    timer = Inbound(
        address=address("1"), external_id="t", kind="timer", at=later(60 * DAY), payload={"timer": "x", "fence": 1}
    )
    await store.receive([timer], None)
    (lane,) = await store.claim("w", later(60 * DAY), 10)
    await store.commit(commit_for(lane, contact=False))
    assert (await store.retain(later(91 * DAY)))["text"] == 1


async def test_slots_end_although_nobody_writes_any_more(store: Store, content: Content) -> None:
    slots = {
        "week": Slot("w", "session", START.timestamp()),
        "land": Slot("BY", "30d", START.timestamp()),
        "x": Slot("y", "case", 0.0),
    }
    session = Session(consent="1", last_at=START.timestamp(), parts={"adult": Part(audience="caregiver", slots=slots)})
    await store.receive([inbound("1", "danke")], None)
    (lane,) = await store.claim("w", START, 10)
    await store.commit(commit_for(lane, session.to_text()))
    conversations = Conversations(content, store)
    left = []
    await store.receive([inbound("1", "danke")], None)
    for day in (0.0, 1.1, 31.0):
        await store.fire_timers(later(day * DAY))
        for lane in await store.claim("w", later(day * DAY), 10):
            await store.commit(await conversations.decide(lane, later(day * DAY)))
        kept = Session.from_text(await store.session_of(store.conversation_id(address("1"))) or "")
        left.append(sorted(kept.part.slots))
        if isinstance(store, PostgresStore):
            store._quiet_until = (0.0, 0.0)  # it looks for timers once a second
    assert left == [["land", "week", "x"], ["land", "x"], ["x"]]
    assert slots_end(kept) is None


def test_every_slot_of_every_flow_has_a_lifetime(content: Content) -> None:
    allowed = {"turn", "session", "case", *LIFETIMES}
    steps = [step for flow in content.flows.values() for step in flow.steps]
    keeps = [step.action.keep for step in steps if isinstance(step.action, Ask | Assign)]
    assert len(keeps) > 90
    assert set(keeps) <= allowed
    assert {f"slot_{keep}" for keep in keeps if keep not in ("turn", "case")} <= set(RETENTION)


async def test_another_master_key_disturbs_nobody_who_works(tmp_path: Path) -> None:
    await _rotates(lambda key: SqliteStore(tmp_path / "kavi.sqlite", key))


@pytest.mark.server
async def test_another_master_key_disturbs_nobody_who_works_on_postgresql() -> None:
    from tests.servers import postgres

    url, keys_url = postgres.shared().database(), postgres.shared().database()
    await _rotates(lambda key: PostgresStore(url, key, keys_url=keys_url))


async def _rotates(make: object) -> None:
    working = make(MASTER)  # type: ignore[operator]  # a function of the key
    await working.open()
    await working.receive([inbound("1", "vorher")], None)
    (lane,) = await working.claim("w", START, 10)
    await working.commit(commit_for(lane, transcript=(("person", "vorher", START),)))
    fresh, secret = bytes(reversed(MASTER)), working.secret("x")
    other = make(MASTER)  # type: ignore[operator]
    await other.open()
    await other.rotate(fresh)
    await other.close()
    await working.receive([inbound("2", "danach")], None)
    assert [row.inbound.text for lane in await working.claim("w", START, 10) for row in lane.inbox] == ["danach"]
    await working.close()
    with pytest.raises(ConfigError, match="Hauptschlüssel passt nicht"):
        await make(MASTER).open()  # type: ignore[operator]
    again = make(fresh)  # type: ignore[operator]
    await again.open()
    assert await again.transcript(again.conversation_id(address("1"))) == [("person", "vorher", START)]
    assert again.secret("x") == secret  # what hangs from it outside, such as the Matrix device, stays
    await again.close()
