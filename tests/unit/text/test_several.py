"""Several questions in one message are told apart, a story with one question in it is not."""

from __future__ import annotations

import pytest

from bot.text.several import LONGEST, questions_in


@pytest.mark.parametrize(
    ("text", "questions"),
    [
        (
            "was darf ich anziehen und wie lange dauert der Besuch",
            ("was darf ich anziehen", "wie lange dauert der Besuch"),
        ),
        (
            "Darf ich Fotos schicken? Und wer zahlt die Fahrt?",
            ("Darf ich Fotos schicken?", "wer zahlt die Fahrt?"),
        ),
        ("wie melde ich mich an, und auch was kostet das", ("wie melde ich mich an", "was kostet das")),
        ("Er sitzt seit Mai. Wann darf ich hin? Ist das normal?", ("Er sitzt seit Mai.", "Wann darf ich hin?", "Ist das normal?")),
    ],
)  # fmt: skip
def test_each_question_stands_alone(text: str, questions: tuple[str, ...]) -> None:
    assert questions_in(text) == questions


@pytest.mark.parametrize(
    "text",
    [
        "",
        "wann darf ich ihn besuchen",
        "wann und wo",
        "mein Mann sitzt und ich bin allein mit den Kindern",
        "Papa ist weg. Mama weint den ganzen Tag.",
        "darf ich kommen und wann? " + "und so weiter " * LONGEST,
    ],
)
def test_one_question_a_story_or_a_letter_is_left_whole(text: str) -> None:
    assert questions_in(text) == ()
