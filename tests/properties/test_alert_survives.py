"""What is an alert stays one, however it is spelt and whatever ordinary sentence stands beside it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.loader.nodes import Problems
from bot.loader.safety import load_safety, rule_examples
from bot.safety import Finding
from bot.safety.rules import SafetyRules
from bot.safety.triage import triage

KNOWLEDGE = Path(__file__).resolve().parents[2] / "knowledge"
ORDINARY = (
    "Wann ist am Sonntag Besuch?",
    "Ich brauche noch das Formular für das Haftkonto.",
    "Welche Unterlagen muss ich für den Antrag mitbringen?",
    "Danke für die Antwort von gestern.",
    "Meine Tochter malt gern Bilder für Papa.",
    "Wie lange dauert es, bis ein Brief ankommt?",
    "heute hatten wir mathe und sport",
    "Der Bus fährt um zehn vor acht.",
    "When is visiting time on Sunday?",
)
INVISIBLE = "\u200b\u200d\u00ad\u2060"
_UMLAUTS = str.maketrans("äöüÄÖÜ", "aouAOU")


def _rules() -> SafetyRules:
    rules = load_safety(KNOWLEDGE, Problems()).rules
    assert rules is not None
    return rules


RULES = _rules()


def look(text: str) -> Finding | None:
    return triage(RULES, text, audience="child")


SENTENCES = [
    row.text
    for row in rule_examples(KNOWLEDGE / "safety", Problems())
    if row.expected == "alert" and not re.search(r"[.!?,:]\s", row.text)
]


@st.composite
def respelt(draw: st.DrawFn) -> tuple[str, str]:
    """A text that is an alert, and the same as somebody else would type it."""
    text = draw(st.sampled_from(SENTENCES))
    change = draw(st.sampled_from(["upper", "title", "umlauts", "ae", "looong", "invisible", "fullwidth"]))
    match change:
        case "upper":
            return text, text.upper()
        case "title":
            return text, text.title()
        case "umlauts":
            return text, text.translate(_UMLAUTS)
        case "ae":
            return text, text.replace("ä", "ae").replace("ö", "oe").replace("ü", "ue").replace("ß", "ss")
        case "looong":
            return text, re.sub(r"([aeiou])(?=\w*$)", lambda hit: hit[1] * draw(st.integers(3, 9)), text)
        case "invisible":
            at = draw(st.integers(1, max(1, len(text) - 1)))
            return text, text[:at] + draw(st.sampled_from(INVISIBLE)) + text[at:]
        case _:
            return text, "".join(chr(ord(sign) + 0xFEE0) if "a" <= sign <= "z" else sign for sign in text)


@settings(max_examples=150, deadline=None)
@given(respelt())
def test_another_spelling_is_the_same_alert(texts: tuple[str, str]) -> None:
    text, other = texts
    assert look(text) == look(other)
    assert (found := look(other)) is not None
    assert found.level == "alert"


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(SENTENCES),
    st.lists(st.sampled_from(ORDINARY), max_size=2),
    st.lists(st.sampled_from(ORDINARY), max_size=2),
)
def test_ordinary_sentences_beside_it_never_hide_it(text: str, before: list[str], after: list[str]) -> None:
    assert look("\n".join([*before, text, *after])) is not None


@pytest.mark.parametrize("sentence", ORDINARY)
def test_nearly_every_alert_stays_one_beside_an_ordinary_sentence(sentence: str) -> None:
    """Not all: what is barely an alert by itself may become a second look."""
    assert look(sentence) is None
    for together in ("{0} {1}.", "{1}\n{0}"):
        kept = sum(
            (found := look(together.format(sentence, text))) is not None and found.level == "alert"
            for text in SENTENCES
        )
        assert kept >= 0.94 * len(SENTENCES)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("1ch w1ll n1cht m3hr l3b3n", "ich will nicht mehr leben"),
        ("h4u heut n4cht 4b", "hau heut nacht ab"),
        ("er h4t mich 4ngef4sst", "er hat mich angefasst"),
        ("t0t s31n", "tot sein"),
    ],
)
def test_digits_for_letters_are_read_also_at_the_edge_of_a_word(text: str, plain: str) -> None:
    assert look(text) == look(plain)


def test_a_class_at_school_is_no_disguise() -> None:
    assert look("ich geh in die 4b, wann darf ich zu papa") is None
