"""Every safety answer, for every reader, at every hour of a week, keeps the promises of the checklist."""

from __future__ import annotations

import itertools
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.loader.nodes import Problems
from bot.loader.safety_answers import load_answers, load_lines
from bot.safety import URGENCIES, Finding
from bot.safety.answers import LONGEST, Answers
from bot.safety.helplines import is_open, next_opening

KNOWLEDGE = Path(__file__).resolve().parents[3] / "knowledge"
MONDAY = datetime(2026, 11, 23, tzinfo=UTC)
HUMAN = "Eine Beraterin oder ein Berater liest Ihre Nachricht, sobald jemand da ist."
HUMAN_CHILD = "Ein Mensch aus unserem Team liest deine Nachricht, sobald jemand da ist."
LONG_HUMAN = "Gerade ist niemand in der Beratung. Ihre Nachricht wird am Montag, dem 30. November, ab 9 Uhr gelesen."
BY_DAY = {("staff", "threat_other")}  # professionals are told to call the police first; their line answers by day
READERS = [("child", band) for band in ("6-9", "10-13", "14-17", "")] + [
    (a, "") for a in ("caregiver", "parent", "staff", "unknown")
]
FORBIDDEN = (
    "versprech",
    "bleibt unter uns",
    "niemand erfährt",
    "geheim halten",
    "was genau",
    "erzähl mir genau",
    "wer hat",
    "rund um die uhr",
)


@pytest.fixture(scope="module")
def answers() -> Answers:
    problems = Problems()
    loaded, unsigned = load_answers(KNOWLEDGE, problems)
    assert not problems.found
    assert loaded is not None
    assert any("answers.yaml" in place for place in unsigned)
    return loaded


def _open_in(answers: Answers, language: str) -> str:
    return "jetzt offen" if language == "de" else answers.languages[language].words["open"]


def _finding(category: str, level: str = "alert") -> Finding:
    return Finding(category=category, level=level, urgency=URGENCIES[category], rule="x:1")  # type: ignore[arg-type]


@pytest.mark.parametrize("category", URGENCIES)
@pytest.mark.parametrize("register", ["plain", "leicht"])
@pytest.mark.parametrize("language", ["de", "en", "tr", "ar", "ru", "uk", "pl"])
def test_every_answer_at_every_hour_of_a_week(answers: Answers, category: str, register: str, language: str) -> None:
    for reader, band in READERS:
        for hour in range(0, 7 * 24, 1 if language == "de" else 5):
            at = MONDAY + timedelta(hours=hour, minutes=7)
            human = HUMAN_CHILD if reader == "child" else HUMAN
            text = answers(_finding(category), reader, band, register, language, at, human)
            assert len(text) < LONGEST
            assert "112" in text or "110" in text
            assert human in text
            assert not any(bad in text.lower() for bad in FORBIDDEN)
            if reader in ("child", "unknown") and category != "emergency_now":
                assert _open_in(answers, language) in text
            if reader == "child" and language == "de":
                assert not re.search(r"\b(Sie|Ihnen|Ihre?n?)\b", text), text
            if reader in ("caregiver", "parent", "staff") and language == "de":
                assert not re.search(r"\b([Dd]u|[Dd]ir|[Dd]ich|[Dd]eine?)\b", text), text


@pytest.mark.parametrize("category", URGENCIES)
@pytest.mark.parametrize("human", [HUMAN, LONG_HUMAN])
def test_every_reader_has_an_open_line_and_an_honest_human_at_every_hour(
    answers: Answers, category: str, human: str
) -> None:
    for (reader, band), register in itertools.product(READERS, ("plain", "leicht")):
        for hour in range(7 * 24):
            at = MONDAY + timedelta(hours=hour, minutes=7)
            text = answers(_finding(category), reader, band, register, "de", at, human)
            assert len(text) < LONGEST
            assert "liest" in text or "gelesen" in text
            if category != "emergency_now" and (reader, category) not in BY_DAY:
                assert "jetzt offen" in text, (reader, hour)


@pytest.mark.parametrize("category", URGENCIES)
def test_the_easy_version_is_there_for_children_and_adults_and_has_short_sentences(
    answers: Answers, category: str
) -> None:
    for key in ("child.leicht", "adult.leicht"):
        text = answers.texts[category][key]
        sentences = [one.split() for one in re.split(r"[.!?:]", text) if one.strip()]
        assert max(map(len, sentences)) <= 10
        assert not re.search(r"[;()–]", text)


@pytest.mark.parametrize("category", URGENCIES)
def test_the_second_look_is_one_question(answers: Answers, category: str) -> None:
    for reader in ("child", "caregiver"):
        text = answers(_finding(category, "check"), reader, "", "plain", "de", MONDAY, HUMAN)
        assert text.endswith("?")
        assert len(text) < 200


@pytest.mark.parametrize("language", ["en", "tr", "ar", "ru", "uk", "pl"])
def test_another_language_has_an_answer_of_its_own_for_each_danger_and_says_which_line_speaks_german(
    answers: Answers, language: str
) -> None:
    spoken = answers.languages[language]
    heard: set[str] = set()
    for category, key in itertools.product(URGENCIES, ("child", "adult", "look.child", "look.adult")):
        heard.add(spoken.texts[category][key])
    assert len(heard) >= 3 * len(URGENCIES)
    assert set(spoken.names) >= {name for lines in answers.lines_for.values() for row in lines.values() for name in row}
    text = answers(_finding("violence_adult"), "caregiver", "", "plain", language, MONDAY, "")
    own, german = (line for line in text.splitlines() if line.startswith(("116 016", "0800", "116 006")))
    assert own.endswith(f"({spoken.words['open']})")
    assert spoken.words["german"] in german


def test_what_is_too_long_loses_its_last_lines_then_the_human_and_keeps_help(answers: Answers) -> None:
    def said(human: str) -> str:
        return answers(_finding("violence_adult"), "caregiver", "", "plain", "de", MONDAY, human)

    usual = said(HUMAN)
    numbers = [line for line in usual.splitlines() if " – " in line and line[0].isdecimal()]
    assert len(numbers) > 1
    tight = said(HUMAN + " " * (LONGEST - len(usual)) + "!")
    assert numbers[0] in tight
    assert numbers[-1] not in tight
    assert tight.endswith("!")
    assert len(tight) < LONGEST
    without = said(HUMAN * 100)
    assert numbers[0] in without
    assert HUMAN not in without


def test_a_closed_line_says_when_it_opens(answers: Answers) -> None:
    lines, _ = load_lines(KNOWLEDGE, Problems())
    line = lines["ngk_kjt"]
    sunday = datetime.fromisoformat("2026-11-29T15:00:00+01:00")
    assert not is_open(line, sunday)
    opens = next_opening(line, sunday)
    assert opens is not None
    assert opens.isoformat() == "2026-11-30T14:00:00+01:00"
    assert "wieder Montag ab 14:00 Uhr" in answers(_finding("neglect_alone"), "child", "", "plain", "de", sunday, "")
    assert is_open(line, datetime.fromisoformat("2026-11-28T19:59:00+01:00"))
    assert not is_open(line, datetime.fromisoformat("2026-11-28T20:00:00+01:00"))

    monday = datetime.fromisoformat("2026-11-23T10:00:00+01:00")
    assert "wieder heute ab 14:00 Uhr" in answers(_finding("neglect_alone"), "child", "", "plain", "de", monday, "")


def test_a_parent_in_prison_reads_what_can_be_done_from_there(answers: Answers) -> None:
    for category in ("suicide_self", "emergency_now", "violence_child", "neglect_alone", "runaway", "violence_adult"):
        assert "Haft" in answers(_finding(category), "parent", "", "plain", "de", MONDAY, HUMAN)
        assert "Haft" not in answers(_finding(category), "caregiver", "", "plain", "de", MONDAY, HUMAN)


def test_every_named_line_exists_and_serves_its_reader(answers: Answers) -> None:
    for kinds in answers.lines_for.values():
        for kind, names in kinds.items():
            for name in names:
                assert ("caregiver" if kind == "adult" else kind) in answers.lines[name].audiences
