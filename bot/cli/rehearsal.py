"""Both sides in one process: families and a team around the real desk, for `kavi chat --desk`.

Nothing here decides anything: what is typed becomes the event that a messenger would bring, and the clock is told.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from msgspec.structs import replace

from bot import app
from bot.config import Settings
from bot.desk.state import Case, Desk
from bot.dialogue import Session
from bot.dialogue.content import Content
from bot.messengers.terminal import TerminalMessenger, address_of
from bot.ports import DESK, Inbound, Lane, Outbound, Store, TurnCommit, place_of
from bot.service.conversations import Conversations
from bot.service.desk import DeskLane
from bot.service.desk_inbox import to_the_desk
from bot.service.desk_records import load
from bot.service.honest import Honest
from bot.service.pump import pass_time, pump
from bot.service.rooms import RoomKeeper
from bot.service.staff import new_code, new_id, set_member
from bot.text.normalise import fold

TEAM = {"Frau Berg": ("counsellor",), "Herr See": ("counsellor",), "Frau Wald": ("counsellor", "supervisor")}
LINE = timedelta(seconds=5)  # what typing a line takes, on the rehearsal's clock
TEAM_ROOM = "Teamraum"


@dataclass(frozen=True, slots=True)
class Seen:
    """Something that appeared in a chat: of a family, or of the team. The team's have a `number` to be answered by."""

    chat: str
    outbound: Outbound
    number: int = 0


@dataclass(slots=True)
class Rehearsal:
    """Who speaks where. `seen` collects what appeared since it was last shown."""

    store: Store
    conversations: Conversations
    desk: DeskLane
    now: datetime
    family: str = ""
    families: list[str] = field(default_factory=list)
    counsellor: str = next(iter(TEAM))
    seen: list[Seen] = field(default_factory=list)
    numbered: dict[int, tuple[str, Outbound]] = field(default_factory=dict)  # (chat, as it stands there now)
    written: dict[str, str] = field(default_factory=dict)  # message -> what somebody typed
    messenger: TerminalMessenger = field(init=False)
    _where: dict[str, str] = field(init=False)
    _rooms: RoomKeeper = field(init=False)
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))
    _shown: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def __post_init__(self) -> None:
        self.messenger = TerminalMessenger(self._show)
        self._rooms = RoomKeeper(self.store, self.messenger, lambda: self.now)
        self._where = dict.fromkeys(TEAM, TEAM_ROOM)

    # ------------------------------------------------------------------ what appears

    def _show(self, outbound: Outbound) -> None:
        chat = outbound.address.chat
        if outbound.audience == "family":
            self.seen.append(Seen(chat, outbound))
            return
        number = self.number_of(outbound.edits)
        if not number and not outbound.deletes and outbound.reacts is None:
            number = next(self._shown)
        self.seen.append(Seen(chat, outbound, number))

    def settle(self, seen: Seen) -> Outbound | None:
        """Remembers that a message of the team's now stands as it was shown; how it stood before."""
        before = self.numbered.get(seen.number)
        if seen.number:
            key = before[1].key if before is not None else seen.outbound.key
            self.numbered[seen.number] = (seen.chat, replace(seen.outbound, key=key))
        return before[1] if before is not None else None

    def number_of(self, key: str) -> int:
        """By which number a message of the team's is known; 0 for none."""
        return next((number for number, (_, one) in self.numbered.items() if key and one.key == key), 0)

    def room_name(self, chat: str) -> str:
        """What the team calls a room of its own."""
        title = self.messenger.titles.get(chat, chat)
        return title if chat in self.messenger.rooms or chat == TEAM_ROOM else f"{title}, geschlossen"

    @property
    def room(self) -> str:
        """Where the one who speaks for the team is."""
        return self._where[self.counsellor]

    # ------------------------------------------------------------------ who acts

    async def team_arrives(self) -> None:
        """Everybody is added and links an account, as with `kavi staff add`. What the desk says to that is not shown."""
        for alias, roles in TEAM.items():
            code = new_code()
            values: dict[str, object] = {"alias": alias, "roles": list(roles), "active": True}
            await set_member(self.store, new_id(), "rehearsal", self.now, code=code, **values)
            await self._staff(alias, TEAM_ROOM, "text", text=f"/anmelden {code}", message=f"link {alias}")
        self.seen.clear()

    async def family_comes(self, begun: Session | None) -> None:
        """Another family, which speaks from now on; without a session it meets Kavi for the first time."""
        self.family = f"Familie {len(self.families) + 1}"
        self.families.append(self.family)
        if begun is not None:
            await app.begin_with(self.store, address_of(self.family), begun)
        await self._receive(self._of_family("start"))

    async def family_says(self, text: str) -> None:
        """The family that speaks writes."""
        message = f"f{next(self._numbers)}"
        self.written[message] = text
        await self._receive(self._of_family("text", text=text, message=message))

    async def staff_says(self, text: str, answers: int = 0) -> None:
        """The counsellor who speaks writes in the room she is in, or answers a message where that stands."""
        chat, key = (self.numbered[answers][0], self.numbered[answers][1].key) if answers else (self.room, "")
        message = f"s{next(self._numbers)}"
        self.written[message] = text
        await self._staff(self.counsellor, chat, "text", text=text, message=message, relates_to=key)

    async def staff_presses(self, number: int, option: int) -> None:
        """She presses a button (counted from 0) under a message."""
        chat, outbound = self.numbered[number]
        await self._staff(
            self.counsellor, chat, "press", press=(outbound.question, option), text=outbound.choices[option],
            relates_to=outbound.key,
        )  # fmt: skip

    async def staff_reacts(self, number: int, emoji: str) -> None:
        """She puts an emoji under a message."""
        chat, outbound = self.numbered[number]
        await self._staff(self.counsellor, chat, "reaction", text=emoji, relates_to=outbound.key)

    def turns_to(self, words: str) -> bool:
        """Somebody else of the team speaks from now on; whether that name is known."""
        wanted = fold(words)
        found = [alias for alias in TEAM if wanted and wanted in (fold(alias), *fold(alias).split()[1:])]
        self.counsellor = found[0] if found else self.counsellor
        return bool(found)

    async def goes_to(self, words: str) -> bool:
        """She goes to the room of a case, by its code or the family's alias, or to the team's; whether there is one."""
        wanted = fold(words)
        rooms = {fold(TEAM_ROOM): TEAM_ROOM, "team": TEAM_ROOM}
        for case in (await self.books()).cases.values():
            if case.place is not None:
                rooms |= {fold(case.code): case.place.chat, fold(case.alias): case.place.chat}
        self._where[self.counsellor] = rooms.get(wanted, self.room)
        return wanted in rooms

    async def books(self) -> Desk:
        """The desk as it is stored."""
        return await load(self.store)

    def case_of(self, desk: Desk, family: str) -> Case | None:
        """The newest case of a family."""
        return desk.case_of(self.store.conversation_id(address_of(family)))

    # ------------------------------------------------------------------ what happens by itself

    async def wait(self, by: timedelta) -> None:
        """Time passes."""
        until = self.now + by
        await pass_time(self.store, self._decide, self.messenger, self.now, by, self._rooms)
        self.now = until
        for alias, chat in self._where.items():
            if chat != TEAM_ROOM and chat not in self.messenger.rooms:  # whoever is in a room that is closed leaves it
                self._where[alias] = TEAM_ROOM

    async def _staff(self, alias: str, chat: str, kind: str, **values: Any) -> None:
        before = set(self.messenger.rooms)
        event = self._event(chat, kind, alias, private=False, verified=True, **values)
        await self._receive(to_the_desk(event))
        desk = await self.books()
        for case in desk.cases.values():  # who took a case goes into its new room
            holder = desk.members.get(case.counsellor)
            if (
                holder is not None
                and holder.alias == alias
                and case.place is not None
                and case.place.chat not in before
            ):
                self._where[alias] = case.place.chat

    def _of_family(self, kind: str, **values: Any) -> Inbound:
        return self._event(self.family, kind, self.family, **values)

    def _event(self, chat: str, kind: str, sender: str, **values: Any) -> Inbound:
        id = f"e{next(self._numbers)}"
        return Inbound(address=address_of(chat), external_id=id, kind=kind, at=self.now, sender=sender, **values)  # type: ignore[arg-type]  # the callers' literals

    async def _receive(self, inbound: Inbound) -> None:
        await self.store.receive([inbound], None)
        await pump(self.store, self._decide, self.messenger, self.now, self._rooms)
        await self.wait(LINE)

    async def _decide(self, lane: Lane, now: datetime) -> TurnCommit:
        self.now = now
        return await (self.desk if lane.address == DESK else self.conversations).decide(lane, now)


async def begin(settings: Settings, content: Content, store: Store, now: datetime) -> Rehearsal:
    """A team on an empty store, at a moment when it reads: `now`, else when it opens next. Raises ConfigError."""
    desk = app.make_rehearsal_desk(settings, content, store, lambda team: place_of(address_of(TEAM_ROOM)))
    conversations = app.make_conversations(settings, content, store)
    conversations.desk = True
    conversations.honest = Honest(store, desk.policy).content
    opens = desk.policy.team("").hours.next_open(now)
    made = Rehearsal(store, conversations, desk, opens or now)
    await made.team_arrives()
    return made
