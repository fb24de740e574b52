"""The event loop on which the program runs, and how often it looks for garbage."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")
COLLECT = (
    10_000,
    20,
    20,
)  # a turn leaves hundreds of records and no cycles: seeking these each 700 took a twelfth of it


def run(main: Coroutine[Any, Any, T]) -> T:
    """`asyncio.run` on uvloop: a turn with nobody else about takes a quarter less, for its wake-ups are in C.

    Where there is no uvloop (Windows, PyPy), on the loop that comes with Python: nothing else differs.
    """
    gc.set_threshold(*COLLECT)
    try:
        from uvloop import new_event_loop
    except ImportError:
        return asyncio.run(main)
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        return runner.run(main)
