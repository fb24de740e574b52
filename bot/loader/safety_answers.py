"""knowledge/safety/answers/ and the hours of knowledge/data/helplines.yaml, as the composer of safety answers."""

from __future__ import annotations

from pathlib import Path

from bot.loader.nodes import Node, Problems, read_yaml
from bot.safety import URGENCIES
from bot.safety.answers import Answers, Translation
from bot.safety.helplines import DAYS, Line, Span, minutes

_NEEDED = ("child", "child.leicht", "adult", "adult.leicht", "look.child", "look.adult")
_TRANSLATED = ("reviewed_by", "words", "lines", "answers")
_WORDS = ("open", "from", "german")
_OPTIONAL = ("child.6-9", "child.10-13", "child.14-17", "parent", "staff", "danger", "lines")


def load_answers(root: Path, problems: Problems) -> tuple[Answers | None, tuple[str, ...]]:
    """The composer, and the places of what nobody has signed; None when the texts are not there or not whole."""
    lines, unsigned = load_lines(root, problems)
    node = read_yaml(root / "safety/answers/answers.yaml", "knowledge/safety/answers/answers.yaml", problems)
    if node is None:
        return None, tuple(unsigned)
    fields = node.fields(("reviewed_by", "answers"), required=("reviewed_by", "answers"))
    if "answers" not in fields:
        return None, tuple(unsigned)
    if "reviewed_by" not in fields or fields["reviewed_by"].is_null:
        unsigned.append(node.place)
    records = _records(fields["answers"], (*_NEEDED, "danger", "lines"))
    if records is None:
        return None, tuple(unsigned)
    languages, unsigned_languages = _translations(root / "safety/answers", problems)
    answers = Answers(
        texts=_first_texts(records),
        danger={category: _texts(record["danger"]) for category, record in records.items()},
        lines_for={
            category: {key.text(): value.texts() for key, value in record["lines"].pairs()}
            for category, record in records.items()
        },
        languages=languages,
        lines=lines,
    )
    return answers, (*unsigned, *unsigned_languages)


def _translations(folder: Path, problems: Problems) -> tuple[dict[str, Translation], list[str]]:
    """The answers of every other file in the folder by its name, the language; and the places of those nobody signed."""
    found: dict[str, Translation] = {}
    unsigned: list[str] = []
    for path in sorted(folder.glob("*.yaml")):
        node = read_yaml(path, f"knowledge/safety/answers/{path.name}", problems) if path.stem != "answers" else None
        if node is None:
            continue
        fields = node.fields(_TRANSLATED, required=_TRANSLATED)
        if fields.keys() != set(_TRANSLATED):
            continue
        if fields["reviewed_by"].is_null:
            unsigned.append(node.place)
        words = fields["words"].fields(_WORDS, required=_WORDS)
        records = _records(fields["answers"], ("child", "adult", "look.child", "look.adult", "danger"))
        if records is not None and words.keys() == set(_WORDS):
            found[path.stem] = Translation(
                texts=_first_texts(records),
                danger={category: _texts(record["danger"]) for category, record in records.items()},
                names=_texts(fields["lines"]),
                words={key: value.text() for key, value in words.items()},
            )
    return found, unsigned


def _records(node: Node, needed: tuple[str, ...]) -> dict[str, dict[str, Node]] | None:
    """The keys of each category; None, and a problem, when a category or what it needs is missing."""
    records = {key.text(): value.fields((*_NEEDED, *_OPTIONAL), required=needed) for key, value in node.pairs()}
    missing = [name for name in dict.fromkeys((*URGENCIES, *records)) if not set(needed) <= set(records.get(name, ()))]
    if missing:
        node.problem(f"answers are missing or not whole: {', '.join(missing)}")
        return None
    return records


def _first_texts(records: dict[str, dict[str, Node]]) -> dict[str, dict[str, str]]:
    return {
        category: {key: value.text() for key, value in record.items() if value.is_scalar}
        for category, record in records.items()
    }


def load_lines(root: Path, problems: Problems) -> tuple[dict[str, Line], list[str]]:
    """The help lines by id, and the places of those that nobody has called to verify."""
    path = root / "data/helplines.yaml"
    node = read_yaml(path, "knowledge/data/helplines.yaml", problems) if path.is_file() else None
    if node is None:
        return {}, []
    rows = [row for key, value in node.pairs() if key.text() == "lines" for row in value.items()]
    lines = [line for row in rows if (line := _line(row)) is not None]
    return {line.id: line for line in lines}, [line.place for line in lines if line.verified_by is None]


def _line(row: Node) -> Line | None:
    fields = {key.text(): value for key, value in row.pairs()}
    for name in ("id", "name"):
        if name not in fields:
            row.problem(f"{name!r} is missing")
    if not {"id", "name"} <= fields.keys():
        return None
    hours = fields.get("hours")
    always = hours is not None and hours.is_scalar and hours.text() == "always"
    verified = fields.get("verified_by")
    number = fields.get("number")
    return Line(
        id=fields["id"].text(),
        name=fields["name"].text(),
        number="" if number is None or number.is_null else number.text(),
        audiences=fields["audiences"].texts() if "audiences" in fields else (),
        languages=fields["languages"].texts() if "languages" in fields else ("de",),
        always=always,
        hours=() if hours is None or always else tuple(_span(item) for item in hours.items()),
        free="free" not in fields or fields["free"].boolean(),
        verified_by=None if verified is None or verified.is_null else verified.text(),
        place=row.place,
    )


def _span(node: Node) -> Span:
    fields = node.fields(("days", "from", "to"), required=("days", "from", "to"))
    try:
        return Span(
            days=tuple(DAYS.index(day) for day in fields["days"].texts()),
            begin=minutes(fields["from"].text()),
            end=minutes(fields["to"].text()),
        )
    except (KeyError, ValueError) as error:
        node.problem(f"hours cannot be read: {error}")
        return Span(days=(), begin=0, end=0)


def _texts(node: Node) -> dict[str, str]:
    return {key.text(): value.text() for key, value in node.pairs()}
