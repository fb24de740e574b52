"""Where log lines go."""

from __future__ import annotations

import logging
import sys
from typing import TextIO, cast

from bot.config import Settings
from bot.log import silence


def quiet_logs(settings: Settings) -> None:
    """Logs go nowhere: a terminal conversation shows only the conversation."""
    silence()


class _StandardError:
    """Standard error as it is when a line is written: whoever runs Kavi may have put another stream there since."""

    @staticmethod
    def write(text: str) -> int:
        return sys.stderr.write(text)

    @staticmethod
    def flush() -> None:
        sys.stderr.flush()


def configure_logs(settings: Settings) -> None:
    """Logs go to standard error, one line each; library loggers are kept quiet because they may print addresses."""
    import structlog

    logging.basicConfig(level=logging.CRITICAL, handlers=[logging.NullHandler()])
    renderer = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if settings.log.format == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, settings.log.level.upper())),
        logger_factory=structlog.WriteLoggerFactory(file=cast("TextIO", _StandardError())),
        cache_logger_on_first_use=True,
    )
