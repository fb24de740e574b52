"""What was learned is read back as it was, and never used for other examples than it was learned from."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from bot.loader.learned import NAME, read_learned, write_learned
from bot.loader.nodes import Problems
from bot.loader.safety import with_likeness
from bot.safety.fitting import Sample, fit
from bot.safety.lexicon import compile_lexicon
from bot.safety.likeness import Likeness
from bot.safety.rules import compile_rules

SHIPPED = Path(__file__).resolve().parents[3] / "knowledge" / "safety"


def model() -> Likeness:
    samples = [
        Sample(("ich", "will", "sterben"), (), 1.0, "suicide_self", "a.yaml:1"),
        Sample(("ich", "mag", "sterben"), (), 1.0, "suicide_self", "a.yaml:2"),
        Sample(("wan", "ist", "besuch"), (), 0.0),
        Sample(("wo", "ist", "besuch"), (), 0.0),
    ]
    return fit(samples, lambda word: (), alert=0.5, check=0.3)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "concepts.yaml").write_text("concepts: {}\nguards: {}\n")
    (tmp_path / "levels.yaml").write_text("alert: 0.5\ncheck: 0.3\n")
    write_learned(tmp_path, model())
    return tmp_path


def test_it_comes_back_as_it_was(folder: Path) -> None:
    first, again = model(), read_learned(folder, alert=0.5, check=0.3)
    assert again is not None
    for words in (["ich", "will", "sterben"], ["wo", "ist", "papa"]):
        assert again.danger(words, (), lambda word: ()) == pytest.approx(
            first.danger(words, (), lambda word: ()), abs=0.02
        )
    assert again.examples.nearest(["ich", "mag"], "suicide_self") == "a.yaml:2"


def test_changed_examples_make_it_old(folder: Path) -> None:
    (folder / "concepts.yaml").write_text("concepts: {ich: 'ich'}\nguards: {}\n")
    assert read_learned(folder, alert=0.5, check=0.3) is None


def test_changed_levels_do_not(folder: Path) -> None:
    (folder / "levels.yaml").write_text("alert: 0.7\ncheck: 0.3\n")
    assert read_learned(folder, alert=0.7, check=0.3) is not None


def test_a_damaged_file_is_learned_anew_with_a_notice(folder: Path) -> None:
    (folder / NAME).write_bytes(b"no gzip")
    problems = Problems()
    rules = compile_rules((), {}, compile_lexicon({}))
    assert with_likeness(rules, folder, tuple, problems).likeness is None, "nothing to learn from in this folder"
    assert [problem.severity for problem in problems.found] == ["warning"]


def test_the_shipped_file_is_fresh(tmp_path: Path) -> None:
    """After a change below knowledge/safety: `kavi learn`."""
    assert read_learned(SHIPPED, alert=0.5, check=0.3) is not None
    copy = tmp_path / "safety"
    shutil.copytree(SHIPPED, copy)
    assert read_learned(copy, alert=0.5, check=0.3) is not None, "the folder's place does not count"
