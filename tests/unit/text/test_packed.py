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


def test_what_is_packed_reads_like_what_it_was_made_of() -> None:
    texts = stored(Texts.of(["Besuch", "", "später"]))
    assert list(texts) == ["Besuch", "", "später"]
    assert texts[1:] == ["", "später"]
    assert texts == Texts.of(["Besuch", "", "später"])
    assert texts != Texts.of(["Besuch", "", "Später"])
    with pytest.raises(IndexError):
        texts[3]
    names = stored(Names.of(["ä", "b"]))
    assert (names.number("b"), names.number("c"), "ä" in names, list(names)) == (1, -1, True, ["ä", "b"])
    assert names == Names.of(["ä", "b"])
    numbers = stored(Numbers.of({"x": 1.5, "y": -2.0}))
    assert (numbers.weight("y"), numbers.weight("z"), numbers["x"], len(numbers)) == (-2.0, 0.0, 1.5, 2)
    assert numbers.in_memory() == dict(numbers) == {"x": 1.5, "y": -2.0}
    lists = stored(Lists.of({"x": (1, 2), "y": ()}))
    assert dict(lists) == {"x": (1, 2), "y": ()}
    assert (lists.get("z"), lists.get("z", ()), len(lists)) == (None, (), 2)


def test_words_that_want_the_same_place_all_have_their_numbers() -> None:
    words = [f"wort{number}" for number in range(200)]
    names = Names.of(words)
    assert [names.number(word) for word in words] == list(range(200))


def test_rows_of_a_packed_table_have_its_columns_and_add_up() -> None:
    table = stored(Table.of({"x": {"a": 1.0, "b": 2.0}, "y": {"a": 0.5, "b": -2.0}}, ("a", "b")))
    assert dict(table) == {"x": {"a": 1.0, "b": 2.0}, "y": {"a": 0.5, "b": -2.0}}
    assert (table.row("y"), table.row("z"), table.number("z"), len(table)) == ((0.5, -2.0), (), -1, 2)
    assert table.sums([0, 1, 1]) == [2.0, -2.0]


def test_a_name_that_is_in_no_table_is_missing_from_each() -> None:
    row = {"a": 1.0}
    for packed in (Numbers.of(row), Lists.of({"a": (1,)}), Table.of({"a": row}, ("a",))):
        with pytest.raises(KeyError):
            packed["b"]


def test_without_room_beside_it_a_pickle_holds_the_arrays_themselves() -> None:
    assert pickle.loads(pickle.dumps(Numbers.of({"x": 1.5}), protocol=4)) == {"x": 1.5}
