"""The time of a whole program in a test: real seconds, from nine in the morning in Berlin on."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from bot.dialogue.rendering import BERLIN


@dataclass
class Clock:
    """Tests that wait for news run at any hour of the day: Kavi keeps news for the morning at night. `forward` sets it ahead."""

    ahead: timedelta = field(default_factory=lambda: _nine() - datetime.now(UTC))

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def forward(self, by: timedelta) -> None:
        self.ahead += by


def _nine() -> datetime:
    """The next nine o'clock in Berlin."""
    now = datetime.now(BERLIN)
    nine = now.replace(hour=9, minute=0, second=0, microsecond=0)
    return (nine if nine > now else nine + timedelta(days=1)).astimezone(UTC)
