"""Topics from YAML: every fault is a problem with its place, none an exception."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.dialogue.content import FactText
from bot.errors import Problem
from bot.loader.nodes import Problems, read_yaml
from bot.loader.topics import check_topics, load_topics
from bot.matching.topic import Topic

GOOD = """\
id: visit.apply
title: Besuch anmelden
audiences: [caregiver]
risk: legal
scope: land
as_of: 2026-11-23
valid_until: 2027-06-30
confidence: high
reviewed_by: null
sources:
  - {name: "§ 24 StVollzG", url: "https://example.org"}
answers:
  caregiver: Rufen Sie an.
  caregiver.leicht: Rufen Sie an.
asked:
  - wie melde ich mich an
  - {text: darf ich hin, audience: child}
not_asked:
  - {text: wie sage ich ab, topic: visit.apply}
"""


def load(tmp_path: Path, *texts: str) -> tuple[dict[str, Topic], list[Problem]]:
    folder = tmp_path / "knowledge" / "topics" / "visit"
    folder.mkdir(parents=True)
    for number, text in enumerate(texts):
        (folder / f"{number}.yaml").write_text(text, encoding="utf-8")
    problems = Problems()
    topics = load_topics(tmp_path / "knowledge", problems)
    check_topics(topics, {"amounts.kindergeld": FactText(text="259 Euro")}, {"BY": "Bayern"}, problems)
    return topics, [problem for problem in problems.found if problem.severity == "error"]


def test_a_sound_topic_is_read_without_a_problem(tmp_path: Path) -> None:
    topics, problems = load(tmp_path, GOOD)
    assert problems == []
    topic = topics["visit.apply"]
    assert (topic.risk, topic.scope, topic.reviewed_by) == ("legal", "land", None)
    assert [row.text for row in topic.asked] == ["wie melde ich mich an", "darf ich hin"]
    assert topic.asked[1].audience == "child"
    assert topic.place == "knowledge/topics/visit/0.yaml:1"


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("risk: legal", "risc: legal", 4, "did you mean 'risk'"),
        ("risk: legal", "risk: leagl", 4, "did you mean 'legal'"),
        ("audiences: [caregiver]", "audiences: [caregivers]", 3, "did you mean 'caregiver'"),
        ("  caregiver.leicht: Rufen Sie an.\n", "", 13, "'caregiver.leicht' is missing"),
        ("as_of: 2026-11-23", "as_of: 23.11.2026", 6, "cannot read the date"),
        ("Rufen Sie an.\n  caregiver.leicht", "Es gibt {amounts.kindergelt}.\n  caregiver.leicht", 1, "did you mean"),
        ("title: Besuch anmelden", f"title: {'x' * 41}", 2, "at most 40"),
        ("topic: visit.apply}", "topic: visit.aply}", 19, "does not exist"),
        ("id: visit.apply", "id: visit.apply\nid: visit.apply", 2, "twice"),
        ("scope: land", "scope: [", 0, "not valid YAML"),
    ],
)
def test_a_fault_is_told_with_its_line(tmp_path: Path, old: str, new: str, line: int, said: str) -> None:
    _, problems = load(tmp_path, GOOD.replace(old, new, 1))
    matching = [problem for problem in problems if said in problem.message]
    assert matching, [str(problem) for problem in problems]
    assert line in (0, matching[0].line)


def test_two_topics_with_one_id_or_one_example_question_are_told(tmp_path: Path) -> None:
    _, problems = load(tmp_path, GOOD, GOOD)
    assert any("exists already" in problem.message for problem in problems)
    other = GOOD.replace("id: visit.apply", "id: visit.other", 1)
    _, problems = load(tmp_path / "again", GOOD, other)
    assert sum("is also an example question" in problem.message for problem in problems) == 2


def test_a_land_placeholder_needs_the_land(tmp_path: Path) -> None:
    _, problems = load(tmp_path, GOOD.replace("Rufen Sie an.", "In {land.name} gilt das.", 1))
    assert any("needs: land" in problem.message for problem in problems)


def test_a_file_that_is_not_there_is_a_problem(tmp_path: Path) -> None:
    problems = Problems()
    assert read_yaml(tmp_path / "none.yaml", "none.yaml", problems) is None
    assert "none.yaml" in str(problems.found[0])
