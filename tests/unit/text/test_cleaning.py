"""What is looked at of a text is bounded, whatever its signs stand for."""

from __future__ import annotations

from bot.text.normalise import MAX_LENGTH, clean


def test_signs_that_stand_for_many_letters_make_no_text_longer_than_is_looked_at() -> None:
    blessing = "\ufdfa"  # eighteen letters in one sign
    assert len(clean(blessing)) == 18
    assert len(clean(blessing * MAX_LENGTH)) == MAX_LENGTH


def test_what_nobody_sees_falls_away() -> None:
    assert clean("Be\u00adsuch\u200b \u202eheute") == "Besuch heute"
