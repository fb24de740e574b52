"""Hours of help lines as they are written, and a line that is never open."""

from __future__ import annotations

from datetime import datetime

import pytest

from bot.safety.helplines import BERLIN, Line, Span, minutes, next_opening, open_lines

MONDAY_NOON = datetime(2026, 11, 23, 12, 0, tzinfo=BERLIN)


@pytest.mark.parametrize(("clock", "found"), [("14:30", 870), ("00:00", 0), ("24:00", 1440)])
def test_a_time_of_day_in_minutes(clock: str, found: int) -> None:
    assert minutes(clock) == found


@pytest.mark.parametrize("clock", ["24:01", "-1:00", "noon", ""])
def test_what_is_no_time_of_day_is_refused(clock: str) -> None:
    with pytest.raises(ValueError, match=r"time of day|invalid literal"):
        minutes(clock)


def test_a_line_opens_within_a_week_or_never() -> None:
    earlier = Line(id="a", name="A", number="1", hours=(Span(days=(0,), begin=600, end=660),))
    assert next_opening(earlier, MONDAY_NOON) == datetime(2026, 11, 30, 10, 0, tzinfo=BERLIN)
    never = Line(id="b", name="B", number="2", audiences=("child",), hours=(Span(days=(), begin=600, end=660),))
    assert next_opening(never, MONDAY_NOON) is None
    assert open_lines([never], MONDAY_NOON, "child") == ()
