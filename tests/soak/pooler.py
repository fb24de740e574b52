"""The soak of PostgreSQL with all processes behind a connection pooler in transaction mode."""

from __future__ import annotations

from tests.soak import Outcome, postgres


async def run(kills: int, events: int) -> Outcome:
    """See `tests.soak.postgres`."""
    return await postgres.run(kills, events, pooled=True)
