"""What an operator or editor can get wrong: one clear sentence with the place and the remedy, a stated exit code, nothing lost."""

from __future__ import annotations

import json
import resource
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.servers import bare_environment
from tests.servers.compiled import ROOT, seed

SECONDS = 60
CHAT = ("chat", "--jsonl", "--as", "caregiver")


def _kavi(
    data: Path,
    *arguments: str,
    said: str = "",
    before: Callable[[], None] | None = None,
    cwd: Path = ROOT,
    **settings: str,
) -> subprocess.CompletedProcess[str]:
    """Runs `kavi` as a process of its own, with `said` as a line of the person."""
    given = json.dumps({"say": said}) + "\n" if said else ""
    environment = bare_environment(KAVI_DATA_DIR=str(data), PYTHONPATH=str(ROOT), **settings)
    return subprocess.run(
        [sys.executable, "-m", "bot", *arguments],
        input=given, capture_output=True, text=True, timeout=SECONDS, cwd=cwd, env=environment, preexec_fn=before,
    )  # fmt: skip


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with one stored conversation that waits in a flow; begun once, it takes a process."""
    folder = tmp_path_factory.mktemp("begun") / "data"
    seed(folder)
    run = _kavi(folder, *CHAT, said="erster besuch")
    assert json.loads(run.stdout)["step"] == "land", run.stderr
    return folder


@pytest.fixture
def data(begun: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return Path(shutil.copytree(begun, tmp_path / "data"))


def _goes_on(data: Path) -> None:
    """The stored conversation is still there and goes on where it was."""
    resumed = _kavi(data, "chat", "--jsonl", "--resume", said="Bayern")
    assert json.loads(resumed.stdout)["step"] == "prison", resumed.stderr


def _one_sentence(run: subprocess.CompletedProcess[str], code: int, *words: str) -> None:
    assert run.returncode == code, run.stderr
    lines = run.stderr.strip().splitlines()
    assert len(lines) == 1, run.stderr
    assert lines[0].startswith("kavi: ")
    for word in words:
        assert word in lines[0]


def test_a_corrupt_database_is_named_with_its_remedy_and_left_as_it_is(data: Path) -> None:
    database = data / "kavi.sqlite"
    database.write_bytes(b"not a database at all " * 500)
    broken = database.read_bytes()
    _one_sentence(_kavi(data, *CHAT, said="hallo"), 4, "beschädigt", "kavi restore")
    assert database.read_bytes() == broken


def test_a_newer_database_is_not_touched(data: Path) -> None:
    with sqlite3.connect(data / "kavi.sqlite") as db:
        db.execute("PRAGMA user_version=999")
    db.close()
    _one_sentence(_kavi(data, *CHAT, said="hallo"), 4, "kavi.sqlite", "neueres Kavi", "die neuere Fassung")
    with sqlite3.connect(data / "kavi.sqlite") as db:
        assert db.execute("PRAGMA user_version").fetchone()[0] == 999
        assert db.execute("SELECT count(*) FROM conversation").fetchone()[0] == 1
    db.close()


def test_a_database_of_a_newer_kavi_that_only_added_something_is_gone_on_with(data: Path) -> None:
    with sqlite3.connect(data / "kavi.sqlite") as db:
        db.execute("ALTER TABLE conversation ADD COLUMN mood TEXT NOT NULL DEFAULT ''")
        db.execute("PRAGMA user_version=999")
        db.execute("INSERT INTO meta VALUES ('compatible', '4')")
    db.close()
    run = _kavi(data, *CHAT, said="hallo")
    assert run.returncode == 0, run.stderr
    with sqlite3.connect(data / "kavi.sqlite") as db:
        assert db.execute("PRAGMA user_version").fetchone()[0] == 999
        db.execute("UPDATE meta SET value = '5' WHERE name = 'compatible'")
    db.close()
    _one_sentence(_kavi(data, *CHAT, said="hallo"), 4, "neueres Kavi")


def test_a_locked_database_is_named_with_its_remedy(data: Path) -> None:
    holder = sqlite3.connect(data / "kavi.sqlite", isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    try:
        _one_sentence(_kavi(data, *CHAT, said="hallo"), 4, "hält die Datenbank fest", "Halten Sie das andere Kavi")
    finally:
        holder.execute("ROLLBACK")
        holder.close()
    _goes_on(data)


def test_a_full_disk_loses_nothing_that_was_stored(data: Path) -> None:
    """The process may not make any file longer, as if the disk were full."""

    def full() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1024, 1024))

    pointer = (data / "terminal-chat").read_text()
    run = _kavi(data, "chat", "--jsonl", "--resume", said="Sachsen", before=full)
    _one_sentence(run, 4, "nicht schreiben", "Platz")
    assert (data / "terminal-chat").read_text() == pointer
    _goes_on(data)


def test_a_wrong_setting_is_named(data: Path, tmp_path: Path) -> None:
    _one_sentence(
        _kavi(data, *CHAT, KAVI_LIMITS__PER_PERSON="viele"), 2, "limits.per_person", "KAVI_LIMITS__PER_PERSON"
    )
    _one_sentence(_kavi(data, *CHAT, KAVI_STROE__URL="sqlite:///x"), 2, "KAVI_STROE__URL", "KAVI_STORE")
    (tmp_path / "kavi.toml").write_text("[store\nurl = 1\n")
    _one_sentence(_kavi(data, *CHAT, cwd=tmp_path), 2, "kavi.toml", "line 1")


def test_broken_content_is_listed_with_its_places_and_never_replaces_good_content(data: Path, tmp_path: Path) -> None:
    content = tmp_path / "content"
    shutil.copytree(ROOT / "dialogues", content / "dialogues")
    (content / "knowledge").mkdir()
    for name in ("data", "safety"):
        shutil.copytree(ROOT / "knowledge" / name, content / "knowledge" / name)
    own = content / "dialogues" / "flows" / "broken.yaml"
    own.write_text("flow: broken\nsteps:\n  - say: 'no end\n", encoding="utf-8")
    (content / "dialogues" / "flows" / "slip.yaml").write_text(
        "flow: slip\nsteps:\n  - sey: Hallo\n  - goto: nowhere\n", encoding="utf-8"
    )
    checked = _kavi(data, "check", KAVI_CONTENT_DIR=str(content))
    assert checked.returncode == 3
    assert "broken.yaml:" in checked.stdout
    assert "slip.yaml:3:5: " in checked.stdout
    assert "'sey'" in checked.stdout
    assert "slip.yaml:4:" in checked.stdout
    assert "Traceback" not in checked.stdout + checked.stderr
    cache = (data / "content.cache").read_bytes()
    refused = _kavi(data, *CHAT, said="hallo", KAVI_CONTENT_DIR=str(content))
    assert refused.returncode == 3
    assert "broken.yaml:" in refused.stderr
    assert (data / "content.cache").read_bytes() == cache


def test_without_a_terminal_chat_says_what_to_use_instead(data: Path) -> None:
    _one_sentence(_kavi(data, "chat"), 2, "Terminal", "kavi chat --jsonl")


def test_a_line_that_is_no_json_is_refused_and_the_next_one_answered(data: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "bot", *CHAT],
        input='hallo\n{"sag": "hallo"}\n{"advance": "bald"}\n{"say": "hallo"}\n',
        capture_output=True, text=True, timeout=SECONDS, cwd=ROOT,
        env=bare_environment(KAVI_DATA_DIR=str(data)),
    )  # fmt: skip
    rows = [json.loads(line) for line in run.stdout.splitlines()]
    assert ["error" in row for row in rows] == [True, True, True, False]
    assert rows[3]["messages"]
    assert run.returncode == 0
