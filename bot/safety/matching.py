"""Does a text hold a pattern? Positions of elements, no regular expressions, no backtracking without bound."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
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

    __slots__ = ("_facts", "_guards", "_here", "_placed", "_rules")

    def __init__(self, rules: SafetyRules, words: list[str]) -> None:
        self._rules = rules
        self._facts = [rules.about(word) for word in words]
        self._here = 0  # the bits of all elements that stand anywhere
        for mask, _, _ in self._facts:
            self._here |= mask
        self._placed: dict[int, list[int]] = {}
        self._guards: dict[str, list[int]] = {}

    def _spots(self, element: int) -> list[int]:
        """Where an element stands; sought when a rule asks for it, because few are asked for."""
        found = self._placed.get(element)
        if found is None:
            bit = 1 << element
            found = self._placed[element] = [at for at, (mask, _, _) in enumerate(self._facts) if mask & bit]
        return found

    def fired(self) -> list[tuple[Rule, Level]]:
        """The rules whose pattern is here, with the level that the guards leave of them."""
        found: list[tuple[Rule, Level]] = []
        for index in sorted(self._worth()):
            rule = self._rules.rules[index]
            places = self.places(rule.pattern)
            level = self._level(rule, places) if places else None
            if level is not None:
                found.append((rule, level))
        return found

    def may_alert(self) -> bool:
        """Whether all that some rule for an alert needs is here, wherever it stands."""
        return any(self._rules.rules[index].level == "alert" for index in self._worth())

    def _worth(self) -> set[int]:
        """The rules that are worth a look: all that they need is here."""
        here = self._here
        return {index for _, candidates, _ in self._facts for needed, index in candidates if needed & here == needed}

    def holds(self, guards: Iterable[str]) -> bool:
        """Whether one of these guards stands anywhere in the text; a guard that the rules do not know stands nowhere."""
        return any(self.places(pattern) for guard in guards for pattern in self._rules.guards.get(guard, ()))

    def _level(self, rule: Rule, places: list[int]) -> Level | None:
        """The full level where no guard is near, a second look where only a softening one is, else nothing."""
        best: Level | None = None
        for place in places:
            guards = [guard for guard in rule.unless if self._guarded(guard, place)]
            if not guards:
                return rule.level
            if rule.level == "alert" and SOFTENING.issuperset(guards):
                best = "check"
        return best

    def _guarded(self, guard: str, position: int) -> bool:
        if guard not in self._guards:
            patterns = self._rules.guards[guard]
            self._guards[guard] = sorted(place for pattern in patterns for place in self.places(pattern))
        return _any_within(self._guards[guard], position, _GUARD_REACH)

    def places(self, pattern: Pattern) -> list[int]:
        """Where the anchor of a pattern stands with all its other parts near enough."""
        if pattern.mask & self._here != pattern.mask:
            return []
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
