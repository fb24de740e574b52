"""`kavi report`: publishes what is due when asked to, and writes pages, paper and open data from what was published."""

from __future__ import annotations

import asyncio
import secrets
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from itertools import zip_longest
from pathlib import Path

from bot import app
from bot.config import Settings, read_settings
from bot.dialogue.content import Content
from bot.dialogue.whereabouts import land_in
from bot.documents.maker import render
from bot.documents.paper import Paper
from bot.insights.blocks import Block, Heading, Note, Plot, Points, Rows, Small, Text, Title
from bot.insights.briefs import key_figures, land_brief
from bot.insights.export import codebook_csv, data_csv, data_notes, datapackage
from bot.insights.invented import invented
from bot.insights.method import method
from bot.insights.page import page
from bot.insights.proposal import proposal_values
from bot.insights.release import Frame, Release, publish, releases
from bot.insights.report import report
from bot.insights.wording import Wording, wording_of

PLOT = 560.0  # the width in a plot's own unit that becomes the width of the paper's text
TEXT = 170.0  # that width in millimetres


def run_report(out: Path, publish_now: bool, land: str, demo: bool) -> int:
    """Writes everything into the folder `out`."""
    return asyncio.run(_report(read_settings(), out, publish_now, land, demo))


async def _report(settings: Settings, out: Path, publish_now: bool, land: str, demo: bool) -> int:
    content = app.load_content_for(settings)
    chosen = _laender(content, land)
    if chosen is None:
        print(
            f"Unbekanntes Bundesland {land[:40]!r}. Bekannt sind {', '.join(sorted(content.laender))} und alle.",
            file=sys.stderr,
        )
        return 2
    now = datetime.now(UTC)
    frame = frame_of(content)
    if demo:
        known: Sequence[Release] = [invented(frame)]
    else:
        async with app.open_store(settings) as store:
            if publish_now and await publish(store, frame, now, secrets.randbelow) is None:
                print("Nichts zu veröffentlichen: Es gibt keine volle Woche, die noch aussteht.")
            known = await releases(store)
    files = files_of(content, known, chosen, now)
    out.mkdir(parents=True, exist_ok=True)
    for name, make in files.items():
        (out / name).write_bytes(make())
    print(_summary(known, out, len(files)))
    return 0


def _summary(known: Sequence[Release], out: Path, count: int) -> str:
    what = f"{count} Dateien in {out}."
    if not known:
        return f"{what} Noch nichts veröffentlicht: kavi report --publish gibt die Zahlen aller vollen Wochen frei, einmal für immer."
    mark = " ERFUNDENE ZAHLEN." if known[-1].invented else ""
    return f"{what} Letzte Veröffentlichung: {known[-1].since} bis {known[-1].until}.{mark}"


def _laender(content: Content, land: str) -> tuple[str, ...] | None:
    if not land:
        return ()
    if land.casefold() in ("alle", "all"):
        return tuple(content.laender)
    code = land_in(land, content)
    return None if code is None else (code,)


def frame_of(content: Content) -> Frame:
    """What tables are laid out with, from the content."""
    words = wording_of(content)
    return Frame(laender=tuple(content.laender), groups=words.groups, prisons=tuple(words.prisons))


def files_of(
    content: Content, known: Sequence[Release], laender: Sequence[str], now: datetime
) -> dict[str, Callable[[], bytes]]:
    """File name -> what makes it, for everything that `kavi report` writes."""
    words = wording_of(content)
    estimate = content.values["amounts.children_year"].text
    blocks = report(known, words, estimate)
    figures, notes = key_figures(known, words, estimate), data_notes(method(known, estimate))
    asked = content.templates["data-proposal"], proposal_values(known, words, now.year)
    files: dict[str, Callable[[], bytes]] = {
        "bericht.html": lambda: page(blocks, "Bericht: Familien mit einem Elternteil in Haft").encode(),
        "bericht.pdf": lambda: paper_of(blocks, now, "Kavi · nicht repräsentativ, siehe Methode und Grenzen"),
        "zahlen.html": lambda: page(figures, "Kavi in Zahlen").encode(),
        "methode.html": lambda: page(notes, "Methode und Daten").encode(),
        "vorschlag.pdf": lambda: render(content, *asked, now, Path()),
        "daten.csv": lambda: data_csv(known).encode(),
        "codebuch.csv": lambda: codebook_csv(known, words).encode(),
        "datapackage.json": lambda: datapackage(known).encode(),
    }
    for land in laender:
        brief = _brief(content, known, words, land, estimate)
        files[f"land-{land}.pdf"] = partial(paper_of, brief, now, "Kavi · nicht repräsentativ")
    return files


def _brief(content: Content, known: Sequence[Release], words: Wording, land: str, estimate: str) -> list[Block]:
    def law(name: str) -> str:
        found = content.values.get(f"land.{land}.{name}")
        return found.text if found is not None else ""

    return land_brief(known, words, land, law, estimate)


def paper_of(blocks: Sequence[Block], now: datetime, footer: str) -> bytes:
    """The blocks on A4."""
    title = next((block.text for block in blocks if isinstance(block, Title)), "Kavi")
    paper = Paper(now, footer=footer, title=title)
    for block, after in zip_longest(blocks, blocks[1:]):
        if isinstance(block, Heading) and isinstance(after, Plot):
            paper.keep(14 + _height(after))
        _put(paper, block)
    return paper.to_bytes()


def _height(plot: Plot) -> float:
    """Of title, drawing and caption together, in millimetres."""
    return plot.draw(PLOT).height * TEXT / PLOT + 20


def _put(paper: Paper, block: Block) -> None:
    match block:
        case Title(text, below):
            paper.title(text)
            if below:
                paper.small(below)
        case Heading(text):
            paper.heading(text)
        case Text(text):
            paper.text(text)
        case Note(text):
            paper.note(text)
        case Small(text):
            paper.small(text)
        case Points(items):
            paper.bullets(items)
        case Plot(title, draw, caption):
            paper.keep(_height(block))
            paper.label(title)
            paper.drawing(draw(PLOT), TEXT)
            paper.small(caption)
        case Rows(rows, widths):
            paper.table(rows, widths or None)
