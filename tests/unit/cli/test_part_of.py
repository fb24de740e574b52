"""A finer topic counts as the wider one it is part of, for whoever compares by ids; its own id stays to be seen."""

from __future__ import annotations

from msgspec.structs import replace

from bot.cli.understand import ask_one
from bot.dialogue.content import Content
from bot.loader.nodes import Problems
from bot.loader.topics import check_topics


def test_a_finer_topic_counts_as_the_wider_one(content: Content) -> None:
    found = ask_one(content, "ist an weihnachten besuch?", "caregiver")
    assert (found["outcome"], found["topic"], found["entry"]) == ("answer", "visit.opening_hours", "visit.holidays")
    names = [row["topic"] for row in found["candidates"]]
    assert names[0] == "visit.opening_hours"
    assert len(set(names)) == len(names)


def test_a_topic_that_stands_for_itself_is_its_own_entry(content: Content) -> None:
    found = ask_one(content, "An welchen Wochentagen ist Besuch?", "caregiver")
    assert found["topic"] == found["entry"] == "visit.opening_hours"


def test_part_of_names_a_topic_that_stands_for_itself(content: Content) -> None:
    problems = Problems()
    wrong = replace(content.topics["visit.holidays"], part_of="contact.christmas")
    check_topics({**content.topics, wrong.id: wrong}, content.values, content.laender, problems)
    assert any("contact.christmas" in row.message for row in problems.errors)
