"""The papers of the tools: all of a 10,000 character letter is printed, blocks fit, a plan's calendar stays neutral."""

from __future__ import annotations

import io

import icalendar
import pytest
from pypdf import PdfReader

from bot.dialogue import effects as fx
from bot.dialogue.content import Content
from bot.documents.maker import render
from bot.testing.script import onboarded
from bot.testing.talk import Talk
from tests.unit.documents.test_files import AT, PICTURES, words_of

TOOLS = (
    "visit-checklist", "first-days", "money-check", "complaint-visit", "child-letter", "parent-letter", "parent-story",
    "school-words", "release-plan", "contact-plan", "staff-protection", "staff-visit", "staff-arrest", "staff-release",
    "staff-room",
)  # fmt: skip


def files_of(content: Content, audience: str, lines: list[str], **session: object) -> list[fx.MakeFile]:
    """What a talk made: every file effect, in order."""
    talk = Talk(content, session=onboarded(audience, **session))  # type: ignore[arg-type]  # age and register
    made = []
    for line in lines:
        talk.say(line)
        made += [effect for effect in talk.last if isinstance(effect, fx.MakeFile)]
    return made


@pytest.mark.parametrize("name", TOOLS)
def test_every_paper_prints_with_all_its_blocks(content: Content, name: str) -> None:
    template = content.templates[name]
    values = dict.fromkeys(template.takes, "ja") | {"land": "NW"}
    pdf = render(content, template, values, AT, PICTURES)
    words = words_of(pdf)
    assert "{" not in words, "a placeholder stayed empty"
    headings = [block.text for block in template.blocks if block.kind == "heading" and "{" not in block.text]
    assert all(" ".join(heading.split()) in words for heading in headings)
    assert len(PdfReader(io.BytesIO(pdf)).pages) <= 4


def test_a_letter_of_10000_characters_is_taken_and_printed_whole(content: Content) -> None:
    letter = " ".join(f"Satz {number} ist für dich." for number in range(440))
    assert len(letter) > 9_900
    (made,) = files_of(content, "child", ["brief schreiben", "papa", "schreiben", letter, "Mia"], age=11)
    words = words_of(render(content, content.templates[made.template], dict(made.values), AT, PICTURES))
    assert all(f"Satz {number} ist" in words for number in range(440))


def test_a_letter_that_is_too_long_is_asked_for_again_in_a_friendly_way(content: Content) -> None:
    talk = Talk(content, session=onboarded("child", age=11))
    for line in ("brief schreiben", "papa", "schreiben"):
        talk.say(line)
    (again,) = talk.say("Ich hab dich lieb. " * 1000)
    assert "kürzer" in again.text
    assert talk.session.part.slots.get("letter_to") or talk.session.part.frames[-1].local.get("letter_to") == "papa"


def test_the_calendar_of_a_contact_plan_is_neutral_and_begins_birthdays_early(content: Content) -> None:
    answers = ["kontaktplan", "8", "1", "alle zwei wochen", "29.11.", "3.4.", "24.6.", "9. Dezember"]
    _, made = files_of(content, "caregiver", answers)
    text = render(content, content.templates[made.template], dict(made.values), AT, PICTURES)
    events = icalendar.Calendar.from_ical(text).walk("VEVENT")
    assert [event["dtstart"].dt.isoformat() for event in events] == [
        "2026-11-29", "2026-12-13", "2026-12-27", "2027-01-10", "2027-02-20", "2027-04-03", "2027-05-13",
        "2027-06-24", "2026-12-09",
    ]  # fmt: skip  # the last birthday is too near for an early reminder
    assert not any(word in text.decode() for word in ("Gefängnis", "Haft", "JVA", "Brief"))


def test_a_refused_visit_counts_two_weeks_from_the_letter(content: Content) -> None:
    answers = ["besuch abgelehnt brief", "NRW", "überspringen", "1", "20.11.", "überspringen"]
    (made,) = files_of(content, "caregiver", answers)
    words = words_of(render(content, content.templates[made.template], dict(made.values), AT, PICTURES))
    assert "bis: Freitag, 4. Dezember 2026" in words
    assert "Antrag auf gerichtliche Entscheidung (§ 109 StVollzG)" in words
    assert "§ 304" not in words, "only the way that fits"
    assert "____" in words, "an unknown prison is left to be written in"


def test_empty_cells_and_typed_bars_stay_in_their_cells(content: Content) -> None:
    values = {"visit_date": "", "visit_time": "", "prison": "A | B", "land": "BY"}
    words = words_of(render(content, content.templates["visit-checklist"], values, AT, PICTURES))
    assert "Wann Uhrzeit Wo A | B" in words
