"""The turn while it is being decided: the session so far and the effects so far.

Nothing here leaves the turn; `turn()` freezes a draft into a `Turn`.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from msgspec.structs import replace

from bot.dialogue.content import Content
from bot.dialogue.effects import Attachment, CancelTimer, Choice, Effect, Record, Reply, ReportTrouble, StartTimer
from bot.dialogue.flow import Flow
from bot.dialogue.rendering import Lookup, Reader, berlin_day, fill, text_of
from bot.dialogue.session import Frame, Keep, Offer, Part, Session, Slot, Value

MAX_FRAMES = 12
MAX_NESTED = 3  # times that a flow stands on the stack
REMEMBER = "repair.remember"  # asks for consent before a flow that cannot do without
PROFILE_SLOTS = frozenset({"audience", "band", "register"})  # kept as fields of the part, not as slots


def asked_at(question: str) -> tuple[int, int]:
    """Which turn made this id of an asking and where in it: later ids compare greater; (0, 0) for none."""
    turn, _, place = question.removeprefix("q").partition(".")
    return (int(turn, 16), int(place, 16)) if turn and place else (0, 0)


def digest(texts: Iterable[str]) -> str:
    """What a turn said, short enough to keep: equal texts and labels give the same."""
    said = "\n".join(texts)
    return f"{zlib.crc32(said.encode()):x}"


class Draft:
    """One turn in the making; it owns copies of the session, its parts and their frames, and writes into them.

    `trigger` is the text that began it, `silent_for` how long nothing had happened before; `unasked` says that a timer
    began it (what was asked days ago is not asked again then), `waiting` that nothing more is to be walked."""

    __slots__ = ("at", "content", "effects", "session", "silent_for", "steps", "today", "trace", "trigger", "unasked",
                 "waiting")  # fmt: skip

    def __init__(
        self, content: Content, session: Session, at: datetime, trigger: str = "", silent_since: float = 0.0
    ) -> None:
        self.content = content
        self.session = session
        self.at = at
        self.today = berlin_day(at)
        self.trigger = trigger
        self.silent_for = timedelta(seconds=max(0.0, at.timestamp() - silent_since))
        self.effects: list[Effect] = []
        self.steps = 0
        self.trace: list[tuple[str, str, str]] = []
        self.unasked = False
        self.waiting = False

    # ------------------------------------------------------------------ reading

    @property
    def part(self) -> Part:
        session = self.session  # asked for thirty times a turn: one call, not two
        return session.parts[session.active]

    @property
    def top(self) -> Frame | None:
        session = self.session
        frames = session.parts[session.active].frames
        return frames[-1] if frames else None

    @property
    def reader(self) -> Reader:
        return Reader.of(self.session)

    @property
    def has_spoken(self) -> bool:
        return any(isinstance(effect, Reply) for effect in self.effects)

    def flow_of(self, frame: Frame) -> Flow | None:
        return self.content.flows.get(frame.flow)

    def value(self, name: str) -> Value:
        """The value of a slot, first of the running flow, then of the part."""
        top = self.top
        if top is not None and name in top.local:
            return top.local[name]
        slot = self.part.slots.get(name)
        return slot.value if slot is not None else None

    def lookup(self, extra: Mapping[str, Value] | None = None) -> Lookup:
        local: dict[str, Value] = dict(self.top.local) if self.top is not None else {}
        local.update(extra or {})
        return Lookup(self.content, self.session, local, self.today)

    # ------------------------------------------------------------------ changing the session

    def change(self, **values: object) -> None:
        """Sets fields of the session (the draft's own copy)."""
        for name, value in values.items():
            setattr(self.session, name, value)

    def change_part(self, **values: object) -> None:
        """Sets fields of the active part (the draft's own copy)."""
        part = self.session.parts[self.session.active]
        for name, value in values.items():
            setattr(part, name, value)

    def change_top(self, **values: object) -> None:
        """Sets fields of the frame on top (the draft's own copy)."""
        frame = self.part.frames[-1]
        for name, value in values.items():
            setattr(frame, name, value)

    def change_concern(self, **values: object) -> None:
        """Sets fields of what is remembered of danger."""
        self.session.concern = replace(self.session.concern, **values)

    def set_slot(self, name: str, value: Value, keep: Keep) -> None:
        """Remembers an answer; profile slots change who reads, `language` and `consent` the talk itself."""
        if name in PROFILE_SLOTS:
            self.change_part(**{name: str(value or "")})
        elif name == "language":
            self.change(language=str(value or "de"))
        elif keep == "turn" and self.top is not None:
            self.change_top(local={**self.top.local, name: value})
        else:
            slot = Slot(value, "session" if keep == "turn" else keep, self.at.timestamp())
            self.change_part(slots={**self.part.slots, name: slot})
        self._set_land_of_prison(name, value, keep)

    def _set_land_of_prison(self, name: str, value: Value, keep: Keep) -> None:
        if name != "prison" or not isinstance(value, str) or self.content.prisons is None:
            return
        entry = self.content.prisons.get(value)
        if entry is not None and entry.land:
            self.set_slot("land", entry.land, keep)

    def drop_slot(self, name: str) -> None:
        """Forgets one answer."""
        if self.top is not None and name in self.top.local:
            self.change_top(local={key: item for key, item in self.top.local.items() if key != name})
        if name in self.part.slots:
            self.change_part(slots={key: item for key, item in self.part.slots.items() if key != name})

    def push(self, flow_name: str, local: Mapping[str, Value] | None = None) -> bool:
        """Puts a flow on the stack; False (and a note to the operator) when it is missing.

        Somebody who goes from one thing to the next, for weeks, leaves one below the other: where there are too many, the
        oldest are forgotten, so that "Mensch" or "Schnell weg" is never refused.
        """
        flow = self.content.flows.get(flow_name)
        if flow is None:
            self.trouble("?", f"flow {flow_name!r} does not exist")
            return False
        first = self.content.flows.get(REMEMBER) if flow.remembers and not self.session.consent else None
        frames = [Frame(flow=flow.name, version=flow.version, step=flow.steps[0].name, local=dict(local or {}))]
        if first is not None:  # asked before anything else, because nothing would be left of the answers
            frames.append(Frame(flow=first.name, version=first.version, step=first.steps[0].name))
        self.change_part(frames=(*self.part.frames, *frames)[-MAX_FRAMES:])
        return True

    def call(self, flow_name: str, local: Mapping[str, Value]) -> bool:
        """The same for a flow that another one calls: one that calls itself for ever ends here, with a note to the operator."""
        if sum(frame.flow == flow_name for frame in self.part.frames) >= MAX_NESTED:
            self.trouble(flow_name, "this flow calls itself, over and over")
            return False
        return self.push(flow_name, local)

    def pop(self) -> None:
        """Takes the top flow off the stack, with its time-out."""
        frame = self.part.frames[-1]
        if frame.question:
            self.effects.append(CancelTimer(timer="question"))
        self.change_part(frames=self.part.frames[:-1])

    def clear_frames(self) -> None:
        """Ends every running flow."""
        while self.part.frames:
            self.pop()

    # ------------------------------------------------------------------ effects

    def question_id(self) -> str:
        """A new id for an asking: unique within the conversation, meaningless outside."""
        return f"q{self.session.fence:x}.{len(self.effects):x}"

    def say(
        self,
        text: str,
        *,
        choices: tuple[str, ...] = (),
        question: str = "",
        attachments: tuple[Attachment, ...] = (),
        source: str = "",
        sensitive: bool = False,
        optional: bool = False,
        hold: float = 0.0,
        hold_key: str = "",
    ) -> None:
        """Queues a reply in the talk's language."""
        self.effects.append(
            Reply(
                text=text,
                choices=tuple(Choice(label=label) for label in choices),
                attachments=attachments,
                question=question,
                delivery="optional" if optional else "vital",
                hold=hold,
                hold_key=hold_key,
                sensitive=sensitive,
                source=source,
                language=self.session.language,
            )
        )

    def text(self, key: str, extra: Mapping[str, Value] | None = None) -> str:
        """The engine's own text of that key with its values filled in."""
        return self.filled(text_of(self.content, key, self.reader), extra)

    def filled(self, text: str, extra: Mapping[str, Value] | None = None) -> str:
        """A text with its placeholders replaced."""
        return fill(text, self.lookup(extra)).strip() if "{" in text else text.strip()

    def described(self, attachments: tuple[Attachment, ...]) -> tuple[Attachment, ...]:
        """Attachments with their descriptions in the talk's language, where they are translated."""
        language = self.session.language
        if language == "de" or not attachments:
            return attachments
        return tuple(
            replace(one, description=self.content.translate(one.description, language) or one.description)
            for one in attachments
        )

    def say_key(self, key: str, extra: Mapping[str, Value] | None = None, **options: object) -> None:
        """Says one of the engine's own texts."""
        self.say(self.text(key, extra), source=f"text:{key}", **options)  # type: ignore[arg-type]  # passed on as they are

    def offer(self, text: str, offers: tuple[Offer, ...], source: str) -> None:
        """Says a text with buttons that belong to no flow; on a watched phone one more, to be gone at once."""
        offers = (*offers, *self.quick_exit())
        question = self.question_id() if offers else ""
        self.say(text, choices=tuple(offer.label for offer in offers), question=question, source=source)
        self.change_part(offers=offers, offers_question=question)

    def quick_exit(self) -> tuple[Offer, ...]:
        """The button of "Schnell weg" where somebody reads along; it does not say what it does."""
        return (Offer(self.text("label.quick_exit"), "command", "quick_exit"),) if self.session.watched else ()

    def record(self, name: str, **values: str) -> None:
        """Writes a fact without text."""
        self.effects.append(Record(name=name, values=tuple(sorted(values.items()))))

    def trouble(self, place: str, problem: str) -> None:
        """Tells the operator that content failed."""
        self.effects.append(ReportTrouble(place=place, problem=problem))

    def start_timer(self, name: str, seconds: float) -> None:
        """Starts a timer that is fenced by this turn."""
        due = self.at + timedelta(seconds=seconds)
        self.effects.append(StartTimer(timer=name, due=due, fence=self.session.fence))
