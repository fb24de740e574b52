"""knowledge/data/*.yaml -> numbers, Länder, help lines, directories: each fact with its source."""

from __future__ import annotations

import gzip
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from bot.dialogue.content import FactText
from bot.loader.nodes import Node, Problems, read_yaml
from bot.matching.directory import Directory, Entry
from bot.matching.laender import LandFinder
from bot.matching.places import Places, Point

_CONFIDENCE = ("high", "medium", "low")
_SCOPES = ("land", "bund", "europa")
_GERMANY = (47.2, 55.1, 5.8, 15.1)  # degrees: south, north, west, east
_FEWEST = 8000  # postal codes with an area; there are about 8,170
_ENTRY_KEYS = ("id", "name", "land", "city", "plz", "around", "also", "kinds", "url", "phone", "offers", "for_whom", "scope", "source",
               "as_of", "confidence")  # fmt: skip


@dataclass(slots=True)
class Data:
    """Everything of knowledge/data."""

    values: dict[str, FactText] = field(default_factory=dict)
    laender: dict[str, str] = field(default_factory=dict)
    finder: LandFinder | None = None
    prisons: Directory | None = None
    centres: Directory | None = None
    places: Places = field(default_factory=Places)


def load_data(root: Path, problems: Problems) -> Data:
    """The data files below `root`/data; a file that is missing leaves its part empty."""
    data = Data()
    folder = root / "data"
    for path in sorted(folder.glob("amounts*.yaml")):
        _load_amounts(path, root, data, problems)
    _load_laender(folder / "laender.yaml", root, data, problems)
    _load_lines(folder / "helplines.yaml", root, data, problems)
    data.places = load_places(folder / "plz.csv.gz", root, problems)
    data.prisons = _load_directory(folder / "prisons.yaml", root, data, problems)
    data.centres = _load_directory(folder / "centres.yaml", root, data, problems)
    return data


def _read(path: Path, root: Path, problems: Problems) -> Node | None:
    return read_yaml(path, str(path.relative_to(root.parent)), problems) if path.is_file() else None


def _fact(node: Node) -> FactText:
    """A row {text, source, as_of, valid_until, confidence, …}; other keys are the data's own business."""
    fields = {key.text(): value for key, value in node.pairs()}
    for name in ("text", "source"):
        if name not in fields:
            node.problem(f"{name!r} is missing")

    def text(name: str) -> str:
        return fields[name].text() if name in fields and not fields[name].is_null else ""

    confidence = text("confidence") or "high"
    if confidence not in _CONFIDENCE:
        fields["confidence"].problem(f"confidence is one of {', '.join(_CONFIDENCE)}")
    return FactText(
        text=text("text"),
        source=text("source"),
        as_of=text("as_of"),
        valid_until=_day(fields["valid_until"]) if "valid_until" in fields else None,
        confidence=confidence,
        value=fields["value"].number() if "value" in fields and not fields["value"].is_null else None,
        norm=text("norm"),
        place=node.place,
    )


def _day(node: Node) -> date | None:
    if node.is_null:
        return None
    try:
        return date.fromisoformat(node.text())
    except ValueError:
        node.problem(f"cannot read the date {node.text()!r}; write 2026-12-31")
        return None


def _load_amounts(path: Path, root: Path, data: Data, problems: Problems) -> None:
    node = _read(path, root, problems)
    for key, value in node.pairs() if node is not None else ():
        name = f"amounts.{key.text()}"
        if name in data.values:
            key.problem(f"{name} stands already in {data.values[name].place}")
        data.values[name] = _fact(value)


def _load_laender(path: Path, root: Path, data: Data, problems: Problems) -> None:
    node = _read(path, root, problems)
    names: dict[str, tuple[str, ...]] = {}
    for key, value in node.pairs() if node is not None else ():
        code = key.text()
        fields = {k.text(): v for k, v in value.pairs()}
        if "name" not in fields:
            value.problem("'name' is missing")
            continue
        name = fields["name"].text()
        data.laender[code] = name
        names[code] = (name, *(fields["also"].texts() if "also" in fields else ()))
        data.values[f"land.{code}.name"] = FactText(text=name, place=value.place)
        for field_name, row in fields.items():
            if row.is_map:
                data.values[f"land.{code}.{field_name}"] = _fact(row)
    data.finder = LandFinder.of(names)


def _load_lines(path: Path, root: Path, data: Data, problems: Problems) -> None:
    """Name and number of each help line as placeholders; opening hours are read by the safety loader."""
    node = _read(path, root, problems)
    fields = {key.text(): value for key, value in node.pairs()} if node is not None else {}
    for item in fields["lines"].items() if "lines" in fields else ():
        row = {key.text(): value for key, value in item.pairs()}
        if "id" not in row:
            item.problem("'id' is missing")
            continue
        for name in ("number", "name", "url", "hours_text"):
            if name in row and not row[name].is_null:
                source = row["source"].text() if "source" in row else ""
                fact = FactText(text=row[name].text(), source=source, place=item.place)
                data.values[f"line.{row['id'].text()}.{name}"] = fact


def load_places(path: Path, root: Path, problems: Problems) -> Places:
    """The table of postal codes (plz, lat, lon, land, town); empty when the file is not there."""
    if not path.is_file():
        return Places()
    place = str(path.relative_to(root.parent))
    try:
        lines = gzip.decompress(path.read_bytes()).decode("utf-8").splitlines()
    except (OSError, EOFError, ValueError) as error:
        problems.add(place, 1, 1, f"cannot be read: {error}")
        return Places()
    rows: dict[str, Point] = {}
    for number, line in enumerate(lines[1:], 2):
        row = _place(line)
        if row is None or row[0] in rows:
            problems.add(place, number, 1, f"no row of postal code, latitude, longitude, Land, town: {line[:60]!r}")
        else:
            rows[row[0]] = row[1]
    if len(rows) < _FEWEST:
        problems.add(place, 1, 1, f"{len(rows)} postal codes, at least {_FEWEST} are needed")
    return Places.of(rows.items())


def _place(line: str) -> tuple[str, Point] | None:
    plz, _, rest = line.partition(",")
    try:
        lat, lon, land, town = rest.split(",")
        point = Point(float(lat), float(lon), land, town)
    except ValueError:
        return None
    south, north, west, east = _GERMANY
    inside = south <= point.lat <= north and west <= point.lon <= east
    return (plz, point) if inside and plz.isdecimal() and len(plz) == 5 and len(land) == 2 else None


def _load_directory(path: Path, root: Path, data: Data, problems: Problems) -> Directory | None:
    node = _read(path, root, problems)
    if node is None:
        return None
    rows = node
    if node.is_map:
        rows = next((value for _, value in node.pairs() if value.is_list), node)
    entries: dict[str, Entry] = {}
    for item in rows.items():
        entry = _entry(item)
        if entry.id in entries:
            item.problem(f"{entry.id!r} exists twice")
        if entry.land and data.laender and entry.land not in data.laender and entry.land != "EU":
            item.problem(f"unknown Land {entry.land!r}")
        for plz in (entry.plz, entry.around):
            if plz and not (plz.isdecimal() and len(plz) == 5):
                item.problem(f"{plz!r} is no postal code")
            elif plz and data.places.points and data.places.at(plz) is None:
                item.problem(f"nobody knows where the postal code {plz!r} lies")
        entries[entry.id] = entry
    return Directory.of(tuple(entries.values()), data.places)


def _entry(item: Node) -> Entry:
    row = item.fields(_ENTRY_KEYS, required=("id", "name", "source", "confidence"))

    def text(name: str) -> str:
        return row[name].text() if name in row and not row[name].is_null else ""

    def texts(name: str) -> tuple[str, ...]:
        return row[name].texts() if name in row and not row[name].is_null else ()

    def word(name: str, allowed: tuple[str, ...], default: str) -> str:
        if name in row and text(name) not in allowed:
            row[name].problem(f"{name} is one of {', '.join(allowed)}")
            return default
        return text(name) or default

    return Entry(
        id=text("id"),
        name=text("name"),
        land=text("land"),
        city=text("city"),
        plz=text("plz"),
        around=text("around"),
        also=texts("also"),
        kinds=texts("kinds"),
        url=text("url"),
        phone=text("phone"),
        offers=text("offers"),
        for_whom=text("for_whom"),
        scope=word("scope", _SCOPES, "land"),
        source=text("source"),
        as_of=text("as_of"),
        confidence=word("confidence", _CONFIDENCE, "medium"),
    )
