"""knowledge/safety/learned.json.gz: what the likeness has learned, so that a start need not learn it again.

Written by `kavi learn`. It counts only while the rules and examples below knowledge/safety are the ones it was learned from.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from pathlib import Path

from bot.safety.examples import Example
from bot.safety.likeness import Likeness
from bot.safety.neighbours import Taught

NAME = "learned.json.gz"
_FORMAT = "3"


def fingerprint(folder: Path) -> str:
    """Of everything that is learned from, but the answers and the levels."""
    digest = hashlib.blake2b(_FORMAT.encode(), digest_size=12)
    for path in sorted(folder.rglob("*.yaml")):
        if path.parent.name != "answers" and path.name != "levels.yaml":
            digest.update(path.relative_to(folder).as_posix().encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


def read_learned(folder: Path, *, alert: float, check: float) -> Likeness | None:
    """The likeness of the file; None when it is missing, damaged or older than the examples."""
    try:
        body = json.loads(gzip.decompress((folder / NAME).read_bytes()))
        if body["of"] != fingerprint(folder):
            return None
        order = body["order"]
        return Likeness.of(
            body["weights"],
            body["bias"],
            {name: dict(zip(order, row, strict=True)) for name, row in body["categories"].items()},
            body["prior"],
            (Example(frozenset(words.split()), category, place) for words, category, place in body["examples"]),
            (Taught(tuple(words.split()), danger) for danger, words in body["taught"]),
            alert=alert,
            check=check,
        )
    except (OSError, EOFError, ValueError, KeyError, TypeError):
        return None


def write_learned(folder: Path, likeness: Likeness) -> None:
    """Puts the file there. The same examples give the same bytes."""
    order = sorted(likeness.prior)
    body = {
        "of": fingerprint(folder),
        "bias": round(likeness.bias, 5),
        "order": order,
        "weights": {name: round(weight, 3) for name, weight in likeness.all_weights() if abs(weight) >= 0.002},
        "categories": {
            name: [round(row[category], 2) for category in order] for name, row in likeness.categories.items()
        },
        "prior": {category: round(weight, 4) for category, weight in likeness.prior.items()},
        "examples": [[" ".join(sorted(one.words)), one.category, one.place] for one in likeness.examples],
        "taught": [[one.danger, " ".join(one.words)] for one in likeness.neighbours],
    }
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    (folder / NAME).write_bytes(gzip.compress(text.encode(), 9, mtime=0))
