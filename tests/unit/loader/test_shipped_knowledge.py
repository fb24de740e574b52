"""What ships in knowledge/: every example question finds its own topic, and what the matcher learns from is sound."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.cli.understand import own_topic_problems
from bot.dialogue.content import Content
from bot.loader.content import load_lexicon, load_outside, load_thresholds, read_content
from bot.loader.nodes import Problems
from bot.matching.ridge import MAX_SOLVED

KNOWLEDGE = Path(__file__).parents[3] / "knowledge"


@pytest.mark.slow
def test_every_asked_line_finds_its_own_topic_and_no_near_miss_does() -> None:
    content, _ = read_content(KNOWLEDGE.parent)
    if content.index is None:
        pytest.skip("no topics yet")
    assert list(own_topic_problems(content.index, content.topics)) == []


def test_synonyms_outside_questions_and_calibration_are_read_without_a_problem() -> None:
    problems = Problems()
    assert load_lexicon(KNOWLEDGE, problems).concepts("gefaengnisbesuch")
    assert len(load_outside(KNOWLEDGE, problems)) > 100
    assert load_thresholds(KNOWLEDGE, problems) is not None
    assert problems.found == []


def test_there_are_not_more_examples_than_can_be_learned_from(content: Content) -> None:
    examples = sum(1 + len(topic.asked) for topic in content.topics.values())
    examples += len(load_outside(KNOWLEDGE, Problems()))
    assert examples * (len(content.topics) + 1) <= MAX_SOLVED, "raise MAX_SOLVED: centroids are sure of little"


def test_a_safety_answer_needs_more_certainty_than_a_harmless_one() -> None:
    thresholds = load_thresholds(KNOWLEDGE, Problems())
    assert thresholds is not None
    assert (
        thresholds.answer["safety"] > thresholds.answer["legal"] >= thresholds.answer["harmless"] > thresholds.clarify
    )
