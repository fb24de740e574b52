"""What each kind of question takes as an answer, what it refuses and why, and what it offers to choose from."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from bot.dialogue.content import Content
from bot.dialogue.flow import Ask
from bot.dialogue.questions import in_passing, read
from bot.dialogue.reading import Asking, Narrow, Parsed, Reading, Rejected, Shown
from bot.dialogue.yes_no import denies
from bot.testing.talk import START

OPTIONS = (Shown("mother", "Mutter", ("Mama",)), Shown("father", "Vater"), Shown("aunt", "Tante"))


def taken(
    content: Content, kind: str, text: str, *, options: tuple[Shown, ...] = (), most: int = 0, land: str = ""
) -> Reading:
    asking = Asking(
        ask=Ask(kind=kind, slot="x", keep="turn", most=most),
        options=options,
        content=content,
        today=START.date(),
        land=land,
    )
    return read(text, asking)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("die erste bitte", "mother"),
        ("das letzte", "aunt"),
        ("zwei", "father"),
        ("second", "father"),
        ("üçüncü", "aunt"),
        ("ich bin die Mama", "mother"),
        ("Mutter oder Vater", None),
        ("neun", None),
    ],
)
def test_one_of_several(content: Content, text: str, value: str | None) -> None:
    wanted = Parsed(value) if value else Rejected("choice")
    assert taken(content, "choose", text, options=OPTIONS) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("1 und 3", Parsed(("mother", "aunt"))),
        ("Vater, , Mama, Vater", Parsed(("father", "mother"))),
        ("Vater und Onkel", Rejected("choice_many")),
        (", ;", Rejected("choice_many")),
        (" Vater\n\n  and 1  3 ", Rejected("too_many")),
        ("hundert  &\tVater", Rejected("choice_many")),
        ("1, 2, 3", Rejected("too_many")),
    ],
)
def test_some_of_several(content: Content, text: str, wanted: Reading) -> None:
    assert taken(content, "choose_many", text, options=OPTIONS, most=2) == wanted


@pytest.mark.parametrize("kind", ["choose", "choose_many", "yes_no", "land"])
def test_a_number_far_before_a_word_takes_no_time(content: Content, kind: str) -> None:
    begun = time.thread_time()
    assert isinstance(taken(content, kind, f"1{chr(10) * 15_000}Regen", options=OPTIONS), Rejected)
    assert taken(content, "choose", " Nr.\n2 ) ", options=OPTIONS) == Parsed("father")
    assert time.thread_time() - begun < 0.5


@pytest.mark.parametrize("gap", [" ", "\t", "\u00a0"])
def test_names_far_apart_are_found_in_no_time(content: Content, gap: str) -> None:
    begun = time.thread_time()
    assert taken(content, "choose_many", f"Vater,{gap * 20_000}Mama", options=OPTIONS) == Parsed(("father", "mother"))
    assert taken(content, "choose_many", f"Onkel{gap * 20_000}Opa", options=OPTIONS) == Rejected("choice_many")
    assert time.thread_time() - begun < 0.5


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("1", Parsed(True)),
        ("2.", Parsed(False)),
        ("ja gerne doch", Parsed(True)),
        ("nein lieber nicht", Parsed(False)),
        ("👎", Parsed(False)),
        ("passt schon so", Parsed(True)),
        ("bloß das nicht", Parsed(False)),
        ("vielleicht", Rejected("yes_no")),
    ],
)
def test_yes_or_no_also_by_its_own_labels(content: Content, text: str, wanted: Reading) -> None:
    labels = (Shown("yes", "Passt schon so"), Shown("no", "Bloß das nicht"))
    assert taken(content, "yes_no", text, options=labels) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("7", Parsed(7)),
        ("7,5", Parsed(7.5)),
        ("sieben", Parsed(7)),
        ("7 einhalb Jahre", Parsed(7.5)),
        ("sie ist 7 und ein halbes Jahr", Parsed(7.5)),
        ("ich hätte da noch eine Frage", Rejected("number")),
        ("7 und 9", Rejected("number")),
    ],
)
def test_a_number_and_half_a_year(content: Content, text: str, wanted: Reading) -> None:
    assert taken(content, "number", text) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("D-10115 Berlin", Parsed("10115")),
        ("00500", Rejected("plz")),
        ("10115 oder 20095", Rejected("plz")),
        ("Berlin", Rejected("plz")),
    ],
)
def test_a_postal_code(content: Content, text: str, wanted: Reading) -> None:
    assert taken(content, "plz", text) == wanted


def test_a_land_by_name_by_option_or_offered_for_a_postal_code(content: Content) -> None:
    assert taken(content, "land", "in Bayern") == Parsed("BY")
    assert taken(content, "land", "2", options=(Shown("BE", "Berlin"), Shown("HH", "Hamburg"))) == Parsed("HH")
    assert taken(content, "land", "10115") == Narrow((("BE", "Berlin"),))
    several = taken(content, "land", "Jugendanstalt")
    assert isinstance(several, Narrow)
    assert ("NI", "Niedersachsen") in several.options
    assert taken(content, "land", "00999") == Rejected("land")
    assert taken(content, "land", "weit weg") == Rejected("land")


def test_a_prison_for_sure_or_several_or_none(content: Content) -> None:
    assert content.prisons is not None
    assert isinstance(taken(content, "prison", "JVA Tegel"), Parsed)
    several = taken(content, "prison", "Berlin")
    assert isinstance(several, Narrow)
    assert 1 < len(several.options) <= 4
    assert taken(content, "prison", "qwxyz") == Rejected("prison")
    assert taken(replace(content, prisons=None), "prison", "JVA Tegel") == Rejected("prison")


@pytest.mark.parametrize("kind", ["short_text", "long_text"])
def test_a_text_is_neither_empty_nor_endless(content: Content, kind: str) -> None:
    assert taken(content, kind, "") == Rejected("empty")
    assert taken(content, kind, "Liebe Frau Berg") == Parsed("Liebe Frau Berg")
    assert taken(content, kind, "a" * 100_000) == Rejected("too_long")


def test_only_what_is_beyond_doubt_is_taken_from_a_question_in_passing(content: Content) -> None:
    def told(kind: str, text: str) -> object:
        ask = Ask(kind=kind, slot="x", keep="turn")
        return in_passing(text, Asking(ask=ask, options=(), content=content, today=START.date()))

    tegel = taken(content, "prison", "JVA Tegel")
    assert isinstance(tegel, Parsed)
    assert told("land", "Wie lange darf ich in Bayern besuchen?") == "BY"
    assert told("plz", "Gibt es Hilfe in 10115?") == "10115"
    assert told("plz", "Gibt es Hilfe in 10115 oder 20095?") is None
    assert told("prison", "JVA Tegel") == tegel.value
    assert told("prison", "Wann kommt die Post?") is None
    assert told("short_text", "Bayern") is None


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("nein so meinte ich das nicht", True),
        ("so hab ich das nicht gemeint", True),
        ("das war nicht so gemeint", True),
        ("quatsch, bin nur müde", True),
        ("war nur spaß", True),
        ("hayır öyle demek istemedim", True),
        ("нет, я просто устал", True),
        ("nein aber manchmal", False),
        ("nein, da ist niemand", False),
        ("nein ich mag nicht mehr", False),
        ("nein", None),
        ("ne zaman gelir", None),
        ("nein, wann kommt er?", None),
        ("ich kann nicht mehr", None),
    ],
)
def test_a_no_in_ones_own_words_and_one_that_is_taken_back(text: str, wanted: bool | None) -> None:
    assert denies(text) is wanted
