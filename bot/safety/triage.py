"""The one question: is there danger in this text?"""

from __future__ import annotations

from typing import Final

from bot.safety.matching import LONGEST, OVERLAP, Reading, words_of
from bot.safety.rules import URGENCIES, Finding, Level, Rule, SafetyRules

_RANK: Final = {None: 0, "check": 1, "alert": 2}
_ORDER: Final = {category: index for index, category in enumerate(URGENCIES)}


def triage(rules: SafetyRules, text: str, *, audience: str, earlier: tuple[str, ...] = ()) -> Finding | None:
    """What a text tells of danger, or None.

    `earlier` are the texts of the last moments, oldest first: a message split over several is read as one, and what the
    earlier ones alone already said is not found again. `audience` is one of child, caregiver, parent, staff, unknown.
    """
    words = words_of(text)
    found = _look(rules, words, audience)
    if found is not None and found.level == "alert":
        return found
    if earlier:
        before = words_of(" \n ".join(earlier))
        joined = _look(rules, before + words, audience)
        alone = _look(rules, before, audience)
        if _rank(joined) > max(_rank(found), _rank(alone)):
            return joined
    return found


def _rank(finding: Finding | None) -> int:
    return _RANK[finding.level if finding else None]


def _look(rules: SafetyRules, words: list[str], audience: str) -> Finding | None:
    if len(words) <= LONGEST:
        return _decide(Reading(rules, words).fired())
    fired: list[tuple[Rule, Level]] = []
    for start in range(0, len(words), LONGEST - OVERLAP):
        fired += Reading(rules, words[start : start + LONGEST]).fired()
    return _decide(fired)


def _decide(fired: list[tuple[Rule, Level]]) -> Finding | None:
    """An alert wins over a check, then the order of the categories."""
    if not fired:
        return None
    best, level = min(fired, key=lambda found: (found[1] != "alert", _ORDER[found[0].category], found[0].place))
    return Finding(category=best.category, level=level, urgency=URGENCIES[best.category], rule=best.place)
