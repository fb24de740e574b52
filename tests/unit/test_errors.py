"""What somebody has to repair is told to operators in German, wherever in the program it is found."""

from __future__ import annotations

import ast
import errno
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.errors import in_words

BOT = Path(__file__).parents[2] / "bot"
TOLD = {"ConfigError", "StoreError", "StoreUnavailable", "MessengerError", "Revoked", "InUse"}
ENGLISH = re.compile(r"\b(the|this|that|is|are|has|have|not|must|cannot|with|and|of|by|it|its|to be|check|give)\b")


def _sentences() -> Iterator[tuple[str, str]]:
    """(place, words) of each error for operators, and of what a messenger says to the doctor."""
    for path in sorted(BOT.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        doctor = path.name in ("checks.py", "health.py")
        for node in ast.walk(tree):
            raised = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in TOLD
            said = doctor and isinstance(node, ast.Return | ast.Assign) and node.value is not None
            for part in ast.walk(node) if raised or said else ():
                if isinstance(part, ast.Constant) and isinstance(part.value, str):
                    yield f"{path.relative_to(BOT)}:{part.lineno}", part.value


def test_errors_for_operators_are_german() -> None:
    said = [(place, words) for place, words in _sentences() if "testing" not in place]
    assert len(said) > 100
    assert [f"{place}: {words}" for place, words in said if ENGLISH.search(words)] == []


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.ENOENT, "das gibt es nicht"),
        (errno.ENOSPC, "der Datenträger ist voll"),
        (errno.EADDRINUSE, "der Anschluss ist schon belegt"),
        (errno.EXDEV, "across devices"),
    ],
)
def test_what_the_system_says_is_german_where_it_is_common(number: int, said: str) -> None:
    assert in_words(OSError(number, "across devices")) == said


def test_a_system_that_says_nothing_leaves_the_kind_of_the_error() -> None:
    assert in_words(TimeoutError()) == "TimeoutError"
