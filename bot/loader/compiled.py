"""The compiled content in the data folder, as it was loaded from its files, until one of them changes.

What the matcher and the safety layer know is most of it, and nobody needs it before the first words of a person. Each lies in a
file of its own, so that a start can show its first message before they are read. What only some conversations ask for is read
when the first of them does: see `Shelf`.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any, Final

from bot.dialogue.commands import names_flow
from bot.dialogue.content import Content
from bot.loader.files import FOLDERS, files_below
from bot.loader.part_file import STAMP_SIZE, read_part, write_part
from bot.loader.shelf import Shelf

_MAIN: Final = "content.cache"
# Fields of the content
_HEAVY: Final = ("index", "rules")
_SELDOM: Final = ("safety_answer", "land_finder", "places", "prisons", "centres", "for_desk")
_SHELVED: Final = ("flows", "topics", "catalogs", "templates", "courses")


def load_compiled(root: Path, folder: Path, compile: Callable[[Path], Content], *, late: bool = False) -> Content:
    """The content below `root`: as it lies in `folder` when nothing changed since, else compiled and laid there.

    `late` leaves the heavy parts where they are until they are first asked for. Raises what `compile` raises.
    """
    stamp = _stamp(root)
    seldom = read_part(_file(folder, "seldom"), stamp)

    def part(name: str) -> Any:
        if name in _SELDOM:
            return Late(partial(seldom.__getitem__, name))
        return _heavy(root, folder, stamp, compile, name, late)

    found = read_part(folder / _MAIN, stamp, part)
    if isinstance(found, Content) and isinstance(seldom, Shelf):
        return found
    return _anew(root, folder, stamp, compile)


def _anew(root: Path, folder: Path, stamp: bytes, compile: Callable[[Path], Content]) -> Content:
    """Compiled from its files and laid into the folder, so that the next start finds it whole."""
    content = compile(root)
    _write(folder, stamp, content)
    return content


def wake(content: Content) -> None:
    """Reads what was left for later and makes ready what only some messages need, while nobody waits."""
    parts: tuple[object, ...] = (content.index, content.rules)
    for part in parts:
        if isinstance(part, Late):
            part.whole()
    if content.rules is not None:
        content.rules.wake()
    names_flow("", content)


class Late:
    """Stands for a part of the content until somebody asks for one of its attributes."""

    __slots__ = ("_load", "_lock", "_whole")

    def __init__(self, load: Callable[[], Any]) -> None:
        self._load = load
        self._lock = threading.Lock()
        self._whole: Any = None

    def whole(self) -> Any:
        """The part itself."""
        with self._lock:
            if self._whole is None:
                self._whole = self._load()
        return self._whole

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # asked by the interpreter, not by the program
            raise AttributeError(name)
        return getattr(self._whole or self.whole(), name)

    def __call__(self, *given: Any) -> Any:
        return self.whole()(*given)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.whole())


def _heavy(root: Path, folder: Path, stamp: bytes, compile: Callable[[Path], Content], name: str, late: bool) -> Any:
    def load() -> Any:
        found = read_part(_file(folder, name), stamp)
        if found is None and not late:
            raise FileNotFoundError(name)  # then nothing of what lies there counts
        return found if found is not None else getattr(_anew(root, folder, stamp, compile), name)  # damaged: only slow

    return Late(load) if late else load()


def _stamp(root: Path) -> bytes:
    """Names, sizes and times of all content files and of the program's own: cheap, and changes when any of them does.

    The same folder has one stamp, however its path is written.
    """
    digest = hashlib.blake2b(digest_size=STAMP_SIZE)
    content = (file for name in FOLDERS for file in files_below(root.resolve() / name))
    program = ((path, about) for path, about in files_below(Path(__file__).parents[1]) if path.endswith(".py"))
    lines = (f"{path}|{about.st_size}|{about.st_mtime_ns}" for path, about in chain(content, program))
    digest.update("\n".join(sorted(lines)).encode())
    return digest.digest()


def _write(folder: Path, stamp: bytes, content: Content) -> None:
    """The main file last: whoever finds it finds the others too."""
    folder.mkdir(parents=True, exist_ok=True)
    found = {name: getattr(content, name) for name in (*_HEAVY, *_SELDOM)}
    parts = {name: part for name, part in found.items() if part not in (None, ())}  # these stand everywhere
    names = {id(part): name for name, part in parts.items()}
    for name in parts.keys() & _HEAVY:
        write_part(_file(folder, name), stamp, parts[name])
    write_part(_file(folder, "seldom"), stamp, Shelf.of({name: parts[name] for name in _SELDOM if name in parts}))
    shelved: dict[str, Any] = {name: Shelf.of(getattr(content, name)) for name in _SHELVED}
    write_part(folder / _MAIN, stamp, replace(content, **shelved), lambda thing: names.get(id(thing)))


def _file(folder: Path, name: str) -> Path:
    return folder / f"content.{name}.cache"
