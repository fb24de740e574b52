"""Who is shown where an answer comes from: professionals always, families with law and money, children never."""

from __future__ import annotations

from datetime import date

import pytest

from bot.dialogue.content import Content
from bot.dialogue.rendering import Lookup, Reader, topic_text
from bot.dialogue.session import Session
from bot.matching.topic import Risk, Source, Topic
from bot.text.variants import Variants

TEXTS = {
    "answer.source": Variants.of("Quelle: {source}, Stand {as_of}"),
    "answer.source_unreviewed": Variants.of("Quelle: {source}, Stand {as_of}, ungeprüft"),
}


def answer(risk: Risk, audience: str, reviewed_by: str | None = None) -> str:
    content = Content(texts=TEXTS)
    topic = Topic(
        id="x.y", title="T", audiences=("staff", "caregiver", "child"), risk=risk, scope="bund", as_of=date(2026, 11, 23),
        valid_until=None, confidence="high", answers={name: "So ist es." for name in ("staff", "caregiver", "child")},
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


def test_the_review_mark_stands_with_law_until_somebody_signed_and_never_with_what_is_harmless() -> None:
    assert "ungeprüft" in answer("legal", "staff")
    assert "ungeprüft" not in answer("legal", "staff", reviewed_by="K. Beispiel")
    assert "ungeprüft" not in answer("harmless", "staff")
    assert "ungeprüft" not in answer("safety", "staff")
