"""The compiled content: read when nothing changed, its heavy part when it is needed, and never wrong when damaged."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.dialogue.content import Content
from bot.loader.compiled import Late, load_compiled, wake
from bot.matching.index import TopicIndex
from tests.unit.matching.test_index import phrases


class Compiler:
    """Makes a content with a small index, and counts how often."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self, root: Path) -> Content:
        self.times += 1
        return Content(
            catalogs={"en": {"Futter": "food " * 2000}},  # longer than what lies between the parts of a file
            index=TopicIndex.build(phrases(), {}),
            version=(root / "dialogues" / "x.yaml").read_text(),
        )


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in ("dialogues", "knowledge"):
        (tmp_path / name).mkdir()
    (tmp_path / "dialogues" / "x.yaml").write_text("one")
    return tmp_path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data"


def _finds(content: Content) -> str:
    assert content.index is not None
    return content.index.find("futter für kaninchen", audience="caregiver").candidates[0].topic


def test_it_is_compiled_once_and_again_when_a_file_changed(root: Path, folder: Path) -> None:
    compile = Compiler()
    assert _finds(load_compiled(root, folder, compile)) == "pets.feed"
    again = load_compiled(root, folder, compile)
    assert compile.times == 1
    assert not isinstance(again.index, Late)
    assert _finds(again) == "pets.feed"
    assert again.translate("Futter", "en") == "food " * 2000
    (root / "dialogues" / "x.yaml").write_text("two")
    assert load_compiled(root, folder, compile).version == "two"
    assert compile.times == 2


def test_a_folder_is_the_same_from_wherever_it_is_named(
    root: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compile = Compiler()
    load_compiled(root, folder, compile)
    monkeypatch.chdir(root)
    load_compiled(Path(), folder, compile)
    assert compile.times == 1


def test_the_heavy_part_is_read_when_it_is_asked_for(root: Path, folder: Path) -> None:
    compile = Compiler()
    load_compiled(root, folder, compile)
    content = load_compiled(root, folder, compile, late=True)
    assert isinstance(content.index, Late)
    assert _finds(content) == "pets.feed"
    (folder / "content.index.cache").unlink()  # it has been read now
    assert _finds(content) == "pets.feed"
    assert compile.times == 1


def test_waking_reads_it_before_anybody_asks(root: Path, folder: Path) -> None:
    compile = Compiler()
    load_compiled(root, folder, compile)
    content = load_compiled(root, folder, compile, late=True)
    wake(content)
    (folder / "content.index.cache").unlink()
    assert _finds(content) == "pets.feed"
    assert compile.times == 1


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("name", ["content.cache", "content.index.cache", "content.seldom.cache"])
@pytest.mark.parametrize("harm", ["cut", "gone", "other"])
def test_a_damaged_file_is_only_slow(root: Path, folder: Path, name: str, harm: str, late: bool) -> None:
    load_compiled(root, folder, Compiler())
    path = folder / name
    data = path.read_bytes()
    if harm == "gone":
        path.unlink()
    else:
        path.write_bytes(data[: len(data) // 2] if harm == "cut" else bytes(16) + data[16:])
    compile = Compiler()
    assert _finds(load_compiled(root, folder, compile, late=late)) == "pets.feed"
    assert compile.times == 1
    assert _finds(load_compiled(root, folder, compile, late=late)) == "pets.feed"
    assert compile.times == 1, "the next start finds it whole"
