"""The nearest examples lean to danger or away from it."""

from __future__ import annotations

import pickle

from bot.safety.neighbours import Neighbours, Taught

TAUGHT = (
    Taught(("ich", "messer", "rucksack", "morgen"), 1.0),
    Taught(("ich", "messer", "rucksack", "schule"), 1.0),
    Taught(("ich", "messer", "küche", "kuchen"), 0.0),
    Taught(("ich", "gabel", "küche", "kuchen"), 0.0),
    Taught(("ich", "gabel", "traurig", "schule"), 0.5),
    Taught(("wir", "löffel", "traurig", "garten"), 0.5),
)


def lean(near: Neighbours, *words: str) -> float:
    return near.lean(map(near.words.number, words))


def test_what_stands_beside_a_word_decides_which_examples_are_near() -> None:
    near = Neighbours.of(TAUGHT)
    assert lean(near, "messer", "rucksack") > 0.5
    assert lean(near, "kuchen", "messer", "küche") < 0
    assert lean(near, "traurig") == 0.0


def test_unknown_words_lean_nowhere() -> None:
    assert lean(Neighbours.of(TAUGHT), "garten", "xyz") == 0.0  # in one example only
    assert lean(Neighbours.of(TAUGHT)) == 0.0
    assert lean(Neighbours.of(()), "messer") == 0.0


def test_the_commonest_words_stand_in_most_examples() -> None:
    assert Neighbours.of(TAUGHT).commonest(2) == ["ich", "messer"]
    assert len(Neighbours.of(TAUGHT).commonest(99)) == len(Neighbours.of(TAUGHT).words)


def test_it_is_the_same_after_storing_and_writing_down() -> None:
    near = Neighbours.of(TAUGHT)
    stored, written = pickle.loads(pickle.dumps(near, protocol=5)), Neighbours.of(list(near))
    for words in (["messer", "rucksack"], ["kuchen"], ["ich", "schule"]):
        assert lean(stored, *words) == lean(written, *words) == lean(near, *words)
    assert len(near) == len(written) == len(TAUGHT)
