"""Pictures from templates: the law of the Länder side by side, as numbers of all or as sentences of some."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from pathlib import Path

from bot.dialogue.content import Content, FactText
from bot.dialogue.rendering import fill
from bot.dialogue.template import Block, Template
from bot.documents.board import Board
from bot.text.spans import parse

UNSURE = " *"
NOTE_UNSURE = "* unsicher: nicht am Gesetzestext geprüft, oder Quellen sind uneinig."
NOTE_UNKNOWN = "– heißt: keine Zahl bekannt, bitte die Anstalt fragen."
MOST_SOURCES = 6
FACES = "pictures"  # below dialogues/: face-<feeling>.png
_ASIDE = re.compile(r"\s*\([^)]*\)|(?<=[a-z])/\S*")  # what stands behind the name of a source


def png_file(
    content: Content,
    template: Template,
    filled: Callable[[str], str],
    wanted: Callable[[str], bool],
    values: Mapping[str, str],
    pictures: Path,
) -> bytes:
    """The template as a PNG for a phone."""
    board = Board()
    facts: list[FactText] = []
    for block in template.blocks:
        if not wanted(block.when):
            continue
        match block.kind:
            case "title":
                board.title(filled(block.text))
            case "text":
                board.text(parse(filled(block.text)).text)
            case "small":
                board.small(parse(filled(block.text)).text)
            case "hours":
                facts += _hours(board, content, block)
            case "week":
                board.week(_week(fill(block.text, values)), pictures / FACES)
            case "laws":
                facts += _laws(board, content, block, values)
            case _:
                raise AssertionError(f"{block.place}: no such block in a picture")
    if facts:
        if any(fact.confidence != "high" for fact in facts):
            board.small(NOTE_UNSURE)
        if any(block.kind == "hours" for block in template.blocks):
            board.small(NOTE_UNKNOWN)
        board.small(f"Stand der Angaben: {_span(facts)}. Quellen: {_sources(facts)}.")
    return board.to_bytes()


def _week(text: str) -> list[tuple[date, tuple[str, ...]]]:
    """The rows `2026-11-24 sad angry`: a day and its feelings."""
    rows = (line.split() for line in text.splitlines() if line.strip())
    return [(date.fromisoformat(day), tuple(felt)) for day, *felt in rows]


def columns_of(block: Block) -> list[tuple[str, str]]:
    """(field of laender.yaml, heading) of each row `field = heading`."""
    return [(name.strip(), heading.strip()) for name, _, heading in (item.partition("=") for item in block.items)]


def _hours(board: Board, content: Content, block: Block) -> list[FactText]:
    """Every Land with its hours a month, one column a field."""
    columns = columns_of(block)
    rows = [["Land", *(heading for _, heading in columns)]]
    used: list[FactText] = []
    for code, name in sorted(content.laender.items(), key=lambda item: item[1]):
        cells = []
        for field, _ in columns:
            fact = content.values[f"land.{code}.{field}"]
            used.append(fact)
            cells.append(
                "–" if fact.value is None else f"{fact.value:g} h{'' if fact.confidence == 'high' else UNSURE}"
            )
        rows.append([name, *cells])
    board.table(rows, [2.5, *(1.25 for _ in columns)])
    return used


def _laws(board: Board, content: Content, block: Block, values: Mapping[str, str]) -> list[FactText]:
    """The sentences of the chosen Länder, one part a field."""
    chosen = [code for code in dict.fromkeys(values.get("laender", "").split()) if code in content.laender]
    used: list[FactText] = []
    for field, heading in columns_of(block):
        board.heading(heading)
        facts = [(content.laender[code], content.values[f"land.{code}.{field}"]) for code in chosen]
        board.table([[name, _sentences(fact)] for name, fact in facts], [1, 2.6], head=False)
        used += [fact for _, fact in facts]
    return used


def _sentences(fact: FactText) -> str:
    """What the law says, with its paragraph."""
    said = f"{fact.text}{'' if fact.confidence == 'high' else UNSURE}"
    return f"{said}\n{fact.norm}" if fact.norm else said


def _span(facts: Iterable[FactText]) -> str:
    """From the oldest to the newest month of the facts."""
    days = sorted(_day(fact.as_of) for fact in facts if fact.as_of)
    return f"{days[0]:%m.%Y} bis {days[-1]:%m.%Y}" if days else "nicht bekannt"


def _day(text: str) -> date:
    year, month, day = (*text.split("-"), "1", "1")[:3]
    return date(int(year), int(month), int(day))


def _sources(facts: Iterable[FactText]) -> str:
    """The sources that most facts come from, and how many more there are; all of them stand in the data file."""
    named = Counter(
        short for fact in facts for name in fact.source.split(";") if "." in (short := _ASIDE.sub("", name).strip())
    )
    most = "; ".join(name for name, _ in named.most_common(MOST_SOURCES))
    more = len(named) - MOST_SOURCES
    return f"{most} und {more} weitere" if more > 0 else most
