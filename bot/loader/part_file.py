"""One part of the compiled content as a file: its objects pickled, its arrays behind them as they lie in memory.

The arrays are mapped, not read: what nobody asks for stays on the disk, and several processes share what they use.
"""

from __future__ import annotations

import mmap
import pickle
import struct
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, Final

from bot.loader.files import without_collector

STAMP_SIZE: Final = 16  # bytes
_HEAD: Final = struct.Struct(f"={STAMP_SIZE}sQQ")  # stamp, bytes of the pickle, number of arrays
_LINE: Final = 64  # bytes: where an array begins, so that processors like it


def write_part(path: Path, stamp: bytes, part: object, name_of: Callable[[Any], str | None] | None = None) -> None:
    """Puts the part there, whole or not at all. What `name_of` names is left out; only its name is written."""
    arrays: list[pickle.PickleBuffer] = []
    body = BytesIO()
    _Pickler(body, name_of, arrays.append).dump(part)
    raw = [array.raw() for array in arrays]
    fresh = path.with_suffix(".new")
    with fresh.open("wb") as file:
        file.write(_HEAD.pack(stamp, body.tell(), len(raw)))
        file.write(struct.pack(f"={len(raw)}Q", *(len(array) for array in raw)))
        file.write(body.getbuffer())
        for place, array in enumerate(raw):
            file.write(bytes(_ahead(file.tell(), _LINE if place else mmap.ALLOCATIONGRANULARITY)))
            file.write(array)
    fresh.replace(path)


def read_part(path: Path, stamp: bytes, part: Callable[[str], Any] | None = None) -> Any:
    """What lies in the file (our own, in our own folder); None when it is missing, damaged or of another content.

    `part` gives what was left out, by its name.
    """
    try:
        with path.open("rb") as file:
            of, size, count = _HEAD.unpack(file.read(_HEAD.size))
            if of != stamp:
                return None
            lengths = struct.unpack(f"={count}Q", file.read(8 * count))
            end = file.tell() + size
            arrays = _mapped(file.fileno(), end + _ahead(end, mmap.ALLOCATIONGRANULARITY), lengths)
            with without_collector():  # piece by piece: a buffer for all of it would leave a hole in the memory
                return _Unpickler(file, part, arrays).load()
    except Exception:
        return None


def _mapped(file: int, begin: int, lengths: tuple[int, ...]) -> list[memoryview]:
    """The arrays that lie in the file from `begin` on. Raises ValueError when it ends before they do."""
    if not any(lengths):  # there is nothing to map
        return [memoryview(b"")] * len(lengths)
    starts, end = [], 0
    for length in lengths:
        starts.append(end + _ahead(end, _LINE))
        end = starts[-1] + length
    whole = memoryview(mmap.mmap(file, end, access=mmap.ACCESS_READ, offset=begin))
    return [whole[start : start + length] for start, length in zip(starts, lengths, strict=True)]


def _ahead(place: int, unit: int) -> int:
    """How many bytes from this place to the next multiple of the unit."""
    return -place % unit


class _Pickler(pickle.Pickler):
    def __init__(
        self, file: BytesIO, name_of: Callable[[Any], str | None] | None, keep: Callable[[pickle.PickleBuffer], Any]
    ) -> None:
        super().__init__(file, protocol=pickle.HIGHEST_PROTOCOL, buffer_callback=keep)
        self._name_of = name_of

    def persistent_id(self, thing: Any) -> str | None:
        return self._name_of(thing) if self._name_of is not None else None


class _Unpickler(pickle.Unpickler):
    def __init__(self, file: BinaryIO, part: Callable[[str], Any] | None, arrays: list[memoryview]) -> None:
        super().__init__(file, buffers=arrays)
        self._part = part

    def persistent_load(self, name: str) -> Any:
        if self._part is None:
            raise pickle.UnpicklingError(name)
        return self._part(name)
