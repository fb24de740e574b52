"""For whom each topic was written, and how it counts for somebody else who may see it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bot.matching.rows import Floats
from bot.matching.topic import visible_to

STAND_IN = 0.85  # factor for topics written for another audience that this one may see too
# A parent in prison asks what caregivers ask as well: their topics come after the own ones, yet count more than half as own.
STAND_IN_FOR_PARENT, HALF_OWN = 0.7, 0.6


@dataclass(frozen=True, slots=True)
class Audiences:
    """The audiences of each topic, and for each audience a factor for each topic: 0 = it does not see it."""

    of_topic: tuple[frozenset[str], ...]
    views: dict[str, Floats]

    @classmethod
    def of(cls, of_topic: Sequence[frozenset[str]]) -> Audiences:
        """From the audiences of each topic."""
        names = sorted({name for some in of_topic for name in some} | {"parent"})
        return cls(tuple(of_topic), {name: _view(of_topic, name) for name in names})

    def seen(self, scores: Floats, audience: str | None) -> Floats:
        """The scores of the topics as this audience sees them; somebody unknown sees all."""
        view = self.views.get(audience or "")
        return scores if view is None else np.multiply(scores, view)

    def sees(self, audience: str | None, topic: int) -> bool:
        """Whether this audience sees a topic at all."""
        view = self.views.get(audience or "")
        return view is None or bool(view[topic] > 0.0)

    def own(self, audience: str | None, topic: int) -> float:
        """How far a topic was written for who asks: 1 or 0, between them for a parent and a caregivers' topic."""
        if not audience or audience in self.of_topic[topic]:
            return 1.0
        return HALF_OWN if audience == "parent" else 0.0

    def together(self) -> Floats:
        """1 for each two topics that somebody sees both of, else 0; what belongs to no topic, the last, is beside all.

        A child's question about its sorrow says nothing against an adult's topic: no one is ever offered both.
        """
        seen = np.stack([view > 0.0 for view in self.views.values()])
        both = np.ones((len(self.of_topic) + 1,) * 2, dtype=np.float32)
        both[:-1, :-1] = (seen[:, :, None] & seen[:, None, :]).any(axis=0)
        return both

    def apart(self, one: int, other: int) -> bool:
        """Whether two topics were written for different people."""
        return not self.of_topic[one] & self.of_topic[other]


def _view(of_topic: Sequence[frozenset[str]], audience: str) -> Floats:
    factor = STAND_IN_FOR_PARENT if audience == "parent" else STAND_IN
    return np.array(
        [1.0 if audience in who else factor if visible_to(tuple(who), audience) else 0.0 for who in of_topic],
        dtype=np.float32,
    )
