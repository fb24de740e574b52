"""What the bot remembers of a conversation between turns: plain data with a format version.

`Session`, `Part` and `Frame` are written to only by the `Draft` of a running turn, and only in copies that it made itself;
everybody else treats them as values. (Frozen records cost a third of a turn in copying.)

A phone may be shared: the `adult` and the `child` part each have their own slots, frames and history, and only the
active part is ever read. What both share (owner, language, alerts) lies in the session itself.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Literal, TypeVar

from bot.vault.retention import days

FIRST_QUESTION = "first_question"  # local slot of onboarding: what the first message asked about; topics, never words
FORMAT = 1
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False).encode

Record = TypeVar("Record")
Owner = Literal["bot", "queue", "counsellor", "closed"]
Keep = Literal["turn", "session", "30d", "90d", "case"]
Value = str | int | float | bool | tuple[str, ...] | None

SESSION_LIFETIME = timedelta(days=days("slot_session"))  # without a message
LIFETIMES: Mapping[str, timedelta] = MappingProxyType(
    {name: timedelta(days=days(f"slot_{name}")) for name in ("30d", "90d")}
)


@dataclass(frozen=True, slots=True)
class Slot:
    """A remembered answer with its lifetime; `at` is when it was given (epoch seconds)."""

    value: Value
    keep: Keep
    at: float


@dataclass(slots=True, kw_only=True)
class Frame:
    """One running flow on the stack: where it stands and what it needs to go on.

    `version` is the fingerprint of the flow that `step` belongs to. `question` is the id of the open asking ("" when
    none is open), `attempts` counts refused answers to it, `answered` the steps answered so far (for "back" and
    corrections), `known` slots that must not be asked again, `narrow` the options of a "did you mean".
    """

    flow: str
    version: str
    step: str
    question: str = ""
    attempts: int = 0
    answered: tuple[str, ...] = ()
    known: tuple[str, ...] = ()
    narrow: tuple[tuple[str, str], ...] = ()
    local: Mapping[str, Value] = field(default_factory=dict)  # slots of `keep: turn` and arguments of a call


@dataclass(frozen=True, slots=True)
class Offer:
    """A button outside any flow: a topic to read or a command to run."""

    label: str
    kind: Literal["topic", "command", "flow"]
    value: str


@dataclass(slots=True, kw_only=True)
class Part:
    """One person on this phone."""

    audience: str = ""
    band: str = ""
    register: str = "plain"
    frames: tuple[Frame, ...] = ()
    slots: Mapping[str, Slot] = field(default_factory=dict)
    offers: tuple[Offer, ...] = ()
    offers_question: str = ""
    topic: str = ""  # the last one answered, for follow-ups
    recent: tuple[tuple[float, str], ...] = ()  # texts of the last seconds (epoch, text), for bursts
    misses: int = 0  # misunderstandings in a row
    echo: tuple[str, int] = ("", 0)  # digest of the last reply and how often in a row it was said
    deferred: str = ""  # a question put off until the flow has ended


@dataclass(frozen=True, slots=True)
class Reminder:
    """What a running timer will do: say a text of a step or start a flow with these slots."""

    flow: str
    step: str
    part: str
    values: tuple[tuple[str, Value], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Concern:
    """Danger noticed lately. `score` counts gentle second looks; `pending` is the category asked about."""

    score: int = 0
    at: float = 0.0
    pending: str = ""
    pending_rule: str = ""
    silence: str = ""  # the category whose automatic answer waits for the counsellor to write first


_NO_CONCERN = Concern()


@dataclass(slots=True, kw_only=True)
class Session:
    """Everything between two turns. `fence` grows with every turn; timers carry the value they were set at."""

    format: int = FORMAT
    owner: Owner = "bot"
    language: str = "de"
    consent: str = ""  # version of the text agreed to; "" = not (yet)
    active: str = "adult"
    parts: Mapping[str, Part] = field(default_factory=lambda: {"adult": Part()})
    reminders: Mapping[str, Reminder] = field(default_factory=dict)
    concern: Concern = _NO_CONCERN
    fence: int = 0
    last_at: float = 0.0
    alias: str = ""  # of the counsellor who speaks
    lent: str = ""  # flow that the bot runs for her; she owns the conversation again when it has ended
    waiting_since: float = 0.0
    reopens_until: float = 0.0  # so long after closing a new message goes to the counsellor of before
    watched: bool = False  # watched-phone mode
    reachable: bool = True

    @property
    def part(self) -> Part:
        """The part that is active now."""
        return self.parts[self.active]

    def to_text(self) -> str:
        """The stored form: compact JSON, stable key order."""
        return _encode(_session_plain(self))

    @classmethod
    def from_text(cls, text: str) -> Session:
        """Reads the stored form of this or an older format.

        Raises ValueError for a newer format, which only a newer program can read.
        """
        data: dict[str, Any] = json.loads(text)
        if data["format"] > FORMAT:
            raise ValueError(f"session format {data['format']} is newer than this program knows ({FORMAT})")
        return _session(data)

    def minimal(self) -> Session:
        """What may be kept before consent: role, age band, language and the step (design rule 5); no text, no slot.

        Which topics the first message asked about belongs to the step: it says what onboarding does when it has ended.
        """
        part = self.part
        frames = tuple(
            replace(frame, known=(), narrow=(), local={k: v for k, v in frame.local.items() if k == FIRST_QUESTION})
            for frame in part.frames
        )
        kept = Part(
            audience=part.audience,
            band=part.band,
            register=part.register,
            frames=frames,
            offers=part.offers,
            offers_question=part.offers_question,
            misses=part.misses,
            topic=part.topic,
        )
        return replace(self, parts={self.active: kept}, reminders={})


def copy_of(record: Record) -> Record:
    """A shallow copy, much faster than `dataclasses.replace`."""
    kind = type(record)
    new = kind.__new__(kind)
    for name in _NAMES[kind]:
        setattr(new, name, getattr(record, name))
    return new


_NAMES: Mapping[type, tuple[str, ...]] = {kind: tuple(f.name for f in fields(kind)) for kind in (Frame, Part, Session)}


def _frame_plain(frame: Frame) -> dict[str, Any]:
    """A frame without its default values."""
    plain: dict[str, Any] = {"flow": frame.flow, "version": frame.version, "step": frame.step}
    for name in ("question", "attempts", "answered", "known", "narrow"):
        value = getattr(frame, name)
        if value:
            plain[name] = value
    if frame.local:
        plain["local"] = dict(frame.local)
    return plain


def _part_plain(part: Part) -> dict[str, Any]:
    plain: dict[str, Any] = {}
    for name in ("audience", "band", "offers_question", "topic", "recent", "misses", "deferred"):
        value = getattr(part, name)
        if value:
            plain[name] = value
    if part.register != "plain":
        plain["register"] = part.register
    if part.frames:
        plain["frames"] = [_frame_plain(frame) for frame in part.frames]
    if part.slots:
        plain["slots"] = {name: (slot.value, slot.keep, slot.at) for name, slot in part.slots.items()}
    if part.offers:
        plain["offers"] = [(offer.label, offer.kind, offer.value) for offer in part.offers]
    if part.echo[0]:
        plain["echo"] = part.echo
    return plain


def _session_plain(session: Session) -> dict[str, Any]:
    plain: dict[str, Any] = {
        "format": FORMAT,
        "parts": {name: _part_plain(part) for name, part in session.parts.items()},
    }
    for name in ("consent", "fence", "last_at", "alias", "lent", "waiting_since", "reopens_until", "watched"):
        value = getattr(session, name)
        if value:
            plain[name] = value
    for name, default in (("owner", "bot"), ("language", "de"), ("active", "adult"), ("reachable", True)):
        value = getattr(session, name)
        if value != default:
            plain[name] = value
    if session.reminders:
        plain["reminders"] = {name: (r.flow, r.step, r.part, r.values) for name, r in session.reminders.items()}
    if session.concern != _NO_CONCERN:
        concern = session.concern
        plain["concern"] = (concern.score, concern.at, concern.pending, concern.pending_rule, concern.silence)
    return plain


def _pairs(rows: Any) -> tuple[tuple[str, Any], ...]:
    return tuple((row[0], _value(row[1])) for row in rows)


def _value(value: Any) -> Value:
    return tuple(value) if isinstance(value, list) else value


def _concern(row: list[Any]) -> Concern:
    return Concern(score=row[0], at=row[1], pending=row[2], pending_rule=row[3], silence=row[4])


def _frame(data: dict[str, Any]) -> Frame:
    return Frame(
        flow=data["flow"],
        version=data["version"],
        step=data["step"],
        question=data.get("question", ""),
        attempts=data.get("attempts", 0),
        answered=tuple(data.get("answered", ())),
        known=tuple(data.get("known", ())),
        narrow=_pairs(data.get("narrow", ())),
        local={key: _value(item) for key, item in data.get("local", {}).items()},
    )


def _part(data: dict[str, Any]) -> Part:
    echo = data.get("echo", ("", 0))
    return Part(
        audience=data.get("audience", ""),
        band=data.get("band", ""),
        register=data.get("register", "plain"),
        frames=tuple(_frame(frame) for frame in data.get("frames", ())),
        slots={name: Slot(_value(row[0]), row[1], row[2]) for name, row in data.get("slots", {}).items()},
        offers=tuple(Offer(*row) for row in data.get("offers", ())),
        offers_question=data.get("offers_question", ""),
        topic=data.get("topic", ""),
        recent=tuple((row[0], row[1]) for row in data.get("recent", ())),
        misses=data.get("misses", 0),
        echo=(echo[0], echo[1]),
        deferred=data.get("deferred", ""),
    )


def _session(data: dict[str, Any]) -> Session:
    return Session(
        format=FORMAT,
        owner=data.get("owner", "bot"),
        language=data.get("language", "de"),
        consent=data.get("consent", ""),
        active=data.get("active", "adult"),
        parts={name: _part(part) for name, part in data["parts"].items()},
        reminders={
            name: Reminder(row[0], row[1], row[2], _pairs(row[3])) for name, row in data.get("reminders", {}).items()
        },
        concern=_concern(data["concern"]) if "concern" in data else _NO_CONCERN,
        fence=data.get("fence", 0),
        last_at=data.get("last_at", 0.0),
        alias=data.get("alias", ""),
        lent=data.get("lent", ""),
        waiting_since=data.get("waiting_since", 0.0),
        reopens_until=data.get("reopens_until", 0.0),
        watched=data.get("watched", False),
        reachable=data.get("reachable", True),
    )


def fresh(slots: Mapping[str, Slot], now: datetime, last_at: float) -> dict[str, Slot]:
    """The slots whose lifetime has not run out at `now`."""
    stamp = now.timestamp()
    away = stamp - last_at > SESSION_LIFETIME.total_seconds()
    return {
        name: slot
        for name, slot in slots.items()
        if not (slot.keep == "turn" or (slot.keep == "session" and away))
        and not (slot.keep in LIFETIMES and stamp - slot.at > LIFETIMES[slot.keep].total_seconds())
    }


def slots_end(session: Session) -> float | None:
    """When the next slot's lifetime runs out if nothing more is said (epoch seconds); None when none does by itself."""
    slots = [slot for part in session.parts.values() for slot in part.slots.values()]
    ends = [slot.at + LIFETIMES[slot.keep].total_seconds() for slot in slots if slot.keep in LIFETIMES]
    ends += [session.last_at + SESSION_LIFETIME.total_seconds() for slot in slots if slot.keep == "session"]
    return min(ends, default=None)
