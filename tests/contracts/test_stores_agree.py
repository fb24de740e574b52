"""Stores under the same random operations tell the same story as the memory store."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from bot.errors import LaneLost, SessionConflict, StoreError
from bot.ports import Ambiguous, Gone, Inbound, Lane, Moved, NewTimer, Receipt, Refused, Retry, Sent
from tests.contracts.stores import (
    ACCOUNT,
    Maker,
    address,
    commit_for,
    inbound,
    later,
    make_memory,
    make_postgres,
    make_sqlite,
    outbox_row,
)

CHATS = st.sampled_from(["1", "2", "3"])
RECEIPTS: st.SearchStrategy[Receipt] = st.sampled_from([
    Sent(external_ids=("7",)), Retry(after=3.0), Ambiguous(), Gone(reason="blocked"), Refused(reason="no"),
    Moved(chat="2"),
])  # fmt: skip


class StoresAgree(RuleBasedStateMachine):
    """Runs each operation on a memory store and another one and compares what they answer."""

    make: Maker

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.loop = asyncio.new_event_loop()
        self.memory = self.wait(make_memory(self.folder))
        self.other = self.wait(type(self).make(self.folder))
        self.time = 0.0
        self.lanes: list[tuple[Lane, Lane]] = []
        self.sending: list[tuple[int, int]] = []
        self.made = 0

    def wait(self, work: Any) -> Any:
        return self.loop.run_until_complete(work)

    def both(self, operation: str, *arguments: Any) -> tuple[Any, Any]:
        results = []
        for store in (self.memory, self.other):
            try:
                results.append(self.wait(getattr(store, operation)(*arguments)))
            except StoreError as error:
                results.append(type(error).__name__)
        return results[0], results[1]

    @rule(chat=CHATS, repeat=st.booleans())
    def somebody_writes(self, chat: str, repeat: bool) -> None:
        self.made += not repeat
        event = inbound(chat, f"t{self.made}", external_id=f"x{self.made}", at=later(self.time))
        one, two = self.both("receive", [event], None)
        assert one == two

    @rule(seconds=st.sampled_from([0.5, 2.0, 40.0]))
    def time_passes(self, seconds: float) -> None:
        self.time += seconds
        one, two = self.both("fire_timers", later(self.time))
        assert one == two

    @rule()
    def a_worker_claims(self) -> None:
        one, two = self.both("claim", "w", later(self.time), 2, 30.0)
        assert [shown(lane) for lane in one] == [shown(lane) for lane in two]
        self.lanes += list(zip(one, two, strict=True))

    @rule(chat=CHATS, repeat=st.booleans(), at_once=st.booleans())
    def somebody_writes_while_a_worker_waits(self, chat: str, repeat: bool, at_once: bool) -> None:
        """Whose turn is committed before anybody is told that the event was received, or after."""
        self.made += not repeat
        event = inbound(chat, f"t{self.made}", external_id=f"x{self.made}", at=later(self.time))
        results = [self.wait(self._handed(store, event, at_once=at_once)) for store in (self.memory, self.other)]
        (one, new_one, said_one), (two, new_two, said_two) = results
        assert [shown(lane) for lane in one] == [shown(lane) for lane in two]
        assert (new_one, said_one) == (new_two, said_two)
        if not at_once:
            self.lanes += list(zip(one, two, strict=True))

    async def _handed(self, store: Any, event: Inbound, *, at_once: bool) -> tuple[list[Lane], int, list[str]]:
        claiming = asyncio.create_task(store.claim("w", later(self.time), 2, 30.0, 0.05))
        await asyncio.sleep(0)
        receiving = asyncio.create_task(store.receive([event], None))
        lanes = await claiming
        if not lanes:  # it has waited in vain, or not long enough for a server
            await receiving
            lanes = await store.claim("w", later(self.time), 2, 30.0)
        said = []
        for lane in lanes if at_once else ():
            try:
                await store.commit(
                    commit_for(lane, f'{{"h":{self.made}}}', outbox=(outbox_row(lane.address.chat, f"h{self.made}"),))
                )
                said.append("ok")
            except (LaneLost, SessionConflict):
                said.append("refused")
        return lanes, await receiving, said

    @precondition(lambda self: self.lanes)
    @rule(data=st.data(), texts=st.lists(st.sampled_from("abc"), max_size=2), hold=st.booleans(), erase=st.booleans())
    def a_turn_is_committed(self, data: st.DataObject, texts: list[str], hold: bool, erase: bool) -> None:
        at = data.draw(st.integers(0, len(self.lanes) - 1))
        results = []
        self.made += 1
        for store, lane in zip((self.memory, self.other), self.lanes.pop(at), strict=True):
            chat = lane.address.chat
            rows = tuple(
                outbox_row(
                    chat, f"{text}{self.made}", delivery=data_delivery(text), not_before=later(self.time + 2 * hold),
                    hold_key="h" if hold else "",
                )
                for text in texts
            )  # fmt: skip
            timer = NewTimer(name="t", due=later(self.time + 5), fence=1)
            commit = commit_for(
                lane, f'{{"n":{self.made}}}', outbox=rows, withdraw=() if hold else ("h",), timers=(timer,) if texts else (),
                erase=erase and self.made % 7 == 0,
            )  # fmt: skip
            try:
                self.wait(store.commit(commit))
                self.wait(store.release(lane.conversation, lane.fence))
                results.append("ok")
            except (LaneLost, SessionConflict):  # which of the two depends on where fences begin after an erasure
                results.append("refused")
        assert results[0] == results[1]

    @rule()
    def the_outbox_is_fetched(self) -> None:
        one, two = self.both("due_outbox", ACCOUNT, later(self.time), 5)
        assert [(r.outbound.text, r.outbound.address, r.attempts) for r in one] == [
            (r.outbound.text, r.outbound.address, r.attempts) for r in two
        ]
        self.sending += [(a.number, b.number) for a, b in zip(one, two, strict=True)]

    @precondition(lambda self: self.sending)
    @rule(receipt=RECEIPTS)
    def a_send_is_settled(self, receipt: Receipt) -> None:
        for store, number in zip((self.memory, self.other), self.sending.pop(0), strict=True):
            self.wait(store.settle(number, receipt, later(self.time)))

    @rule()
    def the_sender_starts_again(self) -> None:
        self.sending.clear()
        one, two = self.both("recover_outbox", ACCOUNT)
        assert one == two

    @rule(chat=CHATS)
    def somebody_is_erased(self, chat: str) -> None:
        one = self.memory.conversation_id(address(chat))
        two = self.other.conversation_id(address(chat))
        self.wait(self.memory.erase(one))
        self.wait(self.other.erase(two))

    @invariant()
    def sessions_and_due_times_are_the_same(self) -> None:
        one, two = self.both("next_due")
        assert one == two
        for chat in ("1", "2", "3"):
            mine = self.wait(self.memory.session_of(self.memory.conversation_id(address(chat))))
            theirs = self.wait(self.other.session_of(self.other.conversation_id(address(chat))))
            assert mine == theirs

    def teardown(self) -> None:
        self.wait(self.other.close())
        self.loop.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def shown(lane: Lane) -> tuple[Any, ...]:
    """What a lane tells, without ids that each store makes for itself."""
    events = [
        (r.inbound.kind, r.inbound.text, r.inbound.at, r.inbound.address, dict(r.inbound.payload)) for r in lane.inbox
    ]
    return lane.address, lane.session, lane.version, events


def data_delivery(text: str) -> str:
    """Some messages are optional."""
    return "optional" if text == "c" else "vital"


class SqliteAgrees(StoresAgree):
    make = staticmethod(make_sqlite)


class PostgresAgrees(StoresAgree):
    make = staticmethod(make_postgres)


_HOW = settings(max_examples=20, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck))

TestSqliteAgrees = SqliteAgrees.TestCase
TestSqliteAgrees.settings = _HOW

TestPostgresAgrees = pytest.mark.server(PostgresAgrees.TestCase)
TestPostgresAgrees.settings = _HOW
