"""SIGKILLs in the middle of everything: the Matrix adapter with the smallest durable bot around it."""

from __future__ import annotations

import pytest

from tests.servers import required
from tests.soak.matrix import run

pytestmark = [
    pytest.mark.server,
    pytest.mark.slow,
    pytest.mark.skipif(not required(), reason="server test of minutes: runs with KAVI_TEST_REQUIRE=all"),
]


async def test_killed_bot_loses_and_doubles_nothing() -> None:
    outcome = await run(kills=5, events=50, adapter_only=True)
    assert outcome.kills == 5
    assert outcome.clean, outcome
