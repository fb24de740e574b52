"""Rules as values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from msgspec import Struct

from bot.safety.finding import Finding, Level
from bot.safety.lexicon import Ids, Lexicon
from bot.safety.likeness import Likeness
from bot.safety.pattern import Pattern

_MOST_WORDS = 20_000  # words whose facts are kept

SOFTENING = frozenset({"past", "joke", "idiom", "offence", "quoted"})
"""Guards that turn an alert into a second look; the others silence it."""

WHOLE = frozenset({"film", "quoted"})
"""Guards that speak of the whole text, not only of the sentence in which they stand."""


class Rule(Struct, frozen=True, kw_only=True):
    """One pattern of one category; `unless` names the guards that silence it. `always` holds against everything."""

    category: str
    level: Level
    place: str
    pattern: Pattern
    unless: tuple[str, ...] = ()
    always: bool = False


WordFacts = tuple[int, tuple[tuple[int, int], ...], Ids]
"""The elements of a word as a mask, the rules that it makes worth a look, the elements themselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SafetyRules:
    """All rules, compiled. `triggers` maps the rarest element of a rule to the rule with the set of all that it needs.

    Sets of elements are bit masks: most rules are ruled out by one comparison. `likeness` weighs what the rules found and
    what they did not; without it the rules decide alone. `alone` are the sounds of whole messages that always deserve a
    second look: so short that nothing in them can be weighed ("ich kann nicht mehr").
    """

    lexicon: Lexicon
    rules: tuple[Rule, ...]
    triggers: Mapping[int, tuple[tuple[int, int], ...]]  # element -> (needed elements as a mask, rule)
    guards: Mapping[str, tuple[Pattern, ...]]
    likeness: Likeness | None = None
    alone: Mapping[tuple[str, ...], Finding] = field(default_factory=dict)
    _words: dict[str, WordFacts] = field(default_factory=dict, compare=False, repr=False)

    def about(self, word: str) -> WordFacts:
        """What a word (its sound) brings with it; kept for the next time."""
        known = self._words.get(word)
        if known is None:
            if len(self._words) >= _MOST_WORDS:
                self._words.clear()
            ids = self.lexicon.ids(word)
            candidates = tuple(rule for number in ids for rule in self.triggers.get(number, ()))
            known = self._words[word] = (sum(1 << number for number in ids), candidates, ids)
        return known

    def knows(self, sound: str) -> bool:
        """Whether the rules or the examples know the word of this sound."""
        return sound in self.lexicon.whole or (self.likeness is not None and f"={sound}" in self.likeness.weights)

    def ids(self, word: str) -> Ids:
        """The elements of a word (its sound), sorted."""
        return self.about(word)[2]


def compile_rules(
    rules: tuple[Rule, ...],
    guards: Mapping[str, tuple[Pattern, ...]],
    lexicon: Lexicon,
    alone: Mapping[tuple[str, ...], Finding] | None = None,
) -> SafetyRules:
    """Indexes the rules by the element that is met least often."""
    common = Counter(element for rule in rules for element in rule.pattern.needed)
    triggers: dict[int, list[tuple[int, int]]] = {}
    for index, rule in enumerate(rules):
        needed = rule.pattern.needed
        rarest = min(needed, key=lambda element: (lexicon.breadth[element], common[element], element))
        triggers.setdefault(rarest, []).append((rule.pattern.mask, index))
    return SafetyRules(
        lexicon=lexicon,
        rules=rules,
        triggers={element: tuple(found) for element, found in triggers.items()},
        guards=guards,
        alone=alone or {},
    )
