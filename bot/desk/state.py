"""What the desk remembers: cases and the people who work on them. Plain data with JSON forms.

A `Desk` is a value: `decide` copies what it changes. Texts and names of chats stand only in cases, whose stored form is
sealed with the key of the conversation; forgetting a conversation takes its case with it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, Literal, NamedTuple, TypeVar

from bot.dialogue.session import Owner
from bot.machines import Place

Urgency = Literal["emergency", "urgent", "normal"]
Presence = Literal["da", "pause", "weg"]
Role = Literal["counsellor", "supervisor", "admin", "editor"]

ROLES: tuple[Role, ...] = ("counsellor", "supervisor", "admin", "editor")
MAX_LINKS = 300  # relayed messages of a case that can still be answered, edited or deleted
MAX_NOTES = 100
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Link:
    """One message on both sides. `staff` and `family` are the messengers' ids; `who` wrote it."""

    staff: str
    family: str
    who: Literal["family", "counsellor"]
    text: str = ""


@dataclass(frozen=True, slots=True)
class Note:
    """Written by staff for staff. Nothing turns a note into words for a family: it has no place among `Outgoing`."""

    at: float
    by: str
    text: str
    message: str = ""


@dataclass(frozen=True, slots=True)
class AlertMark:
    """An alert that belongs to a case."""

    id: str
    category: str
    level: str
    urgency: str
    at: float
    seen_by: str = ""
    step: int = 0  # how far up the ladder it has been called


@dataclass(frozen=True, slots=True)
class Shown:
    """Something for a case's room that is on its way or waits for the room. `family` is the family's message it shows."""

    text: str
    family: str = ""
    kind: str = "text"
    blob: str = ""
    media: str = ""
    reply_to: str = ""
    alias: str = ""  # of another family member, in merged cases


@dataclass(frozen=True, slots=True)
class Draft:
    """Words that wait for "senden" under the message `id`; only a press or that word lets them out."""

    id: str
    text: str
    choices: tuple[str, ...] = ()


class Ask(NamedTuple):
    """A question of the desk under a message of its own. `chat` tells where, for a messenger may number each chat anew."""

    message: str
    question: str
    chat: str = ""  # "" of one asked before this was kept


@dataclass(slots=True, kw_only=True)
class Case:
    """One family's matter at the desk. Times are epoch seconds, 0 = never. `epoch` grows with every change of owner."""

    code: str
    conversation: str
    owner: Owner = "bot"
    counsellor: str = ""
    offered: str = ""  # member to whom it is offered; she has not accepted yet
    offered_at: float = 0.0
    urgency: Urgency = "normal"
    reason: str = ""
    team: str = ""
    audience: str = ""
    band: str = ""
    language: str = "de"
    land: str = ""
    watched: bool = False  # somebody else may read along on the family's phone
    alias: str = ""
    slots: tuple[tuple[str, str], ...] = ()
    alerts: tuple[AlertMark, ...] = ()
    opened: float = 0.0
    queued: float = 0.0
    taken: float = 0.0
    closed: float = 0.0
    family_at: float = 0.0  # the family's last words that nobody has answered
    answered_at: float = 0.0
    epoch: int = 0
    step: int = 0  # how far up the ladder somebody was called because nobody takes it
    waits: int = 0  # waiting texts told
    place: Place | None = None
    room: int = 0  # number of the room request
    room_tries: int = 0
    rooms: tuple[Place, ...] = ()  # those it has left; they go for good when the case does
    cards: tuple[tuple[Place, str], ...] = ()  # where its card stands: place and message id
    asks: tuple[Ask, ...] = ()  # what a keycap under a message means
    pending: tuple[tuple[str, Shown], ...] = ()  # (report, what): sent, not yet known to have arrived
    backlog: tuple[Shown, ...] = ()  # waits for the room
    links: tuple[Link, ...] = ()
    notes: tuple[Note, ...] = ()
    drafts: tuple[Draft, ...] = ()
    outgoing: tuple[tuple[str, str], ...] = ()  # (staff message, text) on the way to the family
    album: str = ""  # the album whose first file a counsellor let out: the others follow it
    labels: tuple[str, ...] = ()
    last: str = ""  # the counsellor of before
    passed_over: tuple[str, ...] = ()  # members about whom the family complained: it meets none of them again by chance
    merged: str = ""  # code of the case in whose room this one is shown
    outcome: str = ""
    lent: str = ""  # flow that the bot runs for the counsellor meanwhile
    reachable: bool = True
    checklist: int = -1  # step of the child-protection checklist, -1 = not begun


class ShownVoice(NamedTuple):
    """A message about a recording in a chat of staff; `what` is card, sound, judge or reason."""

    place: Place
    message: str
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """A parent's recording that waits for a counsellor to listen. No word, no name; `voice` names its sealed file."""

    code: str
    id: str
    voice: str
    kind: str
    group: str
    family: str  # conversation
    came: float
    shown: tuple[ShownVoice, ...] = ()
    heard: tuple[str, ...] = ()  # members to whom it was played


@dataclass(slots=True, kw_only=True)
class Member:
    """Somebody of the team. `identities` are (messenger, account of the person there), linked by a one-time code."""

    id: str
    alias: str
    roles: tuple[Role, ...] = ("counsellor",)
    teams: tuple[str, ...] = ()
    languages: tuple[str, ...] = ("de",)
    cap: int = 6
    identities: tuple[tuple[str, str], ...] = ()
    presence: Presence = "weg"
    since: float = 0.0
    active: bool = True
    code_hash: str = ""
    code_until: float = 0.0
    hidden: tuple[str, ...] = ()  # conversations of families she knows
    heavy: int = 0  # urgent cases in a row
    taken: int = 0  # of this shift
    closed: int = 0
    written: int = 0

    def has(self, *roles: Role) -> bool:
        """Whether she has one of these roles."""
        return any(role in self.roles for role in roles)


@dataclass(slots=True, kw_only=True)
class Common:
    """What belongs to no case: today's waiting times, the drill, forums' sends of the last minute, blocked families."""

    day: str = ""
    waits: tuple[int, ...] = ()  # seconds that those who were taken today had waited
    drill: str = ""
    drill_at: float = 0.0
    blocked: tuple[str, ...] = ()  # conversations
    moves: tuple[tuple[str, str, str], ...] = ()  # (messenger, old chat, new chat) of places in the settings
    watched: float = 0.0  # when the watchdog last looked
    audit: int = 0
    audit_hash: str = ""


@dataclass(slots=True)
class Desk:
    """Everything at once; `touched` names what a decision changed: ("case", code), ("review", code), ("member", id), ("common", "")."""

    cases: dict[str, Case] = field(default_factory=dict)
    members: dict[str, Member] = field(default_factory=dict)
    reviews: dict[str, Review] = field(default_factory=dict)  # by code
    common: Common = field(default_factory=Common)
    sends: dict[str, tuple[float, ...]] = field(default_factory=dict)  # of each forum in the last minute; not stored
    strangers: dict[str, float] = field(default_factory=dict)  # when an unknown sender was last told so; not stored

    def copy(self) -> Desk:
        """A copy whose records are shared until they are edited."""
        return Desk(
            dict(self.cases),
            dict(self.members),
            dict(self.reviews),
            self.common,
            dict(self.sends),
            dict(self.strangers),
        )

    def case_of(self, conversation: str) -> Case | None:
        """The newest case of a conversation."""
        found = [case for case in self.cases.values() if case.conversation == conversation]
        return max(found, key=lambda case: (case.owner != "closed", case.opened), default=None)

    def cases_at(self, place: Place) -> list[Case]:
        """The cases whose messages are shown in that room; the room's own first, merged ones after it."""
        found = [case for case in self.cases.values() if case.place == place]
        return sorted(found, key=lambda case: (bool(case.merged), case.opened))

    def member_at(self, messenger: str, sender: str) -> Member | None:
        """Whose account that is; None for strangers and those who left the team."""
        for member in self.members.values():
            if member.active and (messenger, sender) in member.identities:
                return member
        return None

    def load(self, member: str) -> int:
        """How many open cases she has."""
        return sum(case.owner == "counsellor" and case.counsellor == member for case in self.cases.values())

    def queue(self) -> list[Case]:
        """Who waits, in the order in which they should be taken: danger first, then those who waited longest."""
        waiting = [case for case in self.cases.values() if case.owner == "queue"]
        return sorted(waiting, key=lambda case: (URGENCIES.index(case.urgency), case.queued, case.code))


URGENCIES: tuple[Urgency, ...] = ("emergency", "urgent", "normal")

# ------------------------------------------------------------------ the stored forms


def to_text(record: Case | Member | Common | Review) -> str:
    """Compact JSON without default values."""
    plain = {name: getattr(record, name) for name in _NAMES[type(record)]}
    empty = _EMPTY[type(record)]
    kept = {name: _plain(value) for name, value in plain.items() if name not in empty or value != empty[name]}
    return json.dumps(kept, ensure_ascii=False, separators=(",", ":"))


def _plain(value: object) -> object:
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, (Link, Note, AlertMark, Shown, Draft)):
        return {name: getattr(value, name) for name in _NAMES[type(value)]}  # flat, so no need for the slow asdict
    return value


def case_from(text: str) -> Case:
    """The case of such a text; fields that this program does not know are passed over."""
    data = json.loads(text)
    for name, kind in (("alerts", AlertMark), ("links", Link), ("notes", Note), ("backlog", Shown), ("drafts", Draft)):
        if name in data:
            data[name] = tuple(_record(kind, row) for row in data[name])
    for name in ("slots", "outgoing"):
        if name in data:
            data[name] = tuple((str(row[0]), str(row[1])) for row in data[name])
    if "asks" in data:
        data["asks"] = tuple(Ask(*map(str, row)) for row in data["asks"])
    if "cards" in data:
        data["cards"] = tuple((Place(*row[0]), str(row[1])) for row in data["cards"])
    if "pending" in data:
        data["pending"] = tuple((str(row[0]), _record(Shown, row[1])) for row in data["pending"])
    if data.get("place"):
        data["place"] = Place(*data["place"])
    if "rooms" in data:
        data["rooms"] = tuple(Place(*row) for row in data["rooms"])
    for name in ("labels", "passed_over"):
        if name in data:
            data[name] = tuple(data[name])
    return _record(Case, data)


def review_from(text: str) -> Review:
    """The review of such a text."""
    data = json.loads(text)
    data["shown"] = tuple(ShownVoice(Place(*row[0]), str(row[1]), str(row[2])) for row in data.get("shown", ()))
    return _record(Review, data)


def traces(case: Case) -> Case:
    """What is needed to remove a case from the chats of staff: places and message ids, no word."""
    links = tuple(replace(link, family="", text="") for link in case.links if link.staff)
    return Case(
        code=case.code, conversation=case.conversation, room=case.room, place=case.place, rooms=case.rooms,
        cards=case.cards, links=links, merged=case.merged,
    )  # fmt: skip


def member_from(text: str) -> Member:
    """The member of such a text."""
    data = json.loads(text)
    for name in ("roles", "teams", "languages", "hidden"):
        if name in data:
            data[name] = tuple(data[name])
    if "identities" in data:
        data["identities"] = tuple((row[0], row[1]) for row in data["identities"])
    return _record(Member, data)


def common_from(text: str) -> Common:
    """The common part of such a text."""
    data = json.loads(text)
    for name in ("waits", "blocked"):
        if name in data:
            data[name] = tuple(data[name])
    data["moves"] = tuple((row[0], row[1], row[2]) for row in data.get("moves", ()))
    return _record(Common, data)


def _record(kind: type[T], data: Mapping[str, Any]) -> T:
    known = _NAMES[kind]
    return kind(**{name: tuple(v) if isinstance(v, list) else v for name, v in data.items() if name in known})


_NAMES: Mapping[type, tuple[str, ...]] = {
    kind: tuple(f.name for f in fields(kind))
    for kind in (Case, Member, Common, Review, Link, Note, AlertMark, Shown, Draft)
}  # asked for often, and `fields` is slow
_EMPTY: Mapping[type, Mapping[str, Any]] = {
    Case: {k: v for k, v in asdict(Case(code="", conversation="")).items() if k not in ("code", "conversation")},
    Member: {k: v for k, v in asdict(Member(id="", alias="")).items() if k not in ("id", "alias")},
    Common: asdict(Common()),
    Review: {"shown": (), "heard": ()},
}
