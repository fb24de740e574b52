"""Packed tables hold what dictionaries hold, also after they were stored."""

from __future__ import annotations

import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.text.packed import Lists, Names, Numbers, Table, Texts

WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)


def stored(thing: Any) -> Any:
    """Through a pickle with its arrays beside it, as the compiled content keeps it."""
    arrays: list[pickle.PickleBuffer] = []
    body = pickle.dumps(thing, protocol=5, buffer_callback=arrays.append)
    assert arrays
    return pickle.loads(body, buffers=[bytes(one.raw()) for one in arrays])


@given(st.lists(WORDS))
def test_texts_are_a_tuple(texts: list[str]) -> None:
    packed = stored(Texts.of(texts))
    assert list(packed) == texts
    assert packed[1:] == texts[1:]
    assert packed == Texts.of(texts)
    assert len(packed) == len(texts)
    with pytest.raises(IndexError):
        packed[len(texts)]


@given(st.dictionaries(WORDS, st.floats(allow_nan=False)), WORDS)
def test_numbers_are_a_dictionary(numbers: dict[str, float], other: str) -> None:
    packed = stored(Numbers.of(numbers))
    assert dict(packed) == numbers
    assert packed == Numbers.of(numbers)
    assert packed.weight(other) == numbers.get(other, 0.0)
    assert packed.in_memory() == numbers
    assert (other in packed) == (other in numbers)
    assert len(packed) == len(numbers)


@given(st.lists(WORDS, unique=True), WORDS)
def test_names_have_the_numbers_of_their_order(words: list[str], other: str) -> None:
    names = stored(Names.of(words))
    assert [names.number(word) for word in words] == list(range(len(words)))
    assert names.number(other) == (words.index(other) if other in words else -1)
    assert (other in names) == (other in words)
    assert names == Names.of(words)


@given(st.dictionaries(WORDS, st.fixed_dictionaries({"a": st.floats(allow_nan=False), "b": st.just(1.0)})), WORDS)
def test_tables_are_dictionaries_of_dictionaries(rows: dict[str, dict[str, float]], other: str) -> None:
    table = stored(Table.of(rows, ("a", "b")))
    assert dict(table) == rows
    assert table.get(other, {}) == rows.get(other, {})
    assert len(table) == len(rows)


@given(st.dictionaries(WORDS, st.lists(st.integers(0, 2**32 - 1)).map(tuple)), WORDS)
def test_lists_are_dictionaries_of_tuples(lists: dict[str, tuple[int, ...]], other: str) -> None:
    packed = stored(Lists.of(lists))
    assert dict(packed) == lists
    assert packed.get(other) == lists.get(other)
    assert (other in packed) == (other in lists)
    assert len(packed) == len(lists)
