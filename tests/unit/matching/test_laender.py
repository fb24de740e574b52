"""Which Land a text names: as an answer, by the way in a question, or alone."""

from __future__ import annotations

import pytest

from bot.matching.laender import LandFinder

FINDER = LandFinder.of({
    "BY": ("Bayern",), "SN": ("Sachsen", "Freistaat Sachsen"), "ST": ("Sachsen-Anhalt",), "NW": ("Nordrhein-Westfalen", "NRW"),
    "HE": ("Hessen",), "BE": ("Berlin",),
})  # fmt: skip


@pytest.mark.parametrize(("text", "code"), [
    ("Bayern", "BY"), ("bayeren", "BY"), ("essen", None), ("sachsen", "SN"), ("sachen", "SN"), ("BY", "BY"),
    ("er sitzt in Sachsen-Anhalt", "ST"),
    ("narnia", None), ("Bayern oder Hessen", None),
])  # fmt: skip
def test_an_answer_may_be_misspelt(text: str, code: str | None) -> None:
    assert FINDER.find(text) == code


@pytest.mark.parametrize(("text", "code"), [
    ("Wie lange darf ich in Bayern besuchen?", "BY"), ("besuchszeit nrw", "NW"), ("Darf ich Sachen mitbringen?", None),
    ("darf er sich melden", None), ("In Bayern oder Hessen?", None), ("Sachsen-Anhalt besuch", "ST"),
])  # fmt: skip
def test_by_the_way_only_a_whole_name_counts(text: str, code: str | None) -> None:
    assert FINDER.in_passing(text) == code


@pytest.mark.parametrize(("text", "code"), [
    ("bayern", "BY"), ("und in Bayern?", "BY"), ("bayeren", "BY"), ("essen", None), ("HE", "HE"), ("he", None),
    ("NRW bitte", "NW"), ("sachen", None),
    ("Besuchszeit in Bayern", None), ("", None), ("und?", None),
    ("Bayern " * 20, None),
])  # fmt: skip
def test_a_land_stands_alone_when_nothing_else_is_said(text: str, code: str | None) -> None:
    assert FINDER.alone(text) == code
