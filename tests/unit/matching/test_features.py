"""Features of words and the lexicon of concepts."""

import pytest

from bot.matching.features import MAX_WORDS, Lexicon, said_words, stem, take_apart
from bot.matching.parts import MAX_PARTS, follow_up, parts_of

LEXICON = Lexicon.of(
    {"visit": ["besuch*"], "permit": ["*erlaubnis*"], "jail": ["knast", "gefängnis*"], "short": ["be*"]}
)


def test_a_word_has_the_concepts_of_its_longest_known_beginning_and_of_its_parts() -> None:
    assert set(LEXICON.concepts("besuchserlaubnis")) == {"visit", "permit"}
    assert LEXICON.concepts("gefaengnisse") == ("jail",)
    assert LEXICON.concepts("knastbruder") == ()


def test_inflected_words_share_their_stem() -> None:
    assert stem("besuche") == stem("besuchen") == "besuch"
    assert stem("tag") == "tag"


def test_a_stop_word_has_no_parts() -> None:
    assert take_apart("und", LEXICON).features == ("w:und",)


def test_of_a_long_text_the_beginning_and_the_end_are_looked_at() -> None:
    words = said_words("anfang " + "mitte " * 5000 + "ende")
    assert len(words) == MAX_WORDS
    assert (words[0], words[-1]) == ("anfang", "ende")


def test_a_short_message_has_no_parts_and_a_long_one_few() -> None:
    assert parts_of("Darf ich ihn besuchen, wenn ich krank bin?") == []
    assert (
        1
        < len(
            parts_of("Das ist ein Satz davor. " * 50 + "Und das ist noch ein anderer Satz. Wer hilft mir denn jetzt?")
        )
        <= MAX_PARTS
    )


def test_the_question_comes_first() -> None:
    assert parts_of("Wir waren gestern spät da. Und alles war zu. Wann ist denn Besuch?")[0] == (
        "wann",
        "ist",
        "denn",
        "besuch",
    )


def test_only_short_messages_are_follow_ups() -> None:
    assert follow_up(("und", "fuer", "babys"))
    assert not follow_up(["und", "wie", "ist", "das", "mit", "dem", "ausweis", "fuer", "babys"])


@pytest.mark.parametrize("said", ["blubberblu", "pizza", "xyz 1234", "na und", "qwertz"])
def test_a_bare_word_leads_on_from_nothing(said: str) -> None:
    assert not follow_up(said.split())


@pytest.mark.parametrize("said", ["wie lange", "fuer babys", "mit 14", "und wenn er krank ist"])
def test_a_question_word_a_preposition_or_a_conjunction_leads_on(said: str) -> None:
    assert follow_up(said.split())
