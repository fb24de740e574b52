"""One lane's work: events in, one commit out. Everything slow or faulty around the pure turn is dealt with here."""

from __future__ import annotations

import asyncio
import json
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal, assert_never

from msgspec.structs import asdict

from bot.dialogue import Session, Turn, turn, understand
from bot.dialogue import effects as fx
from bot.dialogue.content import Content
from bot.dialogue.events import Event, Understanding
from bot.dialogue.person import COMPLAINT
from bot.dialogue.session import slots_end
from bot.dialogue.understanding import look_for_danger
from bot.log import Log
from bot.ports import (
    EXCHANGE,
    RECORDINGS,
    VAULT,
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
    event_of,
    forgotten,
    form_sent,
    lane_of,
    post_to_desk,
    reply_to_outbox,
    words_of,
)

if TYPE_CHECKING:
    from bot.service.exchange import ExchangeLane

log = Log("kavi.turn")

FileMaker = Callable[[str, Mapping[str, str], datetime], Awaitable[bytes]]
"""(template, values) -> the finished file."""

Receiver = Callable[[Mapping[str, str], datetime], Sequence[Tally]]
"""(values of a finished form, time of the turn) -> what is counted of it; nothing else is kept."""

_SIDE_LANES = frozenset({EXCHANGE.messenger, RECORDINGS.messenger, VAULT})

COUNTED_BY_WEEK = frozenset({"came_by"})
"""Facts of which only the week's number is kept, because they name a prison."""

Watcher = Callable[[Turned, Turn], None]
"""Sees each turn after it was decided: for metrics, the terminal and the conversation tests."""


@dataclass(slots=True)
class Conversations:
    """Decides lanes. `content` may be replaced between two turns (reload)."""

    content: Content
    store: Store
    make_file: FileMaker | None = None
    receivers: Mapping[str, Receiver] = field(default_factory=dict)  # form -> who counts it instead of keeping it
    per_person: int = 0  # messages a minute from one person; 0 = no limit
    desk: bool = False  # whether anybody listens at the desk's lane
    honest: Callable[[Content, datetime], Awaitable[Content]] | None = None  # puts in when a human will read
    watcher: Watcher | None = None
    matched: Callable[[str], None] | None = None  # hears what the matcher made of each text
    _pace: dict[str, deque[float]] = field(default_factory=dict)
    _exchange: ExchangeLane | None = None

    async def decide(self, lane: Lane, now: datetime) -> TurnCommit:
        """Runs the lane's waiting events one after another and gathers what they change.

        A fault in the program never silences the person: the event is answered by the safety layer alone, or with an
        apology, and the operator is told.
        """
        if lane.address.messenger in _SIDE_LANES:
            return await self._aside_lane(lane, now)
        session = Session.from_text(lane.session) if lane.session else Session()
        began = session.owner
        if self.honest is not None:
            self.content = await self.honest(self.content, now)
        gathered = Gathered()
        for row in lane.inbox:
            before, asked = session, time.perf_counter()
            flooded = self._too_many(lane.conversation, row)
            result = self._flooded(session, row) if flooded else await self._aside(session, row)
            session = result.session
            turned = Turned(lane.conversation, lane.address, row, session)
            if session.consent:
                gathered.blobs += self._file_of(row, result)
            for index, effect in enumerate(result.effects):
                await self._carry_out(gathered, turned, index, effect, before)
            self._remember(gathered, turned, result, before)
            if self.watcher is not None:
                self.watcher(turned, result)
            _log_turn(turned, before, result, (time.perf_counter() - asked) * 1000)
        _note_waiting(gathered, lane, now, began, session.owner)
        _time_slots(gathered, session)
        return _commit(lane, session, gathered)

    async def _aside_lane(self, lane: Lane, now: datetime) -> TurnCommit:
        """The lanes of nobody's conversation. No conversation needs them, and a start would wait for their imports."""
        if lane.address == EXCHANGE:
            if self._exchange is None:
                from bot.service.exchange import ExchangeLane

                self._exchange = ExchangeLane(self.store, self.make_file)
            return await self._exchange.decide(lane, now)
        from bot.service.recording import RecordingLane, opened

        if lane.address == RECORDINGS:
            return await RecordingLane(self.store, self.desk).decide(lane, now)
        return opened(lane)

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

    def _too_many(self, conversation: str, row: InboxRow) -> bool:
        """Whether this person has sent more in the last minute than is answered."""
        if self.per_person <= 0 or row.inbound.kind not in ("text", "press", "media", "edit"):
            return False
        if len(self._pace) > 20_000:
            self._pace.clear()
        times = self._pace.setdefault(conversation, deque(maxlen=self.per_person + 1))
        times.append(row.inbound.at.timestamp())
        return len(times) > self.per_person and times[-1] - times[0] < 60.0

    def _flooded(self, session: Session, row: InboxRow) -> Turn:
        """Beyond the limit only danger is answered; of the rest nothing is said, so that nobody is drawn into it."""
        try:
            text = words_of(row.inbound)
            finding = look_for_danger(self.content, session, text, row.inbound.at)
            event = event_of(row.inbound, Understanding(finding=finding)) if finding is not None else None
            if event is not None:
                return turn(self.content, session, event)
        except Exception as error:
            log.error("turn_failed", error=type(error).__name__, kind=row.inbound.kind)
        return Turn(session, (fx.Record(name="flooded"),))

    async def _aside(self, session: Session, row: InboxRow) -> Turn:
        """One event; in a worker thread when understanding asks a sentence encoder, which takes milliseconds."""
        index = self.content.index
        if index is None or not words_of(row.inbound) or index.meaning is None:
            return self._one(session, row)
        return await asyncio.to_thread(self._one, session, row)

    def _one(self, session: Session, row: InboxRow) -> Turn:
        try:
            event = self._event(session, row)
            return turn(self.content, session, event) if event is not None else Turn(session, ())
        except Exception as error:  # a fault of ours must not cost anybody an answer
            log.error("turn_failed", error=type(error).__name__, kind=row.inbound.kind)
            return self._rescue(session, row)

    def _off_the_record(self, *sessions: Session) -> bool:
        flows = {frame.flow for session in sessions for frame in session.part.frames}
        return any(name in self.content.flows and not self.content.flows[name].transcript for name in flows)

    def _event(self, session: Session, row: InboxRow) -> Event | None:
        text = words_of(row.inbound)
        known = understand(self.content, session, text, row.inbound.at) if text else Understanding()
        if self.matched is not None and known.match is not None:
            self.matched(known.match.outcome)
        return event_of(row.inbound, known)

    def _rescue(self, session: Session, row: InboxRow) -> Turn:
        """The shortest way to an answer: danger alone, on a fresh session if need be; then an apology."""
        text = words_of(row.inbound)
        trouble = fx.ReportTrouble(place="?", problem="turn failed")
        for base in (session, Session(language=session.language, consent=session.consent, fence=session.fence)):
            try:
                finding = look_for_danger(self.content, base, text, row.inbound.at)
                event = event_of(row.inbound, Understanding(finding=finding)) if finding is not None else None
                if event is not None:
                    result = turn(self.content, base, event)
                    return Turn(result.session, (*result.effects, trouble))
            except Exception as error:
                log.error("rescue_failed", error=type(error).__name__)
        if session.owner == "counsellor" or not text:
            return Turn(session, (trouble,))
        return Turn(session, (fx.Reply(text=_apology(self.content)), trouble))

    async def _carry_out(
        self, gathered: Gathered, turned: Turned, index: int, effect: fx.Effect, before: Session
    ) -> None:
        match effect:
            case fx.Reply():
                gathered.outbox.append(reply_to_outbox(turned, index, effect))
            case fx.Withdraw():
                gathered.withdraw.append(effect.hold_key)
            case fx.StartTimer():
                gathered.timers.append(NewTimer(name=effect.timer, due=effect.due, fence=effect.fence))
            case fx.CancelTimer():
                gathered.drop_timer(effect.timer)
            case fx.Record() if effect.name in COUNTED_BY_WEEK:
                gathered.tallies.append(Tally.of(effect.name, turned.at, dict(effect.values)))
            case fx.Record():
                gathered.facts.append(NewFact(name=effect.name, at=turned.at, values=effect.values))
            case fx.ReportTrouble():
                gathered.troubles.append((effect.place, effect.problem))
                log.error("content_trouble", place=effect.place, problem=effect.problem)
                gathered.facts.append(NewFact(name="trouble", at=turned.at, values=(("place", effect.place),)))
            case fx.Erase():
                _forget_all(gathered)
                gathered.posts += await forgotten(self.store, turned.conversation, turned.key(index), turned.at)  # type: ignore[arg-type]  # same id
                if self.desk:
                    from bot.service.forgetting import traces_of  # the whole desk, for which a terminal does not wait

                    remains = await traces_of(self.store, turned.conversation)
                    gathered.posts.append(post_to_desk(turned, index, "Erase", {"traces": remains}))
            case fx.RaiseAlert() | fx.RequestHandoff() | fx.CancelHandoff() | fx.Relay():
                self._tell_desk(gathered, turned, index, effect)
            case _:
                await self._make(gathered, turned, index, effect, before)

    def _tell_desk(
        self,
        gathered: Gathered,
        turned: Turned,
        index: int,
        effect: fx.RaiseAlert | fx.RequestHandoff | fx.CancelHandoff | fx.Relay,
    ) -> None:
        if isinstance(effect, fx.RaiseAlert):
            gathered.alerts.append(_alert(turned, index, effect))
        if self.desk:
            values = asdict(effect)
            if isinstance(effect, (fx.RequestHandoff, fx.RaiseAlert)):
                values["profile"] = profile_of(turned.session)
            if isinstance(effect, fx.RaiseAlert):
                values["alert"] = _alert(turned, index, effect).id
            gathered.posts.append(post_to_desk(turned, index, type(effect).__name__, values))

    async def _make(
        self,
        gathered: Gathered,
        turned: Turned,
        index: int,
        effect: fx.React | fx.Revise | fx.Retract | fx.MakeFile | fx.CollectGap | fx.Submit | fx.Seal | fx.ExportData,
        before: Session,
    ) -> None:
        match effect:
            case fx.Retract():
                ids = await self.store.external_ids(turned.conversation, effect.since)  # type: ignore[arg-type]  # same id
                if ids:
                    _append(
                        gathered, turned, Outbound(address=turned.address, key=turned.key(index), deletes=tuple(ids))
                    )
            case fx.Revise():
                _append(gathered, turned, _revision(turned, index, effect))
            case fx.React():
                outbound = Outbound(
                    address=turned.address, key=turned.key(index), reacts=(effect.message, effect.emoji)
                )
                gathered.outbox.append(NewOutbox(outbound=outbound, delivery="optional", not_before=turned.at))
            case fx.MakeFile():
                await self._file(gathered, turned, index, effect)
            case fx.ExportData():
                await self._export(gathered, turned, index, before, effect.part)
            case fx.CollectGap():
                gathered.documents.append(_gap(turned, index, effect))
            case fx.Submit() if effect.form in self.receivers:
                gathered.tallies += self.receivers[effect.form](dict(effect.values), turned.at)
            case fx.Submit() if (lane := lane_of(effect.form)) is not None:
                user = turned.row.inbound.sender if turned.address.messenger == "matrix" else ""
                whose, values = turned.conversation, dict(effect.values)
                gathered.posts.append(form_sent(lane, whose, turned.key(index), effect.form, values, turned.at, user))  # type: ignore[arg-type]  # same id
            case fx.Seal():
                pass  # its file was kept with the event
            case fx.Submit():
                gathered.documents.append(_form(turned, index, effect))
            case _:
                assert_never(effect)

    async def _file(self, gathered: Gathered, turned: Turned, index: int, effect: fx.MakeFile) -> None:
        if self.make_file is None:
            return
        data = await self.make_file(effect.template, dict(effect.values), turned.at)
        _attach(gathered, turned, index, data, effect.name, effect.text, effect.description)

    async def _export(self, gathered: Gathered, turned: Turned, index: int, session: Session, part: str) -> None:
        """All that is kept about this part of the conversation, in two files."""
        lines = await self.store.transcript(turned.conversation, limit=10_000)  # type: ignore[arg-type]  # same id
        data = export.data_of(session, part, lines, turned.at, await self._recordings_known_to(turned, part))
        for name, body in (
            (export.TEXT_NAME, export.as_text(data, self.content)),
            (export.JSON_NAME, export.as_json(data)),
        ):
            _attach(gathered, turned, index, body, name, "")

    async def _recordings_known_to(self, turned: Turned, part: str) -> list[str]:
        """Each recorded voice that this person takes part in, told in no more words than that person may hear anyway."""
        if await self.store.address_of(self.store.conversation_id(RECORDINGS)) is None:
            return []
        from bot.recording.state import known_to
        from bot.service.recording import load_of

        return known_to(await load_of(self.store, str(turned.conversation)), turned.conversation, part)

    def _remember(self, gathered: Gathered, turned: Turned, result: Turn, before: Session) -> None:
        """The transcript, only with consent and without complaints; each line carries the part of the phone it belongs to.

        Of a flow that wants no transcript nothing is kept, but for words of danger, which a counsellor must be able to read.
        """
        if not result.session.consent or any(flow == COMPLAINT for flow, _, _ in result.trace):
            return
        danger = any(isinstance(effect, (fx.RaiseAlert, fx.RequestHandoff)) for effect in result.effects)
        if not danger and self._off_the_record(before, result.session):
            return
        active = result.session.active
        text = words_of(turned.row.inbound)
        if text:
            gathered.transcript.append((f"person/{active}", text, turned.at))
        for effect in result.effects:
            if isinstance(effect, fx.Reply):
                who = "counsellor" if effect.source.startswith("counsellor:") else "bot"
                gathered.transcript.append((f"{who}/{active}", effect.text, turned.at))


def _apology(content: Content) -> str:
    variants = content.texts.get("trouble")
    text = variants.pick("", "", "plain") if variants is not None else None
    return text or "Da ist etwas schiefgegangen. Bei Gefahr: 110 oder 112."


def _append(gathered: Gathered, turned: Turned, outbound: Outbound) -> None:
    gathered.outbox.append(NewOutbox(outbound=outbound, delivery="vital", not_before=turned.at))


def _attach(
    gathered: Gathered, turned: Turned, index: int, data: bytes, name: str, text: str, description: str = ""
) -> None:
    key = f"{turned.key(index)}-{name.rpartition('.')[2]}"  # one effect may send two files, of different kinds
    blob = f"out-{key}"
    gathered.blobs.append(NewBlob(name=blob, data=data))
    kind: Literal["picture", "voice", "file"] = {".png": "picture", ".ogg": "voice"}.get(name[-4:], "file")  # type: ignore[assignment]  # mypy sees str
    attachment = fx.Attachment(source=f"blob:{blob}", kind=kind, name=name, description=description)
    _append(gathered, turned, Outbound(address=turned.address, key=key, text=text, attachments=(attachment,)))


def _revision(turned: Turned, index: int, effect: fx.Revise) -> Outbound:
    if effect.text is None:
        return Outbound(address=turned.address, key=turned.key(index), deletes=(effect.message,))
    return Outbound(address=turned.address, key=turned.key(index), text=effect.text, markup=False, edits=effect.message)


def _alert(turned: Turned, index: int, effect: fx.RaiseAlert) -> Alert:
    return Alert(
        id=f"alert-{turned.key(index)}",
        conversation=turned.conversation,  # type: ignore[arg-type]  # same id
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
        conversation=turned.conversation,  # type: ignore[arg-type]  # same id
        expires=turned.at + GAP_LIFETIME,
    )


def _form(turned: Turned, index: int, effect: fx.Submit) -> Document:
    """A finished form waits under its own kind until its receiver takes it; it knows no conversation."""
    body = json.dumps({"at": turned.at.isoformat(), **dict(effect.values)}, ensure_ascii=False)
    return Document(kind=f"form.{effect.form}", key=turned.key(index), body=body, expires=turned.at + FORM_LIFETIME)


def _forget_all(gathered: Gathered) -> None:
    """Erasing wins over everything this turn wanted to keep; alerts stay without text."""
    gathered.erase = True
    gathered.documents.clear()
    gathered.timers.clear()
    gathered.blobs.clear()
    gathered.transcript.clear()


def _note_waiting(gathered: Gathered, lane: Lane, now: datetime, before: str, after: str) -> None:
    """An index of the conversations that wait for a human or talk to one: the watchdog compares it with the cases."""
    human = after in ("queue", "counsellor")
    if gathered.erase or human == (before in ("queue", "counsellor")):
        return
    body = json.dumps({"since": now.isoformat()}) if human else None
    conversation = lane.conversation if human else None
    gathered.documents.append(Document(kind=WAITING, key=lane.conversation, body=body, conversation=conversation))


SLOTS_TIMER = "slots"  # says nothing; the turn that it causes drops the slots whose lifetime is over


def _time_slots(gathered: Gathered, session: Session) -> None:
    ends = slots_end(session)
    if ends is not None and session.consent and not gathered.erase:
        due = datetime.fromtimestamp(ends + 1.0, UTC)
        gathered.timers.append(NewTimer(name=SLOTS_TIMER, due=due, fence=session.fence))


def _commit(lane: Lane, session: Session, gathered: Gathered) -> TurnCommit:
    consented = bool(session.consent)
    stored = session if consented else session.minimal()
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


def _outcome(result: Turn) -> str:
    """One word for what became of an event: the first fact of the turn, else whether anything was said."""
    facts = (effect.name for effect in result.effects if isinstance(effect, fx.Record))
    return next(facts, "reply" if any(isinstance(effect, fx.Reply) for effect in result.effects) else "silent")


def _log_turn(turned: Turned, before: Session, result: Turn, milliseconds: float) -> None:
    """The canonical line of a turn: no text, no identifier but the keyed hash."""
    top = result.session.part.frames[-1] if result.session.part.frames else None
    log.info(
        "turn",
        conversation=turned.conversation[:12],
        kind=turned.row.inbound.kind,
        owner=before.owner,
        owner_after=result.session.owner,
        flow=top.flow if top else "",
        step=top.step if top else "",
        outcome=_outcome(result),
        ms=round(milliseconds, 1),
        effects=len(result.effects),
        alert=any(isinstance(effect, fx.RaiseAlert) for effect in result.effects),
    )
