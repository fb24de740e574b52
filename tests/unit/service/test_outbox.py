"""Sending: whatever an adapter does, each message leaves in its order, none hangs, and none goes out oftener than its class allows."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
import structlog
from structlog.testing import capture_logs

from bot.errors import Revoked, StoreUnavailable
from bot.messengers.terminal import TerminalMessenger
from bot.ports import NewOutbox, Outbound, OutboxRow, Receipt, Retry, Sent
from bot.service import outbox
from bot.service.outbox import Lease, Outbox, hold_lease
from bot.storage.memory import MemoryStore
from tests.contracts.stores import ACCOUNT, START, commit_for, inbound, outbox_row

Answer = Receipt | Exception | float
"""What an adapter does with a message: it answers, raises, or takes that many seconds."""


class Adapter(TerminalMessenger):
    """An adapter that somebody else wrote; it does what is planned for each text, then behaves."""

    account = ACCOUNT

    def __init__(self, **plan: Sequence[Answer]) -> None:
        super().__init__(lambda outbound: None)
        self.plan = {text: list(answers) for text, answers in plan.items()}
        self.tried: list[str] = []

    async def send(self, outbound: Outbound) -> Receipt:
        self.tried.append(outbound.text)
        planned = self.plan.get(outbound.text)
        match planned.pop(0) if planned else Sent(external_ids=("1",)):
            case Exception() as error:
                raise error
            case float() as seconds:
                await asyncio.sleep(seconds)
                return Sent(external_ids=("late",))
            case receipt:
                return receipt


@dataclass
class Post:
    """An outbox at work, on a clock that is told."""

    adapter: Adapter
    store: MemoryStore = field(default_factory=MemoryStore)
    now: datetime = START

    async def queue(self, *rows: NewOutbox) -> None:
        """Turns that say something, each in the chat of its row."""
        for row in rows:
            await self.store.receive([inbound(row.outbound.address.chat)], None)
            (lane,) = await self.store.claim("w", START, 1)
            await self.store.commit(commit_for(lane, outbox=(row,)))

    @contextlib.asynccontextmanager
    async def open(self, **settings: object) -> AsyncIterator[Outbox]:
        """Sends for the length of a block."""
        box = Outbox(self.store, self.adapter, lambda: self.now, "w", **{"rate": 0.0, "chat_rate": 0.0, **settings})  # type: ignore[arg-type]
        running = asyncio.create_task(box.run())
        yield box
        box.stop.set()
        await self.store.receive([inbound("news")], None)  # so that it need not wait for its next look
        await asyncio.wait_for(running, 5)

    async def tried(self, *texts: str) -> None:
        """Waits until the adapter was asked for these and what came of it is written down; in this order and no more."""
        async with asyncio.timeout(5):
            while len(self.adapter.tried) < len(texts) or "sending" in self.states():
                await asyncio.sleep(0.002)
        await asyncio.sleep(0.03)  # time for one too many
        assert self.adapter.tried == list(texts)

    def states(self) -> list[str]:
        """What became of each message, in the order of their commits."""
        return [row.state for row in self.store._outbox.values()]


@pytest.fixture(autouse=True)
def _logs() -> Iterator[None]:
    """Lines are written whatever an earlier test made of the logs."""
    before = structlog.get_config()
    structlog.reset_defaults()
    yield
    structlog.configure(**before)


@pytest.fixture(autouse=True)
def _looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    """What does not leave within 30 ms does not leave."""
    monkeypatch.setattr(outbox, "IDLE", 0.005)


async def test_an_adapter_that_raises_delays_its_own_message_and_nobody_else_s() -> None:
    post = Post(Adapter(SECRET=[RuntimeError("SECRET")]))
    await post.queue(outbox_row("anna", "SECRET"), outbox_row("anna", "danach"), outbox_row("ben", "hallo"))
    with capture_logs() as lines:
        async with post.open():
            await post.tried("SECRET", "hallo")
            post.now += timedelta(seconds=4.9)
            await post.tried("SECRET", "hallo")
            post.now += timedelta(seconds=0.1)
            await post.tried("SECRET", "hallo", "SECRET", "danach")
    assert post.states() == ["ok", "ok", "ok"]
    assert [(line["event"], line["error"]) for line in lines] == [("send_failed", "RuntimeError")]
    assert "SECRET" not in str(lines)


async def test_a_send_that_does_not_end_is_in_doubt_and_its_class_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "SEND_TIMEOUT", 0.02)
    post = Post(Adapter(Hilfe=[9.0], Menu=[9.0], Frage=[9.0, 9.0]))
    await post.queue(
        outbox_row("anna", "Hilfe"), outbox_row("ben", "Menu", delivery="optional"), outbox_row("cem", "Frage")
    )
    async with post.open():
        await post.tried("Hilfe", "Menu", "Frage")
        assert post.states() == ["retry", "ambiguous", "retry"]
        post.now += timedelta(seconds=1)
        await post.tried("Hilfe", "Menu", "Frage", "Hilfe", "Frage")
        post.now += timedelta(hours=1)
        await post.tried("Hilfe", "Menu", "Frage", "Hilfe", "Frage")
    assert post.states() == ["ok", "ambiguous", "ambiguous"]


async def test_a_limit_of_the_account_stops_every_chat_for_as_long_as_it_says() -> None:
    post = Post(Adapter(eins=[Retry(after=0.3, whole_account=True)], zwei=[Retry(after=60.0)]))
    await post.queue(outbox_row("anna", "eins"))
    async with post.open():
        await post.tried("eins")
        post.now += timedelta(seconds=1)
        await post.queue(outbox_row("ben", "zwei"), outbox_row("cem", "drei"))
        await post.tried("eins")
        await asyncio.sleep(0.3)
        await post.tried("eins", "eins", "zwei", "drei")
    assert post.states() == ["ok", "retry", "ok"], "a limit of one chat holds for that chat"


async def test_one_chat_gets_no_more_a_second_than_its_limit() -> None:
    post = Post(Adapter())
    await post.queue(outbox_row("anna", "eins"), outbox_row("anna", "zwei"), outbox_row("ben", "hallo"))
    async with post.open(chat_rate=0.5):
        await post.tried("eins", "hallo")
        assert post.states()[1] == "retry"
        post.now += timedelta(seconds=1.9)  # the platform's second is our monotonic one: this clock alone moves nothing
        await post.tried("eins", "hallo")


async def test_a_slow_account_saves_up_a_small_burst_and_no_more() -> None:
    post = Post(Adapter())
    await post.queue(*(outbox_row(f"c{number}", f"{number}") for number in range(12)))
    async with post.open(rate=0.5):
        await post.tried(*map(str, range(10)))
    assert post.states() == ["ok"] * 10 + ["waiting"] * 2


async def test_nothing_leaves_when_the_account_may_be_somebody_else_s_before_it_has_ended() -> None:
    seconds = [0.0]
    lease = Lease(lambda: seconds[0])
    lease.renewed(lease.now())
    post = Post(Adapter())
    await post.queue(outbox_row("anna", "eins"))
    async with post.open(owned=lease):
        await post.tried("eins")
        seconds[0] = outbox.ACCOUNT_LEASE - outbox.SEND_TIMEOUT
        await post.queue(outbox_row("anna", "zwei"))
        await post.tried("eins")
        lease.renewed(lease.now())
        await post.tried("eins", "zwei")


async def test_an_account_that_was_taken_away_ends_the_loop() -> None:
    post = Post(Adapter(eins=[Revoked("the token is void")]))
    await post.queue(outbox_row("anna", "eins"))
    with pytest.raises(Revoked, match="the token is void"):
        async with post.open():
            await asyncio.sleep(0.05)
    assert post.states() == ["sending"], "in doubt; the next start decides"


async def test_what_is_leaving_is_finished_before_the_loop_ends() -> None:
    post = Post(Adapter(eins=[0.1]))
    await post.queue(outbox_row("anna", "eins"))
    async with post.open():
        while not post.adapter.tried:
            await asyncio.sleep(0)
        assert post.states() == ["sending"]
    assert post.states() == ["ok"]


class Forgetful(MemoryStore):
    """A store that does not answer the first time that rows are asked for or settled."""

    def __init__(self) -> None:
        super().__init__()
        self.away = {"due", "settle"}

    def _once(self, what: str) -> None:
        if what in self.away:
            self.away.remove(what)
            raise StoreUnavailable("away")

    async def due_outbox(self, account: str, now: datetime, limit: int) -> list[OutboxRow]:
        self._once("due")
        return await super().due_outbox(account, now, limit)

    async def settle(self, number: int, receipt: Receipt, now: datetime) -> None:
        self._once("settle")
        await super().settle(number, receipt, now)


async def test_a_store_that_is_away_for_a_moment_makes_nothing_leave_twice() -> None:
    post = Post(Adapter(), Forgetful())
    await post.queue(outbox_row("anna", "eins"))
    with capture_logs() as lines:
        async with post.open():
            await post.tried("eins")
    assert post.states() == ["ok"]
    assert [line["event"] for line in lines] == ["store_unavailable", "settle_waits"]


async def test_a_lease_is_kept_until_somebody_else_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "RENEW", 0.01)
    store, lost, owned = MemoryStore(), asyncio.Event(), Lease()
    holding = asyncio.create_task(hold_lease(store, "account", "we", lambda: START, lost, owned))
    async with asyncio.timeout(5):
        while owned.remaining() == 0:
            await asyncio.sleep(0.002)
    assert await store.lease("account", "they", 30.0, START) is None
    await store.lease("account", "we", 0.0, START)
    assert await store.lease("account", "they", 30.0, START) is not None
    await asyncio.wait_for(holding, 5)
    assert lost.is_set()


class Away(MemoryStore):
    """A store that does not answer."""

    async def lease(self, name: str, holder: str, seconds: float, now: datetime) -> int | None:
        raise StoreUnavailable("away")


async def test_a_lease_that_cannot_be_renewed_is_lost_when_it_runs_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "RENEW", 0.01)
    seconds, lost = [0.0], asyncio.Event()
    owned = Lease(lambda: seconds[0])
    owned.renewed(0.0)
    holding = asyncio.create_task(hold_lease(Away(), "account", "we", lambda: START, lost, owned))
    seconds[0] = outbox.ACCOUNT_LEASE - 0.1
    await asyncio.sleep(0.05)
    assert not lost.is_set()
    seconds[0] = outbox.ACCOUNT_LEASE
    await asyncio.wait_for(holding, 5)
    assert lost.is_set()
