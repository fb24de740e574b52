"""Spellings of one word meet; and no text, however long or odd, takes long."""

from __future__ import annotations

import time

import pytest

from bot.text.sound import fold, key, soft, tokens


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
    start = time.process_time()
    key(fold(text))
    tokens(text)
    assert time.process_time() - start < 1.0
