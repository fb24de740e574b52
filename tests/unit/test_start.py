"""What a warm start of `kavi chat` must not wait for."""

from __future__ import annotations

import subprocess
import sys

NEEDLESS = frozenset({
    "babel", "bot.cli.commands", "bot.desk", "bot.exchange", "bot.matching.directory", "bot.safety.rules", "bot.service.desk",
    "email", "fpdf", "importlib.metadata", "nio", "numpy", "pydantic", "rapidfuzz", "rich", "structlog", "typer", "yaml",
})  # fmt: skip


def test_a_conversation_in_the_terminal_loads_nothing_that_it_does_not_need() -> None:
    asked = f"import sys, bot.cli.chat; print(sorted({set(NEEDLESS)} & set(sys.modules)))"
    loaded = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True).stdout
    assert loaded.strip() == "[]"
