"""What the matcher answers. Apart from the matcher, because dialogue needs only this, and the matcher loads numpy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Outcome = Literal["answer", "clarify", "smalltalk", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A topic with the calibrated probability (0 to 1) that it is the right one."""

    topic: str
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchResult:
    """What was found. `candidates` best first; `why` explains the decision step by step."""

    outcome: Outcome
    candidates: tuple[Candidate, ...] = ()
    smalltalk: str | None = None
    why: tuple[str, ...] = ()
