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
