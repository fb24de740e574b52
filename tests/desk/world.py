"""Families, counsellors and a clock around the real lanes and a memory store; the platform is a list of what was sent."""

from __future__ import annotations

import itertools
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from bot.desk.hours import Policy, Team
from bot.desk.state import Case, Desk
from bot.dialogue import Session, Turn
from bot.dialogue import effects as fx
from bot.dialogue.content import Content
from bot.dialogue.session import Part
from bot.ports import DESK, Address, Capabilities, Gone, Inbound, MediaFile, Outbound, Receipt, Sent, Sink
from bot.service.conversations import Conversations
from bot.service.desk import DeskLane
from bot.service.desk_inbox import to_the_desk
from bot.service.desk_records import load
from bot.service.rooms import RoomKeeper
from bot.service.staff import set_member
from bot.service.translation import Turned
from bot.storage.memory import MemoryStore

ACCOUNT = "@kavi:example.org"
QUEUE = "!queue"
START = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


def at(chat: str) -> Address:
    """A room of the only messenger."""
    return Address(messenger="matrix", account=ACCOUNT, chat=chat)


class Platform:
    """A messenger whose rooms are lists. `gone` holds rooms that do not exist any more."""

    name = "matrix"
    account = ACCOUNT
    capabilities = Capabilities(idempotent_send=True, rooms=True, edit=True, reactions=True)

    def __init__(self) -> None:
        self.sent: list[tuple[str, Outbound, str]] = []
        self.gone: set[str] = set()
        self.typed: list[str] = []
        self.opened: list[tuple[str, tuple[str, ...], str]] = []  # (title, invited, topic)
        self.changed: list[tuple[str, tuple[str, ...], tuple[str, ...]]] = []  # (room, invited, removed)
        self._numbers = itertools.count(1)

    async def start(self, cursor: str | None) -> None: ...

    async def ingest(self, sink: Sink) -> None: ...

    async def send(self, outbound: Outbound) -> Receipt:
        if outbound.address.chat in self.gone:
            return Gone(reason="no such room")
        id = f"$m{next(self._numbers)}"
        self.sent.append((outbound.address.chat, outbound, id))
        return Sent(external_ids=(id,))

    async def typing(self, address: Address) -> None:
        self.typed.append(address.chat)

    async def download(self, media: MediaFile, cap: int) -> bytes | None:
        return None

    async def open_room(self, title: str, invite: Sequence[str], parent: str = "", topic: str = "") -> Address | None:
        self.opened.append((title, tuple(invite), topic))
        return at(f"!room{next(self._numbers)}")

    async def change_room(self, address: Address, *, invite: Sequence[str] = (), expel: Sequence[str] = ()) -> None:
        self.changed.append((address.chat, tuple(invite), tuple(expel)))

    async def close_room(self, address: Address, *, erase: bool = False) -> None:
        self.gone.add(address.chat)

    async def health(self) -> Mapping[str, str]:
        return {}

    async def close(self) -> None: ...

    def texts(self, chat: str) -> list[str]:
        """What was written there."""
        return [outbound.text for where, outbound, _ in self.sent if where == chat and outbound.text]


@dataclass
class World:
    """The whole bot, pumped by hand. `breaches` names every law that was broken."""

    content: Content
    policy: Policy = field(default_factory=lambda: Policy(teams={"": Team(rooms=((ACCOUNT, QUEUE),))}))
    store: MemoryStore = field(default_factory=MemoryStore)
    platform: Platform = field(default_factory=Platform)
    now: datetime = START
    breaches: list[str] = field(default_factory=list)
    said: list[tuple[str, str, str]] = field(default_factory=list)  # a test's own: (message, room, what it was)

    def __post_init__(self) -> None:
        self._numbers = itertools.count(1)
        self.conversations = Conversations(self.content, self.store, desk=True, watcher=self._watch)
        self.restart()

    def restart(self) -> None:
        """The process dies and comes again: everything that was only in memory is gone."""
        self.lane = DeskLane(self.store, self.policy)
        self.rooms = RoomKeeper(self.store, self.platform, lambda: self.now)  # type: ignore[arg-type]  # a whole messenger

    def _watch(self, turned: Turned, result: Turn) -> None:
        """Design rule 4: while a counsellor owns, only she speaks, but for the one automatic safety message."""
        replies = [effect for effect in result.effects if isinstance(effect, fx.Reply)]
        hers = [one for one in replies if one.source.startswith("counsellor:")]
        if hers and result.session.owner != "counsellor":
            self.breaches.append("a counsellor's words while the bot speaks")
        if self._before.get(turned.conversation) == "counsellor" == result.session.owner:
            others = [
                one
                for one in replies
                if not one.source.startswith(("counsellor:", "safety:", "text:counsellor.", "step:repair.quick_exit."))
            ]
            self.breaches += [f"the bot spoke as well: {one.source}" for one in others]
        self._before[turned.conversation] = result.session.owner

    _before: dict[str, str] = field(default_factory=dict)

    # ------------------------------------------------------------------ who acts

    async def member(self, name: str, *roles: str) -> None:
        """Somebody of the team, linked."""
        await set_member(
            self.store, name, "test", self.now, code=f"CODE{name}".upper(), alias=f"Frau {name}", roles=list(roles or ("counsellor",)),
            active=True, cap=1000,
        )  # fmt: skip
        await self.staff(name, QUEUE, f"/anmelden CODE{name}")

    async def staff(self, who: str, chat: str, text: str, reply_to: str = "", **values: object) -> str:
        """A counsellor writes; the message's id."""
        id = f"$s{next(self._numbers)}"
        await self._receive(
            chat, who, "text", text=text, message=id, relates_to=reply_to, verified=True, private=False, **values
        )
        return id

    async def family(self, chat: str, text: str) -> str:
        """A family writes; the message's id."""
        id = f"$f{next(self._numbers)}"
        await self._receive(chat, chat, "text", text=text, message=id)
        return id

    async def event(self, chat: str, who: str, kind: str, **values: object) -> None:
        """Anything else."""
        await self._receive(chat, who, kind, **values)

    async def _receive(self, chat: str, who: str, kind: str, **values: object) -> None:
        inbound = Inbound(
            address=at(chat), external_id=f"e{next(self._numbers)}", kind=kind, at=self.now, sender=who, **values  # type: ignore[arg-type]  # as given
        )  # fmt: skip
        inbound = inbound if inbound.private else to_the_desk(inbound)
        await self.store.receive([inbound, inbound], None)  # repeats are harmless

    async def begin(self, chat: str) -> None:
        """A caregiver who has agreed to everything before."""
        from bot.app import begin_with

        session = Session(consent="1", parts={"adult": Part(audience="caregiver")})
        await begin_with(self.store, at(chat), session)

    async def taken(self, chat: str) -> Case:
        """The only family there is asked for a human, and Frau berg, new in the team, took its case."""
        await self.member("berg")
        await self.begin(chat)
        await self.family(chat, "Mensch")
        await self.pump()
        await self.staff("berg", QUEUE, "nehmen")
        await self.pump()
        (case,) = (await self.desk()).cases.values()
        return case

    # ------------------------------------------------------------------ what happens by itself

    async def pump(self, chance: random.Random | None = None) -> None:
        """Works until nothing is left to do; with `chance` now and then a process dies before its commit."""
        while True:
            await self.store.fire_timers(self.now)
            lanes = await self.store.claim("w", self.now, 50)
            for lane in lanes:
                decide = self.lane.decide if lane.address == DESK else self.conversations.decide
                kept = dict(self._before)
                commit = await decide(lane, self.now)
                if chance is not None and chance.random() < 0.03:
                    self._before = kept
                    self.restart()
                    await self.store.release(lane.conversation, lane.fence)
                    continue
                await self.store.commit(commit)
            rooms = await self.rooms.once()
            rows = await self.store.due_outbox(ACCOUNT, self.now, 100)
            for row in rows:
                await self.store.settle(row.number, await self.platform.send(row.outbound), self.now)
                del self.store._outbox[
                    row.number
                ]  # nobody here asks for old ids, and ten thousand rows would slow the store
            if not lanes and not rooms and not rows:
                return

    async def wait(self, by: timedelta, chance: random.Random | None = None) -> None:
        """Time passes, stopping wherever something comes due."""
        until = self.now + by
        while (due := await self.store.next_due()) is not None and due <= until:
            # a message behind one that is held back is due but cannot leave yet: a second passes, so that nothing spins
            self.now = max(self.now + timedelta(seconds=1) if due <= self.now else self.now, due)
            await self.pump(chance)
        self.now = until
        await self.pump(chance)

    async def desk(self, *, stored: bool = False) -> Desk:
        """The desk as the lane committed it last; `stored` reads it anew, which takes long when there are many cases."""
        kept = self.lane._desk
        return kept if kept is not None and not stored else await load(self.store)

    async def owner(self, chat: str) -> str:
        """Who owns the family's conversation, as its own lane sees it."""
        text = await self.store.session_of(self.store.conversation_id(at(chat)))
        return Session.from_text(text).owner if text else "bot"
