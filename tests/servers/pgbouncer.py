"""A private pgbouncer in transaction mode before the shared PostgreSQL: few connections, another one for each transaction."""

from __future__ import annotations

import atexit
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from tests.servers import free_port, missing
from tests.servers.postgres import Postgres, as_another_user
from tests.servers.postgres import shared as shared_postgres

STARTING = 10.0  # seconds
_shared: list[Pgbouncer] = []

_SETTINGS = """
[databases]
* = host=127.0.0.1 port={target} user=kavi
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = {mode}
default_pool_size = {connections}
max_client_conn = 500
server_round_robin = 1
"""


class Pgbouncer:
    """One pooler. Each transaction gets the connection that rested longest, so that nothing of a session stays."""

    def __init__(self, server: Postgres, *, mode: str = "transaction", connections: int = 4) -> None:
        program = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
        if program is None:
            missing("pgbouncer")
        assert program is not None
        self.port = free_port()
        self._folder = Path(tempfile.mkdtemp(prefix="kavi-pgbouncer-"))
        settings = self._folder / "pgbouncer.ini"
        settings.write_text(_SETTINGS.format(target=server.port, port=self.port, mode=mode, connections=connections))
        prefix = as_another_user(self._folder)  # it refuses root
        self._log = (self._folder / "log").open("wb")
        self._process = subprocess.Popen([*prefix, program, str(settings)], stdout=self._log, stderr=self._log)
        self._wait()

    def _wait(self) -> None:
        until = time.monotonic() + STARTING
        while time.monotonic() < until and self._process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1.0).close()
                return
            except OSError:
                time.sleep(0.02)
        raise RuntimeError((self._folder / "log").read_text())

    def url(self, direct: str) -> str:
        """The way through the pooler to the database that `direct` leads to."""
        return f"postgresql://kavi@127.0.0.1:{self.port}/{direct.rpartition('/')[2]}"

    def remove(self) -> None:
        """Stops it and removes its files."""
        self._process.kill()
        self._process.wait()
        self._log.close()
        shutil.rmtree(self._folder, ignore_errors=True)


def shared() -> Pgbouncer:
    """The pooler of this test run, started when it is first asked for."""
    if not _shared:
        pooler = Pgbouncer(shared_postgres())
        atexit.register(pooler.remove)
        _shared.append(pooler)
    return _shared[0]
