"""The lane of recorded voices: forms of caregivers, children and parents in, flows in their conversations out.

A recording is a document without a word. Its sound lies in a vault: a conversation of its own that nobody writes in, whose key
seals the file and is destroyed with it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
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
from bot.recording import Recording, Recordings, decide
from bot.recording import effects as fx
from bot.recording import events as ev
from bot.recording.state import recording_from, to_text
from bot.service.codes import GUESSES, guesses_from, guesses_kept
from bot.service.translation import Gathered, flow_started
from bot.vault.codes import hash_of

log = Log("kavi.recording")

RECORDING = "recording"
OF, CODE = "recording-of", "recording-code"  # where to look: "conversation|id", and hash of a code -> id
INDEXED = "recording-indexed"  # says that everything stands in both
COUNTED = "recording"  # name of the weekly numbers
KEPT_AFTER_END = timedelta(days=60)  # its parent's news may still be on their way, and the month's limit counts it


async def load(store: Store) -> Recordings:
    """All recordings as they were stored last."""
    return Recordings(
        recordings={one.key: recording_from(one.body or "{}") for one in await store.documents(RECORDING)},
        guesses=guesses_from(await store.document(GUESSES, RECORDING)),
    )


async def load_of(store: Store, conversation: str) -> Recordings:
    """Those that have to do with this conversation."""
    return await _with(store, Recordings(), await _ids_of(store, conversation))


async def _ids_of(store: Store, conversation: str) -> list[str]:
    return [row.key.partition("|")[2] for row in await store.documents(OF, f"{conversation}|")]


async def _with(store: Store, known: Recordings, ids: Iterable[str]) -> Recordings:
    """The same with the stored ones of these ids; what is known already stays as it is."""
    found = dict(known.recordings)
    for id in dict.fromkeys(ids):
        row = await store.document(RECORDING, id) if id and id not in found else None
        if row is not None and row.body is not None:
            found[id] = recording_from(row.body)
    return replace(known, recordings=found)


async def _needed(store: Store, known: Recordings, event: ev.Event) -> Recordings:
    """What is known and what this event can be about: its sender's, the one it names, the one its code opens."""
    ids: list[str] = []
    match event:
        case ev.FormSent():
            ids = await _ids_of(store, event.conversation)
            ids.append(event.values.get("id", ""))
            code = event.values.get("code")
            row = await store.document(CODE, hash_of(code)) if code else None
            ids.append(str(json.loads(row.body)) if row is not None and row.body else "")
        case ev.Forgotten():
            ids = await _ids_of(store, event.conversation)
        case ev.Judged():
            ids = [event.id]
        case ev.TimerDue():
            ids = [event.name.partition("|")[2]]
        case _:
            assert_never(event)
    return await _with(store, known, ids)


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
        places = await self._index()
        recordings = Recordings(guesses=guesses_from(await self.store.document(GUESSES, RECORDING)))
        before = recordings
        out = Gathered()
        for row in lane.inbox:
            event = self._event(row)
            if event is None:
                continue
            needed = await _needed(self.store, recordings, event)
            fresh = {id: one for id, one in needed.recordings.items() if id not in recordings.recordings}
            before = replace(before, recordings={**before.recordings, **fresh})
            recordings = needed
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
            documents=(*places, *_changes(before, recordings, now)),
        )  # fmt: skip

    async def _index(self) -> list[Document]:
        """Where to look for what an earlier version stored; nothing when that was written once."""
        if await self.store.document(INDEXED, RECORDING) is not None:
            return []
        rows = [row for one in (await load(self.store)).recordings.values() for row in _places(None, one, None)]
        return [*rows, Document(kind=INDEXED, key=RECORDING, body="{}")]

    async def _carry_out(self, out: Gathered, effect: fx.Effect, key: str, at: datetime) -> None:
        match effect:
            case fx.StartFlow():
                out.posts += await flow_started(self.store, effect, key, at)
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
            rows += _places(before.recordings.get(key), one, expires)
    if before.guesses != after.guesses:
        rows.append(guesses_kept(RECORDING, after.guesses, now))
    return rows


def _places(before: Recording | None, one: Recording, expires: datetime | None) -> list[Document]:
    """Where it is looked for: by whoever has to do with it, and by its codes."""
    keys = {f"{who}|{one.id}" for who in one.people}
    gone = {f"{who}|{one.id}" for who in before.people} - keys if before is not None else set()
    rows = [Document(kind=OF, key=key, body="{}", expires=expires) for key in sorted(keys)]
    rows += [Document(kind=OF, key=key, body=None) for key in sorted(gone)]
    codes = {one.code_hash, one.child_code} - {""}
    old = {before.code_hash, before.child_code} - {""} - codes if before is not None else set()
    rows += [Document(kind=CODE, key=code, body=json.dumps(one.id), expires=expires) for code in sorted(codes)]
    return rows + [Document(kind=CODE, key=code, body=None) for code in sorted(old)]
