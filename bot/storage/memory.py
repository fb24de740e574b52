"""A store in memory: the same promises as the others but durability. Tests compare every other store with it."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
from collections import deque
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar, assert_never

from msgspec.structs import replace

from bot.errors import LaneLost, SessionConflict
from bot.ports import (
    Address,
    Alert,
    Ambiguous,
    ConversationId,
    Cursor,
    Document,
    Gone,
    Inbound,
    InboxRow,
    Kept,
    Lane,
    Moved,
    NewFact,
    NewOutbox,
    NewTimer,
    OutboxRow,
    OutboxState,
    Receipt,
    Refused,
    Retry,
    Sent,
    Tally,
    TurnCommit,
    delivery_report,
    refuse_leaks,
    together,
)
from bot.storage.rows import LONGEST_LEASE, sent_again

T = TypeVar("T")
LONGEST = timedelta(seconds=LONGEST_LEASE)
_OPEN: tuple[OutboxState, ...] = ("waiting", "retry", "sending")


@dataclass(slots=True)
class _Conversation:
    address: Address
    session: str | None = None
    version: int = 0
    consented: bool = False
    fence: int = 0
    lease_until: datetime | None = None
    last_at: datetime | None = None
    transcript: list[tuple[str, str, datetime]] = field(default_factory=list)


@dataclass(slots=True)
class _Out:
    row: NewOutbox
    conversation: ConversationId
    number: int
    state: OutboxState
    not_before: datetime
    at: datetime
    attempts: int = 0
    external: tuple[str, ...] = ()


class MemoryStore:
    """Implements `bot.ports.Store` in plain dictionaries; forgets everything when it is closed."""

    def __init__(self) -> None:
        self._conversations: dict[ConversationId, _Conversation] = {}
        self._aliases: dict[ConversationId, ConversationId] = {}
        self._inbox: dict[int, tuple[ConversationId, Inbound]] = {}
        self._seen: set[tuple[str, str, str]] = set()
        self._cursors: dict[str, str] = {}
        self._outbox: dict[int, _Out] = {}
        self._lines: dict[Address, deque[int]] = {}  # what waits for each destination; what is gone is passed over
        self._timers: dict[tuple[ConversationId, str], NewTimer] = {}
        self._facts: list[NewFact] = []
        self._tallies: list[Tally] = []
        self._alerts: dict[str, Alert] = {}
        self._documents: dict[tuple[str, str], Document] = {}
        self._keys: dict[str, set[str]] = {}  # of each kind; what is gone is passed over
        self._blobs: dict[str, tuple[ConversationId, bytes]] = {}
        self._leases: dict[str, tuple[str, datetime, int]] = {}
        self._numbers = itertools.count(1)
        self._news = 0
        self._changed = asyncio.Event()

    async def open(self) -> None: ...

    async def close(self) -> None: ...

    def conversation_id(self, address: Address) -> ConversationId:
        parts = "\x1f".join((address.messenger, address.account, address.chat, address.thread))
        return ConversationId(hashlib.blake2b(parts.encode(), digest_size=16).hexdigest())

    # ------------------------------------------------------------------ intake and lanes

    async def receive(self, batch: Sequence[Inbound], cursor: Cursor | None) -> int:
        new = sum(self._take_in(inbound) for inbound in batch)
        if cursor is not None:
            self._cursors[cursor.account] = cursor.value
        return new

    def _take_in(self, inbound: Inbound) -> bool:
        address = inbound.address
        external = (address.messenger, address.account, inbound.external_id)
        if external in self._seen:
            return False
        self._seen.add(external)
        if inbound.kind == "moved" and inbound.payload.get("chat"):
            self._move(address, str(inbound.payload["chat"]))
            return True
        conversation = self._conversation(address, inbound.at)
        self._inbox[next(self._numbers)] = (conversation, inbound)
        self._tell()
        return True

    def _conversation(self, address: Address, at: datetime) -> ConversationId:
        found = self.conversation_id(address)
        if found not in self._conversations:
            found = self._aliases.get(found, found)
        if found not in self._conversations:
            self._conversations[found] = _Conversation(address=address, last_at=at)
        return found

    def _move(self, address: Address, chat: str) -> None:
        conversation = self.conversation_id(address)
        conversation = self._aliases.get(conversation, conversation)
        new = replace(address, chat=chat)
        if conversation in self._conversations:
            self._conversations[conversation].address = new
        self._aliases[self.conversation_id(new)] = conversation
        for out in self._outbox.values():
            if out.row.outbound.address == address and out.state in ("waiting", "retry"):
                out.row = replace(out.row, outbound=replace(out.row.outbound, address=new))

    async def cursor(self, account: str) -> str | None:
        return self._cursors.get(account)

    async def claim(self, worker: str, now: datetime, limit: int, lease: float = 30.0, wait: float = 0.0) -> list[Lane]:
        lanes = self._claim(now, limit, lease)
        if not lanes and wait > 0:
            await self.wait_for_work(wait, self._news)
            lanes = self._claim(now, limit, lease)
        return lanes

    def _claim(self, now: datetime, limit: int, lease: float) -> list[Lane]:
        order: dict[ConversationId, None] = {self._inbox[number][0]: None for number in sorted(self._inbox)}
        lanes: list[Lane] = []
        for conversation in order:
            one = self._conversations[conversation]
            if one.lease_until is not None and now < one.lease_until <= now + LONGEST:
                continue
            if len(lanes) >= limit:
                break
            one.fence += 1
            one.lease_until = now + timedelta(seconds=lease)
            rows = [
                InboxRow(number=number, inbound=self._inbox[number][1])
                for number in sorted(self._inbox)
                if self._inbox[number][0] == conversation
            ]
            lanes.append(
                Lane(
                    conversation=conversation,
                    address=one.address,
                    fence=one.fence,
                    version=one.version,
                    session=one.session,
                    inbox=tuple(rows[:100]),
                )
            )
        return lanes

    async def commit(self, commit: TurnCommit) -> None:
        refuse_leaks(commit)
        one = self._conversations.get(commit.conversation)
        if one is None or one.fence != commit.fence:
            raise LaneLost("The lane belongs to another worker now.")
        if one.version != commit.version:
            raise SessionConflict("The session was saved by somebody else.")
        if any(number not in self._inbox for number in commit.done):
            raise LaneLost("The event was handled by another worker already.")
        times = [self._inbox.pop(number)[1].at for number in commit.done]
        at = max([*times, *([one.last_at] if one.last_at else [])])
        if commit.erase:
            one = self._begin_anew(commit)
        if commit.session is not None:
            one.session, one.version, one.consented = commit.session, one.version + 1, commit.consented
        if commit.contact:
            one.last_at = at
        if commit.release:
            one.lease_until = None
        if commit.consented:
            one.transcript += list(commit.transcript)
        for blob in commit.blobs:
            if blob.about is None or blob.about in self._conversations:
                self._blobs[blob.name] = (blob.about or commit.conversation, blob.data)
        self._queue(commit, at)
        self._record(commit)
        for post in commit.posts:
            self._take_in(post)
        self._tell()

    def _begin_anew(self, commit: TurnCommit) -> _Conversation:
        self._erase(commit.conversation)
        fresh = _Conversation(address=commit.address, fence=commit.fence, version=commit.version)
        self._conversations[commit.conversation] = fresh
        return fresh

    def _queue(self, commit: TurnCommit, at: datetime) -> None:
        for out in self._outbox.values() if commit.withdraw else ():
            held = out.row.hold_key and out.row.hold_key in commit.withdraw
            if held and out.conversation == commit.conversation and out.state == "waiting":
                out.state = "withdrawn"
        for row in commit.outbox:
            number = next(self._numbers)
            self._outbox[number] = _Out(row, commit.conversation, number, "waiting", row.not_before, at)
            self._lines.setdefault(row.outbound.address, deque()).append(number)

    def _record(self, commit: TurnCommit) -> None:
        for name in commit.cancel_timers:
            self._timers.pop((commit.conversation, name), None)
        for timer in commit.timers:
            self._timers[commit.conversation, timer.name] = timer
        hour = {"minute": 0, "second": 0, "microsecond": 0}
        self._facts += [replace(fact, at=fact.at.replace(**hour)) for fact in commit.facts]  # type: ignore[arg-type]  # mypy types ** as one
        self._tallies = together([*self._tallies, *commit.tallies])
        for alert in commit.alerts:
            self._alerts.setdefault(alert.id, alert)
        self._put(commit.documents)

    async def release(self, conversation: ConversationId, fence: int) -> None:
        one = self._conversations.get(conversation)
        if one is not None and one.fence == fence:
            one.lease_until = None

    async def wait_for_work(self, seconds: float, seen: int) -> int:
        if self._news == seen:
            self._changed.clear()
            try:
                await asyncio.wait_for(self._changed.wait(), seconds)
            except TimeoutError:
                return self._news
        return self._news

    def _tell(self) -> None:
        self._news += 1
        self._changed.set()

    async def fire_timers(self, now: datetime, limit: int = 1000) -> int:
        due = sorted((timer.due, key) for key, timer in self._timers.items() if timer.due <= now)[:limit]
        for when, key in due:
            timer = self._timers.pop(key)
            conversation, name = key
            inbound = Inbound(
                address=self._conversations[conversation].address,
                external_id=f"timer:{conversation}:{name}:{timer.fence}:{when.timestamp()}",
                kind="timer",
                at=max(when, now),
                payload={"timer": name, "fence": timer.fence},
            )
            self._take_in(inbound)
        return len(due)

    async def next_due(self) -> datetime | None:
        times = [timer.due for timer in self._timers.values()]
        times += [out.not_before for out in self._outbox.values() if out.state in ("waiting", "retry")]
        return min(times, default=None)

    # ------------------------------------------------------------------ outbox

    async def due_outbox(self, account: str, now: datetime, limit: int) -> list[OutboxRow]:
        heads = [out for address in list(self._lines) if address.account == account and (out := self._head(address))]
        due = [
            out
            for out in heads
            if out.state != "sending"
            and (out.not_before <= now or (out.at > now + LONGEST and out.not_before <= out.at + LONGEST))
        ]
        due.sort(key=lambda out: out.number)
        for out in due[:limit]:
            out.state = "sending"
            out.attempts += 1
        return [
            OutboxRow(
                number=out.number,
                conversation=out.conversation,
                outbound=out.row.outbound,
                delivery=out.row.delivery,
                attempts=out.attempts,
                state="sending",
            )
            for out in due[:limit]
        ]

    def _head(self, address: Address) -> _Out | None:
        """The oldest message for a destination that is not settled yet."""
        line = self._lines[address]
        while line:
            out = self._outbox.get(line[0])
            if out is not None and out.state in _OPEN:
                return out
            line.popleft()
        del self._lines[address]
        return None

    async def settle(self, number: int, receipt: Receipt, now: datetime) -> None:
        out = self._outbox.get(number)
        if out is None or out.state != "sending":
            return
        match receipt:
            case Sent(external_ids=ids):
                out.external = ids if self._conversations[out.conversation].consented else ()
                self._end(out, "ok", now, ids)
            case Retry(after=after):
                out.state, out.attempts, out.not_before = "retry", out.attempts - 1, now + timedelta(seconds=after)
            case Ambiguous():
                if out.row.delivery == "vital" and out.attempts < 2:
                    out.state, out.not_before = "retry", now + timedelta(seconds=1)
                else:
                    self._end(out, "ambiguous", now)
            case Refused():
                self._end(out, "refused", now)
            case Gone():
                self._gone(out, now)
            case Moved(chat=chat):
                out.state, out.attempts = "retry", out.attempts - 1
                self._move(out.row.outbound.address, chat)
            case _:
                assert_never(receipt)
        self._tell()

    def _end(self, out: _Out, state: OutboxState, now: datetime, ids: Sequence[str] = ()) -> None:
        out.state = state
        report = delivery_report(out.row.outbound, out.number, state, ids, now)
        if report is not None:
            self._take_in(report)

    def _gone(self, gone: _Out, now: datetime) -> None:
        self._end(gone, "gone", now)
        address = gone.row.outbound.address
        for out in self._outbox.values():
            if out.row.outbound.address == address and out.state in ("waiting", "retry"):
                self._end(out, "gone", now)
        there = self._conversations[gone.conversation].address
        self._take_in(Inbound(address=there, external_id=f"gone:{gone.number}", kind="left", at=now))

    async def recover_outbox(self, account: str, *, harmless: bool = False) -> int:
        rows = [o for o in self._outbox.values() if o.state == "sending" and o.row.outbound.address.account == account]
        for out in rows:
            if sent_again(out.row.delivery, out.attempts, harmless=harmless):
                out.state = "retry"
            else:
                self._end(out, "ambiguous", out.not_before)
        return len(rows)

    async def lease(self, name: str, holder: str, seconds: float, now: datetime) -> int | None:
        known = self._leases.get(name)
        if known is not None and known[0] != holder and now < known[1] <= now + LONGEST:
            return None
        fence = 1 if known is None else known[2] if known[0] == holder else known[2] + 1
        self._leases[name] = (holder, now + timedelta(seconds=seconds), fence)
        return fence

    # ------------------------------------------------------------------ everything else

    def _put(self, documents: Sequence[Document]) -> None:
        for document in documents:
            if document.body is None:
                self._documents.pop((document.kind, document.key), None)
                self._keys.get(document.kind, set()).discard(document.key)
            elif document.conversation is not None and document.conversation not in self._conversations:
                continue  # erased meanwhile: nothing about it is kept
            else:
                self._documents[document.kind, document.key] = document
                self._keys.setdefault(document.kind, set()).add(document.key)

    async def documents(self, kind: str, prefix: str = "") -> list[Document]:
        keys = sorted(key for key in self._keys.get(kind, ()) if key.startswith(prefix))
        return [found for key in keys if (found := self._documents.get((kind, key))) is not None]

    async def document(self, kind: str, key: str) -> Document | None:
        return self._documents.get((kind, key))

    async def put_documents(self, documents: Sequence[Document]) -> None:
        self._put(documents)

    async def blob(self, blob: str) -> bytes | None:
        found = self._blobs.get(blob)
        return None if found is None else found[1]

    async def transcript(self, conversation: ConversationId, limit: int = 50) -> list[tuple[str, str, datetime]]:
        one = self._conversations.get(conversation)
        return one.transcript[-limit:] if one is not None else []

    async def external_ids(self, conversation: ConversationId, since: datetime) -> list[str]:
        rows = [out for out in self._outbox.values() if out.conversation == conversation and out.at >= since]
        return [one for out in rows for one in out.external if out.state == "ok"]

    async def alerts(self, open_only: bool = True) -> list[Alert]:
        rows = sorted(self._alerts.values(), key=lambda alert: (alert.at, alert.id))
        return [alert for alert in rows if not open_only or alert.acknowledged_at is None]

    async def acknowledge(self, alert: str, by: str, at: datetime) -> bool:
        found = self._alerts.get(alert)
        if found is None or found.acknowledged_at is not None:
            return False
        self._alerts[alert] = replace(found, acknowledged_by=by, acknowledged_at=at)
        return True

    async def facts(self, since: datetime, until: datetime) -> AsyncIterator[NewFact]:
        return _iterate([fact for fact in self._facts if since <= fact.at < until])

    async def tallies(self, since: str, until: str) -> list[Tally]:
        return [one for one in self._tallies if since <= one.week <= until]

    async def address_of(self, conversation: ConversationId) -> Address | None:
        one = self._conversations.get(conversation)
        return None if one is None else one.address

    async def session_of(self, conversation: ConversationId) -> str | None:
        one = self._conversations.get(conversation)
        return None if one is None else one.session

    async def conversations(self) -> AsyncIterator[ConversationId]:
        return _iterate(list(self._conversations))

    async def erase(self, conversation: ConversationId) -> None:
        self._erase(conversation)

    def _erase(self, conversation: ConversationId) -> None:
        self._conversations.pop(conversation, None)
        self._inbox = {
            number: row
            for number, row in self._inbox.items()
            if row[0] != conversation and row[1].about != conversation
        }
        self._outbox = {
            number: out for number, out in self._outbox.items() if conversation not in (out.conversation, out.row.about)
        }
        self._timers = {key: timer for key, timer in self._timers.items() if key[0] != conversation}
        self._documents = {key: doc for key, doc in self._documents.items() if doc.conversation != conversation}
        self._blobs = {key: blob for key, blob in self._blobs.items() if blob[0] != conversation}
        self._aliases = {new: old for new, old in self._aliases.items() if old != conversation}

    async def retain(self, now: datetime) -> Mapping[str, int]:
        """Only what expires by itself; a memory store is not kept for months."""
        gone = [
            key for key, document in self._documents.items() if document.expires is not None and document.expires < now
        ]
        for key in gone:
            del self._documents[key]
        return {"document": len(gone)}

    def secret(self, purpose: str) -> bytes:
        return hashlib.sha256(purpose.encode()).digest()

    async def rotate(self, new_master: bytes) -> None: ...

    async def kept(self) -> Mapping[str, Kept]:
        """Only what expires by itself."""
        ends = [document.expires for document in self._documents.values() if document.expires is not None]
        return {"document": Kept(len(ends), min(ends, default=None))}

    async def ages(self, now: datetime) -> Mapping[str, float]:
        came = [inbound.at for _, inbound in self._inbox.values()]
        due = [out.not_before for out in self._outbox.values() if out.state in _OPEN]
        return {
            name: max(0.0, (now - min(times)).total_seconds()) if times else 0.0
            for name, times in (("inbox", came), ("outbox", due))
        }

    async def status(self) -> Mapping[str, int]:
        return {
            "conversations": len(self._conversations),
            "inbox": len(self._inbox),
            "lanes": len({row[0] for row in self._inbox.values()}),
            "timers": len(self._timers),
            "alerts_open": sum(alert.acknowledged_at is None for alert in self._alerts.values()),
            "alerts_seen": sum(alert.acknowledged_at is not None for alert in self._alerts.values()),
        }


async def _iterate(rows: Sequence[T]) -> AsyncIterator[T]:
    for row in rows:
        yield row
