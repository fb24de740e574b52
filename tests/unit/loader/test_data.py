"""The directories and numbers that ship: found the way people say them."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from bot.loader.data import Data, load_data
from bot.loader.nodes import Problems
from bot.matching.directory import Directory, Entry

KNOWLEDGE = Path(__file__).parents[3] / "knowledge"


@cache
def data() -> Data:
    problems = Problems()
    loaded = load_data(KNOWLEDGE, problems)
    assert problems.errors == ()
    return loaded


@pytest.mark.parametrize(
    ("said", "part"),
    [
        ("Santa Fu", "Fuhlsbüttel"),
        ("stadelheim", "München"),
        ("JVA Tegel", "Tegel"),
        ("er sitzt in moabit", "Moabit"),
        ("Bruchsaal", "Bruchsal"),
        ("JVA Straubing", "Straubing"),
    ],
)
def test_a_prison_is_found_by_name_nickname_and_slip_of_the_pen(said: str, part: str) -> None:
    prisons = data().prisons
    assert prisons is not None
    hits = prisons.find(said)
    assert hits
    assert part in hits[0].entry.name + hits[0].entry.city


def test_a_postal_code_finds_the_prisons_of_its_region_first() -> None:
    prisons = data().prisons
    assert prisons is not None
    hits = prisons.find("ich wohne in 76131")
    assert hits[0].entry.city == "Karlsruhe"
    assert all(hit.entry.plz.startswith("7") for hit in hits)


def test_the_land_decides_between_places_of_one_name() -> None:
    both = Directory.of([Entry(id="a", name="JVA Neustadt", land="BY"), Entry(id="b", name="JVA Neustadt", land="SH")])
    assert not both.certain(both.find("neustadt"))
    for land, wanted in (("BY", "a"), ("SH", "b")):
        hits = both.find("neustadt", land=land)
        assert hits[0].entry.id == wanted
        assert both.certain(hits)


def test_nonsense_finds_no_prison() -> None:
    prisons = data().prisons
    assert prisons is not None
    assert prisons.find("xqzw") == []
    assert prisons.find("") == []
    assert not prisons.certain([])


@pytest.mark.parametrize(
    ("said", "code"),
    [("Bayern", "BY"), ("NRW", "NW"), ("ich wohne in sachsen-anhalt", "ST"), ("Baden-Würtemberg", "BW"), ("meckpomm", "MV"),
     ("Thüringen", "TH"), ("Sachsen", "SN"), ("by the way", None), ("ich he sie", None), ("Bayern oder Hessen", None)],
)  # fmt: skip
def test_a_land_is_found_in_what_people_say(said: str, code: str | None) -> None:
    finder = data().finder
    assert finder is not None
    assert finder.find(said) == code
