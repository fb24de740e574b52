"""The port to a store, and the rows that it hands out."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Literal, Protocol

from msgspec import Struct

from bot.dialogue.effects import DeliveryClass
from bot.ports.addresses import DESK, Address, ConversationId
from bot.ports.commit import Alert, Document, NewFact, TurnCommit
from bot.ports.messages import Cursor, Inbound, Outbound
from bot.ports.messenger import Receipt
from bot.ports.tallies import Tally


class InboxRow(Struct, frozen=True, kw_only=True):
    """A stored inbound; `number` grows with arrival and gives the order within a lane."""

    number: int
    inbound: Inbound


class Lane(Struct, frozen=True, kw_only=True):
    """A claimed conversation with its waiting events in order. `fence` must still be valid at commit.

    `session` is the stored form (JSON text) or None for a new conversation; `version` counts its commits.
    """

    conversation: ConversationId
    address: Address
    fence: int
    version: int
    session: str | None
    inbox: tuple[InboxRow, ...]


OutboxState = Literal["waiting", "sending", "ok", "retry", "ambiguous", "gone", "refused", "withdrawn"]


class OutboxRow(Struct, frozen=True, kw_only=True):
    """A queued message as the sender sees it; `attempts` counts requests already made."""

    number: int
    conversation: ConversationId
    outbound: Outbound
    delivery: DeliveryClass
    attempts: int
    state: OutboxState


class Kept(Struct, frozen=True):
    """How many rows of a class are kept, and the oldest moment among those from which their limit counts."""

    rows: int
    oldest: datetime | None


class Store(Protocol):
    """Keeps everything durable. Every method is one transaction; concurrent commits may share one on disk.

    All raise StoreUnavailable when the store is away, StoreError when it is damaged, full or newer than the program.
    """

    async def open(self) -> None:
        """Connects, and makes or upgrades the tables. Raises ConfigError for a wrong key or lost keys, StoreError for a newer schema."""

    async def close(self) -> None:
        """Writes what still waits, and lets go."""

    def conversation_id(self, address: Address) -> ConversationId:
        """The keyed hash by which an address is looked up (threads and chats are told apart)."""

    async def receive(self, batch: Sequence[Inbound], cursor: Cursor | None) -> int:
        """Stores inbound events once each, with the cursor; returns how many were new."""

    async def cursor(self, account: str) -> str | None:
        """How far the account's stream was taken in; None before the first time."""

    async def claim(self, worker: str, now: datetime, limit: int, lease: float = 30.0, wait: float = 0.0) -> list[Lane]:
        """Claims lanes that have waiting events and no live owner, oldest first, for `lease` seconds from `now`.

        When there are none, it waits at most `wait` seconds for the first.
        """

    async def commit(self, commit: TurnCommit) -> None:
        """Applies a turn; documents of a conversation that was erased meanwhile are dropped.

        Raises SessionConflict, LaneLost, Leak.
        """

    async def release(self, conversation: ConversationId, fence: int) -> None:
        """Gives a lane back; events that came meanwhile make it claimable at once."""

    async def wait_for_work(self, seconds: float, seen: int) -> int:
        """Waits for news, at most `seconds`; `seen` is what the last call returned, so that nothing is missed in between."""

    async def fire_timers(self, now: datetime, limit: int = 1000) -> int:
        """Turns due timers into inbox events of kind `timer`; returns how many."""

    async def next_due(self) -> datetime | None:
        """When the next timer or held outbox row comes due."""

    async def due_outbox(self, account: str, now: datetime, limit: int) -> list[OutboxRow]:
        """The head row of each destination that may be sent now; rows of one destination never overtake each other.

        Rows come back already marked `sending` in their own commit.
        """

    async def settle(self, number: int, receipt: Receipt, now: datetime) -> None:
        """Writes what became of a send. Gone drops the destination's later rows and posts a `left` event.

        Of rows with a `report` the desk hears when they are settled for good (`delivery_report`).
        """

    async def recover_outbox(self, account: str, *, harmless: bool = False) -> int:
        """After a start: rows still `sending` are ambiguous; vital ones wait again, optional ones end.

        `harmless`: the messenger knows a repeat by its key, so that all wait again.
        """

    async def lease(self, name: str, holder: str, seconds: float, now: datetime) -> int | None:
        """Takes or renews a named lease (one speaker per account); the fencing number, or None if held by another."""

    async def documents(self, kind: str, prefix: str = "") -> list[Document]:
        """All of a kind whose key begins so, by key."""

    async def document(self, kind: str, key: str) -> Document | None:
        """One of them; None when it is not there or its conversation was erased."""

    async def put_documents(self, documents: Sequence[Document]) -> None:
        """Writes or deletes documents outside a turn."""

    async def blob(self, blob: str) -> bytes | None:
        """A file by its name; None when it is not there or its key was destroyed."""

    async def transcript(self, conversation: ConversationId, limit: int = 50) -> list[tuple[str, str, datetime]]:
        """The last lines of a conversation with consent, oldest first: who, text, time."""

    async def external_ids(self, conversation: ConversationId, since: datetime) -> list[str]:
        """Ids of delivered messages, oldest first, for edits and deletions."""

    async def alerts(self, open_only: bool = True) -> list[Alert]:
        """The alert list by time; without those that were seen, unless `open_only` is false."""

    async def acknowledge(self, alert: str, by: str, at: datetime) -> bool:
        """Marks an alert as seen; False when somebody did so before."""

    async def facts(self, since: datetime, until: datetime) -> AsyncIterator[NewFact]:
        """The event log from `since` until before `until`, in the order in which it was written."""

    async def tallies(self, since: str, until: str) -> list[Tally]:
        """What was counted in the weeks from `since` to `until`, both included, by week and name."""

    async def address_of(self, conversation: ConversationId) -> Address | None:
        """Where a conversation lives; None when it is not known or was erased."""

    async def session_of(self, conversation: ConversationId) -> str | None:
        """Its session in the stored form; None when there is none."""

    async def conversations(self) -> AsyncIterator[ConversationId]:
        """All conversations, in no order."""

    async def erase(self, conversation: ConversationId) -> None:
        """Destroys the key first, then the rows; nothing readable remains in the running system."""

    async def retain(self, now: datetime) -> Mapping[str, int]:
        """Enforces the retention table; class -> rows removed."""

    def secret(self, purpose: str) -> bytes:
        """A key for something outside the store; it stays the same when the master key is changed."""

    async def rotate(self, new_master: bytes) -> None:
        """Wraps the keys with another master key; whoever has the store open works on undisturbed."""

    async def kept(self) -> Mapping[str, Kept]:
        """Of each class of the retention table that the store keeps: how many rows, and the time that its limit counts from."""

    async def status(self) -> Mapping[str, int]:
        """Counts for `kavi status`: lanes, inbox, outbox by state, timers, alerts, conversations, schema version."""

    async def ages(self, now: datetime) -> Mapping[str, float]:
        """Seconds: of the oldest waiting event (`inbox`) and of the message that is due longest (`outbox`), 0 when none."""


def delivery_report(outbound: Outbound, number: int, outcome: str, ids: Sequence[str], at: datetime) -> Inbound | None:
    """What a store posts to the desk's lane, in the same transaction, when such a row is settled for good.

    `outcome` is the row's last state (`ok`, `ambiguous`, `gone`, `refused`); None when nobody asked for a report.
    """
    if not outbound.report:
        return None
    payload = {"event": "Delivered", "report": outbound.report, "outcome": outcome, "ids": list(ids)}
    return Inbound(address=DESK, external_id=f"settled:{number}", kind="desk", at=at, payload=payload)
