"""Small talk that ships: it takes nothing away from topics, commands, flows or danger, and everybody is answered fitly."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bot.dialogue import Session
from bot.dialogue.content import Content
from bot.dialogue.rendering import Reader, text_of
from bot.dialogue.session import Part
from bot.loader.checks import check_flows
from bot.loader.content import load_smalltalk
from bot.loader.nodes import Problems, read_yaml
from bot.safety.triage import triage
from bot.testing.talk import Talk
from bot.text.normalise import clean, fold

KNOWLEDGE = Path(__file__).parents[3] / "knowledge"
_PROBLEMS = Problems()
PHRASES = load_smalltalk(KNOWLEDGE, _PROBLEMS)
KINDS = sorted(set(PHRASES.values()))
READERS = [
    Reader("caregiver", "", "plain", "de"),
    Reader("caregiver", "", "leicht", "de"),
    Reader("child", "6-9", "plain", "de"),
    Reader("child", "14-17", "plain", "de"),
    Reader("child", "10-13", "leicht", "de"),
]


def test_it_is_read_without_a_problem_and_no_phrase_stands_under_two_kinds() -> None:
    assert _PROBLEMS.found == []
    node = read_yaml(KNOWLEDGE / "smalltalk.yaml", "smalltalk.yaml", Problems())
    assert node is not None
    seen: dict[str, str] = {}
    for key, value in node.pairs():
        for item in value.items():
            said = fold(item.text()) or clean(item.text())  # emoji stand for themselves
            assert said, item.place
            assert seen.setdefault(said, key.text()) == key.text(), item.text()


def test_no_phrase_is_an_example_question_a_command_or_the_start_of_a_flow(content: Content) -> None:
    taken = {fold(row.text): topic.id for topic in content.topics.values() for row in topic.asked}
    taken |= dict(content.commands.phrases)
    taken |= {fold(word): flow.name for flow in content.flows.values() for word in flow.start}
    assert {phrase: taken[phrase] for phrase in PHRASES if phrase in taken} == {}


@pytest.mark.parametrize("audience", ["child", "caregiver"])
def test_no_phrase_is_a_sign_of_danger(content: Content, audience: str) -> None:
    assert content.rules is not None
    fired = {phrase: found.rule for phrase in PHRASES if (found := triage(content.rules, phrase, audience=audience))}
    assert fired == {}


@pytest.mark.parametrize(
    "text",
    [
        "ich hasse mich", "ich will nicht mehr", "ich kann nicht mehr", "hilfe", "ich hau ab", "ich verpiss mich", "er nervt mich",
        "er schlägt mich", "mama ist gemein", "lasst mich in ruhe", "keiner ist da", "keiner mag mich", "ich bin dumm", "ich bin hässlich",
        "papa ist dumm", "mach schluss", "es ist egal ob ich lebe", "bin bald weg", "er hat mich lieb", "schlaf nicht gut",
    ],
)  # fmt: skip
def test_words_near_to_need_are_never_taken_for_small_talk(content: Content, text: str) -> None:
    assert content.index is not None
    assert content.index.find(text, audience="child").smalltalk is None


@pytest.mark.parametrize(
    ("text", "kind"),
    [("Hallo!", "greeting"), ("dankeschön!!", "thanks"), ("Danke für deine Hilfee", "thanks"), ("Gute Nacht 🌙", "bye"),
     ("wie gehts?", "how_are_you"), ("nicht so gut", "not_fine"), ("ja genau", "yes"), ("nö", "no"), ("du bist doof", "insult"),
     ("mir ist langweilig", "bored"), ("hahahahaha", "laugh"), ("bist du noch da?", "there"), ("warte mal", "wait"),
     ("keine ahnung", "unsure"), ("sorry", "sorry"), ("du bist nett", "praise"), ("mir gehts gut", "fine"), ("спасибо", "thanks"),
     ("شكرا", "thanks"), ("Teşekkür ederim", "thanks"), ("Dzień dobry", "greeting"), ("Вітаю!", "greeting"), ("Bonjour", "greeting")],
)  # fmt: skip
def test_what_people_say_besides_is_understood(content: Content, text: str, kind: str) -> None:
    assert content.index is not None
    assert content.index.find(text, audience=None).smalltalk == kind


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_addresses_adults_and_children_in_their_own_way(content: Content, kind: str) -> None:
    adult, easy, *children = [text_of(content, f"smalltalk.{kind}", reader) for reader in READERS]
    for text in children:
        assert not {"Sie", "Ihnen", "Ihre"} & set(text.replace(",", " ").replace(".", " ").split()), text
    assert " du " not in f" {adult} {easy} ".casefold()
    for line in easy.strip().splitlines():
        assert len(line.split()) <= 10, line


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "part",
    [Part(audience="caregiver"), Part(audience="child", band="6-9"), Part(audience="caregiver", register="leicht")],
)
def test_a_person_is_answered_and_led_on(content: Content, kind: str, part: Part) -> None:
    phrase = next(phrase for phrase, found in PHRASES.items() if found == kind)
    talk = Talk(content, Session(consent=content.consent_version, parts={"adult": part}))
    said = [reply.text for reply in talk.say(phrase)]
    expected = text_of(content, f"smalltalk.{kind}", Reader(part.audience, part.band, part.register, "de"))
    assert any(expected.strip().splitlines()[0].split(". ")[0] in text for text in said), said
    alone = kind in (
        "thanks",
        "bye",
        "doubt",
        "no",
        "opinion",
        "insult",
    )  # who takes leave, asks once more or wants nothing sees no menu
    assert bool(talk.session.part.frames) != alone, "nothing is offered next, or something to who wants nothing"


def test_what_the_answers_tell_children_to_write_works(content: Content) -> None:
    for word in ("Gefühle", "Brief", "Mensch"):
        talk = Talk(
            content, Session(consent=content.consent_version, parts={"adult": Part(audience="child", band="10-13")})
        )
        talk.say(word)
        flows = [frame.flow for frame in talk.session.part.frames]
        assert flows or talk.session.part.topic == "child.write" or talk.session.owner == "queue", word
        assert "menu" not in flows, word


def test_a_kind_without_an_answer_is_told(content: Content) -> None:
    texts = {key: text for key, text in content.texts.items() if key != "smalltalk.bored"}
    problems = check_flows(replace(content, texts=texts))
    assert any("smalltalk.bored" in problem.message for problem in problems)
