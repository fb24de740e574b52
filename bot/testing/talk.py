"""A conversation without messenger and store: the pure core with a clock that the caller moves.

Conversation tests, property tests and the flow recorder use it. The session goes through its stored form after every
turn, so that every conversation also tests persistence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from bot.dialogue import Session, Turn, events, turn, understand
from bot.dialogue import effects as fx
from bot.dialogue.content import Content

START = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)  # a Tuesday morning, 10:00 in Berlin
MINUTE = timedelta(minutes=1)


@dataclass(slots=True)
class Talk:
    """One person's conversation. `said` collects the replies that left, `effects` everything else of the last event."""

    content: Content
    session: Session = field(default_factory=Session)
    now: datetime = START
    timers: dict[str, tuple[datetime, int]] = field(default_factory=dict)
    held: list[tuple[datetime, fx.Reply]] = field(default_factory=list)
    last: list[fx.Effect] = field(default_factory=list)
    trace: list[tuple[str, str, str]] = field(default_factory=list)
    messages: int = 0
    buttons: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)

    def say(self, text: str, *, pause: timedelta = MINUTE) -> list[fx.Reply]:
        """The person writes; `pause` is how long after the event before."""
        self.messages += 1
        replies = self._pass_time(pause)
        known = understand(self.content, self.session, text, self.now)
        event = events.Said(at=self.now, text=text, message=f"m{self.messages}", understanding=known)
        return replies + self.happen(event)

    def press(self, label: str, *, pause: timedelta = MINUTE) -> list[fx.Reply]:
        """The person presses a button of the last message that had it, by label or number."""
        replies = self._pass_time(pause)
        question, option, text = button_of(self.buttons, label)
        known = understand(self.content, self.session, text, self.now)
        event = events.Pressed(at=self.now, question=question, option=option, label=text, understanding=known)
        return replies + self.happen(event)

    def advance(self, by: timedelta) -> list[fx.Reply]:
        """Time passes; due timers fire and held replies leave."""
        return self._pass_time(by)

    def happen(self, event: events.Event) -> list[fx.Reply]:
        """Any event at all, at its own time."""
        result = turn(self.content, self.session, event)
        kept = result.session if result.session.consent else result.session.minimal()
        self.session = Session.from_text(kept.to_text())
        assert self.session == kept, "the stored form of a session must round-trip"
        self.last = list(result.effects)
        self.trace += result.trace
        return self._carry_out(result)

    def _carry_out(self, result: Turn) -> list[fx.Reply]:
        out: list[fx.Reply] = []
        for effect in result.effects:
            match effect:
                case fx.Reply() if effect.hold:
                    self.held.append((self.now + timedelta(seconds=effect.hold), effect))
                case fx.Reply():
                    out.append(effect)
                case fx.Withdraw():
                    self.held = [row for row in self.held if row[1].hold_key != effect.hold_key]
                case fx.StartTimer():
                    self.timers[effect.timer] = (effect.due, effect.fence)
                case fx.CancelTimer():
                    self.timers.pop(effect.timer, None)
                case fx.Erase():
                    self.timers.clear()
                case _:
                    pass
            if isinstance(effect, fx.Reply) and effect.choices:
                self.buttons.append((effect.question, tuple(choice.label for choice in effect.choices)))
        return out

    def _pass_time(self, by: timedelta) -> list[fx.Reply]:
        """Lets everything happen that comes due until then, in order of time."""
        until = self.now + by
        out: list[fx.Reply] = []
        while True:
            due = [(when, "", name) for name, (when, _) in self.timers.items() if when <= until]
            due += [(when, "held", "") for when, _ in self.held if when <= until]
            if not due:
                break
            when, kind, name = min(due)
            self.now = max(self.now, when)
            if kind == "held":
                out += [reply for at, reply in self.held if at <= when]
                self.held = [row for row in self.held if row[0] > when]
            else:
                _, fence = self.timers.pop(name)
                out += self.happen(events.TimerFired(at=self.now, timer=name, fence=fence))
        self.now = max(self.now, until)
        return out

    def settle(self) -> list[fx.Reply]:
        """Lets held replies leave (two seconds pass)."""
        return self._pass_time(timedelta(seconds=3)) if self.held else []


def button_of(shown: Sequence[tuple[str, tuple[str, ...]]], label: str) -> tuple[str, int, str]:
    """Question, number (from 0) and words of a button among those that were shown, newest first, by its words or number from 1.

    A label that no button had is a press that means nothing.
    """
    for question, labels in reversed(shown):
        if label.isdecimal() and 0 < int(label) <= len(labels):
            return question, int(label) - 1, labels[int(label) - 1]
        if label in labels:
            return question, labels.index(label), label
    return "", 0, label
