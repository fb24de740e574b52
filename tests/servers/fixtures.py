"""Fixtures for real servers. Each server starts once for a test run, when the first test asks for it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers.synapse import Synapse


@pytest.fixture(scope="session")
def synapse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Synapse]:
    """A Matrix homeserver with its rate limits opened."""
    server = Synapse(tmp_path_factory.mktemp("synapse"))
    server.start()
    yield server
    server.remove()


@pytest.fixture(scope="session")
def limited_synapse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Synapse]:
    """A Matrix homeserver with Synapse's own rate limits (0.2 messages a second)."""
    server = Synapse(tmp_path_factory.mktemp("synapse-limited"), opened=False)
    server.start()
    yield server
    server.remove()


@pytest.fixture
def store_dir(tmp_path: Path) -> Path:
    """A folder for a crypto store; its key lies beside it."""
    return tmp_path / "matrix"
