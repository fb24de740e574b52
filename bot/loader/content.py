"""All content of a folder as one `Content`, with every problem that was found on the way."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from bot.dialogue.content import Content
from bot.errors import ContentError, Problem
from bot.loader.checks import check_flows
from bot.loader.flows import load_commands, load_flows, load_texts
from bot.loader.nodes import Problems


def load_content(root: Path) -> Content:
    """The content below `root` (dialogues/ and knowledge/).

    Raises ContentError with every problem; bad content is never half loaded.
    """
    content, problems = read_content(root)
    errors = tuple(problem for problem in problems if problem.severity == "error")
    if errors:
        raise ContentError(errors)
    return content


def read_content(root: Path) -> tuple[Content, tuple[Problem, ...]]:
    """The content as far as it can be read, and all problems, sorted by place."""
    problems = Problems()
    dialogues = root / "dialogues"
    content = Content(
        flows=load_flows(dialogues, problems),
        texts=load_texts(dialogues, problems),
        commands=load_commands(dialogues, problems),
        version=content_version(root),
    )
    return content, tuple(sorted(set(problems.found) | set(check_flows(content))))


def content_files(root: Path) -> list[Path]:
    """Every file that content is made of, sorted."""
    found: Iterable[Path] = (
        path for name in ("dialogues", "knowledge") for path in (root / name).rglob("*") if path.is_file()
    )
    return sorted(found)


def content_version(root: Path) -> str:
    """A fingerprint of all content files."""
    digest = hashlib.blake2b(digest_size=8)
    for path in content_files(root):
        digest.update(str(path.relative_to(root)).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()
