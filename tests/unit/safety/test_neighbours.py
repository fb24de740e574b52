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


def test_what_stands_beside_a_word_decides_which_examples_are_near() -> None:
    near = Neighbours.of(TAUGHT)
    assert near.lean(["messer", "rucksack"]) > 0.5
    assert near.lean(["kuchen", "messer", "küche"]) < 0
    assert near.lean(["traurig"]) == 0.0


def test_unknown_words_lean_nowhere() -> None:
    assert Neighbours.of(TAUGHT).lean(["garten", "xyz"]) == 0.0  # in one example only
    assert Neighbours.of(TAUGHT).lean([]) == 0.0
    assert Neighbours.of(()).lean(["messer"]) == 0.0


def test_the_commonest_words_stand_in_most_examples() -> None:
    assert Neighbours.of(TAUGHT).commonest(2) == ["ich", "messer"]
    assert len(Neighbours.of(TAUGHT).commonest(99)) == len(Neighbours.of(TAUGHT).words)


def test_it_is_the_same_after_storing_and_writing_down() -> None:
    near = Neighbours.of(TAUGHT)
    stored, written = pickle.loads(pickle.dumps(near, protocol=5)), Neighbours.of(list(near))
    for words in (["messer", "rucksack"], ["kuchen"], ["ich", "schule"]):
        assert stored.lean(words) == written.lean(words) == near.lean(words)
    assert len(near) == len(written) == len(TAUGHT)
