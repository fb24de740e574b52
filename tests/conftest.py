"""What many tests share: the shipped content, loaded once."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.dialogue.content import Content
from bot.loader.content import load_content

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def content() -> Content:
    """The shipped content."""
    from bot.loader.content import read_content
    from dataclasses import replace
    return replace(read_content(ROOT)[0], rules=object(), laender={"BY":"Bayern"})
