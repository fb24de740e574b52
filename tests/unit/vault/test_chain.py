"""The chain of a log: whole as it was written, broken by any change, also at its end."""

from __future__ import annotations

from itertools import accumulate

import pytest

from bot.vault.chain import Link, broken_at

WORDS = [f"line {number}" for number in range(6)]


@pytest.fixture
def written() -> tuple[list[str], Link]:
    rows = list(accumulate(WORDS, lambda row, word: row[1].next(did=word), initial=("", Link())))[1:]
    return [line for line, _ in rows], rows[-1][1]


def test_as_written_it_is_whole_also_without_its_oldest_lines(written: tuple[list[str], Link]) -> None:
    lines, end = written
    assert [broken_at(lines[gone:], end) for gone in range(6)] == [None] * 6
    assert broken_at([], Link()) is None


@pytest.mark.parametrize("at", range(6))
def test_a_changed_line_shows(written: tuple[list[str], Link], at: int) -> None:
    lines, end = written
    lines[at] = lines[at].replace("line", "lane")
    assert broken_at(lines, end) is not None


@pytest.mark.parametrize("at", range(1, 6))
def test_a_line_that_was_taken_out_shows(written: tuple[list[str], Link], at: int) -> None:
    lines, end = written
    assert broken_at([*lines[:at], *lines[at + 1 :]], end) is not None


def test_that_nothing_is_left_shows(written: tuple[list[str], Link]) -> None:
    assert broken_at([], written[1]) == 6
