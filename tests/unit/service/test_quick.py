"""Quick answers for professionals: sourced, of the right Land, and nothing for what nobody wrote about."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from msgspec import structs

from bot.dialogue.content import Content
from bot.loader.content import build_index
from bot.loader.nodes import Problems
from bot.matching.topic import Asked, Source, Topic
from bot.service.quick import find, quick_answers

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
ROOT = Path(__file__).parents[3]


def topic(name: str, title: str, asked: tuple[str, ...], **values: object) -> Topic:
    base = Topic(
        id=name, title=title, audiences=("caregiver", "staff"), risk="harmless", scope="bund", as_of=date(2026, 11, 1),
        valid_until=None, confidence="high", answers={"staff": "Mit **Besuchsschein**.", "caregiver": "Bitte anrufen."},
        sources=(Source("§ 24 StVollzG"),), asked=tuple(Asked(text) for text in asked),
    )  # fmt: skip
    return structs.replace(base, **values)  # type: ignore[arg-type]  # fields of the class


@pytest.fixture(scope="module")
def knowing(content: Content) -> Content:
    """The shipped content with two topics of our own."""
    topics = {
        "visit.apply": topic("visit.apply", "Besuch anmelden", ("wie melde ich einen besuch an", "besuch anmelden")),
        "money.limits": topic(
            "money.limits", "Geld einzahlen", ("wie viel geld darf ich einzahlen", "geld überweisen"), needs="land",
            answers={"staff": "In {land}: siehe Hausordnung."},
        ),
    }  # fmt: skip
    return replace(content, topics=topics, index=build_index(topics, ROOT / "knowledge", Problems()))


def test_answer_names_its_source_once(knowing: Content) -> None:
    best = find(knowing, "wie melde ich einen besuch an", NOW)[0]
    assert (best.id, best.title, best.description) == ("visit.apply", "Besuch anmelden", "Mit Besuchsschein.")
    assert best.text.count("§ 24 StVollzG") == 1


def test_answer_that_differs_by_land_waits_for_the_land(knowing: Content) -> None:
    assert "Bundesland" in find(knowing, "wie viel geld darf ich einzahlen", NOW)[0].text
    assert "In Bayern" in find(knowing, "wie viel geld darf ich einzahlen bayern", NOW)[0].text


def test_a_topic_without_an_answer_is_left_out(knowing: Content) -> None:
    unwritten = structs.replace(knowing.topics["visit.apply"], answers={})
    for topics in ({"visit.apply": unwritten}, {}):  # none: gone since the index was made
        assert find(replace(knowing, topics=topics), "wie melde ich einen besuch an", NOW) == []


async def test_nonsense_and_empty_content_have_no_answer(knowing: Content, content: Content) -> None:
    assert find(knowing, "xyzzy plugh", NOW) == []
    empty = quick_answers(lambda: replace(content, index=None), lambda: NOW)
    assert await empty("1", "besuch", "de") == []
