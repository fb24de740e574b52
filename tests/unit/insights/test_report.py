"""The report and its sisters: everything said is there and whole, uncertainty and limits stand beside the numbers."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path

import pytest
from PIL import ImageFont
from pypdf import PdfReader

from bot.cli.report import PLOT, files_of, frame_of, run_report
from bot.dialogue.content import Content
from bot.documents.look import FONTS
from bot.insights.blocks import Plot
from bot.insights.briefs import key_figures, land_brief
from bot.insights.charts import Bar, bars, tiles, trend
from bot.insights.export import COLUMNS
from bot.insights.invented import invented
from bot.insights.page import PHONE
from bot.insights.questions import ANSWERED
from bot.insights.release import Release
from bot.insights.report import report
from bot.insights.suppression import LEAST
from bot.insights.wording import TITLES, wording_of
from bot.text.drawing import Box, Drawing, Words, svg, width_of, wrapped

NOW = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def release(content: Content) -> Release:
    return invented(frame_of(content), people=4000)


@pytest.fixture(scope="module")
def files(content: Content, release: Release) -> dict[str, str]:
    """File name -> its text."""
    made = {name: make() for name, make in files_of(content, [release], ["BY"], NOW).items()}
    return {name: _pdf(data) if name.endswith(".pdf") else data.decode() for name, data in made.items()}


def _pdf(data: bytes) -> str:
    return " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(data)).pages).split())


def plots(content: Content, release: Release) -> list[tuple[str, Drawing]]:
    words = wording_of(content)
    blocks = [
        *report([release], words, "?"),
        *key_figures([release], words, "?"),
        *land_brief([release], words, "BY", str, "?"),
    ]
    return [(b.title, b.draw(width)) for b in blocks if isinstance(b, Plot) for width in (PHONE, PLOT)]


# ------------------------------------------------------------------ drawings


def test_no_word_of_a_plot_is_cut_off_or_runs_into_another(content: Content, release: Release) -> None:
    drawings = plots(content, release)
    assert len(drawings) > 30
    for title, drawing in drawings:
        said = [shape for shape in drawing.shapes if isinstance(shape, Words)]
        for one in said:
            assert one.left >= 0, (title, one.text)
            assert one.left + width_of(one.text, one.size) <= drawing.width + 0.5, (title, one.text)
            assert one.size <= one.y <= drawing.height, (title, one.text)
            assert one.size >= 11, "small words cannot be read on a phone"
        for one, other in combinations(said, 2):
            if abs(one.y - other.y) < 9:
                left, right = sorted((one, other), key=lambda words: words.left)
                assert left.left + width_of(left.text, left.size) <= right.left + 1, (title, left.text, right.text)


def test_words_are_never_wider_than_was_reckoned(content: Content, release: Release) -> None:
    font = ImageFont.truetype(FONTS / "NotoSans-Regular.ttf", 100)
    said = {
        shape.text for _, drawing in plots(content, release) for shape in drawing.shapes if isinstance(shape, Words)
    }
    said |= {f"{n:,}".replace(",", ".") for n in (8, 1234, 99999)} | {"Ersatzfreiheitsstrafe (offene Geldstrafe)"}
    for text in said:
        assert font.getlength(text) <= 102 * width_of(text, 1), text


def test_all_colours_have_contrast(content: Content, release: Release) -> None:
    for title, drawing in plots(content, release):
        for shape in drawing.shapes:
            if isinstance(shape, Words):
                behind = _behind(drawing, shape)
                assert _contrast(shape.colour, behind) >= 4.5, (title, shape.text, behind)
            elif isinstance(shape, Box) and shape.fill and not title.endswith("Land"):
                assert _contrast(shape.fill, "#ffffff") >= 3, title


def _behind(drawing: Drawing, words: Words) -> str:
    for shape in reversed(drawing.shapes):
        if not isinstance(shape, Box) or not shape.fill:
            continue
        if 0 <= words.x - shape.x <= shape.width and 0 <= words.y - shape.y <= shape.height:
            return shape.fill
    return "#ffffff"


def _contrast(one: str, other: str) -> float:
    low, high = sorted((_light(one), _light(other)))
    return (high + 0.05) / (low + 0.05)


def _light(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    r, g, b = (part / 12.92 if part <= 0.04 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def test_a_bar_shows_its_uncertainty_and_a_hidden_one_says_so() -> None:
    drawing = bars(
        [Bar(label="Kosten", value=34, low=31, high=37, shown="34 % (31–37)"), Bar(label="Weg", value=None)], "x", 360
    )
    text = svg(drawing)
    assert "34 % (31–37)" in text
    assert "zu wenige Angaben" in text
    assert text.count("<polyline") == 3


def test_hidden_laender_and_weeks_are_gaps_not_zeros() -> None:
    text = svg(tiles({"BY": 1200, "SL": None}, "x", 360))
    assert "1.200" in text
    assert text.count("stroke-dasharray") == 15
    line = svg(trend([("1.", 5.0), ("2.", None), ("3.", 7.0)], 1.0, "x", 360))
    assert line.count("<polygon") == 2


def test_the_brief_of_a_land_shows_the_most_frequent_obstacles(content: Content, release: Release) -> None:
    table = release.tables["land.obstacles"]
    counts = {answer: 100 * number for number, answer in enumerate(table.cells["BY"], 1)} | {ANSWERED: 2000}
    changed = replace(table, cells={**table.cells, "BY": counts})
    rising = replace(release, tables={**release.tables, table.name: changed})
    blocks = land_brief([rising], wording_of(content), "BY", str, "?")
    (plot,) = (block for block in blocks if isinstance(block, Plot) and "schwer macht" in block.title)
    said = " ".join(shape.text for shape in plot.draw(PHONE).shapes if isinstance(shape, Words))
    assert re.findall(r"(\d+) % \(", said) == ["50", "45", "40", "35", "30"]


@pytest.mark.parametrize("text", ["", "<b>&\"'", "W" * 300, "ein sehr " * 60])
def test_no_label_breaks_a_plot(text: str) -> None:
    drawing = bars([Bar(label=text, value=1, high=1, shown="1")], text, 360)
    assert "<b>" not in svg(drawing)
    assert all(width_of(line, 13) <= 356 for line in wrapped(text, 13, 356))


# ------------------------------------------------------------------ pages and papers


def test_page_and_paper_say_the_same(files: dict[str, str]) -> None:
    page = " ".join(re.sub(r"<[^>]+>", " ", files["bericht.html"]).split())
    for said in ("nicht repräsentativ", "Auf einen Blick", "Bedarf nach Land", "Fragen ohne gute Antwort", "Warten auf einen Menschen",
                 "Verlauf", "Methode und Grenzen", "Was Besuche mit Kind schwer macht", "Weiter Weg", "ε = 4"):  # fmt: skip
        assert said in page, said
        assert said in files["bericht.pdf"], said
    assert re.search(r"Kosten.{0,80}\d+ % \(\d+–\d+\)", page), "a share without its range misleads"


def test_invented_numbers_are_marked_everywhere(files: dict[str, str], content: Content) -> None:
    for name in ("bericht.html", "bericht.pdf", "zahlen.html", "vorschlag.pdf", "land-BY.pdf"):
        assert "erfundenen Zahlen" in files[name], name
    empty = files_of(content, [], ["BY"], NOW)
    assert "erfundenen" not in empty["bericht.html"]().decode()


def test_pages_load_nothing_from_elsewhere(files: dict[str, str]) -> None:
    for name, text in files.items():
        if name.endswith(".html"):
            assert "<script" not in text
            assert not re.findall(r'(?:src|href)="?http|url\(', text)
            assert '<meta name="viewport"' in text


def test_an_empty_store_gives_an_honest_report(content: Content) -> None:
    files = files_of(content, [], ["SL"], NOW)
    assert "Es gibt noch keine Zahlen" in files["bericht.html"]().decode()
    assert "Es gibt noch keine Zahlen" in _pdf(files["bericht.pdf"]())
    assert "<svg" not in files["bericht.html"]().decode()
    assert len(files["daten.csv"]().decode().splitlines()) == 1
    assert "noch keine Zahlen veröffentlicht" in _pdf(files["vorschlag.pdf"]())
    assert "Noch keine Zahlen" in _pdf(files["land-SL.pdf"]())


def test_the_proposal_holds_what_it_promises(files: dict[str, str]) -> None:
    for said in (
        "Indikatoren",
        "Sie müssen nicht antworten",
        "Rechtlicher Rahmen",
        "CM/Rec(2018)5",
        "Aufwand",
        "Musterbogen",
        "rund 100.000",
    ):
        assert said in files["vorschlag.pdf"], said
    assert "**" not in files["vorschlag.pdf"]


def test_the_brief_of_a_land_has_two_pages(content: Content, release: Release) -> None:
    def length(land: str) -> int:
        return sum(
            len(content.values[f"land.{land}.{name}"].text) for name in ("visits", "child_extra", "longterm", "remand")
        )

    longest = max(content.laender, key=length)
    made = files_of(content, [release], [longest], NOW)
    assert len(PdfReader(io.BytesIO(made[f"land-{longest}.pdf"]())).pages) == 2


# ------------------------------------------------------------------ open data


def test_the_data_are_tidy_and_described(files: dict[str, str]) -> None:
    rows = list(csv.DictReader(io.StringIO(files["daten.csv"])))
    package = json.loads(files["datapackage.json"])
    schema = package["resources"][0]["schema"]
    assert [field["name"] for field in schema["fields"]] == [name for name, _, _ in COLUMNS] == list(rows[0])
    keys = [tuple(row[name] for name in schema["primaryKey"]) for row in rows]
    assert len(keys) == len(set(keys)), "one line for each number"
    meanings = [(row["tabelle"], row["kennung"]) for row in csv.DictReader(io.StringIO(files["codebuch.csv"]))]
    codes = set(meanings)
    assert len(meanings) == len(codes), "one meaning for each"
    assert {(row["tabelle"], row["merkmal"]) for row in rows} <= codes
    assert {("region", row["region"]) for row in rows} <= codes
    assert {row["tabelle"] for row in rows} == set(TITLES)
    for resource in package["resources"]:
        assert resource["path"] in files
    shown = [row for row in rows if row["anzahl"]]
    assert 200 < len(shown) < len(rows), "some are published, some are not"
    assert all(int(row["anzahl"]) >= LEAST for row in shown)
    for row in rows:
        if row["anteil"]:
            assert 0 <= float(row["anteil_von"]) <= float(row["anteil"]) <= float(row["anteil_bis"]) <= 1, row
        if not row["anzahl"]:
            assert not row["anteil"], "a share would tell the number"


def test_the_method_note_explains_every_column(files: dict[str, str]) -> None:
    for name, _, about in COLUMNS:
        assert name in files["methode.html"]
        assert about in files["methode.html"].replace("&gt;", ">"), about


# ------------------------------------------------------------------ the command


def test_the_command_on_an_empty_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KAVI_DATA_DIR", str(tmp_path / "data"))
    assert run_report(tmp_path / "out", publish_now=True, land="", demo=False) == 0
    assert "Nichts zu veröffentlichen" in capsys.readouterr().out
    assert (tmp_path / "out" / "bericht.pdf").stat().st_size > 5000
    assert run_report(tmp_path / "out", publish_now=False, land="x" * 10_000, demo=False) == 2
    assert "Unbekanntes Bundesland" in capsys.readouterr().err
