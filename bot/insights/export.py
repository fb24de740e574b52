"""The published numbers as open data: tidy CSV, a codebook, a description for machines (Frictionless Data Package)."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence

from bot.insights.blocks import Block, Heading, Points, Rows, Small, Title
from bot.insights.figures import figures
from bot.insights.questions import UNKNOWN_LAND
from bot.insights.release import Release
from bot.insights.tables import GERMANY, LAND, SURVEY
from bot.insights.wording import TITLES, Wording

COLUMNS: Sequence[tuple[str, str, str]] = (
    ("von", "string", "Erste Woche (ISO), die in der Zahl steckt"),
    ("bis", "string", "Letzte Woche (ISO)"),
    ("tabelle", "string", "Kennung der Tabelle, siehe codebuch.csv"),
    ("region", "string", "Kürzel des Bundeslandes; DE = Deutschland, -- = ohne Angabe"),
    (
        "merkmal",
        "string",
        "Kennung der Antwort, des Themas oder der Woche, siehe codebuch.csv",
    ),
    ("anzahl", "integer", "Veröffentlichte Zahl mit Schutzrauschen; leer = nicht veröffentlicht"),
    ("anzahl_von", "number", "95-%-Bereich der gezählten Zahl, unten"),
    ("anzahl_bis", "number", "95-%-Bereich der gezählten Zahl, oben"),
    ("anteil", "number", "Anteil zwischen 0 und 1, bei heiklen Fragen ohne den eingemischten Zufall"),
    ("anteil_von", "number", "95-%-Bereich des Anteils, unten"),
    ("anteil_bis", "number", "95-%-Bereich des Anteils, oben"),
)


WHOLE = "beantwortet"  # how many answered a question that allows several answers


def data_csv(known: Sequence[Release]) -> str:
    """One line for each number of each release, also for those that are not published."""
    rows = []
    for release in known:
        for table in release.tables.values():
            for one in figures(table):
                count = ["", "", ""]
                if one.count is not None:
                    count = [str(one.count), f"{max(0.0, one.count - one.margin):.1f}", f"{one.count + one.margin:.1f}"]
                share = ["", "", ""]
                if one.share is not None:
                    share = [f"{value:.4f}" for value in (one.share.share, one.share.low, one.share.high)]
                rows.append([release.since, release.until, one.table, one.row, one.column or WHOLE, *count, *share])
    return _csv([name for name, _, _ in COLUMNS], rows)


def codebook_csv(known: Sequence[Release], words: Wording) -> str:
    """What each table, region and answer means."""
    rows = []
    tables = known[-1].tables.values() if known else ()
    for table in tables:
        question = words.questions.get(table.name.removeprefix(SURVEY).removeprefix(LAND), "")
        rows.append([table.name, "*", TITLES.get(table.name, table.name), question])
        for column in next(iter(table.cells.values())):
            rows.append([table.name, column or WHOLE, words.category(table.name, column), ""])
    rows += [["region", code, name, ""] for code, name in sorted(words.laender.items())]
    rows += [["region", GERMANY, words.land(GERMANY), ""], ["region", UNKNOWN_LAND, words.land(UNKNOWN_LAND), ""]]
    return _csv(["tabelle", "kennung", "bedeutung", "frage"], rows)


def datapackage(known: Sequence[Release]) -> str:
    """datapackage.json after the Frictionless specification (v1)."""
    fields = [{"name": name, "type": kind, "description": about} for name, kind, about in COLUMNS]
    package = {
        "profile": "tabular-data-package",
        "name": "kavi-zahlen",
        "title": "Kavi: was Familien mit einem Elternteil in Haft brauchen",
        "description": "Nicht repräsentativ. Zahlen mit Schutzrauschen; unter zehn nicht veröffentlicht. Methode: methode.html",
        "licenses": [{"name": "CC-BY-4.0", "path": "https://creativecommons.org/licenses/by/4.0/"}],
        "resources": [
            _resource("daten", "daten.csv", fields, ["von", "bis", "tabelle", "region", "merkmal"]),
            _resource(
                "codebuch", "codebuch.csv",
                [{"name": name, "type": "string"} for name in ("tabelle", "kennung", "bedeutung", "frage")],
                ["tabelle", "kennung"],
            ),
        ],
    }  # fmt: skip
    if known:
        package["created"] = f"{known[-1].made}T00:00:00Z"
    return json.dumps(package, ensure_ascii=False, indent=2) + "\n"


def _resource(name: str, path: str, fields: Sequence[object], key: list[str]) -> dict[str, object]:
    return {
        "name": name, "path": path, "profile": "tabular-data-resource", "format": "csv", "mediatype": "text/csv",
        "encoding": "utf-8", "schema": {"fields": fields, "primaryKey": key, "missingValues": [""]},
    }  # fmt: skip


def data_notes(blocks: Sequence[Block]) -> list[Block]:
    """The method note beside the data: the report's part on method, and what the columns mean."""
    return [
        Title("Methode und Daten", "Zu daten.csv, codebuch.csv und datapackage.json"),
        *blocks,
        Heading("Die Spalten von daten.csv"),
        Rows((("Spalte", "Bedeutung"), *((name, about) for name, _, about in COLUMNS))),
        Points((
            "Für Deutschland die Tabellen ohne „land.“ nehmen, nicht die Länder addieren: Jede Tabelle trägt ihr eigenes Rauschen, "
            "und in der Summe fehlt, was nicht veröffentlicht ist.",
            "Leere Zellen sind nicht null. Sie sind nicht veröffentlicht.",
        )),
        Small("Frei nutzbar mit Quellenangabe (CC BY 4.0)."),
    ]  # fmt: skip


def _csv(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(rows)
    return out.getvalue()
