"""Does a text hold a pattern? Positions of elements, no regular expressions, no backtracking without bound."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable
from typing import Final

from bot.safety.finding import Level
from bot.safety.pattern import SHUN, Part, Pattern
from bot.safety.rules import SOFTENING, Rule, SafetyRules

LONGEST: Final = 400  # words that are looked at together; longer texts are read in pieces
OVERLAP: Final = 40
_GUARD_REACH: Final = 25
_MOST_ANCHORS: Final = 50


class Reading:
    """One text against the rules: where each element stands."""

    __slots__ = ("_elements", "_facts", "_guards", "_here", "_placed", "_rules", "_worth")

    def __init__(self, rules: SafetyRules, words: list[str]) -> None:
        self._rules = rules
        self._facts = rules.facts(words)
        here = 0
        for mask, _, _, _ in self._facts:
            here |= mask
        self._here = here  # the bits of all elements that stand anywhere
        # The rules that are worth a look: all that they need is here.
        self._worth = {number for _, found, _, _ in self._facts for needed, number in found if needed & here == needed}
        self._elements: list[Collection[int]] = []  # of each word, once somebody asks where one stands
        self._placed: dict[int, list[int]] = {}
        self._guards: dict[str, list[int]] | None = None

    def _spots(self, element: int) -> list[int]:
        """Where an element stands; sought when a rule asks for it, because few are asked for."""
        found = self._placed.get(element)
        if found is None:
            self._elements = self._elements or [elements for _, _, elements, _ in self._facts]
            found = self._placed[element] = [at for at, elements in enumerate(self._elements) if element in elements]
        return found

    def fired(self) -> list[tuple[Rule, Level]]:
        """The rules whose pattern is here, with the level that the guards leave of them."""
        found: list[tuple[Rule, Level]] = []
        for number in sorted(self._worth):
            rule = self._rules.rules[number]
            places = self._places(rule.pattern)
            level = self._level(rule, places) if places else None
            if level is not None:
                found.append((rule, level))
        return found

    def may_alert(self) -> bool:
        """Whether all that some rule for an alert needs is here, wherever it stands."""
        return any(self._rules.rules[number].level == "alert" for number in self._worth)

    def holds(self, guards: Iterable[str]) -> bool:
        """Whether one of these guards stands anywhere in the text; a guard that the rules do not know stands nowhere."""
        return not self._guarded().keys().isdisjoint(guards)

    def _level(self, rule: Rule, places: list[int]) -> Level | None:
        """The full level where no guard is near, a second look where only a softening one is, else nothing."""
        best: Level | None = None
        guarded = self._guarded()
        for place in places:
            guards = [g for g in rule.unless if g in guarded and _any_within(guarded[g], place, _GUARD_REACH)]
            if not guards:
                return rule.level
            if rule.level == "alert" and SOFTENING.issuperset(guards):
                best = "check"
        return best

    def _guarded(self) -> dict[str, list[int]]:
        """Where each guard stands that stands anywhere; sought when somebody asks for the first time."""
        if self._guards is None:
            here, self._guards = self._here, {}
            worth = {number for _, _, _, found in self._facts for needed, number in found if needed & here == needed}
            for guard, pattern in map(self._rules.guards.__getitem__, worth):
                if places := self._places(pattern):
                    self._guards[guard] = sorted([*self._guards.get(guard, ()), *places])
        return self._guards

    def _places(self, pattern: Pattern) -> list[int]:
        """Where the anchor of a pattern stands with all its other parts near enough."""
        anchors = self._starts(pattern.parts[pattern.anchor])
        if not anchors:
            return anchors
        for index, part in enumerate(pattern.parts):
            if index == pattern.anchor:
                continue
            others = self._starts(part)
            reach = SHUN if part.forbidden else max(part.window, pattern.parts[pattern.anchor].window)
            anchors = [spot for spot in anchors if _any_within(others, spot, reach) != part.forbidden]
            if not anchors:
                break
        return anchors

    def _starts(self, part: Part) -> list[int]:
        """Where a part begins."""
        starts = self._spots(part.elements[0])
        if not starts or len(part.elements) == 1:
            return starts[:_MOST_ANCHORS]
        followers = [self._spots(number) for number in part.elements[1:]]
        return [start for start in starts[:_MOST_ANCHORS] if _follows(start, followers, part.steps)]


def _follows(start: int, followers: list[list[int]], steps: tuple[int, ...]) -> bool:
    """Each next element within its step of the earliest place of the one before, trying all places of that one."""
    reached = [start]
    for spots, step in zip(followers, steps, strict=True):
        reached = sorted(
            {
                spot
                for origin in reached
                for spot in spots[bisect_right(spots, origin) : bisect_right(spots, origin + step)]
            }
        )
        if not reached:
            return False
    return True


def _any_within(spots: list[int], position: int, reach: int) -> bool:
    first = bisect_left(spots, position - reach)
    return first < len(spots) and spots[first] <= position + reach
