"""The topic index on a small, made-up set of topics."""

from __future__ import annotations

import dataclasses
import pickle
import time

import pytest

from bot.matching.audiences import HALF_OWN
from bot.matching.evidence import NAMES
from bot.matching.features import Lexicon
from bot.matching.index import SAME_GROUP, Phrase, TopicIndex
from bot.matching.weighing import Thresholds

EXAMPLES = {
    "pets.feed": [
        "was frisst ein hamster",
        "futter für kaninchen",
        "womit füttere ich meine katze",
        "hamster futter menge",
    ],
    "pets.vet": [
        "wann muss der hund zum tierarzt",
        "impfung für die katze",
        "tierarzt kosten hund",
        "mein hamster ist krank",
    ],
    "garden.water": [
        "wie oft gieße ich tomaten",
        "rasen sprengen im sommer",
        "blumen gießen urlaub",
        "tomaten wasser menge",
    ],
    "staff.rules": [
        "rechtsgrundlage tierhaltung",
        "paragraf haltung von hunden",
        "vorschriften tierheim",
        "norm für zwinger",
    ],
}
AUDIENCES = {"staff.rules": frozenset({"staff"}), "garden.water": frozenset({"child"})}
SMALLTALK = {"hallo": "greeting", "vielen dank": "thanks", "merhaba": "greeting"}


def phrases(examples: dict[str, list[str]] = EXAMPLES) -> list[Phrase]:
    everyone = frozenset({"caregiver"})
    return [
        Phrase(topic=topic, text=text, audiences=AUDIENCES.get(topic, everyone))
        for topic, texts in examples.items()
        for text in texts
    ]


@pytest.fixture(scope="module")
def index() -> TopicIndex:
    near = Phrase(topic="pets.vet", text="futter beim tierarzt", audiences=frozenset(), positive=False)
    return TopicIndex.build(
        [*phrases(), near],
        {"pets.vet": "safety"},
        smalltalk=SMALLTALK,
        titles={"pets.feed": "Futter", "pets.vet": "Tierarzt"},
        lexicon=Lexicon.of({"animal": ["hund*", "dog*"], "doctor": ["tierarzt*", "vet"]}),
        outside=["wie wird das wetter", "wer gewinnt heute", "rezept für suppe"],
    )


@pytest.mark.parametrize(("topic", "text"), [(topic, text) for topic, texts in EXAMPLES.items() for text in texts])
def test_an_example_finds_its_own_topic_with_certainty(index: TopicIndex, topic: str, text: str) -> None:
    found = index.find(text.upper() + "?!", audience=None)
    assert (found.outcome, found.candidates[0].topic) == ("answer", topic)


@pytest.mark.parametrize("text", ["hamsder fuhter", "Was fressen Hamster denn so?", "hamsterfutter"])
def test_misspelt_inflected_and_compound_words_find_the_topic(index: TopicIndex, text: str) -> None:
    assert index.find(text, audience=None).candidates[0].topic == "pets.feed"


def test_other_words_for_the_same_thing_find_the_topic(index: TopicIndex) -> None:
    assert index.find("dog vet", audience=None).candidates[0].topic == "pets.vet"


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("kogda gulyat s sobakoy", "dogs.walk"),
        ("koly gulyat", "dogs.walk"),
        ("tuyunu nasil keserim", "dogs.fur"),
        ("TÜYÜNÜ NASIL KESERİM", "dogs.fur"),
        ("jak wyslac psa", "dogs.send"),
    ],
)
def test_letters_that_many_do_not_type_make_no_difference(text: str, topic: str) -> None:
    examples = {
        "dogs.walk": ["когда гулять с собакой", "сколько гулять", "коли гуляти"],
        "dogs.fur": ["köpeğin tüyünü nasıl keserim", "tüyü çok uzun"],
        "dogs.send": ["jak wysłać psa", "czy psa można wysłać pocztą"],
    }
    own = [
        Phrase(topic=name, text=example, audiences=frozenset({"caregiver"}))
        for name, texts in examples.items()
        for example in texts
    ]
    index = TopicIndex.build([*phrases(), *own], {})
    assert index.topics[index.rank(text, audience="caregiver")[0].at] == topic


def test_a_question_buried_in_a_story_is_heard(index: TopicIndex) -> None:
    story = (
        "Guten Tag, also gestern war bei uns alles durcheinander, erst kam meine Schwester zu spät und dann fiel der Strom "
        "aus. Was frisst ein Hamster? Danke schon einmal und einen schönen Abend, wir melden uns nächste Woche wieder."
    )
    assert index.find(story, audience=None).candidates[0].topic == "pets.feed"


def test_a_topic_for_others_is_not_shown(index: TopicIndex) -> None:
    found = index.find("rechtsgrundlage tierhaltung", audience="caregiver")
    assert "staff.rules" not in [one.topic for one in found.candidates]


def test_a_topic_for_caregivers_counts_as_half_own_for_a_parent_and_comes_after_an_own_one() -> None:
    own = [Phrase(topic="parent.feed", text="was frisst mein hamster zu hause", audiences=frozenset({"parent"}))]
    index = TopicIndex.build([*phrases(), *own], {})
    clues = {who: index.rank("womit füttert man katzen", audience=who)[0] for who in ("caregiver", "parent", "staff")}
    assert {index.topics[one.at] for one in clues.values()} == {"pets.feed"}
    assert [clues[who].evidence[NAMES.index("own")] for who in clues] == [1.0, HALF_OWN, 0.0]
    assert index.find("was frisst der hamster zu hause", audience="parent").candidates[0].topic == "parent.feed"


def test_staff_and_parents_see_what_caregivers_see_but_not_what_children_see(index: TopicIndex) -> None:
    for audience in ("staff", "parent"):
        assert index.find("was frisst ein hamster", audience=audience).candidates[0].topic == "pets.feed"
        seen = index.find("wie oft gieße ich tomaten", audience=audience).candidates
        assert "garden.water" not in [one.topic for one in seen]


def test_a_near_miss_does_not_find_the_topic_that_it_is_near_to(index: TopicIndex) -> None:
    found = index.find("Futter beim Tierarzt", audience=None)
    assert found.outcome != "answer" or found.candidates[0].topic != "pets.vet"


@pytest.mark.parametrize("text", ["wie wird das wetter", "xyzzy plugh", "quantenphysik"])
def test_what_belongs_to_no_topic_is_not_answered(index: TopicIndex, text: str) -> None:
    assert index.find(text, audience=None).outcome == "none"


@pytest.mark.parametrize(
    ("text", "kind"), [("Hallo!", "greeting"), ("vielen dankk", "thanks"), ("Merhaba", "greeting")]
)
def test_small_talk_has_its_own_outcome(index: TopicIndex, text: str, kind: str) -> None:
    found = index.find(text, audience=None)
    assert (found.outcome, found.smalltalk) == ("smalltalk", kind)


def test_a_follow_up_is_understood_with_the_topic_before_it(index: TopicIndex) -> None:
    alone = index.rank("und für den hund?", audience=None)
    after = index.rank("und für den hund?", audience=None, previous_topic="pets.feed")
    score = {
        name: next((one.evidence[0] for one in ranked if index.topics[one.at] == "pets.feed"), 0.0)
        for name, ranked in (("alone", alone), ("after", after))
    }
    assert score["after"] > score["alone"]


@pytest.mark.parametrize("text", ["blubberblu", "und blubberblu?", "wie qwertz", "4711"])
def test_gibberish_after_an_answer_is_no_follow_up(index: TopicIndex, text: str) -> None:
    score = [
        next((one.evidence[0] for one in ranked if index.topics[one.at] == "pets.feed"), 0.0)
        for ranked in (index.rank(text, audience=None), index.rank(text, audience=None, previous_topic="pets.feed"))
    ]
    assert score[1] <= score[0] * SAME_GROUP


def test_the_index_survives_pickling(index: TopicIndex) -> None:
    copy = pickle.loads(pickle.dumps(index))
    assert copy.find("was frisst ein hamster", audience=None) == index.find("was frisst ein hamster", audience=None)


@pytest.mark.parametrize(
    "text",
    ["", " \n\t", "😀😀😀", "\u200b\u200e\u202e", "'; DROP TABLE topics; --", "<script>alert(1)</script>", "\ud800", "ﷺ" * 50,
     "хaмcтep futter 仓鼠", "?" * 5000],
)  # fmt: skip
def test_odd_input_is_met_with_an_outcome(index: TopicIndex, text: str) -> None:
    assert index.find(text, audience="caregiver").outcome in ("answer", "clarify", "none")


@pytest.mark.no_cover  # timed
@pytest.mark.parametrize("unit", ["was frisst ein hamster ", "a", "a, b. ", "ä\u0301\u200b", "((((", "wie? "])
def test_a_hundred_kilobytes_take_bounded_time(index: TopicIndex, unit: str) -> None:
    text = unit * (100_000 // len(unit))
    begun = time.process_time()
    index.find(text, audience=None)
    assert time.process_time() - begun < 0.5


def test_the_decision_explains_itself(index: TopicIndex) -> None:
    why = index.find("was frisst ein hamster", audience=None, explain=True).why
    assert ">=" in why[0]
    assert why[1].startswith("pets.feed")


def test_a_topic_whose_only_example_has_no_words_is_found_by_nobody_and_hides_no_other() -> None:
    silent = Phrase(topic="silent", text="???", audiences=frozenset({"caregiver"}))
    index = TopicIndex.build([*phrases(), silent], {})
    found = index.find("was frisst ein hamster", audience="caregiver")
    assert found.candidates[0].topic == "pets.feed"
    assert all(one.score < 0.5 for one in found.candidates if one.topic == "silent")


def test_an_index_without_examples_finds_nothing() -> None:
    assert TopicIndex.build([], {}).find("hallo welt", audience=None).outcome == "none"


def test_a_single_word_of_the_field_gets_a_choice_and_any_other_none(index: TopicIndex) -> None:
    strict = dataclasses.replace(index, thresholds=Thresholds(bias=-9.0, clarify=0.9))
    assert strict.find("hunde", audience="caregiver").outcome == "clarify"
    assert strict.find("rasen", audience="child").outcome == "none"


def test_what_is_clear_alone_is_not_drawn_to_the_topic_before_it(index: TopicIndex) -> None:
    said = "wie hamster futter"
    alone = index.find(said, audience="caregiver")
    after = index.find(said, audience="caregiver", previous_topic="pets.vet")
    assert (alone.outcome, after) == ("answer", alone)


def test_what_goes_on_with_and_may_mean_the_topic_before_it_though_it_names_another(index: TopicIndex) -> None:
    alone = index.find("und die blumen", audience=None)
    after = index.find("und die blumen", audience=None, previous_topic="pets.feed")
    assert (alone.outcome, alone.candidates[0].topic) == ("answer", "garden.water")
    assert after.outcome == "clarify"
    assert {one.topic for one in after.candidates} >= {"garden.water", "pets.feed"}
