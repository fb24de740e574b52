"""A long message in parts, so that a question buried in a story is heard."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.matching.features import said_words

MAX_PARTS = 6
LONG = 14  # words; a shorter message is taken as one, commas and all
_LOOKED_AT = 6000  # characters
_SENTENCE = re.compile(r"(?<=[.!?…؟])\s+|\n+|;\s+")
_CLAUSE = re.compile(r",\s+|\s+[-–]\s+|(?<=[.!?…؟])\s+|\n+")
_FOLLOW_UP = frozenset({"und", "auch", "aber", "oder", "what", "and", "also", "ya", "peki", "а", "и", "و", "та", "або"})
_OBJECTS = frozenset({"aber", "but", "ama", "но", "але", "ale", "لكن"})
_SHORT = 6  # words of a follow-up
# With at most three words also a question word or a preposition: "wie lange?", "für Babys?", "mit 14?"
_OPENERS = frozenset({
    "wie", "was", "wer", "wen", "wem", "wann", "wo", "wohin", "warum", "wieso", "welche", "welcher", "wieviel", "darf", "muss",
    "kann", "fuer", "mit", "ohne", "bei", "ab", "bis", "nur", "how", "when", "where", "why", "who", "for", "with",
    "ne", "nasil", "когда", "коли", "kiedy", "متي",
})  # fmt: skip
_VERY_SHORT = 3
# Words that name nothing: a question of nothing else ("wie lange dauert das denn?") goes on from what was answered before.
_NAMELESS = _OPENERS | frozenset({
    "das", "dies", "es", "da", "dann", "denn", "noch", "jetzt", "ich", "man", "wir", "lange", "lang", "viel", "oft", "teuer", "schnell",
    "dauert", "geht", "kostet", "ist", "genau", "ungefaehr", "eigentlich", "so", "etwa", "dazu", "davon", "dafuer", "brauche", "macht",
})  # fmt: skip


def parts_of(text: str) -> list[tuple[str, ...]]:
    """The sentences and, of long sentences, pairs of neighbouring clauses; questions first. Folded words."""
    text = text[:_LOOKED_AT]
    if len(text.split(None, LONG)) < LONG and not _SENTENCE.search(text):
        return []
    parts: list[str] = []
    for sentence in _SENTENCE.split(text):
        parts.append(sentence)
        if len(sentence.split(None, LONG)) >= LONG:
            clauses = [clause for clause in _CLAUSE.split(sentence) if clause]
            parts += [" ".join(clauses[at : at + 2]) for at in range(len(clauses) - 1)] if len(clauses) > 2 else []
    parts = [part for part in dict.fromkeys(parts) if len(part.split(None, 3)) >= 3 and part != text]
    parts.sort(key=lambda part: "?" not in part)
    last = parts[-1:] if len(parts) > MAX_PARTS else []
    return [words for words in (said_words(part) for part in parts[: MAX_PARTS - len(last)] + last) if words]


def follow_up(words: Sequence[str]) -> bool:
    """Whether a message only makes sense with the one before it ("und für Babys?"). A bare word ("Pizza") does not."""
    if len(words) > _SHORT:
        return False
    bare = words[0] in _OPENERS and (len(words) <= _VERY_SHORT or _NAMELESS.issuperset(words))
    return bare or words[0] in _FOLLOW_UP


def objects(words: Sequence[str]) -> bool:
    """Whether a message objects to what was said: "aber ich hab auch Angst" is about it, whatever else fear is about."""
    return words[0] in _OBJECTS


def joined(words: Sequence[str]) -> bool:
    """Whether a message begins with a conjunction: then it goes on from what was said before, whatever it says alone."""
    return words[0] in _FOLLOW_UP
