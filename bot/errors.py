"""The errors of Kavi, sorted by who must act.

What a person in a conversation does wrong is never an exception; it is a value with its own reply.

    KaviError
    ├── ConfigError          the operator: a setting is wrong, the program does not start     exit 2
    ├── ContentError         the editor: a list of problems, each with file, line and column  exit 3
    ├── StoreError           the operator: the store is away, full, locked, corrupt or newer  exit 4
    │   ├── SessionConflict  somebody else saved the session: load and decide again
    │   ├── LaneLost         the lease of a lane ran out: another worker owns it, stop
    │   └── StoreUnavailable the store does not answer now: try again later
    └── MessengerError       the other side; `Revoked` means the account's token is worth nothing any more  exit 5
"""

from __future__ import annotations

import errno
from dataclasses import dataclass
from typing import Final


class KaviError(Exception):
    """Something that a person must repair; the text is one clear sentence with the remedy."""

    exit_code = 1


class ConfigError(KaviError):
    """A setting is missing or wrong."""

    exit_code = 2


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One fault in the content, at a place that an editor can open.

    `line` and `column` count from 1; 0 means the whole file.
    """

    file: str
    line: int
    column: int
    message: str
    severity: str = "error"  # or "warning": listed, but the content loads

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.message}"


class ContentError(KaviError):
    """The content has problems; all of them are listed."""

    exit_code = 3

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        self.problems = problems
        super().__init__("\n".join(str(problem) for problem in problems))


class StoreError(KaviError):
    """The store cannot be used as it is."""

    exit_code = 4


class Leak(StoreError):
    """A commit holds a message for somebody who must not read it. A fault in the program; nothing is written."""


class SessionConflict(StoreError):
    """The session was saved by somebody else since it was loaded."""


class LaneLost(StoreError):
    """This worker no longer owns the lane; its work is dropped, the new owner repeats it."""


class StoreUnavailable(StoreError):
    """The store does not answer at the moment."""


class MessengerError(KaviError):
    """A messenger's server refuses or cannot be used."""

    exit_code = 5


class InUse(MessengerError):
    """Another process of this installation speaks for the account at this moment."""


class Revoked(MessengerError):
    """The account's token or device is no longer valid: stop at once, an operator must act."""


_SAID: Final = {
    errno.ENOENT: "das gibt es nicht",
    errno.EACCES: "kein Zugriff",
    errno.EPERM: "nicht erlaubt",
    errno.EROFS: "dort darf niemand schreiben",
    errno.ENOTDIR: "ein Teil davon ist kein Ordner",
    errno.EISDIR: "das ist ein Ordner",
    errno.EEXIST: "das gibt es schon",
    errno.ENOSPC: "der Datenträger ist voll",
    errno.EDQUOT: "der Platz ist aufgebraucht",
    errno.EFBIG: "die Datei darf nicht größer werden",
    errno.EADDRINUSE: "der Anschluss ist schon belegt",
    errno.EADDRNOTAVAIL: "diese Adresse gibt es auf diesem Rechner nicht",
}


def in_words(error: OSError) -> str:
    """What the system says, in the language of operators; a rare error stays as the system says it."""
    return _SAID.get(error.errno or 0) or error.strerror or type(error).__name__
