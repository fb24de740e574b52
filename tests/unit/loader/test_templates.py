"""Templates are checked before anybody waits for a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.loader.nodes import Problems
from bot.loader.templates import check_templates, load_templates

GOOD = "template: t\nkind: pdf\ntakes: [to]\nblocks:\n  - title: 'An {to}'\n  - lines:\n    size: 3\n"


def problems_of(tmp_path: Path, text: str) -> list[str]:
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "t.yaml").write_text(text)
    problems = Problems()
    templates = load_templates(tmp_path, problems)
    check_templates(templates, {}, {}, {}, problems)
    return [f"{problem.line}: {problem.message}" for problem in problems.found]


def test_a_good_template_has_no_problems(tmp_path: Path) -> None:
    assert problems_of(tmp_path, GOOD) == []


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (("{to}", "{too}"), "1: {too} is neither in `takes` nor in knowledge/data"),
        (("kind: pdf", "kind: doc"), "2: 'doc' is none of pdf, ics, text, png"),
        (("- lines:\n    size: 3", "- lines:\n    size: 300"), "7: the size of 'lines' is at most 30"),
        (("- title:", "- titel:"), "5: unknown key 'titel' (did you mean 'title'?)"),
        (("size: 3", "size: 3\n    when: nobody"), "6: `when: nobody` is not in `takes`"),
        (("- lines:\n    size: 3", "- picture: pictures/none.png"), "6: the picture 'pictures/none.png' does not exist below dialogues/"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_its_line(tmp_path: Path, change: tuple[str, str], problem: str) -> None:
    assert problem in problems_of(tmp_path, GOOD.replace(*change))
