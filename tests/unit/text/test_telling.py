"""Who tells how things are is told apart from who asks for something."""

from __future__ import annotations

import pytest

from bot.text.telling import (
    asks,
    asks_inside,
    asks_what_now,
    asks_whether,
    goes_on_telling,
    names_oneself,
    tells,
    tells_age,
    tells_since,
)


@pytest.mark.parametrize(
    "text",
    [
        "mein Vater wurde gestern verhaftet",
        "Guten Tag, ich bin die Oma von zwei Buben",
        "die Buben sind 5 und 9 Jahre alt und jetzt bei mir",
        "my husband is in jail since monday",
        "seit er weg ist, bin ich allein mit drei Kindern",
    ],
)
def test_who_tells_something(text: str) -> None:
    assert tells(text)
    assert not asks(text)


@pytest.mark.parametrize(
    "text",
    [
        "mein Sohn sitzt",
        "schläft sie da allein",
        "ist er jetzt ganz weg",
        "mein Mann sitzt, wann darf ich hin",
        "er ist in der JVA, ich suche die Adresse",
        "mein Vater wurde gestern verhaftet?",
        "besuchszeit jva köln samstag",
    ],
)
def test_who_asks_or_searches(text: str) -> None:
    assert not tells(text)


@pytest.mark.parametrize(
    ("text", "asked"), [("wann ist besuch", True), ("geht das?", True), ("besuch am samstag", False)]
)
def test_a_question_has_its_mark_or_its_word(text: str, asked: bool) -> None:
    assert asks(text) is asked


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("1 2 und 6", True),
        ("5 und 8", True),
        ("sie ist 7", True),
        ("wir haben zwei Kinder, 4 und 9", True),
        ("die sind 3, 6 und 10", True),
        ("der Kleine ist 4 und die Große 11", True),
        ("ich hab eine Tochter 5 Jahre", True),
        ("7", False),
        ("7 uhr", False),
    ],
)
def test_how_old_the_children_are(text: str, told: bool) -> None:
    assert tells_age(text) is told


@pytest.mark.parametrize(
    ("text", "named"),
    [("ich heise lena", True), ("hallo, ich heiße Tim", True), ("wie heißt du", False), ("ich bin traurig", False)],
)
def test_who_says_a_name(text: str, named: bool) -> None:
    assert names_oneself(text) is named


@pytest.mark.parametrize(
    "text",
    ["was soll ich machen", "Und was soll ich jetzt tun?", "was nun", "ist das denn normal", "aber was mach ich da"],
)
def test_who_asks_what_to_do_now(text: str) -> None:
    assert asks_what_now(text)


@pytest.mark.parametrize(
    "text", ["was soll ich anziehen", "was soll ich machen wenn er weint", "was ist normal", "jetzt hilf mir"]
)
def test_who_asks_for_more_than_that(text: str) -> None:
    assert not asks_what_now(text)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("ich hasse ihn", True),
        ("aber mein bruder will", True),
        ("der denkt bestimmt alles ist wie früher", True),
        ("wie viel", False),
        ("in welchem gefängnis ist er denn", False),
        ("besuch bayern", False),
        ("und mein kind?", False),
        ("haftraum", False),
        ("hast du auch einen papa", False),
        ("freu mich", True),
        ("ohne sie", False),
        ("und wenn sie es rumerzählt", False),
    ],
)
def test_who_goes_on_telling_is_told_apart_from_who_asks_again(text: str, told: bool) -> None:
    assert goes_on_telling(text) is told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("seit 2 wochen", True),
        ("schon seit gestern", True),
        ("seit letztem Sommer.", True),
        ("seit wann?", False),
        ("seit er weg ist", False),
    ],
)
def test_since_when_and_nothing_else(text: str, told: bool) -> None:
    assert tells_since(text) is told


@pytest.mark.parametrize(
    ("text", "asked"), [("ist papa tot", True), ("hat er geburtstag", True), ("hab die prüfung bestanden", False), ("tot", False)]
)  # fmt: skip
def test_a_question_that_begins_with_the_verb_of_others(text: str, asked: bool) -> None:
    assert asks_whether(text) is asked


def test_a_word_that_asks_is_known_by_its_sound() -> None:
    assert asks_inside(["opa", "tarf", "kan"])
    assert not asks_inside(["opa", "tot"])
