"""The likeness learns from examples alone, says the same each time, and names what it points to."""

from __future__ import annotations

import pickle
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.safety.fitting import Sample, fit
from bot.safety.likeness import Likeness, _said_once
from bot.safety.weighing import Weighing
from bot.text.sound import words_of

DANGER = ("ich will nicht mehr leben", "ich mag nicht mehr da sein", "am liebsten wär ich tot", "ich bring mich um")
HIT = ("er schlägt mich jeden tag", "mama haut mich", "ich werde geschlagen", "papa schlägt mich")
HARMLESS = ("wann ist besuchszeit", "darf ich ein bild malen", "ich will papa besuchen", "wie lange darf ich da sein")


def no_ids(word: str) -> tuple[int, ...]:
    return ()


def samples() -> list[Sample]:
    def of(texts: tuple[str, ...], danger: float, category: str) -> list[Sample]:
        return [Sample(tuple(words_of(text)), (), danger, category, f"x.yaml:{n}") for n, text in enumerate(texts, 1)]

    return [
        *of(DANGER, 1.0, "suicide_self"),
        *of(HIT, 1.0, "violence_child"),
        *of(HARMLESS * 3, 0.0, ""),
    ]


def model() -> Likeness:
    return fit(samples(), no_ids, alert=0.6, check=0.3, penalty=0.01)


def test_what_it_was_shown_it_tells_apart() -> None:
    likeness = model()
    for text in (*DANGER, *HIT):
        assert likeness.danger(words_of(text), (), no_ids) > 0.5, text
    for text in HARMLESS:
        assert likeness.danger(words_of(text), (), no_ids) < 0.5, text


def test_it_names_the_category_and_the_example_with_its_line() -> None:
    likeness, words = model(), words_of("meine mama schlägt mich")
    assert likeness.category(words, ()) == "violence_child"
    assert likeness.examples.nearest(words, "violence_child") in ("x.yaml:1", "x.yaml:2", "x.yaml:4")


def test_its_examples_are_kept_whole_so_that_they_can_be_written_down() -> None:
    taught = {(frozenset(one.words), one.category, one.place) for one in samples() if one.category}
    assert {(one.words, one.category, one.place) for one in model().examples} == taught


def test_it_learns_from_many_samples_of_many_words() -> None:
    draw = random.Random(3)
    words = [f"wort{number}" for number in range(300)]
    taught = [
        Sample((*draw.sample(words, 8), "gefahr" if number % 2 else "alltag"), (), float(number % 2), "", "")
        for number in range(400)
    ]
    likeness = fit(taught, no_ids, alert=0.6, check=0.3, penalty=1e-6)
    assert likeness.danger(["gefahr"], (), no_ids) > 0.5 > likeness.danger(["alltag"], (), no_ids)


def test_of_a_category_without_examples_it_names_none() -> None:
    assert model().examples.nearest(words_of("meine mama schlägt mich"), "runaway") == ""


def test_of_words_that_no_example_has_it_names_the_first_example_of_the_category() -> None:
    assert model().examples.nearest(words_of("quatsch"), "violence_child") == "x.yaml:1"


def test_everything_that_was_learned_can_be_written_down() -> None:
    learned = dict(model().all_weights())
    assert {"=ich", " darf", "<ich"} <= set(learned)
    assert all(isinstance(weight, float) for weight in learned.values())


def test_a_full_memory_of_words_begins_anew_and_says_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    likeness, words = model(), words_of(DANGER[0])
    before = likeness.danger(words, (), no_ids)
    monkeypatch.setattr("bot.safety.likeness._MOST_WORDS", 1)
    category = likeness.category(words, ())
    for others in ("zwei neue wörter", "und noch andere"):
        likeness.danger(words_of(others), (), no_ids)
        likeness.category(words_of(others), ())
        assert not any(map(likeness.knows, words_of(others)))
    assert likeness.danger(words, (), no_ids) == before
    assert likeness.category(words, ()) == category
    assert likeness.knows("ich")


def test_the_writer_tips_the_scales_between_what_rules_name() -> None:
    likeness, words = model(), words_of("irgendwas")
    both = ("suicide_self", "violence_child")
    assert likeness.category(words, (), among=both, likely="violence_child") == "violence_child"
    assert likeness.category(words, (), among=("suicide_self",), likely="violence_child") == "suicide_self"


def test_a_rule_that_fired_counts() -> None:
    ruled = [
        Sample(one.words, ("suicide_self/alert",) if one.danger else (), one.danger, one.category) for one in samples()
    ]
    likeness = fit(ruled, no_ids, alert=0.6, check=0.3, penalty=0.01)
    words = words_of("morgen vielleicht")
    assert likeness.danger(words, ("suicide_self/alert",), no_ids) > likeness.danger(words, (), no_ids)


def test_the_same_samples_give_the_same_model_also_after_storing() -> None:
    first, again = model(), model()
    assert first.weights == again.weights
    assert pickle.loads(pickle.dumps(first)).weights == first.weights


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=300))
def test_any_text_has_a_probability(text: str) -> None:
    likeness = _MODEL
    assert 0.0 <= likeness.danger(words_of(text), ("x/alert",), no_ids) <= 1.0


_MODEL = model()
_SAID = sorted({word for text in (*DANGER, *HIT, *HARMLESS) for word in words_of(text)})
_TEXTS = st.lists(st.sampled_from(_SAID) | st.text("abcdhi", min_size=1, max_size=9), max_size=30)


@settings(max_examples=300, deadline=None)
@given(
    _TEXTS, st.sets(st.sampled_from(["quiet", "story", "x/alert"])), st.lists(st.floats(0, 1), min_size=1, max_size=4)
)
def test_what_reaches_a_level_is_what_the_whole_sum_says(
    words: list[str], fired: set[str], levels: list[float]
) -> None:
    danger, weighed = _MODEL.danger(words, fired, no_ids), Weighing(_MODEL, words, fired, no_ids)
    for level in (*levels, danger):
        assert weighed.reaches(level) == (danger >= level)
    assert weighed.danger == danger


@settings(max_examples=100, deadline=None)
@given(_TEXTS)
def test_what_was_reckoned_beforehand_changes_nothing(words: list[str]) -> None:
    assert set(_RECKONED.reckoned) >= {*_SAID, "mehr"}
    assert _RECKONED.danger(words, (), no_ids) == _MODEL.danger(words, (), no_ids)


_RECKONED = _MODEL.reckon(["mehr"], no_ids)


def test_repeating_it_makes_nothing_more_dangerous() -> None:
    words = ["heute", "war", "ein", "langer", "tag", "und", "ich", "habe", "viel", "gemacht"]
    assert _said_once(words) == words
    assert _said_once(words * 90)[: len(words)] == words
    assert len(_said_once(words * 90)) <= len(words) + 2
    assert _said_once(["a"] * 500) == ["a"] * 3
    assert _said_once([]) == []
