"""Servers for the contract tests, and time for what is in workers' hands."""

from __future__ import annotations

import pytest

from bot.storage import batch, group, postgres_working
from tests.servers.fixtures import store_dir, synapse

__all__ = ["store_dir", "synapse"]


@pytest.fixture
def patience(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a slow machine nothing is laid down too soon; where that is what is tested (`impatient`), it is as ever."""
    if not request.node.get_closest_marker("impatient"):
        for module in (batch, group, postgres_working):
            monkeypatch.setattr(module, "LONGEST", 5.0)
