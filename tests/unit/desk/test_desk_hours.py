"""Opening hours in words: what can be read, what is refused, and how times are spoken of."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from bot.desk.hours import BERLIN, Hours, about, day_words, honest_time, honest_time_child, honest_words, parse

WEDNESDAY = datetime(2026, 11, 25, 9, tzinfo=UTC)  # ten o'clock in Berlin


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ("mo-fr neun bis fünf", "ist keine Zeit"),
        ("mo-xx 9-17", "Tage heißen mo, di, mi"),
        ("17-9", "Das Ende muss nach dem Anfang liegen"),
        ("9-25", "Das Ende muss nach dem Anfang liegen"),
        ("9-9", "Das Ende muss nach dem Anfang liegen"),
    ],
)
def test_hours_that_cannot_be_meant_are_refused_with_a_reason(line: str, wrong: str) -> None:
    with pytest.raises(ValueError, match=wrong):
        parse(line)


def test_hours_without_a_day_hold_every_day_and_those_after_a_day_for_that_day() -> None:
    daily = Hours(parse("9-12; 14-16"))
    for days in range(7):
        at = WEDNESDAY + timedelta(days=days)
        assert daily.closes(at) == at.astimezone(BERLIN).replace(hour=12)
        assert len(daily.of_day(at.date())) == 2
    evening = Hours(parse("fr 9-12, 18-20"))
    assert [len(evening.of_day((WEDNESDAY + timedelta(days=days)).date())) for days in range(3)] == [0, 0, 2]


@pytest.mark.parametrize(
    ("days", "said"),
    [(0, "heute"), (1, "morgen"), (2, "am Freitag"), (6, "am Dienstag"), (7, "am Mittwoch, 2.12."), (20, "am Dienstag, 15.12.")],
)  # fmt: skip
def test_a_day_is_called_as_people_call_it(days: int, said: str) -> None:
    assert day_words(WEDNESDAY + timedelta(days=days), WEDNESDAY) == said


@pytest.mark.parametrize(
    ("minutes", "said"),
    [(0, "wenige Minuten"), (9, "wenige Minuten"), (12, "etwa 10 Minuten"), (88, "etwa 90 Minuten"), (200, "etwa 3 Stunden")],
)  # fmt: skip
def test_a_waiting_time_is_told_no_finer_than_it_is_known(minutes: int, said: str) -> None:
    assert about(minutes * 60) == said


def test_translators_get_every_sentence_that_can_be_said() -> None:
    """Whatever the hour: each sentence, without its numbers and days, is one of those that are handed to translators."""
    known = {_bare(words) for words in honest_words()}
    for hours in (Hours(), Hours(parse("mo-fr 9-17"))):
        for present in (0, 1):
            for waits in ((), (60,), (1800,), (9000,)):
                for step in range(0, 7 * 24, 5):
                    for tell in (honest_time, honest_time_child):
                        said = _bare(tell(hours, present, waits, WEDNESDAY + timedelta(hours=step)))
                        for words in sorted(known, key=len, reverse=True):
                            said = said.replace(words, "")
                        assert said.strip() == ""


def _bare(text: str) -> str:
    """A sentence without numbers and days."""
    return re.sub(r"heute ab|morgen ab|am \w+ ab", "{} ab", re.sub(r"\d+(:\d+)?", "{}", text))
