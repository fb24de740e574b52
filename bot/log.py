"""Loggers that load structlog with the first line: a conversation in the terminal shows no lines and starts sooner."""

from __future__ import annotations

import sys
from typing import Any, ClassVar


class Log:
    """A logger of structlog by its name; `silent` ones write nothing."""

    __slots__ = ("_name", "_real")
    silent: ClassVar[bool] = False

    def __init__(self, name: str) -> None:
        self._name = name
        self._real: Any = None

    def __getattr__(self, kind: str) -> Any:
        if self.silent:
            return _nothing
        if self._real is None:
            import structlog

            self._real = structlog.get_logger(self._name)
        return getattr(self._real, kind)


def _nothing(event: str, **values: object) -> None:
    """Takes a line and writes nothing."""


def silence() -> None:
    """Logs go nowhere from now on. Where structlog is loaded already, it is told so and may be told otherwise later."""
    if "structlog" not in sys.modules:
        Log.silent = True
        return
    import structlog

    structlog.configure(
        logger_factory=structlog.ReturnLoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(50),  # nothing that we write is so grave
    )
