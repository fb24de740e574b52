"""Files made from templates: what stands in them can be read back, and nothing a person typed becomes markup."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from pathlib import Path

import icalendar
import pytest
from pypdf import PdfReader

from bot.dialogue.content import Content
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
