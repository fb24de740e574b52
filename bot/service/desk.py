"""The desk's lane: events of families and staff in, one commit out. What the pure desk cannot do is done here.

All of the desk's work passes through one lane, so two counsellors can never take one case: whose event comes first, wins.
Cases and members are documents; they are kept in memory as long as no other process has committed to the lane meanwhile.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import assert_never

from msgspec import structs

from bot.desk import effects as fx
from bot.desk.hours import Policy
from bot.desk.machine import Decision, decide
from bot.desk.state import Desk
from bot.dialogue import Session
from bot.dialogue.effects import Attachment
from bot.log import Log
from bot.ports import (
    DESK,
    RECORDINGS,
    Address,
    ConversationId,
    Document,
    Inbound,
    InboxRow,
    Lane,
    NewBlob,
    NewFact,
    NewTimer,
    Outbound,
    Store,
    TurnCommit,
    address_of,
    place_of,
    vault_of,
)
from bot.service.desk_inbox import event_of
from bot.service.desk_records import AUDIT, DeskGathered, load
from bot.service.profile import profile_of
from bot.service.translation import ROOM, WAITING, blob_of
from bot.text.spans import parse, plain
from bot.vault.retention import days

log = Log("kavi.desk")

EMPTY_LINE = "(Hier ist noch nichts gespeichert.)"
BOT_WORDS = 200  # characters of each of the bot's messages that a counsellor is shown in the history


@dataclass(slots=True)
class DeskLane:
    """Decides the desk's lane. `policy` is made anew when content is reloaded; `trust` tells messengers whom to prove."""

    store: Store
    policy: Policy
    trust: Callable[[str, str], None] | None = None
    _desk: Desk | None = None
    _version: int = -1

    async def decide(self, lane: Lane, now: datetime) -> TurnCommit:
        """Runs the lane's waiting events; a fault in one of them costs that one, is logged, and stops nothing else."""
        if self._desk is None or self._version != lane.version:
            self._desk = await load(self.store)
        desk = self._desk
        self._desk = None  # whatever goes wrong from here on, the next turn loads anew
        out = DeskGathered()
        for row in lane.inbox:
            event = event_of(row)
            if event is None:
                continue
            try:
                decision = decide(desk, self.policy, event)
            except Exception as error:  # a fault of ours must not hold up everybody
                log.error("desk_failed", error=type(error).__name__, kind=type(event).__name__)
                continue
            desk = decision.desk
            out.take(decision)
            _keep_file(out, row, decision)
            for index, effect in enumerate(decision.effects):
                await self._carry_out(out, effect, f"d{row.number}-{index}", row.inbound.at, desk)
            if row.inbound.payload.get("event") == "RoomOpened":
                out.documents.append(Document(kind=ROOM, key=str(row.inbound.payload["key"]), body=None))
            log.info("desk", kind=type(event).__name__, effects=len(decision.effects))
        out.store(desk, now)
        self._desk, self._version = desk, lane.version + 1
        return out.commit(lane)

    def family_she_writes_to(self, address: Address, users: Sequence[str]) -> ConversationId | None:
        """The family of the case in that room, when the counsellor who has it is among these people."""
        desk = self._desk
        for case in desk.cases_at(place_of(address)) if desk is not None else ():
            names = {member.id for user in users if (member := desk.member_at(address.messenger, user)) is not None}  # type: ignore[union-attr]
            if case.owner == "counsellor" and case.counsellor in names:
                return ConversationId(case.conversation)
        return None

    async def _carry_out(self, out: DeskGathered, effect: fx.Effect, key: str, at: datetime, desk: Desk) -> None:
        match effect:
            case fx.Show():
                out.say(_outbound(effect, key), at, optional=effect.optional, about=self._about(desk, effect))
            case fx.Mark() | fx.Unshow():
                out.say(_outbound(effect, key), at)
            case fx.ShowHistory():
                out.say(await self._history(effect, key), at, about=effect.conversation)
            case fx.Tell():
                await self._tell(out, effect, key, at)
            case fx.OpenRoom() | fx.CloseRoom():
                out.documents.append(_room_request(effect, key))
            case fx.SetTimer():
                out.timers.append(NewTimer(name=effect.name, due=effect.due, fence=0))
            case fx.DropTimer():
                out.drop_timer(effect.name)
            case fx.Audit():
                key, until = f"{effect.number:09}", at + timedelta(days=days("audit"))
                out.documents.append(Document(kind=AUDIT, key=key, body=effect.line, expires=until))
            case fx.SeeAlert():
                await self.store.acknowledge(effect.alert, effect.by, at)
            case fx.Fact():
                out.facts.append(NewFact(name=effect.name, at=at, values=effect.values))
            case fx.TrustIdentity():
                if self.trust is not None:
                    self.trust(effect.messenger, effect.user)
            case _:
                await self._post(out, effect, key, at, desk)

    async def _post(
        self, out: DeskGathered, effect: fx.Judge | fx.LookAround, key: str, at: datetime, desk: Desk
    ) -> None:
        match effect:
            case fx.Judge():
                payload = {"event": "Judged", "id": effect.id, "released": effect.released}
                out.posts.append(Inbound(address=RECORDINGS, external_id=key, kind="desk", at=at, payload=payload))
            case fx.LookAround():
                out.posts += await self._look_around(desk, key, at)
            case _:
                assert_never(effect)

    def _about(self, desk: Desk, effect: fx.Show) -> str | None:
        """Whose erasing removes this message: a recording's vault, or the family that it tells of."""
        return self.store.conversation_id(vault_of(effect.vault)) if effect.vault else _about(desk, effect)

    async def _tell(self, out: DeskGathered, effect: fx.Tell, key: str, at: datetime) -> None:
        address = await self.store.address_of(ConversationId(effect.conversation))
        if address is None:
            return  # erased meanwhile
        values = {name: value for name, value in structs.asdict(effect.event).items() if name != "at"}
        payload = {"event": type(effect.event).__name__, **values}
        out.posts.append(
            Inbound(address=address, external_id=f"desk-{key}", kind="desk", at=at, private=True, payload=payload)
        )

    async def _history(self, effect: fx.ShowHistory, key: str) -> Outbound:
        rows = await self.store.transcript(ConversationId(effect.conversation), effect.limit)
        names = {"person": effect.alias or "Familie", "bot": "Bot", "counsellor": "Beratung"}
        child = " (Kinderteil)"  # of a shared phone: what the child wrote there, the adult does not know, and the other way round
        lines = [
            f"{names.get(who.partition('/')[0], who)}{child if who.endswith('/child') else ''}: "
            f"{_short(plain(parse(text))) if who.startswith('bot') else _flat(text)}"
            for who, text, at in rows
            if at <= effect.until
        ]
        text = "\n".join(["🕘 Bisher:", *lines]) if lines else f"🕘 {EMPTY_LINE}"
        return Outbound(
            address=address_of(effect.place), key=key, text=text, markup=False, audience="staff", silent=True
        )

    async def _look_around(self, desk: Desk, key: str, at: datetime) -> list[Inbound]:
        """Every conversation that waits for a human or talks to one, as its own lane sees it, and every open case."""
        found = {one.key for one in await self.store.documents(WAITING)}
        found |= {case.conversation for case in desk.cases.values() if case.owner in ("queue", "counsellor")}
        posts = []
        for number, conversation in enumerate(sorted(found)):
            text = await self.store.session_of(ConversationId(conversation))
            if text is None:
                continue
            session = Session.from_text(text)
            payload = {
                "event": "Served", "conversation": conversation, "owner": session.owner, "profile": profile_of(session),
            }  # fmt: skip
            posts.append(Inbound(address=DESK, external_id=f"{key}-{number}", kind="desk", at=at, payload=payload))
        return posts


def _flat(text: str) -> str:
    """On one line, and whole: what a person wrote while waiting stands nowhere else."""
    return " ".join(text.split())


def _short(text: str) -> str:
    """How it began: she knows what the bot says, or finds it with its topic."""
    text = _flat(text)
    return text if len(text) <= BOT_WORDS else f"{text[: BOT_WORDS - 1]}…"


def _outbound(effect: fx.Show | fx.Mark | fx.Unshow, key: str) -> Outbound:
    where = address_of(effect.place)
    match effect:
        case fx.Mark():
            return Outbound(address=where, key=key, reacts=(effect.message, effect.emoji), audience="staff")
        case fx.Unshow():
            return Outbound(address=where, key=key, deletes=effect.messages, audience="staff")
        case fx.Show():
            attachments: tuple[Attachment, ...] = ()
            if effect.blob:
                kind = {"photo": "picture", "sticker": "picture", "voice": "voice"}.get(effect.media, "file")
                name = {"picture": "Bild.jpg", "voice": "Sprachnachricht.ogg"}.get(kind, "Datei")
                attachments = (Attachment(source=f"blob:{effect.blob}", kind=kind, name=name),)  # type: ignore[arg-type]  # one of three
            return Outbound(
                address=where, key=key, text=effect.text, markup=effect.markup, question=effect.question,
                choices=effect.choices, attachments=attachments, reply_to=effect.reply_to, edits=effect.edits,
                silent=effect.silent, audience="staff", report=effect.report,
            )  # fmt: skip
        case _:
            assert_never(effect)


def _room_request(effect: fx.OpenRoom | fx.CloseRoom, key: str) -> Document:
    """A wish that the messenger's own process carries out; it stays until it is done."""
    kind = "open" if isinstance(effect, fx.OpenRoom) else "close"
    body = {"do": kind, "messenger": effect.messenger if isinstance(effect, fx.OpenRoom) else effect.place.messenger}
    return Document(kind=ROOM, key=key, body=json.dumps(asdict(effect) | body, ensure_ascii=False))


def _keep_file(out: DeskGathered, row: InboxRow, decision: Decision) -> None:
    """A counsellor's file is kept only when it goes to a family, and with her key: what she forgets goes with her."""
    media, blob = row.inbound.media, blob_of(row.inbound)
    if blob is None or media is None or media.data is None:
        return
    for effect in decision.effects:
        if isinstance(effect, fx.Tell) and getattr(effect.event, "blob", None) == blob:
            out.blobs.append(NewBlob(name=blob, data=media.data, about=ConversationId(effect.conversation)))
            return


def _about(desk: Desk, effect: fx.Show) -> str | None:
    """The family that a message to staff tells of: named by its report, else the one whose room it stands in."""
    named = json.loads(effect.report) if effect.report else ["", ""]
    case = desk.cases.get(str(named[1])) or next(iter(desk.cases_at(effect.place)), None)
    return case.conversation if case is not None else None
