"""`kavi run` and `kavi reload`. By themselves, because a start waits for whatever its module imports."""

from __future__ import annotations

import os
import signal
import sys

from bot import app
from bot.config import read_settings
from bot.errors import ConfigError
from bot.service import loop
from bot.service.program import ROLES


def run_run(roles: str = ",".join(ROLES)) -> int:
    """Runs until a signal; the exit code tells why it ended."""
    chosen = frozenset(role.strip() for role in roles.split(",") if role.strip())
    unknown = chosen - set(ROLES)
    if unknown or not chosen:
        raise ConfigError(f"--roles {roles}: möglich sind {', '.join(ROLES)}.")
    return loop.run(app.run_program(read_settings(), chosen))


def run_reload() -> int:
    """Asks the running process to load content anew."""
    settings = read_settings()
    pid = settings.data_dir / "kavi.pid"
    try:
        if not app.folder_in_use(settings.data_dir):
            raise ProcessLookupError
        os.kill(int(pid.read_text()), signal.SIGHUP)
    except (OSError, ValueError):
        print("Kavi läuft nicht (keine Prozessnummer im Datenordner).", file=sys.stderr)
        return 1
    print("Neu laden angestoßen; das Ergebnis steht im Protokoll.")
    return 0
