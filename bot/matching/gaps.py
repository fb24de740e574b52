"""Unanswered questions for the editors: masked, grouped by likeness, each group with the nearest topic.

Nothing here stores anything. What an editor writes from it must be worded anew: `too_close` says when it is not.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz

from bot.matching.features import STOP
from bot.matching.index import TopicIndex
from bot.text.normalise import clean, fold

ALIKE = 72.0  # token_set_ratio from which two questions are about the same
CLOSE = 80.0  # likeness from which a wording counts as copied
_LONGEST = 400  # characters of a question that are looked at

_LINK = re.compile(r"\b(?:https?://|www\.)\S+|\S+@\S+\.\w+")
_DATE = re.compile(
    r"\b\d{1,2}\.\s?(?:\d{1,2}\.|januar|februar|märz|april|mai|juni|juli|august|september|oktober|november|dezember)"
    r"\s?(?:\d{2,4})?|\b\d{4}-\d{2}-\d{2}\b",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"\+?\d[\d\s/.,-]*\d|\d")
_INTRODUCED = re.compile(
    r"(?P<before>\b(?:heiß(?:e|t|en)|heiss(?:e|t|en)|name ist|herrn?|frau|namens|genannt|ich bin|bin der|bin die)\s+)"
    r"(?P<name>\w+(?:\s+[A-ZÄÖÜ]\w+)*)",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True, slots=True)
class Gap:
    """Similar questions, masked, the most typical first; `topic` is the nearest one and `score` how near (0 to 1)."""

    texts: tuple[str, ...]
    topic: str
    score: float


def mask(text: str, index: TopicIndex) -> str:
    """A question without links, dates, numbers and names.

    German writes every noun with a capital, so a capitalised word counts as a name unless the example questions know it.
    """
    text = clean(text)[:_LONGEST]
    text = _LINK.sub("[Link]", text)
    text = _DATE.sub("[Datum]", text)
    text = _NUMBER.sub("[Zahl]", text)
    text = _INTRODUCED.sub(lambda found: f"{found['before']}[Name]", text)

    def named(found: re.Match[str]) -> str:
        word = found[0]
        marked = word in ("Name", "Zahl", "Datum", "Link") and text[found.start() - 1 : found.start()] == "["
        said = fold(word)
        return word if marked or not word[0].isupper() or said in STOP or said in index.space.words.places else "[Name]"

    return _WORD.sub(named, text)


def group(texts: Sequence[str], index: TopicIndex) -> list[Gap]:
    """The questions in groups of alike ones, the largest first. Quadratic in the number of groups."""
    groups: list[list[tuple[str, str]]] = []
    for text in texts:
        shown = mask(text, index)
        said = fold(shown)
        if not said:
            continue
        best = max(groups, key=lambda rows: fuzz.token_set_ratio(said, rows[0][1]), default=None)
        if best is not None and fuzz.token_set_ratio(said, best[0][1]) >= ALIKE:
            best.append((shown, said))
        else:
            groups.append([(shown, said)])
    groups.sort(key=lambda rows: -len(rows))
    return [_gap(rows, index) for rows in groups]


def _gap(rows: list[tuple[str, str]], index: TopicIndex) -> Gap:
    ordered = sorted(rows, key=lambda row: -sum(fuzz.token_set_ratio(row[1], other[1]) for other in rows))
    ranked = index.rank(ordered[0][0], audience=None)
    nearest = (index.topics[ranked[0].at], ranked[0].probability) if ranked else ("", 0.0)
    return Gap(tuple(shown for shown, _ in ordered), *nearest)


def too_close(wording: str, originals: Sequence[str]) -> bool:
    """Whether an editor's wording is nearly one of the families' own sentences."""
    said = fold(wording)
    return any(
        max(fuzz.ratio(said, fold(original)), fuzz.token_sort_ratio(said, fold(original))) >= CLOSE
        for original in originals
    )
