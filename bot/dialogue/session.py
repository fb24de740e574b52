"""What the bot remembers of a conversation between turns: plain data with a format version.

`Session`, `Part` and `Frame` are written to only by the `Draft` of a running turn, and only in copies that it made itself;
everybody else treats them as values. (Frozen records cost a third of a turn in copying.)

A phone may be shared: the `adult` and the `child` part each have their own slots, frames and history, and only the
active part is ever read. What both share (owner, language, alerts) lies in the session itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Literal

import msgspec
from msgspec import Struct, field
from msgspec.structs import replace

from bot.vault.retention import days

ONBOARDING = "onboarding"  # the flow in which one gets to know each other
FIRST_QUESTION = (
    "first_question"  # local slot of onboarding: what the first message asked about, `audience:topic`; never words
)
PASSED_OVER = "passed_over"  # local slot: the question at which somebody wrote something else before
OF_THE_STEP = frozenset({FIRST_QUESTION, "candidates", "topic", "told", "look_text", "category", PASSED_OVER})
"""Local slots of Kavi's own flows that hold topic ids and our own sentences, never a word of the person."""
FORMAT = 1

Owner = Literal["bot", "queue", "counsellor", "closed"]
Keep = Literal["turn", "session", "30d", "90d", "case"]
Value = str | int | float | bool | tuple[str, ...] | None

SESSION_LIFETIME = timedelta(days=days("slot_session"))  # without a message
WEEK = 7 * 86400.0  # seconds for which an unclear sign of danger counts
LIFETIMES: Mapping[str, timedelta] = MappingProxyType(
    {name: timedelta(days=days(f"slot_{name}")) for name in ("30d", "90d")}
)


class Slot(Struct, frozen=True, array_like=True):
    """A remembered answer with its lifetime; `at` is when it was given (epoch seconds)."""

    value: Value
    keep: Keep
    at: float


class Frame(Struct, kw_only=True, omit_defaults=True):
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


class Offer(Struct, frozen=True, array_like=True):
    """A button outside any flow: a topic to read or a command to run."""

    label: str
    kind: Literal["topic", "command"]
    value: str


class Part(Struct, kw_only=True, omit_defaults=True):
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
    written: tuple[tuple[int, str], ...] = ()  # messages of the last two days (minute, id), which "Schnell weg" deletes
    complaints: tuple[
        str, ...
    ] = ()  # the messages that complaints were written in: changed ones are no counsellor's either


class Reminder(Struct, frozen=True, array_like=True):
    """What a running timer will do: say a text of a step or start a flow with these slots."""

    flow: str
    step: str
    part: str
    values: tuple[tuple[str, Value], ...] = ()


class Concern(Struct, frozen=True, kw_only=True, array_like=True):
    """Danger noticed lately. `score` counts gentle second looks; `pending` is the category asked about."""

    score: int = 0
    at: float = 0.0
    pending: str = ""
    pending_rule: str = ""
    silence: str = ""  # the category whose automatic answer waits for the counsellor to write first


_NO_CONCERN = Concern()
REACH = timedelta(hours=47)  # messages younger than this "Schnell weg" deletes; Telegram lets go those of 48 hours
MOST_WRITTEN = 100  # of them that are remembered for it


class Session(Struct, kw_only=True, omit_defaults=True):
    """Everything between two turns. `fence` grows with every turn; timers carry the value they were set at."""

    format: int = field(default_factory=lambda: FORMAT)  # from a factory, so that it is always written
    owner: Owner = "bot"
    language: str = "de"
    consent: str = ""  # version of the text agreed to; "" = not (yet)
    consented_at: float = 0.0  # when (epoch seconds); 0 where nobody noted it
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
        """The stored form: compact JSON without default values, stable key order."""
        return _ENCODER.encode(self).decode()

    @classmethod
    def from_text(cls, text: str) -> Session:
        """Reads the stored form of this or an older format.

        Raises ValueError for a newer format, which only a newer program can read, and for what is no session.
        """
        try:
            read = _DECODER.decode(text)
            if read.format <= FORMAT:
                return read
        except (msgspec.MsgspecError, RecursionError) as error:
            if _format_of(text) <= FORMAT:
                raise ValueError("this is no session") from error
        raise ValueError(f"session format {_format_of(text)} is newer than this program knows ({FORMAT})")

    def minimal(self) -> Session:
        """What may be kept before consent: role, age band, language and the step (design rule 5); no text, no slot.

        Which topics were asked about or stand to be chosen belongs to the step: without them an answer would lead nowhere. They
        stay for a day at most, see `bare`.
        """
        part = self.part
        frames = tuple(replace(frame, known=(), narrow=(), local=_of_the_step(frame)) for frame in part.frames)
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

    def bare(self) -> Session:
        """The minimal session when nobody has written for a day: what it was about is gone as well, and a sign of danger
        that does not count any more."""
        part, concern = self.part, self.concern
        frames = tuple(replace(frame, known=(), narrow=(), local={}) for frame in part.frames if not _is_about(frame))
        kept = Part(audience=part.audience, band=part.band, register=part.register, frames=frames)
        counts = self.last_at - concern.at < WEEK
        left = Concern(score=concern.score, at=concern.at, silence=concern.silence) if counts else _NO_CONCERN
        return replace(self, parts={self.active: kept}, reminders={}, concern=left)

    def bare_from(self) -> float | None:
        """When a minimal session is due to become bare (epoch seconds); None when there is nothing to drop."""
        part, concern = self.part, self.concern
        day = self.last_at + SESSION_LIFETIME.total_seconds()
        if (
            part.topic
            or part.offers
            or concern.pending
            or any(frame.local or _is_about(frame) for frame in part.frames)
        ):
            return day
        return max(day, concern.at + WEEK) if concern.at else None


def _is_about(frame: Frame) -> bool:
    """Whether a flow goes on about the message before it."""
    return frame.flow.startswith(("repair.", "safety."))


def _of_the_step(frame: Frame) -> dict[str, Value]:
    ours = frame.flow == "onboarding" or _is_about(frame)
    return {name: value for name, value in frame.local.items() if ours and name in OF_THE_STEP}


class _Format(Struct):
    format: int


def _format_of(text: str) -> int:
    """The format that a text says of itself; 0 when it says none."""
    try:
        return _FORMAT_OF.decode(text).format
    except (msgspec.MsgspecError, RecursionError):
        return 0


_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(Session)
_FORMAT_OF = msgspec.json.Decoder(_Format)


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
