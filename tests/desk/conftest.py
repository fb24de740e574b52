"""Servers for the desk's tests, and a team at work."""

from __future__ import annotations

import pytest

from tests.desk.shift import Shift, staffed
from tests.servers.fixtures import synapse

__all__ = ["synapse"]


@pytest.fixture
def shift() -> Shift:
    """Two counsellors and a supervisor, in the queue room."""
    return staffed()
