"""The table of methods that the server knows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bot.testing.telegram.params import Params
from bot.testing.telegram.world import World

Method = Callable[[World, Params], Any]
METHODS: dict[str, Method] = {}


def method(call: Method) -> Method:
    """Puts a method under its name of the Bot API, without underscores."""
    METHODS[call.__name__.replace("_", "")] = call
    return call
