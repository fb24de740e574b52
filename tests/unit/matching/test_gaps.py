"""Grouping and masking of unanswered questions; leave-one-out."""

from __future__ import annotations

import pytest

from bot.matching.features import Lexicon
from bot.matching.gaps import group, mask, too_close
from bot.matching.index import Phrase, TopicIndex
from bot.matching.leave_one_out import leave_one_out

EVERYONE = frozenset({"caregiver"})
PHRASES = [
    Phrase(topic="visit", text="Wann ist Besuch im Gefängnis", audiences=EVERYONE),
    Phrase(topic="visit", text="Besuch im Gefängnis anmelden", audiences=EVERYONE),
    Phrase(topic="visit", text="Besuch anmelden wie", audiences=EVERYONE),
    Phrase(topic="money", text="Geld überweisen wie geht das", audiences=EVERYONE),
    Phrase(topic="money", text="Geld überweisen auf das Konto", audiences=EVERYONE),
    Phrase(topic="lonely", text="ganz andere Wörter", audiences=EVERYONE),
]


@pytest.fixture(scope="module")
def index() -> TopicIndex:
    return TopicIndex.build(PHRASES, {})


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("Der Besuch ist am 3. Mai 2026", "Der Besuch ist am [Datum]"),
        ("Ruf an: 0151 2345678", "[Name] an: [Zahl]"),
        ("mein mann heißt jonas", "mein mann heißt [Name]"),
        ("ist Mehmet im Gefängnis", "ist [Name] im Gefängnis"),
        ("schreib an anna@example.org", "schreib an [Link]"),
    ],
)
def test_names_numbers_and_dates_are_masked(index: TopicIndex, text: str, masked: str) -> None:
    assert mask(text, index) == masked


def test_alike_questions_stand_together_the_largest_group_first(index: TopicIndex) -> None:
    asked = ["darf der hund mit", "wie melde ich besuch an", "???", "darf mein hund mit", "hund mit darf der"]
    gaps = group(asked, index)
    assert [len(gap.texts) for gap in gaps] == [3, 1]
    assert gaps[1].topic == "visit"


def test_a_copied_wording_is_refused_and_an_own_one_is_not() -> None:
    originals = ["darf der hund von meinem mann mit zum besuch"]
    assert too_close("Darf der Hund von meinem Mann mit zum Besuch?", originals)
    assert not too_close("Sind Haustiere im Besuchsraum erlaubt?", originals)


def test_leave_one_out_finds_what_others_of_the_topic_say_and_not_what_only_one_says() -> None:
    right = {row.phrase.text: row.right for row in leave_one_out(PHRASES, Lexicon())}
    assert right["Besuch im Gefängnis anmelden"]
    assert right["Geld überweisen auf das Konto"]
    assert not right["ganz andere Wörter"]


def test_leave_one_out_of_nothing_is_nothing() -> None:
    assert leave_one_out([], Lexicon()) == []
