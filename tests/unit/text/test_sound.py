"""Spellings of one word meet; and no text, however long or odd, takes long."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.text.sound import fold, key, soft, tokens, words_of


@pytest.mark.parametrize(
    "spelling",
    [
        "möchte",
        "MÖCHTE",
        "moechte",
        "mochte",
        "mo\u0308chte",
        "möööchte",
        "m0chte",
        "m\u200böchte",
        "\u202emöchte",
        "ｍöchte",
        "mосhte",
    ],
)
def test_spellings_of_a_word_fold_to_one(spelling: str) -> None:
    assert tokens(spelling) == ("mochte",)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Straße", ("strasse",)),
        ("geht's gut?", ("gehts", "gut")),
        ("s t e r b e n", ("sterben",)),
        ("umbr*ngen", ("umbrngen",)),
        ("am 14.3. um 8 Uhr", ("am", "14", "3", "um", "8", "uhr")),
        ("§ 8a", ("8a",)),
        ("hab 💊 da", ("hab", "emojitablette", "da")),
        ("Yaşamak İSTEMİYORUM", ("yasamak", "istemiyorum")),
        ("أُرِيدُ", ("اريد",)),
        ("ещё", ("еще",)),
        ("snake_case", ("snake", "case")),
        ("", ()),
    ],
)
def test_tokens(text: str, expected: tuple[str, ...]) -> None:
    assert tokens(text) == expected


def test_numbers_stay_numbers() -> None:
    assert tokens("13 Jahre, 2mal, 4er BMX 110") == ("13", "jahre", "2mal", "4er", "bmx", "110")


def test_punctuation_and_lines_survive_folding() -> None:
    assert fold("Er sagt: „Nein.“\nUnd?") == 'er sagt: "nein."\nund?'


@pytest.mark.parametrize(
    ("child", "book"),
    [("fater", "Vater"), ("komen", "kommen"), ("tot", "Tod"), ("hap", "hab"), ("wonen", "wohnen"), ("fiber", "Fieber")],
)
def test_childrens_spelling_sounds_the_same(child: str, book: str) -> None:
    assert key(fold(child)) == key(fold(book))


def test_soft_joins_what_dialects_exchange() -> None:
    assert soft(key(fold("sterpen"))) == soft(key(fold("sterben")))


@pytest.mark.no_cover  # timed
@pytest.mark.parametrize(
    "text",
    [
        "a" * 100_000,
        "a " * 50_000,
        "1a" * 50_000,
        "ä\u0301" * 50_000,
        "a*" * 50_000,
        "аa" * 50_000,
        "💀" * 50_000,
        "\u200b" * 100_000,
    ],
)
def test_100_kb_are_folded_within_a_second(text: str) -> None:
    start = time.perf_counter()
    key(fold(text))
    tokens(text)
    assert time.perf_counter() - start < 1.0


def in_one(text: str) -> list[str]:
    """The sounds of the words of a text, read as a whole."""
    return re.findall(r"[^\W_]+", key(fold(text)))


@pytest.mark.parametrize(
    "text",
    [
        "Wir gehen morgen hin, um 14:30 - geht das?!",
        "S t e r b e n will ich, a.b.c.d",
        "i c h",
        "aaa b c d und äää b c d",
        "geht's, h4u m1ch, a!b, 2mal, er*n",
        "мама сказала: я и в с ней… „ничего“",
        "Yaşamak İSTEMİYORUM ki K",
        "أريد أن أموت ـ",
        "ein_wort ae oe\u00a0ue" + "o" * 50,
        "hab 💊 da",
    ],
)
def test_words_sound_the_same_one_by_one(text: str) -> None:
    for _ in range(2):  # also what was kept
        assert words_of(text) == in_one(text)


_TYPED = st.text("abdeghiksxyzäöüßмесі ııأة01!?.,-_*/@'\n…„“ 💊\u0308ABÄK", max_size=60)


@settings(max_examples=400, deadline=None)
@given(
    _TYPED
    | st.lists(st.sampled_from(["a", "ä", "ich", "haus", "sechs", "aaa", "1", "14", "!", "."]), max_size=9).map(
        " ".join
    )
)
def test_any_text_is_heard_the_same_word_by_word(text: str) -> None:
    assert words_of(text) == in_one(text)


def test_a_full_memory_of_sounds_begins_anew_and_says_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.text.sound._MOST_HEARD", 1)
    for text in ("zwei neue wörter", "und noch andere"):
        assert words_of(text) == in_one(text)
