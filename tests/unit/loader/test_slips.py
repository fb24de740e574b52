"""Slips of an editor's hand that once ended the program: each is told at its place, and the rest still loads."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.loader.content import read_content
from bot.loader.fields import seconds_of
from bot.loader.nodes import Problems
from bot.loader.plain import load_plain

FLOW = "flow: x\nsteps:\n  - {step: a, remind: {days: 2, flow: x}}\n"
COURSE = "course: x\ntitle: X\nfor: [staff]\nstart: [x]\nintro: Hallo.\nas_of: 2026-11-25\nunits:\n"
LINE = "lines:\n  - {id: a, name: A, hours: [{days: [mo], from: '09:00', to: '17:00'}]}\n"
HEAD = 'msgid ""\nmsgstr ""\n"{}\\n"\n'
TOPIC = (
    "knowledge/topics/x.yaml",
    "{id: x, title: X, audiences: [staff], risk: harmless, scope: bund, as_of: 2026-11-26, confidence: high, sources: [{name: q}], "
    "answers: {staff: Antwort}, asked: [Was ist x?, Wo ist x?]}\n",
)
ANSWERS = "reviewed_by: null\nanswers:\n  unheard_of: {child: Hallo}\n"


@pytest.mark.parametrize(
    ("name", "text", "line", "said"),
    [
        ("knowledge/safety/levels.yaml", "check: 0.22\n", 1, "'alert' is missing"),
        ("knowledge/safety/levels.yaml", "alert: 0.6\ncheck: .inf\n", 2, "a number is expected here"),
        ("knowledge/safety/de/x.yaml", "language: de\nexamples: |\n  x\n", 1, "'category' is missing"),
        ("knowledge/safety/answers/answers.yaml", ANSWERS, 3, "not whole: emergency_now"),
        ("knowledge/outside.yaml", "x: 1\n", 1, "'questions' is missing"),
        ("knowledge/data/helplines.yaml", "lines:\n  - {id: a}\n", 2, "'name' is missing"),
        ("knowledge/data/helplines.yaml", "lines:\n  - {name: a}\n", 2, "'id' is missing"),
        ("dialogues/courses/x.yaml", COURSE, 1, "frame.yaml is missing beside this file"),
        (
            "knowledge/data/helplines.yaml",
            LINE.replace("09:00", "29:00"),
            2,
            "hours cannot be read: '29:00' is not a time of day",
        ),
        ("knowledge/data/helplines.yaml", LINE.replace("mo", "monday"), 2, "hours cannot be read: "),
        ("knowledge/data/helplines.yaml", LINE.replace("to: ", "till: "), 2, "unknown key 'till'"),
        ("knowledge/safety/answers/answers.yaml", "reviewed_by: x\n", 1, "'answers' is missing"),
        ("knowledge/data/matching.yaml", "bias: 1\nanswer: {}\nclarify: 1\n", 1, "'weights' is missing"),
        ("knowledge/safety/examples/de/x.yaml", "category: x\nharmless: |\n  x\n", 1, "'x' is not a category"),
        ("dialogues/translations/tr.po", 'msgid "a"\nunsinn\nmsgstr "b"\n', 2, "cannot be read as a PO file"),
        (
            "dialogues/translations/tr.po",
            HEAD.format("PO-Revision-Date: 2026-11-2 +"),
            0,
            "cannot be read as a PO file",
        ),
        ("dialogues/flows/x.yaml", FLOW.replace("2", "1e300"), 3, "at most 3660 days"),
        ("dialogues/flows/x.yaml", FLOW.replace("2", "1e999"), 3, "a number is expected here"),
    ],
)
def test_a_slip_is_told_at_its_place(tmp_path: Path, name: str, text: str, line: int, said: str) -> None:
    for path, written in {
        TOPIC[0]: TOPIC[1],
        "knowledge/safety/levels.yaml": "alert: 0.6\ncheck: 0.2\n",
        name: text,
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(written, encoding="utf-8")
    found = [one for one in read_content(tmp_path)[1] if one.file == name and said in one.message]
    assert [one.line for one in found] == [line]


def test_the_rules_of_plain_german_need_every_limit(tmp_path: Path) -> None:
    (tmp_path / "leicht.yaml").write_text(
        "limits: {words: 9}\nknown: []\nnegation: []\nkonjunktiv: []\ngenitive: []\nwords: {}\n"
    )
    problems = Problems()
    assert load_plain(tmp_path, problems) is None
    assert "'letters' is missing" in [one.message for one in problems.found]


def test_a_duration_ends_somewhere() -> None:
    assert seconds_of("10 years") is None
    assert seconds_of("3660 days") == 3660 * 86400
    assert seconds_of(f"{'9' * 400} days") is None
