"""The compiled content in the data folder, as it was loaded from its files, until one of them changes.

What the matcher and the safety layer know is most of it, and nobody needs it before the first words of a person. Each lies in a
file of its own, so that a start can show its first message before they are read.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from bot.dialogue.content import Content
from bot.loader.files import content_files
from bot.loader.part_file import STAMP_SIZE, read_part, write_part

_MAIN: Final = "content.cache"
_HEAVY: Final = ("index", "rules")  # fields of the content


def load_compiled(root: Path, folder: Path, compile: Callable[[Path], Content], *, late: bool = False) -> Content:
    """The content below `root`: as it lies in `folder` when nothing changed since, else compiled and laid there.

    `late` leaves the heavy parts where they are until they are first asked for. Raises what `compile` raises.
    """
    stamp = _stamp(root)
    found = read_part(folder / _MAIN, stamp, lambda part: _part(root, folder, stamp, compile, part, late))
    if isinstance(found, Content):
        return found
    return _anew(root, folder, stamp, compile)


def _anew(root: Path, folder: Path, stamp: bytes, compile: Callable[[Path], Content]) -> Content:
    """Compiled from its files and laid into the folder, so that the next start finds it whole."""
    content = compile(root)
    _write(folder, stamp, content)
    return content


def wake(content: Content) -> None:
    """Reads what was left for later, in a thread while nobody waits."""
    parts: tuple[object, ...] = (content.index, content.rules)
    for part in parts:
        if isinstance(part, Late):
            part.whole()


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


def _part(root: Path, folder: Path, stamp: bytes, compile: Callable[[Path], Content], name: str, late: bool) -> Any:
    def load() -> Any:
        found = read_part(_file(folder, name), stamp)
        if found is None and not late:
            raise FileNotFoundError(name)  # then nothing of what lies there counts
        return found if found is not None else getattr(_anew(root, folder, stamp, compile), name)  # damaged: only slow

    return Late(load) if late else load()


def _stamp(root: Path) -> bytes:
    """Names, sizes and times of all content files and of the program's own: cheap, and changes when any of them does."""
    digest = hashlib.blake2b(digest_size=STAMP_SIZE)
    for path in [*content_files(root), *sorted(Path(__file__).parents[1].rglob("*.py"))]:
        about = path.stat()
        digest.update(f"{path}|{about.st_size}|{about.st_mtime_ns}\n".encode())
    return digest.digest()


def _write(folder: Path, stamp: bytes, content: Content) -> None:
    """The heavy parts first: whoever finds the main file finds them too."""
    folder.mkdir(parents=True, exist_ok=True)
    names = {id(getattr(content, name)): name for name in _HEAVY if getattr(content, name) is not None}
    for name in names.values():
        write_part(_file(folder, name), stamp, getattr(content, name))
    write_part(folder / _MAIN, stamp, content, lambda thing: names.get(id(thing)))


def _file(folder: Path, name: str) -> Path:
    return folder / f"content.{name}.cache"
