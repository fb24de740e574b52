"""A prison that is named alone is found by name, nickname or town, also with a slip of the pen; ordinary words name none."""

from __future__ import annotations

import pytest

from bot.dialogue.content import Content
from bot.matching.directory import speaks_of_prison


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("landshut", ["JVA Landshut"]),
        ("mein sohn sitzt seit gestern in straubig", ["JVA Straubing"]),
        ("er ist in stammheim", ["JVA Stuttgart (Stammheim)"]),
        ("santa fu", ["JVA Fuhlsbüttel"]),
        ("jva köln", ["JVA Köln"]),
    ],
)
def test_it_is_found(content: Content, text: str, names: list[str]) -> None:
    assert content.prisons is not None
    assert [entry.name for entry in content.prisons.alone(text)] == names


@pytest.mark.parametrize("text", ["", "papa", "frauen", "besuch in der jva köln am samstag", "rosenheim", "köln " * 40])
def test_other_words_and_more_than_a_name_find_none(content: Content, text: str) -> None:
    assert content.prisons is not None
    assert content.prisons.alone(text) == ()


def test_a_town_may_have_several(content: Content) -> None:
    assert content.prisons is not None
    assert len(content.prisons.alone("jva frankfurt")) > 1


def test_who_says_that_it_is_a_prison() -> None:
    assert speaks_of_prison("er sitzt in hof")
    assert not speaks_of_prison("hof")
