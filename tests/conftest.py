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


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with slow tests begin: where files run side by side, none of the long ones is left over at the end."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)
