"""SIGKILLs in the middle of everything."""

from __future__ import annotations

import pytest

from tests.soak.matrix import run

pytestmark = [pytest.mark.server, pytest.mark.slow]


async def test_killed_adapter_loses_and_doubles_nothing() -> None:
    outcome = await run(kills=5, events=50, adapter_only=True)
    assert outcome.kills == 5
    assert outcome.clean, outcome
