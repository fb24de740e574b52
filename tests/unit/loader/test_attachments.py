"""A picture that is missing or not described is named by `kavi check`."""

from __future__ import annotations

from pathlib import Path

from bot.loader.flows import load_flows
from bot.loader.nodes import Problems
from bot.loader.pictures import check_attachments

FLOW = "flow: f\nsteps:\n  - say: Hallo\n    pictures: [{path: a.png, description: %s}]\n    files: [b.pdf]\n"


def _problems(tmp_path: Path, description: str, *names: str) -> list[str]:
    (tmp_path / "f.yaml").write_text(FLOW % description)
    for name in names:
        (tmp_path / name).touch()
    problems = Problems()
    check_attachments(load_flows(tmp_path, problems), tmp_path, problems)
    return [f"{problem.line}: {problem.message}" for problem in problems.found]


def test_what_is_there_and_described_is_no_problem(tmp_path: Path) -> None:
    assert _problems(tmp_path, "Ein Bild", "a.png", "b.pdf") == []


def test_missing_files_and_descriptions_are_named(tmp_path: Path) -> None:
    assert _problems(tmp_path, "''", "b.pdf") == [
        "3: 'a.png' does not exist below dialogues/",
        "3: 'a.png' needs a description for people who do not see it",
    ]
