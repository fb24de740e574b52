"""PDFs from templates: one small function a kind of block."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from types import MappingProxyType

from bot.dialogue.content import Content
from bot.dialogue.flow import Flow
from bot.dialogue.template import Block, Template
from bot.documents.paper import Paper
from bot.text.variants import BANDS


def pdf_file(
    content: Content,
    template: Template,
    filled: Callable[[str], str],
    wanted: Callable[[str], bool],
    at: datetime,
    pictures: Path,
) -> bytes:
    """The template as an A4 PDF."""
    paper = Paper(at, footer=filled(template.footer), pictures=pictures)
    for block in template.blocks:
        if not wanted(block.when):
            continue
        if block.kind == "story":
            _story(paper, content.flows[block.text], filled)
        else:
            _DRAW[block.kind](paper, block, filled)
    return paper.to_bytes()


def _story(paper: Paper, flow: Flow, filled: Callable[[str], str]) -> None:
    """The pictures of a flow with what it says to the youngest, as many on a page as fit."""
    for step in flow.steps:
        if step.say is not None and step.attachments:
            words = step.say.pick("child", BANDS[0], "plain") or ""
            for shown in step.attachments:
                paper.scene(shown.source.removeprefix("content:"), shown.description, filled(words))


def _items(block: Block, filled: Callable[[str], str]) -> list[str]:
    """The rows that have something to say; a value with several lines makes several rows."""
    rows = block.items or (block.text,)
    return [line.strip() for row in rows for line in filled(row).splitlines() if line.strip()]


def _table(paper: Paper, block: Block, filled: Callable[[str], str]) -> None:
    # divided before it is filled: a bar that a person typed makes no cell, and empty cells stay
    rows = [tuple(filled(cell) for cell in row.split(" |")) for row in block.items]
    paper.table(rows)


def _bars(paper: Paper, block: Block, filled: Callable[[str], str]) -> None:
    rows = [[filled(cell).strip() for cell in row.split(" |")] for row in block.items]
    paper.bars([(label, _number(part), _number(whole)) for label, part, whole in rows])


def _number(text: str) -> float:
    return float(text.replace(",", ".")) if text else 0.0


_DRAW: Mapping[str, Callable[[Paper, Block, Callable[[str], str]], None]] = MappingProxyType({
    "title": lambda paper, block, filled: paper.title(filled(block.text)),
    "heading": lambda paper, block, filled: paper.heading(filled(block.text)),
    "text": lambda paper, block, filled: paper.text(filled(block.text)),
    "small": lambda paper, block, filled: paper.small(filled(block.text)),
    "checks": lambda paper, block, filled: paper.checks(_items(block, filled)),
    "list": lambda paper, block, filled: paper.bullets(_items(block, filled)),
    "lines": lambda paper, block, _: paper.writing_lines(int(block.size)),
    "box": lambda paper, block, filled: paper.box(filled(block.text), block.size),
    "picture": lambda paper, block, _: paper.picture(block.text, block.size),
    "qr": lambda paper, block, filled: paper.code(filled(block.text), block.size),
    "rule": lambda paper, _, __: paper.rule(),
    "space": lambda paper, block, _: paper.space(block.size),
    "table": _table,
    "bars": _bars,
    "page": lambda paper, _, __: paper.new_page(),
})  # fmt: skip
