"""Rules over all flows; `kavi check` runs them all and lists every problem."""

from __future__ import annotations

from bot.dialogue.content import Content
from bot.errors import Problem
from bot.loader.checks import slots, texts, ways  # noqa: F401  # importing them registers their rules
from bot.loader.checks.rules import RULES

__all__ = ["check_flows"]


def check_flows(content: Content) -> list[Problem]:
    """Every problem that the rules find in the flows, sorted by place."""
    found: list[Problem] = []

    def report(place: str, message: str, severity: str = "error") -> None:
        file, _, line = place.rpartition(":")
        found.append(Problem(file or place, int(line) if line.isdecimal() else 0, 1, message, severity))

    for each in RULES:
        each(content, report)
    return sorted(set(found))
