"""Russian and Ukrainian in Latin letters are read in their own; what is another language stays as it is."""

from __future__ import annotations

import time

import pytest

from bot.text.sound import words_of
from bot.text.translit import in_cyrillic

_OWN = (
    "я не хочу больше жить меня бьет отчим ремнем боюсь идти домой когда можно на свидание к мужу мені дуже погано жити "
    "часы свидания мама пьет и мы одни дома вітчим бє мене чому тата забрали він повернеться брат сказал что прыгнет с крыши"
)
_GERMAN = "papa und mama streiten ich habe gestern besucht trinkt"
KNOWN = frozenset(f"{_OWN} {_GERMAN}".split())


def _read(text: str) -> str:
    return in_cyrillic(text, words_of(text), KNOWN.__contains__)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("Ya ne hochu bolshe zhit", "я не хочу больше жить"),
        ("menya biet otchim remnem", "меня бьет отчим ремнем"),
        ("menya b'et otchim", "меня бьет отчим"),
        ("ya boyus idti domoy", "я боюсь идти домой"),
        ("kogda mozhno na svidanie k muzhu", "когда можно на свидание к мужу"),
        ("kogda chasy svidaniya", "когда часы свидания"),
        ("meni duzhe pogano", "мені дуже погано"),
        ("vitchym bye mene", "вітчим бє мене"),
        ("chomu tata zabraly", "чому тата забрали"),
        ("brat skazal chto prygnet s kryshi!", "брат сказал что прыгнет с крыши!"),
        ("mama pyet i my odni doma", "мама пьет и мы одни дома"),
        ("mama trinkt i ya boyus idti domoy", "мама trinkt и я боюсь идти домой"),
    ],
)
def test_it_is_read_as_it_was_meant(typed: str, meant: str) -> None:
    assert _read(typed) == meant


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ya",
        "ich habe mama gestern besucht",
        "papa und mama streiten",
        "Ne zaman görüşe gidebilirim?",
        "kiedy mogę zobaczyć tatę",
        "how do i send him money",
        "я не хочу",
        "بدي موت",
    ],
)
def test_what_is_something_else_stays_as_it_is(text: str) -> None:
    assert _read(text) is text


@pytest.mark.no_cover  # timed
def test_it_takes_no_longer_for_nonsense() -> None:
    begun = time.process_time()
    _read(" ".join(f"yiyiyehhtslnr{number % 7}isyeeyc" for number in range(80)))
    _read("menya " * 20_000)
    assert time.process_time() - begun < 0.5
