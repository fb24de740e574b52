"""What is mentioned by the way is found by words near each other, as children write them, and not where it is taken back."""

from __future__ import annotations

import pytest

from bot.text.mentions import LONGEST, Group, Mention, Mentions

MENTIONS = Mentions.of(
    {
        "died": ["hund|katze gestorb*|tot"],
        "school": ["will nicht *schule", "hasse schule"],
        "flat": ["wohnung gefunden|endlich !kündig*"],
        "short": ["de* kuh"],
        "end": ["*burger"],
    },
    never=["nicht", "wenn"],
)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("mein hund ist gestorben", "died"),
        ("gestorbn ist der hunt", "died"),
        ("ich will nicht in die grundschule", "school"),
        ("Ich HASSE Schuhle", "school"),
        ("endlich eine wohnung", "flat"),
        ("der kuh", "short"),
        ("hamburger", "end"),
    ],
)
def test_it_is_found_in_any_order_and_by_its_sound(text: str, kind: str) -> None:
    found = MENTIONS.find(text)
    assert found is not None
    assert found.kind == kind


@pytest.mark.parametrize(
    "text",
    [
        "",
        "mein hund",
        "mein hund ist nicht gestorben",
        "wenn mein hund gestorben ist",
        "mein hund spielt im garten und läuft und bellt und frisst, gestorben ist nur die oma",
        "endlich eine wohnung, aber schon gekündigt und kündigung da",
        "mein hund ist gestorben " + "und so weiter " * LONGEST,
    ],
)
def test_what_is_taken_back_far_apart_or_buried_in_a_letter_is_not_found(text: str) -> None:
    assert MENTIONS.find(text) is None


def test_what_takes_back_counts_only_close_by() -> None:
    found = MENTIONS.find("mein hund ist gestorben und ich weiß nicht weiter")
    assert found == Mention("died", ("mein", "ist", "unt", "ich", "weis", "nicht", "weiter"))


def test_the_first_line_counts_and_nothing_is_found_in_nothing() -> None:
    both = MENTIONS.find("mein hund ist tot und ich hasse schule")
    assert both is not None
    assert both.kind == "died"
    assert Mentions.of({}).find("mein hund ist tot") is None


def test_the_beginning_of_a_word_keeps_its_last_letter() -> None:
    assert Group.of(["gestorb*"]).has("gestorben")
    assert not Group.of(["gestorb*"]).anchors - {"ges"}
    assert Group.of(["x*"]).anchors == frozenset(), "shorter than what lines are found by"
