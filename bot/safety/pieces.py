"""What pieces of words weigh: three or four letters of a word framed by "<" and ">".

They tell something of words that nobody taught. Such a word has twenty pieces, so that looking them up one by one, as names,
would take longer than all else that its message needs: here the letters themselves, sixteen bits each, are the number that is
looked for, and the table is small.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping
from typing import Any, Final

from bot.safety.pairs import is_pair
from bot.text.packed import Flat, floats, longs, stored

_SHORT: Final = 3  # letters of a piece
_LONG: Final = 4
_BITS: Final = 16  # of a letter
_LETTER: Final = (1 << _BITS) - 1


def is_piece(name: str) -> bool:
    """Whether a weight of this name is that of a piece: those of words, classes and rules begin with a sign."""
    return name[0] not in "=@!" and not is_pair(name)


def pieces_of(word: str) -> list[str]:
    """The pieces of a word, the short ones first."""
    framed = f"<{word}>"
    return [framed[at : at + long] for long in (_SHORT, _LONG) for at in range(len(framed) - long + 1)]


def many_pieces(word: str) -> int:
    """How many pieces a word of at least one letter has."""
    return 2 * len(word) - 1


class Pieces:
    """The weights of all pieces, in a hash table with open addressing; iterating gives them with their names."""

    __slots__ = ("_keys", "_room", "_weights")

    def __init__(self, room: int, keys: Flat, weights: Flat) -> None:
        self._room = room
        self._keys = longs(keys)  # 0 where a slot is empty; the last one is
        self._weights = floats(weights)

    @classmethod
    def of(cls, weights: Mapping[str, float]) -> Pieces:
        """The weights of these pieces, but of those with letters of more than sixteen bits: nobody's words have any."""
        room = _room(len(weights))
        keys, flat = array("Q", bytes(8 * room)), array("d", bytes(8 * room))
        for piece, weight in weights.items():
            if max(map(ord, piece)) > _LETTER:
                continue
            key = _key(piece)
            at = key % room
            while at < len(keys) and keys[at]:
                at += 1
            if at == len(keys):  # what finds no slot before the end stands behind it
                keys.append(0)
                flat.append(0.0)
            keys[at], flat[at] = key, weight
        return cls(room, keys + array("Q", [0]), flat)

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        return Pieces, (self._room, stored(self._keys, protocol), stored(self._weights, protocol))

    def __iter__(self) -> Iterator[tuple[str, float]]:
        for key, weight in zip(self._keys, self._weights, strict=False):
            if key:
                yield _name(key), weight

    def total(self, word: str) -> float:
        """What the pieces of a word weigh together."""
        keys, weights, room = self._keys, self._weights, self._room
        total = 0.0
        for key in _keys(f"<{word}>"):
            at = key % room
            while found := keys[at]:
                if found == key:
                    total += weights[at]
                    break
                at += 1
        return total


def _room(pieces: int) -> int:
    """Slots enough; in so many, letters that stand 2 to the 16 apart in a key fall far from each other."""
    room = 2 * pieces + 1
    while not room // 8 < (1 << _BITS) % room < room - room // 8:
        room += 2
    return room


def _keys(letters: str) -> list[int]:
    """The short and the long piece that end with each letter from the third on, as numbers."""
    found: list[int] = []
    key = 0
    for letter in map(ord, letters):
        key = key >> _BITS | letter << (_LONG - 1) * _BITS
        found += (key >> _BITS, key)
    return found[2 * (_SHORT - 1) :]


def _key(piece: str) -> int:
    return _keys(piece)[0 if len(piece) == _SHORT else -1]


def _name(key: int) -> str:
    letters = (chr(key >> at * _BITS & _LETTER) for at in range(_LONG))
    return "".join(letters).rstrip("\0")
