"""What a turn leaves behind: the rows of one transaction, and the guard that keeps words of staff out of a family's chat."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from bot.dialogue.effects import DeliveryClass
from bot.errors import Leak
from bot.ports.addresses import DESK, EXCHANGE, Address, ConversationId
from bot.ports.messages import Inbound, Outbound
from bot.ports.tallies import Tally


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
