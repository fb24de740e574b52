"""Small talk put together from several known phrases, and what is none."""

from __future__ import annotations

import pytest

from bot.matching.smalltalk import kind_of

KNOWN = {
    "ok": "yes",
    "ja": "yes",
    "danke": "thanks",
    "tschuess": "bye",
    "hallo": "greeting",
    "wie geht es dir": "how_are_you",
    "nein": "no",
}


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("ok danke tschuess", "thanks"),
        ("hallo kavi wie geht es dir", "how_are_you"),
        ("danke bro", "thanks"),
        ("ja ok", "yes"),
        ("hallo hallo", "greeting"),
    ],
)
def test_what_says_more_than_yes_or_hello_counts(said: str, kind: str) -> None:
    assert kind_of(said, KNOWN) == kind


@pytest.mark.parametrize(
    "said", ["ok danke fuer nichts", "ja und", "danke aber", "ja nein", "bro", "ok wann ist besuch"]
)
def test_a_word_that_nobody_knows_or_that_more_follows_is_no_small_talk(said: str) -> None:
    assert kind_of(said, KNOWN) is None
