"""A bar for each table or file that a long command works through, on standard error."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress, TaskID


@contextmanager
def bars() -> Iterator[Callable[[str, int, int], None]]:
    """Yields a function of (name, done, whole). Where nobody looks (a log, a pipe) nothing is shown."""
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as shown:
        tasks: dict[str, TaskID] = {}

        def progress(name: str, done: int, whole: int) -> None:
            if name not in tasks:
                tasks[name] = shown.add_task(name, total=max(whole, 1))
            shown.update(tasks[name], completed=done if whole else 1, total=max(whole, 1))

        yield progress
