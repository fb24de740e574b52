"""What every store promises, tried on each of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from bot.errors import LaneLost, Leak, SessionConflict
from bot.ports import (
    DESK,
    Alert,
    Ambiguous,
    Cursor,
    Document,
    Gone,
    Inbound,
    Moved,
    NewBlob,
    NewFact,
    NewOutbox,
    NewTimer,
    Refused,
    Retry,
    Sent,
    Store,
    Tally,
    week_of,
)
from bot.storage.rows import MOST_CRASHES
from tests.contracts.stores import ACCOUNT, START, STORES, address, commit_for, inbound, later, outbox_row


@pytest.fixture(params=[pytest.param(name, marks=pytest.mark.server if "postgres" in name else ()) for name in STORES])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    made = await STORES[request.param](tmp_path)
    yield made
    await made.close()


async def test_a_repeated_event_is_stored_once(store: Store) -> None:
    event = inbound("1", external_id="x")
    assert await store.receive([event, event], None) == 1
    assert await store.receive([event], None) == 0
    (lane,) = await store.claim("w", START, 10)
    assert [row.inbound for row in lane.inbox] == [event]


async def test_half_a_surrogate_pair_holds_up_nobody(store: Store) -> None:
    await store.receive([inbound("1", "a\udc80b"), inbound("2")], None)
    texts = [row.inbound.text for lane in await store.claim("w", START, 10) for row in lane.inbox]
    assert [text.encode("utf-8", "replace") for text in texts] == [b"a?b", b"hallo"]


async def test_a_claim_can_wait_for_the_first_event(store: Store) -> None:
    assert await store.claim("w", START, 10, 30.0, 0.05) == []
    waiting = [asyncio.create_task(store.claim("w", START, 10, 30.0, 20.0)) for _ in range(2)]
    await asyncio.sleep(0.05)
    await asyncio.wait_for(store.receive([inbound("1")], None), 5.0)  # a new conversation, of which nobody says more
    await asyncio.wait(waiting, timeout=0.5)
    done = [task for task in waiting if task.done()]
    assert [lane.address.chat for task in done for lane in task.result()] == ["1"]
    for task in waiting:
        task.cancel()
    await asyncio.wait(waiting)


async def test_a_failed_commit_beside_a_waiting_claim_harms_neither(store: Store) -> None:
    await store.receive([inbound("1")], None)
    (lane,) = await store.claim("w", START, 10)
    waiting = asyncio.create_task(store.claim("w", START, 10, 30.0, 20.0))
    await asyncio.sleep(0.05)
    stale = replace(commit_for(lane, "{}"), fence=lane.fence + 7)
    outcomes = await asyncio.gather(store.commit(stale), store.receive([inbound("2")], None), return_exceptions=True)
    assert [type(one) for one in outcomes] == [LaneLost, int]
    assert [one.address.chat for one in await asyncio.wait_for(waiting, 5.0)] == ["2"]


async def test_the_cursor_comes_back(store: Store) -> None:
    assert await store.cursor("a") is None
    await store.receive([], Cursor(account="a", value="s1"))
    await store.receive([inbound("1")], Cursor(account="a", value="s2"))
    assert await store.cursor("a") == "s2"


async def test_a_claimed_lane_is_not_claimed_again_until_its_lease_ends(store: Store) -> None:
    await store.receive([inbound("1"), inbound("2")], None)
    assert len(await store.claim("w", START, 10, 30.0)) == 2
    assert await store.claim("v", later(29), 10, 30.0) == []
    assert len(await store.claim("v", later(31), 10, 30.0)) == 2


async def test_events_keep_their_order_and_a_handled_one_never_returns(store: Store) -> None:
    await store.receive([inbound("1", str(n)) for n in range(5)], None)
    (lane,) = await store.claim("w", START, 10)
    assert [row.inbound.text for row in lane.inbox] == list("01234")
    await store.commit(commit_for(lane, '{"n":1}'))
    await store.release(lane.conversation, lane.fence)
    assert await store.claim("w", START, 10) == []
    await store.receive([inbound("1", "5")], None)
    (again,) = await store.claim("w", START, 10)
    assert again.session == '{"n":1}'
    assert [row.inbound.text for row in again.inbox] == ["5"]


async def test_a_worker_whose_lease_was_taken_over_cannot_commit(store: Store) -> None:
    await store.receive([inbound("1")], None)
    (old,) = await store.claim("w", START, 10, 1.0)
    (new,) = await store.claim("v", later(2), 10, 1.0)
    with pytest.raises(LaneLost):
        await store.commit(commit_for(old))
    await store.commit(commit_for(new))


async def test_a_session_saved_meanwhile_is_a_conflict(store: Store) -> None:
    await store.receive([inbound("1")], None)
    (lane,) = await store.claim("w", START, 10)
    await store.commit(commit_for(lane, "{}"))
    await store.receive([inbound("1")], None)
    await store.release(lane.conversation, lane.fence)
    (again,) = await store.claim("w", START, 10)
    stale = commit_for(again)
    from msgspec.structs import replace

    with pytest.raises(SessionConflict):
        await store.commit(replace(stale, version=lane.version))


async def _say(store: Store, chat: str, *texts: str, **values: object) -> None:
    """A turn of that chat that queues these texts."""
    await store.receive([inbound(chat)], None)
    for lane in await store.claim("w", START, 10):
        rows = tuple(outbox_row(chat, text, **values) for text in texts)  # type: ignore[arg-type]
        await store.commit(commit_for(lane, outbox=rows))
        await store.release(lane.conversation, lane.fence)


async def test_one_destination_gets_its_messages_in_order_one_at_a_time(store: Store) -> None:
    await _say(store, "1", "a", "b")
    await _say(store, "2", "c")
    first = await store.due_outbox(ACCOUNT, START, 10)
    assert sorted(row.outbound.text for row in first) == ["a", "c"]
    assert await store.due_outbox(ACCOUNT, START, 10) == []
    for row in first:
        await store.settle(row.number, Sent(external_ids=("9",)), START)
    assert [row.outbound.text for row in await store.due_outbox(ACCOUNT, START, 10)] == ["b"]


async def test_what_was_sent_since_a_moment_can_be_taken_back(store: Store) -> None:
    """A child leaves its part of the phone: what it was sent there is deleted, by the ids that the messenger gave."""
    turns = [("1", "before"), ("1", "first"), ("2", "somebody else"), ("1", "refused"), ("1", "second")]
    given = {"before": ("7",), "first": ("8", "9"), "somebody else": ("11",), "second": ("10",)}
    for at, (chat, text) in enumerate(turns):
        await store.receive([inbound(chat, at=later(at))], None)
        (lane,) = await store.claim("w", later(at), 10)
        await store.commit(commit_for(lane, outbox=(outbox_row(chat, text, not_before=later(at)),)))
        await store.release(lane.conversation, lane.fence)
        (row,) = await store.due_outbox(ACCOUNT, later(at), 10)
        receipt = Sent(external_ids=given[text]) if text in given else Refused(reason="too long")
        await store.settle(row.number, receipt, later(at))
    whose = store.conversation_id(address("1"))
    assert await store.external_ids(whose, later(1)) == ["8", "9", "10"]
    assert await store.external_ids(whose, later(60)) == []
    await store.erase(whose)
    assert await store.external_ids(whose, later(0)) == []


async def test_a_later_try_waits_and_keeps_its_place(store: Store) -> None:
    await _say(store, "1", "a", "b")
    (row,) = await store.due_outbox(ACCOUNT, START, 10)
    await store.settle(row.number, Retry(after=10), START)
    assert await store.due_outbox(ACCOUNT, later(9), 10) == []
    (again,) = await store.due_outbox(ACCOUNT, later(11), 10)
    assert (again.outbound.text, again.attempts) == ("a", 1)


@pytest.mark.parametrize(("delivery", "times"), [("vital", 2), ("optional", 1)])
async def test_an_ambiguous_send_is_repeated_once_if_vital(store: Store, delivery: str, times: int) -> None:
    await _say(store, "1", "a", delivery=delivery)
    sent = 0
    for at in range(0, 60, 5):
        for row in await store.due_outbox(ACCOUNT, later(at), 10):
            sent += 1
            await store.settle(row.number, Ambiguous(), later(at))
    assert sent == times


@pytest.mark.parametrize(
    ("delivery", "harmless", "sent"),
    [
        ("vital", False, MOST_CRASHES),
        ("vital", True, MOST_CRASHES),
        ("optional", True, MOST_CRASHES),
        ("optional", False, 1),
    ],
)
async def test_after_a_crash_what_may_be_repeated_is_sent_again(
    store: Store, delivery: str, harmless: bool, sent: int
) -> None:
    await _say(store, "1", "a", delivery=delivery)
    times = 0
    while await store.due_outbox(ACCOUNT, START, 10):
        times += 1
        assert await store.recover_outbox(ACCOUNT, harmless=harmless) == 1
    assert times == sent
    assert await store.recover_outbox(ACCOUNT, harmless=harmless) == 0


async def test_gone_drops_what_waits_and_tells_the_conversation(store: Store) -> None:
    await _say(store, "1", "a", "b")
    (row,) = await store.due_outbox(ACCOUNT, START, 10)
    await store.settle(row.number, Gone(reason="blocked"), START)
    assert await store.due_outbox(ACCOUNT, later(99), 10) == []
    (lane,) = await store.claim("w", later(99), 10)
    assert [event.inbound.kind for event in lane.inbox] == ["left"]


async def test_refused_lets_the_next_one_pass(store: Store) -> None:
    await _say(store, "1", "a", "b")
    (row,) = await store.due_outbox(ACCOUNT, START, 10)
    await store.settle(row.number, Refused(reason="too long"), START)
    assert [one.outbound.text for one in await store.due_outbox(ACCOUNT, START, 10)] == ["b"]


async def test_a_moved_chat_keeps_its_conversation_and_its_waiting_messages(store: Store) -> None:
    await _say(store, "1", "a", "b")
    (row,) = await store.due_outbox(ACCOUNT, START, 10)
    await store.settle(row.number, Moved(chat="1-new"), START)
    texts = []
    for at in range(5):
        for one in await store.due_outbox(ACCOUNT, later(at), 10):
            texts.append((one.outbound.address.chat, one.outbound.text))
            await store.settle(one.number, Sent(external_ids=("1",)), later(at))
    assert texts == [("1-new", "a"), ("1-new", "b")]
    await store.receive([inbound("1-new")], None)
    (lane,) = await store.claim("w", START, 10)
    assert lane.conversation == store.conversation_id(address("1"))
    assert lane.address.chat == "1-new"


async def test_a_held_message_can_be_withdrawn_before_it_leaves(store: Store) -> None:
    await _say(store, "1", "nicht verstanden", not_before=later(2), hold_key="miss")
    assert await store.due_outbox(ACCOUNT, later(1), 10) == []
    await store.receive([inbound("1")], None)
    (lane,) = await store.claim("w", later(1), 10)
    await store.commit(commit_for(lane, withdraw=("miss",)))
    assert await store.due_outbox(ACCOUNT, later(5), 10) == []


async def test_a_timer_becomes_one_event_and_a_new_one_replaces_the_old(store: Store) -> None:
    await store.receive([inbound("1")], None)
    (lane,) = await store.claim("w", START, 10)
    timers = (NewTimer(name="t", due=later(50), fence=1), NewTimer(name="u", due=later(60), fence=1))
    await store.commit(commit_for(lane, timers=timers))
    await store.release(lane.conversation, lane.fence)
    await store.receive([inbound("1")], None)
    (lane,) = await store.claim("w", START, 10)
    replacing = (NewTimer(name="t", due=later(100), fence=2),)
    await store.commit(commit_for(lane, timers=replacing, cancel_timers=("u",)))
    await store.release(lane.conversation, lane.fence)
    assert await store.next_due() == later(100)
    assert await store.fire_timers(later(99)) == 0
    assert await store.fire_timers(later(101)) == 1
    assert await store.fire_timers(later(101)) == 0
    (fired,) = await store.claim("w", later(101), 10)
    assert [(r.inbound.kind, r.inbound.payload["timer"], r.inbound.payload["fence"]) for r in fired.inbox] == [
        ("timer", "t", 2)
    ]


async def test_posts_of_a_commit_reach_the_other_lane(store: Store) -> None:
    await store.receive([inbound("1")], None)
    (lane,) = await store.claim("w", START, 10)
    await store.commit(commit_for(lane, posts=(inbound("2", "von eins"),)))
    (other,) = await store.claim("w", START, 10)
    assert (other.address.chat, other.inbox[0].inbound.text) == ("2", "von eins")


async def test_documents_blobs_facts_alerts_and_texts_come_back(store: Store) -> None:
    await store.receive([inbound("1")], None)
    (lane,) = await store.claim("w", START, 10)
    alert = Alert(
        id="a1", conversation=lane.conversation, at=START, category="self_harm", level="alert", urgency="urgent",
        audience="child", rule="r:1",
    )  # fmt: skip
    await store.commit(
        commit_for(
            lane,
            documents=(Document(kind="case", key="K1", body='{"x":1}', conversation=lane.conversation),),
            blobs=(NewBlob(name="b1", data=b"bytes"),),
            facts=(NewFact(name="answered", at=START, values=(("topic", "visit.apply"),)),),
            alerts=(alert,),
            transcript=(("person/adult", "hallo", START),),
        )
    )
    await store.put_documents([Document(kind="case", key="K2", body="{}")])
    assert [(d.key, d.body) for d in await store.documents("case")] == [("K1", '{"x":1}'), ("K2", "{}")]
    await store.put_documents([Document(kind="case", key="K2", body=None)])
    assert await store.document("case", "K2") is None
    assert await store.blob("b1") == b"bytes"
    assert [fact.values async for fact in await store.facts(START, later(1))] == [(("topic", "visit.apply"),)]
    assert await store.transcript(lane.conversation) == [("person/adult", "hallo", START)]
    assert await store.alerts() == [alert]
    assert await store.acknowledge("a1", "c1", later(5))
    assert not await store.acknowledge("a1", "c2", later(6))
    assert await store.alerts() == []
    assert (await store.alerts(open_only=False))[0].acknowledged_by == "c1"


async def test_tallies_are_numbers_of_a_week_and_say_nothing_more(store: Store) -> None:
    await store.receive([inbound("1"), inbound("2")], None)
    for lane in await store.claim("w", START, 10):
        twice = Tally.of("survey", START, {"question": "way", "answer": "long"})
        next_week = Tally.of("survey", START + timedelta(days=7), {"question": "way", "answer": "long"})
        await store.commit(commit_for(lane, tallies=(twice, twice, next_week)))
    weeks = week_of(START), week_of(START + timedelta(days=7))
    values = (("answer", "long"), ("question", "way"))
    found = await store.tallies(*weeks)
    assert [(one.week, one.values, one.number) for one in found] == [(weeks[0], values, 4), (weeks[1], values, 2)]
    assert [one.number for one in await store.tallies(weeks[1], weeks[1])] == [2]


async def test_erasing_removes_one_conversation_and_leaves_the_other(store: Store) -> None:
    await _say(store, "1", "a")
    await _say(store, "2", "b")
    one, two = store.conversation_id(address("1")), store.conversation_id(address("2"))
    await store.erase(one)
    assert await store.session_of(one) is None
    assert await store.session_of(two) == "{}"
    assert [row.outbound.text for row in await store.due_outbox(ACCOUNT, START, 10)] == ["b"]


async def test_an_erasing_turn_still_says_goodbye_and_starts_anew(store: Store) -> None:
    await _say(store, "1", "alt")
    await store.receive([inbound("1", "vergiss mich")], None)
    (lane,) = await store.claim("w", START, 10)
    goodbye = (outbox_row("1", "gelöscht"),)
    await store.commit(commit_for(lane, '{"neu":1}', erase=True, consented=False, outbox=goodbye))
    await store.release(lane.conversation, lane.fence)
    assert [row.outbound.text for row in await store.due_outbox(ACCOUNT, START, 10)] == ["gelöscht"]
    assert await store.session_of(lane.conversation) == '{"neu":1}'
    assert await store.transcript(lane.conversation) == []


async def test_leases_from_before_the_clock_jumped_back_block_nothing(store: Store) -> None:
    await store.receive([inbound("1")], None)
    assert len(await store.claim("w", later(3600), 10, 30.0)) == 1
    assert await store.lease("bot", "p1", 15, later(3600)) == 1
    assert len(await store.claim("w", START, 10, 30.0)) == 1
    assert await store.lease("bot", "p2", 15, START) == 2


async def test_messages_from_before_the_clock_jumped_back_leave_now(store: Store) -> None:
    """What was held for long (a reminder) is not taken for that."""
    hour = later(3600)
    await store.receive([inbound("1", at=hour), inbound("2", at=hour)], None)
    for lane in await store.claim("w", hour, 10):
        wait = 0 if lane.address.chat == "1" else 86400
        row = outbox_row(lane.address.chat, "x", not_before=hour + timedelta(seconds=wait))
        await store.commit(commit_for(lane, outbox=(row,)))
    assert [row.outbound.address.chat for row in await store.due_outbox(ACCOUNT, START, 10)] == ["1"]


async def test_ages_tell_how_long_the_oldest_waits(store: Store) -> None:
    assert await store.ages(START) == {"inbox": 0.0, "outbox": 0.0}
    await store.receive([inbound("1", at=START), inbound("2", at=later(50))], None)
    assert await store.ages(later(60)) == {"inbox": 60.0, "outbox": 0.0}
    for lane in await store.claim("w", later(60), 10):
        chat = lane.address.chat
        await store.commit(
            commit_for(lane, outbox=(outbox_row(chat, "x", not_before=later(70 if chat == "1" else 900)),))
        )
    assert await store.ages(later(60)) == {"inbox": 0.0, "outbox": 0.0}  # not due yet
    assert await store.ages(later(100)) == {"inbox": 0.0, "outbox": 30.0}


async def test_a_lease_has_one_holder_and_a_new_fence_for_each(store: Store) -> None:
    assert await store.lease("bot", "p1", 10, START) == 1
    assert await store.lease("bot", "p1", 10, later(5)) == 1
    assert await store.lease("bot", "p2", 10, later(6)) is None
    assert await store.lease("bot", "p2", 10, later(16)) == 2
    assert await store.lease("bot", "p1", 10, later(17)) is None


async def _at_the_desk(store: Store, *rows: NewOutbox) -> None:
    """The desk's lane commits these rows."""
    await store.receive([Inbound(address=DESK, external_id=f"d{len(rows)}", kind="desk", at=START)], None)
    (lane,) = await store.claim("w", START, 10)
    await store.commit(commit_for(lane, outbox=rows))


def _to_staff(chat: str, **values: str) -> NewOutbox:
    row = outbox_row(chat, "Karte")
    return replace(row, outbound=replace(row.outbound, audience="staff", **values))  # type: ignore[arg-type]  # strings


@pytest.mark.parametrize(
    ("receipt", "outcome"),
    [(Sent(external_ids=("7", "8")), "ok"), (Refused(reason="no"), "refused"), (Gone(reason="topic lost"), "gone")],
)
async def test_the_desk_hears_what_became_of_a_message_it_asked_about(
    store: Store, receipt: Sent | Refused | Gone, outcome: str
) -> None:
    await _at_the_desk(store, _to_staff("-1", report="relay:1"), _to_staff("-2"))
    rows = await store.due_outbox(ACCOUNT, START, 10)
    await store.settle(rows[0].number, Retry(after=0.0), START)
    assert await store.claim("w", START, 10) == []
    await store.due_outbox(ACCOUNT, START, 10)
    for row in rows:
        await store.settle(row.number, receipt, START)
    heard = [row.inbound for lane in await store.claim("w", START, 10) for row in lane.inbox]
    (report,) = [one for one in heard if one.payload.get("event") == "Delivered"]
    assert report.address == DESK
    assert (report.payload["report"], report.payload["outcome"]) == ("relay:1", outcome)
    assert report.payload["ids"] == (["7", "8"] if outcome == "ok" else [])


async def test_a_lost_place_reports_everything_that_waited_for_it(store: Store) -> None:
    await _at_the_desk(store, _to_staff("-1", report="a"), _to_staff("-1", report="b"))
    (row,) = await store.due_outbox(ACCOUNT, START, 10)
    await store.settle(row.number, Gone(reason="kicked"), START)
    heard = [row.inbound.payload for lane in await store.claim("w", START, 10) for row in lane.inbox]
    assert [one["report"] for one in heard if one.get("event") == "Delivered"] == ["a", "b"]


async def test_what_is_meant_for_staff_cannot_be_queued_for_a_family(store: Store) -> None:
    await store.receive([inbound("1")], None)
    (lane,) = await store.claim("w", START, 10)
    note, elsewhere = _to_staff("1"), outbox_row("2", "für jemand anderen")
    for row in (note, elsewhere):
        with pytest.raises(Leak):
            await store.commit(commit_for(lane, outbox=(outbox_row("1", "gut"), row)))
    assert await store.due_outbox(ACCOUNT, START, 10) == []
    await store.commit(commit_for(lane, outbox=(outbox_row("1", "gut"),)))
    with pytest.raises(Leak):
        await _at_the_desk(store, outbox_row("1", "am Gespräch vorbei"))


async def test_a_document_about_somebody_who_was_erased_is_dropped(store: Store) -> None:
    await store.receive([inbound("1")], None)
    (lane,) = await store.claim("w", START, 10)
    await store.commit(commit_for(lane))
    await store.erase(lane.conversation)
    await store.put_documents([Document(kind="case", key="A", body="{}", conversation=lane.conversation)])
    assert await store.documents("case") == []


async def test_messages_of_the_desk_follow_a_group_that_moved(store: Store) -> None:
    await _at_the_desk(store, _to_staff("-1"), _to_staff("-1"))
    (row,) = await store.due_outbox(ACCOUNT, START, 10)
    await store.settle(row.number, Moved(chat="-100"), START)
    for _ in range(2):
        (row,) = await store.due_outbox(ACCOUNT, START, 10)
        assert row.outbound.address == address("-100")
        await store.settle(row.number, Sent(external_ids=("1",)), START)
