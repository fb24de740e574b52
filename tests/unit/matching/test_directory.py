"""Where something lies and what is meant by a name: postal codes, towns, the rest of a region, and nothing at all."""

from __future__ import annotations

from bot.matching.directory import Directory, Entry
from bot.matching.places import Places, Point

PLACES = Places.of([
    ("10115", Point(lat=52.53, lon=13.38, land="BE", town="Berlin")),
    ("10117", Point(lat=52.51, lon=13.38, land="BE", town="Berlin")),
    ("80331", Point(lat=48.13, lon=11.57, land="BY", town="München")),
])  # fmt: skip
NORTH, SOUTH = (
    Entry(id="n", name="Rückenwind", land="BE", plz="10115"),
    Entry(id="s", name="Treff", land="BY", plz="80331"),
)
DIRECTORY = Directory.of([SOUTH, NORTH], PLACES)


def test_a_postal_code_without_an_area_lies_in_the_middle_of_its_region() -> None:
    box = PLACES.at("10199")
    assert box is not None
    assert box.land == "BE"
    assert 52.51 <= box.lat <= 52.53
    assert PLACES.at("99999") is None
    assert PLACES.at("101") is None
    assert PLACES.town("B") is None
    assert PLACES.town("München") == "80331"
    assert PLACES.at("80399") is None, "above the highest that has an area none is in use"


def test_a_postal_code_in_a_text_finds_the_nearest_first() -> None:
    assert [hit.entry.id for hit in DIRECTORY.find("in 10117 bitte")] == ["n", "s"]
    assert [hit.entry.id for hit in DIRECTORY.near("10117", within=60)] == ["n"]
    assert DIRECTORY.find("99999") == []


def test_a_text_that_says_nothing_finds_nothing() -> None:
    assert [hit.entry.id for hit in DIRECTORY.find("Rückenwind")] == ["n"]
    assert DIRECTORY.find("") == []
    assert DIRECTORY.find("?") == []
    assert DIRECTORY.get("s") == SOUTH
    assert DIRECTORY.get("x") is None
