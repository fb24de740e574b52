"""What is said for what is written: of every sign, and of every answer that can be read aloud."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from bot.dialogue import effects as fx
from bot.dialogue.content import Content
from bot.dialogue.rendering import Lookup, Reader, topic_text
from bot.dialogue.session import Part, Session, Slot
from bot.documents.spoken import LONGEST, spoken
from bot.safety import Finding
from bot.testing.script import onboarded
from bot.testing.talk import Talk
from bot.text.spans import parse, plain

LANGUAGES = ("de", "en", "tr", "ar", "ru", "uk", "pl")
READERS = [
    *(("child", band, register) for band in ("6-9", "10-13", "14-17") for register in ("plain", "leicht")),
    *((audience, "", register) for audience in ("caregiver", "parent", "staff") for register in ("plain", "leicht")),
]
MOST_ASKED = """visit.apply visit.remand_permission visit.documents visit.child_documents visit.minimum_time visit.children_extra
visit.group_size visit.child_alone visit.search visit.forbidden_items visit.gifts visit.touch visit.glass visit.monitoring visit.cancel
visit.refused visit.video visit.travel_cost visit.prepare_child visit.procedure visit.opening_hours contact.letters contact.phone
contact.parcels contact.money prison.where prison.lawyer prison.how_long prison.release money.benefits family.tell_child
family.youth_office family.exhausted child.my_fault child.loves_me child.when_home child.can_visit child.what_is_prison bot.privacy
bot.human""".split()  # noqa: SIM905  - easier to read than a list
DAY = date(2026, 11, 25)
UNSAID = re.compile(
    r"[§*_{}\[\]•⚠@]|https?:|www\.|\w\.de\b|(?<![:.])(?<!Strich )\b0\d|\d{4}-\d\d|…"
    r"|\b(?:z\. ?B|d\. ?h|u\. ?a|bzw|ca|usw|ggf|evtl|Std|Abs|Art|Nr)\."
)
EMERGENCY = re.compile(r"(?<!Paragraf )\b11[02]\b(?! (?:Euro|Stunden))")


@pytest.mark.parametrize(("written", "said"), [
    ("**Wichtig:** Rufen Sie an", "Wichtig: Rufen Sie an."),
    ("- eins\n- zwei", "eins.\nzwei."),
    ("Die 112 hilft.", "Die 1 1 2 hilft."),
    ("0800 111 0 333", "0 8 0 0, 1 1 1, 0, 3 3 3."),
    ("116 111, 116117 oder 110", "1 1 6, 1 1 1, 1 1 6 1 1 7 oder 1 1 0."),
    ("+49 30 123456", "4 9, 3 0, 1 2 3 4 5 6."),
    ("112 Euro, 112 Stunden und § 112 StPO", "112 Euro, 112 Stunden und Paragraf 112 Strafprozessordnung."),
    ("§ 119 Abs. 1 S. 2 StPO", "Paragraf 119 Absatz 1 Satz 2 Strafprozessordnung."),
    ("§§ 238, 239 FamFG", "Paragrafen 238, 239 Familienverfahrensgesetz."),
    ("§ 8a SGB VIII", "Paragraf 8a S G B 8."),
    ("z. B. 2 Std. oder ca. 1.500 €", "zum Beispiel 2 Stunden oder ungefähr 1500 Euro."),
    ("d.h. 50 %, bzw. 8–16 Uhr", "das heißt 50 Prozent, beziehungsweise 8 bis 16 Uhr."),
    ("am 31.12.2026 um 14:30 Uhr, bis 20:00", "am 31. Dezember 2026 um 14 Uhr 30, bis 20 Uhr."),
    ("Stand 2026-11-03", "Stand 3. November 2026."),
    ("Mama/Papa in der JVA", "Mama oder Papa in der J V A."),
    ("Siehe https://www.netzwerk-kvi.de/hilfe?x=1.", "Siehe netzwerk-kvi Punkt de."),
    ("[bke](https://jugend.bke-beratung.de)", "bke (jugend Punkt bke-beratung Punkt de)."),
    ("563 Euro im Monat, seit 2026", "563 Euro im Monat, seit 2026."),
    ("⚠️ Alt", "Alt."), ("---", ""), ("", ""),
])  # fmt: skip
def test_what_is_said_for_what_is_written(written: str, said: str) -> None:
    assert spoken(written) == said


@pytest.mark.parametrize(("language", "written", "said"), [
    ("en", "§ 119, call 116 111", "section 119, call 1 1 6, 1 1 1."),
    ("tr", "112'yi arayın", "1 1 2'yi arayın."),
    ("ar", "اتصل 112؟", "اتصل 1 1 2؟"),
    ("pl", "www.bke.de", "bke kropka de."),
])  # fmt: skip
def test_other_languages_have_their_own_words(language: str, written: str, said: str) -> None:
    assert spoken(written, language) == said


def _unsaid(written: str, language: str) -> str:
    """What of a rendered text a voice could not say, or would say wrongly; "" when all is well."""
    said = spoken(written, language)
    if not said or len(written) > LONGEST:
        return "nothing or not all of it is said"
    wrong = UNSAID.search(said) or EMERGENCY.search(said)
    if wrong:
        return f"{wrong[0]!r} in {said!r}"
    digits = re.sub(r"\D", "", said)
    lost = [
        number
        for number in re.findall(r"\b0[\d ]{6,}\d\b", plain(parse(written)))
        if number.replace(" ", "") not in digits
    ]
    return f"lost: {lost}" if lost else ""


def _topic_texts(content: Content) -> Iterator[tuple[str, str, str]]:
    """(name, language, text) of each topic as each of its readers is answered."""
    for topic, (audience, band, register), language in itertools.product(content.topics.values(), READERS, LANGUAGES):
        if audience not in topic.audiences or (language != "de" and topic.id not in MOST_ASKED):
            continue
        lookup = Lookup(content, Session(language=language), {"land": "BY"}, DAY)
        text = topic_text(content, topic, lookup, Reader(audience, band, register, language), below=False)
        assert text, (topic.id, audience, band, register)
        yield f"{topic.id} {audience} {band} {register}", language, text


def test_every_answer_can_be_said_for_every_reader(content: Content) -> None:
    problems = {name: wrong for name, language, text in _topic_texts(content) if (wrong := _unsaid(text, language))}
    assert not problems


def test_every_answer_to_a_danger_can_be_said_for_every_reader_in_every_language(content: Content) -> None:
    compose = content.safety_answer
    assert compose is not None
    problems, at = {}, datetime(2026, 11, 25, 12, tzinfo=UTC)
    for category, (audience, band, register), language in itertools.product(compose.texts, READERS, LANGUAGES):
        human = content.translate_value(content.when_human_reads(audience), language)
        finding = Finding(category=category, level="alert", urgency="urgent", rule="")
        text = compose(finding, audience, band, register, language, at, human)
        if wrong := _unsaid(text, language):
            problems[category, audience, band, register, language] = wrong
    assert not problems


@pytest.mark.parametrize("topic", MOST_ASKED)
def test_the_most_asked_topics_are_read_aloud_to_everybody_whom_they_answer(content: Content, topic: str) -> None:
    speaking = replace(content, can_speak=True)
    for audience, band, register in READERS:
        if audience not in content.topics[topic].audiences:
            continue
        session = onboarded(audience, band=band, register=register)
        slots = {"land": Slot("BY", "session", 0.0)}
        part = Part(audience=audience, band=band, register=register, topic=topic, slots=slots)
        session.parts["adult"] = part
        talk = Talk(speaking, session=session)
        talk.say("vorlesen")
        (effect,) = [one for one in talk.last if isinstance(one, fx.MakeFile)]
        assert not _unsaid(dict(effect.values)["text"], "de"), (topic, audience, band, register)
