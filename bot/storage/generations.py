"""The files of a backup folder: which belong together, which one to restore, which to remove.

data/data-20261125T020000Z.kavi                      a whole copy
data/data-20261125T020000Z+20261125T020100Z.kavi     what changed after it, until the second time
keys/keys-…                                          the same for the key store
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

Half = Literal["data", "keys"]

KEY_GENERATIONS = 7
KEY_AGE = timedelta(days=7)
"""What was erased is unreadable in every backup after that."""
DATA_GENERATIONS = 30

LAST = "last-backup"
"""File in the data folder with the time of the last backup."""

_STAMP = "%Y%m%dT%H%M%SZ"
_NAME = re.compile(r"(?:data|keys)-(\d{8}T\d{6}Z)(?:\+(\d{8}T\d{6}Z))?\.kavi")


@dataclass(frozen=True, slots=True, order=True)
class Generation:
    """One file: the whole copy of `whole`, or (`at` later) what changed since the file before it."""

    whole: datetime
    at: datetime
    path: Path


def name_of(half: Half, whole: datetime, at: datetime) -> str:
    """The file name of a generation."""
    later = f"+{at:{_STAMP}}" if at != whole else ""
    return f"{half}-{whole:{_STAMP}}{later}.kavi"


def generations(target: Path, half: Half) -> list[Generation]:
    """All files of one half, oldest first."""
    found = []
    for path in (target / half).glob(f"{half}-*.kavi"):
        if name := _NAME.fullmatch(path.name):
            whole = _time(name[1])
            found.append(Generation(whole, _time(name[2]) if name[2] else whole, path))
    return sorted(found)


def chain(found: Sequence[Generation], until: datetime | None = None) -> list[Path]:
    """The files of the newest state, or of the newest one not after `until`: a whole copy and what follows it.

    A whole copy that somebody made in between by hand is not the newest while another one is still being added to.
    """
    known = [one for one in found if until is None or one.at <= until]
    newest = max(known, key=lambda one: one.at, default=None)
    return [one.path for one in known if newest is not None and one.whole == newest.whole]


def note_backup(data_dir: Path, at: datetime) -> None:
    """Remembers that a backup was made, for metrics and `kavi status`."""
    (data_dir / LAST).write_text(f"{at.timestamp():.0f}\n")


def last_backup(data_dir: Path) -> float:
    """When the last backup was made (seconds since 1970); 0 when none was."""
    try:
        return float((data_dir / LAST).read_text())
    except (OSError, ValueError):
        return 0.0


def prune(target: Path, half: Half, now: datetime, keep: int) -> int:
    """Removes all but the `keep` newest whole copies with what follows them, and keys older than a week; returns how many.

    Newest is which was added to last. It stays, however old it is.
    """
    found = generations(target, half)
    added_to = {one.whole: one.at for one in sorted(found, key=lambda one: one.at)}
    wholes = sorted(added_to, key=added_to.__getitem__)
    kept = set(wholes[-keep:])
    if half == "keys":
        kept = {whole for whole in kept if now - whole <= KEY_AGE}
    kept |= set(wholes[-1:])
    gone = [one.path for one in found if one.whole not in kept]
    for path in gone:
        path.unlink()
    return len(gone)


def _time(stamp: str) -> datetime:
    return datetime.strptime(stamp, _STAMP).replace(tzinfo=UTC)
