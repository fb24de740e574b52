"""Rules as values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Set
from dataclasses import dataclass, field, replace
from typing import Final

from msgspec import Struct

from bot.safety.finding import Finding, Level
from bot.safety.lexicon import Ids, Lexicon
from bot.safety.likeness import Likeness
from bot.safety.pattern import Pattern
from bot.text.packed import Lists

_MOST_WORDS = 20_000  # words whose facts are kept
_AWAKE = 5_000  # words: three quarters of those that a message brings for the first time
_FEW = 8  # elements that are looked through as fast as a set

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


Candidates = tuple[tuple[int, int], ...]
"""Patterns that are worth a look where all else that they need is there: that as a mask, and their numbers."""

WordFacts = tuple[int, Candidates, Collection[int], Candidates]
"""The elements of a word as a mask, the rules that it suggests, the elements themselves, the guards that it suggests."""

_NO_FACTS: Final[WordFacts] = (0, (), (), ())


@dataclass(frozen=True, slots=True, kw_only=True)
class SafetyRules:
    """All rules, compiled. `triggers` maps the rarest element of a rule to the rule with the set of all else that it needs;
    `guard_triggers` does so for what the guards look for.

    Such sets are bit masks: most rules are ruled out by one comparison. `bits` says which bit an element has; those that are
    asked for most have the lowest, so that masks are short, and those that only trigger have none.

    `likeness` weighs what the rules found and what they did not; without it the rules decide alone. `alone` are the sounds of
    whole messages that always deserve a second look: so short that nothing in them can be weighed ("ich kann nicht mehr").
    """

    lexicon: Lexicon
    rules: tuple[Rule, ...]
    triggers: Mapping[int, Candidates]
    guards: tuple[tuple[str, Pattern], ...]  # what each looks for
    guard_triggers: Mapping[int, Candidates]
    bits: Mapping[int, int]
    likeness: Likeness | None = None
    alone: Mapping[tuple[str, ...], Finding] = field(default_factory=dict)
    spoken: Mapping[str, Ids] = field(default_factory=dict)  # the elements of words that are known beforehand
    _words: dict[str, WordFacts] = field(default_factory=dict, compare=False, repr=False)

    def wake(self) -> None:
        """Brings the commonest words to mind and makes ready what only some messages need: a start may do so while nobody
        waits, and no message has to."""
        if self.likeness is not None:
            common = self.likeness.neighbours.commonest(_AWAKE)
            self.facts(common)
            self.likeness.wake(common, self.ids)

    def facts(self, words: Iterable[str]) -> list[WordFacts]:
        """What each of the words brings with it."""
        known = self._words.get
        return [known(word) or self.about(word) for word in words]

    def about(self, word: str) -> WordFacts:
        """What a word (its sound) brings with it; kept for the next time."""
        known = self._words.get(word)
        if known is None:
            if len(self._words) >= _MOST_WORDS:
                self._words.clear()
            ids = self.spoken.get(word)
            if ids is None:
                ids = self.lexicon.ids(word)
            known = self._words[word] = self._facts(ids) if ids else _NO_FACTS
        return known

    def _facts(self, ids: Ids) -> WordFacts:
        mask = _mask(ids, self.bits)
        rules = [rule for number in ids if number in self.triggers for rule in self.triggers[number]]
        guards = [guard for number in ids if number in self.guard_triggers for guard in self.guard_triggers[number]]
        return (mask, tuple(rules), ids if len(ids) <= _FEW else frozenset(ids), tuple(guards))

    def knows(self, sound: str) -> bool:
        """Whether the rules or the examples know the word of this sound."""
        return sound in self.lexicon.whole or (self.likeness is not None and self.likeness.knows(sound))

    def with_likeness(self, likeness: Likeness) -> SafetyRules:
        """The same rules weighed by this likeness. What both make of the words that they know is reckoned now: no message has to
        wait for it."""
        spoken: dict[str, Ids] = {}
        reckoned = likeness.reckon(self.lexicon.whole, lambda word: spoken.setdefault(word, self.lexicon.ids(word)))
        met = Counter(self.lexicon.breadth)
        for word, many in reckoned.pairs.many():  # who ends many pairs is met often
            met.update(dict.fromkeys(spoken.get(word) or self.lexicon.ids(word), many))
        return replace(_indexed(self, met), spoken=Lists.of(spoken), likeness=reckoned)

    def ids(self, word: str) -> Ids:
        """The elements of a word (its sound), sorted."""
        return tuple(sorted(self.about(word)[2]))


def compile_rules(
    rules: tuple[Rule, ...],
    guards: Mapping[str, tuple[Pattern, ...]],
    lexicon: Lexicon,
    alone: Mapping[tuple[str, ...], Finding] | None = None,
) -> SafetyRules:
    """Indexes the rules and the guards."""
    looked_for = tuple((guard, pattern) for guard, patterns in guards.items() for pattern in patterns)
    plain = SafetyRules(
        lexicon=lexicon, rules=rules, triggers={}, guards=looked_for, guard_triggers={}, bits={}, alone=alone or {}
    )
    return _indexed(plain, lexicon.breadth)


def _indexed(rules: SafetyRules, met: Mapping[int, float]) -> SafetyRules:
    """The same with its rules and guards indexed by the element of each that is met least often."""
    common = Counter(element for rule in rules.rules for element in rule.pattern.needed)

    def rarest(pattern: Pattern) -> int:
        return min(pattern.needed, key=lambda element: (met[element], common[element], element))

    suggested = [(rarest(rule.pattern), rule.pattern.needed) for rule in rules.rules]
    guarding = [(rarest(pattern), pattern.needed) for _, pattern in rules.guards]
    asked = Counter(element for first, needed in (*suggested, *guarding) for element in needed if element != first)
    bits = {element: bit for bit, (element, _) in enumerate(asked.most_common())}
    triggers, guard_triggers = _by_rarest(suggested, bits), _by_rarest(guarding, bits)
    return replace(rules, triggers=triggers, guard_triggers=guard_triggers, bits=bits, _words={})


def _by_rarest(patterns: Iterable[tuple[int, Set[int]]], bits: Mapping[int, int]) -> dict[int, Candidates]:
    """The numbers of patterns by their rarest elements. `patterns` gives that of each and all that it needs."""
    found: dict[int, list[tuple[int, int]]] = {}
    for number, (rarest, needed) in enumerate(patterns):
        found.setdefault(rarest, []).append((_mask(needed - {rarest}, bits), number))
    return {element: tuple(candidates) for element, candidates in found.items()}


def _mask(elements: Iterable[int], bits: Mapping[int, int]) -> int:
    mask = 0
    for element in elements:
        if element in bits:
            mask |= 1 << bits[element]
    return mask
