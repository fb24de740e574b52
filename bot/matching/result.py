"""What the matcher answers. Apart from the matcher, because dialogue needs only this, and the matcher loads numpy."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Outcome = Literal["answer", "clarify", "smalltalk", "none"]


class Candidate(Struct, frozen=True, kw_only=True):
    """A topic with the calibrated probability (0 to 1) that it is the right one."""

    topic: str
    score: float


class MatchResult(Struct, frozen=True, kw_only=True):
    """What was found. `candidates` best first; `why` explains the decision step by step."""

    outcome: Outcome
    candidates: tuple[Candidate, ...] = ()
    smalltalk: str | None = None
    why: tuple[str, ...] = ()
