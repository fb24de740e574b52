"""Comparing fewer phrases must never find anything else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz import fuzz, process

from bot.text.closeness import Near

WORDS = st.text("abc ", max_size=24)


@given(st.lists(WORDS, unique=True, max_size=20), WORDS, st.sampled_from([60, 88, 90, 100]))
def test_the_closest_phrase_is_the_same_as_among_all(phrases: list[str], said: str, least: int) -> None:
    best = process.extractOne(said, phrases, scorer=fuzz.ratio, score_cutoff=least)
    near = process.extractOne(said, Near(least)(phrases, said), scorer=fuzz.ratio, score_cutoff=least)
    assert best == near


@pytest.mark.parametrize(("said", "near"), [("abcdefghi", {0: "abcdefghij", 1: "abcdefgh"}), ("abc", {2: "xyz"})])
def test_only_lengths_that_can_be_close_are_compared(said: str, near: dict[int, str]) -> None:
    assert Near(90)(("abcdefghij", "abcdefgh", "xyz"), said) == near


def test_other_phrases_take_the_place_of_the_last_ones() -> None:
    close = Near(90)
    assert close(["one"], "two") == {0: "one"}
    assert close(["six", "ten"], "two") == {0: "six", 1: "ten"}
