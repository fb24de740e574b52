"""Long runs with SIGKILLs: `python -m tests.soak NAME --kills N --events M`.

Each module here has `async def run(kills: int, events: int) -> Outcome`. The last line printed is the outcome as JSON.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Outcome:
    """What a run counted. Everything but `kills` and `events` must be 0."""

    kills: int = 0
    events: int = 0
    lost: int = 0
    processed_twice: int = 0
    sent_twice: int = 0
    two_voices: int = 0
    silent: int = 0

    @property
    def clean(self) -> bool:
        return not (self.lost or self.processed_twice or self.sent_twice or self.two_voices or self.silent)
