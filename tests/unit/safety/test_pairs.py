"""Pairs of words weigh what was learned, as neighbours and with a word between them."""

from __future__ import annotations

import pickle

from hypothesis import given
from hypothesis import strategies as st

from bot.safety.pairs import APART, Pairs, is_pair

WORDS = st.text("abc", min_size=1, max_size=2)
NAMES = st.builds("{}{}{}".format, WORDS | st.just(""), st.sampled_from(" ~"), WORDS)


@given(st.dictionaries(NAMES, st.floats(-9, 9)), WORDS | st.just(""), WORDS)
def test_pairs_are_a_dictionary(weights: dict[str, float], first: str, second: str) -> None:
    pairs = pickle.loads(pickle.dumps(Pairs.of(weights)))
    assert dict(pairs) == weights
    mark, ending = pairs.mark(first), pairs.ending_in(pairs.second(second))
    assert ending.get(mark, 0.0) == weights.get(f"{first} {second}", 0.0)
    assert ending.get(mark + APART, 0.0) == weights.get(f"{first}~{second}", 0.0)
    assert pairs.beginning == pairs.mark("")


def test_only_pairs_are_named_like_pairs() -> None:
    assert [
        name for name in ("ich will", "ich~will", " ich", "~ich", "=ich", "<ich", "@3", "!quiet story") if is_pair(name)
    ] == [
        "ich will",
        "ich~will",
        " ich",
        "~ich",
    ]


def test_neighbours_and_words_further_apart_weigh_what_was_learned_of_each() -> None:
    weights = {"ich will": 1.5, "ich~will": -0.5, " ich": 2.0, "du will": 3.0}
    pairs = pickle.loads(pickle.dumps(Pairs.of(weights)))
    assert dict(pairs) == weights
    assert dict(pairs.many()) == {"will": 3, "ich": 1}
    ending = pairs.ending_in(pairs.second("will"))
    assert (ending[pairs.mark("ich")], ending[pairs.mark("ich") + APART], ending[pairs.mark("du")]) == (1.5, -0.5, 3.0)
    assert pairs.ending_in(pairs.second("ich")) == {pairs.beginning: 2.0}
    assert (pairs.mark("niemand"), pairs.second("niemand"), pairs.ending_in(-1)) == (0, -1, {})
