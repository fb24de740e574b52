"""Servers for tests of the whole program, and a town of people on one store."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.dialogue.content import Content
from tests.servers.fixtures import synapse
from tests.system.town import Town, open_town

__all__ = ["synapse"]


@pytest.fixture
async def town(content: Content, tmp_path: Path) -> AsyncIterator[Town]:
    """Everybody's chats on one store."""
    async with open_town(content, tmp_path) as made:
        yield made
