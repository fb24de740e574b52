"""What stands out in a text in plain German."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.dialogue.content import Content
from bot.loader.nodes import Problems
from bot.loader.plain import load_plain, plain_problems, plain_texts
from bot.text.readability import PlainRules, measure, sentences_of, total

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def rules() -> PlainRules:
    problems = Problems()
    loaded = load_plain(ROOT / "knowledge", problems)
    assert problems.found == []
    assert loaded is not None
    return loaded


@pytest.mark.parametrize(("text", "kind"), [
    ("Sie müssen vor dem Besuch in der Anstalt anrufen und einen Termin für sich machen.", "words"),
    ("Die Besuchserlaubnis kommt mit der Post.", "letters"),
    ("Wenn Sie kommen, was gut ist, freut er sich.", "commas"),
    ("Das ist der Ausweis des Kindes.", "genitive"), ("Wegen eines Fehlers warten Sie.", "genitive"),
    ("Der Ausweis wird geprüft.", "passive"), ("Das Kind wird am Tor abgeholt.", "passive"),
    ("Der Besuch muss angemeldet werden.", "passive"), ("Die Tasche wurde kontrolliert.", "passive"),
    ("Das wäre gut.", "konjunktiv"), ("Sie könnten anrufen.", "konjunktiv"),
    ("Rufen Sie unverzüglich an.", "hard"), ("Rufen Sie ggf. an.", "hard"), ("Das ist erforderlich.", "hard"),
])  # fmt: skip
def test_what_makes_a_sentence_hard_is_found(rules: PlainRules, text: str, kind: str) -> None:
    assert [one.kind for one in measure(text, rules).findings] == [kind]


@pytest.mark.parametrize("text", [
    "Rufen Sie an.", "Die Besuchs-Erlaubnis kommt mit der Post.", "Papa wird satt.", "Später wird es oft besser.",
    "Ihr Kind wird das verstehen.", "Sie werden es schaffen.", "Das Haus ist groß.", "Ich möchte Papa sehen.",
    "Schauen Sie hier: https://www.gesetze-im-internet.de/unterhaltsvorschussgesetz", "Die Nummer: **{line.ngk_kjt.number}**",
    "- Ausweis\n- Geld\n- Zeit", "Das hilft gegen Angst.",
])  # fmt: skip
def test_what_is_easy_is_left_alone(rules: PlainRules, text: str) -> None:
    assert measure(text, rules).findings == ()


def test_lines_list_items_and_colons_end_a_sentence_an_abbreviation_does_not() -> None:
    assert sentences_of("**Gut.** Das heißt: Es geht.\n- eins\n- zwei\nz. B. drei. Nr. 4 ist da.") == [
        "Gut.", "Das heißt:", "Es geht.", "eins", "zwei", "z. B. drei.", "Nr. 4 ist da.",
    ]  # fmt: skip


def test_a_text_is_named_when_more_stands_out_than_the_rules_allow() -> None:
    rules = PlainRules(words=3, findings=25, negations=frozenset({"nicht"}), negation=34)
    hard = measure("Das ist ein langer Satz. Das ist noch ein langer. Kurz. Kurz.", rules)
    assert hard.too_hard(rules)
    assert not measure("Das ist ein langer Satz. Kurz. Kurz.", rules).too_hard(rules)
    assert measure("Das nicht. Dies nicht. Jenes nicht. Gut.", rules).negates_too_much(rules)
    both = total([hard, hard])
    assert (both.sentences, both.hard) == (8, 4)


def test_the_shipped_texts_are_as_easy_as_measured(content: Content, rules: PlainRules) -> None:
    texts = plain_texts(content, rules)
    everything = total(text.measured for text in texts)
    assert len(texts) > 400
    assert plain_problems(texts, rules) == []
    assert everything.hard <= 0.01 * everything.sentences
    assert everything.words / everything.sentences < 6


def test_a_finding_is_told_with_its_place_and_its_sentence(content: Content, rules: PlainRules) -> None:
    strict = PlainRules(words=2, letters=4, negations=rules.negations, negation=0, findings=0)
    told = plain_problems(plain_texts(content, strict), strict)
    assert any(
        "schwer zu lesen" in problem.message and problem.file.startswith("knowledge/topics/") for problem in told
    )
    every = plain_problems(plain_texts(content, strict), strict, every=True)
    assert len(every) > len(told)
    assert {problem.severity for problem in every} == {"warning"}
