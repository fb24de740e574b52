"""Pieces of words weigh what was learned, whatever letters they are of."""

from __future__ import annotations

import pickle
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from bot.safety.likeness import word_features
from bot.safety.pieces import Pieces, is_piece, many_pieces, pieces_of

WORDS = st.text("abяم字", min_size=1, max_size=6)


@given(
    st.dictionaries(st.sampled_from([p for w in ("abaя", "bямb", "a字") for p in pieces_of(w)]), st.floats(-9, 9)),
    WORDS,
)
def test_pieces_are_a_dictionary(weights: dict[str, float], word: str) -> None:
    pieces = pickle.loads(pickle.dumps(Pieces.of(weights)))
    assert dict(pieces) == weights
    assert abs(pieces.total(word) - sum(weights.get(piece, 0.0) for piece in pieces_of(word))) < 1e-9
    assert many_pieces(word) == len(pieces_of(word))


def test_a_crowded_table_finds_everything() -> None:
    weights = {piece: float(at) for at in range(3000) for piece in pieces_of(chr(0x4E00 + at) * 2)}
    pieces = Pieces.of(weights)
    assert dict(pieces) == weights
    assert pieces.total("一一") == sum(weights[piece] for piece in pieces_of("一一"))


def test_a_letter_of_more_than_sixteen_bits_is_in_no_piece() -> None:
    pieces = Pieces.of({"<ab": 1.0, "ab>": 2.0, "ab𐌰": 4.0, "𐌰b>": 4.0})
    assert pieces.total("ab") == 3.0
    assert pieces.total("ab𐌰") == 1.0


def test_words_classes_and_rules_are_no_pieces() -> None:
    names = [name for _, found in word_features("ich", lambda word: (3,)) for name in found]
    assert [name for name in (*names, "!quiet story", "ich will", "~ich") if is_piece(name)] == pieces_of("ich")


def test_pieces_come_back_from_the_store_with_their_names() -> None:
    weights = {"<ic": 1.5, "ich": -0.5, "<ich": 2.0, "ямб>": 4.0}
    pieces = pickle.loads(pickle.dumps(Pieces.of(weights)))
    assert dict(pieces) == weights
    assert pieces.total("ich") == 3.0
    assert pieces.total("du") == 0.0


def test_two_pieces_that_want_the_same_place_are_both_found_also_at_the_end_of_the_table() -> None:
    for one, other in combinations(["abc", "bcd", "cde", "def", "efg", "fgh", "abcd", "bcde", "cdef", "defg"], 2):
        weights = {one: 1.0, other: 2.0}
        assert dict(Pieces.of(weights)) == weights
        assert [Pieces.of(weights).total(piece) for piece in (one, other)] == [
            sum(weights.get(name, 0.0) for name in pieces_of(piece)) for piece in (one, other)
        ]
