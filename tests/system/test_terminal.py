"""`kavi chat` as a person at a keyboard meets it: on a terminal of its own."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.dialogue.content import Content
from bot.loader.nodes import Problems
from bot.testing.playing import play
from bot.testing.script import load_scripts
from tests.servers import bare_environment
from tests.servers.compiled import ROOT, seed

SECONDS = 60
ASKED = "Sie: "


def _takes_the_keyboard() -> None:
    """So that Ctrl-C reaches it, also where whoever runs the tests ignores it (a job in the background)."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    signal.signal(signal.SIGINT, signal.default_int_handler)


class Terminal:
    """A terminal with `kavi chat` on it, without colours."""

    def __init__(self, data: Path, *options: str) -> None:
        self._ours, theirs = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "bot", "chat", *options],
            stdin=theirs, stdout=theirs, stderr=theirs, cwd=ROOT, start_new_session=True,
            preexec_fn=_takes_the_keyboard,
            env=bare_environment(KAVI_DATA_DIR=str(data), COLUMNS="60", NO_COLOR="1"),
        )  # fmt: skip
        os.close(theirs)

    def type(self, keys: str) -> None:
        os.write(self._ours, keys.encode())

    def until(self, words: str) -> str:
        """What was shown until these words came."""
        shown, end = "", time.monotonic() + SECONDS
        while words not in shown:
            assert time.monotonic() < end, shown
            if select.select([self._ours], [], [], 0.5)[0]:
                shown += os.read(self._ours, 65536).decode(errors="replace")
        return shown

    def ends(self) -> tuple[int, str]:
        """The exit code, and what was shown at last."""
        shown, end = "", time.monotonic() + SECONDS
        while True:
            assert time.monotonic() < end, shown
            if not select.select([self._ours], [], [], 0.5)[0]:
                continue
            try:
                shown += os.read(self._ours, 65536).decode(errors="replace")
            except OSError:  # nobody holds the other side any more
                return self.process.wait(SECONDS), shown

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._ours)


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    seed(tmp_path / "data")
    terminal = Terminal(tmp_path / "data")
    yield terminal
    terminal.close()


def test_a_talk_in_lines_that_fit_until_ctrl_d(terminal: Terminal) -> None:
    begun = terminal.until(ASKED)
    assert "ich bin Kavi" in begun
    assert max(len(line) for line in begun.splitlines()) <= 60
    assert "  2 Ich kümmere mich um ein Kind" in begun
    terminal.type("2\n")
    assert "Kavi: " in terminal.until(ASKED)
    terminal.type("\x04")
    code, last = terminal.ends()
    assert code == 0
    assert "Bis bald." in last


def test_ctrl_c_ends_it_without_a_traceback(terminal: Terminal) -> None:
    terminal.until(ASKED)
    terminal.type("\x03\n")  # the line ends as well: a thread reads it
    code, last = terminal.ends()
    assert code == 130
    assert "Traceback" not in last


def test_a_recorded_talk_is_a_test_that_passes_and_it_can_be_gone_on_with(tmp_path: Path, content: Content) -> None:
    seed(tmp_path / "data")
    recording = Terminal(tmp_path / "data", "--record", str(tmp_path / "talk.yaml"))
    recording.until(ASKED)
    recording.type("2\n")
    recording.until(ASKED)
    recording.type("\x04")
    assert recording.ends()[0] == 0
    recording.close()
    (script,) = load_scripts(tmp_path / "talk.yaml", Problems())
    assert [line.kind for line in script.lines if line.kind not in ("bot", "does")] == ["start", "user"]
    assert play(content, script).failure is None
    resumed = Terminal(tmp_path / "data", "--resume")
    assert "Einfacher Sprache" in resumed.until(ASKED), "the question that was open is asked again"
    resumed.close()
