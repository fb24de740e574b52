"""Other people's engines in the same task, each a program of its own that prints its figure as the last line."""

from __future__ import annotations

import os
import sys

# Peers pin old versions of what Kavi uses too: they may live in an environment of their own.
PYTHON = os.environ.get("KAVI_TEST_PEERS_PYTHON", sys.executable)
