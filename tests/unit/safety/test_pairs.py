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
