"""stub"""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    topic: str
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchResult:
    outcome: Literal["answer", "clarify", "smalltalk", "none"]
    candidates: tuple[Candidate, ...] = ()
    smalltalk: str | None = None
    why: tuple[str, ...] = ()


class TopicIndex:
    def find(
        self, text: str, *, audience: str | None, land: str | None = None, previous_topic: str | None = None
    ) -> MatchResult:
        return MatchResult(outcome="none")
