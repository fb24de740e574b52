"""A shelf reads like a dictionary, reads only what is asked for, and keeps once what stands twice."""

from __future__ import annotations

import pickle
from dataclasses import dataclass

import pytest

from bot.loader.shelf import Shelf

_read: list[str] = []


@dataclass(frozen=True)
class Thing:
    """Says when it is read."""

    name: str
    inside: object = None

    def __reduce__(self) -> tuple[object, ...]:
        return _made, (self.name, self.inside)


def _made(name: str, inside: object) -> Thing:
    _read.append(name)
    return Thing(name, inside)


THINGS = {"a": Thing("a"), "b": Thing("b", {"deep": 1}), "c": Thing("c")}


@pytest.fixture(params=[2, 4, pickle.HIGHEST_PROTOCOL])
def shelf(request: pytest.FixtureRequest) -> Shelf[Thing]:
    """Through a pickle, as the compiled content keeps it."""
    found: Shelf[Thing] = pickle.loads(pickle.dumps(Shelf.of(THINGS), request.param))
    _read.clear()
    return found


def test_it_reads_like_the_dictionary_it_was_made_of(shelf: Shelf[Thing]) -> None:
    assert shelf == THINGS
    assert list(shelf) == list(THINGS)
    assert list(shelf.values()) == list(THINGS.values())
    assert dict(shelf.items()) == {**shelf} == THINGS
    assert "a" in shelf
    assert "d" not in shelf
    assert shelf.get("d") is None
    with pytest.raises(KeyError):
        shelf["d"]


def test_only_what_is_asked_for_is_read_and_only_once(shelf: Shelf[Thing]) -> None:
    assert "a" in shelf
    assert len(shelf) == 3
    assert _read == []
    assert shelf["b"] is shelf["b"]
    assert _read == ["b"]


def test_who_walks_past_all_keeps_none(shelf: Shelf[Thing]) -> None:
    kept = shelf["b"]
    assert list(shelf.values())[1] is kept
    assert list(shelf.values()) == list(THINGS.values())
    assert _read == ["b", "a", "c", "a", "c"]


def test_what_stands_in_another_is_the_same() -> None:
    inner = Thing("inner")
    shelf: Shelf[Thing] = Shelf.of({"outer": Thing("outer", (inner,)), "inner": inner})
    assert shelf["outer"].inside == (inner,)
    assert shelf["outer"].inside[0] is shelf["inner"]
