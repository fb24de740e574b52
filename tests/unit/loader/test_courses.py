"""Courses: what an editor gets wrong is told with its place, and nothing is half a course."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.dialogue.flow import Ask, Study
from bot.loader.courses import FRAME, load_courses
from bot.loader.flows import load_texts
from bot.loader.nodes import Problems

DIALOGUES = Path(__file__).parents[3] / "dialogues"
COURSE = """
course: probe
title: Probe
for: [staff]
start: [probe]
intro: Hallo.
as_of: 2026-11-25
units:
  - unit: eins
    title: Eins
    minutes: 5
    read: [Lesen.]
    cases:
      - case: fall
        story: Was tun?
        choices:
          x: {label: Dies, then: So nicht.}
          y: {label: Das, then: Gut., best: true}
    questions:
      - {question: q1, ask: Was?, options: {a: Dies, b: Das da}, right: a, because: Darum.}
    sources: [{name: Quelle}]
"""


def _load(tmp_path: Path, text: str, another: str = "") -> tuple[dict[str, object], dict[str, object], list[str]]:
    folder = tmp_path / "dialogues" / "courses"
    folder.mkdir(parents=True)
    (folder / FRAME).write_text((DIALOGUES / "courses" / FRAME).read_text())
    (folder / "probe.yaml").write_text(text)
    if another:
        (folder / "z.yaml").write_text(another)
    problems = Problems()
    courses, flows = load_courses(tmp_path / "dialogues", load_texts(DIALOGUES, Problems()), problems)
    return courses, flows, [str(problem) for problem in problems.found]  # type: ignore[return-value]  # values only read here


def test_a_course_becomes_flows(tmp_path: Path) -> None:
    courses, flows, problems = _load(tmp_path, COURSE)
    assert problems == []
    assert set(courses) == {"probe"}
    names = {"", ".repeat", ".plan", ".remind", ".reminders", ".certificate", ".units", ".eins", ".question.q1"}
    assert set(flows) == {f"course.probe{name}" for name in names}
    assert not any(flow.transcript for flow in flows.values())  # type: ignore[attr-defined]
    question = flows["course.probe.question.q1"]
    assert [type(step.action) for step in question.steps][:2] == [Ask, Study]  # type: ignore[attr-defined]
    assert "**A** Dies" in question.steps[0].say.texts["default"]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("right: a", "right: c", "`right` names one of them"),
        (", best: true", "", "one of them with best: true"),
        ("course: probe", "course: Probe 1", "is no name"),
        ("course: probe\n", "", "'course' is missing"),
        ("for: [staff]", "for: [staff, teacher]", "unknown audience 'teacher'"),
        ("read: [Lesen.]", f"read: [{'Lesen. ' * 150}]", "at most 900 characters"),
        ("sources: [{name: Quelle}]", "sources: []", "at least one source"),
        ("because: Darum.", "weil: Darum.", "unknown key 'weil'"),
        ("as_of: 2026-11-25", "as_of: gestern", "cannot read the date"),
        ("intro: Hallo.", "intro: Hallo.\nshare: 20", "from 50 to 100"),
        ("    questions:\n", "    questions:\n      - {question: q1, ask: A, options: {a: A, b: B}, right: b, because: C}\n",
            "stands here twice"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_place(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in COURSE
    _, _, problems = _load(tmp_path, COURSE.replace(old, new, 1))
    assert any(said in problem and "probe.yaml:" in problem for problem in problems), problems


def test_two_courses_of_one_name_are_told(tmp_path: Path) -> None:
    courses, _, problems = _load(tmp_path, COURSE, COURSE.replace("title: Probe", "title: Noch eine"))
    assert list(courses) == ["probe"]
    assert [
        one for one in problems if one.endswith("course 'probe' exists already in dialogues/courses/probe.yaml:2")
    ], problems


def test_answers_that_can_be_guessed_by_their_looks_are_warned_of(tmp_path: Path) -> None:
    row = "      - {{question: q{n}, ask: Was?, options: {{a: Die lange richtige Antwort, b: Nein}}, right: a, because: Darum.}}\n"
    rows = "".join(row.format(n=n) for n in range(2, 6))
    _, _, problems = _load(tmp_path, COURSE.replace("    sources:", f"{rows}    sources:"))
    assert any("same place" in problem for problem in problems)
    assert any("longest answer" in problem for problem in problems)


def test_a_question_without_a_name_is_told_and_left_out(tmp_path: Path) -> None:
    courses, flows, problems = _load(tmp_path, COURSE.replace("question: q1, ", ""))
    assert any("'question' is missing" in one for one in problems)
    assert list(courses) == ["probe"]
    assert not any("q1" in name for name in flows)
