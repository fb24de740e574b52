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
    return load_content(ROOT)
