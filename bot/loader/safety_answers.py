"""knowledge/safety/answers/."""

from __future__ import annotations

from pathlib import Path

from bot.dialogue.content import SafetyAnswer
from bot.loader.nodes import Problems


def load_answers(root: Path, problems: Problems) -> tuple[SafetyAnswer | None, tuple[str, ...]]:
    """Not yet written."""
    return None, ()
