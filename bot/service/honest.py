"""What the bot may say about when a human reads."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from bot.desk.hours import Policy, honest_time, honest_time_child
from bot.desk.machine import duty
from bot.dialogue.content import Content
from bot.ports import Store
from bot.service.desk_records import load_duty


@dataclass(slots=True)
class Honest:
    """What may be said about when a human reads; looked up at most every few seconds."""

    store: Store
    policy: Policy
    every: float = 5.0
    _at: datetime | None = None
    _words: tuple[str, str] = ("", "")  # for adults, for children

    async def content(self, content: Content, now: datetime) -> Content:
        """The content with the honest time of this moment."""
        if self._at is None or abs((now - self._at).total_seconds()) >= self.every:
            desk = await load_duty(self.store)
            present, waits = duty(desk, now)
            hours = self.policy.team("").hours
            self._words = honest_time(hours, present, waits, now), honest_time_child(hours, present, waits, now)
            self._at = now
        adults, children = self._words
        if (content.human_when, content.human_when_child) == self._words:
            return content
        return replace(content, human_when=adults, human_when_child=children)
