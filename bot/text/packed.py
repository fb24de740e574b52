"""Very many small values in a few flat arrays, read like tuples and dictionaries.

A dictionary of a hundred thousand floats is two hundred thousand objects, read anew by every process that starts. These
arrays are pickled beside their object (protocol 5), so that the compiled content maps them from its file. A look-up takes
half a microsecond: for what is asked a few times a message.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pickle import PickleBuffer
from typing import Any, Final, TypeAlias
from zlib import crc32

_ROOM: Final = 2  # slots for each name, at least

Flat: TypeAlias = "memoryview[Any] | array[Any] | PickleBuffer | bytes"
"""An array as it was made, or as it came back from a pickle."""


def whole(flat: Flat) -> memoryview[int]:
    """The numbers, at least 0, of a flat array of kind `I`."""
    return memoryview(flat).cast("B").cast("I")


def longs(flat: Flat) -> memoryview[int]:
    """The numbers, at least 0, of a flat array of kind `Q`."""
    return memoryview(flat).cast("B").cast("Q")


def floats(flat: Flat) -> memoryview[float]:
    """The numbers of a flat array of kind `d`."""
    return memoryview(flat).cast("B").cast("d")


def stored(flat: Flat, protocol: int) -> PickleBuffer | bytes:
    """An array for a pickle: beside it where the protocol can do that."""
    return PickleBuffer(flat) if protocol >= 5 else bytes(flat)


class Texts(Sequence[str]):
    """Texts one behind the other; `ends` says where each ends."""

    __slots__ = ("_ends", "_letters")

    def __init__(self, letters: Flat, ends: Flat) -> None:
        self._letters = memoryview(letters)
        self._ends = whole(ends)

    @classmethod
    def of(cls, texts: Iterable[str]) -> Texts:
        """The texts in their order."""
        letters, ends = bytearray(), array("I", [0])
        for text in texts:
            letters += text.encode()
            ends.append(len(letters))
        return cls(bytes(letters), ends)

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        return type(self), (stored(self._letters, protocol), stored(self._ends, protocol))

    def __len__(self) -> int:
        return len(self._ends) - 1

    def __getitem__(self, at: Any) -> Any:
        if isinstance(at, slice):
            return [self[number] for number in range(*at.indices(len(self)))]
        if not 0 <= at < len(self):
            raise IndexError(at)
        return str(self._letters[self._ends[at] : self._ends[at + 1]], "utf-8")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Texts) and self._letters == other._letters and self._ends == other._ends


class Names:
    """Different words with their numbers 0, 1, 2 … in the order given: a hash table with open addressing.

    A slot holds the number of a word plus one, or 0; a word stands in the first free slot from the one of its checksum on.
    """

    __slots__ = ("_ends", "_last", "_letters", "_slots", "_texts")

    def __init__(self, texts: Texts, slots: Flat) -> None:
        self._texts = texts
        self._letters, self._ends = texts._letters, texts._ends
        self._slots = whole(slots)
        self._last = len(self._slots) - 1  # a power of two less one: a mask

    @classmethod
    def of(cls, words: Iterable[str]) -> Names:
        """Numbers for words, each of which comes once."""
        texts = Texts.of(words)
        slots = array("I", bytes(4 << (_ROOM * len(texts)).bit_length()))
        last = len(slots) - 1
        for number, word in enumerate(texts, 1):
            at = crc32(word.encode()) & last
            while slots[at]:
                at = (at + 1) & last
            slots[at] = number
        return cls(texts, slots)

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        return Names, (self._texts, stored(self._slots, protocol))

    def number(self, word: str) -> int:
        """The number of a word, -1 for one that is not there."""
        said = word.encode()
        slots, ends, last = self._slots, self._ends, self._last
        at = crc32(said) & last
        while number := slots[at]:
            if self._letters[ends[number - 1] : ends[number]] == said:
                return number - 1
            at = (at + 1) & last
        return -1

    def __contains__(self, word: str) -> bool:
        return self.number(word) >= 0

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Names) and self._texts == other._texts

    def __iter__(self) -> Iterator[str]:
        return iter(self._texts)

    def __len__(self) -> int:
        return len(self._texts)


class Numbers(Mapping[str, float]):
    """A number for each name."""

    __slots__ = ("_names", "_values")

    def __init__(self, names: Names, values: Flat) -> None:
        self._names = names
        self._values = floats(values)

    @classmethod
    def of(cls, numbers: Mapping[str, float]) -> Numbers:
        """The same names and numbers."""
        return cls(Names.of(numbers), array("d", numbers.values()))

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        return Numbers, (self._names, stored(self._values, protocol))

    def in_memory(self) -> dict[str, float]:
        """The same names and numbers as a dictionary, for who asks for very many."""
        return dict(zip(self._names, self._values, strict=True))

    def weight(self, name: str) -> float:
        """The number of a name, 0 for one that is not there."""
        at = self._names.number(name)
        return self._values[at] if at >= 0 else 0.0

    def __getitem__(self, name: str) -> float:
        at = self._names.number(name)
        if at < 0:
            raise KeyError(name)
        return float(self._values[at])

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


class Lists(Mapping[str, tuple[int, ...]]):
    """Numbers, at least 0, for each name; `ends` says where those of each name end."""

    __slots__ = ("_ends", "_names", "_numbers")

    def __init__(self, names: Names, ends: Flat, numbers: Flat) -> None:
        self._names = names
        self._ends = whole(ends)
        self._numbers = whole(numbers)

    @classmethod
    def of(cls, lists: Mapping[str, Iterable[int]]) -> Lists:
        """The same names and numbers."""
        ends, flat = array("I", [0]), array("I")
        for numbers in lists.values():
            flat.extend(numbers)
            ends.append(len(flat))
        return cls(Names.of(lists), ends, flat)

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        return Lists, (self._names, stored(self._ends, protocol), stored(self._numbers, protocol))

    def get(self, name: str, default: Any = None) -> Any:
        """The numbers of a name, `default` for one that is not there."""
        at = self._names.number(name)
        return tuple(self._numbers[self._ends[at] : self._ends[at + 1]]) if at >= 0 else default

    def __getitem__(self, name: str) -> tuple[int, ...]:
        found: tuple[int, ...] | None = self.get(name)
        if found is None:
            raise KeyError(name)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


class Table(Mapping[str, Mapping[str, float]]):
    """A row of numbers for each name, all with the same columns."""

    __slots__ = ("_columns", "_names", "_values")

    def __init__(self, names: Names, columns: tuple[str, ...], values: Flat) -> None:
        self._names = names
        self._columns = columns
        self._values = floats(values)

    @classmethod
    def of(cls, rows: Mapping[str, Mapping[str, float]], columns: Iterable[str]) -> Table:
        """The same rows; each has every column."""
        kept = tuple(columns)
        return cls(Names.of(rows), kept, array("d", [row[column] for row in rows.values() for column in kept]))

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        return Table, (self._names, self._columns, stored(self._values, protocol))

    def number(self, name: str) -> int:
        """The number of the row of a name, -1 for one that is not there."""
        return self._names.number(name)

    def sums(self, numbers: Iterable[int]) -> list[float]:
        """What the rows of these numbers add up to, column by column."""
        import numpy as np

        rows = np.asarray(self._values).reshape(-1, len(self._columns))
        return rows[list(numbers)].sum(axis=0).tolist()  # type: ignore[no-any-return]

    def row(self, name: str) -> tuple[float, ...]:
        """The numbers of a name in the order of the columns, () for one that is not there."""
        at = self._names.number(name) * len(self._columns)
        return tuple(self._values[at : at + len(self._columns)]) if at >= 0 else ()

    def __getitem__(self, name: str) -> Mapping[str, float]:
        found = self.row(name)
        if not found:
            raise KeyError(name)
        return dict(zip(self._columns, found, strict=True))

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)
