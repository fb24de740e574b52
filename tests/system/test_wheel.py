"""The wheel works alone: installed into an empty environment, far from the checkout, with nothing but what it brings."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import venv
import zipfile
from pathlib import Path

import pytest

from tests.servers.compiled import ROOT

SECONDS = 120


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built wheel. uv is there wherever the README's commands are used; without it the test says so."""
    uv = shutil.which("uv")
    if uv is None:
        pytest.skip("uv is not installed")
    out = tmp_path_factory.mktemp("wheel")
    built = subprocess.run(
        [uv, "build", "--quiet", "--wheel", "--out-dir", str(out), str(ROOT)],
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    assert built.returncode == 0, built.stderr
    return next(out.glob("kavi_bot-*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the wheel unpacked; the third-party packages are this environment's, our checkout is not."""
    home = tmp_path_factory.mktemp("installed")
    venv.create(home, with_pip=False)
    site = next(home.glob("lib/python*/site-packages"))
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    packages = Path(pytest.__file__).parent.parent
    for entry in packages.iterdir():
        ours = entry.name.startswith(("kavi", "_kavi", "bot", "__editable__"))
        if not ours and entry.suffix not in (".pth", ".virtualenv") and not (site / entry.name).exists():
            (site / entry.name).symlink_to(entry)
    return home


def _kavi(home: Path, folder: Path, *arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(home / "bin" / "python"), "-I", "-m", "bot", *arguments],
        input=given, capture_output=True, text=True, timeout=SECONDS, cwd=folder,
        env={"PATH": os.environ["PATH"], "KAVI_DATA_DIR": str(folder / "data")},
    )  # fmt: skip


def test_the_wheel_carries_all_content(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    for folder in ("dialogues", "knowledge"):
        for path in (ROOT / folder).rglob("*"):
            if path.suffix in (".yaml", ".png"):
                assert f"bot/_content/{path.relative_to(ROOT).as_posix()}" in names


def test_the_installed_wheel_checks_its_content_and_talks(installed: Path, tmp_path: Path) -> None:
    talk = _kavi(
        installed,
        tmp_path,
        "chat",
        "--jsonl",
        "--as",
        "child",
        "--age",
        "8",
        given='{"say": "gefühle"}\n{"say": "1"}\n',
    )
    assert talk.returncode == 0, talk.stderr
    rows = [json.loads(line) for line in talk.stdout.splitlines()]
    assert [row["step"] for row in rows] == ["feeling", "body"]
    where = _kavi(installed, tmp_path, "check")
    assert where.returncode == 0, where.stdout + where.stderr
    assert " 0 Fehler" in where.stderr
    assert str(ROOT) not in talk.stderr + where.stdout + where.stderr


def test_the_command_is_declared(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        points = next(name for name in archive.namelist() if name.endswith("entry_points.txt"))
        assert "kavi = bot.cli:main" in archive.read(points).decode()
