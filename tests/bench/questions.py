"""Labelled questions: JSON lines with text, audience, accepted topics (none = belongs to no topic), style, lang."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from bot.matching.topic import Topic


@dataclass(frozen=True, slots=True)
class Question:
    """One question with the topics that answer it; `topics` empty for what is none of ours."""

    text: str
    audience: str
    topics: tuple[str, ...]
    style: str
    lang: str


def read_questions(paths: list[str]) -> list[Question]:
    """From files or folders (all `faq*.jsonl` and `oos*.jsonl` in them)."""
    files = [
        file
        for path in map(Path, paths)
        for file in ([path] if path.is_file() else sorted([*path.glob("faq*.jsonl"), *path.glob("oos*.jsonl")]))
    ]
    rows = [json.loads(line) for file in files for line in file.read_text("utf-8").splitlines() if line.strip()]
    return [
        Question(r["text"], r["audience"], tuple(r.get("topics", ())), r.get("style", ""), r.get("lang", "de"))
        for r in rows
        if "topics" in r
    ]


def answerable(questions: list[Question], topics: Mapping[str, Topic]) -> list[Question]:
    """Those whose topics exist, and those that belong to no topic."""
    return [question for question in questions if not question.topics or topics.keys() & set(question.topics)]


def with_finer(questions: list[Question], topics: Mapping[str, Topic]) -> list[Question]:
    """The questions, answered also by a finer topic that counts as one of theirs: so does `kavi ask`."""
    finer: dict[str, tuple[str, ...]] = {}
    for topic in topics.values():
        if topic.part_of:
            finer[topic.part_of] = (*finer.get(topic.part_of, ()), topic.id)
    return [
        replace(
            question, topics=(*question.topics, *(one for topic in question.topics for one in finer.get(topic, ())))
        )
        for question in questions
    ]
