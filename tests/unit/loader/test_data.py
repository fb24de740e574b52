"""The directories and numbers that ship: found the way people say them."""

from __future__ import annotations

import gzip
from functools import cache
from pathlib import Path

import pytest

from bot.loader.data import Data, load_data, load_places
from bot.loader.nodes import Problems
from bot.matching.directory import Directory, Entry
from bot.matching.places import apart

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
    assert [hit.km for hit in hits] == sorted(hit.km or 0.0 for hit in hits)
    assert not prisons.certain(hits)  # somebody's own address is never taken for the prison's


@pytest.mark.parametrize(("plz", "nearest"), [
    ("60311", "Frankfurt"), ("24103", "Kiel"), ("01067", "Dresden"), ("48143", "Münster"), ("03046", "Cottbus"),
    ("63739", "Aschaffenburg"),  # the digits alone would lead to Hanau or Darmstadt
])  # fmt: skip
def test_the_nearest_prison_is_nearest_on_the_ground(plz: str, nearest: str) -> None:
    prisons = data().prisons
    assert prisons is not None
    hit = prisons.near(plz, 1)[0]
    assert nearest in hit.entry.name + hit.entry.city
    assert hit.km is not None
    assert hit.km < 60


def test_kinds_and_distance_narrow_what_is_near() -> None:
    prisons = data().prisons
    assert prisons is not None
    for hit in prisons.near("60311", 9, within=100, kinds=frozenset({"Frauen"})):
        assert "Frauen" in hit.entry.kinds
        assert hit.km is not None
        assert hit.km <= 100
    assert prisons.near("60311", within=0.0) == []


@pytest.mark.parametrize(("one", "other", "km"), [
    ("10115", "20095", 256), ("80331", "50667", 456), ("01067", "04109", 100), ("90402", "90402", 0),
])  # fmt: skip
def test_distances_are_those_on_the_map(one: str, other: str, km: float) -> None:
    left, right = data().places.at(one), data().places.at(other)
    assert left is not None
    assert right is not None
    assert abs(apart(left, right) - km) <= 5


# Berlin and Hamburg have prisons on the ground of their neighbours.
NEXT_DOOR = {"be-jva-heidering", "hh-jva-glasmoor", "hh-jva-hahnoefersand"}


def test_every_directory_entry_with_a_postal_code_lies_in_its_land() -> None:
    loaded = data()
    for directory in (loaded.prisons, loaded.centres):
        assert directory is not None
        for entry in directory.entries:
            point = loaded.places.at(entry.plz or entry.around)
            outside = point is not None and bool(entry.land) and point.land != entry.land
            assert outside == (entry.id in NEXT_DOOR), entry.id


def test_distances_can_be_measured_to_every_prison() -> None:
    prisons = data().prisons
    assert prisons is not None
    assert [entry.id for entry in prisons.entries if data().places.at(entry.plz or entry.around) is None] == []


def test_a_post_box_lies_in_its_region_and_nonsense_nowhere() -> None:
    places = data().places
    assert "48133" not in places.points
    middle = places.at("48133")
    assert middle is not None
    assert middle.land == "NW"
    assert places.at("00000") is None
    assert places.at("1") is None
    assert places.at("") is None


@pytest.mark.parametrize(("said", "start"), [
    ("Köln", "50"), ("koeln", "50"), ("Frankfurt am Main", "60"), ("schwäbisch gmünd", "73"), ("Halle", None), ("Neustadt", None),
    ("Großschirma", "09"), ("Atlantis", None), ("in", None),
])  # fmt: skip
def test_a_town_counts_when_there_is_only_one(said: str, start: str | None) -> None:
    found = data().places.town(said)
    assert found is None if start is None else found is not None and found.startswith(start)


@pytest.mark.parametrize(("lines", "part"), [
    (["01067,51.06,13.72,SN,Dresden"], "1 postal codes, at least 8000"), (["01067,13.72,51.06,SN,Dresden"], "no row of postal code"),
    (["1067,51.06,13.72,SN,Dresden"], "no row"), (["01067,51.06,13.72,SN"], "no row"), (["01067,x,13.72,SN,D"], "no row"),
    (["01067,51.06,13.72,SN,D"] * 2, "no row"),
])  # fmt: skip
def test_a_broken_table_of_postal_codes_is_a_problem(tmp_path: Path, lines: list[str], part: str) -> None:
    path = tmp_path / "knowledge" / "plz.csv.gz"
    path.parent.mkdir()
    path.write_bytes(gzip.compress("\n".join(["plz,lat,lon,land,town", *lines]).encode()))
    problems = Problems()
    load_places(path, path.parent, problems)
    assert any(part in str(problem) for problem in problems.errors)


def test_a_table_that_is_no_archive_is_a_problem_and_a_missing_one_is_empty(tmp_path: Path) -> None:
    problems = Problems()
    path = tmp_path / "knowledge" / "plz.csv.gz"
    assert load_places(path, path.parent, problems).points == {}
    path.parent.mkdir()
    path.write_text("no archive")
    assert load_places(path, path.parent, problems).points == {}
    assert len(problems.errors) == 1


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


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ("Treffpunkt Nürnberg", "treffpunkt"),
        ("kvi hessen", "kvi_he"),
        ("gibt es etwas in wittlich", "rueckenwind"),
        ("Wellen brechen", "wellenbrechen"),
        ("juki", "juki"),
        ("Freiburg", "skm_freiburg"),
    ],
)
def test_a_counselling_centre_is_found_by_name_or_town(said: str, wanted: str) -> None:
    centres = data().centres
    assert centres is not None
    assert centres.find(said)[0].entry.id == wanted


def test_every_land_is_served_its_own_centres_first_and_nationwide_ones_by_all() -> None:
    centres = data().centres
    assert centres is not None
    for code in data().laender:
        rows = centres.serving(code)
        own = [entry for entry in rows if entry.scope == "land"]
        assert all(entry.land == code for entry in own)
        assert list(rows[: len(own)]) == own
        assert "jugendamt" in {entry.id for entry in rows}
        assert "cope" not in {entry.id for entry in rows}
    assert {entry.id for entry in centres.serving("SN")} >= {"seehaus_sn"}


def test_another_land_weighs_on_a_local_centre_not_on_a_nationwide_one() -> None:
    local = Directory.of([Entry(id="a", name="Rückenwind", land="RP")])
    nationwide = Directory.of([Entry(id="a", name="Rückenwind", land="RP", scope="bund")])
    assert local.find("rückenwind", land="SH")[0].score < local.find("rückenwind")[0].score
    assert nationwide.find("rückenwind", land="SH")[0].score == nationwide.find("rückenwind")[0].score


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("{id: a, name: A, source: s, confidence: high, scope: welt}", "scope is one of"),
        ("{id: a, name: A, source: s, confidence: sure}", "confidence is one of"),
        ("{id: a, name: A, source: s, confidence: high, telefon: 1}", "unknown key 'telefon'"),
        ("{id: a, name: A, source: s, confidence: high, plz: 123}", "no postal code"),
        ("{id: a, name: A, source: s, confidence: high, land: XX}", "unknown Land"),
        ("{id: a, name: A, confidence: high}", "source"),
    ],
)
def test_a_slip_in_a_directory_is_told(tmp_path: Path, row: str, said: str) -> None:
    folder = tmp_path / "knowledge" / "data"
    folder.mkdir(parents=True)
    (folder / "laender.yaml").write_text("BY: {name: Bayern}\n", encoding="utf-8")
    (folder / "centres.yaml").write_text(f"centres:\n- {row}\n", encoding="utf-8")
    problems = Problems()
    load_data(tmp_path / "knowledge", problems)
    assert any(said in problem.message for problem in problems.errors), [str(p) for p in problems.found]


def test_the_directories_are_whole() -> None:
    prisons, centres = data().prisons, data().centres
    assert prisons is not None
    assert centres is not None
    assert len(prisons.entries) == 186
    assert len(centres.entries) == 34
    assert len([name for name in data().values if name.startswith("line.") and name.endswith(".name")]) == 30
