"""What operators do beside the running program: looking changes nothing, moving needs nothing that is not used."""

from __future__ import annotations

import os
import re
import shutil
import signal
import sys
from pathlib import Path

import pytest

from bot import app, cli
from tests.servers.compiled import seed


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty data folder, but for the compiled content."""
    folder = tmp_path / "data"
    seed(folder)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KAVI_DATA_DIR", str(folder))
    monkeypatch.setenv("KAVI_MATCHING__SEMANTIC", "off")
    monkeypatch.setenv("COLUMNS", "200")
    return folder


def _kavi(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.setattr(sys, "argv", ["kavi", *words])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    return int(str(ended.value.code or 0))


@pytest.mark.parametrize(
    "line",
    [
        "status", "audit", "desk --once", "complaints", "erase 3f9a2c41", "rotate-key", "migrate", "check --live",
    ],
)  # fmt: skip
def test_where_no_kavi_ever_was_looking_says_so_and_makes_none(
    line: str, data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted(data.iterdir())
    assert _kavi(monkeypatch, *line.split()) == 4
    assert f"Hier gibt es noch keine Datenbank ({data / 'kavi.sqlite'})." in capsys.readouterr().err
    assert [one for one in sorted(data.iterdir()) if one.suffix != ".cache"] == [
        one for one in before if one.suffix != ".cache"
    ]


def test_status_is_shown_although_the_content_is_broken(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _kavi(monkeypatch, "staff", "add", "Frau Berg") == 0
    assert _kavi(monkeypatch, "status") == 0
    assert "Ablauf bald" in capsys.readouterr().out
    flows = tmp_path / "content" / "dialogues" / "flows"
    flows.mkdir(parents=True)
    (flows / "slip.yaml").write_text("flow: slip\nsteps:\n  - sey: Hallo\n", encoding="utf-8")
    monkeypatch.setenv("KAVI_CONTENT_DIR", str(tmp_path / "content"))
    assert _kavi(monkeypatch, "status") == 0
    said = capsys.readouterr().out
    assert "Fehlern: kavi" in said
    assert "Gespräche" in said
    assert "Ablauf bald" not in said


def test_moving_from_one_file_to_another_needs_no_driver_of_postgresql(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _kavi(monkeypatch, "staff", "add", "Frau Berg") == 0
    for name in [
        name for name in sys.modules if name.startswith("bot.storage.") or name.partition(".")[0] == "asyncpg"
    ]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "asyncpg", None)  # as where the extra is not installed
    target = tmp_path / "other" / "kavi.sqlite"
    assert _kavi(monkeypatch, "migrate", "--to", f"sqlite:///{target}") == 0
    assert "document" in capsys.readouterr().out
    shutil.copy(data / "master.key", target.parent)
    monkeypatch.setenv("KAVI_DATA_DIR", str(target.parent))
    assert _kavi(monkeypatch, "status") == 0
    assert re.search(r"Wartende Ereignisse +│ 1 ", capsys.readouterr().out)


def test_reload_calls_nobody_who_only_has_the_number_of_a_kavi_that_is_gone(
    data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    called: list[int] = []
    signal.signal(signal.SIGHUP, lambda number, frame: called.append(number))
    try:
        (data / "kavi.pid").write_text(f"{os.getpid()}\n")
        assert _kavi(monkeypatch, "reload") == 1
        assert "Kavi läuft nicht" in capsys.readouterr().err
        assert called == []
        app.claim_folder(data)  # as `kavi run` does; held until this process ends
        assert _kavi(monkeypatch, "reload") == 0
        assert called == [signal.SIGHUP]
        assert _kavi(monkeypatch, "staff", "add", "Frau Berg") == 0
        assert _kavi(monkeypatch, "status") == 0
        assert re.search(r"Läuft auf diesem Datenordner +│ ja ", capsys.readouterr().out)
    finally:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
