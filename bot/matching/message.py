"""A message as the matcher takes it: what was written, by whom, after what."""

from __future__ import annotations

from typing import NamedTuple

from bot.matching.features import said_words
from bot.matching.meaning import Looked
from bot.matching.parts import follow_up, parts_of


class Message(NamedTuple):
    """Folded words and parts of a text, and all else that is evidence for what it asks."""

    words: tuple[str, ...]
    parts: tuple[tuple[str, ...], ...] = ()
    audience: str | None = None  # None = unknown
    before: str | None = None  # the topic before it
    understood: Looked | None = None  # what the text means, when there is an encoder

    @classmethod
    def of(cls, text: str, audience: str | None, before: str | None) -> Message:
        """From what was written, before anybody asked what it means."""
        return cls(said_words(text), tuple(parts_of(text)), audience, before)

    @property
    def follows(self) -> bool:
        """Whether it only makes sense with the topic before it."""
        return bool(self.before) and follow_up(self.words)
