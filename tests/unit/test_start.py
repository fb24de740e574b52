"""What a warm start of `kavi chat` must not wait for."""

from __future__ import annotations

import subprocess
import sys


def test_a_conversation_in_the_terminal_loads_nothing_that_it_does_not_need() -> None:
    needless = {
        "structlog",
        "numpy",
        "pydantic",
        "rich",
        "yaml",
        "babel",
        "fpdf",
        "nio",
        "bot.desk",
        "bot.service.desk",
        "bot.exchange",
    }
    asked = f"import sys, bot.cli.chat; print(sorted({needless} & set(sys.modules)))"
    loaded = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True).stdout
    assert loaded.strip() == "[]"
