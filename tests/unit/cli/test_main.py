"""The command line: what somebody must repair is one sentence with an exit code, never a traceback."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from bot import cli
from bot.cli import running
from tests.servers.compiled import seed


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seed(tmp_path / "data")
    monkeypatch.setenv("KAVI_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("KAVI_MATCHING__SEMANTIC", "off")


def _kavi(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    """The exit code."""
    monkeypatch.setattr(sys, "argv", ["kavi", *words])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    return int(str(ended.value.code or 0))


@pytest.mark.parametrize(
    "words",
    [
        ("knowledge", "--html", "{no}/x.html"),
        ("poster", "{no}/x.pdf", "--telegram", "kavi_bot"),
        ("rotate-key", "--to", "{no}/key"),
        ("chat", "--jsonl", "--record", "{no}/talk.yaml"),
    ],
    ids=lambda words: words[0],
)
def test_a_path_that_cannot_be_written_is_named(
    words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    _begin(monkeypatch, capsys)
    assert _kavi(monkeypatch, *(word.format(no=tmp_path / "file") for word in words)) == 2
    told = capsys.readouterr().err
    assert told.startswith(f"kavi: {tmp_path / 'file'}")
    assert told.endswith(". Bitte Pfad und Rechte prüfen.\n")
    assert told.count("\n") == 1


def _begin(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """An installation that somebody began."""
    assert _kavi(monkeypatch, "staff", "add", "Frau Berg") == 0
    capsys.readouterr()


def test_a_backup_that_cannot_be_read_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for half in ("data", "keys"):
        (tmp_path / "copy" / half / f"{half}-20261125T020000Z.kavi").mkdir(parents=True)
    assert _kavi(monkeypatch, "restore", str(tmp_path / "copy")) == 4
    assert capsys.readouterr().err == (
        "kavi: Die Sicherung data-20261125T020000Z.kavi lässt sich nicht lesen: das ist ein Ordner.\n"
    )


def test_a_fault_of_ours_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(words: list[str]) -> None:
        raise OSError("no file was meant")

    monkeypatch.setattr(cli, "_run", fails)
    with pytest.raises(OSError, match="no file was meant"):
        cli.main()


def test_who_interrupts_gets_what_a_shell_expects(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(roles: str) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(running, "run_run", interrupted)
    assert _kavi(monkeypatch, "run", "--roles", "workers") == 130


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("run", "--roles", "cook"), 2, "kavi: --roles cook: möglich sind ingest, workers, outbox, timers."),
        (("run",), 2, "kavi: Es ist kein Messenger eingestellt. Setzen Sie KAVI_TELEGRAM__TOKEN"),
        (("chat",), 2, "kavi: kavi chat braucht ein Terminal."),
        (("chat", "--as", "cook"), 2, "kavi: --as cook: möglich sind caregiver, child, parent, staff, counsellor."),
        (("chat", "--jsonl", "--record", "talk.yaml", "--resume"), 2, "kavi: --record und --resume passen nicht zusammen"),
        (("chat", "--desk", "--resume"), 2, "kavi: --desk ist eine Probe, von der nichts bleibt"),
        (("chat", "--as", "counsellor", "--jsonl"), 2, "kavi: --desk ist eine Probe, von der nichts bleibt"),
        (("reload",), 1, "Kavi läuft nicht (keine Prozessnummer im Datenordner)."),
        (("erase", "abc"), 2, "0 Gespräche beginnen mit 'abc'; nötig ist genau eines (mindestens 8 Zeichen)."),
        (("why", "nonsense"), 2, "Das Thema 'nonsense' gibt es nicht."),
        (("translate", "xx"), 2, "Die Sprache 'xx' gibt es nicht. Bekannt sind en, tr, ar, ru, uk, pl."),
        (("migrate", "--to", "mysql://x"), 2, "kavi: KAVI_STORE__URL=mysql://…: möglich sind sqlite:///pfad und postgresql"),
        (("backup", "copy"), 4, "kavi: Es gibt keine Datenbank "),
        (("restore", "copy"), 4, "kavi: In copy/data liegt keine Sicherung (data-*.kavi)."),
        (("complaints", "--done", "abc"), 2, "0 Beschwerden heißen 'abc'; `kavi complaints` zeigt alle."),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_said(
    words: tuple[str, ...], code: int, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KAVI_ALLOW_UNREVIEWED", "true")
    if words[0] != "backup":  # that one has nothing to save
        _begin(monkeypatch, capsys)
    assert _kavi(monkeypatch, *words) == code
    (told,) = capsys.readouterr().err.splitlines()
    assert told.startswith(said)
