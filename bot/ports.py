"""What the bot needs from the outside: messengers and a store. Domain words only; no SQL, no wire terms.

Flow of one message: messenger -> `Store.receive` -> lane (`Store.claim`) -> `turn()` -> `Store.commit` -> outbox
(`Store.due_outbox`) -> `Messenger.send` -> `Store.settle`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, NewType, Protocol

from msgspec import Struct, field

from bot.dialogue.effects import Attachment, DeliveryClass
from bot.dialogue.rendering import berlin_day
from bot.errors import Leak

ConversationId = NewType("ConversationId", str)
"""Keyed hash (hex) of messenger, account and chat: meaningless without the master key."""

InboundKind = Literal[
    "text", "press", "media", "edit", "delete", "reaction", "unreaction", "start", "left", "moved", "undecryptable",
    "timer", "desk",
]  # fmt: skip


class Address(Struct, frozen=True, kw_only=True):
    """Where a conversation lives: messenger name, the bot's account there, the chat or room, an optional thread in it."""

    messenger: str
    account: str
    chat: str
    thread: str = ""


DESK = Address(messenger="desk", account="desk", chat="desk")
"""The lane that all counsellors' work passes through."""

EXCHANGE = Address(messenger="exchange", account="exchange", chat="exchange")
"""The lane that all referrals between institutions pass through. It begins flows in conversations, and writes in its own rooms only."""

RECORDINGS = Address(messenger="recording", account="recording", chat="recording")
"""The lane that all recorded voices pass through. It writes to nobody, as the exchange."""

VAULT = "vault"  # messenger of the conversations that are nothing but a key


def vault_of(id: str) -> Address:
    """The conversation whose key seals one recorded voice. Nobody writes in it; erasing it destroys the recording."""
    return Address(messenger=VAULT, account=VAULT, chat=id)


Audience = Literal["family", "staff"]
"""Who may read a message. Only the lanes of desk and exchange write to staff, and they write to nobody else."""


class MediaFile(Struct, frozen=True, kw_only=True):
    """A file that came in. `data` is set once it was downloaded (size-capped, typed by content, images re-encoded)."""

    kind: str  # events.MediaKind
    mime: str
    name: str
    size: int
    reference: str = ""  # the messenger's own handle, for `Messenger.download`
    data: bytes | None = None


class Inbound(Struct, frozen=True, kw_only=True):
    """One thing that happened at a messenger. `external_id` is unique per account: a repeat is stored once.

    `sender` is the person's external identity; in a private chat it stands for the chat, in staff rooms it tells who.
    `message` is the messenger's id of the message concerned, `relates_to` that of the one edited, deleted, replied or reacted to.
    `press` carries (question, option) of a button; `verified` says that sender and device were proved (Matrix staff).
    Kind `moved` names the new chat in `payload["chat"]`.
    """

    address: Address
    external_id: str
    kind: InboundKind
    at: datetime
    sender: str = ""
    text: str = ""
    message: str = ""
    relates_to: str = ""
    group: str = ""  # album
    press: tuple[str, int] | None = None
    media: MediaFile | None = None
    language: str = ""  # the client's language code, a hint for the first message only
    private: bool = True  # a chat with one person; False: a group or room with several
    verified: bool = False
    payload: Mapping[str, Any] = field(default_factory=dict)  # for kinds `desk` and `timer`: the event's own values
    about: ConversationId | None = None  # in the desk's lane: the family it tells of; erasing her removes it


class Cursor(Struct, frozen=True, kw_only=True):
    """How far a messenger's stream was taken in; stored in the same transaction as the inbound rows it covers."""

    account: str
    value: str


class Outbound(Struct, frozen=True, kw_only=True):
    """One message to be delivered. `key` makes a repeat harmless where the platform allows it (Matrix transaction id).

    `buttons` binds each choice to (question, option). `markup` tells whether `text` is ours (content markup, see
    `bot.text.spans`) or a person's, which is shown as it is.
    """

    address: Address
    key: str
    text: str = ""
    markup: bool = True
    question: str = ""
    choices: tuple[str, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    reply_to: str = ""
    edits: str = ""  # external id: change that message instead of sending a new one
    deletes: tuple[str, ...] = ()  # external ids: delete those messages, send nothing
    reacts: tuple[str, str] | None = None  # (external id, emoji)
    protect: bool = False  # no forwarding or saving where the platform can forbid it
    silent: bool = False
    language: str = "de"
    audience: Audience = "family"
    report: str = ""  # when it is settled for good, the desk hears what became of it under this reference


class Sent(Struct, frozen=True, kw_only=True):
    """The platform took it; `external_ids` of all parts in order."""

    external_ids: tuple[str, ...]


class Retry(Struct, frozen=True, kw_only=True):
    """Not now: wait `after` seconds. `whole_account` says that the limit holds for the account, not just this chat."""

    after: float
    whole_account: bool = False


class Ambiguous(Struct, frozen=True):
    """Time-out or broken connection after the request left: it may have arrived or not."""


class Gone(Struct, frozen=True, kw_only=True):
    """The person cannot be reached any more: blocked, left, deleted."""

    reason: str


class Refused(Struct, frozen=True, kw_only=True):
    """The platform will never take this message; repeating is pointless."""

    reason: str


class Moved(Struct, frozen=True, kw_only=True):
    """The chat has a new address (group migration, room upgrade)."""

    chat: str


Receipt = Sent | Retry | Ambiguous | Gone | Refused | Moved


class Capabilities(Struct, frozen=True, kw_only=True):
    """What a messenger can do; sizes in characters or bytes as named, 0 = cannot."""

    max_text: int = 4096
    max_choices: int = 12
    buttons: bool = False
    edit: bool = False
    delete: bool = False
    reactions: bool = False
    typing: bool = False
    threads: bool = False
    rooms: bool = False
    idempotent_send: bool = False
    encrypted: bool = False
    max_upload: int = 0
    max_download: int = 0


class QuickAnswer(Struct, frozen=True, kw_only=True):
    """One answer to choose from where a platform lets people ask from any chat; `text` is content markup with its source."""

    id: str
    title: str
    text: str
    description: str = ""


QuickAnswers = Callable[[str, str, str], Awaitable[Sequence[QuickAnswer]]]
"""(user id, what was typed, language code) -> answers, best first; empty for people who may not ask."""

Sink = Callable[[Sequence[Inbound], Cursor | None], Awaitable[None]]
"""Stores the batch and the cursor durably, then returns. A messenger acknowledges only after that."""


class Messenger(Protocol):
    """Translates between a platform and Kavi; decides nothing."""

    @property
    def name(self) -> str:
        """`telegram`, `matrix`, `terminal` or a third party's."""

    @property
    def account(self) -> str:
        """The bot's account on the platform, without secrets."""

    @property
    def capabilities(self) -> Capabilities: ...

    async def start(self, cursor: str | None) -> None:
        """Connects and prepares; `cursor` is where the last run stopped. Raises MessengerError, Revoked."""

    async def ingest(self, sink: Sink) -> None:
        """Reads the platform's stream until cancelled, calling `sink` before acknowledging. Raises Revoked."""

    async def send(self, outbound: Outbound) -> Receipt:
        """Delivers one message; platform faults become a Receipt, never an exception. Raises Revoked."""

    async def typing(self, address: Address) -> None:
        """Shows that an answer is being written, best effort."""

    async def download(self, media: MediaFile, cap: int) -> bytes | None:
        """Fetches a file, at most `cap` bytes; None when it is larger or gone."""

    async def open_room(self, title: str, invite: Sequence[str], parent: str = "", topic: str = "") -> Address | None:
        """Opens a case room (Matrix) or forum topic in `parent` (Telegram); None when the platform cannot now.

        `title` and `topic` travel unencrypted.
        """

    async def change_room(self, address: Address, *, invite: Sequence[str] = (), expel: Sequence[str] = ()) -> None:
        """Invites people into a room, or removes them, best effort; without meaning where rooms have no guests of their own."""

    async def close_room(self, address: Address, *, erase: bool = False) -> None:
        """Archives a case room or topic, best effort; with `erase` what was written there goes too."""

    async def health(self) -> Mapping[str, str]:
        """What `kavi doctor` shows: check -> "ok" or a sentence with the remedy."""

    async def close(self) -> None: ...


# ------------------------------------------------------------------ the store


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


class NewOutbox(Struct, frozen=True, kw_only=True):
    """A message to be queued. `not_before` keeps it back; `hold_key` lets it be withdrawn meanwhile."""

    outbound: Outbound
    delivery: DeliveryClass
    not_before: datetime
    hold_key: str = ""
    about: ConversationId | None = None  # in the desk's lane: the family it tells of; erasing her removes it


class NewBlob(Struct, frozen=True, kw_only=True):
    """A file to keep under `name`, sealed with the key of `about`, or of the commit's own conversation when that is None.

    A file about a conversation that was erased meanwhile is dropped.
    """

    name: str
    data: bytes
    about: ConversationId | None = None


class NewTimer(Struct, frozen=True, kw_only=True):
    """A timer of the conversation; (conversation, name) is unique, a new one replaces the old."""

    name: str
    due: datetime
    fence: int


class NewFact(Struct, frozen=True, kw_only=True):
    """A fact without text. `conversation` is not stored with it."""

    name: str
    at: datetime
    values: tuple[tuple[str, str], ...] = ()


class Tally(Struct, frozen=True, kw_only=True):
    """How often something happened in an ISO week ("2026-W48"): one number and no row for each time.

    Nothing tells which counts came together, in which order or at which hour, so no person can be put together again.
    """

    name: str
    week: str
    values: tuple[tuple[str, str], ...] = ()
    number: int = 1

    @classmethod
    def of(cls, name: str, at: datetime, values: Mapping[str, str]) -> Tally:
        """One more in the week of `at` (Berlin)."""
        return cls(name=name, week=week_of(at), values=tuple(sorted(values.items())))


def week_of(at: datetime) -> str:
    """The ISO week of a moment in Berlin, in a form that sorts."""
    year, week, _ = berlin_day(at).isocalendar()
    return f"{year:04}-W{week:02}"


def together(tallies: Iterable[Tally]) -> list[Tally]:
    """The same weeks and values added up, in a fixed order."""
    sums: dict[tuple[str, str, tuple[tuple[str, str], ...]], int] = {}
    for one in tallies:
        place = (one.week, one.name, one.values)
        sums[place] = sums.get(place, 0) + one.number
    return [Tally(name=name, week=week, values=values, number=n) for (week, name, values), n in sorted(sums.items())]


class Alert(Struct, frozen=True, kw_only=True):
    """A row of the alert list: no text, stays a year, also after erasing."""

    id: str
    conversation: ConversationId
    at: datetime
    category: str
    level: str
    urgency: str
    audience: str
    rule: str
    acknowledged_by: str = ""
    acknowledged_at: datetime | None = None


class Document(Struct, frozen=True, kw_only=True):
    """A keyed row for everything beside sessions: cases, staff, referrals, gaps, course progress, survey counts.

    `body` (JSON text) is sealed with the key of `conversation`, or with the installation's own key when that is None;
    None deletes the row. `expires` is enforced by retention.
    """

    kind: str
    key: str
    body: str | None
    conversation: ConversationId | None = None
    expires: datetime | None = None


class TurnCommit(Struct, frozen=True, kw_only=True):
    """All that one or more turns of one lane change, in one transaction."""

    conversation: ConversationId
    address: Address
    fence: int
    version: int  # as loaded; SessionConflict when the stored one differs
    session: str | None  # None: leave as it is
    done: tuple[int, ...]  # inbox numbers
    consented: bool = True  # False: nothing with text outlives its handling (design rule 5; the desk's lane as well)
    outbox: tuple[NewOutbox, ...] = ()
    withdraw: tuple[str, ...] = ()  # hold keys
    timers: tuple[NewTimer, ...] = ()
    cancel_timers: tuple[str, ...] = ()
    facts: tuple[NewFact, ...] = ()
    tallies: tuple[Tally, ...] = ()
    alerts: tuple[Alert, ...] = ()
    documents: tuple[Document, ...] = ()
    posts: tuple[Inbound, ...] = ()  # events for other lanes (desk <-> family), stored with this commit
    blobs: tuple[NewBlob, ...] = ()
    transcript: tuple[tuple[str, str, datetime], ...] = ()  # (who, text, at) kept 90 days, only with consent
    erase: bool = False  # destroy the conversation's key and rows; alerts stay without text
    release: bool = True  # give the lane back in the same transaction
    contact: bool = True  # a person did something; from the last such moment on texts are kept so many days


def refuse_leaks(commit: TurnCommit) -> None:
    """Every store calls this before it writes: what is meant for staff cannot get into a family's chat.

    A family's lane writes to its own chat, those of desk and exchange to staff; whatever else a commit holds is a fault of ours.
    Raises Leak.
    """
    for row in commit.outbox:
        outbound = row.outbound
        if commit.address in (DESK, EXCHANGE):
            if outbound.audience != "staff" or outbound.address in (DESK, EXCHANGE):
                raise Leak("Desk and exchange write to staff only; to a family they post an event.")
        elif outbound.audience != "family" or outbound.address != commit.address:
            raise Leak("A conversation writes to its own chat only.")


def delivery_report(outbound: Outbound, number: int, outcome: str, ids: Sequence[str], at: datetime) -> Inbound | None:
    """What a store posts to the desk's lane, in the same transaction, when such a row is settled for good.

    `outcome` is the row's last state (`ok`, `ambiguous`, `gone`, `refused`); None when nobody asked for a report.
    """
    if not outbound.report:
        return None
    payload = {"event": "Delivered", "report": outbound.report, "outcome": outcome, "ids": list(ids)}
    return Inbound(address=DESK, external_id=f"settled:{number}", kind="desk", at=at, payload=payload)


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

    async def open(self) -> None: ...

    async def close(self) -> None: ...

    def conversation_id(self, address: Address) -> ConversationId:
        """The keyed hash by which an address is looked up (threads and chats are told apart)."""

    async def receive(self, batch: Sequence[Inbound], cursor: Cursor | None) -> int:
        """Stores inbound events once each, with the cursor; returns how many were new."""

    async def cursor(self, account: str) -> str | None: ...

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

    async def documents(self, kind: str, prefix: str = "") -> list[Document]: ...

    async def document(self, kind: str, key: str) -> Document | None: ...

    async def put_documents(self, documents: Sequence[Document]) -> None: ...

    async def blob(self, blob: str) -> bytes | None: ...

    async def transcript(self, conversation: ConversationId, limit: int = 50) -> list[tuple[str, str, datetime]]: ...

    async def external_ids(self, conversation: ConversationId, since: datetime) -> list[str]:
        """Ids of delivered messages, oldest first, for edits and deletions."""

    async def alerts(self, open_only: bool = True) -> list[Alert]: ...

    async def acknowledge(self, alert: str, by: str, at: datetime) -> bool:
        """Marks an alert as seen; False when somebody did so before."""

    async def facts(self, since: datetime, until: datetime) -> AsyncIterator[NewFact]: ...

    async def tallies(self, since: str, until: str) -> list[Tally]:
        """What was counted in the weeks from `since` to `until`, both included, by week and name."""

    async def address_of(self, conversation: ConversationId) -> Address | None: ...

    async def session_of(self, conversation: ConversationId) -> str | None: ...

    async def conversations(self) -> AsyncIterator[ConversationId]: ...

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
