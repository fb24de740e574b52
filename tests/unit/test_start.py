"""What a warm start of `kavi chat` must not wait for."""

from __future__ import annotations

import subprocess
import sys


def test_a_conversation_in_the_terminal_loads_nothing_that_it_does_not_need() -> None:
    asked = "import sys, bot.cli.chat; print(sorted({'structlog', 'rich', 'yaml', 'babel', 'fpdf', 'nio'} & set(sys.modules)))"
    loaded = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True).stdout
    assert loaded.strip() == "[]"
