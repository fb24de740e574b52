"""Rules as values, and what a finding says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from bot.safety.lexicon import Lexicon
from bot.safety.likeness import Likeness
from bot.safety.pattern import Pattern

Level = Literal["alert", "check"]
Urgency = Literal["emergency", "urgent", "normal"]

URGENCIES: Mapping[str, Urgency] = {
    "emergency_now": "emergency",
    "sexual_abuse": "emergency",
    "suicide_self": "emergency",
    "suicide_other": "emergency",
    "violence_child": "emergency",
    "threat_other": "emergency",
    "self_harm": "urgent",
    "violence_adult": "urgent",
    "neglect_alone": "urgent",
    "runaway": "urgent",
}
"""Every category and how soon a human must see it; in the order in which one wins over another."""


SOFTENING = frozenset({"past", "joke", "idiom", "offence"})
"""Guards that turn an alert into a second look; the others silence it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What was noticed. `rule` is the file and line of the pattern that fired."""

    category: str
    level: Level
    urgency: Urgency
    rule: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One pattern of one category; `unless` names the guards that silence it. `always` holds against everything."""

    category: str
    level: Level
    place: str
    pattern: Pattern
    unless: tuple[str, ...] = ()
    always: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SafetyRules:
    """All rules, compiled. `triggers` maps the first element of a rule's anchor to the rules worth looking at.

    `likeness` weighs what the rules found and what they did not; without it the rules decide alone.
    """

    lexicon: Lexicon
    rules: tuple[Rule, ...]
    triggers: Mapping[int, tuple[int, ...]]
    guards: Mapping[str, tuple[Pattern, ...]]
    likeness: Likeness | None = None


def compile_rules(rules: tuple[Rule, ...], guards: Mapping[str, tuple[Pattern, ...]], lexicon: Lexicon) -> SafetyRules:
    """Indexes the rules by their triggers."""
    triggers: dict[int, list[int]] = {}
    for index, rule in enumerate(rules):
        triggers.setdefault(rule.pattern.parts[rule.pattern.anchor].elements[0], []).append(index)
    return SafetyRules(
        lexicon=lexicon,
        rules=rules,
        triggers={element: tuple(found) for element, found in triggers.items()},
        guards=guards,
    )
