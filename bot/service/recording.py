"""The lane of recorded voices: forms of caregivers, children and parents in, flows in their conversations out.

A recording is a document without a word. Its sound lies in a vault: a conversation of its own that nobody writes in, whose key
seals the file and is destroyed with it.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import assert_never

from bot.log import Log
from bot.ports import (
    DESK,
    RECORDINGS,
    ConversationId,
    Document,
    Inbound,
    InboxRow,
    Lane,
    NewBlob,
    NewTimer,
    Store,
    Tally,
    TurnCommit,
    vault_of,
)
from bot.recording import Recordings, decide
from bot.recording import effects as fx
from bot.recording import events as ev
from bot.recording.state import recording_from, to_text
from bot.service.codes import GUESSES, guesses_from, guesses_kept
from bot.service.translation import Gathered, flow_started

log = Log("kavi.recording")

RECORDING = "recording"
COUNTED = "recording"  # name of the weekly numbers
KEPT_AFTER_END = timedelta(days=60)  # its parent's news may still be on their way, and the month's limit counts it


async def load(store: Store) -> Recordings:
    """The recordings as they were stored last."""
    return Recordings(
        recordings={one.key: recording_from(one.body or "{}") for one in await store.documents(RECORDING)},
        guesses=guesses_from(await store.document(GUESSES, RECORDING)),
    )


def opened(lane: Lane) -> TurnCommit:
    """A vault's only event: it was opened, so that there is a key."""
    return TurnCommit(
        conversation=lane.conversation, address=lane.address, fence=lane.fence, version=lane.version, session=None,
        done=tuple(row.number for row in lane.inbox),
    )  # fmt: skip


@dataclass(slots=True)
class RecordingLane:
    """Decides the lane of recorded voices. `desk`: whether there are counsellors."""

    store: Store
    desk: bool

    async def decide(self, lane: Lane, now: datetime) -> TurnCommit:
        """Runs the waiting events; a fault in one of them costs that one, is logged, and stops nothing else."""
        before = recordings = await load(self.store)
        out = Gathered()
        for row in lane.inbox:
            event = self._event(row)
            if event is None:
                continue
            try:
                decision = decide(recordings, event)
            except Exception as error:  # a fault of ours must not hold up everybody
                log.error("recording_failed", error=type(error).__name__, kind=type(event).__name__)
                continue
            recordings = decision.recordings
            for index, effect in enumerate(decision.effects):
                await self._carry_out(out, effect, f"recording-{row.number}-{index}", row.inbound.at)
            log.info("recording", kind=type(event).__name__, effects=len(decision.effects))
        return TurnCommit(
            conversation=lane.conversation, address=RECORDINGS, fence=lane.fence, version=lane.version, session="{}",
            consented=False, done=tuple(row.number for row in lane.inbox), posts=tuple(out.posts), timers=tuple(out.timers),
            cancel_timers=tuple(out.cancel), tallies=tuple(out.tallies), blobs=tuple(out.blobs),
            documents=tuple(_changes(before, recordings, now)),
        )  # fmt: skip

    async def _carry_out(self, out: Gathered, effect: fx.Effect, key: str, at: datetime) -> None:
        match effect:
            case fx.StartFlow():
                await self._start(out, effect, key, at)
            case fx.Open():
                out.posts.append(Inbound(address=vault_of(effect.id), external_id=key, kind="desk", at=at))
            case fx.Keep():
                data = await self.store.blob(effect.source)
                if data is not None:
                    vault = self.store.conversation_id(vault_of(effect.id))
                    out.blobs.append(NewBlob(name=effect.name, data=data, about=vault))
            case fx.Destroy():  # at once, not with the commit: a repeat finds nothing left to destroy
                await self.store.erase(self.store.conversation_id(vault_of(effect.id)))
            case fx.Review() | fx.Unreview():
                self._tell_desk(out, effect, key, at)
            case fx.SetTimer():
                out.timers.append(NewTimer(name=effect.name, due=effect.due, fence=0))
            case fx.DropTimer():
                out.drop_timer(effect.name)
            case fx.Counted():
                out.tallies.append(Tally.of(COUNTED, at, asdict(effect)))
            case _:
                assert_never(effect)

    async def _start(self, out: Gathered, effect: fx.StartFlow, key: str, at: datetime) -> None:
        address = await self.store.address_of(ConversationId(effect.conversation))
        if address is None:
            return  # erased meanwhile
        out.posts.append(
            flow_started(address, key, at, effect.flow, effect.slots, asked=effect.asked, part=effect.part)
        )

    def _tell_desk(self, out: Gathered, effect: fx.Review | fx.Unreview, key: str, at: datetime) -> None:
        """What the counsellors are to do, without whose voice it is."""
        if not self.desk:
            return
        payload = {"event": type(effect).__name__, **asdict(effect)}
        family = ConversationId(effect.family) if isinstance(effect, fx.Review) else None
        out.posts.append(Inbound(address=DESK, external_id=key, kind="desk", at=at, payload=payload, about=family))

    def _event(self, row: InboxRow) -> ev.Event | None:
        """What a row of this lane's inbox means; None when it means nothing."""
        data, at = row.inbound.payload, row.inbound.at
        if row.inbound.kind == "timer":
            return ev.TimerDue(at=at, name=str(data["timer"]))
        match data.get("event"):
            case "FormSent":
                return ev.FormSent(
                    at=at, conversation=str(data["conversation"]), form=str(data["form"]), values=dict(data["values"]),
                    fresh=str(data["fresh"]), staffed=self.desk,
                )  # fmt: skip
            case "Judged":
                return ev.Judged(at=at, id=str(data["id"]), released=bool(data["released"]))
            case "Forgotten":
                return ev.Forgotten(at=at, conversation=str(data["conversation"]))
            case _:
                return None


def _changes(before: Recordings, after: Recordings, now: datetime) -> list[Document]:
    """What has to be written to get from one to the other. None of it is words, so the installation's key seals it."""
    rows = []
    for key, one in after.recordings.items():
        if before.recordings.get(key) != one:
            expires = None if one.live else now + KEPT_AFTER_END
            rows.append(Document(kind=RECORDING, key=key, body=to_text(one), expires=expires))
    if before.guesses != after.guesses:
        rows.append(guesses_kept(RECORDING, after.guesses, now))
    return rows
