"""What is known of recorded voices: who invited, who recorded, where each stands. No word, no name, no sound."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Literal

from bot.vault.codes import Guesses

State = Literal["invited", "joined", "offered", "asked", "review", "ready", "heard", "ended"]
STATES: tuple[State, ...] = ("invited", "joined", "offered", "asked", "review", "ready", "heard", "ended")

Group = Literal["small", "child", "teen"]
"""Who gets it: under 6 the caregiver plays it, from 6 the child part does, from 14 the child decides as well."""

Part = Literal["adult", "child"]
"""Of a phone: who holds it. In a child's own chat its owner is in the first, as everybody in theirs."""

TEEN, SCHOOL = 14, 6  # years


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """One recorded voice. `voice` is the name of the sealed file; `since` tells when each state began (epoch seconds).

    Why it ended is not kept, so that nobody can be asked for it.
    """

    id: str
    state: State
    code_hash: str
    caregiver: str  # conversation id; "" once erased
    group: Group
    parent: str = ""  # conversation id, once the code was entered
    child: str = (
        ""  # conversation id of a child from 14 that entered its own code; "" = the child part of the family's phone
    )
    child_code: str = ""  # hash of that code, until it was entered
    kind: str = ""  # "message" or "story"
    voice: str = ""
    told: bool = False  # the parent knows what became of it: it arrived, or its time is over
    since: Mapping[str, float] = field(default_factory=dict)

    @property
    def listener(self) -> tuple[str, Part]:
        """Who answers and hears it: (conversation, part of the phone)."""
        if self.group == "small":
            return self.caregiver, "adult"
        return (self.child, "adult") if self.child else (self.caregiver, "child")

    @property
    def people(self) -> frozenset[str]:
        """The conversations that have to do with it."""
        return frozenset({self.caregiver, self.parent, self.child} - {""})

    @property
    def live(self) -> bool:
        """Whether anything can still happen to it."""
        return self.state != "ended"

    @property
    def sent(self) -> float:
        """When the parent sent it; 0 before."""
        return self.since.get("offered", 0.0)

    @property
    def seen_by_parent(self) -> str:
        """All that its parent may know: `arrived`, `over`, or `waiting` for everything else."""
        if not self.told:
            return "waiting"
        return "arrived" if "heard" in self.since else "over"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recordings:
    """Everything together."""

    recordings: Mapping[str, Recording] = field(default_factory=dict)  # by id
    guesses: Guesses = field(default_factory=dict)


def known_to(recordings: Recordings, who: str, part: str) -> list[str]:
    """What may be told to whoever holds that part of the phone about each recording: `code`, `family`, `child`, or what its parent
    may know (`waiting`, `arrived`, `over`)."""
    words = []
    for one in recordings.recordings.values():
        if one.live and one.group != "small" and one.listener == (who, part):
            words += ["child"] if one.state in ("asked", "ready", "heard") else []
        elif one.caregiver == who and one.live:
            if part == "adult":
                words.append("code" if one.state in ("invited", "joined") else "family")
        elif one.parent == who and part == "adult" and one.sent and "deleted" not in one.since:
            words.append(one.seen_by_parent)
    return words


def take_of(id: str) -> str:
    """The name of the file while its parent still records; each take replaces the one before."""
    return f"take-{id}"


def group_of(age: int) -> Group:
    """The group of a child of that age."""
    return "teen" if age >= TEEN else "child" if age >= SCHOOL else "small"


def to_text(one: Recording) -> str:
    """The stored form."""
    return json.dumps(asdict(one), separators=(",", ":"))


def recording_from(text: str) -> Recording:
    """Back from the stored form."""
    return Recording(**json.loads(text))
