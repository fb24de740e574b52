"""A private PostgreSQL cluster on loopback. initdb refuses root, so root runs it as the user `postgres` (or `nobody`)."""

from __future__ import annotations

import atexit
import itertools
import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path

from tests.servers import free_port, missing

_numbers = itertools.count(1)
_shared: list[Postgres] = []


def programs() -> Path | None:
    """Where the newest installed PostgreSQL keeps its programs; None when there is none."""
    homes = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if homes:
        return homes[-1].parent
    found = shutil.which("initdb")
    return Path(found).resolve().parent if found else None


class Postgres:
    """One cluster. `fast` gives up durability, for tests that crash nothing."""

    def __init__(self, *, fast: bool) -> None:
        home = programs()
        if home is None:
            missing("PostgreSQL (initdb)")
        assert home is not None
        self.home = home
        self._fast = fast
        self._folder = Path(tempfile.mkdtemp(prefix="kavi-postgres-"))
        self._data = self._folder / "data"
        self.port = free_port()
        self._as = as_another_user(self._folder)

    def _program(self, name: str, *arguments: str) -> None:
        subprocess.run(
            [*self._as, str(self.home / name), *arguments],
            check=True, cwd=self._folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60,
        )  # fmt: skip

    def start(self) -> None:
        """Makes the cluster when there is none, and starts it."""
        if not self._data.exists():
            self._program(
                "initdb", "-D", str(self._data), "-U", "kavi", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-N"
            )
        options = f"-c listen_addresses=127.0.0.1 -p {self.port} -k {self._folder} -c max_connections=200"
        if self._fast:
            options += " -c fsync=off -c synchronous_commit=off -c full_page_writes=off"
        self._program("pg_ctl", "-D", str(self._data), "-w", "-l", str(self._folder / "log"), "-o", options, "start")

    def adopt(self, base: Path, archive: Path) -> None:
        """Takes a base backup as its data, to be recovered with the archived log when it starts."""
        shutil.copytree(base, self._data)
        log = self._folder / "archive"
        shutil.copytree(archive, log)
        command = f"cp {log}/%f %p || cp {log}/%f.partial %p"
        with (self._data / "postgresql.auto.conf").open("a") as file:
            file.write(f"\nrestore_command = '{command}'\nsynchronous_standby_names = ''\n")
        (self._data / "recovery.signal").touch()
        self._data.chmod(0o700)
        if self._as:
            subprocess.run(["chown", "-R", f"--reference={self._folder}", str(self._data), str(log)], check=True)

    def stop(self, mode: str = "fast") -> None:
        """Stops it: `fast` as an operator, `immediate` as a crash."""
        self._program("pg_ctl", "-D", str(self._data), "-w", "-m", mode, "stop")

    def remove(self) -> None:
        """Stops it and removes its files."""
        if (self._data / "postmaster.pid").exists():
            self.stop("immediate")
        shutil.rmtree(self._folder, ignore_errors=True)

    def database(self) -> str:
        """The URL of a new, empty database."""
        name = f"kavi{next(_numbers)}"
        self._program("createdb", "-h", "127.0.0.1", "-p", str(self.port), "-U", "kavi", name)
        return self.url(name)

    def url(self, name: str) -> str:
        """The URL of a database."""
        return f"postgresql://kavi@127.0.0.1:{self.port}/{name}"


def as_another_user(folder: Path) -> tuple[str, ...]:
    """What to put before a program that refuses root, and gives `folder` to the user whom it then runs as; nothing for others."""
    if os.geteuid() != 0:
        return ()
    user = next(pwd.getpwnam(name) for name in ("postgres", "nobody") if _exists(name))
    os.chown(folder, user.pw_uid, user.pw_gid)
    return ("setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups", "--")


def _exists(user: str) -> bool:
    try:
        pwd.getpwnam(user)
    except KeyError:
        return False
    return True


def shared() -> Postgres:
    """The cluster of this test run, started when it is first asked for."""
    if not _shared:
        server = Postgres(fast=True)
        server.start()
        atexit.register(server.remove)
        _shared.append(server)
    return _shared[0]
