"""Another language is noticed where there is no doubt; German never is one, whatever is borrowed in it."""

from __future__ import annotations

import pytest

from bot.dialogue.content import Content
from bot.text.language import language_of


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("kocam hapiste nasıl ziyaret edebilirim", "tr"),
        ("para gönderebilir miyim", "tr"),
        ("How can I visit my husband?", "en"),
        ("what should i tell my daughter about this", "en"),
        ("Mój mąż jest w więzieniu, jak go odwiedzić?", "pl"),
        ("кто может навестить мужа", "ru"),
        ("як відвідати чоловіка", "uk"),
        ("كيف ازور زوجي", "ar"),
    ],
)
def test_what_is_plain_is_noticed(text: str, code: str) -> None:
    assert language_of(text) == code


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Türkçe",
        "ok",
        "Was kann man in Can Yüksels Zelle mitnehmen?",
        "the voice of germany gucken wir immer",
        "mein mann ist your highness in person",
        "Kim Özdemir",
        "زنگ بزنم به پدرم چگونه",  # Persian: Arabic would not help
    ],
)
def test_what_may_be_german_or_is_nothing_is_left_alone(text: str) -> None:
    assert language_of(text) == ""


def test_no_german_question_of_the_topics_is_taken_for_another_language(content: Content) -> None:
    assert content.index is not None
    german = [title for title in content.index.titles]
    assert [title for title in german if language_of(title)] == []
