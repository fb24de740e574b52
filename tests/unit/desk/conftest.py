"""A team at work, without any server."""

from __future__ import annotations

import pytest

from tests.desk.shift import Shift, staffed


@pytest.fixture
def shift() -> Shift:
    """Two counsellors and a supervisor, in the queue room."""
    return staffed()
