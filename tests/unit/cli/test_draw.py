"""`kavi draw`: the PNG beside each SVG is drawn anew."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from bot.cli.content import run_draw

PICTURES = Path(__file__).parents[3] / "dialogues" / "pictures"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A content folder with one scene and what it is made of."""
    pictures = tmp_path / "dialogues" / "pictures"
    pictures.mkdir(parents=True)
    (tmp_path / "knowledge").mkdir()
    for name in ("parts.svg", "style.css", "face-good.svg"):
        shutil.copy(PICTURES / name, pictures)
    monkeypatch.setenv("KAVI_CONTENT_DIR", str(tmp_path))
    monkeypatch.setenv("KAVI_DATA_DIR", str(tmp_path / "data"))
    return pictures


def test_each_scene_gets_its_png_and_the_parts_get_none(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_draw() == 0
    assert [path.name for path in folder.glob("*.png")] == ["face-good.png"]
    assert (folder / "face-good.png").read_bytes().startswith(b"\x89PNG")
    assert "face-good.png: 4 kB" in capsys.readouterr().out


@pytest.mark.parametrize("text", ["<svg xmlns='http://www.w3.org/2000/svg'><rect", "kein Bild", ""])
def test_a_broken_svg_is_named_and_its_old_picture_stays(
    folder: Path, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "face-good.png").write_bytes(b"old")
    (folder / "face-good.svg").write_text(text)
    assert run_draw() == 3
    told = capsys.readouterr().err
    assert "face-good.svg lässt sich nicht zeichnen: " in told
    assert told.count("\n") == 1
    assert (folder / "face-good.png").read_bytes() == b"old"


@pytest.mark.usefixtures("folder")
def test_without_the_extra_it_says_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    assert run_draw() == 2
    assert "pip install 'kavi-bot[pictures]'" in capsys.readouterr().err
