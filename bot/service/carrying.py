"""What the effects of a lane's turns become: the rows of one commit."""

from __future__ import annotations

import json
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal, assert_never

from msgspec.structs import asdict

from bot.dialogue import Session, Turn
from bot.dialogue import effects as fx
from bot.dialogue.content import Content
from bot.dialogue.person import COMPLAINT, COMPLAINT_FORM, answers_complaint
from bot.dialogue.rendering import Reader, text_of
from bot.dialogue.session import Owner, slots_end
from bot.log import Log
from bot.ports import (
    RECORDINGS,
    Alert,
    Document,
    InboxRow,
    Lane,
    NewBlob,
    NewFact,
    NewOutbox,
    NewTimer,
    Outbound,
    Store,
    Tally,
    TurnCommit,
    vault_of,
)
from bot.service import export
from bot.service.profile import profile_of
from bot.service.translation import (
    FORM_LIFETIME,
    GAP_LIFETIME,
    WAITING,
    Gathered,
    Turned,
    blob_of,
    forgotten,
    form_sent,
    lane_of,
    post_to_desk,
    reply_to_outbox,
    unobtrusive,
    words_of,
)

log = Log("kavi.turn")

FileMaker = Callable[[str, Mapping[str, str], datetime], Awaitable[bytes]]
"""(template, values) -> the finished file."""

Receiver = Callable[[Mapping[str, str], datetime], Sequence[Tally]]
"""(values of a finished form, time of the turn) -> what is counted of it; nothing else is kept."""

SLOTS_TIMER = (
    "slots"  # says nothing; its turn drops the slots whose lifetime is over, before consent what a talk was about
)
COUNTED_BY_WEEK = frozenset({"came_by"})
"""Facts of which only the week's number is kept, because they name a prison."""


@dataclass(slots=True)
class Carrier:
    """Carries out the effects of one lane's turns: gathers what they change, until `commit` makes one of it."""

    content: Content
    store: Store
    make_file: FileMaker | None
    receivers: Mapping[str, Receiver]  # form -> who counts it instead of keeping it
    desk: bool  # whether anybody listens at the desk's lane
    gathered: Gathered = field(default_factory=Gathered)

    async def carry(self, turned: Turned, result: Turn, before: Session) -> None:
        """What one event's turn changes; `before` is the session that it found."""
        if turned.session.consent:
            self.gathered.blobs += self._file_of(turned.row, result)
        for index, effect in enumerate(result.effects):
            await self._carry_out(turned, index, effect, before)
        self._remember(turned, result, before)

    def commit(self, lane: Lane, session: Session, now: datetime, owner_before: Owner) -> TurnCommit:
        """One commit of all that was gathered.

        `session` is what the last turn left, `owner_before` says whose talk it was before the first.
        """
        self._note_waiting(lane, now, owner_before, session.owner)
        gathered, consented = self.gathered, bool(session.consent)
        stored = session if consented else session.bare() if _is_over(lane) else session.minimal()
        self._time_slots(stored)
        return TurnCommit(
            conversation=lane.conversation,
            address=lane.address,
            fence=lane.fence,
            version=lane.version,
            session=stored.to_text(),
            done=tuple(row.number for row in lane.inbox),
            consented=consented,
            outbox=tuple(gathered.outbox),
            withdraw=tuple(gathered.withdraw),
            timers=tuple(gathered.timers),
            cancel_timers=tuple(gathered.cancel),
            facts=tuple(gathered.facts),
            tallies=tuple(gathered.tallies),
            alerts=tuple(gathered.alerts),
            documents=tuple(gathered.documents),
            posts=tuple(gathered.posts),
            blobs=tuple(gathered.blobs) if consented else (),
            transcript=tuple(gathered.transcript) if not gathered.erase else (),
            erase=gathered.erase,
            contact=any(row.inbound.kind != "timer" for row in lane.inbox),
        )

    async def _carry_out(self, turned: Turned, index: int, effect: fx.Effect, before: Session) -> None:
        match effect:
            case fx.Reply():
                self.gathered.outbox.append(reply_to_outbox(turned, index, effect))
            case fx.Withdraw():
                self.gathered.withdraw.append(effect.hold_key)
            case fx.StartTimer():
                self.gathered.timers.append(NewTimer(name=effect.timer, due=effect.due, fence=effect.fence))
            case fx.CancelTimer():
                self.gathered.drop_timer(effect.timer)
            case fx.Record() if effect.name in COUNTED_BY_WEEK:
                self.gathered.tallies.append(Tally.of(effect.name, turned.at, dict(effect.values)))
            case fx.Record():
                self.gathered.facts.append(NewFact(name=effect.name, at=turned.at, values=effect.values))
            case fx.ReportTrouble():
                self.gathered.troubles.append((effect.place, effect.problem))
                log.error("content_trouble", place=effect.place, problem=effect.problem)
                self.gathered.facts.append(NewFact(name="trouble", at=turned.at, values=(("place", effect.place),)))
            case fx.Erase():
                self._forget_all()
                self.gathered.posts += await forgotten(self.store, turned.conversation, turned.key(index), turned.at)
                if self.desk:
                    from bot.service.forgetting import traces_of  # the whole desk, for which a terminal does not wait

                    remains = await traces_of(self.store, turned.conversation)
                    self.gathered.posts.append(post_to_desk(turned, index, "Erase", {"traces": remains}))
            case fx.RaiseAlert() | fx.RequestHandoff() | fx.CancelHandoff() | fx.Relay():
                self._tell_desk(turned, index, effect)
            case _:
                await self._make(turned, index, effect, before)

    def _tell_desk(
        self,
        turned: Turned,
        index: int,
        effect: fx.RaiseAlert | fx.RequestHandoff | fx.CancelHandoff | fx.Relay,
    ) -> None:
        if isinstance(effect, fx.RaiseAlert):
            self.gathered.alerts.append(_alert(turned, index, effect))
        if self.desk:
            values = asdict(effect)
            if isinstance(effect, (fx.RequestHandoff, fx.RaiseAlert)):
                values["profile"] = profile_of(turned.session)
            if isinstance(effect, fx.RaiseAlert):
                values["alert"] = _alert(turned, index, effect).id
            self.gathered.posts.append(post_to_desk(turned, index, type(effect).__name__, values))

    async def _make(
        self,
        turned: Turned,
        index: int,
        effect: fx.React | fx.Revise | fx.Retract | fx.MakeFile | fx.CollectGap | fx.Submit | fx.Seal | fx.ExportData,
        before: Session,
    ) -> None:
        match effect:
            case fx.Retract():
                ours = tuple(await self.store.external_ids(turned.conversation, effect.since))
                if ours or effect.theirs:
                    gone = Outbound(
                        address=turned.address, key=turned.key(index), deletes=ours, deletes_theirs=effect.theirs
                    )
                    self._append(turned, gone)
            case fx.Revise():
                self._append(turned, _revision(turned, index, effect))
            case fx.React():
                outbound = Outbound(
                    address=turned.address, key=turned.key(index), reacts=(effect.message, effect.emoji)
                )
                self.gathered.outbox.append(NewOutbox(outbound=outbound, delivery="optional", not_before=turned.at))
            case fx.MakeFile():
                await self._file(turned, index, effect)
            case fx.ExportData():
                await self._export(turned, index, before, effect.part)
            case fx.CollectGap():
                self.gathered.documents.append(_gap(turned, index, effect))
            case fx.Submit() if effect.form in self.receivers:
                self.gathered.tallies += self.receivers[effect.form](dict(effect.values), turned.at)
            case fx.Submit() if (lane := lane_of(effect.form)) is not None:
                user = turned.row.inbound.sender if turned.address.messenger == "matrix" else ""
                whose, values = turned.conversation, dict(effect.values)
                self.gathered.posts.append(
                    form_sent(lane, whose, turned.key(index), effect.form, values, turned.at, user)
                )
            case fx.Seal():
                pass  # its file was kept with the event
            case fx.Submit():
                self.gathered.documents.append(_form(turned.at, effect))
                if effect.form == COMPLAINT_FORM and self.desk:
                    self.gathered.posts.append(post_to_desk(turned, index, "Complained", {}))
            case _:
                assert_never(effect)

    async def _file(self, turned: Turned, index: int, effect: fx.MakeFile) -> None:
        if self.make_file is None:
            return
        try:
            data = await self.make_file(effect.template, dict(effect.values), turned.at)
        except Exception as error:  # else the lane would be tried again for ever, and the person hear nothing more
            log.error("file_failed", template=effect.template, error=type(error).__name__)
            self.gathered.facts.append(NewFact(name="trouble", at=turned.at, values=(("place", effect.template),)))
            sorry = text_of(self.content, "trouble", Reader.of(turned.session))
            self._append(turned, Outbound(address=turned.address, key=turned.key(index), text=sorry))
            return
        self._attach(turned, index, data, effect.name, effect.text, effect.description)

    async def _export(self, turned: Turned, index: int, session: Session, part: str) -> None:
        """All that is kept about this part of the conversation, in two files."""
        lines = await self.store.transcript(turned.conversation, limit=10_000)
        data = export.data_of(session, part, lines, turned.at, await self._recordings_known_to(turned, part))
        for name, body in (
            (export.TEXT_NAME, export.as_text(data, self.content)),
            (export.JSON_NAME, export.as_json(data)),
        ):
            self._attach(turned, index, body, name, "")

    async def _recordings_known_to(self, turned: Turned, part: str) -> list[str]:
        """Each recorded voice that this person takes part in, told in no more words than that person may hear anyway."""
        if await self.store.address_of(self.store.conversation_id(RECORDINGS)) is None:
            return []
        from bot.recording.state import known_to
        from bot.service.recording import load_of

        return known_to(await load_of(self.store, str(turned.conversation)), turned.conversation, part)

    def _append(self, turned: Turned, outbound: Outbound) -> None:
        self.gathered.outbox.append(NewOutbox(outbound=outbound, delivery="vital", not_before=turned.at))

    def _attach(self, turned: Turned, index: int, data: bytes, name: str, text: str, description: str = "") -> None:
        key = f"{turned.key(index)}-{name.rpartition('.')[2]}"  # one effect may send two files, of different kinds
        if turned.session.watched:  # the name is what shows at first glance
            name = f"notiz.{name.rpartition('.')[2]}"
        blob = f"out-{key}"
        self.gathered.blobs.append(NewBlob(name=blob, data=data))
        kind: Literal["picture", "voice", "file"] = {".png": "picture", ".ogg": "voice"}.get(name[-4:], "file")  # type: ignore[assignment]  # mypy sees str
        attachment = fx.Attachment(source=f"blob:{blob}", kind=kind, name=name, description=description)
        self._append(turned, Outbound(address=turned.address, key=key, text=text, attachments=(attachment,)))

    def _forget_all(self) -> None:
        """Erasing wins over everything this turn wanted to keep; alerts stay without text."""
        self.gathered.erase = True
        self.gathered.documents.clear()
        self.gathered.timers.clear()
        self.gathered.blobs.clear()
        self.gathered.transcript.clear()

    def _remember(self, turned: Turned, result: Turn, before: Session) -> None:
        """The transcript, only with consent and without complaints; each line carries the part of the phone it belongs to.

        Of a flow that wants no transcript nothing is kept, but for words of danger, which a counsellor must be able to read.
        """
        if (
            not result.session.consent
            or answers_complaint(before)
            or any(flow == COMPLAINT for flow, _, _ in result.trace)
        ):
            return
        danger = any(isinstance(effect, (fx.RaiseAlert, fx.RequestHandoff)) for effect in result.effects)
        if not danger and self._off_the_record(before, result.session):
            return
        active = result.session.active
        text = words_of(turned.row.inbound)
        if text and not _is_of_before(turned, danger=danger):
            self.gathered.transcript.append((f"person/{active}", text, turned.at))
        for effect in result.effects:
            if isinstance(effect, fx.Reply):
                who = "counsellor" if effect.source.startswith("counsellor:") else "bot"
                self.gathered.transcript.append((f"{who}/{active}", effect.text, turned.at))

    def _off_the_record(self, *sessions: Session) -> bool:
        flows = {frame.flow for session in sessions for frame in session.part.frames}
        return any(name in self.content.flows and not self.content.flows[name].transcript for name in flows)

    def _file_of(self, row: InboxRow, result: Turn) -> list[NewBlob]:
        """The file that came along, sealed with this conversation's key, or with that of the vault it was recorded for."""
        media, name = row.inbound.media, blob_of(row.inbound)
        if media is None or media.data is None or name is None:
            return []
        sealed = next((one for one in result.effects if isinstance(one, fx.Seal)), None)
        if sealed is None:
            return [NewBlob(name=name, data=media.data)]
        from bot.recording.state import take_of

        vault = self.store.conversation_id(vault_of(sealed.vault))
        return [NewBlob(name=take_of(sealed.vault), data=media.data, about=vault)]

    def _note_waiting(self, lane: Lane, now: datetime, before: Owner, after: Owner) -> None:
        """An index of the conversations that wait for a human or talk to one: the watchdog compares it with the cases."""
        human = after in ("queue", "counsellor")
        if self.gathered.erase or human == (before in ("queue", "counsellor")):
            return
        body = json.dumps({"since": now.isoformat()}) if human else None
        conversation = lane.conversation if human else None
        self.gathered.documents.append(
            Document(kind=WAITING, key=lane.conversation, body=body, conversation=conversation)
        )

    def _time_slots(self, session: Session) -> None:
        ends = slots_end(session) if session.consent else session.bare_from()
        if ends is not None:
            due = datetime.fromtimestamp(ends + 1.0, UTC)
            self.gathered.timers.append(NewTimer(name=SLOTS_TIMER, due=due, fence=session.fence))


def _is_over(lane: Lane) -> bool:
    """Whether nobody has written for so long that what a talk before consent was about is dropped."""
    timers = [row.inbound.payload.get("timer") for row in lane.inbox if row.inbound.kind == "timer"]
    return len(timers) == len(lane.inbox) and SLOTS_TIMER in timers


def _is_of_before(turned: Turned, *, danger: bool) -> bool:
    """Whether a changed message may be a complaint or, on a shared phone, of who held it before; with danger in it, it is kept."""
    inbound, parts = turned.row.inbound, turned.session.parts
    if inbound.kind != "edit":
        return False
    return any(inbound.relates_to in part.complaints for part in parts.values()) or (len(parts) > 1 and not danger)


def _revision(turned: Turned, index: int, effect: fx.Revise) -> Outbound:
    if effect.text is None:
        return Outbound(address=turned.address, key=turned.key(index), deletes=(effect.message,))
    text = unobtrusive(turned.session, effect.text)
    return Outbound(address=turned.address, key=turned.key(index), text=text, markup=False, edits=effect.message)


def _alert(turned: Turned, index: int, effect: fx.RaiseAlert) -> Alert:
    return Alert(
        id=f"alert-{turned.key(index)}",
        conversation=turned.conversation,
        at=turned.at,
        category=effect.category,
        level=effect.level,
        urgency=effect.urgency,
        audience=effect.audience,
        rule=effect.rule,
    )


def _gap(turned: Turned, index: int, effect: fx.CollectGap) -> Document:
    body = json.dumps({"text": effect.text, "nearest": effect.nearest, "reason": effect.reason}, ensure_ascii=False)
    return Document(
        kind="gap",
        key=turned.key(index),
        body=body,
        conversation=turned.conversation,
        expires=turned.at + GAP_LIFETIME,
    )


def _form(at: datetime, effect: fx.Submit) -> Document:
    """A finished form waits under its own kind until its receiver takes it. Nothing in it leads to a conversation: its key is
    drawn, and of its time no more is told than the minute."""
    minute = at.replace(second=0, microsecond=0)
    body = json.dumps({"at": minute.isoformat(), **dict(effect.values)}, ensure_ascii=False)
    key = secrets.token_hex(12)
    return Document(kind=f"form.{effect.form}", key=key, body=body, expires=minute + FORM_LIFETIME)
