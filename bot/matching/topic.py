"""A topic: one question that many people ask, with its reviewed answers and its birth certificate."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Literal

from msgspec import Struct, field

Risk = Literal["harmless", "money", "legal", "safety"]


class Source(Struct, frozen=True):
    """Where a fact comes from: a law with its paragraph, or a body with its address."""

    name: str
    url: str = ""
    as_of: str = ""


class Asked(Struct, frozen=True):
    """An example question; `audience` is set when only one kind of person would ask it so."""

    text: str
    audience: str = ""
    topic: str = ""  # of a near miss: the topic it really belongs to
    place: str = ""


class Topic(Struct, frozen=True, kw_only=True):
    """One topic of knowledge/topics. `answers` and `next` by variant key; `needs` is "land" when the answer differs by Land.

    `part_of` names the wider topic that a finer one belongs to; where topics are counted or compared, that one counts.
    """

    id: str
    title: str
    audiences: tuple[str, ...]
    risk: Risk
    scope: Literal["bund", "land", "prison"]
    as_of: date
    valid_until: date | None
    confidence: Literal["high", "medium", "low"]
    answers: Mapping[str, str]
    sources: tuple[Source, ...]
    needs: str = ""
    part_of: str = ""
    reviewed_by: str | None = None
    next: Mapping[str, str] = field(default_factory=dict)
    related: tuple[str, ...] = ()
    asked: tuple[Asked, ...] = ()
    not_asked: tuple[Asked, ...] = ()
    place: str = ""

    @property
    def counts_as(self) -> str:
        """The id under which others know this topic."""
        return self.part_of or self.id


def visible_to(audiences: tuple[str, ...], audience: str | None) -> bool:
    """Whether a person of this audience is answered with a topic for these audiences.

    A parent in prison also sees what caregivers see, staff too; somebody unknown sees everything.
    """
    if not audience or audience in audiences:
        return True
    return audience in ("parent", "staff") and "caregiver" in audiences
