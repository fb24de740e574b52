"""Which of many phrases a text can nearly be, told by their lengths alone: a comparison with each of hundreds takes long."""

from __future__ import annotations

from collections.abc import Collection, Mapping

_Lengths = dict[int, dict[int, str]]


class Near:
    """The phrases that can reach a ratio of `least` (rapidfuzz, 0 to 100) with a text, by their place among all, in order.

    The ratio counts equal letters of both, so it cannot be more than the shorter one's share allows. What was found is
    kept for the phrases of the last call.
    """

    __slots__ = ("_kept", "_least")

    def __init__(self, least: float) -> None:
        self._least = least
        self._kept: tuple[Collection[str], _Lengths] = ((), {})

    def __call__(self, phrases: Collection[str], said: str) -> Mapping[int, str]:
        """Those of `phrases`, which must not change, that `said` can nearly be."""
        of, by_length = self._kept
        if of is not phrases:
            self._kept = of, by_length = phrases, {}
        length = len(said)
        found = by_length.get(length)
        if found is None:
            reached = ((at, one) for at, one in enumerate(phrases) if self._reaches(len(one), length))
            found = by_length[length] = dict(reached)
        return found

    def _reaches(self, one: int, other: int) -> bool:
        return 200 * min(one, other) >= self._least * (one + other)
