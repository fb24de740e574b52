"""Pictures for children: SVG scenes of dialogues/pictures, drawn as the PNGs that messengers show.

A scene takes its figures from `parts.svg` (`<use href="parts.svg#mika-head"/>`) and its colours from `style.css`, so that
the same child looks the same everywhere. The PNGs are drawn ahead and shipped; drawing needs the extra `pictures`.
"""

from __future__ import annotations

import io
import re
from pathlib import Path

from PIL import Image

PARTS, STYLE = "parts.svg", "style.css"
ZOOM = 1.2  # pixels of one unit: 960 for a picture that is 800 wide, sharp on a phone
COLOURS = 64  # a flat picture needs no more, and stays below 40 kB
_ROOT = re.compile(r"<svg\b[^>]*>")
_TITLE = re.compile(r"<title>([^<]+)</title>")
_SHEET = re.compile(r"<\?xml-stylesheet[^>]*\?>")


def scenes_of(folder: Path) -> list[Path]:
    """The SVG scenes in a folder, without the parts they share."""
    return sorted(path for path in folder.glob("*.svg") if path.name != PARTS)


def title_of(scene: Path) -> str:
    """What somebody hears who cannot see the scene: its SVG title, "" when it has none."""
    found = _TITLE.search(scene.read_text(encoding="utf-8"))
    return found[1] if found else ""


def whole_svg(scene: Path) -> str:
    """The scene with the shared parts inside, so that it stands by itself. Raises ValueError when it is no SVG."""
    parts = (scene.parent / PARTS).read_text(encoding="utf-8")
    opening = _ROOT.search(parts)
    text = _SHEET.sub("", scene.read_text(encoding="utf-8")).strip()
    begin = _ROOT.search(text)
    if opening is None or begin is None:
        raise ValueError(f"{scene} or {PARTS} beside it is no SVG")
    shared = parts[opening.end() : parts.rindex("</svg>")]
    return f"{begin[0]}<defs>{shared}</defs>{text[begin.end() :]}".replace(f'"{PARTS}#', '"#')


def draw(scene: Path) -> bytes:
    """The scene as a PNG with few colours. Raises ImportError without the extra, ValueError for a broken SVG."""
    import resvg_py

    style = (scene.parent / STYLE).read_text(encoding="utf-8")
    full = resvg_py.svg_to_bytes(
        svg_string=whole_svg(scene), style_sheet=style, zoom=ZOOM, background="#ffffff", skip_system_fonts=True
    )
    picture = Image.open(io.BytesIO(bytes(full))).convert("RGB")
    few = picture.quantize(COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    out = io.BytesIO()
    few.save(out, "PNG", optimize=True)
    return out.getvalue()
