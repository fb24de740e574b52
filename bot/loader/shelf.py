"""Things by name, of which only those are read that somebody asks for.

Each is pickled for itself. They lie one behind the other in an array, which the compiled content maps from its file: a flow
that nobody walks and a language that nobody speaks stay on the disk.
"""

from __future__ import annotations

import pickle
from collections.abc import ItemsView, Iterator, Mapping, ValuesView
from io import BytesIO
from typing import Any, TypeVar

from bot.loader.files import without_collector
from bot.text.packed import Flat, stored

T = TypeVar("T")


class Shelf(Mapping[str, T]):
    """Reads like the dictionary that it was made of. What is asked for by name stays; who walks past all keeps none."""

    __slots__ = ("_pickled", "_read", "_where")

    def __init__(self, where: Mapping[str, tuple[int, int]], pickled: Flat) -> None:
        self._where = where  # name -> begin and end in the array
        self._pickled = memoryview(pickled)
        self._read: dict[str, T] = {}

    @classmethod
    def of(cls, things: Mapping[str, T]) -> Shelf[T]:
        """The same things. One that stands inside another is kept once."""
        names = {id(thing): name for name, thing in things.items()}
        where, pickled = {}, BytesIO()
        for name, thing in things.items():
            begin = pickled.tell()
            _Pickler(pickled, names, thing).dump(thing)
            where[name] = (begin, pickled.tell())
        return cls(where, pickled.getvalue())

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        return Shelf, (self._where, stored(self._pickled, protocol))

    def __getitem__(self, name: str) -> T:
        if name not in self._read:
            self._read[name] = self.look(name)
        return self._read[name]

    def look(self, name: str) -> T:
        """The thing of that name, read for now. Raises KeyError."""
        if name in self._read:
            return self._read[name]
        begin, end = self._where[name]
        with without_collector():
            found: T = _Unpickler(BytesIO(self._pickled[begin:end]), self).load()
        return found

    def values(self) -> ValuesView[T]:
        return _Values(self)

    def items(self) -> ItemsView[str, T]:
        return _Items(self)

    def __contains__(self, name: object) -> bool:
        return name in self._where

    def __iter__(self) -> Iterator[str]:
        return iter(self._where)

    def __len__(self) -> int:
        return len(self._where)


class _Values(ValuesView[T]):
    _mapping: Shelf[T]

    def __iter__(self) -> Iterator[T]:
        return map(self._mapping.look, self._mapping)


class _Items(ItemsView[str, T]):
    _mapping: Shelf[T]

    def __iter__(self) -> Iterator[tuple[str, T]]:
        return ((name, self._mapping.look(name)) for name in self._mapping)


class _Pickler(pickle.Pickler):
    def __init__(self, file: BytesIO, names: Mapping[int, str], thing: object) -> None:
        super().__init__(file, protocol=pickle.HIGHEST_PROTOCOL)
        self._names = names
        self._thing = thing

    def persistent_id(self, thing: Any) -> str | None:
        return None if thing is self._thing else self._names.get(id(thing))


class _Unpickler(pickle.Unpickler):
    def __init__(self, file: BytesIO, shelf: Mapping[str, Any]) -> None:
        super().__init__(file)
        self._shelf = shelf

    def persistent_load(self, name: str) -> Any:
        return self._shelf[name]
