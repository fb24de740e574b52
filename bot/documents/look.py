"""How files and pictures look: fonts and colours, apart from what draws, so that a picture need not load the PDF library."""

from __future__ import annotations

from pathlib import Path

FONTS = Path(__file__).parent / "fonts"
INK = (33, 37, 41)
ACCENT = (0, 95, 107)  # 7.3 : 1 against white
PALE = (232, 242, 243)
SOFT = (110, 118, 125)
