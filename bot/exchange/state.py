"""What the exchange knows: institutions that joined, and referrals with where they stand."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from bot.machines import Place

State = Literal["offered", "sent", "seen", "accepted", "met", "ended"]
STATES: tuple[State, ...] = ("offered", "sent", "seen", "accepted", "met", "ended")

Outcome = Literal["", "closed", "declined", "withdrawn", "refused", "returned", "expired"]
"""How a referral ended; "" while it goes on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """A function of an institution and how to reach it; no name. `confirmed`: epoch seconds when its own people last said so."""

    id: str
    function: str
    phone: str = ""
    mail: str = ""
    hours: str = ""
    confirmed: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Institution:
    """A service that accepts referrals, or a house that only tells how to reach it (without `kinds`).

    Its people are conversations that joined with a one-time code; nobody has a name.
    """

    id: str
    name: str
    kinds: tuple[str, ...] = ()
    laender: tuple[str, ...] = ()  # two letters each; empty: everywhere
    people: tuple[str, ...] = ()  # conversation ids
    open: bool = True  # takes new referrals
    confirmed: float = 0.0  # epoch seconds when its own people last said that this is right
    code_hash: str = ""
    code_until: float = 0.0  # epoch seconds
    prison: str = ""  # its id in the directory of prisons, when it is one
    contacts: tuple[Contact, ...] = ()
    accounts: Mapping[str, str] = field(default_factory=dict)  # conversation of one of its people -> account on Matrix


@dataclass(frozen=True, slots=True, kw_only=True)
class Referral:
    """One referral without any text: who takes part, where it stands, since when."""

    code: str
    state: State
    professional: str  # conversation id
    institution: str
    land: str = ""
    kind: str = ""
    family: str = ""  # conversation id, once the family has looked at it
    outcome: Outcome = ""
    since: Mapping[str, float] = field(default_factory=dict)  # state -> epoch seconds

    @property
    def live(self) -> bool:
        """Whether anything can still happen to it."""
        return self.state != "ended"

    @property
    def standing(self) -> str:
        """How it ended, or the state it is in."""
        return self.outcome or self.state


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """The words of a referral, sealed with the key of the family as soon as there is one: erasing her removes them.

    `contact` is how the family wishes to be reached, `reply` what the service wrote to the family.
    """

    code: str
    text: str
    age: str = ""
    urgency: str = ""
    contact: str = ""
    reply: str = ""


RoomState = Literal["asked", "opening", "open", "closed"]

RoomOutcome = Literal["", "declined", "unanswered", "withdrawn", "ended", "failed"]
"""How a room ended; "" while it goes on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """A protected room on Matrix where professionals of several institutions talk about one family. No text is kept of it."""

    code: str
    state: RoomState
    purpose: str = ""  # one of a closed list
    until: float = 0.0  # epoch seconds: then it is closed
    referral: str = ""
    starter: str = ""  # conversation of the professional who began it
    family: str = ""  # conversation
    institutions: tuple[str, ...] = ()
    users: tuple[str, ...] = ()  # accounts on Matrix that were invited
    place: Place | None = None
    outcome: RoomOutcome = ""
    ended: float = 0.0  # epoch seconds

    @property
    def live(self) -> bool:
        """Whether anything can still happen to it."""
        return self.state != "closed"

    @property
    def standing(self) -> str:
        """How it ended, or the state it is in."""
        return self.outcome or self.state


@dataclass(frozen=True, slots=True, kw_only=True)
class Minute:
    """A short note of a meeting, kept for a while."""

    at: float  # epoch seconds
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """An open point: who does what until when."""

    number: int
    who: str
    what: str
    due: str  # ISO day, "" for none


@dataclass(frozen=True, slots=True, kw_only=True)
class Circle:
    """The standing room of a Land for prisons, youth offices, associations and ministries; what it keeps was ordered there."""

    land: str
    state: Literal["opening", "open", "closed"] = "opening"
    place: Place | None = None
    users: tuple[str, ...] = ()  # accounts on Matrix that were invited
    meeting: float = 0.0  # epoch seconds of the next one, 0 for none
    about: str = ""
    agenda: tuple[str, ...] = ()
    minutes: tuple[Minute, ...] = ()  # oldest first
    tasks: tuple[Task, ...] = ()
    given: int = 0  # numbers of tasks given so far


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """Everything together. `guesses`: conversation -> (wrong codes, epoch seconds of the first), against trying out codes."""

    institutions: Mapping[str, Institution] = field(default_factory=dict)
    referrals: Mapping[str, Referral] = field(default_factory=dict)
    needs: Mapping[str, Need] = field(default_factory=dict)
    guesses: Mapping[str, tuple[int, float]] = field(default_factory=dict)
    rooms: Mapping[str, Room] = field(default_factory=dict)
    circles: Mapping[str, Circle] = field(default_factory=dict)  # by Land


def to_text(item: Institution | Referral | Need | Room | Circle) -> str:
    """The stored form."""
    return json.dumps(asdict(item), ensure_ascii=False, separators=(",", ":"))


def institution_from(text: str) -> Institution:
    """Back from the stored form."""
    data = json.loads(text)
    for name in ("kinds", "laender", "people"):
        data[name] = tuple(data[name])
    data["contacts"] = tuple(Contact(**one) for one in data.get("contacts", ()))
    return Institution(**data)


def referral_from(text: str) -> Referral:
    """Back from the stored form."""
    return Referral(**json.loads(text))


def need_from(text: str) -> Need:
    """Back from the stored form."""
    return Need(**json.loads(text))


def _place(stored: Any) -> Place | None:
    """Back from the stored form, also from the earlier one with names."""
    if not stored:
        return None
    return Place(**stored) if isinstance(stored, dict) else Place(*stored)


def room_from(text: str) -> Room:
    """Back from the stored form."""
    data = json.loads(text)
    for name in ("institutions", "users"):
        data[name] = tuple(data[name])
    data["place"] = _place(data["place"])
    return Room(**data)


def circle_from(text: str) -> Circle:
    """Back from the stored form."""
    data = json.loads(text)
    data["place"] = _place(data["place"])
    data["minutes"] = tuple(Minute(**one) for one in data["minutes"])
    data["tasks"] = tuple(Task(**one) for one in data["tasks"])
    for name in ("users", "agenda"):
        data[name] = tuple(data[name])
    return Circle(**data)
