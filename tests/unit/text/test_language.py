"""Another language is noticed where there is no doubt; German never is one, whatever is borrowed in it."""

from __future__ import annotations

import pytest

from bot.dialogue.content import Content
from bot.text.language import language_of, plain_letters


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
        ("Hafta sonu ziyaret var mi", "tr"),
        ("uyuyamiyorum", "tr"),
        ("avukat", "tr"),
        ("visiting hours", "en"),
        ("lawyer", "en"),
        ("wstydze sie", "pl"),
        ("jak wysłać paczkę", "pl"),
        ("muzh v tyurme", "ru"),
        ("kogda svidanie", "ru"),
        ("koly pobachennya", "uk"),
        ("добрий день", "uk"),
        ("що взяти", "uk"),
        ("добрый день", "ru"),
        ("что взять", "ru"),
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
        "schlaf grad im parkhaus, is kalt",
        "i bring di um",
        "is mein dad safe da drin",
        "hello",
        "Babaanne Ayşe wohnt in Wiesbaden",
        "زنگ بزنم به پدرم چگونه",  # Persian: Arabic would not help
    ],
)
def test_what_may_be_german_or_is_nothing_is_left_alone(text: str) -> None:
    assert language_of(text) == ""


@pytest.mark.parametrize(
    ("typed", "plain"),
    [
        ("görüş günü", "goruş gunu"),
        ("oturma izni için ödeme nasıl olur", "oturma izni için odeme nasıl olur"),
        ("jak wysłać list", "jak wyslać list"),
        ("Mein Mann hört Musik, er möchte üben", "Mein Mann hört Musik, er möchte üben"),
    ],
)
def test_turkish_and_polish_lose_the_letters_that_many_do_not_type_and_german_keeps_its_umlauts(
    typed: str, plain: str
) -> None:
    assert plain_letters(typed) == plain


def test_no_german_question_of_the_topics_is_taken_for_another_language(content: Content) -> None:
    assert content.index is not None
    assert [title for title in content.index.titles if language_of(title)] == []
