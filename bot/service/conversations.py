"""One lane's work: events in, one commit out. Everything slow or faulty around the pure turn is dealt with here."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from bot.dialogue import Session, Turn, turn, understand
from bot.dialogue import effects as fx
from bot.dialogue.content import Content
from bot.dialogue.events import Event, Understanding
from bot.dialogue.understanding import look_for_danger
from bot.errors import StoreUnavailable
from bot.log import Log
from bot.ports import (
    EXCHANGE,
    RECORDINGS,
    VAULT,
    InboxRow,
    Lane,
    Store,
    TurnCommit,
)
from bot.service.carrying import Carrier, FileMaker, Receiver
from bot.service.translation import (
    Turned,
    event_of,
    words_of,
)

if TYPE_CHECKING:
    from bot.service.exchange import ExchangeLane

log = Log("kavi.turn")

_SIDE_LANES = frozenset({EXCHANGE.messenger, RECORDINGS.messenger, VAULT})

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
        await self._look_who_reads(now)
        carrier = Carrier(self.content, self.store, self.make_file, self.receivers, self.desk)
        for row in lane.inbox:
            before, asked = session, time.perf_counter()
            flooded = self._too_many(lane.conversation, row)
            result = self._flooded(session, row) if flooded else await self._aside(session, row)
            session = result.session
            turned = Turned(lane.conversation, lane.address, row, session)
            await carrier.carry(turned, result, before)
            if self.watcher is not None:
                self.watcher(turned, result)
            _log_turn(turned, before, result, (time.perf_counter() - asked) * 1000)
        return carrier.commit(lane, session, now, began)

    async def _look_who_reads(self, now: datetime) -> None:
        """Puts in when a human will read; where that cannot be told, what was said last stands, and everybody is answered."""
        if self.honest is None:
            return
        try:
            self.content = await self.honest(self.content, now)
        except StoreUnavailable:
            raise
        except Exception as error:
            log.error("honest_time_failed", error=type(error).__name__)

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

    def _too_many(self, conversation: str, row: InboxRow) -> bool:
        """Whether this person has sent more in the last minute than is answered."""
        if self.per_person <= 0 or row.inbound.kind not in ("text", "press", "media", "edit"):
            return False
        if len(self._pace) > 20_000:
            self._pace.clear()
        times = self._pace.setdefault(conversation, deque(maxlen=self.per_person + 1))
        times.append(row.inbound.at.timestamp())
        return len(times) > self.per_person and abs(times[-1] - times[0]) < 60.0  # a clock that jumps back is no flood

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


def _apology(content: Content) -> str:
    variants = content.texts.get("trouble")
    text = variants.pick("", "", "plain") if variants is not None else None
    return text or "Da ist etwas schiefgegangen. Bei Gefahr: 110 oder 112."


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
