"""What belongs together stays in one line, and nothing else is tied."""

from __future__ import annotations

import pytest

from bot.text.ties import tied


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("nach § 8a SGB VIII melden", ["nach", "§~8a~SGB~VIII", "melden"]),
        ("(§ 119 Abs. 1 StPO) gilt", ["(§~119~Abs.~1~StPO)", "gilt"]),
        ("Zweimal 15 % (14–16)", ["Zweimal", "15~%", "(14–16)"]),
        ("am 24. November um 10 Uhr", ["am", "24.~November", "um", "10~Uhr"]),
        ("Art. 6 GG, Nr. 3 Satz 2", ["Art.~6~GG,", "Nr.~3~Satz~2"]),
        ("259 Euro im Monat, z. B. Kindergeld", ["259~Euro", "im", "Monat,", "z.~B.", "Kindergeld"]),
        ("2 Kinder und 3 Briefe. Das ist 1 Satz.", ["2", "Kinder", "und", "3", "Briefe.", "Das", "ist", "1", "Satz."]),
    ],
)
def test_what_belongs_together_is_tied(text: str, words: list[str]) -> None:
    assert tied(text).split(" ") == [word.replace("~", "\u00a0") for word in words]
    assert len(tied(text)) == len(text)
