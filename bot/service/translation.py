"""Between the store's inbound rows and the core's events, and back from effects to what a commit writes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from bot.dialogue import effects as fx
from bot.dialogue import events
from bot.dialogue.events import Event, Understanding
from bot.dialogue.session import Session
from bot.machines import StartFlow
from bot.ports import (
    DESK,
    EXCHANGE,
    RECORDINGS,
    Address,
    Alert,
    ConversationId,
    Document,
    Inbound,
    InboxRow,
    NewBlob,
    NewFact,
    NewOutbox,
    NewTimer,
    Outbound,
    Store,
    Tally,
)
from bot.service.codes import draw
from bot.vault.retention import days

ROOM = "room"  # kind of the wishes about rooms, which the process with the account carries out
WAITING = "queue"  # kind of the documents that say who waits for a human or talks to one
GAP_LIFETIME = timedelta(days=days("gap"))
FORM_LIFETIME = timedelta(days=days("form"))
FORM_LANES: Mapping[str, Address] = {
    "exchange.": EXCHANGE,
    "recording.": RECORDINGS,
}  # prefix of forms -> who receives them
CODE_LENGTH = 8  # of their codes: forty bits, and five guesses an hour
ID_LENGTH = 16  # of what nobody types

_DESK_EVENTS: dict[str, type[Any]] = {
    kind.__name__: kind
    for kind in (
        events.Claimed,
        events.CounsellorSaid,
        events.TopicSent,
        events.CounsellorReacted,
        events.CounsellorEdited,
        events.Released,
        events.Requeued,
        events.Closed,
        events.DeskNews,
        events.FlowStarted,
        events.Announced,
    )
}


def words_of(inbound: Inbound) -> str:
    """The text of an inbound that the safety layer and the matcher must see; "" when it has none."""
    return inbound.text if inbound.kind in ("text", "press", "edit", "media") else ""


def event_of(inbound: Inbound, understanding: Understanding) -> Event | None:
    """The event that an inbound means for the core; None when it means nothing (a move, a reaction taken back)."""
    at = inbound.at
    media = inbound.media.kind if inbound.media is not None else "other"
    match inbound.kind:
        case "text":
            return events.Said(
                at=at, text=inbound.text, message=inbound.message, reply_to=inbound.relates_to, understanding=understanding
            )  # fmt: skip
        case "press":
            question, option = inbound.press or ("", -1)
            return events.Pressed(
                at=at, question=question, option=option, label=inbound.text, understanding=understanding
            )
        case "media" if inbound.text:
            return events.Said(
                at=at,
                text=inbound.text,
                message=inbound.message,
                media=media,  # type: ignore[arg-type]  # the adapter's word is one of MediaKind
                blob=blob_of(inbound),
                reply_to=inbound.relates_to,
                understanding=understanding,
            )
        case "media":
            return events.MediaSent(
                at=at,
                kind=media,  # type: ignore[arg-type]  # as above
                message=inbound.message,
                blob=blob_of(inbound),
                reply_to=inbound.relates_to,
            )
        case "edit":
            return events.Edited(at=at, text=inbound.text, message=inbound.relates_to, understanding=understanding)
        case _:
            return _wordless_event(inbound, at)


def _wordless_event(inbound: Inbound, at: datetime) -> Event | None:
    match inbound.kind:
        case "delete":
            return events.Deleted(at=at, message=inbound.relates_to)
        case "reaction":
            return events.Reacted(at=at, emoji=inbound.text, message=inbound.relates_to)
        case "start":
            return events.Started(at=at, payload=inbound.text)
        case "left":
            return events.Left(at=at)
        case "undecryptable":
            return events.Undecryptable(at=at)
        case "timer":
            return events.TimerFired(at=at, timer=str(inbound.payload["timer"]), fence=int(inbound.payload["fence"]))
        case "desk":
            return _desk_event(inbound, at)
        case _:
            return None


def _desk_event(inbound: Inbound, at: datetime) -> Event | None:
    kind = _DESK_EVENTS.get(str(inbound.payload.get("event")))
    if kind is None:
        return None
    known = set(kind.__struct_fields__)
    values = {name: value for name, value in inbound.payload.items() if name in known}
    for name in ("values", "slots"):
        if name in values:
            values[name] = tuple((str(key), str(item)) for key, item in values[name])
    if "choices" in values:
        values["choices"] = tuple(str(item) for item in values["choices"])
    event: Event = kind(at=at, **values)
    return event


def blob_of(inbound: Inbound) -> str | None:
    """The id under which the file of an inbound is stored."""
    return f"in-{inbound.external_id}" if inbound.media is not None and inbound.media.data is not None else None


# ------------------------------------------------------------------ effects


@dataclass(slots=True)
class Gathered:
    """What the effects of one lane's turns add up to, before it becomes a commit."""

    outbox: list[NewOutbox] = field(default_factory=list)
    withdraw: list[str] = field(default_factory=list)
    timers: list[NewTimer] = field(default_factory=list)
    cancel: list[str] = field(default_factory=list)
    facts: list[NewFact] = field(default_factory=list)
    tallies: list[Tally] = field(default_factory=list)
    alerts: list[Alert] = field(default_factory=list)
    documents: list[Document] = field(default_factory=list)
    posts: list[Inbound] = field(default_factory=list)
    blobs: list[NewBlob] = field(default_factory=list)
    transcript: list[tuple[str, str, datetime]] = field(default_factory=list)
    troubles: list[tuple[str, str]] = field(default_factory=list)
    erase: bool = False

    def drop_timer(self, name: str) -> None:
        """That timer is not needed any more, unless it is set again afterwards: stores cancel before they set."""
        self.timers = [timer for timer in self.timers if timer.name != name]
        self.cancel.append(name)


@dataclass(frozen=True, slots=True)
class Turned:
    """One turn's surroundings: whose, caused by which row, when, and the key from which all its ids derive."""

    conversation: ConversationId
    address: Address
    row: InboxRow
    session: Session

    @property
    def at(self) -> datetime:
        return self.row.inbound.at

    def key(self, index: int) -> str:
        """A key that is the same whenever this turn is repeated."""
        return f"{self.conversation[:20]}-{self.row.number}-{index}"


WATCHED_FIRST_LINE = "🗒️ Notiz"


def unobtrusive(session: Session, text: str) -> str:
    """The text; in watched-phone mode with a first line that tells nothing."""
    return f"{WATCHED_FIRST_LINE}\n\n{text}" if session.watched else text


def reply_to_outbox(turned: Turned, index: int, reply: fx.Reply) -> NewOutbox:
    """A reply as a row of the outbox. In watched-phone mode its first line tells nothing."""
    text = unobtrusive(turned.session, reply.text)
    return NewOutbox(
        outbound=Outbound(
            address=turned.address,
            key=turned.key(index),
            text=text,
            markup=reply.markup,
            question=reply.question,
            choices=tuple(choice.label for choice in reply.choices),
            attachments=reply.attachments,
            reply_to=reply.reply_to or "",
            protect=reply.sensitive,
            silent=reply.sensitive,
            language=reply.language,
            report=reply.source.removeprefix("counsellor:") if reply.source.startswith("counsellor:") else "",
        ),
        delivery=reply.delivery,
        not_before=turned.at + timedelta(seconds=reply.hold),
        hold_key=reply.hold_key,
    )


def post_to_desk(turned: Turned, index: int, kind: str, values: dict[str, Any]) -> Inbound:
    """Something the counsellors must see, as an event for the desk's lane."""
    return Inbound(
        address=DESK,
        external_id=f"desk-{turned.key(index)}",
        kind="desk",
        at=turned.at,
        payload={"event": kind, "conversation": turned.conversation, **values},
        about=turned.conversation,
    )


def lane_of(form: str) -> Address | None:
    """Whose lane receives that form; None for forms that simply wait to be fetched."""
    return next((lane for prefix, lane in FORM_LANES.items() if form.startswith(prefix)), None)


async def flow_started(store: Store, effect: StartFlow, key: str, at: datetime) -> list[Inbound]:
    """A flow that another lane begins in a conversation, as an event there; none when it was erased meanwhile.

    Unless somebody waits for it right now, it may be put off.
    """
    address = await store.address_of(ConversationId(effect.conversation))
    if address is None:
        return []
    payload = {
        "event": "FlowStarted",
        "flow": effect.flow,
        "slots": [list(pair) for pair in effect.slots],
        "gentle": not effect.asked,
        "part": effect.part,
    }
    return [Inbound(address=address, external_id=key, kind="desk", at=at, payload=payload)]


def form_sent(
    lane: Address, conversation: ConversationId, key: str, form: str, values: Mapping[str, str], at: datetime, user: str = ""
) -> Inbound:  # fmt: skip
    """A finished form as an event of that lane, with fresh letters in case it needs a code; `user` sent it."""
    letters = CODE_LENGTH + ID_LENGTH if lane == RECORDINGS else CODE_LENGTH
    payload = {"event": "FormSent", "conversation": conversation, "form": form.partition(".")[2], "values": dict(values),
               "fresh": draw(letters), "user": user}  # fmt: skip
    return Inbound(
        address=lane, external_id=f"{lane.messenger}-{key}", kind="desk", at=at, payload=payload, about=conversation
    )


async def forgotten(store: Store, conversation: ConversationId, key: str, at: datetime) -> list[Inbound]:
    """A conversation was erased, as an event of each lane that has ever received a form."""
    payload = {"event": "Forgotten", "conversation": conversation}
    return [
        Inbound(address=lane, external_id=f"{lane.messenger}-{key}", kind="desk", at=at, payload=payload)
        for lane in FORM_LANES.values()
        if await store.address_of(store.conversation_id(lane)) is not None
    ]
