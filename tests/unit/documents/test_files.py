"""Files made from templates: what stands in them can be read back, and nothing a person typed becomes markup."""

from __future__ import annotations

import gc
import io
import warnings
from datetime import UTC, datetime
from pathlib import Path

import icalendar
import pytest
from pypdf import PdfReader

from bot.dialogue.content import Content
from bot.dialogue.template import Block, Template, TemplateKind
from bot.documents.maker import render
from bot.documents.paper import Paper

AT = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
PICTURES = Path(__file__).parents[3] / "dialogues"


def words_of(pdf: bytes) -> str:
    return " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages).split())


def test_a_letter_holds_what_was_written(content: Content) -> None:
    values = {"to": "Papa", "text": "Ich **freu** mich! 😀\n\nПривет, папа!", "from": "Deine Mia", "picture_of": ""}
    pdf = render(content, content.templates["child-letter"], values, AT, PICTURES)
    words = words_of(pdf)
    assert "Liebe Grüße an Papa" in words
    assert "Ich **freu** mich!" in words, "a person's stars are no markup"
    assert "Привет, папа!" in words
    assert "Hier kannst du malen" not in words, "a block without its value is left out"
    assert render(content, content.templates["child-letter"], values, AT, PICTURES) == pdf


def test_long_texts_go_to_the_next_page_and_are_not_cut(content: Content) -> None:
    text = "\n\n".join(f"Absatz {number} mit einigen Worten, die eine Zeile füllen sollen." for number in range(120))
    pdf = render(content, content.templates["child-letter"], {"to": "Mama", "text": text}, AT, PICTURES)
    words = words_of(pdf)
    assert len(PdfReader(io.BytesIO(pdf)).pages) > 2
    assert all(f"Absatz {number} " in words for number in range(120))


@pytest.mark.parametrize("text", ["**", "__a__ -- ~~b~~", "\\**x**", "a\u202eb", "{x}", "مرحبا **x**", "*" * 50])
def test_no_text_breaks_the_paper(text: str) -> None:
    paper = Paper(AT)
    paper.text(text)
    paper.bullets([text])
    paper.table([("a", "b"), (text,)])
    assert paper.to_bytes().startswith(b"%PDF")


def test_a_paper_that_is_given_up_leaves_no_file_open() -> None:
    gc.collect()  # what others left is not meant
    with warnings.catch_warnings(record=True, action="always") as warned:
        Paper(AT)
        finished = Paper(AT)  # fpdf2 holds the fonts of the first in a cache until another paper is put out
        finished.text("Hallo")
        finished.to_bytes()
        gc.collect()
    assert [one for one in warned if one.category is ResourceWarning] == []


def _template(kind: TemplateKind, *blocks: Block) -> Template:
    return Template(name="probe", kind=kind, takes=("name", "where"), blocks=blocks)


def test_pictures_and_codes_stand_on_the_paper_and_go_to_the_next_page_whole(content: Content) -> None:
    blocks = [
        Block(kind="picture", text="pictures/face-good.png", size=40),
        Block(kind="space", size=190),
        Block(kind="qr", text="https://t.me/{where}", size=60),
        Block(kind="table", items=()),
        Block(kind="text", text="Für {name}"),
    ]
    pdf = render(content, _template("pdf", *blocks), {"name": "Mia", "where": "kavi_bot"}, AT, PICTURES)
    first, second = PdfReader(io.BytesIO(pdf)).pages
    assert len(first.images) == 1
    assert "Für Mia" in second.extract_text()
    squares = [page.get_contents().get_data().count(b" re") for page in (first, second)]  # type: ignore[union-attr]  # pages have contents
    assert squares[0] < 20 < 200 < squares[1], "the code is drawn on one page"
    with pytest.raises(ValueError, match="no folder of pictures"):
        Paper(AT).picture("pictures/face-good.png", 40)


def test_a_text_is_made_of_the_blocks_that_are_wanted(content: Content) -> None:
    blocks = [Block(kind="text", text="Hallo {name}"), Block(kind="text", text="aus {where}", when="where")]
    assert render(content, _template("text", *blocks), {"name": "Mia", "where": ""}, AT, PICTURES) == b"Hallo Mia"
    made = render(content, _template("text", *blocks), {"name": "Mia", "where": "Köln"}, AT, PICTURES)
    assert made.decode() == "Hallo Mia\n\naus Köln"


def test_a_visit_becomes_a_calendar_entry_in_berlin_time(content: Content) -> None:
    values = {"visit_date": "2026-12-03", "visit_time": "14:30", "prison": ""}
    calendar = icalendar.Calendar.from_ical(render(content, content.templates["visit-date"], values, AT, PICTURES))
    (event,) = calendar.walk("VEVENT")
    assert event["dtstart"].dt.isoformat() == "2026-12-03T14:30:00+01:00"
    assert "Gefängnis" not in str(event["summary"]), "others can see a calendar"


def test_a_skipped_date_makes_no_entry(content: Content) -> None:
    calendar = icalendar.Calendar.from_ical(
        render(content, content.templates["visit-date"], {"visit_date": "", "visit_time": ""}, AT, PICTURES)
    )
    assert calendar.walk("VEVENT") == []
