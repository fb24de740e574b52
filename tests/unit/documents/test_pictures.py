"""Pictures for the phone: every Land with its number and state, nothing cut off, words that can be told from their ground."""

from __future__ import annotations

import io
from dataclasses import replace
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs
from PIL import Image

from bot.dialogue.content import Content
from bot.documents import board
from bot.documents.board import CELL, Board, wrapped
from bot.documents.look import ACCENT, INK, PALE, SOFT
from bot.documents.maker import render
from tests.unit.documents.test_files import AT, PICTURES

THEMES = ("visits", "children", "longterm", "remand", "youth")


def _picture(content: Content, template: str, **values: str) -> Image.Image:
    return Image.open(io.BytesIO(render(content, content.templates[template], values, AT, PICTURES)))


def edges_are_empty(image: Image.Image) -> bool:
    """Whether a strip of 20 pixels all round is white: what is cut off would touch it."""
    plain = image.convert("L")
    wide, high = plain.size
    strips = ((0, 0, wide, 20), (0, high - 20, wide, high), (0, 0, 20, high), (wide - 20, 0, wide, high))
    return all(plain.crop(box).getextrema()[0] > 250 for box in strips)  # type: ignore[operator]  # one band


def test_the_table_of_hours_has_every_land_its_numbers_state_and_sources(content: Content) -> None:
    image = _picture(content, "law-hours")
    said = image.text["Description"]  # type: ignore[attr-defined]  # of PNG pictures
    assert image.width == 1080
    assert image.height <= 2300
    assert edges_are_empty(image)
    for code, name in content.laender.items():
        hours = content.values[f"land.{code}.visits"]
        assert any(line.startswith(f"{name} | {hours.value:g} h") for line in said.splitlines()), name
    assert "Niedersachsen | 2 h | 0 h * | – | 6 h" in said
    assert "Stand der Angaben: 01.2010 bis 11.2026. Quellen: " in said
    assert "Nicht fachlich geprüft" in said


@pytest.mark.parametrize("theme", THEMES)
def test_any_four_laender_fit_on_one_phone_picture(content: Content, theme: str) -> None:
    field = {"children": "child_extra"}.get(theme, theme)
    longest = sorted(content.laender, key=lambda code: -len(content.values[f"land.{code}.{field}"].text))[:4]
    for chosen in (longest, *list(combinations(sorted(content.laender), 4))[::1200]):
        image = _picture(content, "law-compare", laender=" ".join(chosen), **{theme: "ja"})
        said = image.text["Description"]  # type: ignore[attr-defined]  # of PNG pictures
        assert image.height <= 2400
        assert edges_are_empty(image)
        assert all(content.values[f"land.{code}.{field}"].text in said for code in chosen)
        assert all(content.values[f"land.{code}.{field}"].norm in said for code in chosen)


def test_the_numbers_come_from_the_data(content: Content) -> None:
    changed = structs.replace(content.values["land.BY.visits"], value=7.5)
    other = replace(content, values={**content.values, "land.BY.visits": changed})
    assert "Bayern | 7.5 h" in _picture(other, "law-hours").text["Description"]  # type: ignore[attr-defined]  # of PNG pictures


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="abcdefgäöü mnW-", max_size=200), st.integers(120, 900))
def test_no_line_is_wider_than_its_column_and_no_letter_is_lost(text: str, width: int) -> None:
    lines = wrapped(text, width, CELL)
    assert all(board._font(CELL, False).getlength(line) <= width for line in lines)
    letters = [char for char in text if char.isalpha()]
    assert [char for line in lines for char in line if char.isalpha()] == letters


def test_a_picture_that_would_be_too_high_is_refused() -> None:
    big = Board()
    big.text("lang " * 4000)
    with pytest.raises(ValueError, match="too high"):
        big.to_bytes()


def contrast(one: tuple[int, int, int], other: tuple[int, int, int]) -> float:
    """WCAG's ratio of two colours."""

    def light(colour: tuple[int, int, int]) -> float:
        parts = [c / 255 / 12.92 if c <= 10 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in colour]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    high, low = sorted((light(one), light(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_words_stand_out_from_their_ground() -> None:
    white = (255, 255, 255)
    for words, ground in ((INK, white), (INK, PALE), (ACCENT, white), (ACCENT, PALE), (white, ACCENT), (SOFT, white)):
        assert contrast(words, ground) >= 4.5, (words, ground)
