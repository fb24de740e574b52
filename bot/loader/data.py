"""knowledge/data/*.yaml -> numbers, Länder, help lines, directories: each fact with its source."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from bot.dialogue.content import FactText
from bot.loader.nodes import Node, Problems, read_yaml
from bot.matching.directory import Directory, Entry
from bot.matching.laender import LandFinder

_CONFIDENCE = ("high", "medium", "low")
_SCOPES = ("land", "bund", "europa")
_ENTRY_KEYS = ("id", "name", "land", "city", "plz", "also", "kinds", "url", "phone", "offers", "for_whom", "scope", "source",
               "as_of", "confidence")  # fmt: skip


@dataclass(slots=True)
class Data:
    """Everything of knowledge/data."""

    values: dict[str, FactText] = field(default_factory=dict)
    laender: dict[str, str] = field(default_factory=dict)
    finder: LandFinder | None = None
    prisons: Directory | None = None
    centres: Directory | None = None


def load_data(root: Path, problems: Problems) -> Data:
    """The data files below `root`/data; a file that is missing leaves its part empty."""
    data = Data()
    folder = root / "data"
    for path in sorted(folder.glob("amounts*.yaml")):
        _load_amounts(path, root, data, problems)
    _load_laender(folder / "laender.yaml", root, data, problems)
    _load_lines(folder / "helplines.yaml", root, data, problems)
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
        if entry.plz and not (entry.plz.isdecimal() and len(entry.plz) == 5):
            item.problem(f"{entry.plz!r} is no postal code")
        entries[entry.id] = entry
    return Directory.of(tuple(entries.values()))


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
