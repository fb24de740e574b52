"""Posters and cards: the code leads to the right place, every word is there and whole, and what is unknown is said."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pypdf import PdfReader

from bot.cli.poster import LONGEST_PAYLOAD, Refused, Wish, make_poster, payload
from bot.config import Settings
from bot.dialogue import Session, turn
from bot.dialogue.content import Content
from bot.dialogue.effects import Record
from bot.dialogue.events import Started
from bot.documents.look import ACCENT
from bot.documents.poster import SIZES, WARM, poster_file

AT = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)


def wish(**values: str) -> Wish:
    return Wish(out=Path("x.pdf"), telegram="kavi_bot", **values)  # type: ignore[arg-type]  # only words are given


def words_and_places(pdf: bytes) -> tuple[str, list[tuple[float, float, float]]]:
    """The text of the one page, and where each piece begins, with its size in points."""
    reader = PdfReader(io.BytesIO(pdf))
    (page,) = reader.pages
    places: list[tuple[float, float, float]] = []

    def see(text: str, cm: list[float], tm: list[float], font: object, size: float) -> None:
        if text.strip():
            places.append((tm[4], tm[5], size))

    return " ".join(page.extract_text(visitor_text=see).split()), places


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    "values",
    [
        {"land": "BY"},
        {"prison": "bw-jva-konstanz-aussenstelle-singen-aeltere-gefangene"},
        {"school": "Astrid-Lindgren-Gemeinschaftsgrundschule mit Vorklasse Musterstadt-Neuenkirchen"},
        {"audience": "staff", "land": "Mecklenburg-Vorpommern"},
    ],
    ids=["land", "prison", "school", "staff"],
)
def test_every_word_stands_on_the_page(content: Content, values: dict[str, str], size: str) -> None:
    poster = make_poster(wish(size=size, matrix="@kavi:beispiel.org", **values), content, Settings())
    text, places = words_and_places(poster_file(poster, size, AT))
    expected = [
        poster.headline,
        poster.lead,
        *poster.points,
        poster.scan,
        poster.promise,
        poster.emergency,
        poster.place,
    ]
    for sentence in expected:
        assert "".join(sentence.split()) in "".join(text.split()), sentence
    width, height = (side * 72 / 25.4 for side in SIZES[size])
    assert all(0 < x < width and 0 < y < height for x, y, _ in places)
    assert min(size for *_, size in places) > (8 if size == "a4" else 4), "readable"


def test_a_poster_fits_even_the_longest_words(content: Content) -> None:
    poster = make_poster(wish(school="W" * 80), content, Settings())
    text, _ = words_and_places(poster_file(poster, "a6", AT))
    assert "W" * 80 in text


@pytest.mark.parametrize("colour", [ACCENT, WARM])
def test_white_words_have_contrast(colour: tuple[int, int, int]) -> None:
    linear = [value / 255 / 12.92 if value < 11 else ((value / 255 + 0.055) / 1.055) ** 2.4 for value in colour]
    assert 1.05 / (0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2] + 0.05) >= 7


def test_the_code_opens_the_chat_at_the_right_place(content: Content) -> None:
    assert content.prisons is not None
    for entry in content.prisons.entries:
        told = payload("", entry.id, "", "poster")
        assert len(told) <= LONGEST_PAYLOAD
        result = turn(content, Session(), Started(at=AT, payload=told))
        assert result.session.part.slots["prison"].value == entry.id
        (fact,) = [effect for effect in result.effects if isinstance(effect, Record) and effect.name == "came_by"]
        assert dict(fact.values) == {"source": "poster", "prison": entry.id, "land": entry.land}


def test_a_school_poster_leads_a_child_to_the_childrens_beginning(content: Content) -> None:
    poster = make_poster(wish(school="Schule am See", land="HH"), content, Settings())
    assert poster.child
    assert poster.codes[0].link == "https://t.me/kavi_bot?start=land-HH__role-child__from-school"
    assert "See" not in poster.codes[0].link, "which school it was is not told"
    result = turn(content, Session(), Started(at=AT, payload="land-HH__role-child__from-school"))
    assert result.session.part.audience == "child"


@pytest.mark.parametrize("told", ["from-Mia.Musterfrau", "from-0170123456", "from-", "from-poster-xyz"])
def test_a_link_cannot_have_words_of_its_own_kept(content: Content, told: str) -> None:
    effects = turn(content, Session(), Started(at=AT, payload=told)).effects
    assert not [effect for effect in effects if isinstance(effect, Record) and effect.name == "came_by"]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"prison": "Entenhausen"}, "nicht bekannt"),
        ({"prison": "Frankfurt"}, "Mehrere Gefängnisse"),
        ({"land": "Atlantis"}, "nicht bekannt"),
        ({"school": "x" * 10_000}, "zu lang"),
        ({"prison": "x" * 10_000}, "nicht bekannt|zu lang"),
        ({"telegram": "kein name"}, "Telegram"),
        ({"matrix": "kavi"}, "Matrix-Kennung"),
        ({"size": "a3"}, "Größen"),
        ({"telegram": ""}, "Wohin"),
    ],
)
def test_what_is_wrong_is_said_with_the_remedy(content: Content, values: dict[str, str], said: str) -> None:
    asked = {"telegram": "kavi_bot", **values}
    with pytest.raises(Refused, match=said):
        make_poster(Wish(out=Path("x.pdf"), **asked), content, Settings())  # type: ignore[arg-type]  # only words
