"""What is looked at of a text is bounded, whatever its signs stand for."""

from __future__ import annotations

import time
import unicodedata

import pytest

from bot.text.normalise import MAX_LENGTH, MOST_MARKS, clean, fold, tokens
from bot.text.sound import words_of

MARKS = {
    "two marks by turns": "\u0301\u0327" * 9_000,
    "marks in the wrong order": "\u0301" * 9_000 + "\u0327" * 9_000,
    "marks with nothing visible between": ("\u0301" * MOST_MARKS + "\u200b" + "\u0327" * MOST_MARKS + "\u200b") * 300,
    "half-width marks": "\u0301\uff9e" * 9_000,
}


def test_signs_that_stand_for_many_letters_make_no_text_longer_than_is_looked_at() -> None:
    blessing = "\ufdfa"  # eighteen letters in one sign
    assert len(clean(blessing)) == 18
    assert len(clean(blessing * MAX_LENGTH)) == MAX_LENGTH


def test_what_nobody_sees_falls_away() -> None:
    assert clean("Be\u00adsuch\u200b \u202eheute") == "Besuch heute"


@pytest.mark.parametrize("name", MARKS)
def test_thousands_of_marks_on_one_letter_are_sorted_in_no_time(name: str) -> None:
    text = f"z{MARKS[name]} Besuch"
    begun = time.thread_time()
    assert (fold(text), words_of(text)[-1]) == (fold(f"z{MARKS[name][:MOST_MARKS]} Besuch"), words_of("Besuch")[-1])
    assert time.thread_time() - begun < 0.5, "Unicode's own sorting takes more than a second each time"


@pytest.mark.parametrize(
    "text", ["e\u0301" * 40, "한국어" * 20, "กี่" * 30, "👩\u200d👩\u200d👧" * 9, "z" + "\u0327\u0301" * 15]
)
def test_what_people_write_keeps_all_its_marks(text: str) -> None:
    assert clean(text).replace("\u200d", "") == unicodedata.normalize("NFKC", text).replace("\u200d", "")


def test_a_long_text_is_folded_once_a_turn() -> None:
    text = "Wann darf ich zu Besuch kommen? " * 20
    assert tokens(text) is tokens(text)
