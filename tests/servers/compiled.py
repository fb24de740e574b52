"""The shipped content, compiled once for all test runs until a file changes: programs that start on an empty data folder get a copy."""

from __future__ import annotations

import hashlib
import shutil
from functools import lru_cache
from pathlib import Path

from bot import app
from bot.config import Settings
from bot.dialogue.content import Content
from bot.loader.compiled import load_compiled
from bot.loader.content import load_content
from tests.servers import alone, cache_folder

ROOT = Path(__file__).resolve().parents[2]


def shipped() -> Content:
    """The content of this checkout as a program has it, without voice and without an encoder."""
    with alone("content"):
        return load_compiled(ROOT, _folder(), load_content)


def few(folder: Path) -> Path:
    """A content folder of one's own to change: the German dialogues and the data they name, without topics; read in half a second."""
    for name in ("dialogues", "knowledge/data"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("translations", "plz*", "told.yaml"))
    return folder


def seed(data: Path) -> None:
    """Puts the compiled content into a data folder that has none. The program still checks that it is fresh."""
    if (data / "content.cache").exists():
        return
    data.mkdir(parents=True, exist_ok=True)
    with alone("content"):
        for path in [*_compiled().glob("content*.cache"), *_compiled().glob("meaning.npz")]:
            shutil.copyfile(path, data / path.name)


@lru_cache(maxsize=1)
def _compiled() -> Path:
    app.load_content_for(Settings(data_dir=_folder()))
    return _folder()


def _folder() -> Path:
    """One for each checkout."""
    return cache_folder() / f"content-{hashlib.sha256(str(ROOT).encode()).hexdigest()[:12]}"
