"""What was learned is read back as it was, and never used for other examples than it was learned from."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from bot.errors import ContentError
from bot.loader.learned import NAME, read_learned, write_learned
from bot.loader.nodes import Problems
from bot.loader.safety import learn, with_likeness
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


@pytest.fixture
def knowledge(tmp_path: Path) -> Path:
    """A folder knowledge/ with one rule, its example, more examples and a harmless question."""
    made = {
        "safety/concepts.yaml": "concepts: {}\nguards: {}\n",
        "safety/levels.yaml": "alert: 0.5\ncheck: 0.3\n",
        "safety/de/x.yaml": "category: runaway\nlanguage: de\nalert: |\n  ich .. weg\nexamples: |\n  ich bin weg\n",
        "safety/examples/de/x.yaml": "category: runaway\nalert: |\n  ich haue heute ab\nharmless: |\n  der Bus ist weg\n",
        "outside.yaml": "questions:\n  - Wie wird das Wetter?\n",
        "smalltalk.yaml": "hallo: [Guten Morgen]\n",
    }
    for name, text in made.items():
        path = tmp_path / "knowledge" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (tmp_path / "knowledge" / "topics").mkdir()
    return tmp_path / "knowledge"


def test_learning_takes_the_examples_of_rules_more_lines_and_ordinary_questions(knowledge: Path) -> None:
    assert learn(knowledge.parent) == 5
    found = read_learned(knowledge / "safety", alert=0.5, check=0.3)
    assert found is not None
    assert found.danger(["ich", "haue", "heute", "ab"], (), lambda word: ()) > found.danger(
        ["guten", "morgen"], (), lambda word: ()
    )
    assert found.examples.nearest(["haue", "heute", "ab"], "runaway").endswith("safety/examples/de/x.yaml:3")


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("examples/de/x.yaml", "category: away\nharmless: |\n  x\n", "'away' is not a category"),
        ("examples/de/x.yaml", "category: [", "this is not valid YAML"),
        (
            "de/x.yaml",
            "category: runaway\nlanguage: de\nalert: |\n  @ich\nexamples: |\n  ich\n",
            "there is no concept @ich",
        ),
    ],
)
def test_nothing_is_learned_from_examples_with_problems(knowledge: Path, name: str, text: str, said: str) -> None:
    learn(knowledge.parent)
    before = (knowledge / "safety" / NAME).read_bytes()
    (knowledge / "safety" / name).write_text(text)
    with pytest.raises(ContentError, match=said):
        learn(knowledge.parent)
    assert (knowledge / "safety" / NAME).read_bytes() == before
