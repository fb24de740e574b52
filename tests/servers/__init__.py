"""Real servers for tests, each in a folder of its own on loopback.

They are used when they are installed; KAVI_TEST_REQUIRE=all (as in .ci/run) installs what is missing, and what lacks
even then is a failure.
"""

from __future__ import annotations

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


def required() -> bool:
    """Whether a missing server is a failure."""
    return os.environ.get("KAVI_TEST_REQUIRE", "") == "all"


def missing(what: str) -> None:
    """Skips the test (and is counted as skipped), or fails it where everything is required."""
    if required():
        pytest.fail(f"{what} is required and missing", pytrace=False)
    pytest.skip(f"server test: {what} is not installed")


def cache_folder() -> Path:
    """Where downloaded servers stay between runs; KAVI_TEST_CACHE moves it."""
    base = os.environ.get("KAVI_TEST_CACHE") or os.path.join(os.path.expanduser("~"), ".cache", "kavi-tests")
    folder = Path(base)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextmanager
def alone(name: str) -> Iterator[None]:
    """One process at a time installs `name`; the others wait and find it there."""
    with (cache_folder() / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def bare_environment(**settings: str) -> dict[str, str]:
    """Hardly anything: for programs that must not lean on what a machine happens to have. What measures them goes along."""
    measured = {name: value for name, value in os.environ.items() if name.startswith("COVERAGE_")}
    return {"PATH": os.environ["PATH"], **measured, **settings}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
