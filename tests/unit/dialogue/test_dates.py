"""Days that come again, and years that people leave out or shorten."""

from __future__ import annotations

from datetime import date

import pytest

from bot.dialogue.dates import nearest_date, next_such_day, read_date
from bot.dialogue.expressions import evaluate, parse

TODAY = date(2026, 11, 24)


@pytest.mark.parametrize(
    ("day", "comes"),
    [
        (date(1985, 4, 3), date(2027, 4, 3)),
        (date(2026, 11, 24), TODAY),
        (date(2026, 11, 23), date(2027, 11, 23)),
        (date(2020, 2, 29), date(2027, 2, 28)),
        (date(2020, 12, 31), date(2026, 12, 31)),
    ],
)
def test_a_day_comes_again_every_year(day: date, comes: date) -> None:
    assert next_such_day(day, TODAY) == comes
    again = evaluate(parse("anniversary(born)"), {"born": day.isoformat()}, TODAY)
    assert again == comes.isoformat()


def test_the_29th_of_february_comes_in_a_leap_year() -> None:
    assert next_such_day(date(2020, 2, 29), date(2028, 1, 1)) == date(2028, 2, 29)


@pytest.mark.parametrize(
    ("text", "past", "meant"),
    [
        ("3.4.85", True, date(1985, 4, 3)),
        ("3.4.14", True, date(2014, 4, 3)),
        ("3.4.27", False, date(2027, 4, 3)),
        ("3.4.", True, date(2026, 4, 3)),
        ("3. April 1985", True, date(1985, 4, 3)),
    ],
)
def test_two_digits_of_a_year_mean_this_century_or_for_what_is_past_the_last_one(
    text: str, past: bool, meant: date
) -> None:
    assert read_date(text, TODAY, past=past) == meant


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("20.11.", date(2026, 11, 20)),
        ("1.12.", date(2026, 12, 1)),
        ("gestern", date(2026, 11, 23)),
        ("31.2.", "impossible"),
        ("bald", "unreadable"),
    ],
)
def test_the_nearer_day(text: str, meant: object) -> None:
    assert nearest_date(text, TODAY) == meant


@pytest.mark.parametrize(
    ("text", "past", "meant"),
    [
        ("am Montag", True, date(2026, 11, 23)),
        ("Dienstag", True, date(2026, 11, 17)),
        ("Dienstag", False, date(2026, 12, 1)),
        ("so geht es nicht", False, "unreadable"),
    ],
)
def test_a_day_of_the_week_is_the_last_or_the_next_one_never_today(text: str, past: bool, meant: object) -> None:
    assert read_date(text, TODAY, past=past) == meant
