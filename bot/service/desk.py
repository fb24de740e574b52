"""The desk's lane: events of families and staff in, one commit out. What the pure desk cannot do is done here.

All of the desk's work passes through one lane, so two counsellors can never take one case: whose event comes first, wins.
Cases and members are documents; they are kept in memory as long as no other process has committed to the lane meanwhile.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import datetime, timedelta
from typing import Any, assert_never

from bot.desk import effects as fx
from bot.desk import events as ev
from bot.desk.hours import Policy, honest_time, honest_time_child
from bot.desk.machine import Decision, decide, duty
from bot.desk.state import Case, Desk, Place, case_from, common_from, member_from, review_from, to_text
from bot.dialogue import Session
from bot.dialogue.content import Content
from bot.dialogue.effects import Attachment, DeliveryClass
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
    NewOutbox,
    NewTimer,
    Outbound,
    Store,
    TurnCommit,
    vault_of,
)
from bot.service.profile import profile_of
from bot.service.translation import ROOM, WAITING, Gathered, blob_of
from bot.text.spans import parse, plain
from bot.vault.retention import days

log = Log("kavi.desk")

CASE, MEMBER, COMMON, AUDIT, REVIEW = "case", "member", "desk", "audit", "review"
REVIEW_LIFETIME = timedelta(days=days("recording"))
EMPTY_LINE = "(Hier ist noch nichts gespeichert.)"


def place_of(address: Address) -> Place:
    """The same place in the desk's words."""
    return Place(address.messenger, address.account, address.chat, address.thread)


def address_of(place: Place) -> Address:
    """The same place in the ports' words."""
    return Address(messenger=place.messenger, account=place.account, chat=place.chat, thread=place.thread)


def to_the_desk(inbound: Inbound) -> Inbound:
    """An event of a chat of staff as an event of the desk's lane; its own address travels along."""
    address = inbound.address
    place = [address.messenger, address.account, address.chat, address.thread]
    rest = {key: value for key, value in inbound.payload.items() if key != "chat"}
    if inbound.kind == "moved":
        rest["new_chat"] = inbound.payload.get("chat", "")
    return Inbound(
        address=DESK, external_id=f"{address.messenger}|{address.account}|{inbound.external_id}", kind=inbound.kind,
        at=inbound.at, sender=inbound.sender, text=inbound.text, message=inbound.message, relates_to=inbound.relates_to,
        group=inbound.group, press=inbound.press, media=inbound.media, private=False, verified=inbound.verified,
        payload={"place": place, **rest},
    )  # fmt: skip


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
        out = _Gathered()
        for row in lane.inbox:
            event = _event(row)
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

    async def _carry_out(self, out: _Gathered, effect: fx.Effect, key: str, at: datetime, desk: Desk) -> None:
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

    async def _post(self, out: _Gathered, effect: fx.Judge | fx.LookAround, key: str, at: datetime, desk: Desk) -> None:
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

    async def _tell(self, out: _Gathered, effect: fx.Tell, key: str, at: datetime) -> None:
        address = await self.store.address_of(ConversationId(effect.conversation))
        if address is None:
            return  # erased meanwhile
        values = {f.name: getattr(effect.event, f.name) for f in fields(effect.event) if f.name != "at"}
        payload = {"event": type(effect.event).__name__, **values}
        out.posts.append(
            Inbound(address=address, external_id=f"desk-{key}", kind="desk", at=at, private=True, payload=payload)
        )

    async def _history(self, effect: fx.ShowHistory, key: str) -> Outbound:
        rows = await self.store.transcript(ConversationId(effect.conversation), effect.limit)
        names = {"person": effect.alias or "Familie", "bot": "Bot", "counsellor": "Beratung"}
        lines = [
            f"{names.get(who.partition('/')[0], who)}: {_short(plain(parse(text)) if who.startswith('bot') else text)}"
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


async def load(store: Store) -> Desk:
    """The desk as it was stored last."""
    desk = await load_duty(store)
    for document in await store.documents(CASE):
        case = case_from(document.body or "{}")
        desk.cases[case.code] = case
    reviews = [review_from(document.body or "{}") for document in await store.documents(REVIEW)]
    desk.reviews = {review.code: review for review in reviews}
    return desk


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 400 else f"{text[:399]}…"


# ------------------------------------------------------------------ events


def _event(row: InboxRow) -> ev.Event | None:
    """What a row of the desk's inbox means; None when it means nothing."""
    inbound = row.inbound
    if "place" in inbound.payload:
        return _of_staff(inbound)
    if inbound.kind == "timer":
        return ev.DeskTimer(at=inbound.at, name=str(inbound.payload["timer"]))
    if inbound.kind != "desk":
        return None
    return _of_machinery(inbound) or _of_family(inbound)


def _of_staff(inbound: Inbound) -> ev.Event | None:
    place = Place(*inbound.payload["place"])
    who: Mapping[str, Any] = {"at": inbound.at, "place": place, "sender": inbound.sender, "verified": inbound.verified}
    match inbound.kind:
        case "text" | "media":
            media = inbound.media.kind if inbound.media is not None else ""
            return ev.StaffWrote(
                message=inbound.message, text=inbound.text, reply_to=inbound.relates_to, blob=blob_of(inbound) or "",
                media=media, group=inbound.group, **who,
            )  # fmt: skip
        case "press" if inbound.press is not None:
            return ev.StaffPressed(
                question=inbound.press[0], option=inbound.press[1], message=inbound.relates_to, **who
            )
        case "edit":
            return ev.StaffEdited(message=inbound.relates_to, text=inbound.text, **who)
        case "delete":
            return ev.StaffEdited(message=inbound.relates_to, text=None, **who)
        case "reaction":
            return ev.StaffReacted(message=inbound.relates_to, emoji=inbound.text, **who)
        case "left" if inbound.payload.get("user"):
            return ev.StaffLeft(at=inbound.at, place=place, sender=str(inbound.payload["user"]))
        case "left":
            return ev.PlaceLost(at=inbound.at, place=place)
        case "moved" if inbound.payload.get("new_chat"):
            return ev.PlaceMoved(at=inbound.at, place=place, chat=str(inbound.payload["new_chat"]))
        case _:
            return None


def _of_machinery(inbound: Inbound) -> ev.Event | None:
    data, at = inbound.payload, inbound.at
    match data.get("event"):
        case "Delivered":
            return ev.Delivered(at=at, report=data["report"], outcome=data["outcome"], ids=tuple(data["ids"]))
        case "RoomOpened":
            place = Place(*data["where"]) if data["where"] else None
            return ev.RoomOpened(at=at, code=data["code"], number=int(data["number"]), place=place)
        case "MemberSet":
            known = {f.name for f in fields(ev.MemberSet)} - {"at"}
            values: dict[str, Any] = {
                key: tuple(v) if isinstance(v, list) else v for key, v in data.items() if key in known
            }
            return ev.MemberSet(at=at, **values)
        case _:
            return None


def _of_family(inbound: Inbound) -> ev.Event | None:
    data, at = inbound.payload, inbound.at
    conversation = str(data.get("conversation", ""))
    match data.get("event"):
        case "RequestHandoff":
            return ev.HandoffRequested(
                at=at, conversation=conversation, reason=data["reason"], urgency=data["urgency"], team=data["team"],
                profile=_profile(data),
            )  # fmt: skip
        case "CancelHandoff":
            return ev.HandoffCancelled(at=at, conversation=conversation)
        case "RaiseAlert":
            return ev.AlertRaised(
                at=at, conversation=conversation, alert=str(data["alert"]), category=data["category"], level=data["level"],
                urgency=data["urgency"], text_allowed=bool(data["text_allowed"]), profile=_profile(data),
            )  # fmt: skip
        case "Relay":
            return ev.FamilyActed(
                at=at, conversation=conversation, kind=data["kind"], text=data["text"], message=data["message"],
                reply_to=data.get("reply_to", ""), blob=data["blob"] or "", media=data["media"] or "",
            )  # fmt: skip
        case "Erase":
            return ev.Forgotten(at=at, conversation=conversation, traces=tuple(map(case_from, data.get("traces", ()))))
        case "Review":
            return ev.VoiceCame(
                at=at, id=str(data["id"]), voice=str(data["voice"]), kind=str(data["kind"]), group=str(data["group"]),
                family=str(data["family"]),
            )  # fmt: skip
        case "Unreview":
            return ev.VoiceOver(at=at, id=str(data["id"]))
        case "Served":
            return ev.Served(at=at, conversation=conversation, owner=str(data["owner"]), profile=_profile(data))
        case _:
            return None


def _profile(data: Mapping[str, Any]) -> ev.Profile:
    known = data.get("profile") or {}
    slots = tuple((str(name), str(value)) for name, value in known.get("slots", ()))
    return ev.Profile(
        audience=known.get("audience", ""), band=known.get("band", ""), language=known.get("language", "de"),
        land=known.get("land", ""), slots=slots,
    )  # fmt: skip


# ------------------------------------------------------------------ what it comes to


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


def _keep_file(out: _Gathered, row: InboxRow, decision: Decision) -> None:
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


@dataclass(slots=True)
class _Gathered(Gathered):
    """What the events of one round add up to, with the records that have to be written."""

    touched: set[tuple[str, str]] = field(default_factory=set)
    dropped: set[tuple[str, str]] = field(default_factory=set)

    def take(self, decision: Decision) -> None:
        """Remembers which records have to be written."""
        self.touched |= decision.touched
        self.dropped |= decision.dropped

    def say(self, outbound: Outbound, at: datetime, *, optional: bool = False, about: str | None = None) -> None:
        """Queues a message to staff, `about` a family."""
        delivery: DeliveryClass = "optional" if optional or outbound.reacts is not None else "vital"
        family = ConversationId(about) if about else None
        self.outbox.append(NewOutbox(outbound=outbound, delivery=delivery, not_before=at, about=family))

    def store(self, desk: Desk, now: datetime) -> None:
        """The touched records as documents; a case is sealed with the key of its family's conversation."""
        for kind, key in sorted(self.touched - self.dropped):
            if kind == "common":
                self.documents.append(Document(kind=COMMON, key="common", body=to_text(desk.common)))
            elif kind == "member" and key in desk.members:
                self.documents.append(Document(kind=MEMBER, key=key, body=to_text(desk.members[key])))
            elif kind == "case" and key in desk.cases:
                case = desk.cases[key]
                conversation = ConversationId(case.conversation)
                self.documents.append(Document(kind=CASE, key=key, body=to_text(case), conversation=conversation))
            elif kind == "review" and key in desk.reviews:
                until = now + REVIEW_LIFETIME
                self.documents.append(Document(kind=REVIEW, key=key, body=to_text(desk.reviews[key]), expires=until))
        for kind, key in self.dropped:
            self.documents.append(Document(kind=REVIEW if kind == "review" else CASE, key=key, body=None))

    def commit(self, lane: Lane) -> TurnCommit:
        """Everything in one transaction. No text outlives its handling: what lasts lies in cases, with the family's key."""
        return TurnCommit(
            conversation=lane.conversation, address=DESK, fence=lane.fence, version=lane.version, session="{}", consented=False,
            done=tuple(row.number for row in lane.inbox), outbox=tuple(self.outbox), posts=tuple(self.posts),
            timers=tuple(self.timers), cancel_timers=tuple(self.cancel), facts=tuple(self.facts),
            documents=tuple(self.documents), blobs=tuple(self.blobs),
        )  # fmt: skip


# ------------------------------------------------------------------ for the bot


@dataclass(slots=True)
class Honest:
    """What may be said about when a human reads; looked up at most every few seconds."""

    store: Store
    policy: Policy
    every: float = 5.0
    _at: datetime | None = None
    _words: tuple[str, str] = ("", "")  # for adults, for children

    async def content(self, content: Content, now: datetime) -> Content:
        """The content with the honest time of this moment."""
        if self._at is None or abs((now - self._at).total_seconds()) >= self.every:
            desk = await load_duty(self.store)
            present, waits = duty(desk, now)
            hours = self.policy.team("").hours
            self._words = honest_time(hours, present, waits, now), honest_time_child(hours, present, waits, now)
            self._at = now
        adults, children = self._words
        if (content.human_when, content.human_when_child) == self._words:
            return content
        return replace(content, human_when=adults, human_when_child=children)


async def load_duty(store: Store) -> Desk:
    """Members and today's waiting times, without cases."""
    desk = Desk()
    for document in await store.documents(MEMBER):
        member = member_from(document.body or "{}")
        desk.members[member.id] = member
    common = await store.document(COMMON, "common")
    if common is not None and common.body:
        desk.common = common_from(common.body)
    return desk


def open_cases(desk: Desk) -> list[Case]:
    """Cases that somebody still has to do something about, those who wait first."""
    waiting = desk.queue()
    others = [case for case in desk.cases.values() if case.owner == "counsellor" or (case.owner == "bot" and case.lent)]
    return waiting + sorted(others, key=lambda case: case.taken)
