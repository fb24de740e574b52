"""Facts and times inside a translated text, and titles as words that begin a flow."""

from __future__ import annotations

import pytest

from bot.dialogue.commands import flow_in
from bot.dialogue.content import Content
from bot.dialogue.flow import Flow
from bot.text.variants import Variants

CATALOG = {
    "Das Gesetz sichert 2 Stunden zu.": "The law guarantees 2 hours.",
    "Heute liest die Beratung bis {} Uhr mit.": "Today we read until {}.",
    "Die Beratung liest wieder {} ab {} Uhr.": "We read again {} from {}.",
    "am Montag": "on Monday",
    "Code eingeben": "Enter a code",
}
CONTENT = Content(
    catalogs={"en": CATALOG},
    flows={
        "code": Flow(name="code", place="", version="", steps=(), title=Variants.of("Code eingeben"), start=("code",)),
        "quiet": Flow(name="quiet", place="", version="", steps=(), title=Variants.of("Ohne Wort")),
    },
)


@pytest.mark.parametrize(
    ("german", "english"),
    [
        ("Das Gesetz sichert 2 Stunden zu.", "The law guarantees 2 hours."),
        (
            "Das Gesetz sichert 2 Stunden zu. Niemand hat das übersetzt.",
            "The law guarantees 2 hours. Niemand hat das übersetzt.",
        ),
        ("Heute liest die Beratung bis 17:30 Uhr mit.", "Today we read until 17:30."),
        ("Die Beratung liest wieder am Montag ab 9 Uhr.", "We read again on Monday from 9."),
        ("259 Euro", "259 Euro"),
    ],
)
def test_a_value_is_translated_by_sentence_and_stays_german_where_nobody_did(german: str, english: str) -> None:
    assert CONTENT.translate_value(german, "en") == english
    assert CONTENT.translate_value(german, "de") == german
    assert CONTENT.translate_value(german, "pl") == german


def test_a_flow_begins_by_its_translated_title_if_it_begins_by_words_at_all() -> None:
    assert flow_in("enter a code", CONTENT, "caregiver") == "code"
    assert flow_in("Ohne Wort", CONTENT, "caregiver") is None
