"""What stands below an answer: its source (professionals always, families with law and money, children never), doubts."""

from __future__ import annotations

from datetime import date
from typing import Literal

import pytest

from bot.dialogue.content import Content
from bot.dialogue.rendering import Lookup, Reader, topic_text
from bot.dialogue.session import Session
from bot.matching.topic import Risk, Source, Topic
from bot.text.variants import Variants

TEXTS = {
    "answer.source": Variants.of("Quelle: {source}, Stand {as_of}"),
    "answer.source_unreviewed": Variants.of("Quelle: {source}, Stand {as_of}, ungeprüft"),
    "answer.unsure": Variants.of("ask the prison"),
    "answer.unsure_money": Variants.of("ask the office"),
    "answer.unsure_bund": Variants.of("ask the centre"),
}


Scope = Literal["bund", "land", "prison"]


def answer(
    risk: Risk, audience: str, reviewed_by: str | None = None, *, scope: Scope = "bund",
    confidence: Literal["high", "low"] = "high",
) -> str:  # fmt: skip
    content = Content(texts=TEXTS)
    topic = Topic(
        id="x.y", title="T", audiences=("staff", "caregiver", "child"), risk=risk, scope=scope, as_of=date(2026, 11, 23),
        valid_until=None, confidence=confidence, answers={name: "So ist es." for name in ("staff", "caregiver", "child")},
        sources=tuple(Source(f"Quelle {number}") for number in range(1, 5)), reviewed_by=reviewed_by,
    )  # fmt: skip
    lookup = Lookup(content, Session(), {}, date(2026, 11, 25))
    return topic_text(content, topic, lookup, Reader(audience, "", "plain", "de")) or ""


@pytest.mark.parametrize("risk", ["harmless", "money", "legal", "safety"])
def test_a_professional_always_reads_up_to_three_sources(risk: Risk) -> None:
    text = answer(risk, "staff")
    assert "Quelle 1; Quelle 2; Quelle 3, Stand 23.11.2026" in text
    assert "Quelle 4" not in text


@pytest.mark.parametrize(("risk", "shown"), [("harmless", False), ("money", True), ("legal", True), ("safety", False)])
def test_a_caregiver_reads_one_source_with_law_and_money(risk: Risk, shown: bool) -> None:
    text = answer(risk, "caregiver")
    assert ("Quelle 1" in text) is shown
    assert "Quelle 2" not in text


@pytest.mark.parametrize("risk", ["harmless", "money", "legal", "safety"])
def test_a_child_reads_none(risk: Risk) -> None:
    assert answer(risk, "child") == "So ist es."


@pytest.mark.parametrize(
    ("risk", "scope", "asked"),
    [("harmless", "prison", "prison"), ("legal", "land", "prison"), ("money", "bund", "office"), ("money", "prison", "office"),
     ("legal", "bund", "centre"), ("harmless", "bund", "centre")],
)  # fmt: skip
def test_in_doubt_people_are_sent_to_who_knows(risk: Risk, scope: Scope, asked: str) -> None:
    assert f"ask the {asked}" in answer(risk, "caregiver", scope=scope, confidence="low")
    assert "ask the" not in answer(risk, "caregiver", scope=scope)
    assert "ask the" not in answer(risk, "child", scope=scope, confidence="low")


def test_the_review_mark_stands_with_law_until_somebody_signed_and_never_with_what_is_harmless() -> None:
    assert "ungeprüft" in answer("legal", "staff")
    assert "ungeprüft" not in answer("legal", "staff", reviewed_by="K. Beispiel")
    assert "ungeprüft" not in answer("harmless", "staff")
    assert "ungeprüft" not in answer("safety", "staff")
