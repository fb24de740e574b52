"""SIGKILLs in the middle of everything, on Telegram."""

from __future__ import annotations

import pytest

from tests.servers import required
from tests.soak import Outcome
from tests.soak.telegram import align, count, run


@pytest.mark.slow
@pytest.mark.skipif(not required(), reason="test of minutes: runs with KAVI_TEST_REQUIRE=all")
async def test_killed_bot_loses_nothing_and_repeats_no_more_than_allowed() -> None:
    outcome = await run(kills=5, events=50)
    assert outcome.kills == 5
    assert outcome.clean, outcome


def test_the_count_sees_what_is_lost_repeated_or_strange() -> None:
    assert align(["a", "b", "b", "c"], ["a", "a", "b", "b", "c"]) == (4, 1, 0)
    outcome = Outcome()
    count(outcome, ["a", "b", "c"], ["a", "a", "b", "b"], allowed=1)
    assert (outcome.lost, outcome.sent_twice, outcome.processed_twice) == (1, 1, 0)
    count(outcome, ["a", "b"], ["a", "x", "b"], allowed=0)
    assert (outcome.lost, outcome.sent_twice, outcome.processed_twice) == (1, 1, 1)
