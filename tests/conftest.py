"""What many tests share: the shipped content, loaded once."""

from __future__ import annotations

import gc

import pytest
from hypothesis import settings

from bot.dialogue.content import Content
from tests.servers.compiled import shipped

settings.register_profile("kavi", deadline=None)  # no test is timed: it would fail on a machine that has other work
settings.load_profile("kavi")


@pytest.fixture(scope="session")
def content() -> Content:
    """The shipped content, as every program has it: compiled, most of it read when somebody asks for it."""
    found = shipped()
    gc.freeze()  # as the program does: no later collection walks through it
    return found


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with slow tests begin: where files run side by side, none of the long ones is left over at the end."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)
